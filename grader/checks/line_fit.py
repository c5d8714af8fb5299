"""A line by gradient descent: predictions, loss, gradients and a step, against autograd."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from grader import Cause, Draw, Student, _, expect, expect_close, explain, needs, points, probe

FORBIDDEN: dict[str, Any] = {"by hand": {}}
NO_B = Cause("missing-term", "The term `b` is missing.")
SWAPPED = Cause("swapped", "`a` stands where `b` should, and `b` where `a` should.")
NO_SQUARE = Cause("no-square", "The errors are not squared.")
ROOT = Cause("root", "It is the root of what is asked.")
ABSOLUTE = Cause("absolute-for-square", "The errors are taken absolute instead of squared.")
NO_X = Cause("missing-factor", "The factor x is missing: it is the gradient of `b` instead.")
MEANS = Cause(
    "product-of-means",
    "The mean of a product is not the product of the means: multiply by x, then take the mean.",
)
NEW_A = Cause("new-for-old", "The gradient of `b` is that at the new `a`: work out both first.")
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
    causes = {NO_B: a * x, SWAPPED: b * x + a}
    got = student.run(predict_at, x=x, a=a, b=b)
    expect_close(got, a * x + b, "predict(x, a, b)", causes=causes)


@probe
def measure(student: Any, y_pred: Tensor, y: Tensor) -> Any:
    return student.mse(y_pred, y)


@pytest.mark.parametrize("m", [5, 1])
@points(2)
def test_mse(student: Student, draw: Draw, m: int) -> None:
    """`mse(y_pred, y)` is the mean squared error, a scalar."""
    y_pred, y = draw.strided(draw.normal(m)), draw.strided(draw.normal(m))
    got = student.run(measure, y_pred=y_pred, y=y)
    error, expected = y_pred - y, ((y_pred - y) ** 2).mean()
    causes = {NO_SQUARE: error.mean(), ABSOLUTE: error.abs().mean(), ROOT: expected.sqrt()}
    expect_close(got, expected, "mse(y_pred, y)", factors={"m": m}, causes=causes)


def autograd(x: Tensor, y: Tensor, a: Tensor, b: Tensor) -> tuple[Tensor, ...]:
    leaves = [a.clone().requires_grad_(), b.clone().requires_grad_()]
    loss = ((leaves[0] * x + leaves[1] - y) ** 2).mean()
    return torch.autograd.grad(loss, leaves)


@probe
def work_out(student: Any, x: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Any:
    return student.gradients(x, y, a, b)


def expect_gradients(
    student: Student,
    draw: Draw,
    m: int,
    shape: tuple[int, ...],
    other: tuple[int, ...],
    leaves: bool = False,
) -> None:
    """Holds the gradients of an `a` of the one shape and a `b` of the other against autograd's.

    With `leaves`, these two require gradients: the values are the same, and the rest is free.
    """
    x, y = draw.strided(draw.normal(m)), draw.strided(draw.normal(m))
    a, b = draw.normal(*shape), draw.normal(*other)
    given = {"a": a.clone().requires_grad_(leaves), "b": b.clone().requires_grad_(leaves)}
    got = student.run(work_out, x=x, y=y, **given)
    expect(isinstance(got, list | tuple) and len(got) == 2, _("gradients does not give a pair."))
    grads = dict(zip("ab", autograd(x, y, a, b), strict=True))
    causes = {
        NO_X: {"a": grads["b"], "b": grads["b"]},
        MEANS: {"a": grads["b"] * x.mean(), "b": grads["b"]},
    }
    expect_close(
        dict(zip("ab", got, strict=True)),
        grads,
        _("the gradients"),
        requires_grad=None if leaves else False,
        factors={"m": m},
        causes=causes,
    )


@pytest.mark.parametrize("m", [5, 1])
@points(3)
def test_gradients(student: Student, draw: Draw, m: int) -> None:
    """`gradients` gives the pair (∂mse/∂a, ∂mse/∂b), by hand."""
    expect_gradients(student, draw, m, (), ())


@points(1)
@needs("gradients")
def test_gradients_shapes(student: Student, draw: Draw) -> None:
    """Each gradient has its parameter's shape, also where that is (1,)."""
    for shapes in (((1,), (1,)), ((), (1,)), ((1,), ())):
        expect_gradients(student, draw, 4, *shapes)
    expect_gradients(student, draw, 4, (1,), (1,), leaves=True)


@probe
def take_steps(student: Any, x: Tensor, y: Tensor, a: Tensor, b: Tensor, lr: float) -> Any:
    first = student.step(x, y, a, b, lr)
    pair = isinstance(first, tuple | list) and len(first) == 2
    return [first, student.step(x, y, *first, lr)] if pair else "no pair"


@SHAPES
@points(2)
def test_step(student: Student, draw: Draw, m: int, shape: tuple[int, ...]) -> None:
    """`step` gives the pair of new parameters after one step of gradient descent."""
    x, y, lr = draw.normal(m), draw.normal(m), 0.1
    a, b = draw.normal(*shape), draw.normal(*shape)
    got = student.run(take_steps, x=x, y=y, a=a, b=b, lr=lr)
    expect(got != "no pair", _("step does not give a pair."))

    def walk(factor: float, a_first: bool = False) -> list[tuple[Tensor, Tensor]]:
        """The parameters after each step."""
        pairs, at = [], (a, b)
        for _unused in got:
            new_a = at[0] - factor * lr * autograd(x, y, *at)[0]
            seen = (new_a, at[1]) if a_first else at
            at = new_a, at[1] - factor * lr * autograd(x, y, *seen)[1]
            pairs.append(at)
        return pairs

    causes = explain.step_causes(walk, lr) | {NEW_A: lambda: walk(1, a_first=True)}
    what = _("(a, b) after each of two steps")
    expect_close(got, walk(1), what, requires_grad=False, causes=causes)


@points(1)
@needs("predict", "mse", "gradients", "step")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """All four functions work on any device: results are where the inputs are."""
    test_predict(elsewhere, draw, 5, ())
    test_mse(elsewhere, draw, 5)
    expect_gradients(elsewhere, draw, 5, (), ())
    test_step(elsewhere, draw, 4, (1,))


HINTS = (
    """Both gradients begin with the error ŷ − y at every point. Work that out once, then write the two
    formulas as they stand.""",
    """A mean over the points is 0-dim, but a parameter may have the shape (1,): `reshape` each gradient to
    the shape of its own parameter. `step` takes both gradients before it changes anything, and returns
    new tensors: with `-=` it would change its caller's.""",
    """```python
    error = predict(x, a, b) - y
    grad_a = (2 * (error * x).mean()).reshape(a.shape)
    grad_b = (2 * error.mean()).reshape(b.shape)
    ```

    `mse` is `((y_pred - y) ** 2).mean()`, and `step` returns `a - lr * grad_a, b - lr * grad_b`.""",
)
