"""Layer norm and batch norm by hand: results, gradients and running statistics, right or with a mistake.

What a mistake would have given on a case's numbers is worked out, so that its cause is told where it came back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ...sandbox.wire.values import Received
from ..outcome import Cause
from ..probes import helper
from . import other_terms

# what each mistake in a normalization gives stands in `by_hand`
MISTAKES = {
    "n - 1": Cause("unbiased", "v is divided by one less, as `var` and `std` do by themselves."),
    "eps outside": Cause("eps-outside", "ε is added to the root; it is added to the variance."),
    "std": Cause(
        "unbiased",
        "It is divided by `std` + ε: in `std` n is one less, and ε belongs to the variance.",
    ),
    "no eps": Cause("missing-term", "ε is missing."),
    "eps of its own": Cause("option-ignored", "`eps` has no effect: it is always 10⁻⁵."),
    "no mean": Cause("missing-term", "The mean is not subtracted."),
    "no root": Cause("no-root", "It is divided by the variance, not by its root."),
    "other axis": Cause("wrong-axis", "Layer norm takes each row, batch norm each column."),
    "all": Cause("wrong-axis", "Mean and variance are those of all numbers at once."),
    "sample": Cause(
        "wrong-axis",
        "Mean and variance are those of all dimensions but the first; only the last counts.",
    ),
    "running": Cause("other-statistics", "In training μ and v are those of the batch."),
    "running-new": Cause("other-statistics", "In training μ and v are not the new running ones."),
    "batch": Cause("other-statistics", "In evaluation μ and v are the running ones."),
    "constant": Cause("constant-statistics", "μ and v are taken for constants; both depend on x."),
    "not-constant": Cause(
        "other-statistics", "In evaluation μ and v are constants, with no terms."
    ),
    "all means": Cause("wrong-axis", "The means in x's gradient are those of all numbers at once."),
    "no inverse": Cause("missing-term", "The division of x's gradient by √(v + ε) is missing."),
    "no root back": Cause("no-root", "x's gradient is divided by v + ε, not by its root."),
    "no factor": Cause("missing-term", "The factor `weight` is missing in the gradient of x."),
}
OTHER_EPS = ("1e-3", "1e-4", "1e-6", "1e-7", "1e-8", "1e-12")
OTHER_EPSILON = Cause("option-ignored", "It comes out with ε = {eps}.")
# which of them there are in evaluation, and which in training
_IN_EVALUATION_ALONE = {"batch", "not-constant"}
_IN_TRAINING_ALONE = {"running", "running-new", "constant"}
CANCELLED = Cause(
    "cancellation",
    "v has lost its digits, as mean(x²) − μ² does where μ is far larger than the spread: take the mean of (x − μ)².",
)
MOVED = Cause(
    "shared-memory",
    "The gradients go by the running statistics as they are later, and a call in training changes them: have the cache "
    "keep copies (`.clone()`), or what is made of them.",
)
# and what each in the running statistics gives, in `running_by_hand`
KEPT = Cause(
    "not-updated",
    "It is as it was before: `mul_`, `add_` and `copy_` write into it, `running_mean = …` gives the name another "
    "tensor alone.",
)
RUNNING_MISTAKES = {
    "kept": KEPT,
    "momentum of its own": Cause("option-ignored", "`momentum` has no effect: it is always 0.1."),
    "root": Cause("root", "It takes the standard deviation; the variance is asked."),
    "divided by n": Cause("biased", "It takes the variance divided by n; divide by n − 1 here."),
}
IN_EVALUATION = Cause("other-mode", "It is updated in evaluation; there it is left as it is.")

RUNNING = ("running_mean", "running_var")


def largest(tensor: Tensor) -> float:
    return tensor.abs().max().item()


@dataclass(frozen=True)
class Norm:
    """A normalization along the dimension `over`, and what it is tried with; `args` and `kwargs` are its options."""

    name: str
    over: int
    inputs: dict[str, Tensor]
    grad: Tensor
    training: bool
    eps: float
    momentum: float
    args: list[Any]
    kwargs: dict[str, Any]


def by_hand(norm: Norm, mistake: str = "") -> dict[str, Tensor]:
    """The result and the gradients, with a mistake, and what they are made of; without one they are torch's."""
    x, weight, bias, *running = (value.detach().double() for value in norm.inputs.values())
    grad, over, n = norm.grad.detach().double(), norm.over, x.shape[norm.over]
    of_sample = tuple(range(1, x.dim())) or over
    axes: Any = {"other axis": -1 - over, "all": None, "sample": of_sample}.get(mistake, over)
    mean, variance = x.mean(axes, keepdim=True), x.var(axes, correction=0, keepdim=True)
    if mistake in ("n - 1", "std"):
        variance = variance * n / max(n - 1, 0.5)
    if running and norm.training == mistake.startswith("running") and mistake != "batch":
        mean, variance = running if mistake != "running-new" else running_by_hand(norm).values()
    eps = {"no eps": 0.0, "eps of its own": 1e-5}.get(mistake, norm.eps)
    if mistake in OTHER_EPS:
        eps = float(mistake)
    outside = mistake in ("eps outside", "std")
    root = variance.sqrt() + eps if outside else (variance + eps).sqrt()
    if mistake == "no root":
        root = variance + eps
    hat = (x - (mistake != "no mean") * mean) / root
    dx = d = grad if mistake == "no factor" else weight * grad
    if mistake != "constant" if norm.training else mistake == "not-constant":
        axes = None if mistake == "all means" else axes
        dx = d - d.mean(axes, keepdim=True) - hat * (d * hat).mean(axes, keepdim=True)
    divisors = {"no inverse": torch.ones_like(root), "no root back": root**2}
    slopes = {"x": dx / divisors.get(mistake, root)}
    slopes |= {"weight": over_rows(grad * hat), "bias": over_rows(grad)}
    return {"y": weight * hat + bias, **slopes, "hat": hat, "root": root, "d": d}


