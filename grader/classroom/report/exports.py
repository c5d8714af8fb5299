"""Scores as the files that learning platforms import, safe to open in a spreadsheet.

Where the roster is the platform's own file, that one is given back with scores (`own_sheet.py`); else:

Canvas finds a student by "SIS User ID", else by "SIS Login ID" (its own "ID" stays empty), and reads the points
possible from the second line. Moodle asks which column names the student. Blackboard finds the student by "Username".
Classroom 50's columns are those of its `scores.csv`. `scores.csv` here is for a spreadsheet of one's own: it says in a
column `state` why there is no score. Who is excused, not graded, or handed in nothing has an empty cell everywhere
(Canvas: `EX` for the excused), which an import takes for no score and never for a zero.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ...outputs.escape import cell
from ..records import RosterSheet
from .class_summary import ClassSummary
from .own_sheet import PLATFORM_OF, Value, own_rows


def write_csv(path: Path, rows: Iterable[Sequence[Value]]) -> None:
    """Writes rows as CSV (UTF-8, comma, quoted where needed); no text in them is a formula to a spreadsheet."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerows(map(cell, row) for row in rows)


def write_exports(
    summary: ClassSummary, folder: Path, sheet: RosterSheet | None = None, column: str = ""
) -> list[Path]:
    """Writes a file for each platform into `folder`; their paths.

    Args:
        sheet: the roster as it was written: its platform's file is that one with scores.
        column: the header of Canvas' column for the scores; empty where the assignment's title is to tell.

    Raises:
        ReportError: if Canvas' gradebook has no such column.
        OSError: if one cannot be written.
    """
    paths = []
    for name, rows in PLATFORMS.items():
        path = folder / f"{name}.csv"
        own = sheet is not None and PLATFORM_OF.get(sheet.kind) == name
        write_csv(path, own_rows(sheet, summary, column) if sheet and own else rows(summary))
        paths.append(path)
    return paths


def _score_column(summary: ClassSummary) -> str:
    return " ".join(summary.title.split()) or "Score"


def _canvas(summary: ClassSummary) -> Iterator[Sequence[Value]]:
    yield "Student", "ID", "SIS User ID", "SIS Login ID", "Section", _score_column(summary)
    yield "Points Possible", "", "", "", "", summary.max_score
    for line in summary.lines:
        score = "EX" if line.state == "excused" else line.score
        yield line.name or line.id, "", line.id, line.login or line.email, line.section, score


def _moodle(summary: ClassSummary) -> Iterator[Sequence[Value]]:
    yield "ID number", "Username", "Email address", "Full name", _score_column(summary)
    for line in summary.lines:
        yield line.id, line.login, line.email, line.name, line.score


def _blackboard(summary: ClassSummary) -> Iterator[Sequence[Value]]:
    yield "Last Name", "First Name", "Username", "Student ID", _score_column(summary)
    for line in summary.lines:
        first, last = split_name(line.name)
        yield last, first, line.login or line.id, line.id, line.score


def _classroom50(summary: ClassSummary) -> Iterator[Sequence[Value]]:
    yield (
        *("username", "first_name", "last_name", "email", "section", "score", "max_score"),
        *("datetime", "submission_tag", "submitted_by", "review_url", "late", "override"),
    )
    for line in summary.lines:
        first, last = split_name(line.name)
        yield (
            *(line.login or line.id, first, last, line.email, line.section),
            *(line.score, line.max_score, stamp(line.submitted), "", line.login, ""),
            *(_truth(line.late_days > 0), _truth(line.adjusted)),
        )


def _plain(summary: ClassSummary) -> Iterator[Sequence[Value]]:
    yield (
        *("id", "name", "login", "email", "section", "state"),
        *("score", "max_score", "graded", "submitted", "late_days", "adjusted"),
    )
    for line in summary.lines:
        yield (
            *(line.id, line.name, line.login, line.email, line.section, line.state),
            *(line.score, line.max_score, line.graded, stamp(line.submitted), line.late_days),
            _truth(line.adjusted),
        )


PLATFORMS: dict[str, Callable[[ClassSummary], Iterator[Sequence[Value]]]] = {
    "canvas": _canvas,
    "moodle": _moodle,
    "blackboard": _blackboard,
    "classroom50": _classroom50,
    "scores": _plain,
}


def split_name(name: str) -> tuple[str, str]:
    """First and last name: of "Lovelace, Ada" and of "Ada Lovelace"; a single word is a last name."""
    last, comma, first = name.partition(",")
    if comma:
        return first.strip(), last.strip()
    first, _, last = name.strip().rpartition(" ")
    return first, last


def stamp(when: datetime | None) -> str:
    """An instant in UTC, as `2026-11-21T09:30:00Z`; one without a time zone is left as it is."""
    if when is None:
        return ""
    if when.tzinfo is None:
        return when.isoformat(timespec="seconds")
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _truth(value: bool) -> str:
    return "true" if value else "false"
