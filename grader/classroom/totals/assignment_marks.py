"""What a gradebook says for a total: a mark for each student, with what each day from the bank would make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from typing import Literal

from ...errors import TotalsError
from ..gradebook.late import LatePolicy
from ..gradebook.reader import Gradebook
from ..records import Enrolled, Record
from ..sanitize import name_of
from .scheme import WeightedBook

Standing = Literal["counts", "not handed in", "excused", "not graded", "not due yet"]


@dataclass(frozen=True)
class AssignmentMark:
    """One student's mark in one assignment.

    Attributes:
        scores: the points that count, by the number of days that the bank pays for: the first is without any.
        out_of: the points that could be reached, above 0.
        deadline: the student's own, or the class's.
        why: more of its standing, as the gradebook says it; empty where that says all.
        in_time: the points that would count if it had not been late.
    """

    student: Enrolled
    standing: Standing
    scores: tuple[Fraction, ...]
    out_of: Fraction
    late_days: int = 0
    deadline: datetime | None = None
    why: str = ""
    in_time: Fraction = Fraction(0)


@dataclass(frozen=True)
class BookMarks:
    """The marks of one gradebook.

    Attributes:
        name: the assignment's; no two of a course are the same.
        marks: by the student's identifier, in the roster's order.
        has_roster: whether whoever is not in it may be missing by mistake; else it knows only those who handed in.
        out_of: the points that can be reached.
    """

    name: str
    weight: Fraction
    may_be_dropped: bool
    deadline: datetime | None
    has_roster: bool
    out_of: Fraction
    marks: Mapping[str, AssignmentMark] = field(default_factory=dict)


def read_marks(
    gradebook: Gradebook, given: WeightedBook, bank: int | None, now: datetime
) -> BookMarks:
    """Reads the marks of a gradebook, student by student.

    Args:
        bank: the days of the bank; `None`: there is none, and the gradebook's own free days hold.
        now: what is not handed in before its deadline is not due yet.

    Raises:
        TotalsError: if no points can be reached in it.
        GradebookError: if it cannot be read.
    """
    name = given.name or gradebook.title or given.shown
    if gradebook.max_score <= 0:
        raise TotalsError(
            f"The gradebook {given.shown} does not say yet what can be reached in {name}. Grade it first."
        )
    own = gradebook.deadlines()
    marks = {}
    for record in gradebook.records():
        deadline = own.get(record.student.id, gradebook.deadline)
        marks[record.student.id] = mark_of(
            record, gradebook.policy, gradebook.max_score, deadline, bank, now
        )
    return BookMarks(
        name=name_of(name),
        weight=given.weight,
        may_be_dropped=given.may_be_dropped,
        deadline=gradebook.deadline,
        has_roster=gradebook.has_roster,
        out_of=Fraction(gradebook.max_score),
        marks=marks,
    )


def mark_of(
    record: Record,
    policy: LatePolicy,
    max_score: int,
    deadline: datetime | None,
    bank: int | None,
    now: datetime,
) -> AssignmentMark:
    """A student's mark, as `read_marks` has it."""
    state: str = record.state
    out_of = Fraction(record.max_score if record.max_score > 0 else max_score)
    mark = AssignmentMark(
        *(record.student, "counts", (_points(record),), out_of, record.late_days, deadline),
        in_time=_points(replace(record, penalty=0)),
    )
    if state == "excused":
        return replace(mark, standing="excused")
    if state == "not graded":
        return replace(mark, standing="not graded", why=record.problem)
    if state == "nothing handed in":
        due = deadline is None or deadline <= now
        if due and record.score:  # points by hand, for an oral exam, say
            return replace(
                mark, late_days=0, why="nothing was handed in, and points were given by hand"
            )
        return replace(mark, standing="not handed in" if due else "not due yet", late_days=0)
    if state == "could not be read":
        return replace(mark, why=record.problem)
    if bank is None or not record.report or not record.late_days:
        return mark
    days = range(min(bank, record.late_days) + 1)
    return replace(mark, scores=tuple(_with_days(record, policy, each) for each in days))


def _with_days(record: Record, policy: LatePolicy, days: int) -> Fraction:
    """The points where the bank pays for so many days late, in place of the policy's own free days."""
    assert record.report
    paid = replace(policy, free_days=days)
    penalty = paid.penalty(record.late_days, record.report.score, record.max_score)
    return _points(replace(record, penalty=penalty))


def _points(record: Record) -> Fraction:
    """The points that count; where nothing could be graded, those that were given by hand."""
    if record.score is not None:
        return Fraction(record.score)
    by_hand = sum((Fraction(each.points) for each in record.adjustments), Fraction(0))
    return max(Fraction(0), by_hand)
