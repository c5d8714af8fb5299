"""Rosters: the CSV files that classrooms give out, told apart by their headers; and who a submission belongs to."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ...errors import RosterError
from ...text import clean
from ..records import Enrolled

ID_LENGTH = 300


@dataclass(frozen=True)
class RosterEntry:
    """A line of a roster.

    Attributes:
        deadline: this student's own, where it differs from the class's.
    """

    student: Enrolled
    deadline: datetime | None = None


# what the columns are called, by who made the file; the first whose identifier is there is taken
_KINDS: tuple[tuple[str, dict[str, tuple[str, ...]]], ...] = (
    ("GitHub Classroom", {"id": ("identifier",), "login": ("github_username",), "name": ("name",)}),
    (
        "Classroom 50",
        {
            "id": ("username",),
            "login": ("username",),
            "name": ("first_name", "last_name"),
            "email": ("email",),
            "section": ("section",),
        },
    ),
    (
        "Canvas",
        {
            "id": ("id",),
            "login": ("sis login id",),
            "name": ("student",),
            "section": ("section",),
        },
    ),
    (
        "a plain table",
        {
            "id": ("id",),
            "login": ("login",),
            "name": ("name",),
            "email": ("email",),
            "section": ("section",),
        },
    ),
)
_NEEDED = {"Canvas": "sis login id"}


def read_roster(path: Path) -> list[RosterEntry]:
    """The students of a CSV file, in its order.

    The header says which kind it is: GitHub Classroom's (`identifier`, `github_username`, …), Classroom 50's
    (`username`, `first_name`, …), Canvas' gradebook (`Student`, `ID`, `SIS Login ID`, …), or a plain one with `id` and
    any of `name`, `email`, `login`, `section`. A column `deadline` may stand in each.

    Raises:
        RosterError: if the file cannot be read, has another header, or names a student twice.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise RosterError(f"The roster {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise RosterError(
            f"The roster {path} is not UTF-8 text. Save it as “CSV UTF-8”."
        ) from error
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        header = [cell.strip().casefold() for cell in next(rows, [])]
        columns = _columns(header, path)
        entries = [
            entry
            for row in rows
            if any(cell.strip() for cell in row)
            and (
                entry := _entry(dict(zip(header, row, strict=False)), columns, path, rows.line_num)
            )
        ]
    except csv.Error as error:
        raise RosterError(f"The roster {path}, line {rows.line_num}: {error}.") from error
    _expect_unique(entries, path)
    return entries


def _columns(header: Sequence[str], path: Path) -> dict[str, tuple[str, ...]]:
    for kind, columns in _KINDS:
        if columns["id"][0] in header and _NEEDED.get(kind, columns["id"][0]) in header:
            return columns
    raise RosterError(
        f"The roster {path} has none of the headers that are known: `identifier` (GitHub Classroom), `username` "
        "(Classroom 50), `ID` and `SIS Login ID` (Canvas), or `id`. Its first line is "
        f"{clean(','.join(header), 200)!r}."
    )


def _entry(
    row: dict[str, str], columns: dict[str, tuple[str, ...]], path: Path, line: int
) -> RosterEntry | None:
    def value(what: str) -> str:
        parts = (row.get(name, "").strip() for name in columns.get(what, ()))
        return clean(" ".join(part for part in parts if part), ID_LENGTH - 50)

    if not value("id"):
        # Canvas has lines for the points that are possible
        if "sis login id" in row:
            return None
        raise RosterError(f"The roster {path}, line {line}: there is no identifier.")
    deadline = row.get("deadline", "").strip()
    try:
        until = read_time(deadline) if deadline else None
    except ValueError:
        raise RosterError(
            f"The roster {path}, line {line}: {clean(deadline, 60)!r} is no date. Write it as 2026-11-20T23:59."
        ) from None
    student = Enrolled(
        id=value("id"),
        name=value("name"),
        email=value("email"),
        section=value("section"),
        login=value("login"),
    )
    return RosterEntry(student, until)


def _expect_unique(entries: Iterable[RosterEntry], path: Path) -> None:
    seen = set()
    for entry in entries:
        key = entry.student.id.casefold()
        if key in seen:
            raise RosterError(f"The roster {path} has {entry.student.id!r} twice. Remove one.")
        seen.add(key)


def read_time(text: str) -> datetime:
    """A date and time in ISO 8601; a date alone is its last second, and without a zone it is this machine's time.

    Raises:
        ValueError: if it is none.
    """
    when = datetime.fromisoformat(text)
    if re.fullmatch(r"\d{4}-?\d\d-?\d\d", text):
        when = when.replace(hour=23, minute=59, second=59)
    try:
        return when.astimezone()
    except (OverflowError, OSError) as error:
        raise ValueError(f"{text} is a time that no calendar here has") from error


class Matcher:
    """Finds the student that a submission belongs to, by whatever identifier it carries."""

    def __init__(self, students: Iterable[Enrolled]) -> None:
        students = list(students)
        self._sure: dict[str, str] = {}
        self._likely: dict[str, str] = {}
        for kind in ("login", "email", "id"):  # an identifier goes before a login of the same text
            self._sure |= {
                value.casefold(): student.id
                for student in students
                if (value := getattr(student, kind))
            }
        for student in students:
            for value in (student.email.partition("@")[0], student.name, _letters(student.name)):
                key = value.casefold()
                if key and self._likely.setdefault(key, student.id) != student.id:
                    self._likely[key] = ""  # two share it: it names nobody

    def find(self, aliases: Sequence[str]) -> str | None:
        """The id of the student whom one of `aliases` names, the surest first."""
        keys = [alias.strip().casefold() for alias in aliases]
        for known in (self._sure, self._likely):
            for key in keys:
                if known.get(key):
                    return known[key]
        return next((found for key in keys if (found := self._by_end(key))), None)

    def _by_end(self, key: str) -> str | None:
        """`<assignment>-<login>`, as classrooms name repositories; logins have hyphens, so the longest end counts."""
        for name in (key, re.sub(r"-\d+$", "", key)):
            parts = name.split("-")
            for start in range(1, len(parts)):
                if found := self._sure.get("-".join(parts[start:])):
                    return found
        return None


def _letters(name: str) -> str:
    """`Lovelace, Ada` and `Ada Lovelace` as Canvas writes them in file names: `lovelaceada`."""
    family, comma, given = name.partition(",")
    if not comma:
        given, _, family = name.rpartition(" ")
    return "".join(filter(str.isalnum, family + given)).casefold()
