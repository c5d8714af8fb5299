"""Softmax, layer norm, batch norm and dropout: forward against torch's, backward against autograd's."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
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
    expect,
    expect_close,
    helper,
    needs,
    points,
    probe,
    rounds,
)

OTHER_DIM = Cause("wrong-axis", "It runs along dimension {dim}, whatever `dim` is.")
OTHER_DIMS = {each: OTHER_DIM.of(dim=str(each)) for each in (-1, 0, 1)}
OVER_ALL = Cause("wrong-axis", "It runs over all numbers at once; it is asked along `dim` alone.")
OTHER_OF_TWO = Cause("no-log", "It is softmax for log-softmax, or the reverse.")
SOFTMAX_TWICE = Cause("softmax-twice", "The softmax is taken twice.")
# what each mistake in a gradient of the softmax gives stands in `slope_by_hand`
SLOPES = {
    "diagonal": Cause("diagonal-only", "A number changes all shares along `dim`, not its own."),
    "no diagonal": Cause("missing-term", "The term of i = j is missing: its own share."),
    "other sign": Cause("sign-of-term", "The sum along `dim` has the wrong sign."),
    "no y": Cause("missing-term", "The factor y, or exp(y), of the sum along `dim` is missing."),
    "cross-entropy": Cause("missing-term", "The sum of G is missing: it need not be −1."),
    "of y": Cause("log-left-in", "y is taken for the shares; it is their logarithm."),
    "of the other": Cause("swapped", "It is the gradient of the other one of the two."),
    "softmax of y": SOFTMAX_TWICE,
}
# what each mistake in a normalization gives stands in `by_hand`
NORMS = {
    "n - 1": Cause("unbiased", "v is divided by one less, as `var` and `std` do by themselves."),
    "eps outside": Cause("eps-outside", "ε is added to the root; it is added to the variance."),
    "no eps": Cause("missing-term", "ε is missing."),
    "eps of its own": Cause("option-ignored", "`eps` has no effect: it is always 10⁻⁵."),
    "no mean": Cause("missing-term", "The mean is not subtracted."),
    "no root": Cause("no-root", "It is divided by the variance, not by its root."),
    "no weight": Cause("missing-term", "The factor `weight` is missing."),
    "no bias": Cause("missing-term", "`bias` is missing."),
    "other axis": Cause("wrong-axis", "Layer norm takes each row, batch norm each column."),
    "all": Cause("wrong-axis", "Mean and variance are those of all numbers at once."),
    "running": Cause("other-statistics", "In training μ and v are those of the batch."),
    "running new": Cause("other-statistics", "In training μ and v are not the new running ones."),
    "batch": Cause("other-statistics", "In evaluation μ and v are the running ones."),
    "constant": Cause("constant-statistics", "μ and v are taken for constants; both depend on x."),
    "constant mean": Cause("missing-term", "The term mean(D) is missing: μ depends on x."),
    "constant variance": Cause(
        "missing-term", "The term x̂ · mean(D · x̂) is missing: v depends on x."
    ),
    "not constant": Cause(
        "other-statistics", "In evaluation μ and v are constants: they have no terms."
    ),
    "sums": Cause("sum-for-mean", "In the gradient of x there are sums; means are asked."),
    "no inverse": Cause("missing-term", "The division of x's gradient by √(v + ε) is missing."),
    "no factor": Cause("missing-term", "The factor `weight` is missing in the gradient of x."),
    "weight by x": Cause("not-normalized", "The gradient of `weight` takes x; it takes x̂."),
    "means": Cause(
        "mean-for-sum", "The gradients of `weight` and `bias` are means; sums are asked."
    ),
}
# what each mistake in the running statistics gives stands in `running_by_hand`
STATISTICS = {
    "kept": Cause(
        "not-updated", "It is the old one. `running_mean = …` gives the name another tensor alone."
    ),
    "momentum": Cause(
        "swapped", "`momentum` is the weight of the new numbers, not of the old ones."
    ),
    "momentum of its own": Cause("option-ignored", "`momentum` has no effect: it is always 0.1."),
    "divided by n": Cause("biased", "It takes the variance divided by n; divide by n − 1 here."),
    "not weighed": Cause("missing-term", "The old one is not multiplied by 1 − momentum."),
    "batch alone": Cause("missing-term", "It is the batch's alone; the old one is to stay in it."),
}
IN_EVALUATION = Cause("other-mode", "It is updated in evaluation; there it is left as it is.")
NOT_SCALED = Cause("no-factor", "What stays is not divided by 1 − p.")
SCALED_BY_P = Cause("wrong-factor", "What stays is divided by p; it is to be divided by 1 − p.")
SCALED_DOWN = Cause("wrong-factor", "What stays is multiplied by 1 − p, not divided by it.")
MASK_MISSING = Cause("mask-missing", "The gradient passes where y is 0 as well.")
WITHOUT_BOTH = Cause("mask-missing", "The gradient passes as it is, as if nothing had become 0.")
NOT_ANEW = Cause("stale", "Draw in each call, and from a generator that goes on.")
P_KEPT = Cause("inverted", "p is taken for the probability to stay; it is that to become 0.")
TRAINING = Cause("other-mode", "It is done in evaluation as well; there nothing changes.")

FORBIDDEN: dict[str, Any] = {
    "by hand": {},
    "from scratch": {
        "names": [
            "torch.softmax",
            "torch.log_softmax",
            "torch.layer_norm",
            "torch.native_layer_norm",
            "torch.group_norm",
            "torch.batch_norm",
            "torch.native_batch_norm",
            "torch.dropout",
            "torch.nn.functional.softmax",
            "torch.nn.functional.log_softmax",
            "torch.nn.functional.layer_norm",
            "torch.nn.functional.batch_norm",
            "torch.nn.functional.dropout",
        ]
    },
}
# the numbers of dimensions, round by round: of all, and of the leading ones
RANKS = (2, 2, 3, 1, 2, 4)
LEADING = (1, 1, 2, 1, 1, 0)
# around which number, and how far from it
NUMBERS = {
    "2·randn": (0.0, 2.0),
    "5e-07·randn": (0.0, 5e-7),
    "9·randn − 10⁴": (-1e4, 9.0),
    "0": (0.0, 0.0),
    "10⁴·randn": (0.0, 1e4),
}
TINY = -10.0, -9.0  # exponents of 10
# what `expect_close` allows by itself
RTOL = {torch.float32: 2e-5, torch.float64: 1e-9}


def largest(tensor: Tensor) -> float:
    return tensor.abs().max().item()


# softmax and log-softmax


@probe
def along(
    student: Any, name: str, by_default: bool, args: Any, kwargs: Any, **inputs: Tensor
) -> Any:
    given = [inputs[each] for each in ("x", "grad", "y") if each in inputs]
    function = getattr(student, name)
    return called(lambda *tensors: function(*tensors, *args, **kwargs), by_default, *given)


def drawn_dim(draw: Draw, shape: tuple[int, ...]) -> tuple[int, Any, Any]:
    """A dimension of more than one number, and how it is handed over: as published not at all, or 0 by keyword."""
    large = [dim for dim in range(-len(shape), len(shape)) if shape[dim] > 1]
    dim = large[int(draw.integers(0, len(large)).item())]
    if draw.round.is_published:
        dim = -1 if draw.dtype == torch.float32 else 0
    draw.drawn["dim"] = f"dim = {dim}"
    return (-1, [], {}) if draw.round.is_published and dim else (dim, *draw.passed(dim=dim))


def of_other_dims(function: Callable[[int], Tensor], rank: int, dim: int) -> dict[Cause, Any]:
    """What comes out along other dimensions than the one that is asked."""
    others = [each for each in OTHER_DIMS if -rank <= each < rank and (each - dim) % rank]
    return {OTHER_DIMS[each]: partial(function, each) for each in others}


def expect_shares(student: Student, draw: Draw, name: str, by_default: bool = False) -> None:
    """Holds `softmax` or `log_softmax` against torch's."""
    shape, half = draw.shape("x", RANKS, elements=8192), draw.dtype.itemsize == 2
    middle, size = draw.choice("numbers", NUMBERS)
    dim, args, kwargs = drawn_dim(draw, shape)
    x = draw.layout("x", size * draw.normal(*shape) + middle)
    x = draw.needing({"x": x}, half)["x"]
    got = student.run(along, name=name, by_default=by_default, args=args, kwargs=kwargs, x=x)
    exact = x.detach().double()
    reference, other = torch.softmax, torch.log_softmax
    if name == "log_softmax":
        reference, other = other, reference
    expected = reference(exact, dim)
    causes = of_other_dims(partial(reference, exact), len(shape), dim) | {
        OVER_ALL: lambda: reference(exact.flatten(), 0).reshape(exact.shape),
        OTHER_OF_TWO: lambda: other(exact, dim),
        SOFTMAX_TWICE: lambda: reference(exact.softmax(dim), dim),
    }
    # a log-sum-exp loses |x|·ε
    lost = 20 * largest(exact) * torch.finfo(draw.dtype).eps
    expect_close(
        got,
        expected.to(draw.dtype),
        f"{name}(x)",
        rtol=lost if not half and lost > RTOL[draw.dtype] else None,
        requires_grad=None if half else False,
        causes=causes,
        scale=max(1.0, largest(expected)),
    )


