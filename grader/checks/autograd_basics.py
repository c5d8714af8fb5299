"""What backward gives: gradients by autograd, detached, with the inputs left as they were."""

from __future__ import annotations

import itertools
from typing import Any

import torch
from torch import Tensor

from grader import (
    Cause,
    Draw,
    Received,
    Student,
    _,
    called,
    curve,
    expect,
    expect_close,
    helper,
    landscape,
    needs,
    other_terms,
    points,
    probe,
    rounds,
)

VALUE = Cause("value-for-gradient", "It is the value of the function, not its gradient.")
ADDED_TO = Cause(
    "left-on-input",
    "The gradient of the call before is in it as well, which `backward()` has left in `x.grad`: work on a copy, "
    "`x.detach().clone().requires_grad_()`.",
)
LEFT_ON_X = Cause(
    "left-on-input",
    "It is `x.grad` itself, and stays on `x`: the next `backward()` adds to it and changes what was given back before. "
    "Work on a copy: `x.detach().clone().requires_grad_()`.",
)
ZEROED = Cause(
    "zero",
    "It is zero everywhere. Mind that a `.grad` that is given back stays the tensor that it was: `.grad.zero_()` "
    "afterwards clears it.",
)
NO_CUBE = Cause("missing-term", "The term 3x³ is missing.")
NO_SQUARE = Cause("missing-term", "The term 8x² is missing.")
LINEAR = Cause("wrong-power", "The gradient is that of 8x where 8x² is asked.")
COEFFICIENT = Cause("coefficient", "The gradient has {wrong} where {right} belongs.")
DOUBLED = Cause(
    "factor-two",
    "It is exactly twice as large as it should be: each `backward()` adds to `.grad`, so look for a second one, or for "
    "a factor 2.",
)
EXCHANGED = Cause("swapped", "The gradients are those of 3b³ − a²: `a` and `b` are exchanged in Q.")
A_SQUARED = Cause("wrong-power", "The gradient is that of a² where a³ is asked.")
IN_PLACE_OF = Cause("other-terms", COEFFICIENT.template)
OLD_GRADIENT = Cause(
    "left-on-input",
    "What `x.grad` held before is in it as well: `backward()` adds to the `.grad` that is there, and on your caller's "
    "`x` that is to stay. Work on a copy: `x.detach().clone().requires_grad_()`.",
)

# the numbers of dimensions, round by round
RANKS = (2, 0, 3, 2, 1, 4)
TINY = -8.0, -6.5  # exponents of 10
NEEDING = {
    "neither": [False, False],
    "both": [True, True],
    "a alone": [True, False],
    "b alone": [False, True],
}


@helper
def scalar_of(x: Tensor, coefficients: list[float]) -> Tensor:
    """A scalar of all elements, and where there is the precision for it no sum of functions of single ones."""
    if x.element_size() == 2:
        return curve(x, coefficients).sum()
    return landscape(x, coefficients)


def expected_gradient(x: Tensor, coefficients: list[float]) -> Tensor:
    """Worked out in float64, or of the plain function where `x` has 16 bits."""
    leaf = x.detach().double().requires_grad_()
    function = curve(leaf, coefficients).sum() if is_short(x) else landscape(leaf, coefficients)
    return torch.autograd.grad(function, leaf)[0].to(x.dtype)


def is_short(x: Tensor) -> bool:
    return x.dtype.itemsize == 2


def size_of_terms(x: Tensor, coefficients: list[float]) -> float:
    """How large the terms are that the elements of the gradient are sums of."""
    a, b, c, d, e = map(abs, coefficients)
    x = x.double().abs()
    if is_short(x):
        return (a + 2 * b * x + 3 * c * x**2 + d * e).max().item()
    meeting = 2 * (d + 1) ** 2 * x.sum() / x.numel()
    return (3 * (a + b) * x**2).max().item() + meeting.item()


def drawn_shape(draw: Draw) -> tuple[int, ...]:
    return draw.shape("shape", RANKS, elements=64 if draw.dtype.itemsize == 2 else 1 << 14)


def draw_x(draw: Draw, size: float) -> Tensor:
    return draw.layout("x", size * draw.normal(*drawn_shape(draw)))


@probe
def find_gradient(
    student: Any, by_default: bool, x: Tensor, coefficients: list[float], old: Tensor | None
) -> Any:
    def f(x: Tensor) -> Tensor:
        return scalar_of(x, coefficients)

    def doubled(x: Tensor) -> Tensor:
        return 2 * f(x)

    needing = x.requires_grad
    if old is not None:
        x.grad = old.clone()
    result = called(student.gradient, by_default, f, x)
    again = called(student.gradient, by_default, doubled, x)
    return {
        "gradient": result,
        "again": again,
        "as before": x.requires_grad is needing,
        "grad": x.grad,
    }


