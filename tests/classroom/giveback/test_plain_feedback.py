"""A comment in plain text: what the feedback says, without its marks, and nothing of checks that are kept back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.classroom.giveback.plain_feedback import MOST, comment_of, head_of
from grader.classroom.records import Enrolled, Record
from tests.given_back import SECRET, graded_record, nothing, unreadable
from tests.synthetic import HOSTILE, with_statuses


def told_as(record: Record, text: str) -> Record:
    """The record, with this as the message of a check that failed."""
    assert record.report
    [exercise] = record.report.exercises
    checks = (replace(exercise.checks[1], message=text, cause=f"see {text}"),)
    return replace(
        record, report=replace(record.report, exercises=(replace(exercise, checks=checks),))
    )


def test_a_comment_tells_what_the_feedback_tells() -> None:
    told = comment_of(graded_record(), "Lab_1 [late]")
    assert told.startswith(
        "Lab_1 [late]\n\nAda Lind: 4 of 7 points\n\n- graded: 3 points\n- 1 days late: −1 points\n"
        "- by hand in my_linear: +2 points: a good question\n\nA layer: 3 / 7\n"
    )
    assert told.index("It is halved.") < told.index("W[0] is 1, expected 2.")
    assert "Checks that only your instructor runs: 0 of 2 points." in told
    assert "```" not in told
    assert "**" not in told
    assert SECRET not in told
    assert "Curie" not in told


def test_a_mistake_is_told_once() -> None:
    record = with_statuses("failed", "failed", cause="It is halved.")
    assert record.report
    [exercise] = record.report.exercises
    first, second = exercise.checks
    checks = (first, replace(second, same_as=first.name))
    report = replace(record.report, exercises=(replace(exercise, checks=checks),))
    told = comment_of(replace(record, report=report), "Lab 1")
    assert told.count("It is halved.") == 1
    assert told.count("The same mistake as above.") == 1


@pytest.mark.parametrize(
    "text", ["a_b * c_d ** 2", "x[0] < y & `a_b \\* c`", "# not a heading", "a\\b"]
)
def test_text_comes_out_as_it_went_in(text: str) -> None:
    told = comment_of(told_as(graded_record(), text), "Lab 1")
    assert told.count(text) == 2


def test_code_blocks_in_a_message_are_text() -> None:
    message = "before\n```\n**inside** \\*\n````\nafter"
    told = comment_of(told_as(graded_record(), message), "Lab 1")
    for line in message.split("\n"):
        assert line in told


def test_hostile_text_breaks_nothing() -> None:
    for text in HOSTILE:
        record = told_as(graded_record(Enrolled(text, text)), text)
        assert "4 of 7 points" in comment_of(record, text)


def test_the_head_ends_before_the_first_exercise() -> None:
    assert head_of(graded_record(), "Lab 1") == (
        "Lab 1\n\nAda Lind: 4 of 7 points\n\n- graded: 3 points\n- 1 days late: −1 points\n"
        "- by hand in my_linear: +2 points: a good question"
    )
    assert (
        head_of(unreadable(), "Lab 1") == "Lab 1\n\nBob Hope: 0 of 7 points\n\nada.zip is no zip."
    )
    assert comment_of(unreadable(), "Lab 1") == head_of(unreadable(), "Lab 1")


def test_points_by_hand_count_without_a_hand_in() -> None:
    oral = replace(nothing(), adjustments=graded_record().adjustments)
    assert comment_of(oral, "Lab 1") == (
        "Lab 1\n\nBob Hope: 2 of 7 points\n\nNothing was handed in.\n\n"
        "- by hand in my_linear: +2 points: a good question"
    )


def test_a_long_comment_is_cut() -> None:
    told = comment_of(told_as(graded_record(), "x\n" * MOST), "Lab 1")
    assert told.endswith("\n… The rest is left out here, as it is long.")
    assert len(told) < MOST + 100
