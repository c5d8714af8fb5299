"""A cubic, by hand and with autograd: gradients of a SUM of squares, and a step in place."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from grader import Cause, Draw, Student, _, expect, expect_close, explain, needs, points, probe

FORBIDDEN = {"by hand": {"except": ["autograd_step"]}}
NAMES = ("a", "b", "c", "d")
NO_CUBE = Cause("missing-term", "The term of x³ is missing.")
SQUARE = Cause("wrong-power", "The last term has x² where x³ should stand.")
NO_CONSTANT = Cause("missing-term", "The constant `a` is missing.")
SWAPPED = Cause("swapped", "The coefficients are in the wrong order: `a` is the constant.")
ABSOLUTE = Cause("absolute-for-square", "The errors are taken absolute instead of squared.")
CHAIN = Cause(
    "chain-rule",
    "A factor from the exponent slips in: the derivative is by the parameter, not by x.",
)
MEAN = Cause("mean-for-sum", "The step goes by the mean of the squares; the loss is their sum.")
# parameters are 0-dim or of shape (1,)
SHAPES = pytest.mark.parametrize(("m", "shape"), [(5, ()), (1, (1,)), (4, (1,))], ids=str)


def curve(x: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    return a + b * x + c * x**2 + d * x**3


def draw_params(draw: Draw, *shapes: tuple[int, ...]) -> dict[str, Tensor]:
    """The four parameters, of the shape, or in turn of the shapes, that are given."""
    return {name: draw.normal(*shapes[i % len(shapes)]) for i, name in enumerate(NAMES)}


@probe
def predict_at(student: Any, x: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Any:
    return student.predict(x, a, b, c, d)


@SHAPES
@points(1)
def test_predict(student: Student, draw: Draw, m: int, shape: tuple[int, ...]) -> None:
    """`predict` is a + b·x + c·x² + d·x³."""
    x, params = draw.strided(draw.normal(m)), draw_params(draw, shape)
    got = student.run(predict_at, x=x, **params)
    expected, (a, b, c, d) = curve(x, **params), params.values()
    causes = {
        NO_CUBE: expected - d * x**3,
        NO_CONSTANT: expected - a,
        SQUARE: a + b * x + (c + d) * x**2,
        SWAPPED: curve(x, d, c, b, a),
    }
    expect_close(got, expected, "predict(x, a, b, c, d)", causes=causes)


@probe
def measure(student: Any, y_pred: Tensor, y: Tensor) -> Any:
    return student.loss(y_pred, y)


@pytest.mark.parametrize("m", [5, 1])
@points(1)
def test_loss(student: Student, draw: Draw, m: int) -> None:
    """`loss` is the SUM of squared errors, a scalar tensor."""
    y_pred, y = draw.strided(draw.normal(m)), draw.strided(draw.normal(m))
    got = student.run(measure, y_pred=y_pred, y=y)
    error = y_pred - y
    causes = {ABSOLUTE: error.abs().sum()}
    expect_close(got, (error**2).sum(), "loss(y_pred, y)", factors={"m": m}, causes=causes)


@probe
def work_out(student: Any, x: Tensor, y: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Any:
    return student.gradients(x, y, a, b, c, d)


def expect_gradients(student: Student, draw: Draw, m: int, *shapes: tuple[int, ...]) -> None:
    x, y = draw.strided(draw.normal(m)), draw.strided(draw.normal(m))
    params = draw_params(draw, *shapes)
    got = student.run(work_out, x=x, y=y, **params)
    leaves = {name: value.clone().requires_grad_() for name, value in params.items()}
    grads = torch.autograd.grad(((curve(x, **leaves) - y) ** 2).sum(), list(leaves.values()))
    expect(
        isinstance(got, list | tuple) and len(got) == 4, _("gradients does not give four values.")
    )
    expected = dict(zip(NAMES, grads, strict=True))
    # of x² and x³, taken by x
    chained = expected | {"c": 2 * expected["b"], "d": 3 * expected["c"]}
    expect_close(
        dict(zip(NAMES, got, strict=True)),
        expected,
        _("the gradients"),
        requires_grad=False,
        factors={"m": m},
        causes={CHAIN: chained},
    )


@pytest.mark.parametrize("m", [5, 1])
@points(2)
def test_gradients(student: Student, draw: Draw, m: int) -> None:
    """`gradients` gives the four gradients of that loss, by hand."""
    expect_gradients(student, draw, m, ())


@points(1)
@needs("gradients")
def test_gradients_shapes(student: Student, draw: Draw) -> None:
    """Each gradient has its parameter's shape, also where that is (1,)."""
    for shapes in ([(1,)], [(), (1,)], [(1,), ()]):
        expect_gradients(student, draw, 4, *shapes)


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


