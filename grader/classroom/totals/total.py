"""The total of each student, and how it comes about.

    share of an assignment   = points / points that can be reached
    total                    = out_of · Σ weight · share / Σ weight, over the assignments that count

**The bank of late days.** It stands in the place of each gradebook's own free days. In the order of the deadlines (the
student's own, where there is one), each assignment that was handed in late takes days from it: as few as make its
points the most that they can be, no more than `late_days_each`, and no more than are left. What the bank does not pay
for costs what the gradebook's own policy says. A day that would save no points is not taken: of work without points,
where days late cost nothing, or after `accepted_days`, which no bank prolongs. Days stay taken where the assignment is
dropped later.

**What is dropped.** Of the assignments that count and may be dropped, those with the lowest shares, one after another;
among equal shares, the one with the largest weight. One assignment always remains, and nothing is dropped whose loss
would lower the total, which can be where the lowest of all may not be dropped.

What a student is excused from counts nowhere. A total is final where nothing waits: no work that is not graded, no
deadline to come, no gradebook that the student is missing in, no doubt about who is who.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Literal

from ..records import Enrolled
from .assignment_marks import AssignmentMark, BookMarks
from .people import Person, people_of
from .scheme import Scheme, short

Use = Literal["counts", "dropped", "excused", "left out", "waits"]
_NO_DEADLINE = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class TotalLine:
    """What one assignment is in a student's total.

    Attributes:
        points: those that count, the bank's days included; `None` where there are none yet.
        from_bank: the days that the bank paid for; `left` are in it afterwards, `None` without a bank.
        why: what it waits for, or why it has no points.
        in_time: the points that it would have, had it not been late.
    """

    book: BookMarks
    use: Use
    points: Fraction | None
    out_of: Fraction
    late_days: int = 0
    from_bank: int = 0
    left: int | None = None
    why: str = ""
    in_time: Fraction = Fraction(0)

    @property
    def share(self) -> Fraction:
        """The part of what could be reached; above 1 where points were given by hand on top of all."""
        return (self.points or Fraction(0)) / self.out_of


@dataclass(frozen=True)
class StudentTotal:
    """A student's total.

    Attributes:
        lines: one for each assignment, in the scheme's order.
        total: rounded; `None` where it is not final, and `waits` says why.
        so_far: rounded, over the assignments that count already; `None` where none does, or somebody else's may.
        letter: of the total; empty where it is not final, or the scheme has no letters.
        notes: what else is to be known of the student.
    """

    student: Enrolled
    lines: tuple[TotalLine, ...]
    total: Fraction | None
    so_far: Fraction | None
    letter: str = ""
    waits: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def totals_of(scheme: Scheme, books: Sequence[BookMarks]) -> list[StudentTotal]:
    """Everybody's total, in the order of the roster of the gradebook with the last deadline.

    Args:
        books: in the scheme's order; that order changes no total.
    """
    by_deadline = sorted(books, key=lambda book: (book.deadline or _NO_DEADLINE, book.name))
    return [_total(scheme, person, books) for person in people_of(by_deadline)]


def _total(scheme: Scheme, person: Person, books: Sequence[BookMarks]) -> StudentTotal:
    lines = [_line(scheme, person.student.id, book) for book in books]
    lines = _with_bank(scheme, lines, [book.marks.get(person.student.id) for book in books])
    lines = _without_lowest(lines, scheme.drop_lowest)
    waits = [*(line.why for line in lines if line.use == "waits"), *person.doubts]
    so_far = None if person.doubts else _weighted(scheme, lines)
    if so_far is None and not waits:
        waits.append("There is no assignment that counts.")
    total = None if waits else so_far
    return StudentTotal(
        student=person.student,
        lines=tuple(lines),
        total=total,
        so_far=so_far,
        letter="" if total is None else scheme.letter(total),
        waits=tuple(waits),
        notes=tuple(person.notes),
    )


def _line(scheme: Scheme, student: str, book: BookMarks) -> TotalLine:
    """What an assignment counts before the bank pays for anything, and before anything is dropped."""
    mark = book.marks.get(student)
    absent: Use = "counts" if scheme.not_handed_in == "zero" else "left out"
    if mark is None:
        if book.has_roster:
            why = f"{book.name} does not have {student} on its roster: enrol or excuse them there."
            return TotalLine(book, "waits", None, book.out_of, why=why)
        return TotalLine(book, absent, Fraction(0), book.out_of, why="nothing was handed in")
    line = TotalLine(
        book,
        "counts",
        mark.scores[0],
        mark.out_of,
        mark.late_days,
        why=mark.why,
        in_time=mark.in_time,
    )
    match mark.standing:
        case "counts":
            return line
        case "excused":
            return replace(line, use="excused", points=None, why="excused")
        case "not handed in":
            return replace(line, use=absent, why="nothing was handed in")
        case "not due yet":
            return replace(line, use="waits", points=None, why=f"{book.name} is not due yet.")
        case "not graded":
            return replace(line, use="waits", points=None, why=f"{book.name} is not graded.")


def _with_bank(
    scheme: Scheme, lines: Sequence[TotalLine], marks: Sequence[AssignmentMark | None]
) -> list[TotalLine]:
    """The lines with the bank's days taken, in the order of the deadlines."""
    if scheme.late_days is None:
        return list(lines)
    left = scheme.late_days
    made = list(lines)

    def due(place: int) -> tuple[datetime, str]:
        mark = marks[place]
        return (mark and mark.deadline) or _NO_DEADLINE, lines[place].book.name

    for place in sorted(range(len(lines)), key=due):
        mark = marks[place]
        if mark and made[place].use == "counts":
            each = left if scheme.late_days_each is None else min(left, scheme.late_days_each)
            scores = mark.scores[: each + 1]
            days = scores.index(max(scores))  # the fewest of those that make the most of it
            left -= days
            made[place] = replace(made[place], points=scores[days], from_bank=days)
        made[place] = replace(made[place], left=left)
    return made


