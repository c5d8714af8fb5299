"""Who belongs to a class: the students of its roster, and whoever has handed something in without standing in one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from ..handin.roster import Matcher, RosterEntry
from ..records import Enrolled
from .mark_models import MARKS_OF_STUDENTS
from .models import (
    AdjustmentRow,
    GradebookRow,
    GradingRow,
    StandingRow,
    StudentRow,
    SubmissionRow,
)
from .reader import NOT_GRADED_YET, NOTHING_HANDED_IN, Gradebook

OFF_ROSTER = 2**31 - 1  # the position of who is on no roster: after everybody else
_BATCH = 500  # rows
T = TypeVar("T")


def enrol(
    gradebook: Gradebook, roster: Sequence[RosterEntry] | None, others: Iterable[Enrolled]
) -> None:
    """Writes down the students, in one transaction and some hundreds at a time.

    Args:
        roster: the class list in its order; who is on it no more is kept, as not on the roster. `None` leaves the
            roster as it was.
        others: who has handed something in, and may stand in no roster.

    Raises:
        GradebookError: if it cannot be written.
    """

    def write(session: Session) -> None:
        row = session.get_one(GradebookRow, 1)
        known = set(session.scalars(select(StudentRow.id)))
        before = set(known)
        if roster is not None:
            row.has_roster = True
            session.execute(update(StudentRow).values(on_roster=False, position=OFF_ROSTER))
        listed = roster or ()
        _put(session, known, (_roster_columns(*numbered) for numbered in enumerate(listed)))
        _rename(session, known, before, [entry.student for entry in listed])
        on_roster = not row.has_roster  # without a roster, everybody is on it
        position = 0 if on_roster else OFF_ROSTER
        new = (student for student in others if student.id not in known)
        _put(session, known, (_columns(student, position, None, on_roster) for student in new))
        _begin_standings(session, known)

    gradebook.write(write)
    gradebook.refresh()


def await_results(gradebook: Gradebook, students: Iterable[str]) -> None:
    """Writes down that these students have handed something in, so that nobody who still has to wait counts as absent.

    Raises:
        GradebookError: if it cannot be written.
    """

    def write(session: Session) -> None:
        for some in _batches(students):
            absent = StandingRow.submission_id.is_(None), StandingRow.problem == NOTHING_HANDED_IN
            session.execute(
                update(StandingRow)
                .where(StandingRow.student_id.in_(some), *absent)
                .values(problem=NOT_GRADED_YET)
            )

    gradebook.write(write)


def _rename(
    session: Session, known: set[str], before: set[str], roster: Sequence[Enrolled]
) -> None:
    """Who was graded before there was a roster, and is in it by another identifier, takes everything along."""
    matcher, listed = Matcher(roster), {student.id for student in roster}
    session.flush()
    for old in sorted(before - listed):
        new = matcher.find([old])
        if new is None or new in before:
            continue
        before.add(new)
        for table in (SubmissionRow, GradingRow, StandingRow, AdjustmentRow, *MARKS_OF_STUDENTS):
            session.execute(
                update(table).where(table.student_id == old).values(student_id=new),
                execution_options={"synchronize_session": False},
            )
        session.execute(delete(StudentRow).where(StudentRow.id == old))
        known.remove(old)


def _begin_standings(session: Session, known: set[str]) -> None:
    """Who is new has handed in nothing yet."""
    standing = set(session.scalars(select(StandingRow.student_id)))
    begun = {"late_days": 0, "problem": NOTHING_HANDED_IN, "notes": []}
    for some in _batches(sorted(known - standing)):
        session.execute(insert(StandingRow), [{"student_id": each, **begun} for each in some])


def _put(session: Session, known: set[str], rows: Iterable[dict[str, Any]]) -> None:
    """Writes students, as `_columns` gives them; those that were not known are known then."""
    for some in _batches(rows):
        by_id = {row["id"]: row for row in some}
        if new := [row for student, row in by_id.items() if student not in known]:
            session.execute(insert(StudentRow), new)
        if old := [row for student, row in by_id.items() if student in known]:
            session.execute(update(StudentRow), old)
        known.update(by_id)


def _roster_columns(position: int, entry: RosterEntry) -> dict[str, Any]:
    return _columns(entry.student, position, entry.deadline, True)


def _columns(
    student: Enrolled, position: int, deadline: datetime | None, on_roster: bool
) -> dict[str, Any]:
    texts = {name: getattr(student, name) for name in ("id", "name", "email", "section", "login")}
    return {**texts, "position": position, "deadline": deadline, "on_roster": on_roster}


def _batches(rows: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(rows)
    while some := list(islice(rest, _BATCH)):
        yield some
