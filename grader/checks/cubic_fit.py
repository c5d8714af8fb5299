"""A cubic, by hand and with autograd: gradients of a SUM of squares, and a step in place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from grader import (
    Cause,
    Draw,
    Student,
    _,
    called,
    expect,
    expect_close,
    explain,
    follows,
    needs,
    other_terms,
    points,
    probe,
    rounds,
)

FORBIDDEN = {"by hand": {"except": ["autograd_step"]}}
NAMES = ("a", "b", "c", "d")
NO_CUBE = Cause("missing-term", "The term of x³ is missing.")
SQUARE = Cause("wrong-power", "The last term has x² where x³ should stand.")
NO_CONSTANT = Cause("missing-term", "The constant `a` is missing.")
SWAPPED = Cause("swapped", "The coefficients are in the wrong order: `a` is the constant.")
ABSOLUTE = Cause("absolute-for-square", "The errors are taken absolute instead of squared.")
NOT_SQUARED = Cause("no-square", "The errors are added up as they are, and not squared.")
SQUARE_OF_SUM = Cause(
    "square-of-mean", "It is the square of the sum: square each error, then add up."
)
PRECEDENCE = Cause(
    "precedence", "`**` comes before `−`: it is ŷ − y², so put the difference in parentheses."
)
ROOT = Cause("root", "It is the root of what is asked.")
ALL_OF_A = Cause(
    "missing-factor", "All four are the gradient of `a`: the factors x, x² and x³ are missing."
)
OTHER_ERROR = Cause("other-terms", "What is taken for the error is {found}; it is ŷ − y.")
ONE_LEFT = Cause("not-updated", "`params[{index}]` alone is not moved.")
ONE_MOVED = Cause(
    "not-updated", "`params[{index}]` alone is moved; the others are as they were before."
)
GRAD_LEFT = Cause(
    "not-cleared",
    "Set each `.grad` to None, or to zeros, after the update; before it is not enough.",
)
POWER = Cause("wrong-power", "The gradient of {name} has {wrong} where {right} belongs.")
POWERS_FROM_1 = Cause(
    "off-by-one",
    "Each gradient has one power of x too many: that of a has x⁰ = 1, that of b has x.",
)
FACTORS = Cause(
    "chain-rule",
    "That of c has a factor 2, and that of d a factor 3: the derivative is by the parameter, not by x.",
)
POWERS = Cause(
    "wrong-power", "The four have the factors {found}; they should have 1, x, x² and x³."
)
MOVED_BY = Cause("swapped", "All four are moved by the gradient of `params[{index}]`.")
CHAIN = Cause(
    "chain-rule",
    "A factor from the exponent slips in: the derivative is by the parameter, not by x.",
)
MEAN = Cause("mean-for-sum", "The step is m times too small, as for a mean; the loss is a sum.")
SQUARES = Cause("no-square", "It is the sum of ŷ² − y²: the difference is to be squared, not each.")
# the parameters are 0-dim or of shape (1,), and not always alike
ALIKE: dict[str, list[tuple[int, ...]]] = {"0-dim": [()], "(1,)": [(1,)]}
SMALL = "⁰¹²³⁴"
TERMS = {"a": "a", "b": "b·x", "c": "c·x²", "d": "d·x³"}
SHAPES = ALIKE | {"() and (1,) in turn": [(), (1,)], "(1,) and () in turn": [(1,), ()]}
TINY = -8.0, -6.5  # exponents of 10


def curve(x: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    return a + b * x + c * x**2 + d * x**3


def draw_params(draw: Draw, shapes: list[tuple[int, ...]], size: float = 1.0) -> dict[str, Tensor]:
    """The four parameters, of the shape, or in turn of the shapes, that are given."""
    return {name: size * draw.normal(*shapes[i % len(shapes)]) for i, name in enumerate(NAMES)}


def draw_x(draw: Draw, m: int) -> Tensor:
    """Points on both sides of 0; in the large round, which is in float64, far from it."""
    far = 200.0 if draw.round.name == "large" else 1.5
    if far > 100:
        draw.drawn["x"] = f"|x| ≤ {far:g}"
    return draw.layout("x", draw.uniform(-far, far, m))


def largest(*terms: Tensor) -> float:
    """The largest of the absolute values of terms, which their sum has the rounding of."""
    return max(term.abs().max().item() for term in terms)


@probe
def predict_at(
    student: Any, by_default: bool, x: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor
) -> Any:
    return called(student.predict, by_default, x, a, b, c, d)


def expect_curve(student: Student, draw: Draw, size: float, by_default: bool = False) -> None:
    m, shapes = draw.size("m"), draw.choice("shapes", SHAPES)
    x, params = draw_x(draw, m), draw_params(draw, shapes, size)
    inputs = draw.needing({"x": x, **params})
    got = student.run(predict_at, by_default=by_default, **inputs)
    expected, (a, b, c, d) = curve(x, **params), params.values()
    causes: dict[Cause, Any] = {
        NO_CUBE: expected - d * x**3,
        NO_CONSTANT: expected - a,
        SQUARE: a + b * x + (c + d) * x**2,
        SWAPPED: curve(x, d, c, b, a),
    }
    zero, square, cube = torch.zeros_like(x), x**2, x**3
    causes |= other_terms.sums(
        {"a": a + zero, "−a": zero - a, "d": d + zero, "": zero},
        {"b·x": b * x, "−b·x": -b * x, "b": b + zero, "a·x": a * x, "c·x": c * x, "x": x, "": zero},
        {"c·x²": c * square, "−c·x²": -c * square, "c·x": c * x, "b·x²": b * square}
        | {"c·x³": c * cube, "d·x²": d * square, "2c·x": 2 * c * x, "x²": square, "": zero},
        {"d·x³": d * cube, "−d·x³": -d * cube, "d·x": d * x, "c·x³": c * cube}
        | {"d·x²": d * square, "d·x⁴": d * x**4, "3d·x": 3 * d * x, "x³": cube, "": zero},
    )
    expect_close(
        got,
        expected,
        "predict(x, a, b, c, d)",
        requires_grad=None if inputs["x"].requires_grad else False,
        causes=causes,
        scale=largest(a, b * x, c * x**2, d * x**3),
    )


@rounds(half=True)
@points(1)
def test_predict(student: Student, draw: Draw) -> None:
    """`predict` is a + b·x + c·x² + d·x³."""
    expect_curve(student, draw, draw.magnitude("a, b, c, d", tiny=TINY))
    if draw.round.all_equal:
        expect_curve(student, draw, 0.0)


@probe
def measure(student: Any, by_default: bool, y_pred: Tensor, y: Tensor, again: bool) -> Any:
    results = []
    if again:  # with the same object, which holds other numbers the first time
        numbers, y_pred = y_pred, y_pred.detach() + 1
        results.append(student.loss(y_pred, y))
        y_pred.copy_(numbers.detach())
    return [*results, called(student.loss, by_default, y_pred, y)]


def expect_loss(student: Student, draw: Draw, size: float, by_default: bool = False) -> None:
    m = draw.size("m")
    y_pred = draw.layout("y_pred", size * draw.normal(m))
    y = draw.layout("y", size * draw.normal(m))
    inputs = draw.needing({"y_pred": y_pred, "y": y})
    got = student.run(measure, by_default=by_default, again=size == 0, **inputs)
    if size == 0:
        first = torch.tensor(float(m), dtype=draw.dtype)
        expect_close(
            got[0], first, "loss(y_pred, y)", causes={explain.STALE: torch.zeros_like(first)}
        )
    error = y_pred.double() - y.double()
    expect_close(
        got[-1],
        (error**2).sum().to(draw.dtype),
        "loss(y_pred, y)",
        requires_grad=None if inputs["y"].requires_grad else False,
        factors={"m": m},
        causes={
            ABSOLUTE: error.abs().sum().to(draw.dtype),
            NOT_SQUARED: error.sum().to(draw.dtype),
            SQUARE_OF_SUM: (error.sum() ** 2).to(draw.dtype),
            ROOT: (error**2).sum().sqrt().to(draw.dtype),
            PRECEDENCE: (y_pred.double() - y.double() ** 2).sum().to(draw.dtype),
            SQUARES: (y_pred.double() ** 2 - y.double() ** 2).sum().to(draw.dtype),
            explain.BROADCAST: ((y_pred.double().reshape(-1, 1) - y.double()) ** 2)
            .sum()
            .to(draw.dtype),
        },
        scale=size**2,
    )


@rounds(half=True)
@points(1)
def test_loss(student: Student, draw: Draw) -> None:
    """`loss` is the SUM of squared errors, a scalar tensor."""
    expect_loss(student, draw, draw.magnitude("y_pred, y", tiny=TINY))
    if draw.round.all_equal:
        expect_loss(student, draw, 0.0)


@probe
def work_out(
    student: Any, by_default: bool, x: Tensor, y: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor
) -> Any:
    return called(student.gradients, by_default, x, y, a, b, c, d)


def expect_gradients(
    student: Student,
    draw: Draw,
    shapes: list[tuple[int, ...]],
    size: float = 1.0,
    by_default: bool = False,
) -> None:
    m = draw.size("m")
    x, y = draw_x(draw, m), draw.layout("y", size * draw.normal(m))
    params = draw_params(draw, shapes, size)
    inputs = draw.needing({"x": x, "y": y, **params})
    got = student.run(work_out, by_default=by_default, **inputs)
    expect(
        isinstance(got, list | tuple) and len(got) == 4, _("gradients does not give four values.")
    )
    leaves = {name: value.double().requires_grad_() for name, value in params.items()}
    error = curve(x.double(), **leaves) - y.double()
    grads = torch.autograd.grad((error**2).sum(), list(leaves.values()))
    expected = {name: grad.to(draw.dtype) for name, grad in zip(NAMES, grads, strict=True)}
    found = dict(zip(NAMES, got, strict=True))
    # of x² and x³, taken by x; and of x, or not
    by_x = expected["a"].reshape(params["b"].shape)
    chained = expected | {
        "b": other_terms.either(found["b"], expected["b"], by_x),
        "c": 2 * expected["b"].reshape(params["c"].shape),
        "d": 3 * expected["c"].reshape(params["d"].shape),
    }
    powers = dict(zip(NAMES, range(4), strict=True))
    scaled = expected | {"c": 2 * expected["c"], "d": 3 * expected["d"]}
    causes = {CHAIN: chained, FACTORS: other_terms.all_of(found, expected, scaled)}
    for name, power in powers.items():
        for wrong in set(range(5)) - {power}:
            grad = (2 * error.detach() * x.double() ** wrong).sum()
            cause = POWER.of(name=name, wrong=f"x{SMALL[wrong]}", right=f"x{SMALL[power]}")
            causes[cause] = expected | {name: grad.reshape(params[name].shape).to(draw.dtype)}
    higher = {
        name: (2 * error.detach() * x.double() ** (power + 1)).sum().reshape(params[name].shape)
        for name, power in powers.items()
    }
    causes[POWERS_FROM_1] = other_terms.all_of(found, expected, higher)
    causes |= other_powers(found, error.detach(), x.double(), params)
    alike = {name: expected["a"].reshape(params[name].shape) for name in NAMES}
    causes[ALL_OF_A] = other_terms.all_of(found, expected, alike)
    predicted = curve(x.double(), **params)
    everything = predicted.reshape(-1, 1) - y.double()

    def of_everything(name: str) -> Tensor:
        """The power of x in a row, or in a column."""
        powered = x.double() ** powers[name]
        products = [2 * (everything * powered.reshape(shape)).sum() for shape in ((1, -1), (-1, 1))]
        return other_terms.either(
            found[name], *(each.reshape(params[name].shape) for each in products)
        )

    causes[explain.BROADCAST] = {name: of_everything(name) for name in NAMES}
    terms = {name: params[name] * x.double() ** power for name, power in powers.items()}
    errors = {
        "ŷ": predicted,
        "ŷ + y": predicted + y,
        "y": y.double(),
        "|ŷ − y|": error.detach().abs(),
    }
    for name, term in terms.items():
        rest = " + ".join(TERMS[other] for other in NAMES if other != name)
        errors[f"{rest} − y"] = error.detach() - term
    errors["(ŷ − y)²"] = error.detach() ** 2
    for what, other in errors.items():
        causes[OTHER_ERROR.of(found=what)] = {
            name: (2 * other * x.double() ** power).sum().reshape(params[name].shape)
            for name, power in powers.items()
        }
    expect_close(
        found,
        expected,
        _("the gradients"),
        requires_grad=None if inputs["x"].requires_grad else False,
        factors={"m": m},
        causes=causes,
        # differences of the loss may do, and so they are as exact as is a loss of 1
        scale=max(1.0, 2 * largest(y, *terms.values()) * max(1.0, largest(x) ** 3)),
    )


def other_powers(
    got: dict[str, Any], error: Tensor, x: Tensor, params: dict[str, Tensor]
) -> dict[Cause, dict[str, Tensor]]:
    """The gradients with those powers of x that come nearest to each one that came back."""
    grads, powers = {}, []
    for name, parameter in params.items():
        each = [(2 * error * x**power).sum().reshape(parameter.shape) for power in range(5)]
        grads[name] = other_terms.either(got[name], *each)
        powers.append(next(power for power, grad in enumerate(each) if grad is grads[name]))
    factors = ["1" if not power else f"x{SMALL[power]}".replace("¹", "") for power in powers]
    return {POWERS.of(found=", ".join(factors)): grads} if powers != [0, 1, 2, 3] else {}


@rounds(half=True)
@points(2)
@follows("predict")
def test_gradients(student: Student, draw: Draw) -> None:
    """`gradients` gives the four gradients of that loss, by hand."""
    expect_gradients(student, draw, [()], draw.magnitude("y, a, b, c, d", tiny=TINY))
    if draw.round.all_equal:
        expect_gradients(student, draw, [()], 0.0)


@rounds("published", "equal")
@points(1)
@needs("gradients")
def test_gradients_shapes(student: Student, draw: Draw) -> None:
    """Each gradient has its parameter's shape, also where that is (1,)."""
    for shapes in list(SHAPES.values())[1:]:
        expect_gradients(student, draw, shapes)


