"""A line by gradient descent: predictions, loss, gradients and a step, against autograd."""

from __future__ import annotations

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

FORBIDDEN: dict[str, Any] = {"by hand": {}}
TINY = -8.0, -6.5  # exponents of 10
NO_B = Cause("missing-term", "The term `b` is missing.")
SWAPPED = Cause("swapped", "`a` stands where `b` should, and `b` where `a` should.")
NO_SQUARE = Cause("no-square", "The errors are not squared.")
ROOT = Cause("root", "It is the root of what is asked.")
NORM = Cause("root", "There is a root in it, as `norm` has it: the squares are asked.")
STEP_ALONE = Cause("not-updated", "It is the step alone: subtract it from the old values.")
SQUARE_OF_MEAN = Cause(
    "square-of-mean", "It is the square of the mean; the mean of the squares is asked."
)
ABSOLUTE = Cause("absolute-for-square", "The errors are taken absolute instead of squared.")
NO_X = Cause("missing-factor", "The factor x is missing: it is the gradient of `b` instead.")
MEANS = Cause(
    "product-of-means",
    "The mean of a product is not the product of the means: multiply by x, then take the mean.",
)
X_TWICE = Cause("extra-factor", "The gradient of `a` has the factor x², where x belongs.")
SQUARES = Cause(
    "no-square", "It is the mean of ŷ² − y²: the difference is to be squared, not each."
)
PRECEDENCE = Cause(
    "precedence", "`**` comes before `−`: it is ŷ − y², so put the difference in parentheses."
)
TURNED = Cause("swapped", "The new `b` comes first and the new `a` second: the pair is (a, b).")
WITH_X = Cause(
    "extra-factor", "The gradient of `b` has the factor x, which is that of `a`'s alone."
)
OTHER_ERROR = Cause("other-terms", "What is taken for the error is {found}; it is ŷ − y.")
OF_ABSOLUTE = Cause(
    "absolute-for-square",
    "It is the gradient of the mean absolute error; that of the squares is asked.",
)
MEAN_FIRST = Cause(
    "over-reduced",
    "The mean is taken before the factor x: multiply by x, then take the mean, which is one number.",
)
ONE_LEFT = Cause(
    "not-updated", "`{name}` comes back as it was given; the step of the other is right."
)
CROSSED = Cause("swapped", "`a` is moved by the gradient of `b`, and `b` by that of `a`.")
MOVED_BY = Cause("swapped", "`{name}` is moved by the gradient of `{other}`.")
ONE_UPHILL = Cause("sign", "`{name}` goes uphill; the step of the other is right.")
A_FOR_X = Cause("other-terms", "The gradient of `a` has the factor `a`, where x belongs.")
ALL_M = Cause("sum-for-mean", "The step is m times as large as it should be.")
PER_M = Cause("mean-for-sum", "The step is m times too small.")
AT_SWAPPED = Cause(
    "swapped", "The gradients are those at (b, a): `a` is handed over for `b`, and `b` for `a`."
)
NEW_A = Cause("new-for-old", "The gradient of `b` is that at the new `a`: work out both first.")
# parameters are 0-dim or of shape (1,), and not always alike
ALIKE: dict[str, tuple[Any, Any]] = {"0-dim": ((), ()), "(1,)": ((1,), (1,))}
SHAPES = ALIKE | {"() and (1,)": ((), (1,)), "(1,) and ()": ((1,), ())}


def numbers(draw: Draw, *shape: int) -> Tensor:
    """Not too large for 16 bits, in which squares of them have to fit."""
    return draw.normal(*shape) if draw.dtype.itemsize == 2 else draw.numbers(*shape)


@probe
def predict_at(student: Any, by_default: bool, x: Tensor, a: Tensor, b: Tensor) -> Any:
    return called(student.predict, by_default, x, a, b)


def expect_line(student: Student, draw: Draw, size: float, by_default: bool = False) -> None:
    m, shapes = draw.size("m"), draw.choice("shapes", SHAPES)
    x = draw.layout("x", size * numbers(draw, m))
    a, b = draw.normal(*shapes[0]), size * draw.normal(*shapes[1])
    inputs = draw.needing({"x": x, "a": a, "b": b})
    got = student.run(predict_at, by_default=by_default, **inputs)
    zero = torch.zeros_like(x)
    causes: dict[Cause, Any] = {NO_B: a * x, SWAPPED: b * x + a}
    causes |= other_terms.sums(
        {"a·x": a * x, "−a·x": -a * x, "a·x²": a * x**2, "x": x, "a": a + zero, "a + x": a + x}
        | {"b·x": b * x, "a·b·x": a * b * x, "": zero},
        {
            "b": b + zero,
            "−b": -b + zero,
            "b·x": b * x,
            "a·b": a * b + zero,
            "a": a + zero,
            "": zero,
        },
    )
    expected, scale = a * x + b, largest((a * x).abs() + b.abs())
    free = None if inputs["x"].requires_grad else False
    what = "predict(x, a, b)"
    expect_close(got, expected, what, requires_grad=free, causes=causes, scale=scale)


