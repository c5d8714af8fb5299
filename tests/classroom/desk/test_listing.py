"""A student's code with what belongs to its lines: each mark and comment where it is meant, and none lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.classroom.desk.listing import ListedExercise, listed, mark_of
from grader.classroom.records import Comment, Enrolled, Record
from grader.report import CheckResult
from grader.submission import Cell, Source
from tests.desks import CODE, report
from tests.gradebooks import NOON

SOURCE = Source.of_text("my_linear.py", CODE)


def comment(exercise: str, place: str = "", line: int | None = None, **more: bool) -> Comment:
    return Comment(1, exercise, place, line, "text", "me", NOON, **more)


def shown(
    source: Source | None = SOURCE, place: str = "my_linear.py, line 5", *comments: Comment
) -> ListedExercise:
    made = report(4)
    [result] = made.exercises
    checks = (result.checks[0], replace(result.checks[1], place=place))
    made = replace(made, exercises=(replace(result, checks=checks),))
    record = Record(Enrolled("ada"), made, 10)
    sources = {"my_linear": source} if source else {}
    [exercise] = listed(["my_linear"], record, sources, comments)
    return exercise


def test_marks_are_at_their_lines() -> None:
    exercise = shown(SOURCE, "my_linear.py, line 5", comment("my_linear", "my_linear.py", 2))
    lines = exercise.cells[0].lines
    assert [line.text for line in lines] == [
        *CODE.replace("\u202e", "\\u202e").split("\n")[:-1],
    ]
    assert [check.name for check in lines[4].checks] == ["forward"]
    assert lines[5].broken == ["`@` is what you are to write."]
    assert len(lines[1].comments) == 1
    assert (exercise.checks, exercise.broken, exercise.comments) == ([], [], [])
    assert len({line.anchor for line in lines}) == len(lines)


@pytest.mark.parametrize("place", ["", "other.py, line 2", "my_linear.py", "my_linear.py, line 99"])
def test_what_has_no_line_is_at_the_exercise(place: str) -> None:
    assert [check.name for check in shown(place=place).checks] == ["forward"]


@pytest.mark.parametrize(
    "told", ["my_linear.py, line 5", "my_linear.py 5번째 줄", "my_linear.py:5"]
)
def test_a_line_is_found_in_any_language(told: str) -> None:
    assert shown(place=told).cells[0].lines[4].checks


def test_a_line_of_a_notebook_is_in_its_cell() -> None:
    places = [f"my_linear.ipynb, cell {number}" for number in (1, 12)]
    source = Source(
        "my_linear.ipynb", tuple(Cell(each, "a\nb\nc") for each in places), notebook=True
    )
    note = comment("my_linear", places[0], 3)
    exercise = shown(source, f"{places[1]}, line 2", note)
    first, second = exercise.cells
    assert second.lines[1].checks
    assert first.lines[2].comments == [note]
    # which cell the forbidden is in is not known
    assert exercise.broken
    anchors = [line.anchor for cell in exercise.cells for line in cell.lines]
    assert len(set(anchors)) == 6


def test_a_comment_on_what_counts_no_more_is_kept() -> None:
    earlier = comment("my_linear", "my_linear.py", 2, earlier=True)
    gone = comment("my_linear", "my_linear.py", 99)
    whole = comment("")
    exercise = shown(SOURCE, "", earlier, gone, whole)
    assert exercise.comments == [earlier, gone]


def test_without_code_there_are_reasons() -> None:
    assert shown(None).problem == "There is no file of this exercise."
    unusable = shown(Source("my_linear.py", problem="my_linear.py: a NUL byte."))
    assert (unusable.problem, unusable.cells) == ("my_linear.py: a NUL byte.", [])
    assert unusable.checks
    record = Record(Enrolled("ada"), None, 10)
    [exercise] = listed(["my_linear"], record, {"my_linear": SOURCE}, ())
    assert (exercise.result, len(exercise.cells)) == (None, 1)


def test_a_flood_is_cut() -> None:
    exercise = shown(Source.of_text("my_linear.py", "x\n" * 9000 + "y" * 9000))
    assert len(exercise.cells[0].lines) == 5000
    assert exercise.cells[0].left_out == 4001
    [line] = shown(Source.of_text("my_linear.py", "y" * 9000)).cells[0].lines
    assert len(line.text) < 2100


@pytest.mark.parametrize(
    ("status", "mark"),
    [("passed", "✓"), ("failed", "✗"), ("timeout", "✗"), ("skipped", "–"), ("not_reached", "–")],
)
def test_marks(status: str, mark: str) -> None:
    assert mark_of(CheckResult("x", "x", status, 1, 0)) == mark  # type: ignore[arg-type]