@probe(changes=("params",))
def take_steps(
    student: Any,
    by_default: bool,
    x: Tensor,
    y: Tensor,
    params: list[Tensor],
    lr: float,
    steps: int,
    stale: float | None,
) -> Any:
    before = list(params)
    losses, grads = [], []
    if stale is not None:
        for parameter in params:
            parameter.grad = torch.full_like(parameter, stale)
    for _unused in range(steps):
        losses.append(called(student.autograd_step, by_default, x, y, params, lr))
        grads += [p.grad is None or not p.grad.any().item() for p in params]
    return {
        "losses": losses,
        "params": params,
        "cleared": all(grads),
        "same": all(p is q for p, q in zip(params, before, strict=False)),
        "leaves": all(p.is_leaf and p.requires_grad for p in params),
    }


@dataclass(frozen=True)
class Steps:
    """Some steps of the student's, and what takes them by autograd.

    Attributes:
        got: what `take_steps` gave.
        steps: how many it took.
        m: of how many points.
        lr: the learning rate.
        walk: gives the parameters after these steps and the loss before each, and that after the last. Its arguments:
            a factor of all updates; the gradients that are never cleared, at first; whether they are cleared after all,
            once a step is done; which parameter is moved alone; of which one the gradient moves all; which one is left.
    """

    got: Any
    steps: int
    m: int
    lr: float
    walk: Callable[..., tuple[list[Tensor], list[float]]]


