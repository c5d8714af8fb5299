"""What backward gives: gradients by autograd, detached, with the inputs left as they were."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from grader import Draw, Student, _, expect, expect_close, helper, needs, points, probe

SHAPES = pytest.mark.parametrize("shape", [(4, 3), (1,), (), (2, 1, 3)], ids=str)


@helper
def wavy(x: Tensor) -> Tensor:
    """A scalar of all elements that is no sum of functions of single ones."""
    return (x**3).sum() + x.sin().sum() * x.mean()


@probe
def find_gradient(student: Any, x: Tensor, needing: bool, old: Tensor | None) -> Any:
    given = x.clone().requires_grad_(needing)
    if old is not None:
        given.grad = old.clone()
    result = student.gradient(wavy, given)
    again = student.gradient(wavy, given)
    return {
        "gradient": result,
        "again": again,
        "requires_grad": given.requires_grad,
        "grad": given.grad,
        "value": given.detach(),
    }


def expected_gradient(x: Tensor) -> Tensor:
    leaf = x.clone().requires_grad_()
    return torch.autograd.grad(wavy(leaf), leaf)[0]


@SHAPES
@points(2)
def test_gradient(student: Student, draw: Draw, shape: tuple[int, ...]) -> None:
    """`gradient(f, x)` is df/dx, of the shape of `x` and detached, when `x` requires no gradients."""
    x = draw.strided(draw.normal(*shape))
    got = student.run(find_gradient, x=x, needing=False, old=None)
    expect_close(got["gradient"], expected_gradient(x), "gradient(f, x)", requires_grad=False)
    expect_close(got["again"], expected_gradient(x), _("a second gradient(f, x)"))


@points(2)
@needs("gradient")
def test_gradient_of_a_leaf(student: Student, draw: Draw) -> None:
    """... and also when `x` requires gradients already."""
    x = draw.normal(4, 3)
    for old in (None, draw.normal(4, 3)):
        got = student.run(find_gradient, x=x, needing=True, old=old)
        expect_close(got["gradient"], expected_gradient(x), "gradient(f, x)", requires_grad=False)
        expect_close(got["again"], expected_gradient(x), _("a second gradient(f, x)"))


@points(2)
@needs("gradient")
def test_gradient_leaves_x_alone(student: Student, draw: Draw) -> None:
    """`x` stays as it was: same `requires_grad`, same `.grad`."""
    x = draw.normal(4, 3)
    for needing, old in ((False, None), (True, None), (True, draw.normal(4, 3))):
        got = student.run(find_gradient, x=x, needing=needing, old=old)
        told = _("x.requires_grad was {needing}, and after gradient(f, x) it is not.").format(
            needing=needing
        )
        expect(got["requires_grad"] is needing, told, _("Work on `x.detach().clone()`."))
        if old is None:
            cause = _("`backward()` writes into `x.grad`; `torch.autograd.grad` does not.")
            expect(
                got["grad"] is None,
                _("x.grad was None, and after gradient(f, x) it is not."),
                cause,
            )
        else:
            expect_close(got["grad"], old, _("x.grad after gradient(f, x)"))
        expect_close(got["value"], x, _("x after gradient(f, x)"))


@probe
def apply_named(student: Any, name: str, inputs: list[Tensor], needing: bool) -> Any:
    given = [x.clone().requires_grad_(needing) for x in inputs]
    result = getattr(student, name)(*given)
    kept = all(x.requires_grad is needing and x.grad is None for x in given)
    return {"result": result, "kept": kept}


def result_of(student: Student, name: str, inputs: list[Tensor], needing: bool) -> Any:
    got = student.run(apply_named, name=name, inputs=inputs, needing=needing)
    told = _("{name} has changed `requires_grad` or `.grad` of its input.").format(name=name)
    expect(got["kept"], told, _("Work on `x.detach().clone()`."))
    return got["result"]


@SHAPES
@points(2)
def test_mean_polynomial_gradient(student: Student, draw: Draw, shape: tuple[int, ...]) -> None:
    """`mean_polynomial_gradient(x)` is the gradient of mean(x⁴ + 3x³ + 8x² + 3), detached."""
    x = draw.strided(draw.normal(*shape))
    expected = (4 * x**3 + 9 * x**2 + 16 * x) / x.numel()
    for needing in (False, True):
        got = result_of(student, "mean_polynomial_gradient", [x], needing)
        expect_close(
            got,
            expected,
            "mean_polynomial_gradient(x)",
            requires_grad=False,
            factors={_("the number of elements"): x.numel()},
        )


@SHAPES
@points(2)
def test_q_gradients(student: Student, draw: Draw, shape: tuple[int, ...]) -> None:
    """`q_gradients(a, b)` is the pair (∂Q/∂a, ∂Q/∂b) of Q = 3a³ − b², element by element, detached."""
    a, b = draw.strided(draw.normal(*shape)), draw.strided(draw.normal(*shape))
    for needing in (False, True):
        got = result_of(student, "q_gradients", [a, b], needing)
        expect(
            isinstance(got, list | tuple) and len(got) == 2, _("q_gradients does not give a pair.")
        )
        expect_close(got[0], 9 * a**2, "∂Q/∂a", requires_grad=False)
        expect_close(got[1], -2 * b, "∂Q/∂b", requires_grad=False)
