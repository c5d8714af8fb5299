"""A line by gradient descent: predictions, loss, gradients and a step, against autograd."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from grader import Draw, Student, _, expect, expect_close, needs, points, probe

FORBIDDEN: dict[str, Any] = {"by hand": {}}
# parameters are 0-dim or of shape (1,)
SHAPES = pytest.mark.parametrize(("m", "shape"), [(5, ()), (1, (1,)), (4, (1,)), (1, ())], ids=str)


@probe
def predict_at(student: Any, x: Tensor, a: Tensor, b: Tensor) -> Any:
    return student.predict(x, a, b)


@SHAPES
@points(1)
def test_predict(student: Student, draw: Draw, m: int, shape: tuple[int, ...]) -> None:
    """`predict(x, a, b)` is a·x + b."""
    x, a, b = draw.strided(draw.normal(m)), draw.normal(*shape), draw.normal(*shape)
    expect_close(student.run(predict_at, x=x, a=a, b=b), a * x + b, "predict(x, a, b)")


@probe
def measure(student: Any, y_pred: Tensor, y: Tensor) -> Any:
    return student.mse(y_pred, y)


@pytest.mark.parametrize("m", [5, 1])
@points(2)
def test_mse(student: Student, draw: Draw, m: int) -> None:
    """`mse(y_pred, y)` is the mean squared error, a scalar."""
    y_pred, y = draw.strided(draw.normal(m)), draw.strided(draw.normal(m))
    got = student.run(measure, y_pred=y_pred, y=y)
    expect_close(got, ((y_pred - y) ** 2).mean(), "mse(y_pred, y)", factors={"m": m})


def autograd(x: Tensor, y: Tensor, a: Tensor, b: Tensor) -> tuple[Tensor, ...]:
    leaves = [a.clone().requires_grad_(), b.clone().requires_grad_()]
    loss = ((leaves[0] * x + leaves[1] - y) ** 2).mean()
    return torch.autograd.grad(loss, leaves)


@probe
def work_out(student: Any, x: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Any:
    return student.gradients(x, y, a, b)


def expect_gradients(student: Student, draw: Draw, m: int, shape: tuple[int, ...]) -> None:
    x, y = draw.strided(draw.normal(m)), draw.strided(draw.normal(m))
    a, b = draw.normal(*shape), draw.normal(*shape)
    got = student.run(work_out, x=x, y=y, a=a, b=b)
    expect(isinstance(got, list | tuple) and len(got) == 2, _("gradients does not give a pair."))
    for name, found, grad in zip("ab", got, autograd(x, y, a, b), strict=True):
        what = _("the gradient of {name}").format(name=name)
        expect_close(found, grad, what, requires_grad=False, factors={"m": m})


@pytest.mark.parametrize("m", [5, 1])
@points(3)
def test_gradients(student: Student, draw: Draw, m: int) -> None:
    """`gradients` gives the pair (∂mse/∂a, ∂mse/∂b), by hand."""
    expect_gradients(student, draw, m, ())


@points(1)
@needs("gradients")
def test_gradients_shapes(student: Student, draw: Draw) -> None:
    """Each gradient has its parameter's shape, also where that is (1,)."""
    expect_gradients(student, draw, 4, (1,))


@probe
def take_steps(student: Any, x: Tensor, y: Tensor, a: Tensor, b: Tensor, lr: float) -> Any:
    first = student.step(x, y, a, b, lr)
    pair = isinstance(first, tuple | list) and len(first) == 2
    return [first, student.step(x, y, *first, lr)] if pair else "no pair"


@SHAPES
@points(3)
def test_step(student: Student, draw: Draw, m: int, shape: tuple[int, ...]) -> None:
    """`step` gives the pair of new parameters after one step of gradient descent."""
    x, y, lr = draw.normal(m), draw.normal(m), 0.1
    a, b = draw.normal(*shape), draw.normal(*shape)
    got = student.run(take_steps, x=x, y=y, a=a, b=b, lr=lr)
    expect(got != "no pair", _("step does not give a pair."))
    for number, pair in enumerate(got, 1):
        grads = autograd(x, y, a, b)
        a, b = a - lr * grads[0], b - lr * grads[1]
        for name, found, value in zip("ab", pair, (a, b), strict=True):
            what = (
                _("{name} after {number} steps").format(name=name, number=number)
                if number > 1
                else _("{name} after a step").format(name=name)
            )
            expect_close(found, value, what, requires_grad=False)
