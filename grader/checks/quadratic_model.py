"""A module with three named parameters: registration, values, gradients and training."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from grader import Draw, Student, expect, expect_close, helper, needs, points, probe

START = {"a": 1.0, "b": 2.0, "c": 3.0}
SHAPES = pytest.mark.parametrize("shape", [(5,), (1,), (2, 3), (3, 1, 2)], ids=str)
USE_PARAMETER = (
    "A plain tensor is seen neither by `parameters()` nor by `.to(…)` or an optimizer: "
    "wrap it in `nn.Parameter`."
)


@helper
def model_with(student: Any, a: Tensor, b: Tensor, c: Tensor) -> Any:
    """A model away from its first values, whether it registered its parameters or not."""
    model = student.MyModel().to(a)
    for name, value in (("a", a), ("b", b), ("c", c)):
        if isinstance(getattr(model, name), nn.Parameter):
            with torch.no_grad():
                getattr(model, name).copy_(value)
        else:
            setattr(model, name, value.clone())
    return model


@probe
def describe(student: Any) -> Any:
    model = student.MyModel()
    return {
        "is a module": isinstance(model, nn.Module),
        "parameters": {name: list(value.shape) for name, value in model.named_parameters()},
        "frozen": [name for name, value in model.named_parameters() if not value.requires_grad],
        "values": [model.a, model.b, model.c],
    }


@points(2)
def test_parameters(student: Student) -> None:
    """`MyModel` has the parameters `a`, `b` and `c`, each of shape (1,), and no others."""
    got = student.run(describe)
    expect(got["is a module"], "MyModel is not an nn.Module.")
    for name in START:
        registered = name in got["parameters"]
        expect(registered, f"`{name}` is not a registered `nn.Parameter`.", USE_PARAMETER)
        shape = tuple(got["parameters"][name])
        expect(shape == (1,), f"`{name}` has shape {shape}, expected (1,).")
        expect(name not in got["frozen"], f"`{name}` does not require gradients.")
    others = sorted(set(got["parameters"]) - set(START))
    expect(not others, f"There are further parameters: {', '.join(others)}.")


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
    x, other = draw.strided(draw.normal(*shape)), draw.normal(4, 2)
    a, b, c = draw.normal(1), draw.normal(1), draw.normal(1)
    got = student.run(apply_model, x=x, other=other, a=a, b=b, c=c)
    expect_close(got[0], a * x**2 + b * x + c, "forward(x)")
    what = "forward(x) of the same model for another x"
    expect_close(got[1], a * other**2 + b * other + c, what)


@probe
def differentiate(student: Any, x: Tensor, a: Tensor, b: Tensor, c: Tensor, g: Tensor) -> Any:
    model = model_with(student, a, b, c)
    (model(x) * g).sum().backward()
    return {"x": x.grad, "a": model.a.grad, "b": model.b.grad, "c": model.c.grad}


@SHAPES
@points(2)
@needs("parameters", "forward")
def test_gradients(student: Student, draw: Draw, shape: tuple[int, ...]) -> None:
    """Autograd gives `a`, `b`, `c` and the input their gradients."""
    leaves = {"x": draw.normal(*shape)} | {name: draw.normal(1) for name in START}
    for leaf in leaves.values():
        leaf.requires_grad_()
    x, a, b, c = leaves.values()
    g = draw.uniform(0.5, 1.5, *shape)  # of one sign: sums that cancel would be all rounding
    plain = {name: leaf.detach() for name, leaf in leaves.items() if name != "x"}
    got = student.run(differentiate, x=x, g=g, **plain)
    grads = torch.autograd.grad(((a * x**2 + b * x + c) * g).sum(), list(leaves.values()))
    for name, grad in zip(leaves, grads, strict=True):
        cause = "The graph is cut on the way: look for `.data`, `.detach()` or `torch.no_grad()`."
        expect(got[name] is not None, f"`{name}` gets no gradient.", cause)
        expect_close(got[name], grad, f"the gradient of {name}")


@probe
def move_and_copy(student: Any, x: Tensor, a: Tensor, b: Tensor, c: Tensor) -> Any:
    model, copy = model_with(student, a, b, c), student.MyModel().to(x)
    copy.load_state_dict(model.state_dict())
    halved = student.MyModel().to(torch.bfloat16)
    return {
        "copied": copy(x),
        "fresh": student.MyModel().to(x)(x),
        "moved": [str(value.dtype) for value in (halved.a, halved.b, halved.c)],
        "output": str(halved(x.bfloat16()).dtype),
    }


@points(1)
@needs("parameters", "forward")
def test_moves_and_is_saved(student: Student, draw: Draw) -> None:
    """`MyModel` moves with `.to(…)`, and `state_dict` carries its numbers into another one."""
    x, a, b, c = draw.normal(5), draw.normal(1), draw.normal(1), draw.normal(1)
    got = student.run(move_and_copy, x=x, a=a, b=b, c=c)
    expect_close(got["copied"], a * x**2 + b * x + c, "forward(x) of a model loaded from another")
    # the models do not share their numbers
    expect_close(got["fresh"], x**2 + 2 * x + 3, "forward(x) of a model made after others")
    for name, dtype in zip(START, got["moved"], strict=True):
        expect(dtype == "torch.bfloat16", f"After .to(torch.bfloat16) `{name}` is {dtype}.")
    dtype = got["output"]
    expect(dtype == "torch.bfloat16", f"After .to(torch.bfloat16) forward(x) is {dtype}.")


@probe
def train_model(student: Any, x: Tensor, y: Tensor, steps: int) -> Any:
    model = student.MyModel().to(x)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(steps):
        optimizer.zero_grad()
        ((model(x) - y) ** 2).mean().backward()
        optimizer.step()
    return {"a": model.a, "b": model.b, "c": model.c}


@points(1)
@needs("parameters", "forward")
def test_is_trained(student: Student, draw: Draw) -> None:
    """An optimizer of `torch.optim` trains it, from its first values and in the dtype of the data."""
    x, y = draw.uniform(-1.5, 1.5, 6), draw.normal(6)
    got = student.run(train_model, x=x, y=y, steps=3)
    leaves = [torch.tensor([v], dtype=draw.dtype, requires_grad=True) for v in START.values()]
    for _ in range(3):
        a, b, c = leaves
        grads = torch.autograd.grad(((a * x**2 + b * x + c - y) ** 2).mean(), leaves)
        with torch.no_grad():
            for leaf, grad in zip(leaves, grads, strict=True):
                leaf -= 0.05 * grad
    expected = dict(zip(START, (leaf.detach() for leaf in leaves), strict=True))
    expect_close(got, expected, "parameters after three steps of SGD")