def largest(terms: Tensor) -> float:
    return terms.max().item()


@rounds(half=True)
@points(1)
def test_predict(student: Student, draw: Draw) -> None:
    """`predict(x, a, b)` is a·x + b."""
    expect_line(student, draw, draw.magnitude("x, b", tiny=TINY))
    if draw.round.all_equal:
        expect_line(student, draw, 0.0)


@probe
def measure(student: Any, by_default: bool, y_pred: Tensor, y: Tensor, again: bool) -> Any:
    results = []
    if again:  # with the same object, which holds other numbers the first time
        numbers, y_pred = y_pred, y_pred.detach() + 1
        results.append(student.mse(y_pred, y))
        y_pred.copy_(numbers.detach())
    return [*results, called(student.mse, by_default, y_pred, y)]


def expect_error(student: Student, draw: Draw, size: float, by_default: bool = False) -> None:
    m = draw.size("m")
    y_pred = draw.layout("y_pred", size * numbers(draw, m))
    y = draw.layout("y", size * numbers(draw, m))
    inputs = draw.needing({"y_pred": y_pred, "y": y})
    got = student.run(measure, by_default=by_default, again=size == 0, **inputs)
    if size == 0:
        first = torch.ones((), dtype=draw.dtype)
        expect_close(
            got[0], first, "mse(y_pred, y)", causes={explain.STALE: torch.zeros_like(first)}
        )
    error = y_pred.double() - y.double()
    expected = (error**2).mean().to(draw.dtype)
    everything = y_pred.double().reshape(-1, 1) - y.double()
    causes = {
        NO_SQUARE: error.mean(),
        ABSOLUTE: error.abs().mean(),
        ROOT: expected.sqrt(),
        NORM: other_terms.either(got[-1], m**0.5 * expected.sqrt(), expected.sqrt() / m**0.5),
        SQUARE_OF_MEAN: error.mean() ** 2,
        SQUARES: (y_pred.double() ** 2 - y.double() ** 2).mean(),
        PRECEDENCE: (y_pred.double() - y.double() ** 2).mean(),
        explain.BROADCAST: (everything**2).mean(),
    }
    expect_close(
        got[-1],
        expected,
        "mse(y_pred, y)",
        requires_grad=None if inputs["y"].requires_grad else False,
        factors={"m": m},
        causes={
            cause: value.to(draw.dtype)
            for cause, value in (causes | other_terms.counts(got[-1], expected, "m", m)).items()
        },
        scale=size**2,
    )


@rounds(half=True)
@points(2)
def test_mse(student: Student, draw: Draw) -> None:
    """`mse(y_pred, y)` is the mean squared error, a scalar."""
    expect_error(student, draw, draw.magnitude("y_pred, y", tiny=TINY))
    if draw.round.all_equal:
        expect_error(student, draw, 0.0)


def autograd(x: Tensor, y: Tensor, a: Tensor, b: Tensor) -> tuple[Tensor, ...]:
    """The gradients, worked out in float64 and given in the dtype of `a`."""
    leaves = [a.detach().double().requires_grad_(), b.detach().double().requires_grad_()]
    loss = ((leaves[0] * x.double() + leaves[1] - y.double()) ** 2).mean()
    return tuple(grad.to(a.dtype) for grad in torch.autograd.grad(loss, leaves))


def size_of_terms(x: Tensor, y: Tensor, a: Tensor, b: Tensor) -> float:
    """How large the terms are that the gradients are sums of; 1 at least, so that differences of `mse` may do."""
    error = 2 * (largest((a * x).abs()) + b.abs().item() + largest(y.abs()))
    return max(1.0, error) * max(1.0, largest(x.abs()))


