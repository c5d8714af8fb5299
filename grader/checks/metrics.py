"""Metrics: counts, F1, divergence and a smooth F1, against formulas in float64; and what does not change."""

from __future__ import annotations

import math
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
    _,
    called,
    expect,
    expect_close,
    explain,
    needs,
    other_functions,
    other_terms,
    points,
    probe,
    rounds,
    soft_scores,
)

FORBIDDEN = {"from scratch": {"except": ["confusion_matrix", "f1_score", "flat_share"], "names": [
    "torch.nn.functional.kl_div", "torch.kl_div",
    "torch.nn.KLDivLoss", "torch.nn.modules.KLDivLoss", "torch.nn.modules.loss.KLDivLoss",
    "torch.distributions.kl_divergence", "torch.distributions.kl.kl_divergence",
]}}  # fmt: skip
HALVES = (torch.float16, torch.bfloat16)
Loss = Callable[[Tensor, Tensor], Tensor]
Score = Callable[[Tensor], Tensor]


# the confusion matrix

NOT_ADDED = Cause(
    "not-added",
    "A pair that occurs several times is counted once: `m[i, j] += 1` with tensors as indices writes each place once. "
    "`index_put_` with `accumulate=True` adds up, and so does `bincount`.",
)

FIRST_LEFT_OUT = Cause("left-out", "The first sample is not counted.")
LAST_LEFT_OUT = Cause("left-out", "The last sample is not counted.")
HITS_ALONE = Cause("diagonal-only", "Only the hits are counted.")
FROM_DATA = Cause(
    "size-of-data",
    "It has a row for each class up to the largest that occurs: `num_classes` says how many there are.",
)
TOO_NARROW = Cause("narrow-counts", "Counts of this size do not fit into {dtype}: count in int64.")
# integers begin again at the other end; of a float16, 2048 + 1 is 2048
WHOLE = (torch.uint8, torch.int8, torch.int16)
STUCK = {torch.float16: 2048, torch.bfloat16: 256}


def counted(predicted: Tensor, labels: Tensor, classes: int) -> Tensor:
    """The confusion matrix."""
    pairs = labels * classes + predicted
    return torch.bincount(pairs, minlength=classes**2).reshape(classes, classes)


@probe
def count(student: Any, predicted: Tensor, labels: Tensor, c: int, by_default: bool) -> list[Any]:
    first, held = called(student.confusion_matrix, by_default, predicted, labels, c), labels.clone()
    again = student.confusion_matrix(held, labels, c)
    # the same object with other numbers, which is another question
    return [first, again, student.confusion_matrix(held.copy_(predicted), labels, c)]


