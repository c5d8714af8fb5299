"""Five published mistakes, mended: each function against what it says it does."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from grader import (
    Cause,
    Draw,
    Student,
    _,
    expect,
    expect_close,
    explain,
    fill,
    helper,
    moved,
    needs,
    points,
    probe,
)

FROM_ONE = Cause("off-by-one", "The epochs are counted from 1; the first one is epoch 0.")
NOT_FIRST = Cause("first-left-out", "Epoch 0 is left out; it is a multiple of everything.")
INVERTED = Cause("inverted", "It is true where it should be false, and false where true.")
ONE_STEP = Cause("one-step", "There is one step for all batches; each batch is to have its own.")
LAST_ALONE = Cause("one-step", "There is one step, by the gradients of the last batch alone.")
X_FOR_SQUARE = Cause("wrong-power", "x stands where x² should.")
FORWARD = Cause("forward-difference", "It is the forward difference (f(x+h) − f(x)) / h.")
H_IGNORED = Cause("h-ignored", "The step is 0.001, whatever `h` is.")

FORBIDDEN = {
    "by hand": {
        "except": ["accumulated_steps", "PlainLinear", "polynomial_model", "should_log"],
    }
}


@probe
def log_table(student: Any, epochs: int, intervals: list[int]) -> Any:
    return [[student.should_log(epoch, every) for epoch in range(epochs)] for every in intervals]


@points(1)
def test_should_log(student: Student) -> None:
    """`should_log(epoch, every)` is true on epochs 0, every, 2·every, … and a bool."""
    intervals = [1, 2, 3, 7]
    table = student.run(log_table, epochs=15, intervals=intervals)
    expected = [[epoch % every == 0 for epoch in range(15)] for every in intervals]
    causes = {
        FROM_ONE: [[epoch % every == 0 for epoch in range(1, 16)] for every in intervals],
        NOT_FIRST: [[False, *row[1:]] for row in expected],
        INVERTED: [[not wanted for wanted in row] for row in expected],
    }
    what = _(
        "the table of should_log(epoch, every), for every = 1, 2, 3 and 7 and epoch = 0 to 14,"
    )
    expect_close(table, expected, what, causes=causes)


@probe
def accumulate(
    student: Any, weight: Tensor, batches: list[Any], lr: float, stale: bool, stream: bool
) -> Any:
    model = nn.Linear(weight.shape[1], weight.shape[0], bias=False).to(weight)
    with torch.no_grad():
        model.weight.copy_(weight)
    if stale:
        model.weight.grad = torch.full_like(weight, 5.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    given = (batch for batch in batches) if stream else batches
    losses = student.accumulated_steps(model, nn.CrossEntropyLoss(), optimizer, given)
    return {"losses": losses, "weight": model.weight}


@pytest.mark.parametrize(("stale", "stream"), [(False, True), (True, False)])
@points(2)
def test_accumulated_steps(student: Student, draw: Draw, stale: bool, stream: bool) -> None:
    """`accumulated_steps` takes a step per batch by that batch's gradients alone, and returns the losses."""
    weight, lr = draw.normal(2, 3), 0.1
    batches = [(draw.normal(n, 3), draw.integers(0, 2, n)) for n in (4, 1, 5)]
    got = student.run(accumulate, weight=weight, batches=batches, lr=lr, stale=stale, stream=stream)

    def walk(kept: bool = False, old: float = 0.0) -> tuple[Tensor, list[float]]:
        """Weight and losses, from gradients of `old`; `kept`: that are never cleared."""
        at, grad, losses = weight, torch.full_like(weight, old), []
        for inputs, labels in batches:
            leaf = at.clone().requires_grad_()
            loss = nn.functional.cross_entropy(inputs @ leaf.T, labels)
            grad = grad + torch.autograd.grad(loss, leaf)[0]
            at = at - lr * grad
            losses.append(loss.item())
            grad = grad if kept else 0 * grad
        return at, losses

    def at_once(given: list[tuple[Tensor, Tensor]] = batches) -> Tensor:
        leaf = weight.clone().requires_grad_()
        losses = [nn.functional.cross_entropy(inputs @ leaf.T, y) for inputs, y in given]
        grad = torch.autograd.grad(sum(losses, torch.tensor(0.0)), leaf)[0]
        return weight - lr * (grad + old * (given is batches))

    expected, losses = walk()
    old = 5.0 if stale else 0.0
    causes = {
        explain.NOT_CLEARED: lambda: walk(True, old)[0],
        explain.CLEARED_AFTER: lambda: walk(False, old)[0],
        explain.NOT_UPDATED: weight,
        Cause("not-cleared", "The gradients are cleared once, not for each batch."): lambda: walk(
            True
        )[0],
        ONE_STEP: at_once,
        LAST_ALONE: lambda: at_once(batches[-1:]),
    }
    curves = got["losses"], losses
    what = _("the model's weight after three batches")
    expect_close(got["weight"], expected, what, causes=causes, curves=curves)
    expect_close(got["losses"], losses, _("the list of losses"), dtype=draw.dtype, curves=curves)


@helper
def layer_of(student: Any, weights: Tensor, bias: Tensor) -> Any:
    layer = moved(student.PlainLinear(*weights.shape), weights)
    fill(layer, registered=True, weights=weights, bias=bias)
    return layer


@probe
def registered(student: Any) -> Any:
    layer = student.PlainLinear(3, 4)
    return {
        "parameters": {name: list(value.shape) for name, value in layer.named_parameters()},
        "state": sorted(layer.state_dict()),
    }


