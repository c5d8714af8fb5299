"""The score that counts, of all that a gradebook tells of a student."""

from __future__ import annotations

import pytest

from grader.classroom.records import Adjustment, Enrolled, Record
from tests.gradebooks import NOON, report


@pytest.mark.parametrize(
    ("graded", "penalty", "by_hand", "score"),
    [
        (8, 0, (), 8),
        (8, 3, (), 5),
        (8, 3, (2, -1), 6),
        (8, 3, (-9,), 0),  # never below 0
        (8, 0, (5,), 13),  # but above what could be reached, where somebody gives that by hand
        (None, 0, (4,), 4),
        (None, 0, (), 0),
    ],
)
def test_the_score_that_counts(
    graded: int | None, penalty: int, by_hand: tuple[int, ...], score: int
) -> None:
    adjustments = tuple(Adjustment("", points, "me", NOON, "kind") for points in by_hand)
    found = None if graded is None else report(graded)
    record = Record(Enrolled("ada"), found, 10, penalty=penalty, adjustments=adjustments)
    assert record.score == score