def is_left(got: Any) -> bool:
    """Whether the results of two calls are one tensor, and that is in `x.grad` now."""
    left = got["grad"]
    return all(
        isinstance(each, Received)
        and isinstance(left, Received)
        and torch.equal(each.tensor, left.tensor)
        for each in (got["gradient"], got["again"])
    )


def expect_gradient(student: Student, draw: Draw, size: float, by_default: bool = False) -> None:
    coefficients, x = draw.coefficients(5), draw_x(draw, size)
    got = student.run(
        find_gradient, by_default=by_default, x=x, coefficients=coefficients, old=None
    )
    expected, scale = expected_gradient(x, coefficients), size_of_terms(x, coefficients)
    value = scalar_of(x.double(), coefficients).to(x.dtype)
    causes = {VALUE: value, ZEROED: torch.zeros_like(expected)}
    if is_left(got):  # with what the second call has added to it, or put in its place
        causes |= {LEFT_ON_X: got["grad"].tensor}
    expect_close(
        got["gradient"],
        expected,
        "gradient(f, x)",
        requires_grad=False,
        causes=causes,
        scale=scale,
    )
    what = _("gradient(2·f, x) after gradient(f, x)")
    causes = {ADDED_TO: 3 * expected}
    options: dict[str, Any] = {"requires_grad": False, "scale": 2 * scale, "causes": causes}
    expect_close(got["again"], 2 * expected, what, **options)


@rounds(half=True)
@points(2)
def test_gradient(student: Student, draw: Draw) -> None:
    """`gradient(f, x)` is df/dx, of the shape of `x` and detached, when `x` requires no gradients."""
    expect_gradient(student, draw, draw.magnitude("x", tiny=TINY))
    if draw.round.all_equal:
        expect_gradient(student, draw, 0.0)


@rounds("published", "equal")
@points(2)
@needs("gradient")
def test_gradient_of_a_leaf(student: Student, draw: Draw) -> None:
    """... and also when `x` requires gradients already."""
    coefficients, x = draw.coefficients(5), draw_x(draw, 1.0).requires_grad_()
    for old in (None, draw.normal(*x.shape)):
        got = student.run(find_gradient, by_default=False, x=x, coefficients=coefficients, old=old)
        expected = expected_gradient(x, coefficients)
        before = torch.zeros_like(expected) if old is None else old
        both = {"of f": got["gradient"], "of 2·f": got["again"]}
        kept = {"of f": before + expected, "of 2·f": before + 3 * expected}
        expect_close(
            both,
            {"of f": expected, "of 2·f": 2 * expected},
            "gradient",
            requires_grad=False,
            causes={OLD_GRADIENT: kept},
            scale=size_of_terms(x.detach(), coefficients),
        )


@probe
def find_all_around(student: Any, x: Tensor, coefficients: list[float]) -> Any:
    """The gradient at an `x` that is no leaf, of a function with parameters; once it has raised before."""
    parameter = torch.nn.Parameter(torch.full_like(x, 2.0))

    def f(x: Tensor) -> Tensor:
        return landscape(parameter * x, coefficients)

    def failing(x: Tensor) -> Tensor:
        raise ArithmeticError("f cannot be worked out here")

    try:  # noqa: SIM105 (a probe has no `contextlib`)
        student.gradient(failing, x.detach())
    except ArithmeticError:
        pass
    given = x.detach().requires_grad_()
    result = student.gradient(f, 1 * given)
    return {"gradient": result, "x": given.grad, "parameter": parameter.grad}