@rounds(half=True)
@points(1)
def test_softmax(student: Student, draw: Draw) -> None:
    """`softmax(x, dim)` gives shares along `dim`, for numbers of any size."""
    expect_shares(student, draw, "softmax")


@rounds(half=True)
@points(1)
def test_log_softmax(student: Student, draw: Draw) -> None:
    """`log_softmax(x, dim)` is their logarithm, finite for numbers of any size."""
    expect_shares(student, draw, "log_softmax")


def slope_by_hand(name: str, grad: Tensor, y: Tensor, mistake: str, dim: int) -> Tensor:
    """The gradient at the input, with a mistake; without one it is what autograd gives."""
    soft = (name == "softmax_backward") != (mistake == "of the other")
    p = y if name == "softmax_backward" or mistake == "of y" else y.exp()
    if mistake == "softmax of y":
        p = y.softmax(dim)
    own = p * grad if soft else grad
    summed = own.sum(dim, keepdim=True)
    across = summed if mistake == "no y" else p * summed
    mistaken = {
        "diagonal": (1 - p) * own,
        "no diagonal": -across,
        "other sign": own + across,
        "cross-entropy": grad + p,
    }
    return mistaken.get(mistake, own - across)


def expect_slopes(
    student: Student, draw: Draw, name: str, size: float = 1.0, by_default: bool = False
) -> None:
    """Holds one of the two gradients against autograd's, at a `y` that is given."""
    shape, half = draw.shape("y", RANKS, elements=8192), draw.dtype.itemsize == 2
    dim, args, kwargs = drawn_dim(draw, shape)
    x = draw.choice("numbers", {"2·randn": 2.0, "9·randn": 9.0}) * draw.normal(*shape).double()
    shares = x.softmax(dim) if name == "softmax_backward" else x.log_softmax(dim)
    y = draw.layout("y", shares.to(draw.dtype))
    grad = draw.layout("grad", size * draw.numbers(*shape))
    given = draw.needing({"grad": grad, "y": y}, half)
    got = student.run(along, name=name, by_default=by_default, args=args, kwargs=kwargs, **given)
    slope = partial(slope_by_hand, name, grad.double(), y.double())
    causes = {cause: partial(slope, mistake, dim) for mistake, cause in SLOPES.items()}
    expect_close(
        got,
        slope("", dim).to(draw.dtype),
        f"{name}(grad, y)",
        requires_grad=None if half else False,
        causes=causes | of_other_dims(partial(slope, ""), len(shape), dim),
        scale=largest(grad.double().abs().sum(dim) if name[0] == "l" else grad.double()),
    )


