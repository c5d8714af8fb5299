"""`torch.autograd.Function`: forward values, written-out gradients, and what needs none."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from grader import (
    Cause,
    Draw,
    Received,
    Student,
    _,
    called,
    expect,
    expect_close,
    follows,
    helper,
    needs,
    other_terms,
    points,
    probe,
    rounds,
)

NO_BIAS = Cause("missing-term", "The bias is missing.")
SUBTRACTED = Cause("sign-of-term", "The bias is subtracted.")
UPSTREAM = Cause(
    "upstream-ignored",
    "The gradient from above is ignored: multiply with what `backward` is given.",
)
ONES = Cause(
    "upstream-ignored",
    "It is 1 everywhere, whatever comes from above: take what `backward` is given.",
)
ZERO = Cause(
    "zero",
    "It is zero everywhere, as the slope of rounding is; what `backward` is given is to pass unchanged.",
)
RETURNS_NONE = Cause(
    "no-gradient", "`backward` gives None in its place, where `ctx.needs_input_grad` is True."
)
SIGN_OF_X = Cause("sign", "The gradient of x has the sign the wrong way round.")
WEIGHT_TURNED = Cause("transpose", "The gradient of x takes the weight transposed.")
GRADIENT_TURNED = Cause("transpose", "The gradient of the weight is transposed.")
SWAPPED = Cause("swapped", "The gradients of x and of the weight stand in each other's place.")
LAST_KEPT = Cause(
    "stale",
    "Both layers use what the second one kept: keep it in `ctx`, not in the class or a global.",
)
ROUNDING = Cause("rounding", "It rounds in another way than `torch.round`: {how}.")
WHOLE_32 = Cause(
    "rounding",
    "It goes by int32, as `.int()` does: that cuts the decimals off, and numbers beyond 2³¹ do not fit.",
)
WHOLE_64 = Cause(
    "rounding",
    "It goes by int64, as `.long()` does: that cuts the decimals off, and numbers beyond 2⁶³ do not fit.",
)
CLIPPED = Cause("clipped", "The gradient is cut to ±1; it is to pass unchanged.")
HARD_TANH = Cause("clipped", "It lets gradients through between −1 and 1 alone.")
TIMES_X = Cause("times-input", "The gradient is multiplied by x; it is to pass unchanged.")
TIMES_RESULT = Cause(
    "times-input", "The gradient is multiplied by the result; it is to pass unchanged."
)
SIGN_ALONE = Cause("sign", "It is the sign of the gradient from above; that is to pass unchanged.")
GRADIENT_ROUNDED = Cause("rounded", "The gradient is rounded too; it is to pass unchanged.")

FORBIDDEN: dict[str, Any] = {"by hand": {}}
# the numbers of leading dimensions, round by round, and those of what is rounded
LEADING, RANKS = (1, 1, 0, 3, 1, 2), (2, 0, 3, 2, 1, 4)
# which inputs require gradients
SUBSETS = ("x", "weight", "bias", "x bias", "x weight", "weight bias")
TINY = -8.0, -6.5  # exponents of 10
NAMES = ("x", "weight", "bias")


@helper
def function_of(student: Any, name: str) -> Any:
    """The student's class, or None where it is no Function: then `apply` means nothing."""
    thing = getattr(student, name)
    return thing if isinstance(thing, type) and issubclass(thing, torch.autograd.Function) else None


@helper
def watched(function: Any, seen: list[Any]) -> Any:
    """The same Function, which notes in `seen` what its `backward` returns."""

    def backward(ctx: Any, *grads: Tensor) -> Any:
        result = function.backward(ctx, *grads)
        seen.extend(result if isinstance(result, tuple) else [result])
        return result

    # under its own name, which stands in autograd's messages
    return type(function)(function.__name__, (function,), {"backward": staticmethod(backward)})


@probe
def apply_linear(
    student: Any, by_default: bool, x: Tensor, weight: Tensor, bias: Tensor | None
) -> Any:
    function = function_of(student, "LinearFunction")
    if function is None:
        return "no Function"
    return called(function.apply, by_default, x, weight, bias)


