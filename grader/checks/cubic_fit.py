"""A cubic, by hand and with autograd: gradients of a SUM of squares, and a step in place."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from grader import Draw, Student, _, expect, expect_close, needs, points, probe

FORBIDDEN = {"by hand": {"except": ["autograd_step"]}}
NAMES = ("a", "b", "c", "d")
# parameters are 0-dim or of shape (1,)
SHAPES = pytest.mark.parametrize(("m", "shape"), [(5, ()), (1, (1,)), (4, (1,))], ids=str)


def curve(x: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    return a + b * x + c * x**2 + d * x**3


def draw_params(draw: Draw, shape: tuple[int, ...]) -> dict[str, Tensor]:
    return {name: draw.normal(*shape) for name in NAMES}


@probe
def predict_at(student: Any, x: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Any:
    return student.predict(x, a, b, c, d)


@SHAPES
@points(1)
def test_predict(student: Student, draw: Draw, m: int, shape: tuple[int, ...]) -> None:
    """`predict` is a + b·x + c·x² + d·x³."""
    x, params = draw.strided(draw.normal(m)), draw_params(draw, shape)
    got = student.run(predict_at, x=x, **params)
    expect_close(got, curve(x, **params), "predict(x, a, b, c, d)")


@probe
def measure(student: Any, y_pred: Tensor, y: Tensor) -> Any:
    return student.loss(y_pred, y)


@pytest.mark.parametrize("m", [5, 1])
@points(1)
def test_loss(student: Student, draw: Draw, m: int) -> None:
    """`loss` is the SUM of squared errors, a scalar tensor."""
    y_pred, y = draw.strided(draw.normal(m)), draw.strided(draw.normal(m))
    got = student.run(measure, y_pred=y_pred, y=y)
    expect_close(got, ((y_pred - y) ** 2).sum(), "loss(y_pred, y)", factors={"m": m})


@probe
def work_out(student: Any, x: Tensor, y: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Any:
    return student.gradients(x, y, a, b, c, d)


def expect_gradients(student: Student, draw: Draw, m: int, shape: tuple[int, ...]) -> None:
    x, y = draw.strided(draw.normal(m)), draw.strided(draw.normal(m))
    params = draw_params(draw, shape)
    got = student.run(work_out, x=x, y=y, **params)
    leaves = {name: value.clone().requires_grad_() for name, value in params.items()}
    grads = torch.autograd.grad(((curve(x, **leaves) - y) ** 2).sum(), list(leaves.values()))
    expect(
        isinstance(got, list | tuple) and len(got) == 4, _("gradients does not give four values.")
    )
    for name, found, grad in zip(NAMES, got, grads, strict=True):
        what = _("the gradient of {name}").format(name=name)
        expect_close(found, grad, what, requires_grad=False, factors={"m": m})


@pytest.mark.parametrize("m", [5, 1])
@points(3)
def test_gradients(student: Student, draw: Draw, m: int) -> None:
    """`gradients` gives the four gradients of that loss, by hand."""
    expect_gradients(student, draw, m, ())


@points(1)
@needs("gradients")
def test_gradients_shapes(student: Student, draw: Draw) -> None:
    """Each gradient has its parameter's shape, also where that is (1,)."""
    expect_gradients(student, draw, 4, (1,))


@probe(changes=("params",))
def take_steps(
    student: Any, x: Tensor, y: Tensor, params: list[Tensor], lr: float, steps: int, stale: bool
) -> Any:
    before = list(params)
    losses, grads = [], []
    if stale:
        for parameter in params:
            parameter.grad = torch.full_like(parameter, 7.0)
    for _unused in range(steps):
        losses.append(student.autograd_step(x, y, params, lr))
        grads += [p.grad is None or not p.grad.any().item() for p in params]
    return {
        "losses": losses,
        "params": params,
        "cleared": all(grads),
        "same": all(p is q for p, q in zip(params, before, strict=False)),
        "leaves": all(p.is_leaf and p.requires_grad for p in params),
    }


def run_steps(student: Student, draw: Draw, m: int, shape: tuple[int, ...], stale: bool) -> Any:
    """Two steps of the student's, after holding losses and parameters against autograd's."""
    x, y, lr = draw.uniform(-1, 1, m), draw.normal(m), 0.05
    leaves = [draw.normal(*shape).requires_grad_() for _ in NAMES]
    given = [leaf.detach().clone().requires_grad_() for leaf in leaves]
    got = student.run(take_steps, x=x, y=y, params=given, lr=lr, steps=2, stale=stale)
    losses = []
    for _unused in range(2):
        loss = ((curve(x, *leaves) - y) ** 2).sum()
        grads = torch.autograd.grad(loss, leaves)
        losses.append(loss.item())
        leaves = [
            (p - lr * grad).detach().requires_grad_() for p, grad in zip(leaves, grads, strict=True)
        ]
    return got, losses, [leaf.detach() for leaf in leaves]


@SHAPES
@points(2)
def test_autograd_step(student: Student, draw: Draw, m: int, shape: tuple[int, ...]) -> None:
    """`autograd_step` updates the parameters in place, and returns the loss before the update as a float."""
    got, losses, params = run_steps(student, draw, m, shape, stale=False)
    expect(got["same"], _("The list holds other tensors than before: the update is not in place."))
    expect_close(got["params"], params, _("params after two steps"), factors={"m": m})
    expect_close(got["losses"], losses, _("the losses returned"), dtype=draw.dtype)


@points(1)
@needs("autograd_step")
def test_autograd_step_old_gradients(student: Student, draw: Draw) -> None:
    """A `.grad` left over from earlier work does not leak into the step."""
    got, _unused, params = run_steps(student, draw, 5, (), stale=True)
    try:
        expect_close(got["params"], params, _("params after two steps"))
    except Exception as error:
        cause = _(
            "`backward()` adds to `.grad`: set it to None or zero before, not only afterwards."
        )
        expect(False, _("With an old .grad, {error}").format(error=error), cause)


@points(1)
@needs("autograd_step")
def test_autograd_step_leaves(student: Student, draw: Draw) -> None:
    """After the step `.grad` is None or zero, and the parameters are leaves that require gradients."""
    for stale in (False, True):
        got, _unused, _unused = run_steps(student, draw, 5, (), stale=stale)
        expect(got["cleared"], _("After the step a parameter still has a gradient."))
        told = _("After the step a parameter is no leaf that requires gradients any more.")
        expect(got["leaves"], told)