@rounds(half=True)
@points(1)
def test_softmax_backward(student: Student, draw: Draw) -> None:
    """`softmax_backward` and `log_softmax_backward` give the gradients at the inputs."""
    size = draw.magnitude("grad", zero=True, tiny=TINY)
    for name in ("softmax_backward", "log_softmax_backward"):
        expect_slopes(student, draw, name, size)


# layer norm and batch norm

EPS = {"0.01": 0.01, "1e-05": 1e-5, "0.3": 0.3}
MOMENTA = {"0.3": 0.3, "0.1": 0.1, "1.0": 1.0}
RUNNING = ("running_mean", "running_var")


@dataclass(frozen=True)
class Norm:
    """A normalization along the dimension `over`, and what it is tried with; `args` and `kwargs` are its options."""

    name: str
    over: int
    inputs: dict[str, Tensor]
    grad: Tensor
    training: bool
    eps: float
    momentum: float
    args: list[Any]
    kwargs: dict[str, Any]

    def asked(self, student: Student, back: bool, by_default: bool) -> Any:
        call = {"name": self.name, "args": self.args, "kwargs": self.kwargs, "grad": self.grad}
        call["backward"] = self.name + "_backward" if back else ""
        got = student.run(normalize, **call, by_default=by_default, **self.inputs)
        sentence = _("{name} does not return a pair (y, cache).").format(name=self.name)
        expect(got != "no pair", sentence)
        return got


