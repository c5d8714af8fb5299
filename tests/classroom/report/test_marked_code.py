"""Marks stand at the lines that the report names, and an earlier text can be had back from what has changed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.classroom.records import Comment, FileText
from grader.classroom.report.marked_code import (
    MOST_COMPARED,
    Change,
    changes,
    flat,
    is_at_a_line,
    listed_cells,
)
from grader.language import _, speaking
from grader.report import CheckResult, ExerciseResult, Violation
from tests.synthetic import START

FILE = FileText("one.py", (("one.py", "a\nb\nc\nd\n"),))
NOTEBOOK = FileText("one.ipynb", (("one.ipynb, cell 1", "a\nb"), ("one.ipynb, cell 11", "c\nd")))
Marked = list[tuple[int, int, str, list[str], str]]


def failed(name: str, **fields: str) -> CheckResult:
    return CheckResult(name, f"{name} is right", "failed", 1, 0, **fields)  # type: ignore[arg-type]


def result(*checks: CheckResult, **fields: object) -> ExerciseResult:
    whole = ExerciseResult("one", "One", 0, len(checks), "failed", checks=checks)
    return replace(whole, **fields)  # type: ignore[arg-type]


def marked(
    file: FileText, told: ExerciseResult, language: str = "en", *, for_instructor: bool = False
) -> Marked:
    """Cell, line, kind, checks and sentence of every mark."""
    cells = listed_cells(file, told, language, for_instructor=for_instructor)
    return [
        (number, line, mark.kind, mark.checks, mark.text)
        for number, cell in enumerate(cells)
        for line, several in cell.marks.items()
        for mark in several
    ]


def test_a_failed_check_is_marked_where_it_says_to_look() -> None:
    told = result(failed("go", place="one.py, line 3", cause="It is twice too large.", message="x"))
    assert marked(FILE, told) == [(0, 3, "wrong", ["go"], "It is twice too large.")]


def test_or_where_its_message_says_that_it_was() -> None:
    told = result(failed("go", message="KeyError: 'x', at one.py, line 2: `b`\nmore"))
    assert marked(FILE, told) == [(0, 2, "wrong", ["go"], "KeyError: 'x', at one.py, line 2: `b`")]


def test_a_mistake_that_several_checks_show_is_one_mark() -> None:
    told = result(
        failed("go", place="one.py, line 3", message="x"),
        failed("stop", place="one.py, line 4", message="x", same_as="go"),
        CheckResult("fine", "is right", "passed", 1, 1, place="one.py, line 1"),
    )
    assert marked(FILE, told) == [(0, 3, "wrong", ["go", "stop"], "x")]


def test_a_line_of_a_cell_is_in_that_cell() -> None:
    told = result(
        failed("go", place="one.ipynb, cell 11, line 2", message="x"),
        failed("stop", place="one.ipynb, cell 1, line 2", message="y"),
    )
    assert marked(NOTEBOOK, told) == [
        (0, 2, "wrong", ["stop"], "y"),
        (1, 2, "wrong", ["go"], "x"),
    ]


@pytest.mark.parametrize(
    "place",
    [
        "",
        "one.py, line 5",
        "one.py, line 0",
        "two.py, line 1",
        "someone.py, line 1",
        "one.py, line x",
    ],
)
def test_a_line_that_is_not_there_has_no_mark(place: str) -> None:
    assert marked(FILE, result(failed("go", place=place, message="one.py has 2 lines"))) == []


def test_places_are_found_in_the_language_of_the_report() -> None:
    with speaking("ko"):
        place = _("{file}, line {line}").format(file="one.py", line=2)
    assert place != "one.py, line 2"
    told = result(failed("go", place=place, message="x"))
    assert marked(FILE, told, "ko") == [(0, 2, "wrong", ["go"], "x")]


def test_what_is_not_allowed_is_marked_once() -> None:
    rule = Violation(2, "by hand", "`backward` is not allowed here.", ("go",))
    broke = failed("go", message="It was at one.ipynb, cell 11, line 2: `d`.")
    expected = ("forbidden", ["go"], "`backward` is not allowed here.")
    assert marked(FILE, result(failed("go"), violations=(rule,))) == [(0, 2, *expected)]
    assert marked(NOTEBOOK, result(broke, violations=(rule,))) == [(1, 2, *expected)]
    # which cell it is, nobody says
    assert marked(NOTEBOOK, result(failed("go"), violations=(rule,))) == []


def test_the_line_that_cannot_be_loaded_is_marked() -> None:
    told = result(status="error", message="one.py, line 4: SyntaxError: expected ':'")
    assert marked(FILE, told) == [(0, 4, "not loaded", [], told.message)]


def test_what_is_to_be_looked_at_is_marked_for_the_instructor_alone() -> None:
    told = result(remarks=("one.py, line 1: `gc` reaches for objects: `a`",))
    assert marked(FILE, told) == []
    assert marked(FILE, told, "ko", for_instructor=True) == [
        (0, 1, "look", [], "one.py, line 1: `gc` reaches for objects: `a`")
    ]


def test_lines_are_those_that_python_counts() -> None:
    file = FileText("one.py", (("one.py", "a\r\nb\x0c\u2028\rc"),))
    [cell] = listed_cells(file, None)
    assert cell.lines == ("a", "b\x0c\u2028", "c")
    assert cell.marks == {}


def test_a_notebook_is_compared_with_its_cells_named() -> None:
    assert flat(FILE) == ["a", "b", "c", "d"]
    assert flat(NOTEBOOK) == ["one.ipynb, cell 1", "a", "b", "one.ipynb, cell 11", "c", "d"]
    assert flat(None) == []


def undone(found: list[Change], new: list[str]) -> tuple[list[str], list[str]]:
    """The old and the new text, from what has changed and the new one."""
    old: list[str] = []
    seen: list[str] = []
    for kind, value in found:
        if isinstance(value, list):
            old += value
        else:
            some = new[len(seen) : len(seen) + value]
            seen += some
            old += some if kind == "=" else []
    return old, seen


LINES = st.lists(st.sampled_from("abc"), max_size=12)


@given(LINES, LINES)
def test_the_old_text_can_be_had_back(old: list[str], new: list[str]) -> None:
    found = changes(old, new)
    assert undone(found, new) == (old, new)
    assert all(value for _, value in found)


def test_texts_that_differ_at_large_are_not_compared() -> None:
    """Comparing would take time that grows with the square of the lines."""
    old = ["same", *(f"a{at}" for at in range(MOST_COMPARED + 1)), "end"]
    new = ["same", *(f"b{at}" for at in range(MOST_COMPARED + 1)), "end"]
    assert [kind for kind, _ in changes(old, new)] == ["=", "-", "+", "="]
    assert undone(changes(old, new), new) == (old, new)


def test_a_comment_stands_at_its_line_of_what_counts() -> None:
    def said(text: str, place: str, line: int | None, *, earlier: bool = False) -> Comment:
        return Comment(1, "one", place, line, text, "me", START, earlier)

    several = [
        said("here", "one.ipynb, cell 11", 2),
        said("of the whole", "", None),
        said("gone", "one.ipynb, cell 11", 3),
        said("before", "one.ipynb, cell 1", 1, earlier=True),
    ]
    cells = listed_cells(NOTEBOOK, None, comments=several)
    assert [
        (number, line, mark.kind, mark.text)
        for number, cell in enumerate(cells)
        for line, found in cell.marks.items()
        for mark in found
    ] == [(1, 2, "comment", "here")]
    assert [is_at_a_line(each, NOTEBOOK) for each in several] == [True, False, False, False]
    assert not is_at_a_line(several[0], None)
