"""Points for many from a table: all of it or nothing, and each line once, however often the file is applied.

A reason counts once for a student and an exercise: a line whose student, exercise and reason came from a file before
is left out where the points are the same, and is a mistake where they are others. So the same file does nothing the
second time, and a file to which lines were added gives what is new.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import GradebookError
from ...text import clean
from ..points import parse_points, points_of
from .by_hand import expect_adjustment, name_by_hand, points_columns
from .models import AdjustmentRow, GradebookRow
from .reader import Gradebook

MOST_BYTES = 16 << 20
MISTAKES_TOLD = 20
_COLUMNS = {
    "student": ("student", "id", "identifier", "username", "login", "email", "학번"),
    "points": ("points", "점수"),
    "why": ("why", "reason", "이유", "사유"),
    "exercise": ("exercise", "과제"),
}


@dataclass(frozen=True)
class PointsLine:
    """A line of a file.

    Attributes:
        number: of the line, from 1.
        student: the identifier as it is kept.
    """

    number: int
    student: str
    points: float
    why: str
    exercise: str = ""

    @property
    def reason(self) -> tuple[str, str, str]:
        """What counts once."""
        return self.student, self.exercise, self.why


@dataclass(frozen=True)
class BulkResult:
    """What applying a file did.

    Attributes:
        made: the lines that gave points now.
        before: the lines that had given theirs before, and were left out.
    """

    made: Sequence[PointsLine]
    before: Sequence[PointsLine]


def adjust_from(gradebook: Gradebook, path: Path, *, who: str) -> BulkResult:
    """Gives the points of a CSV file with the columns `student`, `points`, `why`, and `exercise` where it is wanted.

    Raises:
        GradebookError: if the file cannot be read, or some of its lines are wrong: nothing is given then, and every
            wrong line is named.
    """
    who = name_by_hand(who)
    lines = list(_lines(gradebook, path))
    source = clean(path.name, 200)

    def write(session: Session) -> BulkResult:
        # on a server, whoever applies a file waits here for who does so at the same moment
        session.execute(select(GradebookRow.id).with_for_update())
        rows = session.scalars(select(AdjustmentRow).where(AdjustmentRow.source != ""))
        known = {
            (row.student_id, row.exercise, row.why): points_of(2 * row.points + row.half)
            for row in rows
        }
        _expect_the_same_points(lines, known, path)
        new = [line for line in lines if line.reason not in known]
        session.add_all(
            AdjustmentRow(
                student_id=line.student,
                exercise=line.exercise,
                **points_columns(int(line.points * 2)),
                source=source,
                who=who,
                made=datetime.now(UTC),
                why=line.why,
            )
            for line in new
        )
        return BulkResult(new, [line for line in lines if line.reason in known])

    return gradebook.write(write)


def _expect_the_same_points(
    lines: Sequence[PointsLine], known: Mapping[tuple[str, str, str], float], path: Path
) -> None:
    mistakes = [
        f"line {line.number}: {line.student} was given {known[line.reason]} from a file for this reason before, and "
        f"not {line.points}; give the difference for another reason"
        for line in lines
        if known.get(line.reason, line.points) != line.points
    ]
    _refuse(path, mistakes)


def _lines(gradebook: Gradebook, path: Path) -> Iterator[PointsLine]:
    rows = _rows(path)
    _, header = next(rows, (1, []))
    columns = _columns(header, path)
    read = _reader(gradebook)
    mistakes: list[str] = []
    seen: dict[tuple[str, str, str], int] = {}
    for number, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        cells = {name: row[at].strip() if at < len(row) else "" for name, at in columns.items()}
        try:
            if len(row) > len(header):
                raise GradebookError("It has more cells than the header. Is a text without quotes?")
            line = read(number, cells)
            if (first := seen.setdefault(line.reason, number)) != number:
                raise GradebookError(
                    f"It gives {line.student} points for the reason of line {first}."
                )
        except GradebookError as error:
            mistakes.append(f"line {number}: {str(error).rstrip('.')}")
            continue
        yield line
    _refuse(path, mistakes)
    if not seen:
        raise GradebookError(f"{path} has no line below its header.")


def _reader(gradebook: Gradebook) -> Callable[[int, Mapping[str, str]], PointsLine]:
    """Makes a line of its cells; the students are looked up once."""
    exact: dict[str, str] = {}
    other: dict[str, set[str]] = {}
    for student in gradebook.students():
        exact[student.id] = student.id
        for name in filter(None, (student.id, student.login, student.email)):
            other.setdefault(name.casefold(), set()).add(student.id)

    def identifier(name: str) -> str:
        found = {exact[name]} if name in exact else other.get(name.casefold(), set())
        if len(found) != 1:
            several = "several students are" if found else "no student is"
            raise GradebookError(f"In this gradebook {several} called {clean(name, 100)!r}.")
        return found.copy().pop()

    def read(number: int, cells: Mapping[str, str]) -> PointsLine:
        points, why = parse_points(cells["points"]), clean(cells["why"])
        exercise = cells.get("exercise", "")
        expect_adjustment(
            points, why, "somebody", exercise, gradebook.exercises, gradebook.half_points
        )
        return PointsLine(number, identifier(cells["student"]), points, why, exercise)

    return read


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV file, with their lines' numbers.

    Raises:
        GradebookError: if it cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise GradebookError(f"{path} cannot be read: {error.strerror}.") from error
    if len(data) > MOST_BYTES:
        raise GradebookError(f"{path} is larger than 16 MiB. Give a file of points.")
    text = _text(data, path)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begin = 1
    try:
        for row in rows:
            yield begin, row
            begin = rows.line_num + 1
    except csv.Error as error:
        raise GradebookError(f"{path}, line {rows.line_num}: {error}.") from error


def _text(data: bytes, path: Path) -> str:
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    # what a Korean Excel writes as plain CSV is no UTF-8
    for encoding in ("utf-16",) if utf16 else ("utf-8-sig", "cp949"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise GradebookError(f"{path} is no text. Save it as “CSV UTF-8”.")


def _columns(header: Sequence[str], path: Path) -> dict[str, int]:
    names = [cell.strip().casefold() for cell in header]
    found = {}
    for column, synonyms in _COLUMNS.items():
        places = [names.index(name) for name in synonyms if name in names]
        if places:
            found[column] = places[0]
    if missing := [name for name in ("student", "points", "why") if name not in found]:
        raise GradebookError(
            f"{path} lacks the column {missing[0]!r}. Its first line has to be: student,points,why or "
            "student,points,why,exercise."
        )
    return found


def _refuse(path: Path, mistakes: Sequence[str]) -> None:
    if mistakes:
        told = "; ".join(mistakes[:MISTAKES_TOLD])
        more = len(mistakes) - MISTAKES_TOLD
        told += f"; and {more} more" if more > 0 else ""
        raise GradebookError(f"{path} was not applied, and nothing is changed. Wrong are {told}.")