def drawn_norm(draw: Draw, name: str, least: int = 1, training: bool = True) -> Norm:
    """Inputs, of which those that are normalized together differ: else their difference has few digits.

    Options that have a default are left out once, as published.
    """
    batch = name == "batch_norm"
    lead = (draw.size("n", low=least),) if batch else draw.shape("leading", LEADING, elements=256)
    c = draw.size("c" if batch else "d")
    size = draw.magnitude("x", zero=True)
    rows = torch.arange(math.prod(lead), device=draw.home).reshape(*lead, 1)
    odd = (rows + torch.arange(c, device=draw.home)) % 2
    x = size * (draw.uniform(-0.5, 0.5, *lead, c) + 2 * odd + draw.integers(-1, 2))
    # expanded, all rows would be the same
    x = draw.strided(x.to(draw.dtype)) if batch else draw.layout("x", x.to(draw.dtype))
    inputs = {"x": x}
    grad_size = draw.magnitude("weight, bias, grad", tiny=TINY)
    for each in ("weight", "bias"):
        inputs[each] = draw.layout(each, grad_size * (draw.normal(c) + 0.25))
    inputs = draw.needing(inputs, draw.dtype.itemsize == 2)
    given: dict[str, Any] = {"eps": 1e-5}
    if batch:
        inputs["running_mean"] = draw.strided(size * draw.normal(c))
        inputs["running_var"] = draw.strided(size**2 * draw.uniform(0.5, 2, c))
        given = {"training": training, "momentum": 0.1, "eps": 1e-5}
    args: list[Any] = []
    kwargs = {} if training else {"training": False}
    if not draw.round.is_published or draw.dtype == torch.float32:  # there the default shows less
        given["eps"] = draw.choice("eps", EPS)
        if batch:
            given["momentum"] = draw.choice("momentum", MOMENTA)
        args, kwargs = draw.passed(**given)
    grad = draw.layout("grad", grad_size * draw.numbers(*lead, c))
    grad = draw.needing({"grad": grad}, draw.dtype.itemsize == 2)["grad"]
    options = training, given["eps"], given.get("momentum", 0.0), args, kwargs
    return Norm(name, 0 if batch else -1, inputs, grad, *options)


@helper
def pair_of(function: Any, by_default: bool, given: list[Any], args: Any, kwargs: Any) -> Any:
    """The pair that a forward pass gives, if it is one."""
    result = called(lambda *inputs: function(*inputs, *args, **kwargs), by_default, *given)
    return result if isinstance(result, tuple | list) and len(result) == 2 else None