def run_steps(
    student: Student,
    draw: Draw,
    shapes: list[tuple[int, ...]],
    size: float = 1.0,
    stale: float | None = None,
    by_default: bool = False,
) -> Steps:
    m = draw.size("m")
    x, y = draw.layout("x", draw.uniform(-1, 1, m)), draw.layout("y", size * draw.normal(m))
    low, high = (1.1, 1.5) if draw.round.ones == 0 else (0.1, 0.2)
    lr = draw.uniform(low, high).item() / m
    # many where there are many points, in float64
    steps = 2 if draw.dtype.itemsize == 2 else draw.count("steps", 2, 60 if m > 64 else 5)
    params = list(draw_params(draw, shapes, size).values())
    given = [value.clone().requires_grad_() for value in params]
    got = student.run(
        take_steps, by_default=by_default, x=x, y=y, params=given, lr=lr, steps=steps, stale=stale
    )

    def walk(
        factor: float,
        kept: float | None = None,
        once: bool = False,
        alone: int | None = None,
        by: int | None = None,
        left: int | None = None,
    ) -> tuple[list[Tensor], list[float]]:
        at, losses = [value.double().requires_grad_() for value in params], []
        old = [torch.full_like(leaf, kept or 0.0) for leaf in at]
        for step in range(steps + 1):
            loss = ((curve(x.double(), *at) - y.double()) ** 2).sum()
            losses.append(loss.item())
            if step == steps:
                break
            grads = torch.autograd.grad(loss, at)
            if kept is not None:
                old = [one + grad for one, grad in zip(old, grads, strict=True)]
                grads, old = tuple(old), [0 * one for one in old] if once else old
            if by is not None:
                grads = tuple(grads[by].reshape(leaf.shape) for leaf in at)
            at = [
                (p - factor * lr * grad * (alone in (None, i) and i != left))
                .detach()
                .requires_grad_()
                for i, (p, grad) in enumerate(zip(at, grads, strict=True))
            ]
        return [leaf.detach().to(draw.dtype) for leaf in at], losses

    return Steps(got, steps, m, lr, walk)


