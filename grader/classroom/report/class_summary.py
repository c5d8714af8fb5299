"""A class in one pass over its records: a line per student, what became of every check, and who made which mistake.

Memory grows by a few hundred bytes a student; reports and messages are not kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...report import CheckResult, ExerciseResult
from ..records import Record

# one letter a status: a class's results are a table of letters
LETTERS = {
    "passed": "p",
    "partial": "h",
    "failed": "f",
    "timeout": "t",
    "error": "e",
    "not_reached": "r",
    "not_started": "n",
    "not_attempted": "n",
    "missing": "m",
    "skipped": "s",
    "fault": "x",
}
ABSENT = "-"
_TOLD = ("not graded", "could not be read")  # states whose reason is something to look at
NO_REASON = "No reason is known."
# the beginning of what is told of a check that failed itself, as `run.trouble` words it
_FAULT = re.compile(
    r"^(?:The check (?P<check>\S+)|A check) of (?P<exercise>\S+) failed", re.MULTILINE
)


class CheckColumn(NamedTuple):
    """A check of the class's table: students are its lines, checks its columns.

    Attributes:
        exercise: the number of its exercise, from 0.
        points: what it is worth.
    """

    exercise: int
    name: str
    description: str
    points: int


class ExerciseColumn(NamedTuple):
    """An exercise of the class's table. Attributes: max_score: what it is worth, in points."""

    name: str
    title: str
    max_score: int


class StudentSummary(NamedTuple):
    """A student in the class's table.

    Attributes:
        score: the points that count: graded ones, less the penalty, and what was changed by hand; `None` where the
            work is not graded.
        graded: the points that grading gave.
        state: what is known of the work, as a `Record` says it.
        on_roster: whether the roster names the student.
        remarks: what there is to look at, each with a word in front that says what it is.
        points: by the number of the exercise; -1 where it is not in the report. Shorter than the table is wide where
            later students have more exercises; so are the two texts.
        exercises: what became of each exercise, a letter of `LETTERS` each, or `ABSENT`.
        checks: what became of each check, in the same letters.
    """

    name: str
    id: str
    login: str
    email: str
    section: str
    score: float | None
    graded: int | None
    max_score: int
    state: str
    submitted: datetime | None
    late_days: int
    adjusted: bool
    on_roster: bool
    remarks: tuple[str, ...]
    points: tuple[int, ...]
    exercises: str
    checks: str

    @property
    def is_graded(self) -> bool:
        """Whether there is a result."""
        return self.state == "graded"


@dataclass
class Shared:
    """A text that several students have in common; `students` are their numbers, in ascending order."""

    text: str
    students: list[int] = field(default_factory=list)


@dataclass
class Mistake:
    """One mistake of the class.

    Attributes:
        kind: `cause`, `forbidden`, `not loaded`, `timeout` or `no cause named`.
        text: the sentence that the first student who made it was given.
        key: of a `cause`, what names it in whatever exercise it is made.
        checks: the numbers of the checks that it failed.
        students: the numbers of those who made it, in ascending order.
        kept_back: whether only checks that students are not to see show it: nobody has read its sentence.
    """

    kind: str
    exercise: int
    text: str
    key: str = ""
    checks: set[int] = field(default_factory=set)
    students: list[int] = field(default_factory=list)
    kept_back: bool = False