@helper
def second_time(backward: Any, by_default: bool, grad: Tensor, cache: Any) -> Any:
    """What it gives for a cache that was used before, with another gradient in the same tensor where one has room."""
    other = grad.detach() + 1
    called(backward, by_default, other, cache)
    if grad.requires_grad or not grad.is_contiguous():
        return called(backward, by_default, grad, cache)
    return called(backward, by_default, other.copy_(grad), cache)


@probe(changes=("running_mean", "running_var"))
def normalize(
    student: Any,
    name: str,
    by_default: bool,
    backward: str,
    args: Any,
    kwargs: Any,
    grad: Tensor,
    **inputs: Tensor,
) -> Any:
    function = getattr(student, name)
    names = ("x", "weight", "bias", "running_mean", "running_var")
    given = [inputs[each] for each in names if each in inputs]
    pair = pair_of(function, by_default, given, args, kwargs)
    if pair is None:
        return "no pair"
    if not backward:
        return {"y": pair[0], **{each: inputs[each] for each in inputs if each in names[3:]}}
    # another pass in between: the cache is what `backward` is given
    pair_of(function, by_default, [value.detach() * 2 + 1 for value in given], args, kwargs)
    return second_time(getattr(student, backward), by_default, grad, pair[1])


def by_hand(norm: Norm, mistake: str = "") -> dict[str, Tensor]:
    """The result and the gradients, with a mistake; without one they are torch's and autograd's."""
    x, weight, bias, *running = (value.detach().double() for value in norm.inputs.values())
    grad, over, n = norm.grad.detach().double(), norm.over, x.shape[norm.over]
    axes: Any = {"other axis": -1 - over, "all": tuple(range(x.dim()))}.get(mistake, over)
    if mistake == "other axis" and x.dim() == 1:
        axes = 0
    mean, variance = x.mean(axes, keepdim=True), x.var(axes, correction=0, keepdim=True)
    if mistake == "n - 1":
        variance = variance * n / max(n - 1, 0.5)
    if running and norm.training == (mistake in ("running", "running new")) and mistake != "batch":
        mean, variance = running if mistake != "running new" else running_by_hand(norm).values()
    eps = {"no eps": 0.0, "eps of its own": 1e-5}.get(mistake, norm.eps)
    root = variance.sqrt() + eps if mistake == "eps outside" else (variance + eps).sqrt()
    if mistake == "no root":
        root = variance + eps
    hat = (x - (mistake != "no mean") * mean) / root
    y = hat * (1 if mistake == "no weight" else weight) + (mistake != "no bias") * bias
    d = grad if mistake == "no factor" else weight * grad
    dx = d
    if mistake != "constant" if norm.training else mistake == "not constant":
        factor = n if mistake == "sums" else 1
        if mistake != "constant mean":
            dx = dx - factor * d.mean(axes, keepdim=True)
        if mistake != "constant variance":
            dx = dx - factor * hat * (d * hat).mean(axes, keepdim=True)
    dx = dx if mistake == "no inverse" else dx / root
    by = grad * (x if mistake == "weight by x" else hat), grad
    sums = [each.reshape(-1, len(weight)).sum(0) for each in by]
    if mistake == "means":
        sums = [each * len(weight) / x.numel() for each in sums]
    return {"y": y, "x": dx, "weight": sums[0], "bias": sums[1]}


def running_by_hand(norm: Norm, mistake: str = "") -> dict[str, Tensor]:
    """The running statistics after a batch, with a mistake."""
    x, mean, var = (norm.inputs[each].detach().double() for each in ("x", *RUNNING))
    new = 0.1 if mistake == "momentum of its own" else norm.momentum
    old, new = {
        "momentum": (new, 1 - new),
        "kept": (1.0, 0.0),
        "not weighed": (1.0, new),
        "batch alone": (0.0, 1.0),
    }.get(mistake, (1 - new, new))
    if not new:
        return {"running_mean": mean, "running_var": var}
    variance = x.var(0, correction=0 if mistake == "divided by n" or len(x) == 1 else 1)
    return {
        "running_mean": old * mean + new * x.mean(0),
        "running_var": old * var + new * variance,
    }