@rounds(half=True)
@points(2)
@follows("predict", "loss")
def test_autograd_step(student: Student, draw: Draw) -> None:
    """`autograd_step` updates the parameters in place, and returns the loss before the update as a float."""
    size = draw.magnitude("y, a, b, c, d", tiny=TINY)
    expect_steps(student, draw, draw.choice("shapes", SHAPES), size)
    if draw.round.all_equal:
        expect_steps(student, draw, [()], 0.0)


def expect_steps(
    student: Student,
    draw: Draw,
    shapes: list[tuple[int, ...]],
    size: float,
    by_default: bool = False,
) -> None:
    taken = run_steps(student, draw, shapes, size, by_default=by_default)
    got, walk, steps = taken.got, taken.walk, taken.steps
    expect(got["same"], _("The list holds other tensors than before: the update is not in place."))
    params, losses = walk(1)
    causes = explain.step_causes(lambda factor: walk(factor)[0], taken.lr) | {
        MEAN: lambda: walk(1 / taken.m)[0],
        explain.NOT_CLEARED: lambda: walk(1, 0.0)[0],
        ONE_MOVED.of(index="0"): lambda: walk(1, alone=0)[0],
        ONE_MOVED.of(index="3"): lambda: walk(1, alone=3)[0],
        ONE_LEFT.of(index="0"): lambda: walk(1, left=0)[0],
        ONE_LEFT.of(index="3"): lambda: walk(1, left=3)[0],
        MOVED_BY.of(index="0"): lambda: walk(1, by=0)[0],
        MOVED_BY.of(index="3"): lambda: walk(1, by=3)[0],
    }
    causes |= other_terms.rates(lambda factor: walk(factor)[0], taken.lr)
    curves = got["losses"], losses[:steps]
    what = _("params after {steps} steps").format(steps=steps)
    # every step rounds anew
    scales = (10 * size, 10 * size**2) if size else (1.0, 1.0)
    expect_close(got["params"], params, what, causes=causes, curves=curves, scale=scales[0])
    expect_close(
        got["losses"],
        losses[:steps],
        _("the losses returned"),
        dtype=draw.dtype,
        causes={explain.NEW_FOR_OLD: losses[1:]},
        factors={"m": taken.m},
        curves=curves,
        scale=scales[1],
    )