class ClassSummary:
    """What a class's report says of the class as a whole.

    Attributes:
        lines: the students, in the order of the records.
        exercises: in the order in which they were first seen.
        checks: in the order in which they were first seen.
        kept_back: the numbers of those that students are not to see.
    """

    def __init__(self, title: str = "") -> None:
        self.title = title
        self.lines: list[StudentSummary] = []
        self.exercises: list[ExerciseColumn] = []
        self.checks: list[CheckColumn] = []
        self._exercise_numbers: dict[str, int] = {}
        self._check_numbers: dict[tuple[int, str], int] = {}
        self.kept_back: set[int] = set()
        self._mistakes: dict[tuple[str, int, str, bool], Mistake] = {}
        self._troubles: dict[str, Shared] = {}
        self._remarks: dict[str, Shared] = {}
        self._notes: dict[str, Shared] = {}
        self._unreadable: dict[str, Shared] = {}
        self._faults: dict[tuple[str, str], set[int]] = {}

    def add(self, record: Record) -> int:
        """Takes a record in; the number of its student, from 0."""
        number = len(self.lines)
        points = [-1] * len(self.exercises)
        exercises = [ABSENT] * len(self.exercises)
        checks = [ABSENT] * len(self.checks)
        verdict = record.report if record.state == "graded" else None
        for result in verdict.exercises if verdict else ():
            place = self.exercise_number(result)
            while len(points) <= place:
                points.append(-1)
                exercises.append(ABSENT)
            points[place] = result.score
            exercises[place] = LETTERS[result.status]
            for check in result.checks:
                at = self.check_number(place, check)
                checks.extend(ABSENT * (at + 1 - len(checks)))
                checks[at] = LETTERS[check.status]
                if check.name in record.kept_back.get(result.name, ()):
                    self.kept_back.add(at)
            self._note_mistakes(number, place, result)
        if record.state == "not graded":
            _share(self._troubles, record.problem or NO_REASON, number)
            self._note_faults(number, record)
        if record.state == "could not be read":
            _share(self._unreadable, record.problem, number)
        for note in record.notes:
            _share(self._notes, note, number)
        for remark in record.remarks:
            _share(self._remarks, remark, number)
        student = record.student
        self.lines.append(
            StudentSummary(
                name=student.name,
                id=student.id,
                login=student.login,
                email=student.email,
                section=student.section,
                score=record.score,
                graded=record.graded,
                max_score=record.max_score,
                state=record.state,
                submitted=record.submitted,
                late_days=record.late_days,
                adjusted=bool(record.adjustments),
                on_roster=student.on_roster,
                remarks=_looked_at(record),
                points=tuple(points),
                exercises="".join(exercises),
                checks="".join(checks),
            )
        )
        return number

    def _note_faults(self, student: int, record: Record) -> None:
        """Which checks failed themselves: of a report with such exercises, or of the reason that is kept instead."""
        named = {(each.name, "") for each in (record.report.faults if record.report else ())}
        for match in _FAULT.finditer(record.problem):
            named.discard((match["exercise"], ""))
            named.add((match["exercise"], (match["check"] or "").removeprefix("test_")))
        for each in named:
            self._faults.setdefault(each, set()).add(student)

    def exercise_number(self, result: ExerciseResult) -> int:
        """The number of an exercise, from 0; a new one gets the next."""
        number = self._exercise_numbers.setdefault(result.name, len(self.exercises))
        if number == len(self.exercises):
            self.exercises.append(ExerciseColumn(result.name, result.title, result.max_score))
        return number

    def check_number(self, exercise: int, check: CheckResult) -> int:
        """The number of a check, from 0; a new one gets the next."""
        number = self._check_numbers.setdefault((exercise, check.name), len(self.checks))
        if number == len(self.checks):
            self.checks.append(CheckColumn(exercise, check.name, check.description, check.points))
        return number

    def _note_mistakes(self, student: int, exercise: int, result: ExerciseResult) -> None:
        if result.status == "error":
            # the reason without its line and column, which differ from file to file
            reason = re.search(r"\w*(Error|Exception)\b", result.message)
            self._note(student, "not loaded", exercise, reason[0] if reason else "", result.message)
            return
        rules = {name: each for each in result.violations for name in each.checks}
        wrong = [
            (self.check_number(exercise, each), each) for each in result.checks if each.went_wrong
        ]
        # first what the student reads
        for at, check in sorted(wrong, key=lambda each: each[0] in self.kept_back):
            if broken := rules.get(check.name):
                self._note(student, "forbidden", exercise, broken.rule, broken.message, at)
                continue
            cause = check.cause_id or kind_of(check.cause)
            if cause:
                self._note(student, "cause", exercise, cause, check.cause, at)
            elif check.status == "timeout":
                self._note(student, "timeout", exercise, "", "Not done within its time.", at)
            else:
                text = f"Not right: {check.description}"
                self._note(student, "no cause named", exercise, check.name, text, at)

    def _note(
        self, student: int, kind: str, exercise: int, key: str, text: str, check: int | None = None
    ) -> None:
        hidden = check in self.kept_back
        told = self._mistakes.get((kind, exercise, key, False))
        if check is not None and hidden and told and told.students[-1] == student:
            told.checks.add(check)  # the student has read of it in another check
            return
        mistake = self._mistakes.setdefault(
            (kind, exercise, key, hidden), Mistake(kind, exercise, text, key, kept_back=hidden)
        )
        if not mistake.students or mistake.students[-1] != student:
            mistake.students.append(student)
        if check is not None:
            mistake.checks.add(check)

    @property
    def mistakes(self) -> list[Mistake]:
        """The mistakes of all who were added, the most frequent first."""
        return sorted(
            self._mistakes.values(), key=lambda one: (-len(one.students), one.exercise, one.text)
        )

    @property
    def troubles(self) -> list[Shared]:
        """Why work is not graded, through no fault of the students; what most of them have comes first."""
        return sorted(self._troubles.values(), key=lambda one: -len(one.students))

    @property
    def remarks(self) -> list[Shared]:
        """What the instructor should look at in sources; what most students have comes first."""
        return sorted(self._remarks.values(), key=lambda one: -len(one.students))

    @property
    def notes(self) -> list[Shared]:
        """What to look at besides sources, such as late work; what most students have comes first."""
        return sorted(self._notes.values(), key=lambda one: -len(one.students))

    @property
    def unreadable(self) -> list[Shared]:
        """Why hand-ins could not be read; what most students have comes first."""
        return sorted(self._unreadable.values(), key=lambda one: -len(one.students))

    @property
    def faults(self) -> dict[tuple[str, str], frozenset[int]]:
        """Exercise and check (empty where it is not known) → whom it kept from being graded, for failing itself."""
        return {named: frozenset(who) for named, who in self._faults.items()}

    @property
    def max_score(self) -> int:
        """The points that could be reached; the most, where students differ in that."""
        return max((line.max_score for line in self.lines), default=0)

    def graded(self) -> Iterator[StudentSummary]:
        """Those of whom there is a result."""
        return (line for line in self.lines if line.is_graded)

    def scores(self) -> list[float]:
        """The scores that count, of those of whom there is a result."""
        return [line.score for line in self.graded() if line.score is not None]

    def count(self, *states: str) -> int:
        """How many students there are in one of these states."""
        return sum(line.state in states for line in self.lines)

    def check_letters(self) -> NDArray[np.bytes_]:
        """What became of every check: (students, checks), single letters; all of whom there is a result."""
        return _letters([line.checks for line in self.graded()], len(self.checks))

    def exercise_letters(self) -> NDArray[np.bytes_]:
        """What became of every exercise: (students, exercises), single letters; all of whom there is a result."""
        return _letters([line.exercises for line in self.graded()], len(self.exercises))

    def exercise_points(self) -> NDArray[np.int64]:
        """Points: (students, exercises); -1 where the report does not have the exercise."""
        width = len(self.exercises)
        rows = [line.points + (-1,) * (width - len(line.points)) for line in self.graded()]
        return np.array(rows, dtype=np.int64).reshape(len(rows), width)


def _looked_at(record: Record) -> tuple[str, ...]:
    """What there is to look at, with what it is in front."""
    by_hand = (
        f"points by hand: {each.points:+}{each.exercise and f' in {each.exercise}'}, {each.why}"
        for each in record.adjustments
    )
    return (
        *(f"{record.state}: {text}" for text in [record.problem] if text and record.state in _TOLD),
        *(f"note: {note}" for note in record.notes),
        *(f"source: {remark}" for remark in record.remarks),
        *by_hand,
    )


def _share(found: dict[str, Shared], text: str, student: int) -> None:
    shared = found.setdefault(kind_of(text), Shared(text))
    if not shared.students or shared.students[-1] != student:
        shared.students.append(student)


def kind_of(cause: str) -> str:
    """A sentence without its numbers: what two sentences that name the same cause have in common."""
    return re.sub(r"-?\d+(\.\d+)?(e[+-]?\d+)?", "#", cause)


def _letters(rows: list[str], width: int) -> NDArray[np.bytes_]:
    text = "".join(row.ljust(width, ABSENT) for row in rows)
    return np.frombuffer(text.encode("ascii"), dtype="S1").reshape(len(rows), width)