@probe
def work_out(student: Any, by_default: bool, x: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Any:
    return called(student.gradients, by_default, x, y, a, b)


def expect_gradients(
    student: Student,
    draw: Draw,
    shapes: tuple[Any, Any],
    size: float = 1.0,
    by_default: bool = False,
) -> None:
    """Holds the gradients of an `a` of the one shape and a `b` of the other against autograd's."""
    m = draw.size("m")
    x = draw.layout("x", size * numbers(draw, m))
    y = draw.layout("y", size * numbers(draw, m))
    a, b = draw.normal(*shapes[0]), size * draw.normal(*shapes[1])
    inputs = draw.needing({"x": x, "y": y, "a": a, "b": b})
    got = student.run(work_out, by_default=by_default, **inputs)
    expect(isinstance(got, list | tuple) and len(got) == 2, _("gradients does not give a pair."))
    grads = dict(zip("ab", autograd(x, y, a, b), strict=True))
    causes = {
        NO_X: {"a": grads["b"].reshape(a.shape), "b": grads["b"]},
        MEANS: {"a": grads["b"].reshape(a.shape) * x.mean(), "b": grads["b"]},
        X_TWICE: {
            "a": (2 * (a * x + b - y).double() * x.double() ** 2).mean().reshape(a.shape),
            "b": grads["b"],
        },
        WITH_X: {"a": grads["a"], "b": grads["a"].reshape(b.shape)},
        MEAN_FIRST: {"a": grads["b"] * x, "b": grads["b"]},
        A_FOR_X: {"a": grads["b"].reshape(a.shape) * a, "b": grads["b"]},
    }
    errors = {
        "a·x − y": a * x - y,
        "a·x + b": a * x + b,
        "a·x + b + y": a * x + b + y,
        "b − y": b - y,
        "|ŷ − y|": (a * x + b - y).abs(),
        "(ŷ − y)²": (a * x + b - y) ** 2,
        "b·x + a − y": b * x + a - y,
        "mse(ŷ, y)": ((a * x + b - y) ** 2).mean() + 0 * x,
    }
    for found, error in errors.items():
        causes[OTHER_ERROR.of(found=found)] = {
            "a": 2 * (error.double() * x.double()).mean().reshape(a.shape),
            "b": 2 * error.double().mean().reshape(b.shape),
        }
    sign = (a * x + b - y).double().sign()
    causes[OF_ABSOLUTE] = {
        "a": (sign * x.double()).mean().reshape(a.shape),
        "b": sign.mean().reshape(b.shape),
    }
    everything = ((a * x + b).reshape(-1, 1) - y).double()
    # x in a row, and in a column
    products = [
        2 * (everything * x.double().reshape(shape)).mean().reshape(a.shape)
        for shape in ((1, -1), (-1, 1))
    ]
    causes[explain.BROADCAST] = {
        "a": other_terms.either(got[0], *products),
        "b": 2 * everything.mean().reshape(b.shape),
    }
    expect_close(
        dict(zip("ab", got, strict=True)),
        grads,
        _("the gradients"),
        requires_grad=None if inputs["x"].requires_grad else False,
        factors={"m": m, "m − 1": m - 1},
        causes=causes,
        scale=size_of_terms(x, y, a, b),
    )


@rounds(half=True)
@points(3)
@follows("predict")
def test_gradients(student: Student, draw: Draw) -> None:
    """`gradients` gives the pair (∂mse/∂a, ∂mse/∂b), by hand."""
    expect_gradients(student, draw, ((), ()), draw.magnitude("x, y, b", tiny=TINY))
    if draw.round.all_equal:
        expect_gradients(student, draw, ((), ()), 0.0)


@rounds("published", "equal")
@points(1)
@needs("gradients")
def test_gradients_shapes(student: Student, draw: Draw) -> None:
    """Each gradient has its parameter's shape, also where that is (1,)."""
    for shapes in list(SHAPES.values())[1:]:
        expect_gradients(student, draw, shapes)


@probe
def take_steps(
    student: Any,
    by_default: bool,
    x: Tensor,
    y: Tensor,
    a: Tensor,
    b: Tensor,
    lr: float,
    steps: int,
) -> Any:
    pairs = []
    for _unused in range(steps):
        pair = called(student.step, by_default, x, y, a, b, lr)
        if not (isinstance(pair, tuple | list) and len(pair) == 2):
            return "no pair"
        pairs.append(pair)
        a, b = pair
    return pairs


def expect_steps(student: Student, draw: Draw, size: float, by_default: bool = False) -> None:
    m, shapes = draw.size("m"), draw.choice("shapes", SHAPES)
    x, y = (draw.layout(name, size * draw.normal(m)) for name in ("x", "y"))
    a, b = size * draw.normal(*shapes[0]), size * draw.normal(*shapes[1])
    # few and small ones where x is large, or else they would run away
    steps = draw.count("steps", 1, 12 if size <= 1 else 2)
    low, high = (1.1, 1.5) if draw.round.ones == 0 else (0.05, 0.15)
    lr = draw.uniform(low, high).item() / max(1.0, largest(x.abs())) ** 2
    inputs = draw.needing({"x": x, "y": y})
    got = student.run(take_steps, by_default=by_default, a=a, b=b, lr=lr, steps=steps, **inputs)
    expect(got != "no pair", _("step does not give a pair."))

    def walk(
        factor: float,
        a_first: bool = False,
        moving: tuple[float, float] = (1, 1),
        by: str = "ab",
        swapped: bool = False,
        start: float = 1.0,
        turned: bool = False,
    ) -> list[tuple[Tensor, Tensor]]:
        """The parameters after each step."""
        pairs, at = [], (a, b)
        for _unused in got:
            place = at[::-1] if swapped else at
            grads = dict(zip("ab", autograd(x, y, *place), strict=True))
            of_a, of_b = grads[by[0]].reshape(a.shape), grads[by[1]].reshape(b.shape)
            at = start * at[0], start * at[1]
            new_a = at[0] - moving[0] * factor * lr * of_a
            if a_first:
                of_b = autograd(x, y, new_a, at[1])[1]
            at = new_a, at[1] - moving[1] * factor * lr * of_b
            at = at[::-1] if turned else at
            pairs.append(at)
        return pairs

    causes = explain.step_causes(walk, lr) | {
        NEW_A: lambda: walk(1, a_first=True),
        ONE_LEFT.of(name="a"): lambda: walk(1, moving=(0, 1)),
        ONE_LEFT.of(name="b"): lambda: walk(1, moving=(1, 0)),
        TURNED: lambda: walk(1, turned=True),
        STEP_ALONE: lambda: walk(-1, start=0.0),
        AT_SWAPPED: lambda: walk(1, swapped=True),
        CROSSED: lambda: walk(1, by="ba"),
        MOVED_BY.of(name="b", other="a"): lambda: walk(1, by="aa"),
        MOVED_BY.of(name="a", other="b"): lambda: walk(1, by="bb"),
        ONE_UPHILL.of(name="a"): lambda: walk(1, moving=(-1, 1)),
        ONE_UPHILL.of(name="b"): lambda: walk(1, moving=(1, -1)),
        ALL_M: lambda: walk(m),
        PER_M: lambda: walk(1 / m),
    }
    causes |= other_terms.rates(walk, lr)
    what = _("(a, b) after each of {steps} steps").format(steps=steps)
    free = None if inputs["x"].requires_grad else False
    expect_close(got, walk(1), what, requires_grad=free, causes=causes, scale=max(1.0, size**2))


@rounds(half=True)
@points(2)
@follows("predict", "gradients")
def test_step(student: Student, draw: Draw) -> None:
    """`step` gives the pair of new parameters after one step of gradient descent."""
    expect_steps(student, draw, draw.magnitude("x, y, a, b", tiny=TINY))
    if draw.round.all_equal:
        expect_steps(student, draw, 0.0)


@points(1)
@needs("predict", "mse", "gradients", "step")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """All four functions work on any device: results are where the inputs are."""
    for by_default in (False, True):
        if by_default:
            draw.tell_default(elsewhere.device)
        expect_line(elsewhere, draw, 1.0, by_default)
        expect_error(elsewhere, draw, 1.0, by_default)
        expect_gradients(elsewhere, draw, ((), ()), 1.0, by_default)
        expect_steps(elsewhere, draw, 1.0, by_default)


HINTS = (
    """Both gradients begin with the error ŷ − y at every point. Work that out once, then write the two
    formulas as they stand.""",
    """A mean over the points is 0-dim, but a parameter may have the shape (1,): `reshape` each gradient to
    the shape of its own parameter. `step` takes both gradients before it changes anything, and returns
    new tensors: with `-=` it would change its caller's.""",
    """```python
    error = predict(x, a, b) - y
    grad_a = (2 * (error * x).mean()).reshape(a.shape)
    grad_b = (2 * error.mean()).reshape(b.shape)
    ```

    `mse` is `((y_pred - y) ** 2).mean()`, and `step` returns `a - lr * grad_a, b - lr * grad_b`.""",
)
COMPARE = """Another right way: the two gradients are one matrix product, `2 / m * A.T @ error` with `A = [x, 1]` as
    columns. So it goes on for any number of parameters.

    For a line no descent is needed: `torch.linalg.lstsq(A, y)` solves it at once. Descent is for what has no
    such formula."""
