"""Softmax, layer norm, batch norm and dropout: forward against torch's, backward against autograd's."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch
from torch import Tensor

from grader import (
    N_,
    Cause,
    Draw,
    Received,
    Student,
    _,
    called,
    dropouts,
    expect,
    expect_close,
    follows,
    helper,
    needs,
    normalizations,
    other_terms,
    points,
    probe,
    rounds,
)

OTHER_DIM = Cause("wrong-axis", "It runs along dimension {dim}, whatever `dim` is.")
OTHER_DEFAULT = Cause(
    "wrong-axis", "Without `dim` it runs along dimension {dim}; the default is −1."
)
OVER_ALL = Cause("wrong-axis", "It runs over all numbers at once; it is asked along `dim` alone.")
OTHER_OF_TWO = Cause("no-log", "It is softmax for log-softmax, or the reverse.")
SOFTMAX_TWICE = Cause("softmax-twice", "The softmax is taken twice.")
NOT_DIVIDED = Cause("missing-factor", "It is exp(x − max(x)): that is to be divided by its sum.")
TWO = Cause("wrong-base", "It is made of 2ˣ, and not of eˣ.")
SUM_OF_ALL = Cause("wrong-axis", "The sum in it is that of all numbers; it is asked along `dim`.")
TURNED = Cause("sign", "It is that of −x.")
WITHOUT_MAX = Cause(
    "missing-term", "It is x − ln Σ exp(x − max(x)): to that ln belongs x − max(x), not x."
)
WITHOUT_SUM = Cause("missing-term", "It is x − max(x): ln Σ exp(x − max(x)) is not subtracted.")
OTHER_BASE = Cause("log-base", "The logarithm is that of base {base}; the natural one is asked.")
EPS_IN_LOG = Cause("eps", "{eps} is added within the logarithm: that is its floor.")
EPS_BELOW = Cause("eps", "{eps} is added to the sum, which changes all shares; it is never 0.")
DIAGONAL = Cause("diagonal-only", "A number changes all shares along `dim`, not its own alone.")
SWAPPED = Cause("swapped", "It is the formula of the other one of the two.")
OTHER_MASK = Cause(
    "mask-missing", "The gradient passes elsewhere than at the numbers that y keeps."
)
WITHOUT_BOTH = Cause("mask-missing", "The gradient passes as it is, as if nothing had become 0.")
MASK_OF_Y = Cause(
    "mask-of-values",
    "It is 0 wherever y is, and y is 0 also where x was: keep the mask that was drawn, not one read off the numbers.",
)
P_IGNORED = Cause("option-ignored", "It is the same share for each p.")
DIVIDED_BY = Cause(
    "wrong-factor", "What stays is divided by {divisor}; it is to be divided by 1 − p."
)
TRAINING = Cause("other-mode", "It is done in evaluation as well; there nothing changes.")
SCALED_IN_EVALUATION = Cause(
    "wrong-factor",
    "In evaluation it is multiplied by 1 − p; what stays is divided by that in training already.",
)
NOTHING_CHANGES = Cause("other-mode", "In evaluation y is x, and the gradient at x is that at y.")

FORBIDDEN: dict[str, Any] = {"by hand": {}, "from scratch": {"names": [
    "torch.softmax", "torch.log_softmax", "torch._softmax", "torch._log_softmax", "torch._C._special.special_softmax",
    "torch._C._special.special_log_softmax", "torch.layer_norm", "torch.native_layer_norm", "torch.group_norm",
    "torch.batch_norm", "torch.native_batch_norm", "torch.instance_norm", "torch.dropout", "torch.native_dropout",
    "torch.nn.functional.softmax", "torch.nn.functional.log_softmax", "torch.nn.functional.layer_norm",
    "torch.nn.functional.batch_norm", "torch.nn.functional.dropout", "torch.rms_norm", "torch.nn.functional.rms_norm",
    # what else is one of them, or holds one
    "torch._safe_softmax", "torch._masked_softmax",
    "torch.feature_dropout", "torch.nn.functional.cross_entropy", "torch.nn.functional.scaled_dot_product_attention",
]}}  # fmt: skip
# the numbers of dimensions, round by round: of all, of the leading ones of a row, and of what is dropped from
RANKS = (2, 2, 3, 1, 2, 4)
LEADING = (1, 1, 3, 2, 2, 0)
DROPPED = (2, 3, 4, 2, 2, 0)
# around which number, and how far from it
NUMBERS = {
    "2·randn": (0.0, 2.0),
    "5e-07·randn": (0.0, 5e-7),
    "9·randn − 10⁴": (-1e4, 9.0),
    "0": (0.0, 0.0),
    "10⁴·randn": (0.0, 1e4),
}
EPSILONS = ("1e-5", "1e-6", "1e-7", "1e-8", "1e-9", "1e-10")
TINY = -10.0, -9.0  # exponents of 10


Norm = normalizations.Norm
largest, by_hand = normalizations.largest, normalizations.by_hand
running_by_hand, move_running = normalizations.running_by_hand, normalizations.move_running
known, known_of_running = normalizations.known, normalizations.known_of_running


@probe
def along(student: Any, name: str, by_default: bool, args: Any, kwargs: Any, x: Tensor) -> Any:
    function = getattr(student, name)
    return called(lambda given: function(given, *args, **kwargs), by_default, x)


@probe
def slopes(
    student: Any, by_default: bool, args: Any, kwargs: Any, grad: Tensor, y: Tensor, log_y: Tensor
) -> Any:
    def asked(function: Any, result: Tensor) -> Any:
        return called(lambda *given: function(*given, *args, **kwargs), by_default, grad, result)

    return [asked(student.softmax_backward, y), asked(student.log_softmax_backward, log_y)]


def drawn_dim(draw: Draw, shape: tuple[int, ...]) -> tuple[int, Any, Any]:
    """A dimension of more than one number, and how it is handed over: as published not at all."""
    by_default = draw.round.is_published and draw.dtype == torch.float32
    large = [dim for dim in range(-len(shape), len(shape)) if shape[dim] > 1]
    dim = large[int(draw.integers(0, len(large)).item())]
    if by_default:
        dim = -1
    draw.drawn["dim"] = f"dim = {dim}"
    return (dim, [], {}) if by_default else (dim, *draw.passed(dim=dim))


def of_other_dims(function: Any, rank: int, dim: int, by_default: bool) -> dict[Cause, Any]:
    """What comes out along other dimensions than the one that is asked."""
    others = [each for each in (-1, 0, 1) if -rank <= each < rank and (each - dim) % rank]
    kinds = (OTHER_DEFAULT, OTHER_DIM) if by_default else (OTHER_DIM,)
    return {kind.of(dim=str(each)): partial(function, each) for kind in kinds for each in others}


def other_shares(x: Tensor, dim: int, of_log: bool) -> dict[Cause, Any]:
    """What more mistakes give in the place of the softmax, or of the log-softmax."""
    low = x - x.amax(dim, keepdim=True)
    powers = low.exp()
    total = powers.sum(dim, keepdim=True)
    if not of_log:
        added = {EPS_BELOW.of(eps=eps): powers / (total + float(eps)) for eps in EPSILONS}
        added |= {TWO: (math.log(2) * x).softmax(dim), SUM_OF_ALL: powers / powers.sum()}
        return {NOT_DIVIDED: powers, TURNED: (-x).softmax(dim), **added}
    found = {TURNED: (-x).log_softmax(dim), WITHOUT_MAX: x - total.log(), WITHOUT_SUM: low}
    found[SUM_OF_ALL] = low - powers.sum().log()
    found |= {
        EPS_IN_LOG.of(eps=eps): (powers / total + float(eps)).log() for eps in (*EPSILONS, "1e-12")
    }
    for base in (2, 10):
        found[OTHER_BASE.of(base=str(base))] = low - total.log() / math.log(base)
    return found


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
    causes = of_other_dims(partial(reference, exact), len(shape), dim, not (args or kwargs)) | {
        OVER_ALL: lambda: reference(exact.flatten(), 0).reshape(exact.shape),
        OTHER_OF_TWO: lambda: other(exact, dim),
        SOFTMAX_TWICE: lambda: reference(exact.softmax(dim), dim),
    }
    causes |= other_shares(exact, dim, name == "log_softmax")
    # a log-sum-exp loses |x|·ε
    lost = 20 * largest(exact) * torch.finfo(draw.dtype).eps
    expect_close(
        got,
        expected.to(draw.dtype),
        f"{name}(x)",
        rtol=None if half else max(lost, 1e-9 if draw.dtype == torch.float64 else 2e-5),
        requires_grad=None if half else False,
        causes=causes,
        scale=max(1.0, largest(expected)),
    )


@rounds(half=True, single=True)
@points(1)
def test_softmax(student: Student, draw: Draw) -> None:
    """`softmax(x, dim)` gives shares along `dim`, for numbers of any size."""
    expect_shares(student, draw, "softmax")


@rounds(half=True, single=True)
@points(1)
def test_log_softmax(student: Student, draw: Draw) -> None:
    """`log_softmax(x, dim)` is their logarithm, finite for numbers of any size."""
    expect_shares(student, draw, "log_softmax")


def slope(of_log: bool, grad: Tensor, y: Tensor, dim: int) -> Tensor:
    """The gradient at the input of the log-softmax, or of the softmax."""
    if of_log:
        return grad - y.exp() * grad.sum(dim, keepdim=True)
    return y * (grad - (grad * y).sum(dim, keepdim=True))


def other_slopes(
    of_log: bool, grad: Tensor, y: Tensor, dim: int, by_default: bool
) -> dict[Cause, Any]:
    """What mistakes give in its place."""
    p, written = (y.exp(), "exp(y)") if of_log else (y, "y")
    own, nothing, total = p * grad, 0 * grad, grad.sum(dim, keepdim=True)
    across = own.sum(dim, keepdim=True)
    first = {f"{written}·G": own, "G": grad, "": nothing}
    second = {f"−{written}·Σ({written}·G)": -p * across, "": nothing, "−y·ΣG": -y * total}
    if of_log:
        first = {"G": grad, "exp(y)·G": own, "": nothing}
        second = {"−exp(y)·ΣG": -p * total, **second, "exp(y)·ΣG": p * total}
        second |= {"exp(y)": p, "−exp(y)": -p, "−ΣG": nothing - total}
        second |= {"−exp(y)·mean(G)": -p * total / y.shape[dim]}
    else:
        second |= {"y·Σ(y·G)": p * across, "−Σ(y·G)": nothing - across}
    return (
        other_terms.sums(first, second)
        | {
            SUM_OF_ALL: grad - p * grad.sum() if of_log else p * (grad - own.sum()),
            DIAGONAL: own * (1 - p),
            SOFTMAX_TWICE: slope(of_log, grad, y.softmax(dim), dim),
            SWAPPED: slope(not of_log, grad, y, dim),
        }
        | of_other_dims(partial(slope, of_log, grad, y), y.dim(), dim, by_default)
    )


def expect_slopes(
    student: Student, draw: Draw, size: float = 1.0, by_default: bool = False
) -> None:
    """Holds both gradients against what autograd gives, at results that are given."""
    shape, half = draw.shape("y", RANKS, elements=8192), draw.dtype.itemsize == 2
    dim, args, kwargs = drawn_dim(draw, shape)
    x = draw.choice("numbers", {"2·randn": 2.0, "9·randn": 9.0}) * draw.normal(*shape).double()
    given = {"y": draw.layout("y", x.softmax(dim).to(draw.dtype))}
    given["log_y"] = draw.layout("log_y", x.log_softmax(dim).to(draw.dtype))
    given["grad"] = draw.layout("grad", size * draw.numbers(*shape))
    given = draw.needing(given, half)
    got = student.run(slopes, by_default=by_default, args=args, kwargs=kwargs, **given)
    *results, grad = (each.detach().double() for each in given.values())
    for of_log, each, y in zip((False, True), got, results, strict=True):
        expect_close(
            each,
            slope(of_log, grad, y, dim).to(draw.dtype),
            f"{'log_' * of_log}softmax_backward(grad, y)",
            requires_grad=None if half else False,
            causes=partial(other_slopes, of_log, grad, y, dim, not (args or kwargs)),
            scale=largest(grad.abs().sum(dim)) if of_log else largest(grad),
        )


@rounds(half=True)
@points(1)
def test_softmax_backward(student: Student, draw: Draw) -> None:
    """`softmax_backward` and `log_softmax_backward` give the gradients at the inputs."""
    size = draw.magnitude("grad", zero=True, tiny=TINY)
    if size > 1:  # y · (1 − y) is small
        size *= 64
        draw.drawn["|grad|"] = f"|grad| ≈ {size:.0e}"
    expect_slopes(student, draw, size)


# layer norm and batch norm

EPS = {"0.01": 0.01, "0.3": 0.3, "1e-05": 1e-5}
MOMENTA = {"0.3": 0.3, "0.1": 0.1, "1.0": 1.0}
RUNNING = normalizations.RUNNING
# a mean, where the spread is about 1: whoever subtracts its square has no digit left, in float64 too few
FAR = {torch.float32: 2.0**11, torch.float64: 2.0**20}
NO_PAIR = N_("{name} does not return a pair (y, cache).")


def drawn_norm(
    draw: Draw, name: str, least: int = 1, training: bool = True, far: bool = False
) -> Norm:
    """Inputs, of which those that are normalized together differ: else their difference has few digits.

    Options that have a default are left out once, as published. With `far`, the mean is far from 0 once in each dtype.
    """
    batch, half = name == "batch_norm", draw.dtype.itemsize == 2
    n = (draw.size("n", low=least),) if batch else ()
    c = draw.size("c" if batch else "d")
    lead = n or draw.shape("leading", LEADING, elements=256)
    size = draw.magnitude("x", zero=True)
    rows = torch.arange(math.prod(lead), device=draw.home).reshape(*lead, 1)
    odd = (rows + torch.arange(c, device=draw.home)) % 2
    around = draw.integers(-1, 3, *((1, c) if batch else (*lead, 1)))
    x = size * (draw.uniform(-0.5, 0.5, *lead, c) + 2 * odd + around)
    if far and draw.round.number == (0 if draw.dtype == torch.float64 else 3):
        draw.drawn["mean"] = f"mean(x) ≈ {FAR[draw.dtype]:g}"
        x = x + FAR[draw.dtype]
    # expanded, all rows would be the same
    x = draw.strided(x.to(draw.dtype)) if batch else draw.layout("x", x.to(draw.dtype))
    inputs = {"x": x}
    grad_size = draw.magnitude("weight, bias, grad", tiny=TINY)
    for each in ("weight", "bias"):
        inputs[each] = draw.layout(each, grad_size * (draw.normal(c) + 0.25))
    inputs = draw.needing(inputs, half)
    given: dict[str, Any] = {"eps": 1e-5}
    if batch:
        inputs["running_mean"] = draw.strided(size * draw.normal(c))
        inputs["running_var"] = draw.strided(size**2 * draw.uniform(0.5, 2, c))
        given = {"training": training, "momentum": 0.1, "eps": 1e-5}
    args, kwargs = list[Any](), {} if training else {"training": False}
    if not draw.round.is_published or draw.dtype == torch.float32:  # there the default shows less
        given["eps"] = draw.choice("eps", EPS)
        if batch:
            given["momentum"] = draw.choice("momentum", MOMENTA)
        args, kwargs = draw.passed(**given)
    grad = draw.layout("grad", grad_size * draw.numbers(*lead, c))
    grad = draw.needing({"grad": grad}, half)["grad"]
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
    student: Any, name: str, back: str, forward: bool, by_default: bool, args: Any, **inputs: Any
) -> Any:
    function, kwargs = getattr(student, name), inputs["kwargs"]
    names = ("x", "weight", "bias", "running_mean", "running_var")
    given = [inputs[each] for each in names if each in inputs]
    pair = pair_of(function, by_default, given, args, kwargs)
    if pair is None:
        return None
    found = {"y": pair[0], **{each: inputs[each].clone() for each in names[3:] if each in inputs}}
    if back:
        # another pass in between: the cache is what `backward` is given
        pair_of(function, by_default, [value.detach() * 2 + 1 for value in given], args, kwargs)
        move_running(inputs)
        slopes = second_time(getattr(student, back), by_default, inputs["grad"], pair[1])
        found = {**(found if forward else {}), "slopes": slopes}
    return found


def expect_norm(
    student: Student,
    draw: Draw,
    norm: Norm,
    forward: bool = False,
    backward: bool = False,
    by_default: bool = False,
) -> None:
    """Holds the result and the running statistics, or the gradients, or all of it, against what they are to be."""
    call = {"name": norm.name, "args": norm.args, "kwargs": norm.kwargs, "by_default": by_default}
    back = norm.name + "_backward" if backward else ""
    call |= {"forward": forward, "back": back, "grad": norm.grad}
    got = student.run(normalize, **call, **norm.inputs)
    expect(got is not None, _(NO_PAIR).format(name=norm.name))
    right, size = by_hand(norm), norm.inputs["x"].shape[norm.over]
    scales = {"y": max(largest(right["y"]), largest(norm.inputs["bias"]))} if forward else {}
    if forward and norm.name == "batch_norm":
        right |= running_by_hand(norm, "" if norm.training else "kept")
        scales |= {name: max(largest(right[name]), largest(norm.inputs[name])) for name in RUNNING}
    if backward:
        scales |= {"x": size**0.5 * largest(right["d"] / right["root"]), "bias": largest(norm.grad)}
        scales["weight"] = size**0.5 * scales["bias"]
    for name, scale in scales.items():
        is_slope = name in ("x", "weight", "bias")
        found = got["slopes"] if is_slope else got
        sentence = _('{name}_backward gives no dict with an entry "{entry}".').format(
            name=norm.name, entry=name
        )
        if isinstance(found, dict):
            keys = ", ".join(repr(each) for each in found if isinstance(each, str))[:200]
            sentence += " " + _("It has {keys}.").format(keys=keys) if keys else ""
        expect(isinstance(found, dict) and name in found, sentence)
        rows = {_("the number of rows"): norm.grad.numel() // norm.grad.shape[-1]}
        # x − μ loses |μ|·eps
        lost = 20 * FAR[draw.dtype] * torch.finfo(draw.dtype).eps if "mean" in draw.drawn else None
        expect_close(
            found[name],
            right[name].to(draw.dtype),
            f'{back}(grad, cache)["{name}"]' if is_slope else name,
            rtol=lost if name in ("y", "running_var") else None,
            requires_grad=None if norm.grad.requires_grad else False,
            factors=rows if name in ("weight", "bias") else {},
            causes=partial(known_of_running if name in RUNNING else known, norm, name, found[name]),
            scale=scale,
        )


@rounds(half=True)
@points(1)
def test_layer_norm(student: Student, draw: Draw) -> None:
    """`layer_norm` gives the pair (y, cache), with each row normalized."""
    expect_norm(student, draw, drawn_norm(draw, "layer_norm", far=True), forward=True)


@rounds(half=True, single=True)
@points(1)
@follows("layer_norm")
def test_layer_norm_backward(student: Student, draw: Draw) -> None:
    """`layer_norm_backward` gives the gradients of x, weight and bias."""
    expect_norm(student, draw, drawn_norm(draw, "layer_norm"), backward=True)


@rounds(half=True)
@points(1)
def test_batch_norm_in_training(student: Student, draw: Draw) -> None:
    """`batch_norm` in training normalizes each column, and updates the running statistics in place."""
    expect_norm(student, draw, drawn_norm(draw, "batch_norm", 2, far=True), forward=True)


@rounds(half=True, single=True)
@points(1)
@follows("batch_norm_in_training")
def test_batch_norm_backward(student: Student, draw: Draw) -> None:
    """`batch_norm_backward` gives the gradients of x, weight and bias in training."""
    expect_norm(student, draw, drawn_norm(draw, "batch_norm", 2), backward=True)


@rounds(half=True, single=True)
@points(1)
def test_batch_norm_in_evaluation(student: Student, draw: Draw) -> None:
    """`batch_norm` in evaluation goes by the running statistics, and leaves them; with its gradients."""
    norm = drawn_norm(draw, "batch_norm", training=False)
    expect_norm(student, draw, norm, forward=True, backward=True)


# dropout

# float64 meets 0.5 and 0.75: there 1 / (1 − p) is exact in a mask of any dtype
PS = {"0.5": 0.5, "0.75": 0.75, "0.2": 0.2}
OFTEN = ((32, 32), (8, 8, 16), (4, 8, 4, 8)) * 2  # shapes of 1,024 numbers
MOST_AWAY = 0.05  # eight standard deviations of the share of 6,144 numbers


@probe
def drop(student: Any, by_default: bool, x: Tensor, grad: Tensor, options: Any) -> Any:
    found = []
    for args, kwargs in options:
        pair = pair_of(student.dropout, by_default, [x], args, kwargs)
        if pair is None:
            return None
        pair_of(student.dropout, by_default, [x.detach() * 2 + 1], args, kwargs)
        back = second_time(student.dropout_backward, by_default, grad, pair[1])
        found.append({"y": pair[0], "back": back})
    return found


def divided(got: Any, given: Tensor, kept: Tensor) -> dict[Cause, Any]:
    """What is kept, divided by the number that fits what came back."""
    if not isinstance(got, Received) or got.tensor.shape != given.shape or not kept.any():
        return {}
    one, other = (each.detach().cpu().double() * kept for each in (got.tensor, given))
    divisor = (other * other).sum() / (one * other).sum()
    if not 1e-3 < divisor < 1e3:
        return {}
    return {DIVIDED_BY.of(divisor=f"{divisor:.3g}"): (other / divisor).to(given.dtype)}


def expect_dropped(
    student: Student,
    draw: Draw,
    ways: dict[float, Any],
    training: bool = True,
    by_default: bool = False,
) -> None:
    """Holds y against x where it is not 0, and the gradient against that; `ways`: each p, and how it is handed over."""
    shape, half = draw.shape("x", DROPPED, elements=4096), draw.dtype.itemsize == 2
    draw.drawn.pop("p", None)
    size = draw.magnitude("x, grad", zero=not training, tiny=TINY)
    draw.drawn["training"] = f"training = {training}"
    both = {}
    for name in ("x", "grad"):  # an expanded tensor could not be given back as it is
        values = size * draw.uniform(0.5, 1.5, *shape) * (2 * draw.labels(*shape) - 1)
        if name == "x" and draw.round.name == "large":
            values = torch.where(draw.uniform(0, 1, *shape) < 0.2, 0, values)
        both[name] = draw.layout(name, values) if training else draw.strided(values)
    x, grad = draw.needing(both, half).values()
    got = student.run(drop, by_default=by_default, x=x, grad=grad, options=list(ways.values()))
    expect(got is not None, _(NO_PAIR).format(name="dropout"))

    def scaled(tensor: Tensor, mask: Tensor, factor: float) -> Tensor:
        return torch.where(mask, tensor.detach().cpu().double() * factor, 0).to(draw.dtype)

    for found, p in zip(got, ways, strict=True):
        draw.drawn["p"] = f"p = {p:g}"
        # which ones become 0 is the student's to draw
        everything = torch.full(shape, not training or p < 1)
        kept, y = everything, found["y"]
        if training and 0 < p < 1 and isinstance(y, Received) and y.tensor.shape == shape:
            kept = y.tensor.cpu() != 0
            zeros = x.detach().cpu() == 0
            if zeros.any() and isinstance(found["back"], Received):
                # which of them were dropped shows in the gradient alone
                passed = found["back"].tensor.cpu() != 0
                kept = torch.where(zeros, passed, kept) if passed.shape == shape else kept
                sentence = _("dropout_backward gives 0 wherever x is 0, for p = {p:g} too.")
                expect(bool(kept[zeros].any()), sentence.format(p=p), MASK_OF_Y)
            sentence = _("For p = {p:g} dropout makes everything 0.").format(p=p)
            expect(bool(kept.any()) or p ** x.numel() > 1e-9, sentence)
        factor = 1 / (1 - p) if training and p < 1 else 1.0
        mistakes = dropouts.wrong_factors(p)
        mistakes[dropouts.P_KEPT.unsure()] = 1 / p if p else 0.0
        for name, what, given in (("y", "y", x), ("back", "dropout_backward(grad, cache)", grad)):
            causes: dict[Cause, Any] = {NOTHING_CHANGES: ...}
            if isinstance(found[name], Received) and found[name].tensor.shape == shape:
                done = scaled(given, found[name].tensor.cpu() != 0, 1 / (1 - p) if p < 1 else 0.0)
                halved = scaled(given, everything, 1 - p)
                causes = {TRAINING: done, SCALED_IN_EVALUATION: halved, **causes}
            if training:
                causes = {cause: scaled(given, kept, each) for cause, each in mistakes.items()}
                causes |= divided(found[name], given, kept)
            back = found[name]
            if training and name == "back" and isinstance(back, Received):
                passes = back.tensor != 0 if back.tensor.shape == shape else everything
                if isinstance(y, Received) and y.tensor.shape == shape:
                    causes[MASK_OF_Y] = scaled(given, y.tensor.cpu() != 0, factor)
                causes[OTHER_MASK] = scaled(given, passes, factor)
                causes[WITHOUT_BOTH] = scaled(given, everything, 1.0)
            expected, free = scaled(given, kept, factor), None if half else False
            expect_close(found[name], expected, what, requires_grad=free, causes=causes, scale=size)


@probe
def drop_often(student: Any, x: Tensor, ps: list[float], shapes: Any) -> Any:
    pairs = [
        [pair_of(student.dropout, False, [x.reshape(shape), p], [], {}) for shape in shapes]
        for p in ps
    ]
    return None if None in pairs[0] else [[pair[0] for pair in each] for each in pairs]


def share_of(results: list[Any]) -> float:
    """Which share of all numbers is 0."""
    masks = [each.tensor.flatten() == 0 for each in results if isinstance(each, Received)]
    return torch.cat(masks).double().mean().item() if masks else math.nan


def expect_random(student: Student, draw: Draw, *ps: float) -> None:
    """Each number by itself, anew in each call, with the probability that is asked."""
    x = draw.uniform(0.5, 1.5, 1024)
    got = student.run(drop_often, x=x, ps=list(ps), shapes=OFTEN)
    expect(got is not None, _(NO_PAIR).format(name="dropout"))
    spread, counts = 0.0, list[int]()
    for p, results in zip(ps, got, strict=True):
        masks = [each.tensor == 0 for each in results if isinstance(each, Received)]
        expect(len(masks) == len(OFTEN), _("dropout gives a y that is no tensor."))
        for shape, mask in zip(OFTEN, masks, strict=True):
            sentence = _("For x of shape {shape}, dropout gives a y of another shape.")
            expect(mask.shape == shape, sentence.format(shape=shape))
        mixed = [mask for mask in masks if 0 < mask.sum() < mask.numel()]
        for mask in mixed:
            sentence = _(
                "For x of shape {shape}, dropout makes 0 all along dimension {dim} or nothing: draw for each number by "
                "itself."
            )
            for dim in range(mask.dim()):
                alike = bool((mask == mask.narrow(dim, 0, 1)).all())
                expect(not alike, sentence.format(shape=tuple(mask.shape), dim=dim))
        half = len(masks) // 2
        anew = not all(map(torch.equal, masks[:half], masks[half:]))
        sentence = _("In each call of dropout the same numbers become 0.")
        expect(anew or not mixed, sentence, dropouts.NOT_ANEW)
        share = share_of(results)
        sentence = _("For p = {p:g} dropout makes {share:.0%} of the numbers 0.")
        cause = dropouts.P_KEPT if abs(share - (1 - p)) < MOST_AWAY else ""
        if max(map(share_of, got)) - min(map(share_of, got)) < MOST_AWAY:
            cause = P_IGNORED
        expect(abs(share - p) < MOST_AWAY, sentence.format(p=p, share=share), cause)
        counts = [int(mask.sum()) for mask in masks]
        spread += sum((count - p * x.numel()) ** 2 / (p * (1 - p) * x.numel()) for count in counts)
    # χ² of 12 degrees of freedom: less than that once in 4·10¹⁰
    sentence = _("dropout makes {count} numbers 0 in each call: draw for each one by itself.")
    expect(spread > 0.1, sentence.format(count=counts[0]))


@rounds(half=True)
@points(1)
def test_dropout(student: Student, draw: Draw) -> None:
    """`dropout` drops each number with probability p and scales the others; `dropout_backward` goes by the same."""
    if draw.round.is_published:
        if draw.dtype == torch.float32:
            p = round(draw.uniform(0.15, 0.4).item(), 2)
            expect_random(student, draw, p, 1 - p)
        ends: Any = {1.0: ([1.0], {})} if draw.dtype == torch.float32 else {}
        expect_dropped(student, draw, {0.5: ([], {}), **ends})
        expect_dropped(student, draw, {0.5: ([], {"training": False})}, False)
        return
    p = draw.choice("p", PS)
    if draw.round.number < 4:
        expect_dropped(student, draw, {p: draw.passed(p=p, training=False)}, False)
    ways = {p: draw.passed(p=p, training=True)}
    if draw.round.name == "large":
        ways[0.0] = [0.0], {}
    expect_dropped(student, draw, ways)


ROWS = ("layer_norm", "layer_norm_backward")
COLUMNS = ("batch_norm_in_training", "batch_norm_backward", "batch_norm_in_evaluation")


@points(1)
@needs("softmax", "log_softmax", "softmax_backward", *ROWS, *COLUMNS, "dropout")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """All ten functions work on any device: results are where the inputs are."""
    by_default = draw.dtype == torch.float64
    if by_default:
        draw.tell_default(elsewhere.device)
    for name in ("softmax", "log_softmax"):
        expect_shares(elsewhere, draw, name, by_default)
    expect_slopes(elsewhere, draw, by_default=by_default)
    for name, training in (("layer_norm", True), ("batch_norm", True), ("batch_norm", False)):
        norm = drawn_norm(draw, name, 2, training)
        expect_norm(elsewhere, draw, norm, True, True, by_default)
    expect_dropped(elsewhere, draw, {0.5: ([], {})}, by_default=by_default)


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
