"""The score that counts, of all that a gradebook tells of a student."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from grader.classroom.records import Absence, Adjustment, Enrolled, Excuse, Record
from grader.report import Report
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
        (None, 0, (-4,), 0),
        (None, 0, (), None),  # nothing handed in is no zero
    ],
)
def test_the_score_that_counts(
    graded: int | None, penalty: int, by_hand: tuple[int, ...], score: int | None
) -> None:
    adjustments = tuple(Adjustment("", points, "me", NOON, "kind") for points in by_hand)
    found = None if graded is None else report(graded)
    record = Record(Enrolled("ada"), found, 10, penalty=penalty, adjustments=adjustments)
    assert record.score == score


def test_what_is_not_graded_has_no_score_whatever_was_given_by_hand() -> None:
    by_hand = (Adjustment("", 4, "me", NOON, "kind"),)
    waiting = Record(Enrolled("ada"), None, 10, adjustments=by_hand, absence="not graded")
    assert (waiting.state, waiting.graded, waiting.score) == ("not graded", None, None)


@pytest.mark.parametrize(
    ("absence", "score"), [("nothing handed in", None), ("could not be read", 0)]
)
def test_what_could_not_be_read_is_worth_nothing_and_nothing_is_no_zero(
    absence: Absence, score: int | None
) -> None:
    record = Record(Enrolled("ada"), None, 10, absence=absence)
    assert (record.state, record.graded, record.score) == (absence, score, score)


@pytest.mark.parametrize("absence", get_args(Absence))
@pytest.mark.parametrize("found", [None, report(8)])
def test_an_excuse_goes_before_all_else(absence: Absence, found: Report | None) -> None:
    by_hand = (Adjustment("", 4, "me", NOON, "kind"),)
    excuse = Excuse("me", NOON, "ill")
    record = Record(
        Enrolled("ada"), found, 10, adjustments=by_hand, absence=absence, excused=excuse
    )
    assert (record.state, record.graded, record.score) == ("excused", None, None)


def test_a_report_with_a_fault_is_no_result() -> None:
    [exercise] = report(8).exercises
    fault = replace(exercise, name="other", status="fault", score=0, checks=())
    record = Record(Enrolled("ada"), replace(report(8), exercises=(exercise, fault)), 20)
    assert (record.state, record.graded, record.score) == ("not graded", None, None)


def test_remarks_are_told_with_their_exercise() -> None:
    [exercise] = report(8).exercises
    noted = replace(exercise, remarks=("line 3 reaches for `sys`", "line 9 starts a thread"))
    record = Record(Enrolled("ada"), replace(report(8), exercises=(noted,)), 10)
    assert record.remarks == (
        "my_linear: line 3 reaches for `sys`",
        "my_linear: line 9 starts a thread",
    )
    assert Record(Enrolled("ada"), None, 10).remarks == ()
