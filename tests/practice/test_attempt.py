"""A student who goes on working gets a report, or a sentence that says why there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from grader.course.catalog import Course
from grader.errors import CourseError, SandboxLost
from grader.machines import Machines
from grader.practice.attempt import attempt
from grader.report import Report
from grader.submission import Submission


@pytest.fixture
def submission(course: Course) -> Submission:
    text = course["derivative"].solution.read_text(encoding="utf-8")
    return Submission.of_text("derivative", text)


def test_a_verdict_is_a_report(submission: Submission, machines: Machines) -> None:
    done = attempt(submission, machines)
    assert done.report is not None
    assert (done.report.score, done.trouble) == (10, "")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (CourseError("course.toml is gone."), "course.toml is gone."),
        (SandboxLost("It ended."), "The grader itself failed, not your code: It ended."),
    ],
)
def test_what_cannot_be_graded_is_told(
    submission: Submission,
    machines: Machines,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    told: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("grader.practice.attempt.grade", fail)
    done = attempt(submission, machines)
    assert (done.report, done.trouble) == (None, told)


def test_a_fault_is_no_verdict(
    submission: Submission, machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = attempt(submission, machines).report
    assert whole is not None

    def faulty(*_: Any, **__: Any) -> Report:
        [result] = whole.exercises
        odd = replace(result, status="fault", score=0, checks=(), message="Not graded: it is odd.")
        return replace(whole, exercises=(odd,))

    monkeypatch.setattr("grader.practice.attempt.grade", faulty)
    done = attempt(submission, machines)
    assert (done.report, done.trouble) == (None, "Not graded: it is odd.")


def test_a_bug_is_not_hidden(
    submission: Submission, machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.practice.attempt.grade", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        attempt(submission, machines)
