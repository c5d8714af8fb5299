"""Numerical differentiation: the very formulas, evaluated with the student's h."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from grader import Draw, Student, expect_close, helper, needs, points, probe

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
        if name == "forward_difference":
            expected = (cube(exact + step) - cube(exact)) / step
        elif name == "central_difference":
            expected = (cube(exact + step) - cube(exact - step)) / (2 * step)
        else:
            expected = one_by_one(exact, step)
        got = student.run(differentiate, name=name, x=x, h=h)
        told = f"{name}(f, x)" if h is None else f"{name}(f, x, h={h})"
        rtol = tolerance(draw.dtype, h)
        expect_close(got, expected.to(draw.dtype), told, rtol=rtol, requires_grad=False)


def one_by_one(x: Tensor, h: float) -> Tensor:
    """Central differences of `mixed`, one element at a time."""
    flat = x.flatten()
    grad = torch.zeros_like(flat)
    for i in range(flat.numel()):
        shift = torch.zeros_like(flat)
        shift[i] = h
        up, down = (mixed((flat + sign * shift).reshape(x.shape)) for sign in (1, -1))
        grad[i] = (up - down) / (2 * h)
    return grad.reshape(x.shape)


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