@rounds("published", "equal")
@points(1)
@needs("gradient")
def test_gradient_leaves_x_alone(student: Student, draw: Draw) -> None:
    """`x` stays as it was: same `requires_grad`, same `.grad`."""
    coefficients, x = draw.coefficients(5), draw_x(draw, 1.0)
    for needing, old in ((False, None), (True, None), (True, draw.normal(*x.shape))):
        given = x.detach().requires_grad_(needing)
        got = student.run(
            find_gradient, by_default=False, x=given, coefficients=coefficients, old=old
        )
        sentence = _("x.requires_grad was {needing}, and after gradient(f, x) it is not.").format(
            needing=needing
        )
        expect(got["as before"], sentence, _("Work on `x.detach().clone()`."))
        if old is None:
            cause = _("`backward()` writes into `x.grad`; `torch.autograd.grad` does not.")
            expect(
                got["grad"] is None,
                _("x.grad was None, and after gradient(f, x) it is not."),
                cause,
            )
        else:
            expect_close(got["grad"], old, _("x.grad after gradient(f, x)"))
    got = student.run(find_all_around, x=x, coefficients=coefficients)
    expected = 2 * expected_gradient(2 * x, coefficients)
    what = _("gradient(f, x) for an x that is the result of an operation")
    scale = 2 * size_of_terms(2 * x, coefficients)
    expect_close(got["gradient"], expected, what, requires_grad=False, scale=scale)
    cause = _(
        "`backward()` fills the `.grad` of every leaf that it comes to; `torch.autograd.grad(f(leaf), leaf)` does not."
    )
    sentence = _("What x was made of has a `.grad` after gradient(f, x).")
    expect(got["x"] is None, sentence, cause)
    sentence = _("A parameter that f uses has a `.grad` after gradient(f, x).")
    expect(got["parameter"] is None, sentence, cause)


@probe
def apply_named(
    student: Any, name: str, by_default: bool, inputs: list[Tensor], again: bool
) -> Any:
    function = getattr(student, name)
    if again:  # with the same objects, which held other numbers the first time
        own = [x.detach() + 1 for x in inputs]
        function(*own)
        with torch.no_grad():  # whoever has marked them is told of that elsewhere
            for mine, x in zip(own, inputs, strict=True):
                mine.copy_(x.detach())
        return function(*own)
    return called(function, by_default, *inputs)


def results_of(
    student: Student, draw: Draw, name: str, inputs: list[Tensor], by_default: bool
) -> list[Any]:
    """What the function gives; as published also when it gets objects that it knows with other numbers."""
    ways = [False, True] if draw.round.is_published and not by_default else [False]
    return [
        student.run(apply_named, name=name, by_default=by_default, inputs=inputs, again=again)
        for again in ways
    ]


def expect_polynomial(student: Student, draw: Draw, size: float, by_default: bool = False) -> None:
    x = draw_x(draw, size)
    exact = x.double()
    cube, square, line = (power / x.numel() for power in (4 * exact**3, 9 * exact**2, 16 * exact))
    needing = draw.choice("x.requires_grad", [False, True])
    inputs = [x.detach().requires_grad_(needing)]
    wrong = {
        COEFFICIENT.of(wrong="x³", right="4x³"): cube / 4 + square + line,
        COEFFICIENT.of(wrong="3x²", right="9x²"): cube + square / 3 + line,
        COEFFICIENT.of(wrong="8x", right="16x"): cube + square + line / 2,
        COEFFICIENT.of(wrong="3x² + 8x", right="9x² + 16x"): cube + square / 3 + line / 2,
    }
    n, each = x.numel(), exact / x.numel()
    polynomial = exact**4 + 3 * exact**3 + 8 * exact**2 + 3
    values = polynomial.mean(), polynomial, polynomial / n
    zero = torch.zeros_like(each)
    sums = other_terms.sums(
        {"4x³": cube, "x³": cube / 4, "4x²": 4 * exact * each, "12x²": 12 * exact * each, "": zero},
        {
            "9x²": square,
            "3x²": square / 3,
            "9x": 9 * each,
            "6x": 6 * each,
            "9x³": exact * square,
            "81x²": 9 * square,
            "9": zero + 9 / n,
        },
        {
            "16x": line,
            "128x": 8 * line,
            "8x": line / 2,
            "8": zero + 8 / n,
            "16": zero + 16 / n,
            "": zero,
        },
        {"": zero, "3": zero + 3 / n},
        form="({sum}) / n",
    )
    for got in results_of(student, draw, "mean_polynomial_gradient", inputs, by_default):
        expect_close(
            got,
            (cube + square + line).to(x.dtype),
            "mean_polynomial_gradient(x)",
            requires_grad=False,
            factors={
                _("the number of elements"): x.numel(),
                _("the number of rows"): len(x) if x.dim() else 1,
                _("the size of the last dimension"): x.shape[-1] if x.dim() else 1,
            },
            causes={
                **{cause: other.to(x.dtype) for cause, other in wrong.items()},
                NO_CUBE: (cube + line).to(x.dtype),
                NO_SQUARE: (cube + square).to(x.dtype),
                LINEAR: (cube + square + 8 / x.numel()).to(x.dtype),
                VALUE: other_terms.either(got, *(each.to(x.dtype) for each in values)),
                **other_terms.counts(got, cube + square + line, _("the number of elements"), n),
                **sums,
            },
            scale=(cube.abs() + square + line.abs()).max().item(),
        )


