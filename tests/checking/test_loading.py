"""What is told of a file whose top level raises, hangs or ends the child, and how it is loaded once more."""

from __future__ import annotations

import math
from typing import Any

import pytest

from grader.checking.loading import OnceMore, TopLevel, WithThreads
from grader.checking.telling.raised import Raised, StudentsLines
from grader.errors import NoAnswer
from grader.submission.submission import Cell, Source

TEXT = """import derivative
scale = compute()
class Layer:
    print(unknown)
def double(x):
    return scale * x
other = scale + 1
"""
NO_NAME = "name 'scale' is not defined"


def error(kind: str, message: str, names: list[str], *lines: list[Any]) -> dict[str, Any]:
    return {"type": kind, "message": message, "names": names, "lines": [*lines]}


def top(*errors: Any, lost: NoAnswer | None = None, **header: Any) -> TopLevel:
    source = Source.of_text("work.py", TEXT)
    known = {"names": ["double"], "errors": [*errors], **header}
    return TopLevel(StudentsLines(source), source, known, lost)


IMPORT = error(
    "ModuleNotFoundError", "No module named 'derivative'", ["derivative"], [0, 1, "<module>"]
)
SCALE = error("ValueError", "no", ["scale"], [0, 2, "<module>"], [0, 6, "compute"])
CLASS = error(
    "NameError", "name 'unknown' is not defined", ["Layer"], [0, 3, "<module>"], [0, 4, "Layer"]
)
OTHER = error("NameError", NO_NAME, ["other"], [0, 7, "<module>"])


def test_where_nothing_fails_nothing_is_told() -> None:
    assert (top().notes, top().is_empty, top().because("scale")) == ((), False, "")
    assert top(names=[]).is_empty is False


def test_the_first_line_that_raised_is_told_once() -> None:
    [note] = top(SCALE, OTHER).notes
    assert note.startswith(
        "work.py, line 2: importing the file raises ValueError: no: `scale = comp"
    )
    assert "was graded all the same" in note
    assert "__main__" in note


@pytest.mark.parametrize(
    ("kind", "advice"),
    [("EOFError", "input()"), ("BdbQuit", "breakpoint()"), ("ModuleNotFoundError", "graded alone")],
)
def test_some_say_what_to_do(kind: str, advice: str) -> None:
    [note] = top(error(kind, "", [], [0, 2, "<module>"])).notes
    assert advice in note


def test_what_a_session_has_shown_is_not_told_again() -> None:
    source = Source("this notebook", (Cell("cell [1]", "1 / 0"),), notebook=True, session=True)
    known = {
        "names": ["double"],
        "errors": [error("ZeroDivisionError", "", [], [0, 1, "<module>"])],
    }
    assert TopLevel(StudentsLines(source), source, known).notes == ()
    lost = NoAnswer("timeout", "was late", (0, 1))
    assert len(TopLevel(StudentsLines(source), source, known, lost).notes) == 1


def test_the_programs_end_is_told_as_that() -> None:
    [note] = top(error("SystemExit", "", [], [0, 2, "<module>"])).notes
    assert note.startswith("work.py, line 2: importing the file ends the program")


def test_a_name_is_missing_because_of_the_line_that_raised() -> None:
    found = top(IMPORT, SCALE, CLASS, OTHER)
    told = "`scale` was never defined, because work.py, line 2 raised ValueError: no: `scale = compute()`."
    assert found.because("scale") == told
    assert found.because_of(Raised("NameError", NO_NAME, ())) == told
    assert found.because_of(Raised("ValueError", NO_NAME, ())) == ""
    assert found.because("double") == found.because("never_heard_of") == ""
    # what follows from another line is told as that
    assert "line 2 raised ValueError" in found.because("other")


def test_a_misspelt_import_is_why_a_name_is_missing() -> None:
    troch = error("ModuleNotFoundError", "No module named 'troch'", ["troch"], [0, 1, "<module>"])
    uses = error("NameError", "name 'torch' is not defined", ["scale"], [0, 2, "<module>"])
    assert "line 1 raised ModuleNotFoundError" in top(troch, uses).because("scale")
    assert "line 2 raised NameError" in top(IMPORT, uses).because("scale")


def test_a_class_that_is_half_made_is_told_apart() -> None:
    told = top(CLASS).because("Layer")
    [note] = top(IMPORT, SCALE, CLASS).notes  # rather than of what nothing is missing for
    assert note == (
        "work.py, line 4: importing the file raises NameError: name 'unknown' is not defined: `print(unknown)`. "
        "So the class that begins at work.py, line 3 is not made."
    )
    assert told == (
        "Its class begins at work.py, line 3, but is not made: a line in its body raised NameError: "
        "name 'unknown' is not defined (work.py, line 4: `print(unknown)`)."
    )


def test_a_line_that_was_left_out() -> None:
    lost = NoAnswer("timeout", "did not finish within {seconds:g} seconds", (0, 6), seconds=10)
    lost.statement = (0, 2)
    found = top(lost=lost, left_out=["scale"])
    [note] = found.notes
    assert note.startswith("work.py, line 2: importing the file did not finish within 10 seconds.")
    assert "`scale` was never defined" in found.because("scale")


def test_a_file_none_of_whose_definitions_is_there_is_empty() -> None:
    assert top(SCALE, names=["torch", "nn"]).is_empty
    assert top(names=[], lost=NoAnswer("died", "crashed")).is_empty
    assert not top(SCALE).is_empty


@pytest.mark.parametrize("nonsense", [None, 5, "abc", [5, None], [{"lines": 5, "names": {}}]])
def test_what_a_child_says_may_have_any_form(nonsense: Any) -> None:
    found = top(errors=nonsense, names=nonsense, left_out=nonsense)
    assert found.because("scale") == ""
    assert len(found.notes) < 2


def test_a_file_is_loaded_once_more_in_a_bounded_time() -> None:
    again, at = OnceMore(), NoAnswer("timeout", "late")
    at.statement = (0, 7)
    assert again.seconds == math.inf
    assert again.without(at, 10, 99)
    assert (again.left_out, again.definitions, again.seconds) == ([(0, 7)], False, 10)
    assert again.without(NoAnswer("timeout", "late"), 10, 4)
    assert (again.left_out, again.definitions, again.seconds) == ([(0, 7)], True, 6)
    assert not again.without(at, 10, 1)
    assert again.first is at
    nowhere = OnceMore()
    assert nowhere.without(NoAnswer("died", "crashed"), 10, 1)
    assert nowhere.definitions
    late = OnceMore()
    assert late.without(at, 10, 10)
    assert not late.without(at, 10, 10)


def test_threads_are_allowed_where_a_file_raises_otherwise_with_them() -> None:
    helped = WithThreads()
    assert not helped.changes_what_raises([], False)
    assert helped.changes_what_raises(["no thread"], False)
    assert helped.is_tried
    assert not helped.changes_what_raises([], True)
    assert helped.is_tried
    alike = WithThreads()
    assert alike.changes_what_raises(["a demo"], False)
    assert alike.changes_what_raises(["a demo"], True)
    assert not alike.is_tried  # it goes on without them, and is not tried again
    assert not alike.changes_what_raises(["a demo"], False)
