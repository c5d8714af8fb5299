"""A student's work as the desk shows it: the code line by line, with what was seen and written at its lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ...outputs.marks import MARKS
from ...report import CheckResult, ExerciseResult
from ...submission import Source
from ..gradebook.comments import code_lines
from ..records import Comment, Record
from ..sanitize import plain

_LONGEST_LINE = 2000  # characters
_MOST_LINES = 5000  # of a file; what is longer was not written by hand


@dataclass
class CodeLine:
    """A line, and what belongs to it.

    Attributes:
        anchor: names the line on its page.
    """

    anchor: str
    number: int
    text: str
    checks: list[CheckResult] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)


@dataclass
class CodeCell:
    """A Python file, or a code cell of a notebook.

    Attributes:
        place: what it is called.
        left_out: how many lines are not shown.
    """

    place: str
    lines: list[CodeLine]
    left_out: int = 0


@dataclass
class ListedExercise:
    """An exercise of the gradebook with its code.

    Attributes:
        result: what grading gave; `None` where there is no result of it.
        problem: why there is no code, where there is none.
        checks: those that did not pass and belong to no line that is shown.
        comments: those on the exercise as a whole, or at a line that is not shown.
    """

    name: str
    result: ExerciseResult | None
    cells: list[CodeCell]
    problem: str = ""
    checks: list[CheckResult] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)


def listed(
    names: Sequence[str],
    record: Record,
    sources: Mapping[str, Source],
    comments: Iterable[Comment],
) -> list[ListedExercise]:
    """The exercises of a gradebook as a student handed them in, and the comments that belong to one.

    Args:
        names: the exercises.
        sources: exercise → what was handed in.
        comments: all that hold; those on the whole are left out.
    """
    results = {each.name: each for each in record.report.exercises} if record.report else {}
    by_name = {}
    for at, name in enumerate(dict.fromkeys([*names, *results])):
        source, result = sources.get(name), results.get(name)
        exercise = ListedExercise(name, result, _cells(at, source), _problem(source, result))
        _place_result(exercise)
        by_name[name] = exercise
    for comment in comments:
        if comment.exercise in by_name:
            line = _line(by_name[comment.exercise], comment.place, comment.line)
            here = line is not None and not comment.earlier
            (line if here and line else by_name[comment.exercise]).comments.append(comment)
    return list(by_name.values())


def mark_of(check: CheckResult) -> str:
    """The sign that stands for what came of a check."""
    kind = "passed" if check.status == "passed" else "failed" if check.went_wrong else "skipped"
    return MARKS[kind].text


def _cells(exercise: int, source: Source | None) -> list[CodeCell]:
    cells = []
    for at, cell in enumerate(source.cells if source else ()):
        texts = code_lines(cell.text)
        lines = [
            CodeLine(f"L{exercise}-{at}-{number}", number, plain(text.expandtabs(), _LONGEST_LINE))
            for number, text in enumerate(texts[:_MOST_LINES], 1)
        ]
        cells.append(CodeCell(cell.place, lines, max(0, len(texts) - _MOST_LINES)))
    return cells


def _problem(source: Source | None, result: ExerciseResult | None) -> str:
    if source is None:
        return "There is no file of this exercise."
    return "" if source.cells else source.problem or "The file could not be read."


def _place_result(exercise: ListedExercise) -> None:
    """Puts what went wrong at its lines."""
    result = exercise.result
    if result is None or not result.was_attempted:
        return
    for violation in result.violations:
        alone = exercise.cells[0].place if len(exercise.cells) == 1 else ""
        line = _line(exercise, alone, violation.line)
        (line or exercise).broken.append(violation.message)
    for check in result.checks:
        if check.is_told:
            (_told_line(exercise, check.place) or exercise).checks.append(check)


def _told_line(exercise: ListedExercise, told: str) -> CodeLine | None:
    """The line of `my_linear.py, line 12`, in whatever language that is told."""
    for cell in sorted(exercise.cells, key=lambda each: -len(each.place)):
        if told.startswith(cell.place):
            number = re.search(r"(\d+)\D*$", told[len(cell.place) :])
            return _line(exercise, cell.place, int(number[1])) if number else None
    return None


def _line(exercise: ListedExercise, place: str, number: int | None) -> CodeLine | None:
    for cell in exercise.cells:
        if cell.place == place and number and number <= len(cell.lines):
            return cell.lines[number - 1]
    return None
