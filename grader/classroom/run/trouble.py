"""What is told of a student who could not be graded, through no fault of theirs: which exercise, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ...report import Report
from ...text import clean

_LAST_LINES = 3  # of the traceback: a place, and what stands there
_LINE_LENGTH = 300  # characters
_CHECK = re.compile(r'^  File ".*", line \d+, in (test_\w+)', re.MULTILINE)
_PLACE = re.compile(r"  File ")
_CAUSED = "\nThe above exception was the direct cause of the following exception:\n"


@dataclass(frozen=True)
class Trouble:
    """Why there is no verdict.

    Attributes:
        reason: in the words of whoever can mend it: the exception's type and message.
        exercise: empty where it is not about one.
        check: empty where it is not known, or none is at fault.
        kind: `course`, for a check; `lost`, for a process that ended; or `grader`, for anything else.
        lines: the last ones of the traceback, in front of the exception.
    """

    reason: str
    exercise: str = ""
    check: str = ""
    kind: Literal["course", "lost", "grader"] = "grader"
    lines: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """What failed, as the beginning of a sentence."""
        if not self.exercise:
            return "Grading"
        if self.kind != "course":
            return f"Grading {self.exercise}"
        return (
            f"The check {self.check} of {self.exercise}"
            if self.check
            else f"A check of {self.exercise}"
        )

    @property
    def text(self) -> str:
        """All of it, on several lines."""
        return "\n".join([f"{self.subject} failed: {self.reason}", *self.lines])


def troubles_of(report: Report) -> tuple[Trouble, ...]:
    """What keeps a report from being a verdict, exercise by exercise; nothing where it is one."""
    return tuple(
        trouble_of(result.message, result.traceback, result.name) for result in report.faults
    )


def trouble_of(message: str, traceback: str, exercise: str = "") -> Trouble:
    """The trouble that a traceback tells of; where there is none, the message has to do."""
    *causes, last = traceback.split(_CAUSED)
    raised, lines = _ending(last)
    checks = _CHECK.findall(traceback)
    kind: Literal["course", "lost", "grader"] = "grader"
    if raised.startswith("SandboxLost"):
        kind = "lost"
    elif raised.startswith("CourseFault") or (lines and checks and checks[-1] in lines[0]):
        kind = "course"
    if causes and kind != "lost":  # what a fault was made of is what its author has to mend
        raised, lines = _ending(causes[-1])
    elif raised.startswith("CourseFault"):
        lines = ()  # it is a line of ours that tells of it
    reason = raised.removeprefix("CourseFault: ")  # a sentence of its own
    return Trouble(
        reason=reason or clean(" ".join(message.split()), _LINE_LENGTH),
        exercise=exercise,
        check=checks[-1] if checks and kind == "course" else "",
        kind=kind,
        lines=lines,
    )


def _ending(traceback: str) -> tuple[str, tuple[str, ...]]:
    """Of a traceback the exception, on one line, and the last place, on a few."""
    lines = traceback.strip("\n").split("\n")
    start = max((number for number, line in enumerate(lines) if _PLACE.match(line)), default=-1)
    end = start + 1
    while 0 < end < len(lines) and lines[end].startswith(" "):
        end += 1
    exception = " ".join(" ".join(lines[end:]).split()).removeprefix("grader.errors.")
    place = [line.removeprefix("  ") for line in lines[max(start, 0) : end] if line.strip(" ^~")]
    return clean(exception, _LINE_LENGTH), tuple(
        clean(line, _LINE_LENGTH) for line in place[:_LAST_LINES]
    )


def told(troubles: Sequence[Trouble]) -> str:
    """Everything, as a gradebook keeps it."""
    return "\n".join(trouble.text for trouble in troubles)


@dataclass(frozen=True)
class SharedTrouble:
    """One trouble, and whom it kept from being graded; `first` is the first student's."""

    first: Trouble
    students: tuple[str, ...]

    def text(self, handed_in: int) -> str:
        """What is told of it, where so many students have handed something in."""
        count = len(self.students)
        whom = f"all {count} students" if 1 < count == handed_in else f"{count:,} students"
        if count == 1:
            whom = self.students[0]
        head = f"{self.first.subject} failed for {whom}: {self.first.reason}"
        return "\n".join([head, *(f"  {line}" for line in self.first.lines)])


def shared(faults: Mapping[str, Iterable[Trouble]]) -> list[SharedTrouble]:
    """The same trouble told once, whatever the numbers in its reason: what most students have comes first.

    Args:
        faults: student → what kept theirs from being graded.
    """
    first: dict[tuple[str, str, str], Trouble] = {}
    students: dict[tuple[str, str, str], list[str]] = {}
    for student, troubles in faults.items():
        for trouble in troubles:
            key = trouble.exercise, trouble.check, re.sub(r"\d+", "#", trouble.reason)
            first.setdefault(key, trouble)
            students.setdefault(key, []).append(student)
    groups = [SharedTrouble(first[key], tuple(students[key])) for key in first]
    return sorted(groups, key=lambda group: -len(group.students))