def run_steps(
    student: Student, draw: Draw, m: int, stale: bool, *shapes: tuple[int, ...]
) -> tuple[Any, Any, float]:
    """Two steps of the student's, and a function that takes them by autograd."""
    x, y, lr = draw.uniform(-1, 1, m), draw.normal(m), 0.05
    leaves = [value.requires_grad_() for value in draw_params(draw, *shapes).values()]
    given = [leaf.detach().clone().requires_grad_() for leaf in leaves]
    got = student.run(take_steps, x=x, y=y, params=given, lr=lr, steps=2, stale=stale)

    def walk(
        factor: float, kept: float | None = None, once: bool = False
    ) -> tuple[list[Tensor], list[float]]:
        """Parameters after two steps and the loss before each; with gradients of `kept` that are never cleared."""
        at, losses = leaves, []
        old = [torch.full_like(leaf, kept or 0.0) for leaf in leaves]
        for _unused in range(3):
            loss = ((curve(x, *at) - y) ** 2).sum()
            losses.append(loss.item())
            grads = torch.autograd.grad(loss, at)
            if kept is not None:
                old = [one + grad for one, grad in zip(old, grads, strict=True)]
                grads, old = tuple(old), [0 * one for one in old] if once else old
            if len(losses) <= 2:
                at = [
                    (p - factor * lr * grad).detach().requires_grad_()
                    for p, grad in zip(at, grads, strict=True)
                ]
        return [leaf.detach() for leaf in at], losses

    return got, walk, lr


@pytest.mark.parametrize(
    ("m", "shapes"), [(5, [()]), (1, [(1,)]), (4, [(1,)]), (3, [(), (1,)])], ids=str
)
@points(2)
def test_autograd_step(student: Student, draw: Draw, m: int, shapes: list[tuple[int, ...]]) -> None:
    """`autograd_step` updates the parameters in place, and returns the loss before the update as a float."""
    got, walk, lr = run_steps(student, draw, m, False, *shapes)
    expect(got["same"], _("The list holds other tensors than before: the update is not in place."))
    params, losses = walk(1)
    causes = explain.step_causes(lambda factor: walk(factor)[0], lr) | {
        MEAN: lambda: walk(1 / m)[0],
        explain.NOT_CLEARED: lambda: walk(1, 0.0)[0],
    }
    curves = got["losses"], losses[:2]
    expect_close(got["params"], params, _("params after two steps"), causes=causes, curves=curves)
    causes = {explain.NEW_FOR_OLD: losses[1:]}
    expect_close(
        got["losses"],
        losses[:2],
        _("the losses returned"),
        dtype=draw.dtype,
        causes=causes,
        curves=curves,
    )


@points(1)
@needs("autograd_step")
def test_autograd_step_old_gradients(student: Student, draw: Draw) -> None:
    """A `.grad` left over from earlier work does not leak into the step."""
    got, walk, _unused = run_steps(student, draw, 5, True, ())
    # some clear nothing, others clear afterwards alone
    causes = {
        explain.NOT_CLEARED: lambda: walk(1, 7.0)[0],
        explain.CLEARED_AFTER: lambda: walk(1, 7.0, True)[0],
    }
    what = _("with an old .grad, params after two steps")
    expect_close(got["params"], walk(1)[0], what, causes=causes)


@points(1)
@needs("autograd_step")
def test_autograd_step_leaves(student: Student, draw: Draw) -> None:
    """After the step `.grad` is None or zero, and the parameters are leaves that require gradients."""
    for stale in (False, True):
        got, _unused, _unused = run_steps(student, draw, 5, stale, ())
        sentence = _("After the step a parameter still has a gradient.")
        expect(got["cleared"], sentence, explain.NOT_CLEARED)
        sentence = _("After the step a parameter is no leaf that requires gradients any more.")
        expect(got["leaves"], sentence)


@points(1)
@needs("predict", "loss", "gradients", "autograd_step")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """All four functions work on any device: results are where the inputs are."""
    test_predict(elsewhere, draw, 5, ())
    test_loss(elsewhere, draw, 5)
    expect_gradients(elsewhere, draw, 4, (1,))
    test_autograd_step(elsewhere, draw, 5, [()])


HINTS = (
    """By hand, the four gradients differ in one factor only: 1, x, x² and x³. In `autograd_step`, mind
    what a parameter's `.grad` may hold from earlier work: `backward()` adds to it.""",
    """The loss is a sum, so nothing is divided by the number of points. The order in `autograd_step`:
    forget the old gradients, work out the loss, `backward()`, update in place under
    `with torch.no_grad():`, forget the gradients again.""",
    """By hand, with `slope = 2 * (predict(x, a, b, c, d) - y)`, the gradient for `c` is
    `(slope * x**2).sum().reshape(c.shape)`, and the others likewise. With autograd:

    ```python
    for p in params:
        p.grad = None
    value = loss(predict(x, *params), y)
    value.backward()
    with torch.no_grad():
        for p in params:
            p -= lr * p.grad
            p.grad = None
    return value.item()
    ```""",
)