@probe
def differentiate_linear(
    student: Any, by_default: bool, x: Tensor, weight: Tensor, bias: Tensor | None, g: Tensor
) -> Any:
    """Output and gradients, with `g` coming from above."""
    function = function_of(student, "LinearFunction")
    if function is None:
        return "no Function"
    leaves = {"x": x, "weight": weight, "bias": bias}
    own = True
    returned: list[Any] = []
    output = function.apply(x, weight, bias)
    if any(leaf is not None and leaf.requires_grad for leaf in leaves.values()):
        own = isinstance(output.grad_fn, torch.autograd.function.BackwardCFunction)
        watching = watched(function, returned).apply(x, weight, bias)
        called(watching.backward, by_default, g)
    return {
        "own": own,
        "output": output.detach(),
        "grads": {name: None if leaf is None else leaf.grad for name, leaf in leaves.items()},
        "returned": returned,
    }


def drawn(
    draw: Draw, needing: str, size_of_x: float = 1.0, size_of_g: float = 1.0
) -> dict[str, Any]:
    """Arguments of `differentiate_linear`, of which those named in `needing` require gradients."""
    lead = draw.shape("lead", LEADING, elements=256)
    n_in, n_out = draw.size("n_in"), draw.size("n_out")
    values = {
        "x": size_of_x * draw.normal(*lead, n_in),
        "weight": draw.normal(n_out, n_in),
        # of the size of the product, so that neither hides the other
        "bias": size_of_x * draw.normal(n_out),
        "g": size_of_g * draw.normal(*lead, n_out),
    }
    inputs = {name: draw.layout(name, value) for name, value in values.items()}
    for name in needing.split():
        inputs[name].requires_grad_()
    return inputs


def is_returned(got: Any, name: str) -> bool:
    """Whether the gradient of an input is what `backward` has returned, and was not added on another way."""
    value = dict(zip(NAMES, got["returned"], strict=False)).get(name)
    if not isinstance(value, Received):
        return False
    grad = got["grads"][name].tensor
    try:
        # autograd sums what is larger than the input
        given = value.tensor.to(grad.dtype).sum_to_size(grad.shape)
        return torch.allclose(given, grad, rtol=1e-3, equal_nan=True)
    except RuntimeError:
        return False


def expect_function(got: Any) -> None:
    expect(got != "no Function", _("LinearFunction is not a subclass of torch.autograd.Function."))


