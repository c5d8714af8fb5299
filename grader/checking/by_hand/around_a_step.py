"""What stands around the steps of an optimizer, right and with mistakes that have a name: learning rates that change on
the way, gradients that are clipped, and a step that is made of several batches.

A check compares with the right ones, and hands the others to `expect_close(causes=…)`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from ..outcome import Cause
from ..telling.explain import NOT_CLEARED

Rate = Callable[[int], float]
Batches = Sequence[tuple[Tensor, Tensor]]

# learning rates

_DROPS = {
    "one more": Cause(
        "off-by-one", "There is one drop too many: the first `every` steps have `lr`."
    ),
    "modulo": Cause(
        "wrong-operator", "gamma has the exponent step % every; it is to be ⌊step / every⌋."
    ),
    "up": Cause("wrong-operator", "lr is divided by gamma; it is to be multiplied by it."),
    "each": Cause("no-floor", "It is multiplied by gamma for every step, whatever `every` is."),
    "continuous": Cause(
        "no-floor",
        "It falls with every step: between two drops, step / every is to be rounded down.",
    ),
    "late": Cause("off-by-one", "The drops come a step too late: the steps count from 0."),
    "late at first": Cause(
        "off-by-one",
        "The drops come a step too late, and one stands before the step 0, where it is divided by gamma: the steps "
        "count from 0.",
    ),
    "early": Cause("off-by-one", "The drops come a step too early: the steps count from 0."),
    "product": Cause(
        "wrong-power", "lr is multiplied by gamma · k; it is to be multiplied by gammaᵏ."
    ),
    "once": Cause(
        "not-repeated", "It drops once, and stays there: each `every` steps bring a drop."
    ),
    "fixed": Cause("option-ignored", "The drops are those of gamma=0.1, whatever `gamma` is."),
    "no gamma": Cause("wrong-default", "The drops are those of gamma=0.5; the default is 0.1."),
}
_WAVES = {
    "from zero": Cause(
        "off-by-one",
        "It rises as step / warmup, so that the first step has 0: take (step + 1) / warmup.",
    ),
    "no warm-up": Cause(
        "missing-term", "There is no warm-up: the first `warmup` steps rise to `lr`."
    ),
    "flat": Cause("missing-term", "The warm-up is right, and after it the rate stays `lr`."),
    "of all": Cause(
        "wrong-count",
        "The cosine is that of step / total: q counts from the end of the warm-up, "
        "(step − warmup) / (total − warmup).",
    ),
    "of total": Cause(
        "wrong-count", "q is divided by total; it is to be divided by total − warmup."
    ),
    "not shifted": Cause(
        "wrong-count", "q is step / (total − warmup); it is to be 0 at the end of the warm-up."
    ),
    "no-end": Cause(
        "no-end", "After the step `total` it goes on; from that step on it is to be 0."
    ),
    "late-end": Cause(
        "no-end",
        "With `total` = `warmup` there is no fall: the step `total` has `lr` yet, and is to have 0.",
    ),
    "not halved": Cause("scale", "It goes from 2 · lr to 0: 1 + cos(π q) is to be halved."),
    "whole turn": Cause("wrong-angle", "The cosine makes a whole turn: the angle is π q."),
    "quarter": Cause(
        "wrong-angle", "It is a quarter of a turn, cos(π q / 2): (1 + cos(π q)) / 2 is asked."
    ),
    "bare": Cause(
        "missing-term", "It is lr · cos(π q), which goes down to −lr: (1 + cos(π q)) / 2 is asked."
    ),
    "sine": Cause("wrong-angle", "A sine stands where the cosine is asked."),
    "rising": Cause("sign-of-term", "It is 1 − cos(π q), which rises: 1 + cos(π q) is asked."),
    "next": Cause("off-by-one", "After the warm-up q is that of the next step, step + 1."),
    "no pi": Cause("wrong-angle", "The cosine is that of q: the angle is π q."),
    "degrees": Cause(
        "wrong-angle",
        "The cosine is that of 180 q: `math.cos` takes radians, and the angle is π q.",
    ),
    "line": Cause("not-a-cosine", "It falls in a line; a cosine is asked."),
}


def dropped(step: int, every: int, lr: float, gamma: float = 0.1) -> float:
    """The learning rate of a step that drops after each `every` steps."""
    return lr * gamma ** (step // every)


def drop_causes(every: int, lr: float, gamma: float | None) -> dict[Cause, Rate]:
    """What mistakes make of `dropped`; `gamma` is None where it was not handed over."""
    factor = 0.1 if gamma is None else gamma
    right = partial(dropped, every=every, lr=lr, gamma=factor)
    others: dict[str, Rate] = {
        "each": lambda step: lr * factor**step,
        "continuous": lambda step: lr * factor ** (step / every),
        "late": lambda step: right(max(0, step - 1)),
        "one more": lambda step: right(step + every),
        "modulo": lambda step: lr * factor ** (step % every),
        "up": lambda step: lr / factor ** (step // every),
        "late at first": lambda step: right(step - 1),
        "early": lambda step: right(step + 1),
        "product": lambda step: lr * factor * (step // every),
        "once": lambda step: right(min(step, every)),
        "fixed": partial(dropped, every=every, lr=lr),
        "no gamma": partial(dropped, every=every, lr=lr, gamma=0.5 if gamma is None else gamma),
    }
    return {_DROPS[name]: rate for name, rate in others.items()}


def waved(step: int, warmup: int, total: int, lr: float, mistake: str = "") -> float:
    """The learning rate of a step that rises in a line and falls along a cosine, or what a mistake makes of it."""
    if step >= total and mistake not in ("no-end", "flat"):
        return lr if mistake == "late-end" and step == total == warmup else 0.0
    if step < warmup and mistake != "no warm-up":
        return lr * (step + (mistake != "from zero")) / warmup
    places = {
        "of all": (step, total),
        "no warm-up": (step, total),
        "of total": (step - warmup, total),
        "not shifted": (step, total - warmup),
        "next": (step + 1 - warmup, total - warmup),
    }
    place, length = places.get(mistake, (step - warmup, total - warmup))
    q = place / max(1, length)
    angle = {"whole turn": 2 * math.pi, "no pi": 1.0, "degrees": 180.0}.get(mistake, math.pi) * q
    other = {"flat": 1.0, "quarter": math.cos(angle / 2), "bare": math.cos(angle), "line": 1 - q}
    other |= {"sine": (1 + math.sin(angle)) / 2, "rising": (1 - math.cos(angle)) / 2}
    return lr * other.get(mistake, (1 + math.cos(angle)) / (1 if mistake == "not halved" else 2))


def wave_causes(warmup: int, total: int, lr: float) -> dict[Cause, Rate]:
    """What mistakes make of `waved`."""
    given: dict[str, Any] = {"warmup": warmup, "total": total, "lr": lr}
    # without a fall, what is after its end tells nothing of how it goes on
    names = [name for name in _WAVES if name != ("no-end" if warmup == total else "late-end")]
    return {_WAVES[name]: partial(waved, **given, mistake=name) for name in names}


# clipping

_NORMS = {
    "sum": Cause(
        "sum-of-norms", "The norms are added up: it is the root of the sum of their squares."
    ),
    "squares": Cause("no-root", "It is the sum of all squares; its root is missing."),
    "largest": Cause("other-norm", "It is the size of the largest number in the gradients."),
    "absolute": Cause("other-norm", "It is the sum of the sizes of all numbers, without squares."),
    "parameters": Cause(
        "other-values", "It is the norm of the parameters themselves, not of their gradients."
    ),
    "after": Cause("new-for-old", "It is the norm after the scaling; that before it is asked."),
    "last": Cause("last-alone", "It is the norm of the last gradient alone."),
    "first": Cause("first-alone", "It is the norm of the first gradient alone."),
}
_CLIPS = {
    "not clipped": Cause(
        "not-updated",
        "The gradients are as they were: no scaling has come to them. `g = g * factor` makes another "
        "tensor; write into it (`p.grad.mul_(factor)`), or give it back to `p.grad`.",
    ),
    "each": Cause(
        "each-alone", "Each gradient is scaled by its own norm; one factor for all is asked."
    ),
    "up": Cause(
        "scaled-up", "Gradients with a smaller norm are made larger; they are to stay as they are."
    ),
    "values": Cause(
        "by-value", "Each number is cut off at ±max_norm; all are to be multiplied by one factor."
    ),
    "unit": Cause("missing-factor", "The norm is 1 afterwards; the factor `max_norm` is missing."),
    "sum": Cause("sum-of-norms", "The factor is made with the sum of the norms."),
    "squares": Cause("no-root", "The factor is made with the sum of all squares, without a root."),
}


def total_norm(grads: Sequence[Tensor]) -> Tensor:
    """The norm of all gradients as one vector, in float64."""
    norm: Tensor = torch.cat([grad.double().flatten() for grad in grads]).norm()
    return norm


def norm_causes(
    grads: Sequence[Tensor], max_norm: float, parameters: Sequence[Tensor]
) -> dict[Cause, Tensor]:
    """What mistakes make of `total_norm`, in the gradients' dtype."""
    vector = torch.cat([grad.double().flatten() for grad in grads])
    norms = torch.stack([grad.double().norm() for grad in grads])
    others = {
        "sum": norms.sum(),
        "squares": vector.square().sum(),
        "parameters": total_norm(parameters),
        "largest": vector.abs().max(),
        "absolute": vector.abs().sum(),
        "after": vector.norm().clamp(max=max_norm),
        "last": norms[-1],
        "first": norms[0],
    }
    return {_NORMS[name]: value.to(grads[0].dtype) for name, value in others.items()}


