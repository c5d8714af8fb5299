"""The status of an exercise and its sentence, from how its checks ended."""

from __future__ import annotations

import pytest

from grader.checking.exercise_status import not_for_students, status_of
from grader.course.catalog import Course
from grader.report import CheckResult, CheckStatus
from grader.submission import Source, Submission


def checks(*statuses: CheckStatus) -> list[CheckResult]:
    """A check of 2 points for each status."""
    return [
        CheckResult(f"c{number}", "It holds.", status, 2, 2 if status == "passed" else 0)
        for number, status in enumerate(statuses)
    ]


@pytest.fixture
def source() -> Source:
    return Submission.of_text("line_fit", "x = 1\n").sources["line_fit"]


@pytest.mark.parametrize(
    ("statuses", "status", "message"),
    [
        (("passed", "passed"), "passed", "All points."),
        (("passed", "failed"), "partial", ""),
        (("passed", "timeout"), "partial", ""),
        (("passed", "not_started"), "partial", ""),
        (("failed", "not_reached"), "failed", ""),
        (("not_started", "not_reached"), "not_attempted", "Not started yet."),
        (("skipped", "not_started"), "not_attempted", "Not started yet."),
    ],
)
def test_the_worst_that_is_known_decides(
    course: Course,
    source: Source,
    statuses: tuple[CheckStatus, ...],
    status: str,
    message: str,
) -> None:
    found, told = status_of(course["line_fit"], source, "", checks(*statuses))
    assert found == status
    assert told.startswith(message)
    assert bool(told) == bool(message)


def test_a_file_that_is_not_there(course: Course) -> None:
    found = status_of(course["line_fit"], None, "", checks("not_reached"))
    assert found[0] == "missing"
    assert found[1] == (
        "There is no line_fit.py in this submission. `grader reset line_fit` writes its stub."
    )


def test_a_file_that_cannot_be_loaded(course: Course, source: Source) -> None:
    found = status_of(course["line_fit"], source, "line_fit.py is empty.", checks("not_reached"))
    assert found == ("error", "line_fit.py is empty.")


def test_an_untouched_stub_is_not_started_whatever_its_checks_say(course: Course) -> None:
    text = course["line_fit"].stub.read_text(encoding="utf-8")
    stub = Submission.of_text("line_fit", text).sources["line_fit"]
    found, _ = status_of(course["line_fit"], stub, "", checks("failed", "passed"))
    assert found == "not_attempted"


def test_what_stands_below_what_still_raises_is_no_stub(course: Course, source: Source) -> None:
    ended = checks("not_started", "not_reached")
    assert status_of(course["line_fit"], source, "", ended, is_begun=True) == ("failed", "")


def test_where_all_checks_are_kept_back(course: Course, source: Source) -> None:
    handed_in, missing = (not_for_students(course["line_fit"], each) for each in (source, None))
    assert (handed_in.status, missing.status) == ("not_attempted", "missing")
    assert (handed_in.score, handed_in.max_score, handed_in.checks) == (0, 0, ())
    assert handed_in.message == "Only your instructor runs its checks."
