"""What is told of an exercise that could not be judged: whose fault it is, in a sentence, and where it was."""

from __future__ import annotations

import pytest

from grader.checking.faults import fault_result
from grader.course.catalog import Course
from grader.errors import CourseFault, SandboxLost


def raised(error: Exception, cause: Exception | None = None) -> Exception:
    try:
        raise error from cause
    except Exception as met:
        return met


def in_check(name: str, error: CourseFault) -> CourseFault:
    error.check = name
    return error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            in_check("forward", CourseFault("NameError: name 'x' is not defined")),
            "Not graded: the check `forward` is at fault, not your code. Please tell your instructor. "
            "NameError: name 'x' is not defined",
        ),
        (
            CourseFault("a.py cannot be used: no."),
            "Not graded: the checks of this exercise are at fault, not your code. Please tell your "
            "instructor. a.py cannot be used: no.",
        ),
        (
            SandboxLost("It ended."),
            "Not graded: the grader itself failed, not your code. Try again; if it fails again, tell "
            "your instructor. It ended.",
        ),
        (
            KeyError("status"),
            "Not graded: the grader itself failed, not your code. Try again; if it fails again, tell "
            "your instructor. KeyError: 'status'",
        ),
    ],
)
def test_it_is_told_whose_fault_it_is(course: Course, error: Exception, told: str) -> None:
    result = fault_result(course["line_fit"], raised(error), 10, seed=3)
    assert result.message == told
    assert (result.status, result.score, result.max_score, result.seed) == ("fault", 0, 10, 3)
    assert result.checks == ()
    assert result.is_fault
    assert result.title == course["line_fit"].title


def test_the_traceback_names_the_cause_first(course: Course) -> None:
    error = raised(CourseFault("It is odd."), raised(ZeroDivisionError("division by zero")))
    text = fault_result(course["line_fit"], error).traceback
    assert text.startswith("Traceback (most recent call last):")
    assert text.index("ZeroDivisionError: division by zero") < text.index("CourseFault: It is odd.")
    assert __file__ in text


def test_long_and_strange_texts_are_cut_and_plain(course: Course) -> None:
    error = raised(ValueError("\x1b[2J" + "long " * 20_000 + "end"))
    result = fault_result(course["line_fit"], error)
    assert len(result.message) < 600
    assert len(result.traceback) < 8_100
    assert "\x1b" not in result.message + result.traceback
    assert result.traceback.startswith("Traceback")
    assert "long end" in result.traceback