def clipped(grads: Sequence[Tensor], max_norm: float, mistake: str = "") -> list[Tensor]:
    """The gradients with a total norm of at most `max_norm`, or what a mistake makes of them."""
    if mistake == "values":
        return [grad.clamp(-max_norm, max_norm) for grad in grads]
    total = total_norm(grads)
    norms = {"sum": sum(total_norm([grad]) for grad in grads), "squares": total**2}
    scaled = []
    for grad in grads:
        norm = total_norm([grad]) if mistake == "each" else norms.get(mistake, total)
        larger = norm > max_norm or (mistake == "up" and norm > 0)
        factor: Any = max_norm / norm if larger else 1.0
        factor = {"unit": 1 / total.clamp(min=1e-300), "not clipped": 1.0}.get(mistake, factor)
        scaled.append((grad.double() * factor).to(grad.dtype))
    return scaled


def clip_causes(grads: Sequence[Tensor], max_norm: float) -> dict[Cause, Any]:
    """What mistakes make of `clipped`."""
    return {cause: partial(clipped, grads, max_norm, name) for name, cause in _CLIPS.items()}


# a step that is made of several batches

_SUMS = {
    "not cleared": NOT_CLEARED,
    "sum": Cause(
        "not-weighted",
        "The batches' gradients are summed: each is to count with its share of the samples.",
    ),
    "mean": Cause(
        "batch-means",
        "It is the mean over the batches, which have different sizes: each is to count with its "
        "share of the samples.",
    ),
    "samples": Cause(
        "not-weighted",
        "The mean losses are divided by the number of all samples: weigh each with its own number.",
    ),
    "not divided": Cause(
        "not-divided",
        "Each batch counts with its number of samples; the division by the number of all is "
        "missing.",
    ),
    "last": Cause(
        "last-batch-alone",
        "Only the last batch has a say: the gradients of the others are cleared, or never worked "
        "out.",
    ),
    "last-alone": Cause(
        "last-batch-alone",
        "Only the last batch has a say, and as if it were all there is: the gradients of the others "
        "are cleared, or never worked out.",
    ),
    "steps": Cause("every-batch", "There is a step for every batch; one for all is asked."),
    "weighted-sums": Cause(
        "every-batch",
        "There is a step for every batch, with the gradients of those before it too; one for all is asked.",
    ),
    "weighted-steps": Cause(
        "every-batch",
        "There is a step for every batch, with its share of the samples; one for all is asked.",
    ),
}
_LOSSES = {
    "mean": Cause(
        "batch-means",
        "It is the mean over the batches. They have different sizes, so weigh each batch's loss "
        "with its number of samples.",
    ),
    "sum": Cause("not-weighted", "It is the sum of the batches' mean losses."),
    "samples": Cause(
        "not-weighted",
        "The batches' mean losses are summed and divided by the number of samples: weigh each with "
        "its number of samples.",
    ),
    "not divided": Cause(
        "not-divided", "It is the sum of all samples' losses; their mean is asked."
    ),
    "last": Cause("last-batch-alone", "It is the loss of the last batch alone."),
    "share": Cause("last-batch-alone", "It is the share of the last batch alone."),
    "after": Cause(
        "new-for-old",
        "It is the loss after the step, with the new parameters; that before it is asked.",
    ),
}