def entry_of(by: Callable[[Norm, str], dict[str, Tensor]], norm: Norm, *which: str) -> Tensor:
    mistake, entry = which
    return by(norm, mistake)[entry]


def expect_normalized(student: Student, draw: Draw, norm: Norm, by_default: bool = False) -> None:
    """Holds the result, and the running statistics, against what they are to be."""
    got = norm.asked(student, False, by_default)
    expected = by_hand(norm)["y"]
    expect_close(
        got["y"],
        expected.to(draw.dtype),
        "y",
        requires_grad=None if norm.grad.requires_grad else False,
        causes={
            cause: partial(entry_of, by_hand, norm, each, "y") for each, cause in NORMS.items()
        },
        scale=max(largest(expected), largest(norm.inputs["bias"])),
    )
    for name in RUNNING if norm.name == "batch_norm" else ():
        kept = running_by_hand(norm, "" if norm.training else "kept")[name]
        mistakes = STATISTICS if norm.training else {"": IN_EVALUATION}
        expect_close(
            got[name],
            kept.to(draw.dtype),
            name,
            requires_grad=None if norm.grad.requires_grad else False,
            causes={
                cause: partial(entry_of, running_by_hand, norm, each, name)
                for each, cause in mistakes.items()
            },
            scale=max(largest(kept), largest(norm.inputs[name])),
        )


def expect_gradients(student: Student, draw: Draw, norm: Norm, by_default: bool = False) -> None:
    """Holds the three gradients against autograd's."""
    got = norm.asked(student, True, by_default)
    expected, size = by_hand(norm), norm.inputs["x"].shape[norm.over]
    terms = by_hand(norm, "constant" if norm.training else "")["x"]
    scales = {"x": size**0.5 * largest(terms), "bias": largest(norm.grad)}
    scales["weight"] = scales["bias"] * size**0.5
    for name in ("x", "weight", "bias"):
        found = isinstance(got, dict) and name in got
        sentence = _('{name}_backward gives no dict with an entry "{entry}".')
        expect(found, sentence.format(name=norm.name, entry=name))
        expect_close(
            got[name],
            expected[name].to(draw.dtype),
            f'{norm.name}_backward(grad, cache)["{name}"]',
            requires_grad=None if norm.grad.requires_grad else False,
            causes={
                cause: partial(entry_of, by_hand, norm, each, name) for each, cause in NORMS.items()
            },
            scale=scales[name],
        )


@rounds(half=True)
@points(1)
def test_layer_norm(student: Student, draw: Draw) -> None:
    """`layer_norm` gives the pair (y, cache), with each row normalized."""
    expect_normalized(student, draw, drawn_norm(draw, "layer_norm"))


@rounds(half=True)
@points(1)
def test_layer_norm_backward(student: Student, draw: Draw) -> None:
    """`layer_norm_backward` gives the gradients of x, weight and bias."""
    expect_gradients(student, draw, drawn_norm(draw, "layer_norm"))


@rounds(half=True)
@points(1)
def test_batch_norm_in_training(student: Student, draw: Draw) -> None:
    """`batch_norm` in training normalizes each column, and updates the running statistics in place."""
    expect_normalized(student, draw, drawn_norm(draw, "batch_norm", 2))


@rounds(half=True)
@points(1)
def test_batch_norm_backward(student: Student, draw: Draw) -> None:
    """`batch_norm_backward` gives the gradients of x, weight and bias in training."""
    expect_gradients(student, draw, drawn_norm(draw, "batch_norm", 2))


@rounds(half=True)
@points(1)
def test_batch_norm_in_evaluation(student: Student, draw: Draw) -> None:
    """`batch_norm` in evaluation goes by the running statistics, and leaves them; with its gradients."""
    norm = drawn_norm(draw, "batch_norm", training=False)
    expect_normalized(student, draw, norm)
    expect_gradients(student, draw, norm)


# dropout

PS = {"0.5": 0.5, "0.25": 0.25, "0.8": 0.8}
MOST_AWAY = 0.05  # eight standard deviations of the share of 6,144 numbers


