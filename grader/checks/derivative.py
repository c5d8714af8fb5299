"""Numerical differentiation: the very formulas, evaluated with the student's h."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from grader import (
    Cause,
    Draw,
    Received,
    Student,
    called,
    curve,
    expect_close,
    landscape,
    needs,
    other_terms,
    points,
    probe,
    rounds,
)

FORWARD = Cause("forward-difference", "It is the forward difference (f(x+h) − f(x)) / h.")
BACKWARD = Cause("backward-difference", "It is the backward difference (f(x) − f(x−h)) / h.")
CENTRAL = Cause("central-difference", "It is the central difference (f(x+h) − f(x−h)) / 2h.")
HALF_STEPS = Cause("half-steps", "It goes half a step to either side, from x − h/2 to x + h/2.")
H_IGNORED = Cause("h-ignored", "The step is 0.001, whatever `h` is.")
H_UNUSED = Cause(
    "h-ignored", "With another `h` the same comes back: the step has to be the `h` that is given."
)
NOT_DIVIDED = Cause("not-divided", "It is the difference of two values of f, divided by nothing.")
DOUBLE_STEPS = Cause("double-steps", "It goes by steps of 2h, where steps of h are asked.")
BY_H_TWICE = Cause("scale", "It is divided by h once more than it should be.")
ABSOLUTE = Cause(
    "sign", "It is the absolute value: where a difference is below 0, so is the result."
)
BY_2 = Cause("not-divided", "It is divided by 2, and not by h.")
ADDED = Cause("sign-of-term", "The two values of f are added: their difference is asked.")
PRECEDENCE = Cause(
    "precedence", "`/ 2 * h` divides by 2 and multiplies by h: put `(2 * h)` in parentheses."
)
TIMES_H = Cause("precedence", "It is multiplied by h where it should be divided.")
LAST_ALONE = Cause(
    "precedence",
    "`/` comes before `−`: `a - b / c` divides `b` alone, so put `(a - b)` in parentheses.",
)
APART = Cause("scale", "The two points are {gap} apart, and it is divided by {by}.")
BY_2H = APART.of(gap="h", by="2h")
FIVE_POINTS = Cause(
    "five-points",
    "It is the five-point formula, which is right elsewhere; here (f(x+h) − f(x−h)) / 2h is asked.",
)
BY_2H_OR_VIEW = Cause(
    "scale",
    "The two points are h apart, and it is divided by 2h. Where one was to be put back from `old = x[i]`: that is a "
    "view, which changes with `x`, so keep `x[i].item()` or `x[i].clone()`.",
)
NOT_PUT_BACK = Cause(
    "view-kept",
    "The elements before are still moved: put each one back before the next one is moved. `x[i].item()` and "
    "`x[i].clone()` keep its number; `old = x[i]` is a view, which changes with `x` and puts nothing back.",
)
RELATIVE = Cause("scale", "x is moved by h·x, and not by h.")
SET = Cause("all-at-once", "The element is set to h and −h: h is to be added to it and subtracted.")
SECOND = Cause(
    "second-derivative",
    "It is the formula of the second derivative, (f(x+h) − 2f(x) + f(x−h)) / h².",
)
OTHER_STEP = Cause(
    "h-ignored",
    "It is nearer to the derivative itself than this formula is with this `h`: a smaller step, or another formula.",
)
ROWS_AT_ONCE = Cause(
    "all-at-once",
    "All elements of a row are moved at once: move one, and leave the others where they are.",
)
COLUMNS_AT_ONCE = Cause(
    "all-at-once",
    "All elements with the same last index, such as those of a column, are moved at once: move one, and leave the "
    "others where they are.",
)
ELEMENTS = Cause(
    "all-at-once",
    "f is given each element alone: it takes the whole tensor, of which one element is moved.",
)
ONE_POINT = Cause(
    "zero",
    "It is zero everywhere: nothing is put into the result, or both values of f are the same, as where both points are "
    "moved the same way, or share their memory (give each a `clone()`).",
)
ALL_AT_ONCE = Cause(
    "all-at-once", "All elements are moved at once: move one, and leave the others where they are."
)

FORBIDDEN: dict[str, Any] = {"by hand": {}}
# the numbers of dimensions, round by round
RANKS = (2, 0, 5, 2, 1, 4)
# with a large h the three formulas differ from each other and from the true derivative
STEPS = ("default", "large", "large", "above 1", "small", "large")
BOUNDS = {"large": (0.2, 0.8), "above 1": (1.1, 1.7), "small": (5e-5, 5e-4)}
NAMES = ("forward_difference", "central_difference", "numerical_gradient")
TINY = -8.0, -6.5  # exponents of 10


@probe(aside=True)
def differentiate_again(
    student: Any, name: str, x: Tensor, coefficients: list[float], h: float
) -> Any:
    def f(x: Tensor) -> Tensor:
        return (
            landscape(x, coefficients) if name == "numerical_gradient" else curve(x, coefficients)
        )

    return getattr(student, name)(f, x, h)


@probe
def differentiate(
    student: Any,
    name: str,
    x: Tensor,
    coefficients: list[float],
    args: list[float],
    kwargs: dict[str, float],
    by_default: bool,
    breaks: bool,
) -> Any:
    import contextlib

    def f(x: Tensor) -> Tensor:
        return (
            landscape(x, coefficients) if name == "numerical_gradient" else curve(x, coefficients)
        )

    def broken(x: Tensor) -> Tensor:
        raise ArithmeticError

    function = getattr(student, name)
    if breaks:  # settings are left as they were then, too
        with contextlib.suppress(ArithmeticError):
            function(broken, x, *args, **kwargs)
    return called(lambda *given: function(*given, **kwargs), by_default, f, x, *args)


def drawn_step(draw: Draw) -> float | None:
    """A step with a few digits; `None` for the default."""
    kind = STEPS[draw.round.number]
    if kind == "default":
        return None
    if draw.dtype in (torch.float16, torch.bfloat16):
        return 0.5
    return float(f"{draw.uniform(*BOUNDS[kind]).item():.2g}")


def largest_term(name: str, x: Tensor, coefficients: list[float]) -> float:
    """A bound of the sums of absolute terms in `curve` at one element, or in `landscape`."""
    a, b, c, d, _e = map(abs, coefficients)
    x = x.abs()
    if name == "numerical_gradient":
        meeting = ((d + 1) * x).sum() ** 2 / x.numel()
        return (((a + b) * x**3).sum() + meeting).item()
    return (a * x + b * x**2 + c * x**3 + d).max().item()


def expect_formula(student: Student, draw: Draw, name: str, by_default: bool = False) -> None:
    h, coefficients = drawn_step(draw), draw.coefficients(5)
    step = 1e-3 if h is None else h
    size = draw.magnitude("x", zero=True, tiny=TINY)
    shape = draw.shape("shape", RANKS, elements=150)
    x = draw.layout("x", size * draw.uniform(-1.5, 1.5, *shape))
    needs_grad = draw.choice("x.requires_grad", [False, True])
    args, kwargs = draw.passed(h=h) if h else ([], {})
    got = student.run(
        differentiate,
        name=name,
        x=x.clone().requires_grad_() if needs_grad else x,
        coefficients=coefficients,
        args=args,
        kwargs=kwargs,
        by_default=by_default,
        breaks=draw.round.ones == 0,
    )
    exact = x.double()

    def f(x: Tensor) -> Tensor:
        return (
            landscape(x, coefficients) if name == "numerical_gradient" else curve(x, coefficients)
        )

    # the rounding of f is divided by h: a few eps / h of its terms, and a wide margin
    rtol = 200 * torch.finfo(draw.dtype).eps / step
    scale = largest_term(name, exact.abs() + step, coefficients)
    given = "" if h is None else f", {h}" if args else f", h={h}"
    formulas = formulas_of(f, name == "numerical_gradient", exact)
    right = {"forward_difference": "forward"}.get(name, "central")
    expected = formulas[right](step)

    def causes() -> dict[Cause, Any]:
        near = formulas["central"](1e-6)
        return {
            **mistaken(name, f, exact, step, got, expected),
            **unused(student, name, x, coefficients, step, got),
            # last: whatever is more exact than the formula comes near to the derivative as well
            OTHER_STEP: partial(nearly, got, near, expected),
        }

    expect_close(
        got,
        expected.to(draw.dtype),
        f"{name}(f, x{given})",
        rtol=rtol,
        requires_grad=None if needs_grad else False,  # then it is free
        causes=causes,
        scale=scale,
    )


def mistaken(
    name: str, f: Callable[[Tensor], Tensor], x: Tensor, h: float, got: Any, expected: Tensor
) -> dict[Cause, Any]:
    """What known mistakes give at `x`, in float64."""
    formulas = formulas_of(f, name == "numerical_gradient", x)
    right = {"forward_difference": "forward"}.get(name, "central")
    gap = 1 + (right == "central")
    # those that are put in place of a central difference, too
    whole = [h * gap * expected, h * formulas["forward"](h), h * formulas["backward"](h)]
    causes: dict[Cause, Any] = {
        FORWARD: partial(formulas["forward"], h),
        BACKWARD: partial(formulas["backward"], h),
        CENTRAL: partial(formulas["central"], h),
        HALF_STEPS: partial(formulas["central"], h / 2),
        DOUBLE_STEPS: partial(formulas[right], 2 * h),
        BY_H_TWICE: other_terms.either(got, expected / h, gap * expected / h),
        ABSOLUTE: expected.abs(),
        H_IGNORED: partial(formulas[right], 1e-3),
        NOT_DIVIDED: other_terms.either(got, *whole),
        TIMES_H if right == "forward" else PRECEDENCE: h**2 * expected,
        FIVE_POINTS: (4 * formulas["central"](h) - formulas["central"](2 * h)) / 3,
    }
    if right == "central":
        half = formulas["forward"](h) / 2, formulas["central"](h / 2) / 2
        by_2h = BY_2H_OR_VIEW if name == "numerical_gradient" else BY_2H
        causes |= {
            APART.of(gap="2h", by="h"): 2 * expected,
            APART.of(gap="h", by="h/2"): 2 * formulas["central"](h / 2),
            by_2h: other_terms.either(got, *half),
            BY_2: h * expected,
        }
    else:
        causes[BY_2H] = 0.5 * expected
    if name == "numerical_gradient":
        return causes | mistaken_gradients(f, x, h, got, expected)
    second = (f(x + h) - 2 * f(x) + f(x - h)) / h**2
    low, gap = (0, 1) if right == "forward" else (-1, 2)
    added = f(x + h) + f(x + low * h)
    return causes | {
        SECOND: partial(nearly, got, second, expected, 0.25),
        LAST_ALONE: f(x + h) - f(x + low * h) / (gap * h),
        ADDED: other_terms.either(got, added / (gap * h), added / h, added / 2),
        RELATIVE: (f(x + x * h) - f(x + low * x * h)) / (gap * h),
    }


def mistaken_gradients(
    f: Callable[[Tensor], Tensor], x: Tensor, h: float, got: Any, expected: Tensor
) -> dict[Cause, Any]:
    """What known mistakes of `numerical_gradient` alone give."""
    at_once = (f(x + h) - f(x - h)) / (2 * h)
    slope = at_once * torch.ones_like(x)
    once = Cause("all-at-once", ALL_AT_ONCE.template + " They are added up as well.")
    causes: dict[Cause, Any] = {ALL_AT_ONCE: other_terms.either(got, slope, at_once)}
    causes |= {once: x.numel() * slope, ELEMENTS: partial(of_elements, f, x, h)}
    causes[SET] = partial(set_to, f, x, h)
    causes[ONE_POINT] = torch.zeros_like(expected)
    if x.dim() > 1:
        causes[ROWS_AT_ONCE] = partial(rows_at_once, f, x, h)
        columns = x.movedim(-1, 0)
        causes[COLUMNS_AT_ONCE] = lambda: rows_at_once(
            lambda moved: f(moved.movedim(0, -1)), columns, h
        ).movedim(0, -1)
    causes[NOT_PUT_BACK] = partial(not_put_back, f, x, h, got)
    return causes | other_terms.partly_zero(got, expected)


def unused(
    student: Student, name: str, x: Tensor, coefficients: list[float], h: float, got: Any
) -> dict[Cause, Any]:
    """What came back, where the same comes back with another `h`. Nothing but zeros shows nothing."""
    if not isinstance(got, Received) or not got.tensor.any() or got.tensor.isnan().any():
        return {}
    other = student.run(
        differentiate_again, name=name, x=x, coefficients=coefficients, h=1.5 * h + 0.25
    )
    same = isinstance(other, Received) and torch.equal(other.tensor, got.tensor)
    return {H_UNUSED: got.tensor} if same else {}


def nearly(got: Any, other: Tensor, expected: Tensor, share: float = 0.05) -> Tensor:
    """What came back, where it is far nearer to `other` than to the reference: a mistake has a rounding of its own.

    Args:
        share: what it may be away from `other`, as a part of what it is away from the reference. What is near to
            `other` for being small shows nothing.
    """
    if not isinstance(got, Received) or got.tensor.shape != expected.shape:
        return other
    found = got.tensor.double()
    far = (found - expected).abs().max()
    is_near = (found - other).abs().max() <= share * far <= 2 * share * other.abs().max()
    return found if is_near else other


def of_elements(f: Callable[[Tensor], Tensor], x: Tensor, h: float) -> Tensor:
    """The central differences of an f that is given each element alone."""
    found = [(f(each + h) - f(each - h)) / (2 * h) for each in x.reshape(-1)]
    return torch.stack(found).reshape(x.shape)


def set_to(f: Callable[[Tensor], Tensor], x: Tensor, h: float) -> Tensor:
    """The differences between an element of h and one of −h in the place of each."""
    found = []
    for place in torch.eye(x.numel(), dtype=torch.bool, device=x.device):
        one = place.reshape(x.shape)
        found.append((f(torch.where(one, h, x)) - f(torch.where(one, -h, x))) / (2 * h))
    return torch.stack(found).reshape(x.shape)


def rows_at_once(f: Callable[[Tensor], Tensor], x: Tensor, h: float) -> Tensor:
    """The central differences of whole rows, each in the place of all elements of its row."""
    found = torch.zeros_like(x)
    for row in range(len(x)):
        shift = torch.zeros_like(x)
        shift[row] = h
        found[row] = (f(x + shift) - f(x - shift)) / (2 * h)
    return found


def not_put_back(f: Callable[[Tensor], Tensor], x: Tensor, h: float, got: Any) -> Tensor:
    """Differences of a gradient, where each element that was moved stays at x − h, or at x + h."""
    below, above = x.reshape(-1).clone(), x.reshape(-1).clone()
    ways: list[list[Tensor]] = [[], [], []]
    for i in range(below.numel()):
        last = f(above.reshape(x.shape))
        below[i] += h
        above[i] += h
        up, here = f(below.reshape(x.shape)), f(above.reshape(x.shape))
        below[i] -= 2 * h
        ways[0].append((up - f(below.reshape(x.shape))) / (2 * h))
        ways[1].append((here - last) / h)
        ways[2].append((here - f(x)) / h)
    return other_terms.either(got, *(torch.stack(way).reshape(x.shape) for way in ways))


def formulas_of(
    f: Callable[[Tensor], Tensor], is_scalar: bool, x: Tensor
) -> dict[str, Callable[[float], Tensor]]:
    """The three formulas as functions of h; of a scalar f, one element at a time."""

    def between(low: float, high: float, h: float) -> Tensor:
        if not is_scalar:
            return (f(x + high * h) - f(x + low * h)) / ((high - low) * h)
        shifts = torch.eye(x.numel(), dtype=x.dtype, device=x.device).reshape(-1, *x.shape)
        rise = torch.vmap(lambda shift: f(x + high * h * shift) - f(x + low * h * shift))(shifts)
        return (rise / ((high - low) * h)).reshape(x.shape)

    ends = {"forward": (0, 1), "central": (-1, 1), "backward": (-1, 0)}
    return {formula: partial(between, low, high) for formula, (low, high) in ends.items()}


@rounds(half=True)
@points(3)
def test_forward_difference(student: Student, draw: Draw) -> None:
    """`forward_difference(f, x, h)` is (f(x+h) − f(x)) / h, of the shape of `x`."""
    expect_formula(student, draw, "forward_difference")


@rounds(half=True)
@points(3)
def test_central_difference(student: Student, draw: Draw) -> None:
    """`central_difference(f, x, h)` is (f(x+h) − f(x−h)) / 2h, of the shape of `x`."""
    expect_formula(student, draw, "central_difference")


@rounds(half=True)
@points(3)
def test_numerical_gradient(student: Student, draw: Draw) -> None:
    """`numerical_gradient(f, x, h)` is the gradient of a scalar f by central differences, one element at a time."""
    expect_formula(student, draw, "numerical_gradient")


@points(1)
@needs("forward_difference", "central_difference", "numerical_gradient")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """All three functions work on any device: results are where `x` is."""
    for by_default in (False, True):
        if by_default:
            draw.tell_default(elsewhere.device)
        for name in NAMES:
            expect_formula(elsewhere, draw, name, by_default)


HINTS = (
    """All three functions are one idea: call `f` at two points that lie close together, and divide the
    difference of the values by the distance of the points. How far apart are the two points in each of
    the formulas?""",
    """In the first two functions `f` acts on each element by itself, so `x + h` may move all of them at
    once. In `numerical_gradient` only one element may move at a time: change one element of a *copy* of
    `x`, and go through all positions with `itertools.product(*map(range, x.shape))`, which also works
    when `x` is 0-dim.""",
    """For each `index` of the shape, into a `gradient = torch.empty_like(x)`:

    ```python
    above, below = x.clone(), x.clone()
    above[index] += h
    below[index] -= h
    gradient[index] = (f(above) - f(below)) / (2 * h)
    ```

    The first function is `((f(x + h) - f(x)) / h).detach()`: `.detach()` each of the three results,
    because `f` may use parameters that require gradients.""",
)
COMPARE = """Another right way: `numerical_gradient` without a loop, by a batch of shifted copies: `x + h *
    torch.eye(n)`, where `f` takes a batch. It is faster, and needs n times the memory.

    Torch itself has no numerical differentiation for training: `torch.autograd.gradcheck` compares autograd
    with central differences, in float64 and with h = 1e-6, as you would now expect."""
