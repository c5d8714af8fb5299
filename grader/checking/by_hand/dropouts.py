"""Dropout of what is added to x: whether each number is dropped by itself, and how a wrong one is told.

What a mistake would have given on a case's numbers is worked out, so that its cause is told where it came back.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ...language import _
from ..expectations import expect
from ..outcome import Cause

NOT_SCALED = Cause("no-factor", "What stays is not divided by 1 − p.")
DIVIDED_BY_P = Cause("wrong-factor", "What stays is divided by p; it is to be divided by 1 − p.")
TIMES = Cause("wrong-factor", "What stays is multiplied by 1 − p, not divided by it.")
NAN_AT_1 = Cause(
    "zero-division",
    "With dropout = 1 it is divided by 1 − dropout = 0, and 0 / 0 is NaN, as is 0 · ∞: there all becomes 0.",
)
NOTHING_DROPPED = Cause(
    "missing-term", "It is as if there were no dropout on it: that comes last, just before the sum."
)
X_DROPPED = Cause(
    "wrong-place",
    "x goes through dropout too, alone or in the sum: drop only from what is added, before it is added.",
)
P_KEPT = Cause("inverted", "p is taken for the probability to stay; it is that to become 0.")
TWICE = Cause("twice", "That is what two dropouts leave, one after the other.")
OF_DEFAULT = Cause("option-ignored", "It is as if `dropout` were 0.1, its default.")
OF_HALF = Cause("option-ignored", "It is half of them: so `nn.Dropout()` does it without a number.")
FURTHER_CHANCE = Cause(
    "other-chance",
    "What stays has other numbers in each call: chance comes in before as well, as by a dropout on the shares or "
    "between the two layers. None is asked there.",
)
IN_EVALUATION = Cause("other-mode", "There is dropout in evaluation as well: ask `self.training`.")
SCALED_IN_EVALUATION = Cause("other-mode", "It is divided by 1 − p in evaluation as well.")
SHRUNK_IN_EVALUATION = Cause("other-mode", "It is multiplied by 1 − p in evaluation.")
NOT_ANEW = Cause("stale", "Draw in each call, and from a generator that goes on.")
ONE_DRAW = Cause("stale", "One draw is used for both: draw for each of the two by itself.")
_NEAR = 0.05  # six standard deviations of a share of 4096 numbers


def cause_of_zeros(zeros: float, share: float, x: Tensor, ys: list[Tensor]) -> Cause | str:
    """Why another share than `share` becomes 0 of what is added, if that is clear.

    Args:
        x, ys: what the block got, and what it gave in two calls.
    """
    if zeros == 0:
        scaled = x / (1 - share) if share < 1 else 0 * x
        alone = [((y == 0) | torch.isclose(y, scaled)).double().mean() for y in ys]
        return X_DROPPED if min(alone) > share / 4 else NOTHING_DROPPED
    shares = {P_KEPT: 1 - share, TWICE: 1 - (1 - share) ** 2, OF_DEFAULT: 0.1, OF_HALF: 0.5}
    near = [cause for cause, each in shares.items() if abs(each - zeros) < _NEAR]
    return near[0] if len(near) == 1 else ""


def wrong_factors(p: float) -> dict[Cause, float]:
    """By what mistakes multiply what stays, where 1 / (1 − p) is asked."""
    return {NOT_SCALED: 1.0, TIMES: 1 - p, DIVIDED_BY_P: 1 / (p or 1)}


def expect_single_numbers(kept: list[Tensor], share: float = 0.0) -> None:
    """That in two calls others become 0, and not all along a dimension: where some do, and not all.

    Args:
        kept: where numbers stay, in each of the calls.
        share: with what probability one becomes 0; of 0 neighbours are not looked at.
    """
    if torch.stack(kept).all() or not torch.stack(kept).any():
        return
    expect(not torch.equal(*kept), _("In each call the same numbers become 0."), NOT_ANEW)
    sentence = _("It becomes 0 all along dimension {dim} or not at all: draw for each number.")
    for dim in range(kept[0].dim()):
        alike = bool((kept[0] == kept[0].narrow(dim, 0, 1)).all())
        expect(not alike, sentence.format(dim=dim))
    sentence = _("Neighbours along dimension {dim} become 0 together: draw for each number.")
    for dim in range(kept[0].dim()):
        differ = torch.stack(kept).double().diff(dim=dim + 1).abs().mean().item()
        # by chance 2 · p · (1 − p) of 3584 pairs: this is eight standard deviations less, or more
        expect(differ >= 1.25 * share * (1 - share), sentence.format(dim=dim))


def expect_by_themselves(kept: list[Tensor], share: float) -> None:
    """That what stays of the one result does not tell what stays of the other.

    Args:
        kept: where numbers stay, of each of the two.
        share: with what probability one becomes 0.
    """
    sentence = _("The same numbers of what `attention` and what `linear2` gives become 0.")
    expect(not torch.equal(*kept), sentence, ONE_DRAW)
    neither = (~kept[0] & ~kept[1]).double().mean().item()
    sentence = _(
        "Both `attention` and `linear2` are dropped in {neither:.1%} of the numbers, by chance in {by_chance:.1%}: "
        "draw for each of the two by itself."
    ).format(neither=neither, by_chance=share**2)
    away = 8 * share * math.sqrt((1 - share**2) / kept[0].numel())
    expect(abs(neither - share**2) <= away, sentence)