_SEVERAL = ("steps", "weighted-steps", "weighted-sums")


def accumulated(
    model: nn.Module,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    calls: Sequence[Batches],
    optimizer: Any,
    mistake: str = "",
) -> tuple[list[list[Tensor]], list[dict[str, float]]]:
    """A step for the batches of each call, or what a mistake makes of it.

    Args:
        model: in float64; it is trained. Its parameters' gradients are 1 before the first call, but for frozen ones.
        optimizer: one of torch's, with the parameters of `model`.

    Returns:
        The parameters after each call, and its losses: by "" the right one, the others by their mistakes.
    """
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    total = [torch.ones_like(parameter) for parameter in parameters]
    after, losses = [], []
    for batches in calls:
        sizes = [len(x) for x, _y in batches]
        if mistake != "not cleared":
            total = [0 * each for each in total]
        means: list[float] = []
        for (x, y), size in zip(batches, sizes, strict=True):
            loss = loss_fn(model(_wide(x)), _wide(y))
            means.append(loss.item())
            parts = torch.autograd.grad(weight_of(mistake, size, sizes) * loss, parameters)
            if mistake in ("last", "last-alone", "steps", "weighted-steps"):
                total = [0 * each for each in total]
            total = [one + other for one, other in zip(total, parts, strict=True)]
            if mistake in _SEVERAL:
                _step(optimizer, parameters, total)
        if mistake not in _SEVERAL:
            _step(optimizer, parameters, total)
        after.append([parameter.detach().clone() for parameter in model.parameters()])
        if mistake == "loss-after":
            with torch.no_grad():
                means = [
                    loss_fn(model(x.double()), y.double() if y.is_floating_point() else y).item()
                    for x, y in batches
                ]
        summed = sum(size * mean for size, mean in zip(sizes, means, strict=True))
        losses.append(
            {
                "": summed / sum(sizes),
                "mean": sum(means) / len(means),
                "sum": sum(means),
                "samples": sum(means) / sum(sizes),
                "not divided": summed,
                "last": means[-1],
                "share": means[-1] * sizes[-1] / sum(sizes),
            }
        )
    return after, losses


