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

from ..sandbox.wire.values import Received
from .explain import BROADCAST
from .outcome import Cause

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
    "other-clamp", "ŷ is kept {eps} away from 0 and 1; clamp the logarithms at −100 instead."
)
ADDED = Cause("other-clamp", "{eps} is added within the logarithms; clamp them at −100 instead.")
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
NO_ZEROS = Cause("missing-term", "The term of the samples with y = 0 is missing.")
NO_ONES = Cause("missing-term", "The term of the samples with y = 1 is missing.")
CLIPPED = Cause("clipped", "The logits are clamped to ±{bound} on the way.")
ALL_CLIPPED = Cause("clipped", "The logits are clamped on the way.")
AS_WHOLE = {
    Cause("rounded", "y is taken for 0 or 1 where it lies in between."): lambda y: y > 0.5,
    Cause("rounded", "y is taken for 0 where it lies between 0 and 1."): lambda y: y == 1,
    Cause("rounded", "y is taken for 1 where it lies between 0 and 1."): lambda y: y > 0,
}
LOG_BASES = {
    Cause("log-base", "The logarithm is that of base 2; the natural one is asked."): 2,
    Cause("log-base", "The logarithm is that of base 10; the natural one is asked."): 10,
}
BOUNDS = (5, 10, 15, 16, 18, 20, 25, 30, 40, 50, 60, 80, 88, 100, 500, 700)
EPSILONS = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15)


def instead_of_sigmoid(z: Tensor) -> dict[Cause, Tensor]:
    """What is taken for σ(z)."""
    found = {
        "tanh(z)": torch.tanh(z),
        "σ(2z) = (1 + tanh(z)) / 2": torch.sigmoid(2 * z),
        "σ(z/2)": torch.sigmoid(z / 2),
        "1 + e^(−z)": 1 + torch.exp(-z),
        "e^(−z)": torch.exp(-z),
        "e^z": torch.exp(z),
        "relu(z)": torch.relu(z),
        "log σ(z)": F.logsigmoid(z),
        "σ(z)(1 − σ(z))": torch.sigmoid(z) * torch.sigmoid(-z),
    }
    return {FUNCTION.of(found=name): value for name, value in found.items()}


def instead_of_probability(product: Tensor, b: Tensor) -> dict[Cause, Tensor]:
    """What is taken for σ(z), with z = wᵀx + b, where the product is wᵀx."""
    z = product + b
    found = {
        "z = wᵀx + b": z,
        "σ(σ(z))": torch.sigmoid(torch.sigmoid(z)),
        "σ(wᵀx − b)": torch.sigmoid(product - b),
        "σ(wᵀx) + b": torch.sigmoid(product) + b,
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


def other_losses(yhat: Tensor, y: Tensor) -> dict[Cause, Tensor]:
    """What is taken for the mean binary cross-entropy of probabilities."""
    exact, labels = yhat.double(), y.double()
    pairs = torch.broadcast_tensors(yhat.mT, y)
    return {
        SWAPPED_LABELS: F.binary_cross_entropy(exact, 1 - labels).to(yhat.dtype),
        SQUARED: ((exact - labels) ** 2).mean().to(yhat.dtype),
        NO_ZEROS: -(y * yhat.log()).mean(),
        NO_ONES: -((1 - y) * (1 - yhat).log()).mean(),
        BROADCAST: F.binary_cross_entropy(*pairs),
    } | other_clamps(yhat, y)


def of_whole_labels(loss: Loss) -> dict[Cause, Loss]:
    """A loss whose labels are taken for whole ones."""
    return {
        cause: partial(lambda p, y, whole: loss(p, whole(y).to(y)), whole=whole)
        for cause, whole in AS_WHOLE.items()
    }


def of_log_bases(loss: Loss) -> dict[Cause, Loss]:
    """A loss whose logarithms are of another base."""
    return {
        cause: partial(lambda p, y, base: loss(p, y) / math.log(base), base=base)
        for cause, base in LOG_BASES.items()
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


def other_clamps(yhat: Tensor, y: Tensor) -> dict[Cause, Tensor]:
    """The loss with the logarithms kept finite in other ways."""

    def loss(log_p: Tensor, log_q: Tensor) -> Tensor:
        return -(y * log_p + (1 - y) * log_q).mean()

    causes = {}
    for eps in EPSILONS:
        p = yhat.clamp(eps, 1 - eps)
        causes[KEPT_AWAY.of(eps=f"{eps:g}")] = loss(p.log(), (1 - p).log())
        added = loss((yhat + eps).log(), (1 - yhat + eps).log())
        causes[ADDED.of(eps=f"{eps:g}")] = added
    logs = (part.log().nan_to_num(neginf=-100.0) for part in (yhat, 1 - yhat))
    return causes | {REPLACED: loss(*logs)}