def expect_counts(student: Student, draw: Draw, by_default: bool = False) -> None:
    n, c = draw.size("n"), draw.size("num_classes")
    # in a round of small sizes the last class does not occur, if others are left to be mistaken for each other
    is_full = draw.round.low > 6 or (draw.round.is_published and c == 2)
    most = c if is_full or c == 1 else c - 1
    predicted, labels = draw.integers(0, most, n), draw.integers(0, most, n)
    # some hits, and one pair again and again
    labels = torch.where(torch.arange(n, device=labels.device) % 3 == 1, predicted, labels)
    if n > 3:
        predicted[: n // 3], labels[: n // 3] = most - 1, 0
    predicted, labels = draw.layout("predicted", predicted), draw.layout("labels", labels)
    inputs = {"predicted": predicted, "labels": labels, "c": c}
    got = student.run(count, **inputs, by_default=by_default)
    what = "confusion_matrix(predicted, labels, num_classes)"
    if isinstance(got[0], Received) and got[0].tensor.is_floating_point():
        sentence = _("{what} holds {number:.4g}; counts are whole numbers.")
        parts = got[0].tensor[got[0].tensor != got[0].tensor.round()].tolist()
        expect(not parts, sentence.format(what=what, number=parts[0] if parts else 0))
    for matrix, given in zip(got, (predicted, labels, predicted), strict=True):
        expected = counted(given, labels, c)
        mistakes = {
            explain.TRANSPOSE: expected.T,
            NOT_ADDED: expected.clamp(max=1),
            HITS_ALONE: expected.diag().diag(),
            FIRST_LEFT_OUT: counted(given[1:], labels[1:], c),
            LAST_LEFT_OUT: counted(given[:-1], labels[:-1], c),
            FROM_DATA: counted(given, labels, int(torch.max(given, labels).max()) + 1),
            explain.STALE: counted(labels if given is predicted else predicted, labels, c),
        }
        causes = {cause: m for cause, m in mistakes.items() if not torch.equal(m, expected)}
        expect_close(matrix, expected, what, causes=causes, fixed_dtype=True)


@probe
def count_many(student: Any, predicted: Tensor, labels: Tensor) -> Any:
    return student.confusion_matrix(predicted, labels, 2)


def expect_many(student: Student, draw: Draw) -> None:
    """More samples in one place than int16 can count."""
    predicted = torch.ones(33_300, dtype=torch.int64, device=draw.home)
    labels = torch.zeros_like(predicted)
    labels[:300] = 1
    got = student.run(count_many, predicted=predicted, labels=labels)
    expected = counted(predicted, labels, 2)
    others = {dtype: [expected.to(dtype).long()] for dtype in (*WHOLE, *STUCK)}
    for dtype, most in STUCK.items():
        others[dtype].append(expected.clamp(max=most))
    causes = {
        TOO_NARROW.of(dtype=str(dtype).removeprefix("torch.")): other_terms.either(got, *each)
        for dtype, each in others.items()
    }
    what = _("confusion_matrix(predicted, labels, 2) of 33,300 samples")
    expect_close(got, expected, what, causes=causes, fixed_dtype=True)


@rounds(single=True)
@points(1)
def test_confusion_matrix(student: Student, draw: Draw) -> None:
    """`confusion_matrix(predicted, labels, num_classes)` counts each pair, in int64: rows are the right classes."""
    expect_counts(student, draw)
    if draw.round.name == "large":
        expect_many(student, draw)


# F1

# of TP and the sums of the rows, TP + FN, and of the columns, TP + FP
Terms = Callable[[Tensor, Tensor, Tensor], Tensor]
Average = Callable[[Terms, Tensor], Tensor]


def ratio(above: Tensor, below: Tensor) -> Tensor:
    """above / below, and 0 for 0 / 0."""
    return above.double() / below.double().clamp(min=1)


def f1(hits: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    return ratio(2 * hits, rows + columns)


def binary(terms: Terms, matrix: Tensor) -> Tensor:
    return terms(matrix.diagonal(), matrix.sum(1), matrix.sum(0))[1]


def macro(terms: Terms, matrix: Tensor) -> Tensor:
    return terms(matrix.diagonal(), matrix.sum(1), matrix.sum(0)).mean()


def micro(terms: Terms, matrix: Tensor) -> Tensor:
    return terms(matrix.trace(), matrix.sum(), matrix.sum())


def weighted(matrix: Tensor) -> Tensor:
    """F1 of each class, weighed by how often it occurs."""
    rows = matrix.sum(1)
    return ratio((f1(matrix.diagonal(), rows, matrix.sum(0)) * rows).sum(), matrix.sum())


def of_those_that_occur(matrix: Tensor) -> Tensor:
    some = matrix.sum(0) + matrix.sum(1) > 0
    return f1(matrix.diagonal(), matrix.sum(1), matrix.sum(0)).sum() / some.sum().clamp(min=1)


def of_means(matrix: Tensor) -> Tensor:
    """F1 of the mean precision and the mean recall."""
    one = macro(lambda hits, rows, columns: ratio(hits, columns), matrix)
    other = macro(lambda hits, rows, columns: ratio(hits, rows), matrix)
    return 2 * one * other / (one + other) if one + other > 0 else one


AVERAGES: dict[str, Average] = {"binary": binary, "macro": macro, "micro": micro}
OTHER_TERMS: dict[Cause, Terms] = {
    Cause("precision-alone", "Precision, TP / (TP + FP), is in the place of F1."): (
        lambda hits, rows, columns: ratio(hits, columns)
    ),
    Cause("recall-alone", "Recall, TP / (TP + FN), is in the place of F1."): (
        lambda hits, rows, columns: ratio(hits, rows)
    ),
    Cause(
        "arithmetic-mean", "It is the mean of precision and recall; F1 is their harmonic mean."
    ): lambda hits, rows, columns: (ratio(hits, rows) + ratio(hits, columns)) / 2,
    Cause("geometric-mean", "It is √(precision · recall); F1 is their harmonic mean."): (
        lambda hits, rows, columns: (ratio(hits, rows) * ratio(hits, columns)).sqrt()
    ),
    Cause("wrong-divisor", "It is 2·TP / all samples: FP and FN are those of the class."): (
        lambda hits, rows, columns: ratio(2 * hits, rows.sum())
    ),
    Cause("wrong-divisor", "It is TP / all samples: FP and FN are those of the class."): (
        lambda hits, rows, columns: ratio(hits, rows.sum())
    ),
    Cause("whole-division", "The quotient is rounded to a whole number, as `//` does."): (
        lambda hits, rows, columns: f1(hits, rows, columns).floor()
    ),
    soft_scores.ONCE: lambda hits, rows, columns: ratio(hits, rows + columns - hits),
    soft_scores.ONCE_ABOVE: lambda hits, rows, columns: ratio(hits, rows + columns),
    soft_scores.ONCE_BELOW: lambda hits, rows, columns: ratio(2 * hits, rows + columns - hits),
}
OTHER_AVERAGES: dict[Cause, Score] = {
    Cause("class-left-out", "The class 0 is left out of the mean."): (
        lambda m: f1(m.diagonal(), m.sum(1), m.sum(0))[1:].mean()
    ),
    Cause("wrong-average", "It is the macro F1."): partial(macro, f1),
    Cause("wrong-average", "It is the micro F1."): partial(micro, f1),
    Cause("wrong-class", "It is F1 of the class 0."): (
        lambda m: f1(m.diagonal(), m.sum(1), m.sum(0))[0]
    ),
    Cause("wrong-class", "It is F1 of the class 1 alone."): (
        lambda m: f1(m.diagonal(), m.sum(1), m.sum(0))[min(1, len(m) - 1)]
    ),
    Cause(
        "of-means",
        "It is F1 of the mean precision and the mean recall; the mean of the F1 is asked.",
    ): of_means,
    Cause(
        "absent-left-out", "Classes that do not occur are left out of the mean; they count 0."
    ): of_those_that_occur,
    Cause(
        "weighted",
        "The classes are weighed by how often they occur; in the macro F1 all count alike.",
    ): weighted,
}


LARGE_COUNTS = Cause(
    "narrow-counts",
    "Of the matrices, that with counts above 2³¹ alone is wrong: there is no room for them in int32 or float16.",
)


@probe
def score(student: Any, matrices: list[Tensor], average: str, how: str, by_default: bool) -> Any:
    if how == "default":
        return [called(student.f1_score, by_default, matrix) for matrix in matrices]
    if how == "keyword":
        return [student.f1_score(matrix, average=average) for matrix in matrices]
    return [called(student.f1_score, by_default, matrix, average) for matrix in matrices]


def expect_scores(student: Student, draw: Draw, average: str, by_default: bool = False) -> None:
    c = 2 if average == "binary" else draw.size("c")
    ways = ["keyword", "position", *(["default"] if average == "macro" else [])]
    how = "position" if by_default else draw.choice("average", ways)
    many = draw.integers(1, 30, c, c)
    uneven = many.clone()
    uneven[0] *= 10
    absent = many.clone()
    absent[-1, :] = absent[:, -1] = 0
    misses = many - many.diag().diag()
    never = many.clone()
    never[:, -1] = 0
    matrices = [draw.strided(each) for each in (many, uneven, many.T + 3, absent, misses, never)]
    matrices += [many[:1].clone().expand(c, c), torch.zeros_like(many), (many << 28) + 1]
    if student.device != "cpu":  # where devices are asked, two will do
        matrices = matrices[::7]
    got = student.run(score, matrices=matrices, average=average, how=how, by_default=by_default)
    # any floating dtype will do
    dtypes = [each.tensor.dtype if isinstance(each, Received) else draw.dtype for each in got]
    for dtype in dtypes:
        sentence = _("f1_score is of dtype {dtype}, expected a floating one.").format(dtype=dtype)
        expect(dtype.is_floating_point, sentence)

    def of(function: Score) -> list[Tensor]:
        return [function(m).to(dtype) for m, dtype in zip(matrices, dtypes, strict=True)]

    taken = AVERAGES[average]
    others = {cause: partial(taken, terms) for cause, terms in OTHER_TERMS.items()}
    causes: dict[Cause, Any] = {
        cause: partial(of, score) for cause, score in (others | OTHER_AVERAGES).items()
    }
    expected = of(partial(taken, f1))
    if isinstance(got[-1], Received):
        causes[LARGE_COUNTS] = [*expected[:-1], got[-1].tensor]
    what = _("f1_score(…, {average!r}) of several matrices").format(average=average)
    factors = {} if average == "binary" else {_("the number of classes"): c}
    # 10⁻⁸ in the denominator, or a quotient in float32, is no mistake of a score
    rtol = 2e-5 if not set(dtypes) & set(HALVES) else None
    expect_close(got, expected, what, rtol=rtol, causes=causes, factors=factors)


@rounds("published", "equal", single=True)
@points(1)
def test_f1_binary(student: Student, draw: Draw) -> None:
    """`f1_score(matrix, "binary")` is F1 of the class 1, and 0 where that is 0 / 0."""
    expect_scores(student, draw, "binary")


@rounds(single=True)
@points(1)
def test_f1_macro(student: Student, draw: Draw) -> None:
    """`f1_score(matrix)` is the mean of the F1 of all classes, also of those that do not occur."""
    expect_scores(student, draw, "macro")


@rounds("published", "more ones", "large", single=True)
@points(1)
def test_f1_micro(student: Student, draw: Draw) -> None:
    """`f1_score(matrix, "micro")` is F1 of the sums over all classes."""
    expect_scores(student, draw, "micro")


# two losses

divergence = soft_scores.divergence
Mistakes = Callable[[Tensor, Tensor], soft_scores.Mistakes]
LOSSES: dict[str, tuple[Loss, Mistakes]] = {
    "kl_divergence": (divergence, soft_scores.kl_mistakes),
    "soft_f1_loss": (soft_scores.soft_loss, soft_scores.soft_mistakes),
}


@probe
def measure(student: Any, name: str, one: Tensor, other: Tensor, at: int, by_default: bool) -> Any:
    """The value of a loss, and the gradient that autograd makes of it for one of its inputs."""
    asked = [one, other][at]
    # in one dtype it is of a graph, as what a model gives
    given = asked.view_as(asked) if asked.dtype == torch.float64 else asked
    inputs = [one, given] if at else [given, other]
    loss = called(getattr(student, name), by_default, *inputs)
    if not (isinstance(loss, Tensor) and loss.dim() == 0):
        return {"value": loss, "grad": None}
    if loss.requires_grad:
        # not 1, so that a gradient which ignores what comes from above shows
        (3 * loss).backward()
    return {"value": loss.detach(), "grad": asked.grad if loss.requires_grad else None}


def expect_loss(
    student: Student,
    name: str,
    inputs: list[Tensor],
    at: int,
    by_default: bool = False,
    where: str = "",
    rtol: float | None = None,
) -> None:
    """Holds value and gradient against those of the formula in float64.

    Args:
        at: of which input the gradient is asked.
        where: what is special about these inputs; others were right.
        rtol: how exact they are, if not as their dtype is.
    """
    criterion, mistakes = LOSSES[name]
    dtype, (n, c) = inputs[0].dtype, inputs[0].shape
    exact = [each.double() if each.is_floating_point() else each for each in inputs]
    inputs[at] = inputs[at].detach().requires_grad_()
    exact[at] = exact[at].detach().requires_grad_()
    got = student.run(
        measure, name=name, one=inputs[0], other=inputs[1], at=at, by_default=by_default
    )

    def gradient(loss: Tensor) -> Tensor:
        [slope] = torch.autograd.grad(
            3 * loss, [exact[at]], retain_graph=True, materialize_grads=True
        )
        return slope

    loss = criterion(exact[0], exact[1])
    factors = {_("the number of samples"): n, _("the number of classes"): c}
    factors[_("the number of elements")] = n * c
    what = f"{name}(…){where}"
    wanted = loss.detach().to(dtype)

    def known() -> dict[Cause, Any]:
        named = mistakes(exact[0], exact[1])
        return {**named, **other_terms.counts(got["value"], wanted, _("the number of samples"), n)}

    expect_close(got["value"], wanted, what, factors=factors, causes=known, rtol=rtol)
    sentence = _("{name}(…) has no gradient for autograd.").format(name=name)
    expect(got["grad"] is not None, sentence, explain.CUT)
    what = _("the gradient of 3·{name}(…){where}").format(name=name, where=where)

    def hidden() -> dict[Cause, Any]:
        """The value was right, so mistakes that would change it are out of question."""
        named = mistakes(exact[0], exact[1])
        alike = {cause: made() for cause, made in named.items()}
        same = {
            cause: gradient(other)
            for cause, other in alike.items()
            if torch.isclose(other.detach(), loss.detach())
        }
        return {other_functions.BACKWARD_NAN: math.nan, **same}

    grad = gradient(loss).to(dtype)
    expect_close(got["grad"], grad, what, factors=factors, causes=hidden, scale=1 / n, rtol=rtol)


def expect_divergence(student: Student, draw: Draw, by_default: bool = False) -> None:
    n, c = draw.size("n"), draw.size("c")
    # in half precision, p / q and its gradient p / q² have little room
    wide = 0.5 if draw.dtype in HALVES else 1.0
    p = draw.layout("p", (2 * wide * draw.normal(n, c)).softmax(1))
    q = draw.layout("q", (wide * draw.normal(n, c)).softmax(1))
    expect_loss(student, "kl_divergence", [p, q], 1, by_default)


@rounds(half=True, single=True)
@points(1)
def test_kl_divergence(student: Student, draw: Draw) -> None:
    """`kl_divergence(p, q)` is the mean over the samples, with its gradient with respect to q."""
    expect_divergence(student, draw)


AT_LEAST = Cause(
    "eps",
    "It is as if q were {eps}: add nothing to it, and clamp it nowhere. Only a 0 of p needs care.",
)


@probe
def measure_rows(student: Any, p: Tensor, q: Tensor) -> list[Any]:
    return [student.kl_divergence(one, other) for one, other in zip(p, q, strict=True)]


@points(1)
@needs("kl_divergence")
def test_kl_divergence_of_zeros(student: Student, draw: Draw) -> None:
    """`kl_divergence(p, q)` and its gradient are finite and right where elements of p are 0."""
    p = (2 * draw.normal(4, 5)).softmax(1)
    p = torch.where(torch.arange(5) % 2 == torch.arange(4).unsqueeze(1) % 2, p, 0)
    p[0] = torch.tensor([0, 1, 0, 0, 0]).to(p)
    p = p / p.sum(1, keepdim=True)
    q = draw.normal(4, 5).softmax(1)
    expect_loss(student, "kl_divergence", [p, q], 1, where=_(" where p has zeros"))
    # one sure class, which is hardly foreseen: 1 / q is infinite in the computer, and ln 1e-310 is −714
    rare = 1e-310 if draw.dtype == torch.float64 else 1e-40
    sure = torch.tensor([[[0, 1]], [[1, 0]]], dtype=draw.dtype)
    guess = torch.tensor([[[1, rare]], [[1, rare]]], dtype=draw.dtype)
    expected = list(map(divergence, sure, guess))
    got = student.run(measure_rows, p=sure, q=guess)
    what = _("kl_divergence(p, q) for p = [0, 1] and [1, 0], q = [1, {rare}]").format(rare=rare)

    floors = {
        AT_LEAST.of(eps=eps): list(map(divergence, sure, guess.clamp(min=float(eps))))
        for eps in soft_scores.EPSILONS
    }
    expect_close(got, expected, what, causes=floors)


def expect_soft(student: Student, draw: Draw, by_default: bool = False) -> None:
    n, c = draw.size("n"), draw.size("c")
    sizes = {"2·randn": 2.0, "2e-7·randn": 2e-7, "0": 0.0, "1·randn": 1.0, "10·randn": 10.0}
    logits = draw.layout("logits", draw.choice("logits", sizes) * draw.normal(n, c))
    most = draw.choice("top_label", {"c - 1": c, "c - 2": max(1, c - 1)})
    labels = draw.strided(draw.integers(0, most, n))
    expect_loss(student, "soft_f1_loss", [logits, labels], 0, by_default)


@rounds(half=True, single=True)
@points(1)
def test_soft_f1_loss(student: Student, draw: Draw) -> None:
    """`soft_f1_loss(logits, labels)` is 1 minus the mean soft F1 of the classes, with its gradient."""
    expect_soft(student, draw)


@points(1)
@needs("soft_f1_loss")
def test_soft_f1_loss_is_stable(student: Student, draw: Draw) -> None:
    """`soft_f1_loss` and its gradient are finite for logits of ±10⁴, also where all probabilities of a class are 0."""
    size = draw.uniform(5e3, 1e4).item()
    labels = torch.tensor([0, 1, 0, 1])
    # the last class is never likely, and is no label: 0 / 0
    absent = draw.normal(4, 3) - torch.tensor([0, 0, size]).to(draw.dtype)
    rtol = max(1e-9, 4 * size * torch.finfo(draw.dtype).eps)  # a log-sum-exp loses |logit| · ε
    for logits in (draw.normal(4, 3) + size, absent, absent + size):
        if logits.max() > 100:  # what a softmax of such numbers knows is in whole steps
            logits = logits.round()
        where = _(" for logits up to ±{size:g}").format(size=size)
        expect_loss(student, "soft_f1_loss", [logits, labels], 0, where=where, rtol=rtol)


# no slope

TOLERANT = Cause(
    "tolerant",
    "A small change is taken for none: what is asked is whether the two are exactly equal.",
)


@probe
def walk(
    student: Any, path: Tensor, bars: Tensor, slopes: list[float], unit: float, by_default: bool
) -> Any:
    def measure_of(slope: float) -> Any:
        """How many bars a place is above, and a slope; exact in the dtype."""
        return lambda place: (place.sum() > bars).to(place.dtype).mean() + place.sum() * slope

    shares = [
        [
            called(student.flat_share, by_default, measure_of(slope), path),
            student.flat_share(lambda place: (place * 0).sum(), path),
            student.flat_share(lambda place: place.sum(), path[:5] * 0),
        ]
        for slope in slopes
    ]
    # a large whole number, which changes by 1 and more
    return shares, student.flat_share(lambda place: 2**40 + place.sum().double() / unit, path)


IN_ITS_DTYPE = Cause(
    "dtype",
    "The values are compared in {dtype}, in which more of them are equal: take them as they are.",
)


def share_of(values: Tensor) -> float:
    return (values[1:] == values[:-1]).double().mean().item()


def other_shares(values: Tensor, path: Tensor, rough: Tensor) -> dict[Cause, Any]:
    """What mistakes give in place of the shares of `values` and of two constant measures, which are 1.

    Args:
        rough: the values without the small slope.
    """
    k, same = len(values), values[1:] == values[:-1]
    share, flat = share_of(values), same.sum().item()
    alike = (path[1:] == path[:-1]).reshape(k - 1, -1).all(1).double().mean().item()

    def and_ones(share: float | Tensor) -> list[float]:
        return [share.double().mean().item() if isinstance(share, Tensor) else share, 1.0, 1.0]

    return {
        Cause("inverted", "It is the share of the steps that change something."): (
            [1 - share, 0.0, 0.0]
        ),
        Cause("wrong-count", "It is divided by k; there are k − 1 steps between k places."): (
            [flat / k, 1 - 1 / k, 1 - 1 / min(k, 5)]
        ),
        explain.PERCENT: [100 * share, 100.0, 100.0],
        Cause("count", "It is the number of the steps; their share is asked."): (
            [float(flat), k - 1.0, min(k, 5) - 1.0]
        ),
        IN_ITS_DTYPE.of(dtype="float32"): and_ones(share_of(values.float())),
        TOLERANT: and_ones(share_of(rough)),
        Cause("stops", "Only the steps before the first change count: go on to the end."): (
            and_ones(same.long().cumprod(0) == 1)
        ),
        Cause("from-the-start", "Each place is compared with the first, not the one before."): (
            and_ones(values[1:] == values[0])
        ),
        Cause("left-out", "The first step is left out."): (and_ones(same[1:])),
        Cause("left-out", "The last step is left out."): (and_ones(same[:-1])),
        Cause("places", "The places are compared, and not what the measure gives."): (
            [alike, alike, 1.0]
        ),
        Cause(
            "wrap", "The last place is compared with the first as well, and it is divided by k."
        ): (and_ones(values.roll(1) == values)),
        Cause(
            "distinct",
            "Values that have come before count, wherever: it is 1 − distinct values / places.",
        ): ([1 - len(values.unique()) / k, 1 - 1 / k, 1 - 1 / min(k, 5)]),
        Cause("uphill", "Steps up are taken for steps without a change."): (
            and_ones(values[1:] >= values[:-1])
        ),
        Cause("downhill", "Steps down are taken for steps without a change."): (
            and_ones(values[1:] <= values[:-1])
        ),
    }


def expect_share(student: Student, draw: Draw, by_default: bool = False) -> None:
    k = draw.size("k", low=2, high=66)
    lead = draw.shape("path[0]", ranks=(0, 2, 1, 1, 0), elements=64)
    sizes = {"1": 1.0, "10⁻⁷": 2.0**-24, "10²": 2.0**7, "10⁴": 2.0**14}
    size = 1.0 if draw.dtype in HALVES else draw.choice("|path|", sizes)
    # multiples of a power of two, so that sums are exact; each third place is the one before once more
    steps = draw.integers(-16, 19, k, *lead).cumsum(0)
    again = torch.arange(k) - (torch.arange(k) % 3 == 2).long()
    again[3:][-1:] = 0  # back where it began
    path = draw.layout("path", (steps[again] / 64 * size).to(draw.dtype))
    total = torch.stack([place.sum() for place in path])
    low, high = (end.item() / size for end in total.aminmax())
    bars = (torch.linspace(low, high, 6, device=path.device)[1:-1] * 64).floor() / 64 + 1 / 128
    bars = (bars * size).to(draw.dtype)
    counted_bars = (total.unsqueeze(1) > bars).to(draw.dtype).mean(1)
    # without a slope, and with one so small that float32 or a tolerance loses it
    tiny = {torch.float64: 2.0**-34, torch.float32: 2.0**-16}.get(draw.dtype, 2.0**-6)
    slopes, unit = [0.0, tiny / size], size / 64
    inputs = {"path": path, "bars": bars, "slopes": slopes, "unit": unit}
    got, in_double = student.run(walk, **inputs, by_default=by_default)
    what = _("flat_share(measure, path) of three measures")
    for slope, found in zip(slopes, got, strict=True):
        values = counted_bars + total * slope
        causes = partial(other_shares, values, path, counted_bars)
        # a mean of float32 is exact enough: a step more or less is far more
        expect_close(found, [share_of(values), 1.0, 1.0], what, causes=causes, rtol=1e-6)
    exact = 2**40 + total.double() / unit
    others: dict[Cause, Any] = {
        IN_ITS_DTYPE.of(dtype=str(dtype).removeprefix("torch.")): share_of(exact.to(dtype))
        for dtype in (draw.dtype, torch.float32)
        if dtype != torch.float64
    }
    what = _("flat_share of a measure in float64")
    expect_close(in_double, share_of(exact), what, causes={**others, TOLERANT: 1.0}, rtol=1e-6)


@rounds(half=True)
@points(1)
def test_flat_share(student: Student, draw: Draw) -> None:
    """`flat_share(measure, path)` is the share of the steps in which the measure stays exactly what it was, a float."""
    expect_share(student, draw)


@rounds("published", single=True)
@points(1)
@needs(
    "confusion_matrix", "f1_binary", "f1_macro", "f1_micro", "kl_divergence", "soft_f1_loss", "flat_share",
)  # fmt: skip
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """All five work on any device, the losses with their gradients."""
    for by_default in (False, True):
        if by_default:
            draw.tell_default(elsewhere.device)
        expect_counts(elsewhere, draw, by_default)
        for average in AVERAGES:
            expect_scores(elsewhere, draw, average, by_default)
        expect_divergence(elsewhere, draw, by_default)
        expect_soft(elsewhere, draw, by_default)
        expect_share(elsewhere, draw, by_default)


HINTS = (
    """Try each function by hand on a few samples first. Where can you divide by 0, and where take the
    logarithm of 0? Ask what autograd makes of those places as
    well: 0 · ∞ is NaN, even where the value is right.""",
    """One number for each pair of classes, label · c + prediction, turns the confusion matrix into one call of
    `torch.bincount`. The row sums of the matrix are TP + FN, and the column sums TP + FP. `torch.xlogy(p, p)` is 0
    where p is 0. For the soft F1, multiply the softmax by the one-hot labels, and sum over the samples.""",
    """The matrix is `torch.bincount(…, minlength=num_classes**2)`, reshaped. F1 of all classes at once is twice the
    diagonal by `matrix.sum(0) + matrix.sum(1)`, clamped from below at 1. The divergence is the mean of the row sums of
    `torch.xlogy(p, p) - p * q.log()`. The soft F1 has the same form as the hard one; where the denominator is 0, put 1
    in its place with `torch.where`. For `flat_share`, stack the values and compare `values[1:]` with `values[:-1]`.""",
)
COMPARE = """Another right way to a confusion matrix: `one_hot(labels).T @ one_hot(predicted)`, or `index_put_` with
    `accumulate=True`.

    Torch's `F.kl_div(input, target)` takes the logarithm of q first and p second, and its default `"mean"` divides by
    the number of elements; `reduction="batchmean"` is yours."""