def expect_gradients(
    student: Student,
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    g: Tensor,
    size: float = 1.0,
    by_default: bool = False,
) -> Any:
    got = student.run(
        differentiate_linear, by_default=by_default, x=x, weight=weight, bias=bias, g=g
    )
    expect_function(got)
    cause = _("Autograd differentiated the forward pass itself: do not override `apply`.")
    others = _("The result does not come from LinearFunction's own backward.")
    expect(got["own"], others, cause)
    leaves = dict(zip(NAMES, (x, weight, bias), strict=True))
    needing = {name: leaf for name, leaf in leaves.items() if leaf is not None}
    needing = {name: leaf for name, leaf in needing.items() if leaf.requires_grad}
    expected = reference(leaves, list(needing), g)
    for name in needing:
        returned = dict(zip(NAMES, got["returned"], strict=False))
        expect(
            got["grads"][name] is not None,
            _("`{name}` gets no gradient.").format(name=name),
            RETURNS_NONE if name in returned and returned[name] is None else "",
        )
        expect(is_returned(got, name), others, cause)
    ones = reference(leaves, list(needing), torch.ones_like(g))
    turned = expected | {"weight": expected["weight"].mT} if "weight" in expected else expected
    literal = {name: torch.ones_like(value) for name, value in expected.items()}
    causes = {UPSTREAM: ones, GRADIENT_TURNED: turned, ONES: literal}
    factors = {_("the number of samples"): x.numel() // x.shape[-1]}
    expect_close(
        got["grads"], expected, "gradients", factors=factors, causes=causes, scale=10 * size
    )
    return got


def reference(leaves: dict[str, Any], needing: list[str], g: Tensor) -> dict[str, Tensor]:
    """Autograd's gradients of those that need one, worked out in float64."""
    exact: dict[str, Any] = {
        name: None if leaf is None else leaf.detach().double() for name, leaf in leaves.items()
    }
    asked = [exact[name].requires_grad_() for name in needing]
    grads = torch.autograd.grad((F.linear(*exact.values()) * g.double()).sum(), asked)
    return {name: grad.to(g.dtype) for name, grad in zip(needing, grads, strict=True)}


@rounds(half=True)
@points(1)
def test_linear_forward(student: Student, draw: Draw) -> None:
    """`LinearFunction.apply(x, weight, bias)` is x weightᵀ + bias."""
    expect_output(student, draw, draw.magnitude("x, bias", tiny=TINY))
    if draw.round.all_equal:
        expect_output(student, draw, 0.0)


def expect_output(student: Student, draw: Draw, size: float, by_default: bool = False) -> None:
    inputs = drawn(draw, "", size)
    del inputs["g"]
    got = student.run(apply_linear, by_default=by_default, **inputs)
    expect_function(got)
    x, weight, bias = (value.double() for value in inputs.values())
    product = x @ weight.T
    causes = {NO_BIAS: product.to(draw.dtype), SUBTRACTED: (product - bias).to(draw.dtype)}
    what = "LinearFunction.apply(x, weight, bias)"
    expected = (product + bias).to(draw.dtype)
    expect_close(got, expected, what, causes=causes, scale=size)


@rounds(half=True)
@points(2)
def test_linear_backward(student: Student, draw: Draw) -> None:
    """`LinearFunction.backward` gives the gradients of x, weight and bias."""
    size = draw.magnitude("the gradient from above", tiny=TINY)
    expect_gradients(student, **drawn(draw, "x weight bias", size_of_g=size), size=size)
    if draw.round.all_equal:
        expect_gradients(student, **drawn(draw, "x weight bias", size_of_g=0.0))


@points(1)
@follows("linear_forward", "linear_backward")
def test_linear_needs(student: Student, draw: Draw) -> None:
    """`LinearFunction.backward` gives `None` for inputs that need no gradient, the others theirs."""
    for needing in SUBSETS:
        draw.drawn["needing"] = _("a gradient is needed for {needing}").format(needing=needing)
        got = expect_gradients(student, **drawn(draw, needing))
        for name, grad in zip(NAMES, got["returned"], strict=False):
            expect(
                name in needing or grad is None,
                _(
                    "backward works out a gradient for `{name}`, which needs none; it should be "
                    "None there."
                ).format(name=name),
                _("`ctx.needs_input_grad` says which inputs need one."),
            )


@rounds("published", "ones", "large")
@points(1)
@follows("linear_forward", "linear_backward")
def test_linear_without_bias(student: Student, draw: Draw) -> None:
    """The bias of `LinearFunction` may be `None`, in the forward and in the backward pass."""
    needing = draw.choice("gradients for", ["x weight", "x", "weight"])
    inputs = drawn(draw, needing) | {"bias": None}
    got = expect_gradients(student, **inputs)
    expected = (inputs["x"] @ inputs["weight"].T).detach()
    expect_close(got["output"], expected, "LinearFunction.apply(x, weight, None)")


@probe
def apply_twice(
    student: Any, x: Tensor, weights: list[Tensor], biases: list[Tensor], before: int
) -> Any:
    # whose graphs are still there
    others = [student.LinearFunction.apply(x, weights[0], biases[0]) for _unused in range(before)]
    value = x
    for weight, bias in zip(weights, biases, strict=True):
        value = torch.tanh(student.LinearFunction.apply(value, weight, bias))
    value.sum().backward()
    del others
    return [leaf.grad for leaf in (x, *weights, *biases)]


@rounds("published", "equal")
@points(1)
@follows("linear_forward", "linear_backward")
def test_linear_in_two_layers(student: Student, draw: Draw) -> None:
    """Two `LinearFunction`s work in one network: each backward uses what its own forward kept."""
    # all sizes are the same, so that the other layer's tensors fit, and show in the numbers alone
    n = draw.size("n", high=16)
    before = 0 if draw.round.is_published else draw.count("calls before", 100, 130)
    x, *weights = (draw.normal(n, n) for _ in range(3))
    weights = [weight / n**0.5 for weight in weights]
    biases = [draw.normal(n), draw.normal(n)]
    leaves = [leaf.requires_grad_() for leaf in (x, *weights, *biases)]
    got = student.run(apply_twice, x=x, weights=weights, biases=biases, before=before)
    hidden = torch.tanh(F.linear(x, weights[0], biases[0]))
    output = torch.tanh(F.linear(hidden, weights[1], biases[1]))
    names = (
        "x",
        _("the first weight"),
        _("the second weight"),
        _("the first bias"),
        _("the second bias"),
    )
    grads = torch.autograd.grad(output.sum(), leaves)
    mistakes = (UPSTREAM, SIGN_OF_X, WEIGHT_TURNED, GRADIENT_TURNED, SWAPPED, LAST_KEPT)
    expect_close(
        dict(zip(names, got, strict=True)),
        dict(zip(names, grads, strict=True)),
        _("in a network of two layers, gradients"),
        factors={_("the number of samples"): n},
        causes=lambda: {
            cause: dict(zip(names, two_layers(x, weights, biases, cause), strict=True))
            for cause in mistakes
        },
    )


@torch.no_grad()
def two_layers(
    x: Tensor, weights: list[Tensor], biases: list[Tensor], mistake: Cause
) -> list[Tensor]:
    """The gradients of x, weights and biases, with a mistake in `backward`."""
    hidden = torch.tanh(F.linear(x, weights[0], biases[0]))
    output = torch.tanh(F.linear(hidden, weights[1], biases[1]))
    by_weight, by_bias = [], []
    grad = torch.ones_like(output)
    for layer, (value, came_out) in ((1, (hidden, output)), (0, (x, hidden))):
        grad = grad * (1 - came_out**2)
        weight = weights[layer]
        if mistake == LAST_KEPT:
            value, weight = hidden, weights[1]
        of_bias, of_weight, of_x = grad.sum(0), grad.T @ value, grad @ weight
        if mistake == UPSTREAM:
            of_x = torch.ones_like(grad) @ weight
        elif mistake == SIGN_OF_X:
            of_x = -of_x
        elif mistake == WEIGHT_TURNED:
            of_x = grad @ weight.T
        elif mistake == GRADIENT_TURNED:
            of_weight = of_weight.T
        elif mistake == SWAPPED:
            of_x, of_weight = of_weight, of_x
        by_weight.append(of_weight)
        by_bias.append(of_bias)
        grad = of_x
    return [grad, *reversed(by_weight), *reversed(by_bias)]


@probe(once="it takes long, and calls what `apply_linear` calls")
def grad_check(student: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Any:
    arguments: Any = (x, weight, bias)
    return torch.autograd.gradcheck(student.LinearFunction.apply, arguments, raise_exception=False)


@pytest.mark.parametrize("bias", [True, False])
@points(1)
@follows("linear_forward", "linear_backward")
def test_linear_gradcheck(student: Student, bias: bool) -> None:
    """`LinearFunction` passes `torch.autograd.gradcheck`."""
    # its finite differences need float64, and take a call for each number: once is enough
    draw = Draw(0, torch.float64)
    values = {"x": draw.normal(2, 3), "weight": draw.normal(2, 3), "bias": draw.normal(2)}
    inputs = {name: draw.strided(value).requires_grad_() for name, value in values.items()}
    got = student.run(grad_check, **(inputs if bias else inputs | {"bias": None}))
    given = _("with a bias") if bias else _("without a bias")
    expect(
        got is True,
        _("torch.autograd.gradcheck does not accept LinearFunction {given}.").format(given=given),
    )


@probe
def apply_round(student: Any, by_default: bool, x: Tensor) -> Any:
    function = function_of(student, "StraightThroughRound")
    return "no Function" if function is None else called(function.apply, by_default, x)


@probe
def differentiate_round(student: Any, by_default: bool, x: Tensor, g: Tensor, twice: bool) -> Any:
    function = function_of(student, "StraightThroughRound")
    if function is None:
        return "no Function"
    output = function.apply(x)
    if twice:
        output = output + 2 * function.apply(x)
    called(output.backward, by_default, g)
    return {"grad": x.grad}


def halves(draw: Draw, size: float = 3.0) -> Tensor:
    """Numbers of which the first are halves, which go to the even neighbour."""
    shape = draw.shape("shape", RANKS, elements=4096)
    exact = torch.tensor([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]).to(draw.dtype)
    values = size * draw.normal(math.prod(shape))
    several = min(len(exact), -(-len(values) // 2))
    values[:several] = exact[:several]
    return values.reshape(shape)


def extremes(dtype: torch.dtype) -> Tensor:
    """Numbers at which ways round `torch.round` go wrong: next to a half, next to 0, and the largest there are."""
    info, one = torch.finfo(dtype), torch.tensor(1.0, dtype=dtype)
    below = torch.nextafter(one / 2, one * 0).item()
    # where the digits end: of these, each second one is a whole number and a half
    whole = 1 / info.eps
    values = [below, torch.nextafter(one / 2, one).item(), info.tiny / 4, info.max, whole - 0.5]
    values += [whole / 2 + 0.5, whole + 1, min(1e20, info.max / 2), 0.0]
    found = torch.tensor(values, dtype=torch.float64).to(dtype)
    return torch.cat([found, -found])


def expect_rounded(student: Student, draw: Draw, x: Tensor, by_default: bool = False) -> None:
    got = student.run(apply_round, by_default=by_default, x=x)
    expect(got != "no Function", _("StraightThroughRound is not a torch.autograd.Function."))
    away = (x.abs() + 0.5).floor() * x.sign()
    causes = {
        ROUNDING.of(how=_("halves go up")): (x + 0.5).floor(),
        ROUNDING.of(how=_("halves go away from zero")): away,
        ROUNDING.of(how=_("the decimals are cut off")): x.trunc(),
        ROUNDING.of(how=_("1/2 is added, and the decimals are cut off")): (x + 0.5).trunc(),
        ROUNDING.of(how=_("all go down")): x.floor(),
        ROUNDING.of(how=_("all go up")): x.ceil(),
        ROUNDING.of(how=_("one decimal is kept")): x.round(decimals=1),
        ROUNDING.of(how=_("two decimals are kept")): x.round(decimals=2),
        ROUNDING.of(how=_("halves go towards zero")): (x.abs() - 0.5).ceil() * x.sign(),
        ROUNDING.of(how=_("nothing is rounded")): x,
        WHOLE_32: other_terms.either(got, *(each.int().to(x.dtype) for each in (x, x.round()))),
        WHOLE_64: other_terms.either(got, *(each.long().to(x.dtype) for each in (x, x.round()))),
    }
    what = "StraightThroughRound.apply(x)"
    expect_close(got, torch.round(x), what, rtol=0.0, causes=causes)


@rounds(half=True)
@points(1)
def test_round_forward(student: Student, draw: Draw) -> None:
    """`StraightThroughRound.apply(x)` rounds as `torch.round` does."""
    # too large for int64 in one round, and for the digits of float32 in another
    factors = {"3": 3.0, "0.4": 0.4, "2⁷⁰": 2.0**70, "10": 10.0, "2³⁰": 2.0**30}
    sizes = {f"{told}·randn, k + ½": factor for told, factor in factors.items()}
    size = 3.0 if draw.dtype.itemsize == 2 else draw.choice("x", sizes)
    expect_rounded(student, draw, draw.layout("x", halves(draw, size)))
    if draw.round.all_equal or draw.round.ones == 0:
        expect_rounded(student, draw, torch.zeros(draw.shape("shape", RANKS), dtype=draw.dtype))
        expect_rounded(student, draw, extremes(draw.dtype))


def expect_passed(
    student: Student, x: Tensor, g: Tensor, by_default: bool = False, twice: bool = False
) -> None:
    leaf = x.detach().requires_grad_()
    got = student.run(differentiate_round, by_default=by_default, x=leaf, g=g, twice=twice)
    expect(got != "no Function", _("StraightThroughRound is not a torch.autograd.Function."))
    expect(got["grad"] is not None, _("`{name}` gets no gradient.").format(name="x"), RETURNS_NONE)
    if twice:
        what = _("the gradient of x, which is rounded twice in one expression")
        expect_close(got["grad"], g + 2 * g, what)
        return
    causes = {
        ONES: torch.ones_like(g),
        ZERO: torch.zeros_like(g),
        CLIPPED: g.clamp(-1, 1),
        HARD_TANH: g * (x.abs() <= 1),
        TIMES_X: g * x,
        TIMES_RESULT: g * x.round(),
        SIGN_ALONE: g.sign(),
        GRADIENT_ROUNDED: g.round(),
    }
    causes |= other_terms.partly_zero(got["grad"], g)
    expect_close(got["grad"], g, _("the gradient of x"), rtol=0.0, causes=causes)


@rounds(half=True)
@points(1)
def test_round_backward(student: Student, draw: Draw) -> None:
    """The gradient passes through `StraightThroughRound` unchanged."""
    x = halves(draw)
    size = draw.magnitude("the gradient from above", tiny=TINY)
    g = draw.layout("the gradient from above", 2 * size * draw.normal(*x.shape))
    x = draw.layout("x", x)
    expect_passed(student, x, g)
    if draw.round.all_equal:
        expect_passed(student, x, torch.zeros_like(g))
        expect_passed(student, x, g, twice=True)


@points(1)
@needs(
    "linear_forward", "linear_backward", "linear_without_bias", "round_forward", "round_backward"
)
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """Both Functions work on any device, forward and backward."""
    expect_output(elsewhere, draw, 1.0)
    test_linear_backward(elsewhere, draw)
    test_linear_without_bias(elsewhere, draw)
    test_round_forward(elsewhere, draw)
    test_round_backward(elsewhere, draw)
    draw.tell_default(elsewhere.device)
    expect_output(elsewhere, draw, 1.0, by_default=True)
    expect_gradients(elsewhere, **drawn(draw, "x weight bias"), by_default=True)
    x = halves(draw)
    expect_rounded(elsewhere, draw, x, by_default=True)
    expect_passed(elsewhere, x, draw.normal(*x.shape), by_default=True)


HINTS = (
    """`backward` gets the gradient of the output, and returns one value for each argument of `forward`
    after `ctx`, in the same order. Which of the inputs do the formulas for dx, dW and db need? `forward`
    has to keep those.""",
    """`ctx.save_for_backward(…)` in `forward` keeps tensors; in `backward` they are in `ctx.saved_tensors`, in
    the same order. A sum over all samples is a product of matrices once the leading dimensions are made
    one: `grad_output.reshape(-1, out)`. `ctx.needs_input_grad[i]` says whether the input number i wants a
    gradient; if not, return `None` for it.""",
    """```python
    rows = grad_output.reshape(-1, weight.shape[0])
    grad_x = grad_output @ weight
    grad_weight = rows.T @ x.reshape(-1, weight.shape[1])
    grad_bias = rows.sum(dim=0)
    ```

    Each of them only `if ctx.needs_input_grad[…]`, else `None`. The `backward` of `StraightThroughRound`
    is `return grad_output`.""",
)
COMPARE = """Another right way: `setup_context` apart from `forward`, which newer code prefers: then `torch.func` can
    transform the function as well.

    `ctx.needs_input_grad` tells which gradients are wanted: torch's own functions leave the others out. A
    straight-through estimator can also be written without a class: `x + (x.round() - x).detach()`."""