@probe
def train_layer(student: Any, x: Tensor, weights: Tensor, bias: Tensor, lr: float) -> Any:
    layer = layer_of(student, weights, bias)
    optimizer = torch.optim.SGD(layer.parameters(), lr=lr)
    output = layer(x)
    (output**2).sum().backward()
    optimizer.step()
    return {"output": output, "weights": layer.weights, "bias": layer.bias}


@points(2)
def test_plain_linear(student: Student, draw: Draw) -> None:
    """`PlainLinear` keeps `weights` (in, out) and `bias` (out,) where an optimizer finds and trains them."""
    got = student.run(registered)
    names = _("The registered parameters of PlainLinear(3, 4) are not `weights` and `bias` alone.")
    expect(set(got["parameters"]) == {"weights", "bias"}, names, explain.UNREGISTERED)
    shapes = {"weights": [3, 4], "bias": [4]}
    turned = {explain.TRANSPOSE: {"weights": [4, 3], "bias": [4]}}
    expect_close(got["parameters"], shapes, _("the shapes of PlainLinear(3, 4)"), causes=turned)
    x, lr = draw.normal(2, 5, 3), 0.01
    weights, bias = draw.normal(3, 4).requires_grad_(), draw.normal(4).requires_grad_()
    output = x @ weights + bias
    grads = torch.autograd.grad((output**2).sum(), [weights, bias])
    got = student.run(train_layer, x=x, weights=weights.detach(), bias=bias.detach(), lr=lr)
    expect_close(got["output"], output.detach(), "forward(x)")
    expect_close(got["weights"], weights.detach() - lr * grads[0], _("weights after a step"))
    expect_close(got["bias"], bias.detach() - lr * grads[1], _("bias after a step"))


@probe
def differentiate(student: Any, x: Tensor, a: Tensor, b: Tensor, c: Tensor, g: Tensor) -> Any:
    leaves = [x, a, b, c]
    y = student.polynomial_model(x, a, b, c)
    kept = y.detach().clone()
    (y * g).sum().backward()
    return {"y": kept, "grads": [leaf.grad for leaf in leaves]}


@pytest.mark.parametrize("shape", [(4,), (2, 3), (1,)], ids=str)
@points(2)
def test_polynomial_model(student: Student, draw: Draw, shape: tuple[int, ...]) -> None:
    """`polynomial_model` is a·x² + b·x + c, and autograd goes through it to all four arguments."""
    leaves = [draw.normal(*shape), draw.normal(1), draw.normal(), draw.normal(1)]
    for leaf in leaves:
        leaf.requires_grad_()
    x, a, b, c = leaves
    g = draw.normal(*shape)
    got = student.run(differentiate, x=x, a=a, b=b, c=c, g=g)
    y = a * x**2 + b * x + c
    causes = {X_FOR_SQUARE: (a * x + b * x + c).detach()}
    expect_close(got["y"], y.detach(), "polynomial_model(x, a, b, c)", causes=causes)
    for name, found, grad in zip(
        "xabc", got["grads"], torch.autograd.grad((y * g).sum(), leaves), strict=True
    ):
        expect(found is not None, _("`{name}` gets no gradient.").format(name=name), explain.CUT)
        expect_close(found, grad, _("the gradient of {name}").format(name=name))


@probe
def take_difference(student: Any, x: Tensor, h: float | None) -> Any:
    def cube(x: Tensor) -> Tensor:
        return x**3 + 2 * x

    return student.difference(cube, x) if h is None else student.difference(cube, x, h)


@pytest.mark.parametrize(("h", "shape"), [(None, (3, 2)), (0.5, (3, 2)), (0.5, (1,))], ids=str)
@points(2)
def test_difference(student: Student, draw: Draw, h: float | None, shape: tuple[int, ...]) -> None:
    """`difference(f, x, h)` is the central difference (f(x+h) − f(x−h)) / 2h of the f that it is given."""
    x = draw.strided(draw.uniform(0.5, 1.5, *shape))
    got = student.run(take_difference, x=x, h=h)
    step = 1e-3 if h is None else h
    # of x³ + 2x it is 3x² + h² + 2 exactly; a small h costs digits: eps / h
    expected = 3 * x**2 + step**2 + 2
    rtol = 1e-9 if draw.dtype == torch.float64 else 2e-3 if h is None else 1e-5
    causes = {
        FORWARD: expected + 3 * x * step,
        H_IGNORED: expected - step**2 + 1e-6,
    }
    what = "difference(f, x, h)"
    expect_close(got, expected, what, rtol=rtol, requires_grad=False, causes=causes)


@points(1)
@needs("accumulated_steps", "plain_linear", "polynomial_model", "difference")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """What is mended works on any device."""
    test_accumulated_steps(elsewhere, draw, stale=False, stream=False)
    test_plain_linear(elsewhere, draw)
    test_polynomial_model(elsewhere, draw, (2, 3))
    test_difference(elsewhere, draw, 0.5, (3, 2))


HINTS = (
    """Try each on something small: `should_log(0, 10)`; the `.grad` of a parameter in the second batch;
    `list(PlainLinear(2, 1).parameters())`; `x` after `polynomial_model(x, …)`; `difference(torch.sin, …)`.""",
    """`should_log` says the opposite of what is asked. `accumulated_steps` never forgets a gradient. A plain
    tensor is no parameter. `x.view_as(x)` shares its numbers with `x`, so `y *= …` changes the input.
    `difference` never calls its `f`.""",
    """`epoch % every == 0`. `optimizer.zero_grad()` before `loss.backward()`. `nn.Parameter(…)` around each
    of the two tensors. `y = a * x**2`, then `y = y + b * x` and `y = y + c`, with nothing in place.
    `f(x + h) - f(x - h)`.""",
)
