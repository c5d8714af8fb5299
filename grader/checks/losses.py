"""Criteria from scratch: values and gradients, against torch's own."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

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
    explain,
    needs,
    other_functions,
    points,
    probe,
    rounds,
)

Loss = Callable[[Tensor, Tensor], Tensor]
DETACHED = Cause("detached-part", "A part of the loss is detached: its gradient is missing.")
OTHER_CLAMP = Cause(
    "other-clamp",
    "The logarithms are kept finite in another way than by clamping each of them at −100.",
)
NO_CLAMP = Cause(
    "no-clamp",
    "The logarithm of 0 is −∞, and 0 · ∞ is NaN: clamp each of the two logarithms at −100 from below.",
)
EPS_IN_LOG = Cause(
    "other-clamp",
    "{eps} is added in the logarithms, which changes all of them: clamp each logarithm instead.",
)
NOT_FROM_LOGITS = Cause(
    "other-clamp",
    "For such logits a probability is rounded to 0 or 1. Its logarithm is −∞ or, with a clamp or a small number in it, "
    "another value: worked out from the logits themselves it needs neither.",
)
OVERFLOWS = {
    "bce_with_logits": Cause(
        "overflow",
        "For logits this large `exp` is ∞ or 0, and a probability made of it 0 or 1; ln 0 is −∞, and 0 · ∞ is NaN. "
        "Work with sigmoid and logarithm in one, or with exp(−|z|), which is never large.",
    ),
    "cross_entropy": Cause(
        "overflow",
        "For logits this large `exp` is ∞ or 0; ∞ / ∞ is NaN, and ln 0 is −∞. Take the largest logit of each sample "
        "off first, or work with softmax and logarithm in one.",
    ),
}
NO_SIGMOID = Cause("no-sigmoid", "The logits are taken for probabilities: the sigmoid is missing.")
INVERTED = Cause("inverted", "It is the share of the misses.")
SOFTMAX_TWICE = Cause("softmax-twice", "The softmax is taken twice.")


def picked(values: Tensor, labels: Tensor) -> Tensor:
    """Of each sample the value at its label; the classes are dimension 1."""
    return values.gather(1, labels.unsqueeze(1)).squeeze(1)


def each_with_each(criterion: Loss, one: Tensor, other: Tensor) -> Tensor:
    """The loss where elements meet as those of shapes (m, 1) and (m,) do, if it is affine in its second argument."""
    return criterion(one, other.mean().expand_as(one))


def with_eps(p: Tensor, y: Tensor, eps: float) -> Tensor:
    return -(y * (p + eps).log() + (1 - y) * (1 - p + eps).log()).mean()


def all_labels(z: Tensor, labels: Tensor) -> Tensor:
    """The mean of what `[:, labels]` takes: of each sample what stands at each label."""
    others = [dim for dim in range(z.dim()) if dim != 1]
    return -z.log_softmax(1).mean(others)[labels].mean()


# what known mistakes would have given, in place of the loss
MSE: dict[Cause, Loss] = {
    # the mean of (pᵢ − yⱼ)² over all pairs
    explain.BROADCAST: lambda p, y: (
        p.var(correction=0) + y.var(correction=0) + (p.mean() - y.mean()) ** 2
    ),
    Cause("absolute-for-square", "The differences are taken absolute instead of squared."): (
        lambda p, y: (p - y).abs().mean()
    ),
    Cause("root", "It is the root of what is asked."): lambda p, y: F.mse_loss(p, y).sqrt(),
    Cause("square-of-mean", "It is the square of the mean; the mean of the squares is asked."): (
        lambda p, y: (p - y).mean() ** 2
    ),
    Cause("no-square", "The differences are not squared."): lambda p, y: (p - y).mean(),
    DETACHED: lambda p, y: ((p - y).detach() * (p - y)).mean(),
}
BCE: dict[Cause, Loss] = {
    explain.BROADCAST: lambda p, y: each_with_each(F.binary_cross_entropy, p, y),
    Cause("missing-term", "The term of y = 0, (1 − y)·ln(1 − p), is missing."): (
        lambda p, y: -(y * p.log()).mean()
    ),
    Cause("missing-term", "The term of y = 1, y·ln p, is missing."): (
        lambda p, y: -((1 - y) * (1 - p).log()).mean()
    ),
    Cause("sign-of-term", "The second term has the wrong sign."): (
        lambda p, y: -(y * p.log() - (1 - y) * (1 - p).log()).mean()
    ),
    Cause("swapped", "y goes with ln(1 − p), and 1 − y with ln p: it is the other way round."): (
        lambda p, y: F.binary_cross_entropy(1 - p, y)
    ),
    Cause(
        "own-means",
        "Each of the two terms is averaged over its own samples; divide both by the number of all elements.",
    ): (
        lambda p, y: (
            -(y * p.log()).sum() / y.sum().clamp(min=1)
            - ((1 - y) * (1 - p).log()).sum() / (1 - y).sum().clamp(min=1)
        )
    ),
    DETACHED: lambda p, y: -(y * p.log() + (1 - y) * (1 - p.detach()).log()).mean(),
}
BCE |= other_functions.of_log_bases(F.binary_cross_entropy)
BCE |= other_functions.of_whole_labels(F.binary_cross_entropy) | {
    EPS_IN_LOG.of(eps=eps): partial(with_eps, eps=float(eps))
    for eps in ("1e-6", "1e-7", "1e-8", "1e-9", "1e-10", "1e-12")
}
EXP_OF = Cause("sign", "`exp` is taken of {what}; it is to be exp(−|z|).")
LOGITS: dict[Cause, Loss] = {
    explain.BROADCAST: lambda z, y: each_with_each(F.binary_cross_entropy_with_logits, z, y),
    NO_SIGMOID: lambda z, y: F.binary_cross_entropy(z.clamp(0, 1), y),
    Cause("sigmoid-twice", "The sigmoid is taken twice."): (
        lambda z, y: F.binary_cross_entropy_with_logits(z.sigmoid(), y)
    ),
    EXP_OF.of(what="|z|"): lambda z, y: (z.clamp(min=0) - z * y + F.softplus(z.abs())).mean(),
    EXP_OF.of(what="−z"): lambda z, y: (z.clamp(min=0) - z * y + F.softplus(-z)).mean(),
    Cause("missing-term", "The term of y = 0, (1 − y)·ln(1 − σ(z)), is missing."): (
        lambda z, y: (y * F.softplus(-z)).mean()
    ),
    Cause("missing-term", "The term of y = 1, y·ln σ(z), is missing."): (
        lambda z, y: ((1 - y) * F.softplus(z)).mean()
    ),
    Cause(
        "swapped", "y goes with ln(1 − σ(z)), and 1 − y with ln σ(z): it is the other way round."
    ): (lambda z, y: (y * F.softplus(z) + (1 - y) * F.softplus(-z)).mean()),
    Cause("missing-term", "The term of y·z is missing."): lambda z, y: F.softplus(z).mean(),
    Cause("sign-of-term", "The term of y·z has the wrong sign."): (
        lambda z, y: (F.softplus(z) + y * z).mean()
    ),
    Cause("sign-of-term", "The sign of z is the wrong way round."): (
        lambda z, y: F.binary_cross_entropy_with_logits(-z, y)
    ),
    Cause("other-labels", "That is right for labels of −1 and 1; here they are 0 and 1."): (
        lambda z, y: F.softplus(-y * z).mean()
    ),
}
LOGITS |= other_functions.of_whole_labels(F.binary_cross_entropy_with_logits)
LOGITS |= other_functions.of_clipped(F.binary_cross_entropy_with_logits, True)
CE: dict[Cause, Loss] = {
    Cause(
        "no-softmax",
        "It is the mean of −z at the labels: the softmax, that is the term ln Σ exp(z), is missing.",
    ): lambda z, y: -picked(z, y).mean(),
    other_functions.ALL_LABELS: all_labels,
    Cause("missing-term", "The largest logit is taken off in the sum, and not added again."): (
        lambda z, y: (z.logsumexp(1) - z.amax(1) - picked(z, y)).mean()
    ),
    Cause("argmax-for-label", "The largest logit stands where that at the label should."): (
        lambda z, y: -z.log_softmax(1).amax(1).mean()
    ),
    Cause("no-log", "The logarithm is missing: it is the mean of the probabilities."): (
        lambda z, y: -picked(z.softmax(1), y).mean()
    ),
    SOFTMAX_TWICE: lambda z, y: F.cross_entropy(z.softmax(1), y),
    Cause("wrong-axis", "The softmax runs over the samples instead of the classes."): (
        lambda z, y: -picked(z.log_softmax(0), y).mean()
    ),
    Cause("wrong-axis", "The softmax runs over the last dimension; the classes are the second."): (
        lambda z, y: -picked(z.log_softmax(-1), y).mean()
    ),
    Cause(
        "reshape-for-permute", "`reshape` mixes the dimensions up: move the classes to the end."
    ): (lambda z, y: F.cross_entropy(z.reshape(-1, z.shape[1]), y.reshape(-1))),
    DETACHED: lambda z, y: -picked(z - z.logsumexp(1, keepdim=True).detach(), y).mean(),
}
CE |= other_functions.of_clipped(F.cross_entropy, False)
CE |= other_functions.of_log_bases(F.cross_entropy)

FORBIDDEN = {"from scratch": {"names": [
    "torch.nn.functional.mse_loss", "torch.nn.functional.binary_cross_entropy",
    "torch.nn.functional.binary_cross_entropy_with_logits", "torch.nn.functional.cross_entropy",
    "torch.binary_cross_entropy_with_logits",
    "torch.nn.MSELoss", "torch.nn.BCELoss", "torch.nn.BCEWithLogitsLoss", "torch.nn.CrossEntropyLoss",
    "torch.nn.modules.MSELoss", "torch.nn.modules.BCELoss", "torch.nn.modules.BCEWithLogitsLoss",
    "torch.nn.modules.CrossEntropyLoss",
    "torch.nn.modules.loss.MSELoss", "torch.nn.modules.loss.BCELoss",
    "torch.nn.modules.loss.BCEWithLogitsLoss", "torch.nn.modules.loss.CrossEntropyLoss",
]}}  # fmt: skip
RANKS = (2, 1, 3, 4, 2, 0)  # numbers of dimensions, round by round
HALVES = (torch.float16, torch.bfloat16)
LABELS = {"{0, 1}": True, "[0, 1]": False}


@probe
def measure(student: Any, name: str, prediction: Tensor, target: Tensor, by_default: bool) -> Any:
    """The value of a loss, and the gradient that autograd makes of it."""
    # in one dtype it is of a graph, as what a model gives
    given = prediction.view_as(prediction) if prediction.dtype == torch.float64 else prediction
    loss = called(getattr(student, name), by_default, given, target)
    if not (isinstance(loss, Tensor) and loss.dim() == 0):
        return {"value": loss, "grad": None}
    if loss.requires_grad:
        # not 1, so that a gradient which ignores what comes from above shows; added to what is left there
        (3 * loss).backward()
    return {"value": loss.detach(), "grad": prediction.grad if loss.requires_grad else None}


def expect_like(
    student: Student,
    name: str,
    criterion: Callable[..., Tensor],
    prediction: Tensor,
    target: Tensor,
    *,
    where: str = "",
    rtol: float | None = None,
    mistakes: Mapping[Cause, Loss] | None = None,
    scales: tuple[float, float] = (1.0, 1.0),
    likely: Cause = NOT_FROM_LOGITS,
    by_default: bool = False,
) -> None:
    """Holds value and gradient against the criterion's, in float64.

    Args:
        where: what is special about these inputs. Others were right, so that any other value shows what is `likely`.
        scales: of the terms of the value, and of the gradient.
    """
    prediction = prediction.detach().requires_grad_()
    got = student.run(
        measure, name=name, prediction=prediction, target=target, by_default=by_default
    )
    exact = prediction.detach().double().requires_grad_()
    target = target.double() if target.is_floating_point() else target

    def gradient(loss: Loss) -> Tensor:
        return 3 * torch.autograd.grad(loss(exact, target), exact, materialize_grads=True)[0]

    wanted = criterion(exact, target)
    factors = {
        _("the number of elements"): prediction.numel(),
        _("the batch size"): prediction.shape[0] if prediction.dim() else 1,
    }
    if name == "cross_entropy":
        factors["the number of labels"] = target.numel()
    mistakes = mistakes or {}
    value = wanted.detach().to(prediction.dtype)
    values: dict[Cause, Any] = {
        cause: partial(_detached, loss, exact, target) for cause, loss in mistakes.items()
    }
    if where:
        values[likely] = ...
    what = f"{name}(…){where}"
    if where and likely == NOT_FROM_LOGITS and isinstance(got["value"], Received):
        number = got["value"].tensor
        if number.shape == value.shape and not number.isfinite():
            sentence = _("{what} is {got}, expected {wanted}.")
            given = {"what": what, "got": number.item(), "wanted": f"{value.item():.7g}"}
            # of 60 no `exp` is ∞ yet
            is_small = name == "bce_with_logits" and exact.abs().max() <= 60
            expect(
                False, sentence.format(**given), NOT_FROM_LOGITS if is_small else OVERFLOWS[name]
            )

    def known() -> dict[Cause, Any]:
        """Of probabilities it is right without the sigmoid, and finite then."""
        number = got["value"].tensor if isinstance(got["value"], Received) else value
        if name != "bce_with_logits" or where or number.isfinite().all():
            return values
        p = prediction.detach().sigmoid()
        taken = student.run(ask_aside, name=name, one=p, other=target.to(p.dtype))
        is_one = isinstance(taken, Received) and taken.tensor.numel() == 1
        wanted = F.binary_cross_entropy(p.double().cpu(), target.double().cpu()).item()
        is_so = is_one and math.isclose(taken.tensor.item(), wanted, rel_tol=1e-3)
        return {NO_SIGMOID: math.nan} if is_so else values

    expect_close(
        got["value"], value, what, rtol=rtol, factors=factors, causes=known, scale=scales[0]
    )
    expect(
        got["grad"] is not None,
        _("{name}(…) has no gradient for autograd.").format(name=name),
        explain.CUT,
    )
    grad = gradient(criterion).to(prediction.dtype)

    def hidden() -> dict[Cause, Any]:
        """The value was right, so mistakes that would change it are out of question."""
        return ({other_functions.BACKWARD_NAN: math.nan} if where else {}) | {
            cause: partial(gradient, loss)
            for cause, loss in mistakes.items()
            if torch.isclose(_detached(loss, exact, target), wanted.detach())
        }

    what = _("the gradient of 3·{name}(…){where}").format(name=name, where=where)
    expect_close(
        got["grad"], grad, what, rtol=rtol, factors=factors, causes=hidden, scale=scales[1]
    )


def _detached(loss: Loss, prediction: Tensor, target: Tensor) -> Tensor:
    return loss(prediction, target).detach()


@rounds(half=True)
@points(1)
def test_mse_loss(student: Student, draw: Draw) -> None:
    """`mse_loss(y_pred, y)` is the mean of the squared differences, with its gradient."""
    expect_mse(student, draw)


def expect_mse(student: Student, draw: Draw, by_default: bool = False) -> None:
    shape, size = draw.shape("shape", RANKS), draw.magnitude("y_pred, y", zero=True)
    prediction = draw.layout("y_pred", size * draw.numbers(*shape))
    target = draw.layout("y", size * draw.numbers(*shape))
    scales = size**2, size
    expect_like(
        student,
        "mse_loss",
        F.mse_loss,
        prediction,
        target,
        mistakes=MSE,
        scales=scales,
        by_default=by_default,
    )


def drawn_labels(draw: Draw, *shape: int) -> Tensor:
    """Zeros and ones, or numbers in between."""
    either = draw.choice("y", LABELS)
    return draw.layout("y", draw.labels(*shape) if either else draw.uniform(0, 1, *shape))


def slope_of_terms(p: Tensor) -> float:
    """How large the terms are that the gradient of 3·binary_cross_entropy is the sum of: y/p and (1 − y)/(1 − p)."""
    return 3 / (torch.minimum(p, 1 - p).min().item() * p.numel())


@rounds(half=True)
@points(1)
def test_binary_cross_entropy(student: Student, draw: Draw) -> None:
    """`binary_cross_entropy(p, y)` is the mean over probabilities, with its gradient."""
    expect_bce(student, draw)


def expect_bce(student: Student, draw: Draw, by_default: bool = False) -> None:
    shape = draw.shape("shape", RANKS)
    p, y = draw.layout("p", draw.uniform(0.05, 0.95, *shape)), drawn_labels(draw, *shape)
    name, criterion = "binary_cross_entropy", F.binary_cross_entropy
    scales = 1.0, slope_of_terms(p)
    expect_like(student, name, criterion, p, y, mistakes=BCE, scales=scales, by_default=by_default)


@probe
def measure_each(student: Any, p: Tensor, y: Tensor) -> list[Any]:
    ones = range(len(p))
    each = [student.binary_cross_entropy(p[i : i + 1], y[i : i + 1]) for i in ones]
    return [*each, student.binary_cross_entropy(p, y)]


@points(1)
@needs("binary_cross_entropy")
def test_binary_cross_entropy_at_0_and_1(student: Student, draw: Draw) -> None:
    """`binary_cross_entropy` is finite where p is exactly 0 or 1: each logarithm is clamped at −100."""
    # ln 1e-60 is −138, and clamped too; in float32 1e-60 is 0
    tiny = torch.tensor([1e-60, 1e-30], dtype=torch.float64).to(draw.dtype).tolist()
    pairs = [(0, 0), (0, 1), (1, 0), (1, 1), (0, 0.25), (1, 0.25), (tiny[0], 1), (tiny[1], 1)]
    p, y = torch.tensor(pairs, dtype=draw.dtype).T
    # one by one as well: in a mean, the large ones hide the small ones
    each = student.run(measure_each, p=p, y=y)
    somes = [*(slice(i, i + 1) for i in range(len(pairs))), slice(None)]
    for got, some in zip(each, somes, strict=True):
        what = _("binary_cross_entropy for p = {p} and y = {y}").format(
            p=p[some].tolist(), y=y[some].tolist()
        )
        expected = F.binary_cross_entropy(p[some], y[some])
        expect_close(got, expected, what, causes={OTHER_CLAMP: ..., NO_CLAMP: math.nan})
    # and near them, with the gradient
    near = 10 ** draw.uniform(-5, -1, 8)
    p = torch.where(torch.arange(8) % 2 == 0, near, 1 - near)
    name, criterion, y = "binary_cross_entropy", F.binary_cross_entropy, draw.uniform(0, 1, 8)
    where = _(" for p near 0 and 1")
    scales = 1.0, slope_of_terms(p)
    expect_like(student, name, criterion, p, y, where=where, likely=OTHER_CLAMP, scales=scales)


@rounds(half=True)
@points(1)
def test_bce_with_logits(student: Student, draw: Draw) -> None:
    """`bce_with_logits(z, y)` is the same of sigmoid(z), with its gradient."""
    expect_bce_with_logits(student, draw)


def expect_bce_with_logits(student: Student, draw: Draw, by_default: bool = False) -> None:
    shape = draw.shape("shape", RANKS)
    # in half precision a probability is 1 from 6 on
    z = draw.uniform(-2, 2, *shape) if draw.dtype in HALVES else 2 * draw.normal(*shape)
    size = 2e-7 if draw.round.ones == 0 else 1.0
    z, y = draw.layout("z", size * z), drawn_labels(draw, *shape)
    criterion = F.binary_cross_entropy_with_logits
    expect_like(student, "bce_with_logits", criterion, z, y, mistakes=LOGITS, by_default=by_default)


@probe
def measure_logits(student: Any, logits: list[Tensor], y: Tensor) -> list[Any]:
    return [student.bce_with_logits(z, y) for z in logits]


@points(1)
@needs("bce_with_logits")
def test_bce_with_logits_is_stable(student: Student, draw: Draw) -> None:
    """`bce_with_logits` and its gradient are finite and right for any z, ±10⁴ too."""
    signs = torch.tensor([-1, -1, 1, 1, -1, 1], dtype=draw.dtype)
    y = torch.tensor([0, 1, 0, 1, 0.25, 0.25], dtype=draw.dtype)
    criterion = F.binary_cross_entropy_with_logits
    # not 20 to 25: there the threshold of F.softplus, which is allowed, costs 10⁻⁹
    for low, high in ((26, 60), (90, 400), (1e3, 2e4), (6, 12), (12.5, 17), (1e5, 1e9)):
        size = draw.uniform(low, high).item()
        where = _(" for logits of ±{size:g}").format(size=size)
        expect_like(
            student, "bce_with_logits", criterion, size * signs, y, where=where, mistakes=LOGITS
        )
    # the values alone: at 0 a right formula may have parts that have no slope
    size = draw.uniform(1e25, 1e30).item()
    sizes = {"0": 0.0, f"±{size:g}": size}
    logits = [size * signs for size in sizes.values()]
    for got, z, told in zip(
        student.run(measure_logits, logits=logits, y=y), logits, sizes, strict=True
    ):
        what = _("bce_with_logits(…) for logits of {size}").format(size=told)
        expect_close(got, criterion(z.double(), y.double()).to(z.dtype), what)


def expect_cross_entropy(
    student: Student, draw: Draw, *shape: int, by_default: bool = False
) -> None:
    # tiny ones in float64, where they can be told from 0
    sizes = {"2·randn": 2.0, "2e-7·randn": 2e-7, "0": 0.0, "1·randn": 1.0, "10·randn": 10.0}
    size = draw.choice("logits", sizes)
    logits = draw.layout("logits", size * draw.normal(*shape))
    labels = draw.layout("labels", draw.integers(0, shape[1], shape[0], *shape[2:]))
    scales = max(1.0, 2 * size), 1.0
    expect_like(
        student,
        "cross_entropy",
        F.cross_entropy,
        logits,
        labels,
        mistakes=CE,
        scales=scales,
        by_default=by_default,
    )


@rounds(half=True)
@points(1)
def test_cross_entropy(student: Student, draw: Draw) -> None:
    """`cross_entropy(logits, labels)`, for logits (n, c) and labels (n,), with its gradient."""
    expect_cross_entropy(student, draw, draw.size("n"), draw.size("c"))


@rounds()
@points(1)
def test_cross_entropy_of_three_dimensions(student: Student, draw: Draw) -> None:
    """`cross_entropy(logits, labels)`, for logits (n, c, d) and labels (n, d), with its gradient."""
    n, c = draw.size("n"), draw.size("c")
    expect_cross_entropy(student, draw, n, c, draw.size("d", high=32))


@points(1)
@needs("cross_entropy")
def test_cross_entropy_is_stable(student: Student, draw: Draw) -> None:
    """`cross_entropy` and its gradient are finite and right for logits of any size, ±10⁴ too."""
    labels = torch.tensor([0, 1, 2, 0])
    for low, high in ((90, 400), (5e3, 1e4)):
        size = draw.uniform(low, high).item()
        # a log-sum-exp loses about |logit|·ε
        rtol = max(1e-9, 20 * size * torch.finfo(draw.dtype).eps)
        # each row on a level of its own, all large, all small: e^(−10⁴) is 0, and so is a sum of such
        apart, levels = torch.tensor([1, 0, -1]), torch.tensor([[0], [1], [-1], [0.5]])
        for level in (levels, 1, -1, apart):
            logits = (draw.normal(4, 3) + size * level).to(draw.dtype)
            where = _(" for logits up to ±{size:g}").format(size=size)
            expect_like(
                student,
                "cross_entropy",
                F.cross_entropy,
                logits,
                labels,
                where=where,
                rtol=rtol,
                mistakes=CE,
            )


HIT_COUNT = Cause("sum-for-mean", "It is the number of hits; divide by the number of rows.")
VALUES = Cause("values-for-indices", "`max` gives values; `argmax` gives the classes.")
ROUNDED = Cause("rounded", "The share is rounded.")
ALWAYS_ONE = Cause(
    "always-one",
    "It is 1 as soon as one row is right, or whatever the labels are: look at what is compared and counted.",
)


@probe(aside=True)
def ask_aside(student: Any, name: str, one: Tensor, other: Tensor) -> Any:
    return getattr(student, name)(one, other)


@probe
def count_hits(student: Any, logits: Tensor, labels: Tensor, by_default: bool = False) -> Any:
    return called(student.accuracy, by_default, logits, labels)


@probe
def count_twice(student: Any, logits: Tensor, others: Tensor, labels: Tensor) -> Any:
    return [student.accuracy(logits, labels), student.accuracy(others, labels)]


def expect_not_over_rows(student: Student, draw: Draw) -> None:
    """Where there are as many rows as classes, a wrong dimension raises nothing."""
    logits = torch.tensor([[2.0, 1.0, 0.0], [5.0, 1.0, 0.0], [0.0, 3.0, 4.0]]).to(draw.dtype)
    labels = torch.tensor([0, 0, 2])
    got = student.run(count_hits, logits=logits, labels=labels)
    if isinstance(got, Received) and got.tensor.numel() == 1:
        sentence = _("{what} is {got}, expected {wanted}.")
        sentence = sentence.format(what="accuracy(logits, labels)", got="1/3", wanted=1)
        expect(abs(got.tensor.item() - 1 / 3) > 0.01, sentence, explain.OVER_BATCH)


@rounds(half=True)
@points(1)
def test_accuracy(student: Student, draw: Draw) -> None:
    """`accuracy(logits, labels)` is the share of rows whose largest logit is at the label, a floating scalar."""
    if draw.round.is_published:
        expect_not_over_rows(student, draw)
    n, c = draw.size("n"), draw.size("c", low=2)
    # far from 0, on either side: a sigmoid is 1 (or 0) all over the row there
    side = torch.where(torch.arange(n) % 2 == 0, 100, -100).unsqueeze(1)
    logits = 5 * draw.normal(n, c) + side
    if draw.dtype in HALVES:  # no two of a row are equal
        logits = draw.normal(n, c).argsort(1).to(draw.dtype)
    elif c == 2:  # the sign of the second one says the opposite of which is larger
        falling, rising = (logits.sort(1, descending).values for descending in (True, False))
        logits = torch.where(side > 0, falling, rising)
    size = draw.magnitude("logits", tiny=(-10.0, -9.0))
    logits = draw.strided(size * logits)
    if draw.dtype in HALVES:
        draw.drawn["layout of logits"] = _("{name} is expanded").format(name="logits")
        logits = logits[:1].clone().expand(n, c)
    # two thirds, so that hits and misses are not taken for each other
    most = -(-2 * n // 3)
    hits = torch.arange(n) < most
    labels = (logits.argmax(1) + torch.where(hits, 0, draw.integers(1, c, n))) % c
    labels = draw.strided(labels)
    got = student.run(count_hits, logits=logits, labels=labels)
    # any floating dtype will do
    dtype = got.tensor.dtype if isinstance(got, Received) else draw.dtype
    is_count = not dtype.is_floating_point and got.tensor.equal(hits.sum())
    sentence = _("accuracy is of dtype {dtype}, expected a floating one.").format(dtype=dtype)
    expect(dtype.is_floating_point, sentence, HIT_COUNT if is_count else "")
    share = hits.double().mean().to(dtype)
    cut = min(n, logits.shape[1])
    causes = {
        explain.ARGMIN: logits.argmin(1) == labels,
        INVERTED: logits.argmax(1) != labels,
        explain.BROADCAST: (logits.argmax(1, keepdim=True) == labels),
        explain.OVER_BATCH: logits.argmax(0)[:cut] == labels[:cut],
        Cause("wrong-axis", "`argmax` runs over all logits at once."): logits.argmax() == labels,
    }
    if c == 2:  # the smaller of two is also what another rule takes, such as a sign
        del causes[explain.ARGMIN], causes[INVERTED]
    shares: dict[Cause, Any] = {cause: found.double().mean() for cause, found in causes.items()}
    shares[explain.PERCENT] = 100 * share
    factors = {"n": n, _("the number of classes"): c}

    def told_apart() -> dict[Cause, Any]:
        """Of ten rows one has its largest logit at the label, and of three it is the label, which is no class."""
        values = torch.tensor([[0.0, 1, 9], [0, 3, 1], [0, 4, 1], [0, 5, 1], *[[0, 7, 1]] * 6])
        labels = torch.tensor([2, 3, 4, 5, *[8] * 6])
        given = {"name": "accuracy", "one": values.to(draw.dtype), "other": labels}
        aside = student.run(ask_aside, **given)
        is_one = isinstance(aside, Received) and aside.tensor.numel() == 1
        number = aside.tensor.item() if is_one else math.nan
        if abs(number - 0.3) < 0.01:
            return {VALUES: ...}
        return shares | {0.0: {ROUNDED: share.round()}, 1.0: {ALWAYS_ONE: 0 * share + 1}}.get(
            number, {}
        )

    # as exact as the logits are, also where it comes in another dtype in the end
    rtol = 11 * torch.finfo(draw.dtype).eps if draw.dtype in HALVES else None
    what = "accuracy(logits, labels)"
    expect_close(got, share, what, rtol=rtol, factors=factors, causes=told_apart)
    if draw.round.is_published:
        expect_told_apart(student, draw, n, c)


def expect_told_apart(student: Student, draw: Draw, n: int, c: int) -> None:
    """Logits that lie near to each other have an order all the same."""
    places = draw.normal(n, c).argsort(1)
    labels = places.argmax(1)
    labels[0] = places[0].argmin()
    logits = 1 + 0.02 * torch.stack((places, places.flip(1))).to(draw.dtype)
    got = student.run(count_twice, logits=logits[0], others=logits[1], labels=labels)
    for value, each in zip(got, logits, strict=True):
        dtype = value.tensor.dtype if isinstance(value, Received) else draw.dtype
        share = (each.argmax(1) == labels).double().mean().to(dtype)
        expect_close(value, share, _("accuracy of logits that are near to each other"))


@points(1)
@needs("mse_loss", "binary_cross_entropy", "bce_with_logits", "cross_entropy", "accuracy")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """The losses and `accuracy` work on any device, with their gradients."""
    for by_default in (False, True):
        if by_default:
            draw.tell_default(elsewhere.device)
        expect_mse(elsewhere, draw, by_default)
        expect_bce(elsewhere, draw, by_default)
        expect_bce_with_logits(elsewhere, draw, by_default)
        n, c = draw.size("n"), draw.size("c")
        expect_cross_entropy(elsewhere, draw, n, c, by_default=by_default)
        if not by_default:
            expect_cross_entropy(elsewhere, draw, n, c, draw.size("d"))
        logits, labels = draw.normal(5, 4), draw.integers(0, 4, 5)
        got = elsewhere.run(count_hits, logits=logits, labels=labels, by_default=by_default)
        dtype = got.tensor.dtype if isinstance(got, Received) else draw.dtype
        share = (logits.argmax(1) == labels).to(dtype).mean()
        expect_close(got, share, "accuracy(logits, labels)")


HINTS = (
    """The formulas are right on paper and overflow in the computer. Ask of each: what is the largest
    number on the way, and is there a form in which it stays small? `torch.nn.functional` has functions
    that do two of these steps in one.""",
    """`torch.log(p).clamp(min=-100)` is a clamped logarithm. `F.logsigmoid(z)` is ln σ(z), and
    `F.logsigmoid(-z)` is ln(1 − σ(z)). `F.log_softmax(logits, dim=1)` is z_k − ln Σ exp(z_j) for every
    class k at once; `gather` takes out the one at the label, also with a dimension more.""",
    """```python
    -(y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(-z)).mean()
    ```

    is `bce_with_logits`, and `binary_cross_entropy` has two clamped logarithms in the places of these.
    `cross_entropy` is `-F.log_softmax(logits, dim=1).gather(1, labels.unsqueeze(1)).mean()`, and the
    accuracy `(logits.argmax(dim=1) == labels).to(logits.dtype).mean()`.""",
)
COMPARE = """Another right way: cross-entropy by `logits.gather(1, labels[:, None])` minus `torch.logsumexp(logits,
    1)`, or by a one-hot mask.

    Torch's `cross_entropy` is `nll_loss(log_softmax(x))`: the largest logit is subtracted first, as you did,
    and one kernel does it all. Its gradient, softmax minus one-hot, is found without dividing by anything."""
