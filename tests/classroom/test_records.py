"""What a gradebook tells of a student: the score that counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.classroom.records import Adjustment, Enrolled, Record
from tests.hand_ins import NOON
from tests.hostile import plain_report

GRADED = Record(Enrolled("ada"), plain_report([(3, 3), (4, 4), (0, 3)]), 10)


def adjusted(*points: int) -> Record:
    given = tuple(Adjustment("my_linear", each, "Curie", NOON, "why") for each in points)
    return replace(GRADED, adjustments=given)


def test_points_are_those_of_the_report() -> None:
    assert GRADED.score == 7
    assert Record(Enrolled("ada"), None, 10).score == 0


def test_a_penalty_is_taken_and_adjustments_are_added() -> None:
    assert replace(GRADED, penalty=2).score == 5
    assert adjusted(2, -1).score == 8
    assert replace(adjusted(3), penalty=2).score == 8
    assert adjusted(9).score == 16  # what an instructor gives is not cut
    assert (
        replace(Record(Enrolled("ada"), None, 10), adjustments=adjusted(4).adjustments).score == 4
    )


@pytest.mark.parametrize("record", [adjusted(-50), replace(GRADED, penalty=8)])
def test_no_score_is_below_nothing(record: Record) -> None:
    assert record.score == 0