@rounds("published", "equal")
@points(1)
@needs("autograd_step")
def test_autograd_step_old_gradients(student: Student, draw: Draw) -> None:
    """A `.grad` left over from earlier work does not leak into the step."""
    stale = draw.uniform(3, 9).item()
    taken = run_steps(student, draw, [()], stale=stale)
    # some clear nothing, others clear afterwards alone
    causes = {
        explain.NOT_CLEARED: lambda: taken.walk(1, stale)[0],
        explain.CLEARED_AFTER: lambda: taken.walk(1, stale, True)[0],
    }
    what = _("with an old .grad, params after {steps} steps").format(steps=taken.steps)
    expect_close(taken.got["params"], taken.walk(1)[0], what, causes=causes)


@points(1)
@needs("autograd_step")
def test_autograd_step_leaves(student: Student, draw: Draw) -> None:
    """After the step `.grad` is None or zero, and the parameters are leaves that require gradients."""
    for stale in (None, 7.0):
        got = run_steps(student, draw, [()], stale=stale).got
        sentence = _("After the step a parameter still has a gradient.")
        expect(got["cleared"], sentence, GRAD_LEFT)
        sentence = _("After the step a parameter is no leaf that requires gradients any more.")
        expect(got["leaves"], sentence)


@points(1)
@needs("predict", "loss", "gradients", "autograd_step")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """All four functions work on any device: results are where the inputs are."""
    for by_default in (False, True):
        if by_default:
            draw.tell_default(elsewhere.device)
        expect_curve(elsewhere, draw, 1.0, by_default)
        expect_loss(elsewhere, draw, 1.0, by_default)
        expect_gradients(elsewhere, draw, [(1,)], 1.0, by_default)
        expect_steps(elsewhere, draw, [()], 1.0, by_default)


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
COMPARE = """Another right way: the powers as one matrix, `torch.stack([x**k for k in range(4)])`: the prediction is a
    product with the parameters, and all four gradients are one product with the error.

    Horner's scheme `((d * x + c) * x + b) * x + a` takes fewer multiplications, which is how polynomials are
    evaluated in libraries."""
