"""A module with three named parameters: registration, values, gradients and training."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from grader import N_, Draw, Student, _, expect, expect_close, helper, needs, points, probe

START = {"a": 1.0, "b": 2.0, "c": 3.0}
SHAPES = pytest.mark.parametrize("shape", [(5,), (1,), (2, 3), (3, 1, 2)], ids=str)
USE_PARAMETER = N_(
    "A plain tensor is seen neither by `parameters()` nor by `.to(…)` or an "
    "optimizer: wrap it in `nn.Parameter`."
)


@helper
def model_with(student: Any, a: Tensor, b: Tensor, c: Tensor) -> Any:
    """A model away from its first values, whether it registered its parameters or not."""
    model = student.MyModel()
    if isinstance(model, nn.Module):
        model.to(a)
    for name, value in (("a", a), ("b", b), ("c", c)):
        if isinstance(getattr(model, name), nn.Parameter):
            with torch.no_grad():
                getattr(model, name).copy_(value)
        else:
            setattr(model, name, value.clone())
    return model


def numbers(draw: Draw, *shape: int) -> Tensor:
    """Small ones: large ones may cancel to a sum that is all rounding in float32."""
    return draw.uniform(-1.5, 1.5, *shape)


@probe
def describe(student: Any) -> Any:
    model = student.MyModel()
    is_module = isinstance(model, nn.Module)
    registered = dict(model.named_parameters()) if is_module else {}
    return {
        "is a module": is_module,
        "parameters": {name: list(value.shape) for name, value in registered.items()},
        "frozen": [name for name, value in registered.items() if not value.requires_grad],
        "values": [model.a, model.b, model.c],
    }


@points(2)
def test_parameters(student: Student) -> None:
    """`MyModel` has the parameters `a`, `b` and `c`, each of shape (1,), and no others."""
    got = student.run(describe)
    expect(got["is a module"], _("MyModel is not an nn.Module."))
    for name in START:
        registered = name in got["parameters"]
        expect(
            registered,
            _("`{name}` is not a registered `nn.Parameter`.").format(name=name),
            _(USE_PARAMETER),
        )
        shape = tuple(got["parameters"][name])
        expect(
            shape == (1,),
            _("`{name}` has shape {shape}, expected (1,).").format(name=name, shape=shape),
        )
        expect(
            name not in got["frozen"], _("`{name}` does not require gradients.").format(name=name)
        )
    others = sorted(set(got["parameters"]) - set(START))
    expect(
        not others, _("There are further parameters: {others}.").format(others=", ".join(others))
    )


@points(1)
def test_first_values(student: Student) -> None:
    """The parameters `a`, `b` and `c` start at 1, 2 and 3."""
    got = student.run(describe)
    for name, found, value in zip(START, got["values"], START.values(), strict=True):
        expect_close(found, torch.tensor([value]), name)


@probe
def apply_model(
    student: Any, x: Tensor, other: Tensor, a: Tensor, b: Tensor, c: Tensor
) -> list[Any]:
    model = model_with(student, a, b, c)
    return [model(x), model(other)]


@SHAPES
@points(3)
def test_forward(student: Student, draw: Draw, shape: tuple[int, ...]) -> None:
    """`forward(x)` is a·x² + b·x + c, of the shape of `x`."""
    x, other = draw.strided(numbers(draw, *shape)), numbers(draw, 4, 2)
    a, b, c = (numbers(draw, 1) for _ in START)
    got = student.run(apply_model, x=x, other=other, a=a, b=b, c=c)
    expect_close(got[0], a * x**2 + b * x + c, "forward(x)")
    what = _("forward(x) of the same model for another x")
    expect_close(got[1], a * other**2 + b * other + c, what)


@probe
def differentiate(student: Any, x: Tensor, a: Tensor, b: Tensor, c: Tensor, g: Tensor) -> Any:
    model = model_with(student, a, b, c)
    output = (model(x) * g).sum()
    if output.requires_grad:
        output.backward()
    return {"x": x.grad, "a": model.a.grad, "b": model.b.grad, "c": model.c.grad}


@SHAPES
@points(2)
@needs("parameters", "forward")
def test_gradients(student: Student, draw: Draw, shape: tuple[int, ...]) -> None:
    """Autograd gives `a`, `b`, `c` and the input their gradients."""
    leaves = {"x": numbers(draw, *shape)} | {name: numbers(draw, 1) for name in START}
    for leaf in leaves.values():
        leaf.requires_grad_()
    x, a, b, c = leaves.values()
    g = draw.uniform(0.5, 1.5, *shape)
    plain = {name: leaf.detach() for name, leaf in leaves.items() if name != "x"}
    got = student.run(differentiate, x=x, g=g, **plain)
    grads = torch.autograd.grad(((a * x**2 + b * x + c) * g).sum(), list(leaves.values()))
    for name, grad in zip(leaves, grads, strict=True):
        cause = _(
            "The graph is cut on the way: look for `.data`, `.detach()` or `torch.no_grad()`."
        )
        expect(got[name] is not None, _("`{name}` gets no gradient.").format(name=name), cause)
        expect_close(got[name], grad, _("the gradient of {name}").format(name=name))


@probe
def move_and_copy(student: Any, x: Tensor, a: Tensor, b: Tensor, c: Tensor) -> Any:
    untouched = student.MyModel()
    first = [value.detach().clone() for value in untouched.parameters()]
    model, copy = model_with(student, a, b, c), student.MyModel().to(x)
    copy.load_state_dict(model.state_dict())
    halved = student.MyModel().to(torch.bfloat16)
    return {
        "copied": copy(x),
        "apart": all(map(torch.equal, first, untouched.parameters())),
        "moved": [str(value.dtype) for value in (halved.a, halved.b, halved.c)],
        "output": str(halved(x.bfloat16()).dtype),
    }


@points(1)
@needs("parameters", "forward")
def test_moves_and_is_saved(student: Student, draw: Draw) -> None:
    """`MyModel` moves with `.to(…)`, and `state_dict` carries its numbers into another one."""
    x, a, b, c = numbers(draw, 5), *(numbers(draw, 1) for _ in START)
    got = student.run(move_and_copy, x=x, a=a, b=b, c=c)
    expect_close(
        got["copied"], a * x**2 + b * x + c, _("forward(x) of a model loaded from another")
    )
    cause = _("Make the parameters in `__init__`, new ones for each model.")
    expect(got["apart"], _("Setting the parameters of one model changes those of another."), cause)
    for name, dtype in zip(START, got["moved"], strict=True):
        expect(
            dtype == "torch.bfloat16",
            _("After .to(torch.bfloat16) `{name}` is {dtype}.").format(name=name, dtype=dtype),
        )
    dtype = got["output"]
    expect(
        dtype == "torch.bfloat16",
        _("After .to(torch.bfloat16) forward(x) is {dtype}.").format(dtype=dtype),
    )


@probe
def train_model(
    student: Any, x: Tensor, y: Tensor, a: Tensor, b: Tensor, c: Tensor, steps: int
) -> Any:
    model = model_with(student, a, b, c)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _unused in range(steps):
        optimizer.zero_grad()
        ((model(x) - y) ** 2).mean().backward()
        optimizer.step()
    return {"a": model.a, "b": model.b, "c": model.c}


@points(1)
@needs("parameters", "forward")
def test_is_trained(student: Student, draw: Draw) -> None:
    """An optimizer of `torch.optim` trains it, in the dtype that it was moved to."""
    x, y = numbers(draw, 6), numbers(draw, 6)
    leaves = {name: numbers(draw, 1) for name in START}
    got = student.run(train_model, x=x, y=y, steps=3, **leaves)
    parameters = [leaf.clone().requires_grad_() for leaf in leaves.values()]
    for _unused in range(3):
        a, b, c = parameters
        grads = torch.autograd.grad(((a * x**2 + b * x + c - y) ** 2).mean(), parameters)
        with torch.no_grad():
            for parameter, grad in zip(parameters, grads, strict=True):
                parameter -= 0.05 * grad
    expected = dict(zip(START, (parameter.detach() for parameter in parameters), strict=True))
    expect_close(got, expected, _("parameters after three steps of SGD"))
