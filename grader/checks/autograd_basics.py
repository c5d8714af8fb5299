"""What backward gives: gradients by autograd, detached, with the inputs left as they were."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from grader import (
    Cause,
    Draw,
    Student,
    _,
    expect,
    expect_close,
    explain,
    helper,
    needs,
    points,
    probe,
)

VALUE = Cause("value-for-gradient", "It is the value of the function, not its gradient.")
NO_CUBE = Cause("missing-term", "The term 3x³ is missing.")
NO_SQUARE = Cause("missing-term", "The term 8x² is missing.")
LINEAR = Cause("wrong-power", "The gradient is that of 8x where 8x² is asked.")
A_SQUARED = Cause("wrong-power", "The gradient is that of a² where a³ is asked.")

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
    expect_close(
        got["gradient"],
        expected_gradient(x),
        "gradient(f, x)",
        requires_grad=False,
        causes={VALUE: wavy(x)},
    )
    expect_close(got["again"], expected_gradient(x), _("a second gradient(f, x)"))


@points(2)
@needs("gradient")
def test_gradient_of_a_leaf(student: Student, draw: Draw) -> None:
    """... and also when `x` requires gradients already."""
    x = draw.normal(4, 3)
    for old in (None, draw.normal(4, 3)):
        got = student.run(find_gradient, x=x, needing=True, old=old)
        expected, before = expected_gradient(x), torch.zeros_like(x) if old is None else old
        both = {"the first": got["gradient"], "the second": got["again"]}
        kept = {"the first": before + expected, "the second": before + 2 * expected}
        expect_close(
            both,
            {"the first": expected, "the second": expected},
            "gradient(f, x)",
            requires_grad=False,
            causes={explain.NOT_CLEARED: kept},
        )


@points(1)
@needs("gradient")
def test_gradient_leaves_x_alone(student: Student, draw: Draw) -> None:
    """`x` stays as it was: same `requires_grad`, same `.grad`."""
    x = draw.normal(4, 3)
    for needing, old in ((False, None), (True, None), (True, draw.normal(4, 3))):
        got = student.run(find_gradient, x=x, needing=needing, old=old)
        sentence = _("x.requires_grad was {needing}, and after gradient(f, x) it is not.").format(
            needing=needing
        )
        expect(got["requires_grad"] is needing, sentence, _("Work on `x.detach().clone()`."))
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
    sentence = _("{name} has changed `requires_grad` or `.grad` of its input.").format(name=name)
    expect(got["kept"], sentence, _("Work on `x.detach().clone()`."))
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
            factors={
                _("the number of elements"): x.numel(),
                _("the number of rows"): len(x) if x.dim() else 1,
            },
            causes={
                NO_CUBE: (4 * x**3 + 16 * x) / x.numel(),
                NO_SQUARE: (4 * x**3 + 9 * x**2) / x.numel(),
                LINEAR: (4 * x**3 + 9 * x**2 + 8) / x.numel(),
                VALUE: (x**4 + 3 * x**3 + 8 * x**2 + 3).mean(),
            },
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
        expect_close(
            {"a": got[0], "b": got[1]},
            {"a": 9 * a**2, "b": -2 * b},
            "q_gradients(a, b)",
            requires_grad=False,
            factors={_("the number of elements"): a.numel()},
            causes={A_SQUARED: {"a": 6 * a, "b": -2 * b}},
        )


@points(1)
@needs("gradient", "mean_polynomial_gradient", "q_gradients")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """All three work on any device: the gradients are where the inputs are."""
    test_gradient(elsewhere, draw, (4, 3))
    test_mean_polynomial_gradient(elsewhere, draw, (4, 3))
    test_q_gradients(elsewhere, draw, (4, 3))


HINTS = (
    """`backward()` writes into the `.grad` of the very tensor that your caller gave you. Which other
    tensor, with the same numbers, could take its place?""",
    """`x.detach().requires_grad_()` is a new leaf with the numbers of `x`; nobody else looks at its
    `.grad`. Compute with that leaf. In `q_gradients` the result is no scalar, but its sum is one, and
    has the same derivatives: each element of Q depends on one element of `a` and of `b` alone.""",
    """```python
    leaf = x.detach().requires_grad_()
    (dx,) = torch.autograd.grad(f(leaf), leaf)
    ```

    `torch.autograd.grad` returns the gradients and leaves every `.grad` alone. It takes several inputs
    at once: `torch.autograd.grad(q.sum(), (leaf_a, leaf_b))` is the pair that `q_gradients` returns.""",
)