def over_rows(tensor: Tensor) -> Tensor:
    """The sum over all dimensions but the last."""
    return tensor.reshape(-1, tensor.shape[-1]).sum(0)


def other_sums(norm: Norm, name: str) -> dict[Cause, Any]:
    """What sums of other terms give in the place of y or of a gradient."""
    right = by_hand(norm)
    x, weight, bias = (norm.inputs[each].detach().double() for each in ("x", "weight", "bias"))
    grad, hat, d, root = norm.grad.detach().double(), right["hat"], right["d"], right["root"]
    if name == "y":
        first = {"γ·x̂": weight * hat, "x̂": hat, "β·x̂": bias * hat, "γ + x̂": weight + hat}
        return other_terms.sums(
            first, {"β": bias, "": 0 * bias, "−β": -bias, "γ": weight, "γ·β": weight * bias}
        )
    if name != "x":
        parts = {"G·x̂": grad * hat, "D·x̂": d * hat, "G·x": grad * x, "G": grad}
        if name == "bias":
            parts = {"G": grad, "D": d, "G·x̂": grad * hat}
        parts = {key: over_rows(part) for key, part in parts.items()}
        return other_terms.sums(parts, form="Σ {sum}")
    places = [{"D": d / root, "G": grad / root}]
    if norm.training:
        n = x.shape[norm.over]
        mean, along = (each.mean(norm.over, keepdim=True) / root for each in (d, d * hat))
        second = {"−mean(D)": -mean, "": 0 * mean, "mean(D)": mean, "−ΣD": -n * mean}
        third = {"−x̂·mean(D·x̂)": -hat * along, "": 0 * hat, "x̂·mean(D·x̂)": hat * along}
        places += [second, third | {"−x̂·Σ(D·x̂)": -n * hat * along, "−mean(D·x̂)": -along}]
    return other_terms.sums(*places, form="({sum}) / √(v + ε)")


