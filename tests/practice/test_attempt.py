"""A student who goes on working gets a report, or a sentence that says why there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from grader.course.catalog import Course
from grader.errors import CourseError, SandboxLost
from grader.machines import Machines
from grader.practice.attempt import Attempts
from grader.report import Report
from grader.submission import Submission


@pytest.fixture
def submission(course: Course) -> Submission:
    text = course["derivative"].solution.read_text(encoding="utf-8")
    return Submission.of_text("derivative", text)


def test_a_verdict_is_a_report(submission: Submission, machines: Machines) -> None:
    done = Attempts(machines).attempt(submission)
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
    done = Attempts(machines).attempt(submission)
    assert (done.report, done.trouble) == (None, told)


def test_a_fault_is_no_verdict(
    submission: Submission, machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Attempts(machines).attempt(submission).report
    assert whole is not None

    def faulty(*_: Any, **__: Any) -> Report:
        [result] = whole.exercises
        odd = replace(result, status="fault", score=0, checks=(), message="Not graded: it is odd.")
        return replace(whole, exercises=(odd,))

    monkeypatch.setattr("grader.practice.attempt.grade", faulty)
    done = Attempts(machines).attempt(submission)
    assert (done.report, done.trouble) == (None, "Not graded: it is odd.")


def test_a_bug_is_not_hidden(
    submission: Submission, machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.practice.attempt.grade", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        Attempts(machines).attempt(submission)


def test_the_inputs_stay_the_same_from_one_time_to_the_next(
    course: Course, machines: Machines
) -> None:
    """A mistake is shown with the numbers that it had before the change; so is the example of it."""
    text = course["my_linear"].solution.read_text(encoding="utf-8")
    wrong = text.replace("x @ ", "2 * x @ ")
    assert wrong != text
    attempts = Attempts(machines)
    texts = [wrong, wrong + "\n# again\n", text, wrong + "\n# last\n"]
    told = [attempts.attempt(Submission.of_text("my_linear", each)).report for each in texts]
    results = [report.exercises[0] for report in told if report]
    assert len({result.seed for result in results}) == 1
    messages = [[check.message for check in result.checks] for result in results]
    assert messages[0] == messages[1] == messages[3] != messages[2]
    example = attempts.example(Submission.of_text("my_linear", wrong))
    assert example
    assert example == attempts.example(Submission.of_text("my_linear", texts[1]))
    assert not attempts.example(Submission.of_text("my_linear", text))
    # another session has others
    other = Attempts(machines).attempt(Submission.of_text("my_linear", text)).report
    assert other
    assert other.exercises[0].seed != results[0].seed
