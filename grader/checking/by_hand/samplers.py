"""What samplers give, right and with mistakes that have a name: weights of classes, indices that are drawn by weights,
and batches by length.

A check compares with the right ones, and hands the others to `expect_close(causes=…)`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from ...language import _
from ..expectations import expect
from ..outcome import Cause
from ..probes import helper
from .loaders import passes_of


@helper
def passes_at_once(thing: Any, most: int) -> list[list[Any]]:
    """What comes in two passes that begin and end while another one goes on, and in that one."""
    first = iter(thing)
    ahead = passes_of(first, 1, 1)[0]
    passes = passes_of(thing, 2, most)
    return [*passes, [*ahead, *passes_of(first, 1, most)[0]]]


# weights of classes

SHARES = Cause("inverted", "It is the size of the class where 1 / the size is asked.")
SHARE_OF_ALL = Cause("inverted", "It is the class's share of all samples; 1 / its size is asked.")
OF_CLASSES = Cause("not-expanded", "There is one for each class; one for each sample is asked.")
SUM_OF_ALL = Cause("normalized", "All weights have the sum 1; those of each class are to have it.")
TIMES_N = Cause("normalized", "It is n / the size of the class.")
BALANCED = Cause("normalized", "It is n / (classes · the size of the class).")

# draws

SAME_DRAWS = Cause(
    "stale",
    "They are drawn once, or from a seed that is the same each time: let `generator` go on.",
)
GENERATOR_IGNORED = Cause("option-ignored", "The draws do not come from `generator` alone.")
GLOBAL_CHANGED = Cause(
    "state-not-restored", "It is drawn from or seeded, in a pass or when the sampler is made."
)
ONE_EACH = Cause("option-ignored", "As many come as there are weights; `num_samples` are asked.")
IN_ORDER = Cause("not-independent", "Equal indices stand together: the draws are sorted.")
TENSORS = Cause("tensor-index", "They are tensors: `.tolist()` makes ints of them.")
ODDS: dict[Cause, Callable[[Tensor], Tensor]] = {
    Cause("weights-ignored", "All indices are equally likely."): torch.ones_like,
    Cause("weights-ignored", "All indices whose weight is not 0 are equally likely."): (
        lambda weights: (weights > 0).double()
    ),
    Cause("softmax", "It is drawn by the softmax of the weights."): (
        lambda weights: weights.softmax(0)
    ),
    Cause("squared", "It is drawn by the squares of the weights."): torch.square,
    Cause("squared", "It is drawn by the roots of the weights."): torch.sqrt,
    Cause("inverted", "It is drawn by 1 / the weight."): (
        lambda weights: torch.where(weights > 0, 1 / weights, 0)
    ),
    Cause("order", "It is drawn by the weights in reverse order."): lambda weights: weights.flip(0),
}

# batches by length

LONGEST_FIRST = Cause("order", "The longest come first; the shortest are to.")
NOT_SORTED = Cause("order", "The indices stand in the order of the dataset.")
TIES = Cause("ties", "Of equal lengths the larger index comes first; the smaller one is to.")
FIRST_OF_EQUALS = Cause(
    "ties",
    "Of equal lengths the first index comes each time, as `index` finds it; each is to come.",
)
LENGTHS = Cause("values-for-indices", "The batches hold lengths; their indices are asked.")


def weight_causes(labels: Tensor) -> dict[Cause, Tensor]:
    """What mistakes with the weights of classes give."""
    sizes, n = torch.bincount(labels).double(), len(labels)
    weights = 1 / sizes[labels]
    return {
        SHARES: sizes[labels],
        SHARE_OF_ALL: sizes[labels] / n,
        SUM_OF_ALL: weights / weights.sum(),
        TIMES_N: n * weights,
        BALANCED: n / (sizes > 0).sum() * weights,
    }


def comes_by_chance(counts: Tensor, odds: Tensor) -> bool:
    """Whether each index was drawn as often as its odds say, within what chance gives but once in 10¹².

    That bound is S. Bernstein's, which holds for rare indices, too.
    """
    total, p = counts.sum(), odds / odds.sum()
    room = torch.where(p > 0, 7.5 * (p * (1 - p) / total).sqrt() + 20 / total, 0)
    return bool(((counts / total - p).abs() <= room).all())


def odds_causes(counts: Tensor, weights: Tensor) -> list[Cause]:
    """The mistakes that may have given so many draws of each index."""
    odds = {cause: function(weights) for cause, function in ODDS.items()}
    return [cause for cause, other in odds.items() if comes_by_chance(counts, other)]


def expect_shares(drawn: list[int], weights: Tensor) -> None:
    """That each index comes as often as its weight says, whatever came before."""
    n, total = len(weights), len(drawn)
    within = 0 <= min(drawn) <= max(drawn) < n
    expect(within, _("There are indices that stand for no weight."))
    counts, p = torch.bincount(torch.tensor(drawn), minlength=n), weights / weights.sum()
    causes = odds_causes(counts, weights)
    worst = int((counts / total - p).abs().argmax())
    sentence = _(
        "Index {index} is {found:.1%} of {total} draws; its weight is {p:.1%} of all."
    ).format(index=worst, found=counts[worst].item() / total, total=total, p=p[worst].item())
    fits = comes_by_chance(counts, weights)
    expect(fits, sentence, causes[0] if causes else "")
    pairs = sum(one == other for one, other in pairwise(drawn)) / total
    alike = (p**2).sum().item()
    sentence = _("An index is followed by itself in {found:.1%} of all cases, expected {p:.1%}.")
    sentence = sentence.format(found=pairs, p=alike)
    expect(abs(pairs - alike) < 0.15, sentence, IN_ORDER if pairs > 0.9 else "")


def expect_length(found: int, expected: int, what: str, causes: dict[int, Cause]) -> None:
    sentence = _("len() of {what} is {found}, expected {expected}.")
    sentence = sentence.format(what=what, found=found, expected=expected)
    expect(found == expected, sentence, causes.get(found, ""))


def expect_ints(kinds: list[str]) -> None:
    sentence = _("The indices are of type {kinds}, expected int.").format(kinds=", ".join(kinds))
    expect(kinds == ["int"], sentence, TENSORS if "Tensor" in kinds else "")


def sorted_by(
    lengths: Sequence[int], longest_first: bool = False, last_first: bool = False
) -> list[int]:
    """The indices in the order of their lengths; of equal lengths the first one first, or the last one."""
    sign, tie = -1 if longest_first else 1, -1 if last_first else 1
    return sorted(range(len(lengths)), key=lambda index: (sign * lengths[index], tie * index))


def order_causes(lengths: Sequence[int]) -> dict[Cause, list[int]]:
    """What mistakes in sorting by length give."""
    return {
        LONGEST_FIRST: sorted_by(lengths, longest_first=True),
        NOT_SORTED: list(range(len(lengths))),
        TIES: sorted_by(lengths, last_first=True),
        FIRST_OF_EQUALS: [lengths.index(each) for each in sorted(lengths)],
        LENGTHS: sorted(lengths),
    }
