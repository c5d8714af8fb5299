"""What several outputs say: every word of it, for every status."""

from __future__ import annotations

from dataclasses import replace

from grader.language import speaking
from grader.outputs import wording
from grader.report import Violation
from tests.hostile import KOREAN, of_every_status, plain_report, report_of


def test_nobody_says_all_where_checks_are_kept_back() -> None:
    full = plain_report([(2, 2)], held_back=3)
    told = "All public checks passed. 3 more points are for checks that only your instructor runs."
    assert wording.verdict(full) == told
    assert wording.verdict(plain_report([(2, 2)])) == "All points."
    assert wording.verdict(plain_report([(0, 2)], held_back=1)) == (
        "0 of 1 public checks passed. 1 more point is for checks that only your instructor runs."
    )


def test_a_verdict_counts_the_checks_that_passed() -> None:
    assert wording.verdict(of_every_status()) == "3 of 15 checks passed."
    assert wording.verdict(report_of([])) == "All points."


def test_nothing_is_kept_back_without_a_word_less() -> None:
    assert wording.kept_back(0) == ""


def test_failures_are_what_went_wrong_in_work_that_was_attempted() -> None:
    found = [
        (exercise.status, check.status) for exercise, check in wording.failures(of_every_status())
    ]
    assert found == [
        ("partial", "failed"),
        ("partial", "timeout"),
        ("failed", "failed"),
        ("error", "failed"),
        ("error", "error"),
    ]
    [exercise] = plain_report([(0, 2)]).exercises
    assert not list(wording.failures(report_of([replace(exercise, status="not_attempted")])))


def test_sentences_of_one_place() -> None:
    [exercise] = KOREAN.exercises
    [check] = exercise.checks
    assert wording.total(3, 10) == "3/10 points"
    assert wording.forbidden(Violation(7, "r", "no x")) == "line 7: no x"
    assert wording.look_at(check) == "Look at my_linear.py, 12번째 줄."
    assert wording.look_at(replace(check, place="")) == ""
    command = "grader check my_linear --seed 5"
    assert wording.again_command(exercise) == command
    assert wording.again(exercise) == f"With the same numbers again: {command}"


def test_in_korean() -> None:
    [exercise] = KOREAN.exercises
    with speaking("ko"):
        assert wording.verdict(plain_report([(2, 2)])) == "만점입니다."
        assert wording.total(18, 20) == "18/20점"
        told = [wording.again(exercise), wording.look_at(exercise.checks[0])]
        told += [wording.forbidden(exercise.violations[0]), wording.kept_back(1)]
    assert wording.again_command(exercise) in told[0]
    english = ("With the same", "Look at", "line ", "point")
    assert not [text for text, word in zip(told, english, strict=True) if word in text]
