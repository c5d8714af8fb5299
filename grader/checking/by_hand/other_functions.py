"""What stands in the place of a sigmoid or of a logarithm that is kept finite, and what that gives.

Each function gives causes for `expect_close`: exercises with a logistic model or a cross-entropy share them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ...sandbox.wire.values import Received
from ..outcome import Cause
from ..telling.explain import BROADCAST
from .other_terms import either

Loss = Callable[[Tensor, Tensor], Tensor]
FUNCTION = Cause("other-function", "It is {found}, where σ(z) is asked.")
TURNED = Cause(
    "sign-of-term",
    "It is σ(−z), which is 1 − σ(z): a sign is the wrong way round, such as that of z in the exponent.",
)
LABELS = Cause(
    "rounded", "It is 0 or 1, by whether σ is above 1/2: the probability itself is asked."
)
NO_B = Cause(
    "missing-term", "`b` is missing, or counts as 0: that is right only as long as it is 0."
)
OVERFLOW = Cause(
    "nan",
    "e^z, or e^(−z), is too large for the dtype there, and becomes ∞; ∞ / ∞ is NaN. `torch.sigmoid` does not take "
    "e to a large power, and 1 / (1 + e^(−z)) is right with an e^(−z) that is ∞.",
)
KEPT_AWAY = Cause(
    "other-clamp",
    "{eps} keeps what the logarithms are taken of away from 0; clamp the logarithms at −100 instead.",
)
SIGMOID_KEPT_AWAY = Cause(
    "other-clamp", "σ(z) is kept {eps} away from 0 and 1: give it back as it is."
)
CLIPPED = Cause("clipped", "z is clamped to ±{bound} on the way: the tails are cut off.")
CLAMPED_AT = Cause("other-clamp", "The logarithms are clamped at {bound}; −100 is asked.")
OTHER_BASE = Cause("log-base", "It is the logarithm to base {base}; the natural one is asked.")
REPLACED = Cause(
    "other-clamp", "Only −∞ becomes −100; a finite logarithm below −100 is to be clamped too."
)
ALL_LABELS = Cause("broadcast", "`[:, labels]` takes what stands at all labels from every sample.")
BACKWARD_NAN = Cause(
    "nan",
    "The value is right, and on the way back 0 · ∞ is NaN: what `torch.where` or a clamp leaves out goes into the "
    "gradient, too, with the factor 0, and must not be ∞.",
)
SWAPPED_LABELS = Cause("swapped", "y and 1 − y stand in each other's place.")
SQUARED = Cause("other-loss", "It is the mean squared error; the cross-entropy is asked.")
ARGUMENTS = Cause("swapped", "ŷ and y stand in each other's place.")
OF_LOGITS = Cause(
    "sigmoid-twice",
    "A sigmoid is taken of ŷ, which is a probability already: that is the loss of logits.",
)
NO_ZEROS = Cause("missing-term", "The term of the samples with y = 0 is missing.")
NO_ONES = Cause("missing-term", "The term of the samples with y = 1 is missing.")
CLIPPED = Cause("clipped", "The logits are clamped to ±{bound} on the way.")
ALL_CLIPPED = Cause("clipped", "The logits are clamped on the way.")
AS_WHOLE = {
    Cause("rounded", "y is taken for 0 or 1 where it lies in between."): lambda y: y > 0.5,
    Cause("rounded", "y is taken for 0 where it lies between 0 and 1."): lambda y: y == 1,
    Cause("rounded", "y is taken for 1 where it lies between 0 and 1."): lambda y: y > 0,
}
LOG_BASES = (2, 10)
BOUNDS = (1, 5, 10, 15, 16, 18, 20, 25, 30, 40, 50, 60, 80, 88, 100, 500, 700)
SLOPE = Cause(
    "slope-left-in", "A factor ŷ(1 − ŷ) is left in: that is the gradient of a squared error."
)
BY_YHAT = Cause(
    "chain-rule",
    "It goes by the derivative of the loss by ŷ: the factor ŷ(1 − ŷ), the slope of σ, is missing.",
)
ROUNDED = Cause("rounded", "ŷ is taken for 0 or 1, by whether it is above 1/2: use it as it is.")
EPSILONS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15)


def instead_of_sigmoid(z: Tensor) -> dict[Cause, Tensor]:
    """What is taken for σ(z)."""
    found = {
        "tanh(z)": torch.tanh(z),
        "σ(2z) = (1 + tanh(z)) / 2": torch.sigmoid(2 * z),
        "σ(z/2)": torch.sigmoid(z / 2),
        "1 + e^(−z)": 1 + torch.exp(-z),
        "e^(−z)": torch.exp(-z),
        "e^z": torch.exp(z),
        "e^z / (1 + e^(−z))": torch.exp(z) * torch.sigmoid(z),
        "1 / (1 − e^(−z))": 1 / (1 - torch.exp(-z)),
        "relu(z)": torch.relu(z),
        "σ(|z|)": torch.sigmoid(z.abs()),
        "log σ(z)": F.logsigmoid(z),
        "σ(z)(1 − σ(z))": torch.sigmoid(z) * torch.sigmoid(-z),
    }
    return {FUNCTION.of(found=name): value for name, value in found.items()}


def other_sigmoids(got: Any, z: Tensor) -> dict[Cause, Any]:
    """What comes of mistakes in σ(z)."""
    turned = {TURNED: torch.sigmoid(-z)}
    return cut_sigmoids(z) | turned | instead_of_sigmoid(z) | overflowed(got, z)


def cut_sigmoids(z: Tensor) -> dict[Cause, Tensor]:
    """σ(z) without its tails."""
    found = {CLIPPED.of(bound=f"{each}"): torch.sigmoid(z.clamp(-each, each)) for each in BOUNDS}
    for eps in EPSILONS:
        kept = torch.sigmoid(z).clamp(eps, 1 - eps)
        found[SIGMOID_KEPT_AWAY.of(eps=f"{eps:g}")] = kept
    return found


def other_bases(loss: Tensor) -> dict[Cause, Tensor]:
    """A loss whose logarithms have another base."""
    return {OTHER_BASE.of(base=f"{base}"): loss / math.log(base) for base in LOG_BASES}


def instead_of_probability(product: Tensor, b: Tensor) -> dict[Cause, Tensor]:
    """What is taken for σ(z), with z = wᵀx + b, where the product is wᵀx."""
    z = product + b
    found = {
        "z = wᵀx + b": z,
        "σ(σ(z))": torch.sigmoid(torch.sigmoid(z)),
        "σ(wᵀx − b)": torch.sigmoid(product - b),
        "σ(wᵀx) + b": torch.sigmoid(product) + b,
        "softmax(z)": z.softmax(-1),
    }
    causes = {FUNCTION.of(found=name): value for name, value in found.items()}
    without = {NO_B: torch.sigmoid(product), TURNED: torch.sigmoid(-z)}
    return without | causes | instead_of_sigmoid(z) | {LABELS: (z > 0).to(z.dtype)}


def overflowed(got: Any, z: Tensor) -> dict[Cause, Any]:
    """That e to a large power is the reason, where nothing but large z give NaN."""
    if not isinstance(got, Received) or got.tensor.shape != z.shape:
        return {}
    wrong, z = got.tensor.isnan(), z.detach().cpu()
    large = z.abs() > math.log(torch.finfo(z.dtype).max) - 1
    right = torch.sigmoid(z[~wrong]).double()
    near = torch.allclose(got.tensor[~wrong].double(), right, rtol=1e-2, atol=1e-3)
    return {OVERFLOW: math.nan} if wrong.any() and large[wrong].all() and near else {}


def other_losses(got: Any, yhat: Tensor, y: Tensor) -> dict[Cause, Tensor]:
    """What is taken for the mean binary cross-entropy of probabilities."""
    exact, labels = yhat.double(), y.double()
    pairs = torch.broadcast_tensors(yhat.mT, y)
    return {
        SWAPPED_LABELS: F.binary_cross_entropy(exact, 1 - labels).to(yhat.dtype),
        ARGUMENTS: F.binary_cross_entropy(labels, exact).to(yhat.dtype),
        OF_LOGITS: F.binary_cross_entropy_with_logits(exact, labels).to(yhat.dtype),
        SQUARED: ((exact - labels) ** 2).mean().to(yhat.dtype),
        NO_ZEROS: -(y * yhat.log()).mean(),
        NO_ONES: -((1 - y) * (1 - yhat).log()).mean(),
        BROADCAST: F.binary_cross_entropy(*pairs),
        **other_bases(F.binary_cross_entropy(exact, labels)),
    } | other_clamps(got, yhat, y)


def of_whole_labels(loss: Loss) -> dict[Cause, Loss]:
    """A loss whose labels are taken for whole ones."""
    return {
        cause: partial(lambda p, y, whole: loss(p, whole(y).to(y)), whole=whole)
        for cause, whole in AS_WHOLE.items()
    }


def of_log_bases(loss: Loss) -> dict[Cause, Loss]:
    """A loss whose logarithms are of another base."""
    return {
        OTHER_BASE.of(base=f"{base}"): partial(
            lambda p, y, base: loss(p, y) / math.log(base), base=base
        )
        for base in LOG_BASES
    }


def of_clipped(loss: Loss, shows_bound: bool) -> dict[Cause, Loss]:
    """A loss of logits that are clamped; `shows_bound` where its value tells how far."""
    if not shows_bound:
        return {ALL_CLIPPED: lambda z, y: loss(z.clamp(-50, 50), y)}
    return {
        CLIPPED.of(bound=f"{bound}"): partial(
            lambda z, y, bound: loss(z.clamp(-bound, bound), y), bound=bound
        )
        for bound in BOUNDS
    }


def other_errors(yhat: Tensor, y: Tensor) -> dict[Cause, Tensor]:
    """What stands in place of ŷ − y in gradients of the binary cross-entropy."""
    error, slope = yhat - y, yhat * (1 - yhat)
    rounded = (yhat > 0.5).to(yhat.dtype) - y
    return {SLOPE: error * slope, BY_YHAT: error / slope, ROUNDED: rounded}


def other_clamps(got: Any, yhat: Tensor, y: Tensor) -> dict[Cause, Tensor]:
    """The loss with the logarithms kept finite in other ways."""

    def loss(log_p: Tensor, log_q: Tensor) -> Tensor:
        return -(y * log_p + (1 - y) * log_q).mean()

    causes = {}
    for eps in EPSILONS:
        # clamped or added, at 0 and 1 it is one number
        p, least = yhat.clamp(eps, 1 - eps), partial(torch.clamp, min=eps)
        pairs = (p, 1 - p), (yhat + eps, 1 - yhat + eps), (least(yhat), least(1 - yhat))
        kept = [loss(one.log(), other.log()) for one, other in pairs]
        causes[KEPT_AWAY.of(eps=f"{eps:g}")] = either(got, *kept)
    for bound in (-10, -20, -50, -1000):
        logs = (part.log().clamp(min=bound) for part in (yhat, 1 - yhat))
        causes[CLAMPED_AT.of(bound=f"−{-bound}")] = loss(*logs)
    logs = (part.log().nan_to_num(neginf=-100.0) for part in (yhat, 1 - yhat))
    return causes | {REPLACED: loss(*logs)}