def known(norm: Norm, name: str, got: Any = None) -> dict[Cause, Any]:
    """What mistakes give in the place of y or of a gradient; `got` is what the student's gave."""
    left_out = _IN_EVALUATION_ALONE if norm.training else _IN_TRAINING_ALONE
    others: dict[Cause, Any] = {
        cause: by_hand(norm, mistake)[name]
        for mistake, cause in MISTAKES.items()
        if mistake not in left_out
    }
    others |= {OTHER_EPSILON.of(eps=eps): by_hand(norm, eps)[name] for eps in OTHER_EPS}
    sums = other_sums(norm, name)
    sums.pop(other_terms.OTHER_TERMS.of(found="(D) / √(v + ε)"), None)  # its own cause says why
    if name == "y":
        return others | sums | cancelled(norm, got)
    if not norm.training:
        later, hat = by_hand(moved(norm)), (by_hand(moved(norm, ("running_mean",))))
        others[MOVED] = other_terms.either(got, later[name], hat[name])
    return others | sums


@helper
def move_running(inputs: Any) -> None:
    """Changes the running statistics in place, as calls in training do."""
    for name in ("running_mean", "running_var"):
        if name in inputs:
            inputs[name].detach().add_(1)


def moved(norm: Norm, names: Sequence[str] = RUNNING) -> Norm:
    """The same with running statistics that `move_running` has changed."""
    inputs = {name: value.detach() + (name in names) for name, value in norm.inputs.items()}
    return replace(norm, inputs=inputs)


def cancelled(norm: Norm, got: Any) -> dict[Cause, Tensor]:
    """The result with the v that came back, if that is off by what mean(x²) − μ² loses, up here and down there."""
    right = by_hand(norm)
    hat, weight, bias = (
        right["hat"],
        *(norm.inputs[each].detach().double() for each in ("weight", "bias")),
    )
    if not isinstance(got, Received) or got.tensor.shape != hat.shape:
        return {}
    terms = weight * hat
    by = ((got.tensor.double().to(terms) - bias) * terms).sum(norm.over, keepdim=True)
    by = by / (terms * terms).sum(norm.over, keepdim=True)  # √(v + ε) by the one that came back
    off = right["root"] ** 2 * (1 / by**2 - 1)
    mean = norm.inputs["x"].detach().double().mean(norm.over, keepdim=True)
    loss = 8 * torch.finfo(got.tensor.dtype).eps * mean**2
    is_lost = (off.abs() <= loss).all() and (off > 0).any() and (off < 0).any()
    return {CANCELLED: by * terms + bias} if is_lost else {}


def running_by_hand(norm: Norm, mistake: str = "") -> dict[str, Tensor]:
    """The running statistics after a batch, with a mistake."""
    x, mean, var = (norm.inputs[each].detach().double() for each in ("x", *RUNNING))
    if mistake == "kept":
        return {"running_mean": mean, "running_var": var}
    new = 0.1 if mistake == "momentum of its own" else norm.momentum
    variance = x.var(0, correction=0 if mistake == "divided by n" or len(x) == 1 else 1)
    if mistake == "root":
        variance = variance.sqrt()
    both = zip(RUNNING, (mean, var), (x.mean(0), variance), strict=True)
    return {name: (1 - new) * old + new * of_batch for name, old, of_batch in both}


def known_of_running(norm: Norm, name: str, got: Any = None) -> dict[Cause, Any]:
    """What mistakes give in the place of a running statistic; `got` is what the student's gave."""
    right = running_by_hand(norm)[name]
    if not norm.training:
        return {IN_EVALUATION: right}
    others = {c: running_by_hand(norm, each)[name] for each, c in RUNNING_MISTAKES.items()}
    old, m = others[KEPT], norm.momentum
    batch = (right - (1 - m) * old) / m
    sums = other_terms.sums(
        {"(1 − momentum)·old": (1 - m) * old, "momentum·old": m * old, "old": old, "": 0 * old},
        {
            "momentum·batch": m * batch,
            "(1 − momentum)·batch": (1 - m) * batch,
            "batch": batch,
            "": 0 * old,
        },
    )
    if name == "running_var" and isinstance(got, Received) and got.tensor.shape == right.shape:
        off = (got.tensor.double().to(right) - right) / m
        mean = norm.inputs["x"].detach().double().mean(0)
        loss = 8 * torch.finfo(got.tensor.dtype).eps * mean**2
        if (off.abs() <= loss).all() and (off > 0).any() and (off < 0).any():
            sums[CANCELLED] = lambda: right + m * off
    return others | sums