@probe
def drop(student: Any, by_default: bool, x: Tensor, grad: Tensor, args: Any, kwargs: Any) -> Any:
    pair = pair_of(student.dropout, by_default, [x], args, kwargs)
    if pair is None:
        return "no pair"
    pair_of(student.dropout, by_default, [x.detach() * 2 + 1], args, kwargs)
    return {"y": pair[0], "back": second_time(student.dropout_backward, by_default, grad, pair[1])}


def expect_dropped(
    student: Student,
    draw: Draw,
    p: float,
    how: tuple[list[Any], dict[str, Any]] = ([], {}),
    training: bool = True,
    by_default: bool = False,
) -> None:
    """Holds y against x where it is not 0, and the gradient against that; `how` the options are handed over."""
    shape = draw.shape("x", (2, 1, 0, 2, 2, 4), elements=4096)
    size = draw.magnitude("x, grad", zero=not training, tiny=TINY)
    x, grad = (
        draw.layout(name, size * draw.uniform(0.5, 1.5, *shape) * (2 * draw.labels(*shape) - 1))
        for name in ("x", "grad")
    )
    if not training:  # an expanded tensor could not be given back as it is
        x, grad = draw.strided(x), draw.strided(grad)
    half = draw.dtype.itemsize == 2
    x, grad = draw.needing({"x": x, "grad": grad}, half).values()
    got = student.run(drop, by_default=by_default, x=x, grad=grad, args=how[0], kwargs=how[1])
    expect(got != "no pair", _("{name} does not return a pair (y, cache).").format(name="dropout"))
    # which ones become 0 is the student's to draw
    everything = torch.full(shape, not training or p < 1)
    kept = everything
    if training and 0 < p < 1 and isinstance(got["y"], Received) and got["y"].tensor.shape == shape:
        kept = got["y"].tensor.cpu() != 0
        some = _("For p = {p:g} dropout makes everything 0.").format(p=p)
        expect(bool(kept.any()) or x.numel() < 200, some)

    def scaled(tensor: Tensor, mask: Tensor, factor: float) -> Tensor:
        return torch.where(mask, tensor.detach().cpu().double() * factor, 0).to(draw.dtype)

    factor = 1 / (1 - p) if training and p < 1 else 1.0
    by_p = 1 / (p or 1)
    mistakes = {NOT_SCALED: 1.0, SCALED_DOWN: 1 - p, SCALED_BY_P: by_p, P_KEPT: by_p}
    for name, what, given in (("y", "y", x), ("back", "dropout_backward(grad, cache)", grad)):
        causes: dict[Cause, Any] = {TRAINING: ...}
        if training:
            causes = {cause: scaled(given, kept, each) for cause, each in mistakes.items()}
        if training and name == "back":
            causes[MASK_MISSING] = scaled(given, everything, factor)
            causes[WITHOUT_BOTH] = scaled(given, everything, 1.0)
        expected = scaled(given, kept, factor)
        free = None if half else False
        expect_close(got[name], expected, what, requires_grad=free, causes=causes)


@probe
def drop_often(student: Any, x: Tensor, p: float, times: int) -> Any:
    return [student.dropout(x, p)[0] for _unused in range(times)]


def expect_random(student: Student, draw: Draw, p: float) -> None:
    """Each number by itself, anew in each call, with the probability that is asked."""
    x = draw.uniform(0.5, 1.5, 32, 32)
    got = student.run(drop_often, x=x, p=p, times=6)
    masks = [each.tensor == 0 for each in got if isinstance(each, Received)]
    whole = len(masks) == 6 and all(mask.shape == x.shape for mask in masks)
    expect(whole, _("For x of shape (32, 32), dropout gives a y of another shape."))
    share = torch.stack(masks).double().mean().item()
    sentence = _("For p = {p:g} dropout makes {share:.0%} of the numbers 0.").format(
        p=p, share=share
    )
    cause = P_KEPT if abs(share - (1 - p)) < MOST_AWAY else ""
    expect(abs(share - p) < MOST_AWAY, sentence, cause)
    anew = any(not torch.equal(mask, masks[0]) for mask in masks)
    expect(anew, _("In each call of dropout the same numbers become 0."), NOT_ANEW)
    sentence = _("dropout makes whole rows or columns 0; it is to draw for each number by itself.")
    for mask in (*masks, *(mask.T for mask in masks)):
        expect(not torch.equal(mask, mask[:1].expand(32, 32)), sentence)
    counts = {int(mask.sum()) for mask in masks}
    sentence = _("dropout makes {count} numbers 0 in each call; it is to draw for each by itself.")
    expect(len(counts) > 1, sentence.format(count=min(counts)))


