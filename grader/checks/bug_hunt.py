"""Five published mistakes, mended: each function against what it says it does."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from grader import Draw, Student, _, expect, expect_close, helper, points, probe

FORBIDDEN = {
    "by hand": {
        "except": ["accumulated_steps", "PlainLinear", "polynomial_model", "should_log"],
    }
}


@probe
def log_table(student: Any, epochs: int, intervals: list[int]) -> Any:
    return [[student.should_log(epoch, every) for epoch in range(epochs)] for every in intervals]


@points(2)
def test_should_log(student: Student) -> None:
    """`should_log(epoch, every)` is true on epochs 0, every, 2·every, … and a bool."""
    intervals = [1, 2, 3, 7]
    table = student.run(log_table, epochs=15, intervals=intervals)
    for every, row in zip(intervals, table, strict=True):
        for epoch, got in enumerate(row):
            expect(
                type(got) is bool,
                _("should_log({epoch}, {every}) is no bool.").format(epoch=epoch, every=every),
            )
            wanted = epoch % every == 0
            expect(
                got is wanted,
                _("should_log({epoch}, {every}) is {got}, expected {wanted}.").format(
                    epoch=epoch, every=every, got=got, wanted=wanted
                ),
            )


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
    losses = []
    for inputs, labels in batches:
        leaf = weight.clone().requires_grad_()
        loss = nn.functional.cross_entropy(inputs @ leaf.T, labels)
        weight = weight - lr * torch.autograd.grad(loss, leaf)[0]
        losses.append(loss.item())
    cause = _(
        "The gradients of earlier batches are added to the new ones: clear them before "
        "`backward()`."
    )
    try:
        expect_close(got["weight"], weight, _("the model's weight after three batches"))
    except Exception as error:
        expect(False, str(error), cause)
    expect_close(got["losses"], losses, _("the list of losses"), dtype=draw.dtype)


@helper
def layer_of(student: Any, weights: Tensor, bias: Tensor) -> Any:
    layer = student.PlainLinear(*weights.shape).to(weights)
    with torch.no_grad():
        layer.weights.copy_(weights)
        layer.bias.copy_(bias)
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
    expect(
        got["parameters"] == {"weights": [3, 4], "bias": [4]},
        _(
            "`weights` (3, 4) and `bias` (4,) of PlainLinear(3, 4) are not both registered "
            "parameters."
        ),
        _("A plain tensor is seen neither by `parameters()` nor by `.to(…)`: use `nn.Parameter`."),
    )
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
    expect_close(got["y"], y.detach(), "polynomial_model(x, a, b, c)")
    for name, found, grad in zip(
        "xabc", got["grads"], torch.autograd.grad((y * g).sum(), leaves), strict=True
    ):
        expect(
            found is not None,
            _("`{name}` gets no gradient.").format(name=name),
            _("The graph is cut on the way."),
        )
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
    expect_close(got, expected, "difference(f, x, h)", rtol=rtol, requires_grad=False)