def sum_causes(work: Callable[[str], Any]) -> dict[Cause, Any]:
    """What mistakes make of the parameters; `work` gives them for the name of a mistake."""
    return {cause: partial(work, name) for name, cause in _SUMS.items()}


def loss_causes(
    losses: Sequence[dict[str, float]], after: Callable[[], Sequence[dict[str, float]]]
) -> dict[Cause, Any]:
    """What mistakes make of the losses that `accumulated` gives; `after`: those after the steps."""
    named = {name: [each[name] for each in losses] for name in _LOSSES if name != "after"}
    found: dict[Cause, Any] = {_LOSSES[name]: values for name, values in named.items()}
    return found | {_LOSSES["after"]: lambda: [each[""] for each in after()]}


def weight_of(mistake: str, size: int, sizes: Sequence[int]) -> float:
    """How much the mean of a part with `size` samples counts, or what a mistake makes of that."""
    others = {"mean": 1 / len(sizes), "samples": 1 / sum(sizes), "not divided": float(size)}
    whole = dict.fromkeys(("sum", "steps", "last-alone"), 1.0)
    return (others | whole).get(mistake, size / sum(sizes))


def _wide(numbers: Tensor) -> Tensor:
    """In float64, but for whole numbers."""
    return numbers.double() if numbers.is_floating_point() else numbers


def _step(optimizer: Any, parameters: Sequence[Tensor], grads: Sequence[Tensor]) -> None:
    for parameter, grad in zip(parameters, grads, strict=True):
        parameter.grad = grad.clone()
    optimizer.step()
