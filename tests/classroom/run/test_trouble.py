"""What is told of a fault: the check, the exercise, and the author's own words."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import replace

import pytest

from grader.classroom.run.trouble import Trouble, shared, told, trouble_of, troubles_of
from grader.errors import CourseFault, SandboxLost
from grader.report import ExerciseResult
from tests.gradebooks import report


def check_that_is_broken() -> None:
    """As an author's file is run."""
    names: dict[str, Callable[[], None]] = {}
    exec(compile("def test_mine():\n    undefined_name\n", "/h/my_linear.py", "exec"), names)
    names["test_mine"]()


def wrapped() -> None:
    try:
        check_that_is_broken()
    except NameError as error:
        raise CourseFault("The check is at fault.") from error


def without_a_cause() -> None:
    raise CourseFault("Two checks are called test_x.")


def in_a_check() -> None:
    def test_x() -> None:
        raise SandboxLost("The sandbox's first process ended.") from OSError("no space")

    test_x()


def of_two_lines() -> None:
    raise ValueError("this\nand that")


def traceback_of(function: Callable[[], None]) -> str:
    try:
        function()
    except Exception as error:
        return "".join(traceback.format_exception(error))
    raise AssertionError


@pytest.mark.parametrize("function", [check_that_is_broken, wrapped])
def test_a_broken_check_is_named_with_its_line(function: Callable[[], None]) -> None:
    trouble = trouble_of("not your code", traceback_of(function), "my_linear")
    assert (trouble.kind, trouble.check) == ("course", "test_mine")
    assert trouble.text.splitlines() == [
        "The check test_mine of my_linear failed: NameError: name 'undefined_name' is not defined",
        'File "/h/my_linear.py", line 2, in test_mine',
    ]


def test_a_fault_without_a_check_is_a_sentence_of_its_own() -> None:
    trouble = trouble_of("not your code", traceback_of(without_a_cause), "my_linear")
    assert (trouble.kind, trouble.check) == ("course", "")
    assert trouble.text == "A check of my_linear failed: Two checks are called test_x."


def test_a_lost_sandbox_is_no_checks_fault() -> None:
    """It is always a check that asks the sandbox."""
    trouble = trouble_of("not your code", traceback_of(in_a_check), "my_linear")
    assert (trouble.kind, trouble.check) == ("lost", "")
    assert trouble.text.startswith(
        "Grading my_linear failed: SandboxLost: The sandbox's first process ended.\n"
    )


def test_what_is_not_about_an_exercise_names_none() -> None:
    trouble = trouble_of("x", traceback_of(of_two_lines))
    assert trouble.kind == "grader"
    first, place, line = trouble.text.splitlines()
    assert first == "Grading failed: ValueError: this and that"
    assert place.endswith("in of_two_lines")
    assert line.strip() == 'raise ValueError("this\\nand that")'


@pytest.mark.parametrize("text", ["", "no traceback", "  File ", "\n\n", "Traceback\n  File\n x"])
def test_any_text_will_do(text: str) -> None:
    trouble = trouble_of("The grader failed.\nTell it.", text, "my_linear")
    assert trouble.text.startswith("Grading my_linear failed: ")
    if not text.strip():
        assert trouble.reason == "The grader failed. Tell it."


def test_what_is_told_is_short_and_plain() -> None:
    long = (
        "Traceback\n"
        + '  File "x.py", line 1, in f\n    x = 1\n' * 900
        + f"E: \x1b[31m{'y' * 9000}\n"
    )
    trouble = trouble_of("", long, "my_linear")
    assert len(trouble.text) < 1500
    assert trouble.text.replace("\n", "").isprintable()


def test_a_report_has_a_trouble_for_each_fault() -> None:
    assert troubles_of(report(5)) == ()
    fault = ExerciseResult("losses", "Losses", 0, 5, "fault", "x", traceback=traceback_of(wrapped))
    other = replace(fault, name="line_fit", traceback="")
    several = troubles_of(replace(report(5), exercises=(*report(5).exercises, fault, other)))
    assert [trouble.exercise for trouble in several] == ["losses", "line_fit"]
    assert told(several).count("failed") == 2


def test_the_same_trouble_is_told_once() -> None:
    def mine(number: int, check: str = "test_a") -> Trouble:
        return Trouble(f"ValueError: {number} is odd", "one", check, "course", (f"line {number}",))

    groups = shared(
        {
            "a": [mine(1, "test_b")],
            "b": [mine(1), mine(5, "test_b")],
            "c": [mine(2)],
            "d": [mine(3)],
        }
    )
    assert [(one.first.check, one.students) for one in groups] == [
        ("test_a", ("b", "c", "d")),
        ("test_b", ("a", "b")),
    ]
    assert groups[0].text(4).splitlines() == [
        "The check test_a of one failed for 3 students: ValueError: 1 is odd",
        "  line 1",
    ]
    assert "failed for all 3 students" in groups[0].text(3)
    [alone] = shared({"eve": [mine(1)]})
    assert "failed for eve: " in alone.text(1)
    assert shared({}) == []
