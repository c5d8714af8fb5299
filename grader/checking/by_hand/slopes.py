"""A function that makes use of the bounds it is given, and what is taken for its slope: differences with another h."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ...sandbox.wire.values import Received
from ..outcome import Cause
from ..probes import helper
from ..student import Draw

SMALL_H = Cause(
    "step-too-small",
    "In float64 it is right, and in float32 rounding is left over: f(x + h) and f(x − h) have most of their seven "
    "digits in common, or all. Take a larger h, or take the difference in float64.",
)
LARGE_H = Cause(
    "step-too-large",
    "It is (f(x + h) − f(x − h)) / 2h with an h of {h} or so. That is too large: its error is about h²/6 times the "
    "third derivative.",
)
LARGE_H_ON_ONE_SIDE = Cause(
    "step-too-large",
    "It is {formula} with an h of {h} or so. That is too large for it: its error is about h/2 times the "
    "second derivative, and that of (f(x + h) − f(x − h)) / 2h is far smaller.",
)
PRECEDENCE = Cause(
    "precedence",
    "It is f(x + h) − f(x − h) / 2h with an h of {h} or so: the difference stands in parentheses.",
)


@helper
def steep(x: Tensor, numbers: Any) -> Tensor:
    """a · sin(w · x + p) + b · x² + c, rounded once: what is left over in a difference, the difference has brought."""
    a, p, b, c, w = numbers
    wide = x.to(torch.promote_types(x.dtype, torch.float64))
    values: Tensor = a * torch.sin(w * wide + p) + b * wide**2 + c
    return values.to(x.dtype)


def slope_of_steep(x: Tensor, numbers: Sequence[float]) -> Tensor:
    a, p, b, _c, w = numbers
    return a * w * torch.cos(w * x.double() + p) + 2 * b * x.double()


def draw_steep(draw: Draw) -> list[float]:
    """A function that makes use of bounds: of 110 for its values and of 20 for its derivatives, x from −3 to 3.

    Somewhere between −2 and 2 its second and third derivatives are about 18. So the central difference is right to 0.05
    with an h of 0.125, and not with 0.13; the forward one with 0.005, and not with 0.006. In the large round only the
    third one is, and those after it are far larger: there a formula with more points and a large h is seen.
    """
    w = 6.0 if draw.round.name == "large" else 1.0
    a = draw.uniform(18, 18.25, 1).item() / w**3
    p = draw.uniform(-math.pi, math.pi, 1).item()
    b, c = draw.coefficients(2)
    return [a, p, math.copysign(0.25, b), math.copysign(79 + 4 * abs(c), c), w]


_FEW_POINTS = 20
_NEAR_ONE = 0.05
# what the sentence lacks, and from x + low · h to x + high · h
_WAYS: tuple[tuple[Cause, dict[str, str], float, float], ...] = (
    (LARGE_H, {}, -1.0, 1.0),
    (LARGE_H_ON_ONE_SIDE, {"formula": "(f(x + h) − f(x)) / h"}, 0.0, 1.0),
    (LARGE_H_ON_ONE_SIDE, {"formula": "(f(x) − f(x − h)) / h"}, -1.0, 0.0),
    (PRECEDENCE, {}, -1.0, 1.0),
)
# each is two per cent larger than the one before
_STEPS = torch.logspace(-3, 0.3, 400, dtype=torch.float64)


def slope_causes(got: Any, x: Tensor, numbers: Sequence[float]) -> dict[Cause, Tensor]:
    """What is taken for the slope of `steep`: differences with that h for which they are nearest to what came back."""
    found: dict[Cause, Tensor] = {}
    if not isinstance(got, Received) or got.tensor.shape != x.shape:
        return found
    at, given = x.double().cpu().flatten(), got.tensor.double().flatten()

    def difference(low: float, high: float, h: Tensor) -> Tensor:
        rise = steep(at + high * h, numbers) - steep(at + low * h, numbers)
        return rise / ((high - low) * h)

    def without_parentheses(_low: float, _high: float, h: Tensor) -> Tensor:
        return steep(at + h, numbers) - steep(at - h, numbers) / (2 * h)

    for cause, lacking, low, high in _WAYS:
        formula = without_parentheses if cause is PRECEDENCE else difference
        # beyond half a turn of the sine another h gives the same
        steps = _STEPS[numbers[-1] * _STEPS < math.pi].unsqueeze(1)
        for _unused in range(2):  # and once more around the best one
            errors = (formula(low, high, steps) - given).abs().amax(1)
            best = steps[errors.argmin()]
            steps = best * torch.linspace(0.98, 1.02, 81, dtype=torch.float64).unsqueeze(1)
        h = f"{best.item():.2g}"
        if cause is PRECEDENCE and abs(2 * float(h) - 1) < _NEAR_ONE:
            continue  # what is divided by 1 needs no parentheses
        value = formula(low, high, torch.tensor(float(h), dtype=torch.float64))
        named = cause.of(h=h, **lacking)
        # of a sine alone, formulas with more points give the same with a larger h
        named = named if numbers[-1] == 1 else named.unsure()
        found[named] = value.reshape(x.shape).to(got.tensor.dtype)
    return found


def rounding_causes(got: Any, x: Tensor, right: Tensor) -> dict[Cause, Any]:
    """Whether what is off in float32, and not in float64, is rounding: it is another one from point to point."""
    if not isinstance(got, Received) or got.tensor.shape != x.shape or x.dtype != torch.float32:
        return {}
    away = (got.tensor - right.cpu()).flatten().tolist()
    error_at = dict(zip(x.flatten().tolist(), away, strict=True))
    if len(error_at) < _FEW_POINTS:  # it may be, and other cases show it
        return {SMALL_H.unsure(): ...}
    errors = torch.tensor([error for _at, error in sorted(error_at.items())], dtype=torch.float64)
    # half the mean square of what neighbours differ by is the variance of errors that know nothing of each other
    left_over = errors.diff().var() > errors.var() or (got.tensor == 0).double().mean() > 0.5
    return {SMALL_H: ...} if left_over else {}
