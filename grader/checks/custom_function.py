"""`torch.autograd.Function`: forward values, written-out gradients, and what needs none."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from grader import Draw, Student, expect, expect_close, needs, points, probe

FORBIDDEN: dict[str, Any] = {"by hand": {}}
SHAPES = pytest.mark.parametrize(
    ("lead", "n_in", "n_out"), [((5,), 3, 4), ((1,), 1, 2), ((2, 3), 4, 1), ((), 3, 2)], ids=str
)


@probe
def apply_linear(student: Any, x: Tensor, weight: Tensor, bias: Tensor | None, g: Tensor) -> Any:
    """Output and gradients, with `g` coming from above."""
    output = student.LinearFunction.apply(x, weight, bias)
    value = output.detach().clone()
    leaves = {"x": x, "weight": weight, "bias": bias}
    if any(leaf is not None and leaf.requires_grad for leaf in leaves.values()):
        output.backward(g)
    grads = {name: None if leaf is None else leaf.grad for name, leaf in leaves.items()}
    return {
        "is a Function": issubclass(student.LinearFunction, torch.autograd.Function),
        "its own": isinstance(output.grad_fn, torch.autograd.function.BackwardCFunction),
        "output": value,
        "grads": grads,
    }


def drawn(draw: Draw, lead: tuple[int, ...], n_in: int, n_out: int, needing: str) -> dict[str, Any]:
    inputs = {
        "x": draw.strided(draw.normal(*lead, n_in)),
        "weight": draw.strided(draw.normal(n_out, n_in)),
        "bias": draw.normal(n_out),
    }
    for name in needing.split():
        inputs[name].requires_grad_()
    return inputs | {"g": draw.strided(draw.normal(*lead, n_out))}


def expect_gradients(got: Any, x: Tensor, weight: Tensor, bias: Tensor | None, g: Tensor) -> None:
    leaves = {"x": x, "weight": weight} | ({} if bias is None else {"bias": bias})
    needing = {name: leaf for name, leaf in leaves.items() if leaf.requires_grad}
    output = torch.nn.functional.linear(x, weight, bias)
    grads = torch.autograd.grad((output * g).sum(), list(needing.values()))
    for (name, leaf), grad in zip(needing.items(), grads, strict=True):
        expect(got["grads"][name] is not None, f"`{name}` gets no gradient.")
        factors = {"the number of samples": leaf.numel()}
        expect_close(got["grads"][name], grad, f"the gradient of {name}", factors=factors)


@SHAPES
@points(2)
def test_linear_forward(
    student: Student, draw: Draw, lead: tuple[int, ...], n_in: int, n_out: int
) -> None:
    """`LinearFunction.apply(x, weight, bias)` is x weightᵀ + bias."""
    inputs = drawn(draw, lead, n_in, n_out, "")
    got = student.run(apply_linear, **inputs)
    expect(got["is a Function"], "LinearFunction is not a torch.autograd.Function.")
    expected = inputs["x"] @ inputs["weight"].T + inputs["bias"]
    expect_close(got["output"], expected, "LinearFunction.apply(…)")


@SHAPES
@points(3)
@needs("linear_forward")
def test_linear_backward(
    student: Student, draw: Draw, lead: tuple[int, ...], n_in: int, n_out: int
) -> None:
    """`backward` gives the gradients of x, weight and bias."""
    inputs = drawn(draw, lead, n_in, n_out, "x weight bias")
    got = student.run(apply_linear, **inputs)
    cause = "Autograd differentiates the forward pass itself; `apply` has to be the class's own."
    expect(got["its own"], "The result does not come from LinearFunction's own backward.", cause)
    expect_gradients(got, **inputs)


@pytest.mark.parametrize("needing", ["x", "weight", "bias", "x bias"])
@points(1)
@needs("linear_forward")
def test_linear_needs(student: Student, draw: Draw, needing: str) -> None:
    """Inputs that need no gradient get `None`, the others theirs."""
    inputs = drawn(draw, (5,), 3, 4, needing)
    got = student.run(apply_linear, **inputs)
    expect_gradients(got, **inputs)


@points(1)
@needs("linear_forward")
def test_linear_without_bias(student: Student, draw: Draw) -> None:
    """`bias` may be `None`, in the forward and in the backward pass."""
    inputs = drawn(draw, (2, 5), 3, 4, "x weight") | {"bias": None}
    got = student.run(apply_linear, **inputs)
    expect_close(
        got["output"], (inputs["x"] @ inputs["weight"].T).detach(), "apply(x, weight, None)"
    )
    expect_gradients(got, **inputs)


@probe
def grad_check(student: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Any:
    arguments: Any = (x, weight, bias)
    return torch.autograd.gradcheck(student.LinearFunction.apply, arguments, raise_exception=False)


@points(1)
@needs("linear_forward")
def test_linear_gradcheck(student: Student, draw: Draw) -> None:
    """`LinearFunction` passes `torch.autograd.gradcheck`."""
    if draw.dtype != torch.float64:
        return  # gradcheck's finite differences need float64
    x, weight, bias = (
        t.requires_grad_() for t in (draw.normal(2, 3), draw.normal(4, 3), draw.normal(4))
    )
    for given in (bias, None):
        got = student.run(grad_check, x=x, weight=weight, bias=given)
        expect(got is True, "torch.autograd.gradcheck does not accept LinearFunction.")


@probe
def apply_round(student: Any, x: Tensor, g: Tensor) -> Any:
    output = student.StraightThroughRound.apply(x)
    value = output.detach().clone()
    output.backward(g)
    return {
        "is a Function": issubclass(student.StraightThroughRound, torch.autograd.Function),
        "value": value,
        "grad": x.grad,
    }


@pytest.mark.parametrize("shape", [(3, 4), (1,)], ids=str)
@points(2)
def test_round(student: Student, draw: Draw, shape: tuple[int, ...]) -> None:
    """`StraightThroughRound.apply(x)` rounds as `torch.round` does; the gradient passes through unchanged."""
    x = draw.strided(3 * draw.normal(*shape))
    x[..., 0] = 2.5  # halves go to the even neighbour
    x.requires_grad_()
    g = draw.normal(*shape)
    got = student.run(apply_round, x=x, g=g)
    expect(got["is a Function"], "StraightThroughRound is not a torch.autograd.Function.")
    expect_close(got["value"], torch.round(x.detach()), "StraightThroughRound.apply(x)")
    expect(got["grad"] is not None, "`x` gets no gradient.")
    expect_close(got["grad"], g, "the gradient of x")
