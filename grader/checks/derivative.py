"""Numerical differentiation: the very formulas, evaluated with the student's h."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from grader import Cause, Draw, Student, expect_close, helper, needs, points, probe

FORWARD = Cause("forward-difference", "It is the forward difference (f(x+h) − f(x)) / h.")
BACKWARD = Cause("backward-difference", "It is the backward difference (f(x) − f(x−h)) / h.")
CENTRAL = Cause("central-difference", "It is the central difference (f(x+h) − f(x−h)) / 2h.")
HALF_STEPS = Cause("half-steps", "It goes half a step to either side, from x − h/2 to x + h/2.")
H_IGNORED = Cause("h-ignored", "The step is 0.001, whatever `h` is.")
NOT_DIVIDED = Cause("not-divided", "It is not divided by h.")
PRECEDENCE = Cause(
    "precedence", "`/ 2 * h` divides by 2 and multiplies by h: put `(2 * h)` in parentheses."
)
ALL_AT_ONCE = Cause(
    "all-at-once", "All elements are moved at once: move one, and leave the others where they are."
)

FORBIDDEN: dict[str, Any] = {"by hand": {}}
# with a large h the three formulas differ from each other and from the true derivative
STEPS = pytest.mark.parametrize("h", [None, 0.5, 0.01])
SHAPES = [(3, 2), (1,), ()]


@helper
def cube(x: Tensor) -> Tensor:
    """Acts on each element by itself."""
    return x**3 - 2 * x


@helper
def mixed(x: Tensor) -> Tensor:
    """A scalar in which every element meets the others, each in its own way."""
    weights = torch.arange(1, x.numel() + 1, dtype=x.dtype, device=x.device).reshape(x.shape)
    return (weights * x**3).sum() + (weights * x).sum() ** 2


@probe
def differentiate(student: Any, name: str, x: Tensor, h: float | None) -> Any:
    f = mixed if name == "numerical_gradient" else cube
    function = getattr(student, name)
    return function(f, x) if h is None else function(f, x, h=h)


def tolerance(dtype: torch.dtype, h: float | None) -> float:
    """Rounding of f is divided by h: a few eps / h, and a margin of ten."""
    eps = torch.finfo(dtype).eps
    return 50 * eps / (1e-3 if h is None else h)


def expect_formula(student: Student, draw: Draw, name: str, h: float | None) -> None:
    step = 1e-3 if h is None else h
    for shape in SHAPES:
        x = draw.strided(draw.uniform(0.5, 1.5, *shape))
        exact = x.double()
        formulas = formulas_of(name, exact)
        right = {"forward_difference": "forward"}.get(name, "central")
        expected = formulas[right](step)
        got = student.run(differentiate, name=name, x=x, h=h)
        call = f"{name}(f, x)" if h is None else f"{name}(f, x, h={h})"
        rtol = tolerance(draw.dtype, h)
        causes = {
            FORWARD: partial(formulas["forward"], step),
            BACKWARD: partial(formulas["backward"], step),
            CENTRAL: partial(formulas["central"], step),
            HALF_STEPS: partial(formulas["central"], step / 2),
            H_IGNORED: partial(formulas[right], 1e-3),
            NOT_DIVIDED: step * (1 + (right == "central")) * expected,
            PRECEDENCE: step**2 * expected,
        }
        if name == "numerical_gradient":
            ones = torch.ones_like(exact)
            slope = (mixed(exact + step) - mixed(exact - step)) / (2 * step)
            once = Cause("all-at-once", ALL_AT_ONCE.template + " They are added up as well.")
            causes |= {ALL_AT_ONCE: slope * ones, once: x.numel() * slope * ones}
        expect_close(
            got, expected.to(draw.dtype), call, rtol=rtol, requires_grad=False, causes=causes
        )


def formulas_of(name: str, x: Tensor) -> dict[str, Callable[[float], Tensor]]:
    """The three formulas as functions of h; of `mixed`, one element at a time."""

    def between(low: float, high: float, h: float) -> Tensor:
        if name != "numerical_gradient":
            return (cube(x + high * h) - cube(x + low * h)) / ((high - low) * h)
        flat = x.flatten()
        grad = torch.zeros_like(flat)
        for i in range(flat.numel()):
            shift = torch.zeros_like(flat)
            shift[i] = h
            up, down = (mixed((flat + by * shift).reshape(x.shape)) for by in (high, low))
            grad[i] = (up - down) / ((high - low) * h)
        return grad.reshape(x.shape)

    ends = {"forward": (0, 1), "central": (-1, 1), "backward": (-1, 0)}
    return {formula: partial(between, low, high) for formula, (low, high) in ends.items()}


@STEPS
@points(3)
def test_forward_difference(student: Student, draw: Draw, h: float | None) -> None:
    """`forward_difference(f, x, h)` is (f(x+h) − f(x)) / h, of the shape of `x`."""
    expect_formula(student, draw, "forward_difference", h)


@STEPS
@points(3)
def test_central_difference(student: Student, draw: Draw, h: float | None) -> None:
    """`central_difference(f, x, h)` is (f(x+h) − f(x−h)) / 2h, of the shape of `x`."""
    expect_formula(student, draw, "central_difference", h)


@STEPS
@points(3)
def test_numerical_gradient(student: Student, draw: Draw, h: float | None) -> None:
    """`numerical_gradient(f, x, h)` is the gradient of a scalar f by central differences, one element at a time."""
    expect_formula(student, draw, "numerical_gradient", h)


@points(1)
@needs("forward_difference", "central_difference", "numerical_gradient")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """All three functions work on any device: results are where `x` is."""
    for name in ("forward_difference", "central_difference", "numerical_gradient"):
        expect_formula(elsewhere, draw, name, 0.01)


HINTS = (
    """All three functions are one idea: call `f` at two points that lie close together, and divide the
    difference of the values by the distance of the points. How far apart are the two points in each of
    the formulas?""",
    """In the first two functions `f` acts on each element by itself, so `x + h` may move all of them at
    once. In `numerical_gradient` only one element may move at a time: change one element of a *copy* of
    `x`, and go through all positions with `itertools.product(*map(range, x.shape))`, which also works
    when `x` is 0-dim.""",
    """For each `index` of the shape, into a `gradient = torch.empty_like(x)`:

    ```python
    above, below = x.clone(), x.clone()
    above[index] += h
    below[index] -= h
    gradient[index] = (f(above) - f(below)) / (2 * h)
    ```

    The first function is `((f(x + h) - f(x)) / h).detach()`: `.detach()` each of the three results,
    because `f` may use parameters that require gradients.""",
)
