"""Whether numbers are right and stand in the wrong places, which is more than that both look alike when sorted."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from ..outcome import Cause

ORDER = Cause("order", "The numbers are right, and stand in the wrong places.")
# Sorted, many numbers of one kind are near those of another, and all that are within the tolerance are alike.
_LEFT = 0.02  # of the largest error place by place, sorted
_OF_A_GAP = 0.1  # of the distance to the next number


def causes_in_places(got: Tensor, expected: Tensor, rtol: float) -> Iterator[Cause]:
    """`ORDER`, if the numbers that are not in their places are those that are asked there, in another order.

    Args:
        got, expected: of one shape, and finite.
        rtol: the tolerance that holds for `expected`, of its largest element.
    """
    one, two = got.double().flatten(), expected.double().flatten()
    room = rtol * two.abs().max().item()
    errors = (one - two).abs()
    moved = errors > room
    if not moved.any():
        return
    found, wanted = one[moved].sort().values, two[moved].sort().values
    gaps = wanted.diff()
    gaps = gaps[gaps > room]  # numbers that are nearer to each other are one
    if not len(gaps):
        return
    most = min(_LEFT * errors.max().item(), _OF_A_GAP * gaps.median().item())
    if (found - wanted).abs().max().item() <= most:
        # of two whole numbers, such as 0 and 1, one may be there for the other
        by_chance = len(gaps) == 1 and wanted.equal(wanted.round())
        yield ORDER.unsure() if by_chance else ORDER