@rounds(half=True)
@points(1)
def test_dropout(student: Student, draw: Draw) -> None:
    """`dropout` drops each number with probability p and scales the others; `dropout_backward` goes by the same."""
    if draw.round.is_published:
        expect_dropped(student, draw, 0.5)
        expect_dropped(student, draw, 0.5, ([], {"training": False}), False)
        p = round(draw.uniform(0.15, 0.4).item(), 2)
        for each in (p, 1 - p):
            expect_random(student, draw, each)
        expect_dropped(student, draw, 1.0, ([1.0], {}))
        return
    p = draw.choice("p", PS)
    for training in (False, True):
        expect_dropped(student, draw, p, draw.passed(p=p, training=training), training)


ROWS = ("layer_norm", "layer_norm_backward")
COLUMNS = ("batch_norm_in_training", "batch_norm_backward", "batch_norm_in_evaluation")


@points(1)
@needs("softmax", "log_softmax", "softmax_backward", *ROWS, *COLUMNS, "dropout")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """All ten functions work on any device: results are where the inputs are."""
    for by_default in (False, True):
        if by_default:
            draw.tell_default(elsewhere.device)
        for name in ("softmax", "log_softmax"):
            expect_shares(elsewhere, draw, name, by_default)
            expect_slopes(elsewhere, draw, name + "_backward", by_default=by_default)
        for name, training in (("layer_norm", True), ("batch_norm", True), ("batch_norm", False)):
            norm = drawn_norm(draw, name, 2, training)
            expect_normalized(elsewhere, draw, norm, by_default)
            expect_gradients(elsewhere, draw, norm, by_default)
        expect_dropped(elsewhere, draw, 0.5, by_default=by_default)


HINTS = (
    """With `keepdim=True` in sums and means, what comes out fits to x without more ado. For the gradients
    begin with one row, on paper: what does one number of x change? In a softmax every share; in a normalization
    the mean, the variance, and by them the whole row.""",
    """Subtract the largest number along `dim` before the exponential. In both gradients of the softmax one sum
    along `dim` comes from every number: of G times y, or of G alone. For the norms put x̂, 1/√(v + ε) and the
    weight into the cache, and for batch norm also whether it was training. `var` divides by n − 1 by itself. A
    running statistic is changed by methods whose name ends in `_`.""",
    """```python
    y * (grad - (grad * y).sum(dim=dim, keepdim=True))  # softmax
    grad - y.exp() * grad.sum(dim=dim, keepdim=True)  # log-softmax
    ```

    A norm's gradient of x is `(d - d.mean(…) - normalized * (d * normalized).mean(…)) * inverse` with
    `d = weight * grad`, in evaluation `d * inverse`; those of weight and bias are the sums of `grad * normalized`
    and of `grad` over all samples. `running_var.mul_(1 - momentum).add_(momentum * x.var(dim=0))`, in training.
    Dropout: `kept = torch.rand(x.shape, device=x.device) >= p`, then `torch.where(kept, x / (1 - p), 0)`.""",
)
COMPARE = """Another right way: both norms by one function that is told the dimensions. Batch norm of images takes all
    but the second; group norm lies in between.

    Torch finds mean and variance in one pass (Welford's way), and keeps them for the way back and not x̂: that is
    one tensor of the size of x less. Its softmax subtracts the largest number first, as you did."""
