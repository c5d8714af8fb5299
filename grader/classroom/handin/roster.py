"""Rosters: the CSV files that classrooms give out, told apart by their headers; and who a submission belongs to."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ...errors import RosterError
from ...submission.encodings import other_text
from ...text import clean
from ..records import Enrolled
from .roster_columns import CANVAS, MOODLE_WORKSHEET, Columns, columns_of

ID_LENGTH = 300
_WORKBOOKS = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"  # as xlsx and ods begin, and xls
_TEST_STUDENTS = ("student, test", "test student")  # as Canvas calls the one of its student view
_STUDENT_ROLES = ("student", "learner", "학생", "수강생")
_STAFF_ROLES = (
    *(
        "instructor",
        "teacher",
        "non-editing teacher",
        "ta",
        "teaching assistant",
        "grader",
        "reader",
    ),
    *("observer", "manager", "designer", "course builder", "교수", "강사", "조교"),
)


@dataclass(frozen=True)
class RosterEntry:
    """A line of a roster.

    Attributes:
        deadline: this student's own, where it differs from the class's.
    """

    student: Enrolled
    deadline: datetime | None = None


@dataclass(frozen=True)
class RosterLine:
    """A line of a roster's file as it was written; `student` is the identifier, empty where it is no student's."""

    student: str
    cells: tuple[str, ...]


class Roster(list[RosterEntry]):
    """The students of a roster's file.

    Attributes:
        kind: who made it, as `roster_columns` calls it.
        lines: all of its lines, the header first.
        deadlines: whether it has a column of deadlines; without one it says nothing of those of students.
    """

    def __init__(
        self,
        entries: Iterable[RosterEntry],
        kind: str = "",
        lines: Sequence[RosterLine] = (),
        deadlines: bool = False,
    ) -> None:
        super().__init__(entries)
        self.kind = kind
        self.lines = tuple(lines)
        self.deadlines = deadlines


def read_roster(path: Path, identifier: str = "") -> Roster:
    """The students of a CSV file, in its order.

    The header says who made it: GitHub Classroom, Classroom 50, Canvas (its gradebook), Moodle (the participants or the
    grading worksheet), Blackboard, Brightspace or Gradescope; or it is a table with a column such as `id` or `학번` and
    any of `name`, `email`, `login`, `section`. A column `deadline` may stand in each. Fields may be parted by commas,
    semicolons or tabs; the text may be UTF-8, UTF-16 or CP949.

    Args:
        identifier: the header of the column that holds the identifier; empty where the header is to tell.

    Raises:
        RosterError: if the file cannot be read, no column identifies students, two have the same identifier, or nobody
            is in it.
    """
    text = _text_of(path)
    first, rest = text.split("\n", 1) if "\n" in text else (text, "")
    delimiter = ""
    if match := re.fullmatch(r"\"?sep=(.)\"?", first.strip()):  # Excel's own first line
        delimiter, text = match[1], rest
    text = text.lstrip("\r\n")
    first = re.sub(r'"[^"]*"', "", text.split("\n", 1)[0])
    rows = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter or max(",;\t", key=first.count),
        strict=True,  # a quote that is not closed would swallow the lines below
    )
    try:
        header = next(rows, [])
        columns = _columns(header, path, identifier)
        lines = [(rows.line_num, row) for row in rows if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise RosterError(
            f"The roster {path}, line {rows.line_num}: {error}. Look for a quotation mark that stands alone."
        ) from error
    roster = _Reader(path, header, columns).roster(lines)
    if not roster:
        raise RosterError(f"The roster {path} has no student in it. Give the list of this class.")
    return roster


def _text_of(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RosterError(f"The roster {path} cannot be read: {error.strerror}.") from error
    if data.startswith(_WORKBOOKS):
        raise RosterError(f"The roster {path} is a workbook. Open it, and save it as “CSV UTF-8”.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if other := other_text(data):
            return other[0]
        raise RosterError(
            f"The roster {path} is not UTF-8 text. Save it as “CSV UTF-8”."
        ) from error


def _columns(header: Sequence[str], path: Path, identifier: str) -> Columns:
    shown = clean(", ".join(one.strip() for one in header), 300)
    try:
        columns = columns_of(header, identifier)
    except KeyError:
        raise RosterError(
            f"The roster {path} has no column {identifier!r}. Its columns are: {shown}."
        ) from None
    if columns is None:
        raise RosterError(
            f"The roster {path} has none of the headers that are known, such as `identifier` (GitHub Classroom), "
            f"`ID` and `SIS Login ID` (Canvas), `ID number` (Moodle), or `id`. Its first line is {shown!r}. "
            "Name the column that identifies a student with --id."
        )
    return columns


class _Reader:
    """Reads the lines of one roster."""

    def __init__(self, path: Path, header: Sequence[str], columns: Columns) -> None:
        self.path = path
        self.header = [cell.strip() for cell in header]
        self.columns = columns
        self.id_place = columns.id[0]

    def roster(self, lines: Sequence[tuple[int, list[str]]]) -> Roster:
        students = [line for line, row in lines if self._is_student(row)]
        chosen = set(students)
        rows = [row for line, row in lines if line in chosen]
        for place in self.columns.id:
            if all(_cell(row, place) for row in rows):
                self.id_place = place
                break
        entries, kept = [], [RosterLine("", tuple(self.header))]
        numbers = []
        for line, row in lines:
            if line in chosen:
                entries.append(self._entry(row, line))
                numbers.append(line)
            student = entries[-1].student.id if line in chosen else ""
            if student or not self._is_passed_over(row):
                kept.append(RosterLine(student, tuple(row)))
        self._expect_unique(entries, numbers)
        return Roster(entries, self.columns.kind, kept, "deadline" in self.columns.single)

    def _value(self, row: Sequence[str], what: str) -> str:
        place = self.columns.single.get(what)
        return "" if place is None else self._clean(_cell(row, place))

    def _clean(self, text: str) -> str:
        if self.columns.kind == "Brightspace":
            text = text.removeprefix("#")  # so that no spreadsheet takes it for a number
        return clean(" ".join(text.split()), ID_LENGTH - 50)

    def _name(self, row: Sequence[str]) -> str:
        parts = [part for place in self.columns.name if (part := _cell(row, place))]
        if not all(re.fullmatch("[가-힣]+", part) for part in parts):
            return self._clean(" ".join(parts))
        # written in one word, the family's first, whichever column comes first
        if len(parts) == 2 and self.header[self.columns.name[0]] != "성":
            parts.reverse()
        return self._clean("".join(parts))

    def _is_passed_over(self, row: Sequence[str]) -> bool:
        """Canvas' own student for trying things out, and those who teach."""
        name = self._name(row).casefold()
        if self.columns.kind == CANVAS and name in _TEST_STUDENTS:
            place = self.columns.further.get("SIS User ID")
            return place is None or not _cell(row, place)
        several = re.split(r"[,;/]", self._value(row, "role").casefold())
        roles = {role.strip() for role in several}
        return bool(roles & {*_STAFF_ROLES}) and not roles & {*_STUDENT_ROLES}

    def _is_student(self, row: Sequence[str]) -> bool:
        if self._is_passed_over(row):
            return False
        # Canvas has lines for the points that are possible, in its own language, and for how grades are posted
        places = (*self.columns.id, *self.columns.further.values())
        named = self._value(row, "login") or any(_cell(row, place) for place in places)
        return self.columns.kind != CANVAS or bool(named)

    def _entry(self, row: Sequence[str], line: int) -> RosterEntry:
        places = dict.fromkeys([self.id_place, *self.columns.id])
        identifier = next(
            (text for place in places if (text := self._clean(_cell(row, place)))), ""
        )
        if not identifier:
            raise RosterError(f"The roster {self.path}, line {line}: there is no identifier.")
        deadline = self._value(row, "deadline")
        try:
            until = read_time(deadline) if deadline else None
        except ValueError:
            raise RosterError(
                f"The roster {self.path}, line {line}: {clean(deadline, 60)!r} is no date. "
                "Write it as 2026-11-20T23:59."
            ) from None
        student = Enrolled(
            id=identifier,
            name=self._name(row),
            email=self._value(row, "email"),
            section=self._value(row, "section"),
            login=self._value(row, "login"),
            ids=tuple(self._further(row, identifier)),
        )
        return RosterEntry(student, until)

    def _further(self, row: Sequence[str], identifier: str) -> Iterator[tuple[str, str]]:
        places = {self.header[place]: place for place in self.columns.id} | dict(
            self.columns.further
        )
        single = self.columns.single
        for name, place in places.items():
            text = self._clean(_cell(row, place))
            if not any(map(str.isalnum, text)) or place in (
                single.get("login"),
                single.get("email"),
            ):
                continue
            if text != identifier:
                yield name, text
            # "Participant 5000" in Moodle's worksheet is 5000 in the names of its downloads
            if self.columns.kind == MOODLE_WORKSHEET and (number := re.search(r"\D(\d+)$", text)):
                if name.casefold() == "identifier":
                    yield name, number[1]

    def _expect_unique(self, entries: Sequence[RosterEntry], lines: Sequence[int]) -> None:
        seen: dict[tuple[str, str], int] = {}
        for entry, line in zip(entries, lines, strict=True):
            student = entry.student
            own = [(self.header[self.id_place] or "identifier", student.id)]
            own += [("login", student.login), ("mail address", student.email), *student.ids]
            for what, text in own:
                key = what.casefold(), text.casefold()
                if text and seen.setdefault(key, line) != line:
                    raise RosterError(
                        f"The roster {self.path} has {text!r} twice as {what}: in line {seen[key]} and in line "
                        f"{line}. Mend or remove one of them."
                    )


def _cell(row: Sequence[str], place: int) -> str:
    return row[place].strip() if place < len(row) else ""


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