def _without_lowest(lines: Sequence[TotalLine], number: int) -> list[TotalLine]:
    """The lines with the lowest shares dropped, as far as one remains that counts."""
    made = list(lines)
    for _again in range(number):
        counted = [line for line in made if line.use == "counts"]
        droppable = [line for line in counted if line.book.may_be_dropped]
        if len(counted) < 2 or not droppable:
            break
        lowest = min(droppable, key=lambda each: (each.share, -each.book.weight, each.book.name))
        if lowest.share > _mean(counted):
            break
        made = [replace(line, use="dropped") if line is lowest else line for line in made]
    return made


def _mean(counted: Sequence[TotalLine]) -> Fraction:
    """The weighted mean of shares."""
    weights = sum(line.book.weight for line in counted)
    return sum((line.book.weight * line.share for line in counted), Fraction(0)) / weights


def _weighted(scheme: Scheme, lines: Sequence[TotalLine]) -> Fraction | None:
    """The rounded total over what counts; `None` where nothing does."""
    counted = [line for line in lines if line.use == "counts"]
    return scheme.rounded(scheme.out_of * _mean(counted)) if counted else None


def explained(scheme: Scheme, found: StudentTotal) -> Iterator[str]:
    """How a total comes about, in sentences: what counts, what was dropped, which late days were paid for."""
    counted = [line for line in found.lines if line.use == "counts"]
    if found.so_far is not None:
        weights = sum(line.book.weight for line in counted)
        terms = " + ".join(
            f"{short(line.book.weight)} × {short(line.points or Fraction(0))}/{short(line.out_of)}"
            for line in counted
        )
        what = "Total" if found.total is not None else "So far"
        letter = f": {found.letter}" if found.letter else ""
        yield (
            f"{what}: {short(scheme.out_of)} × ({terms}) / {short(Fraction(weights))} = "
            f"{scheme.written(found.so_far)}{letter}."
        )
    for line in found.lines:
        yield from _about(line)
    yield from found.waits
    yield from found.notes


def _about(line: TotalLine) -> Iterator[str]:
    name = line.book.name
    if line.late_days and line.use in ("counts", "dropped"):
        days = f"{line.late_days} day{'s' if line.late_days > 1 else ''} late"
        paid = (
            ""
            if line.left is None
            else f", {line.from_bank} from the bank, which has {line.left} left"
        )
        lost = line.in_time - (line.points or Fraction(0))
        cost = f"; that costs {short(lost)} point{'' if lost == 1 else 's'}" if lost > 0 else ""
        yield f"{name}: {days}{paid}{cost}."
    if line.use == "dropped":
        points = f"{short(line.points or Fraction(0))} of {short(line.out_of)}"
        yield f"{name} is dropped, as the lowest: {points}."
    elif line.use == "excused":
        yield f"{name} is left out: excused."
    elif line.use == "left out":
        yield f"{name} is left out: nothing was handed in."
    elif line.use == "counts" and line.why:
        yield f"{name} counts {short(line.points or Fraction(0))}: {line.why.rstrip('.')}."
