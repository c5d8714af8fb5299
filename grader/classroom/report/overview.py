"""What an instructor acts on: who is missing, late or to be looked at, which checks to doubt, what to teach next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from .class_summary import ClassSummary, Mistake, Shared
from .item_analysis import Doubt, Item, doubts

FIRST = 3  # students who are named where all are a click away
MOST = 50  # lines in each part
MISTAKES = 5  # for the next lecture
Named = list[tuple[int, str]]


@dataclass(frozen=True)
class Line:
    """One thing that concerns some students.

    Attributes:
        text: what it is.
        count: of how many.
        first: some of them, each with the number that the page of the student is found by.
    """

    text: str
    count: int
    first: Named


@dataclass(frozen=True)
class ToldMistake:
    """A mistake, in one exercise or in several.

    Attributes:
        numbers: its places among the mistakes of all exercises, the most frequent first.
        exercises: where it was made, in the course's order.
    """

    numbers: tuple[int, ...]
    exercises: tuple[str, ...]
    kind: str
    line: Line


@dataclass(frozen=True)
class Overview:
    """The class at a glance.

    Attributes:
        deadline: the class's, `2026-11-20 23:59 UTC`; empty where there is none.
        expected: students who were to hand in: all but those who are excused.
        handed_in: of how many there is something, whether it could be read or not.
        late, excused, without, ungraded, to_look_at: how many students there are of each; `without` handed in nothing.
        off_roster: who is not on the roster.
        troubles: why work is not graded.
        unread: what could not be read or loaded.
        notes, remarks: what there is to look at, besides sources and in them.
    """

    deadline: str
    expected: int
    handed_in: int
    late: int
    excused: int
    without: int
    ungraded: int
    to_look_at: int
    off_roster: Line
    troubles: list[Line]
    unread: list[Line]
    notes: list[Line]
    remarks: list[Line]
    doubts: list[Doubt]
    mistakes: list[ToldMistake]


def overview(summary: ClassSummary, items: Sequence[Item], deadline: datetime | None) -> Overview:
    """What there is to act on.

    Args:
        items: one for each check of `summary`, in its order.
    """
    excused, without = summary.count("excused"), summary.count("nothing handed in")
    expected = len(summary.lines) - excused
    off = [number for number, line in enumerate(summary.lines) if not line.on_roster]
    unloaded = [one for one in summary.mistakes if one.kind == "not loaded"]
    return Overview(
        deadline=deadline.strftime("%Y-%m-%d %H:%M %Z") if deadline else "",
        expected=expected,
        handed_in=expected - without,
        late=sum(line.late_days > 0 for line in summary.lines),
        excused=excused,
        without=without,
        ungraded=summary.count("not graded"),
        to_look_at=sum(bool(line.remarks) for line in summary.lines),
        off_roster=_line("", off, summary),
        troubles=_lines(summary.troubles, summary),
        unread=[
            *_lines(summary.unreadable, summary),
            *(_line(one.text, one.students, summary) for one in unloaded[:MOST]),
        ],
        notes=_lines(summary.notes, summary),
        remarks=_lines(summary.remarks, summary),
        doubts=doubts(summary, items),
        mistakes=_for_the_next_lecture(summary),
    )


def _for_the_next_lecture(summary: ClassSummary) -> list[ToldMistake]:
    """The most frequent ones that say what to teach; those without a known cause only where there are too few.

    What only checks show that are kept back from students is left out: nobody has read of it. A cause that has the
    same name in several exercises is one mistake.
    """
    together: dict[tuple[str, ...], list[tuple[int, Mistake]]] = {}
    for number, one in enumerate(summary.mistakes):
        if one.kept_back:
            continue
        key = (one.kind, one.key) if one.kind == "cause" else (one.kind, one.key, str(one.exercise))
        together.setdefault(key, []).append((number, one))
    told = [_told(several, summary) for several in together.values()]
    told.sort(key=lambda each: (each.kind == "no cause named", -each.line.count))
    return told[:MISTAKES]


def _told(several: Sequence[tuple[int, Mistake]], summary: ClassSummary) -> ToldMistake:
    first = several[0][1]
    students = sorted({student for _, one in several for student in one.students})
    return ToldMistake(
        numbers=tuple(number for number, _ in several),
        exercises=tuple(
            summary.exercises[place].name for place in sorted({one.exercise for _, one in several})
        ),
        kind=first.kind,
        # who is named has read the sentence that is shown
        line=Line(first.text, len(students), first_of(first.students, summary)),
    )


def _lines(several: Sequence[Shared], summary: ClassSummary) -> list[Line]:
    return [_line(one.text, one.students, summary) for one in several[:MOST]]


def _line(text: str, students: Sequence[int], summary: ClassSummary) -> Line:
    return Line(text, len(students), first_of(students, summary))


def first_of(students: Sequence[int], summary: ClassSummary) -> Named:
    """Some of the students, each with the number that the page of the student is found by."""
    return [
        (number, summary.lines[number].name or summary.lines[number].id)
        for number in students[:FIRST]
    ]
