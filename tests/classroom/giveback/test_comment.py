"""A comment in plain text: the cause first, each mistake once, and nothing of checks that are kept back."""

from __future__ import annotations

from dataclasses import replace

from grader.classroom.giveback.comment import MOST, comment_of
from tests.given_back import SECRET, graded_record, unreadable
from tests.synthetic import with_statuses


def test_a_comment_tells_what_is_wrong() -> None:
    told = comment_of(graded_record(), "Lab\n1")
    assert told.startswith("Lab 1: 4 of 7 points\ngraded: 3 points\n")
    assert "A layer: 3 / 7 (some points)" in told
    assert "✗ The values are right. (0 of 2, not right yet)\n  → It is halved.\n  W[0] is 1" in told
    assert "The shape is right." not in told
    assert "Checks that only your instructor runs: 0 of 2 points." in told
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


def test_what_could_not_be_read_is_told() -> None:
    assert comment_of(unreadable(), "Lab 1") == "Lab 1: 0 of 7 points\nada.zip is no zip."


def test_a_comment_is_in_the_language_of_the_report() -> None:
    record = with_statuses("failed", "failed")
    assert record.report
    [exercise] = record.report.exercises
    first, second = exercise.checks
    checks = (first, replace(second, same_as=first.name))
    report = replace(record.report, language="ko", exercises=(replace(exercise, checks=checks),))
    told = comment_of(replace(record, report=report), "Lab 1")
    assert "is right" in told  # the course's own words, which the report has in its language
    assert "The same mistake as above." not in told


def test_a_long_comment_is_cut() -> None:
    record = graded_record()
    assert record.report
    [exercise] = record.report.exercises
    check = replace(exercise.checks[1], message="x" * 1900)
    report = replace(record.report, exercises=(replace(exercise, checks=(check,) * 30),))
    told = comment_of(replace(record, report=report), "Lab 1")
    assert told.endswith("… The rest is left out here, as it is long.")
    assert len(told) < MOST + 100