@rounds(half=True)
@points(2)
def test_mean_polynomial_gradient(student: Student, draw: Draw) -> None:
    """`mean_polynomial_gradient(x)` is the gradient of mean(x⁴ + 3x³ + 8x² + 3), detached."""
    expect_polynomial(student, draw, draw.magnitude("x", tiny=TINY))
    if draw.round.all_equal:
        expect_polynomial(student, draw, 0.0)


@probe
def apply_to_one(student: Any, x: Tensor) -> Any:
    return student.q_gradients(x, x)


def other_pairs(a: Tensor, b: Tensor) -> dict[Cause, dict[str, Tensor]]:
    """What stands in place of one of the gradients of Q, or of both."""
    of_a = {"9a²": 9 * a**2, "3a²": 3 * a**2, "6a²": 6 * a**2, "81a²": 81 * a**2, "9a³": 9 * a**3}
    of_a |= {"9a": 9 * a, "3a": 3 * a, "6a": 6 * a, "9b²": 9 * b**2}
    of_b = {"−2b": -2 * b, "2b": 2 * b, "−b": -b, "−2": -2 + 0 * b, "−2a": -2 * a}
    of_b |= {"−b²": -(b**2), "−2b²": -2 * b**2}
    found = {}
    for (one, grad_a), (two, grad_b) in itertools.product(of_a.items(), of_b.items()):
        cause = other_terms.OTHER_TERMS.of(found=f"({one}, {two})")
        if one == "9a²":
            cause = IN_PLACE_OF.of(wrong=two, right="−2b")
        elif two == "−2b":
            cause = IN_PLACE_OF.of(wrong=one, right="9a²")
        found[cause] = {"a": grad_a, "b": grad_b}
    return found


def expect_pair(got: Any, a: Tensor, b: Tensor, size: float, what: str) -> None:
    expect(isinstance(got, list | tuple) and len(got) == 2, _("q_gradients does not give a pair."))
    right = {"a": 9 * a**2, "b": -2 * b}
    expect_close(
        {"a": got[0], "b": got[1]},
        right,
        what,
        requires_grad=False,
        factors={
            _("the number of elements"): a.numel(),
            _("the number of rows"): len(a) if a.dim() else 1,
        },
        causes=lambda: {
            A_SQUARED: {"a": 6 * a, "b": -2 * b},
            EXCHANGED: {"a": -2 * a, "b": 9 * b**2},
            DOUBLED: {"a": 18 * a**2, "b": -4 * b},
            ZEROED: {"a": 0 * a, "b": 0 * b},
            **other_pairs(a, b),
        },
        scale=size,
    )


def expect_q(student: Student, draw: Draw, size: float, by_default: bool = False) -> None:
    shape = drawn_shape(draw)
    a, b = (draw.layout(name, size * draw.normal(*shape)) for name in "ab")
    needing = draw.choice("requires gradients", NEEDING)
    inputs = [x.detach().requires_grad_(needs) for x, needs in zip((a, b), needing, strict=True)]
    for got in results_of(student, draw, "q_gradients", inputs, by_default):
        expect_pair(got, a, b, size, "q_gradients(a, b)")


@rounds(half=True)
@points(2)
def test_q_gradients(student: Student, draw: Draw) -> None:
    """`q_gradients(a, b)` is the pair (∂Q/∂a, ∂Q/∂b) of Q = 3a³ − b², element by element, detached."""
    expect_q(student, draw, draw.magnitude("a, b", tiny=TINY))
    if draw.round.all_equal:
        expect_q(student, draw, 0.0)
        x = draw_x(draw, 1.0)
        expect_pair(student.run(apply_to_one, x=x), x, x, 1.0, "q_gradients(x, x)")


@points(1)
@needs("gradient", "mean_polynomial_gradient", "q_gradients")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """All three work on any device: the gradients are where the inputs are."""
    for by_default in (False, True):
        if by_default:
            draw.tell_default(elsewhere.device)
        expect_gradient(elsewhere, draw, 1.0, by_default)
        expect_polynomial(elsewhere, draw, 1.0, by_default)
        expect_q(elsewhere, draw, 1.0, by_default)


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
COMPARE = """Another right way: `torch.autograd.grad(y.sum(), x)` gives the gradient without touching any `.grad`;
    `torch.func.grad(lambda x: f(x).sum())(x)` does the same for a function.

    `backward` adds to the `.grad` of every leaf. What is "the gradient of a tensor" is in truth a product of
    a vector with the Jacobian: the vector of ones that `.sum()` stands for."""
