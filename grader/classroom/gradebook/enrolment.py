"""Who belongs to a class: the students of its roster, and whoever has handed something in without standing in one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from ..handin.matcher import Matcher
from ..handin.roster import Roster, RosterEntry
from ..records import FORMERLY, Enrolled, RosterSheet
from .identities import former_ids, merge_rows, references
from .late import late_days, late_note
from .models import GradebookRow, RosterLineRow, StandingRow, StudentRow, SubmissionRow
from .reader import NOT_GRADED_YET, NOTHING_HANDED_IN, Gradebook

OFF_ROSTER = 2**31 - 1  # the position of who is on no roster: after everybody else
_BATCH = 500  # rows
T = TypeVar("T")


def listed_students(gradebook: Gradebook, roster: Sequence[RosterEntry] | None) -> list[Enrolled]:
    """The students whom a hand-in may belong to, with all that they were ever called: the roster's, or else all.

    Those who were removed are among them, so that their hand-ins are known as theirs.
    """
    everybody = gradebook.students(removed=True)
    if not roster:
        return everybody
    with gradebook.engine.connect() as connection, Session(connection) as session:
        former = _former(session, roster)
    listed = [_with_former(entry.student, former) for entry in _as_called_now(roster, former)]
    own, gone = {each.id for each in listed}, removed_students(gradebook)
    return [*listed, *(each for each in everybody if each.id in gone - own)]


def removed_students(gradebook: Gradebook) -> set[str]:
    """Who was taken out by hand."""
    with gradebook.engine.connect() as connection:
        return set(connection.scalars(select(StudentRow.id).where(StudentRow.removed)))


def roster_sheet(gradebook: Gradebook) -> RosterSheet | None:
    """The latest roster as it was written, without those who were removed; `None` where none is kept."""
    with gradebook.engine.connect() as connection, Session(connection) as session:
        kind = session.get_one(GradebookRow, 1).roster_kind
        lines = session.scalars(select(RosterLineRow).order_by(RosterLineRow.position)).all()
    gone = removed_students(gradebook)
    kept = [(row.student_id or "", tuple(row.cells)) for row in lines if row.student_id not in gone]
    return RosterSheet(kind, kept[0][1], tuple(kept[1:])) if kept else None


def enrol(
    gradebook: Gradebook, roster: Sequence[RosterEntry] | None, others: Iterable[Enrolled]
) -> None:
    """Writes down the students, in one transaction and some hundreds at a time.

    Args:
        roster: the class list in its order. Who is on it no more is kept, as not on the roster, where anything was
            handed in, adjusted or excused; else there is nothing to keep. `None` leaves the roster as it was.
        others: who has handed something in, and may stand in no roster.

    Raises:
        GradebookError: if it cannot be written.
    """

    def write(session: Session) -> None:
        row = session.get_one(GradebookRow, 1)
        known = set(session.scalars(select(StudentRow.id)))
        former = _former(session, roster or ())
        listed = _as_called_now(roster or (), former)
        if roster is not None:
            earlier = _before(session, row.has_roster)
            row.has_roster = True
            session.execute(delete(RosterLineRow))
            session.execute(update(StudentRow).values(on_roster=False, position=OFF_ROSTER))
        columns = (_roster_columns(*numbered, former) for numbered in enumerate(listed))
        # a list without a column of deadlines says nothing of those that students have
        keeps_deadlines = isinstance(roster, Roster) and not roster.deadlines
        _put(
            session, known, (_without_deadline(row) if keeps_deadlines else row for row in columns)
        )
        on_roster = not row.has_roster  # without a roster, everybody is on it
        position = 0 if on_roster else OFF_ROSTER
        several = list(others)
        if roster is not None:
            _follow(session, known, earlier, [entry.student for entry in listed])
        new = (student for student in several if student.id not in known)
        _put(session, known, (_columns(student, position, None, on_roster) for student in new))
        _begin_standings(session, known)
        if roster is not None:
            _drop(session, {student.id for student in several})
            row.roster_kind = roster.kind if isinstance(roster, Roster) else ""
            _write_lines(session, roster, former)

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


def count_late_days(gradebook: Gradebook) -> None:
    """Counts everybody's days late by the deadlines that hold now, also of whom nothing is graded this time.

    Raises:
        GradebookError: if it cannot be written.
    """

    def write(session: Session) -> None:
        deadline = session.get_one(GradebookRow, 1).deadline
        query = (
            select(StandingRow, SubmissionRow.handed_in, StudentRow.deadline)
            .join(SubmissionRow, SubmissionRow.id == StandingRow.submission_id)
            .join(StudentRow, StudentRow.id == StandingRow.student_id)
        )
        for standing, handed_in, own in session.execute(query).all():
            days, before = late_days(handed_in, own or deadline), standing.late_days
            if days != before:
                standing.late_days = days
                others = (note for note in standing.notes if note != late_note(before))
                standing.notes = [*others, *filter(None, [late_note(days)])]

    gradebook.write(write)


def _former(session: Session, roster: Sequence[RosterEntry]) -> dict[str, tuple[str, str]]:
    """As `former_ids`; who is in this roster by another identifier keeps what was renamed or merged by hand."""
    former, own = former_ids(session), {entry.student.id for entry in roster}
    lost = {new for _, new in former.values()} - own
    if not roster or not lost:
        return former
    matcher = Matcher(entry.student for entry in roster)
    called = {id_: aliases for _, aliases in _before(session, True) for id_ in reversed(aliases)}
    moved = {new: matcher.find_surely([new, *called.get(new, ())]) for new in lost}
    return {
        old: (kind, there if (there := moved.get(new)) and there not in former else new)
        for old, (kind, new) in former.items()
    }


def _as_called_now(
    roster: Sequence[RosterEntry], former: Mapping[str, tuple[str, str]]
) -> list[RosterEntry]:
    """The roster with the identifiers of this gradebook, where students were renamed or merged by hand."""
    own = {entry.student.id for entry in roster}
    found: dict[str, RosterEntry] = {}
    for entry in roster:
        now = _now(entry.student.id, former, own)
        if now not in found or now == entry.student.id:
            found[now] = replace(entry, student=replace(entry.student, id=now))
    return list(found.values())


def _now(student: str, former: Mapping[str, tuple[str, str]], own: Collection[str]) -> str:
    """What a student is called here; who has the identifier that somebody else gave up, keeps it."""
    kind, new = former.get(student, ("", student))
    return student if kind == "renamed" and new in own else new


def _with_former(student: Enrolled, former: Mapping[str, tuple[str, str]]) -> Enrolled:
    earlier = tuple((FORMERLY, old) for old, (_, new) in former.items() if new == student.id)
    return replace(student, ids=(*student.ids, *earlier))


def _before(session: Session, has_roster: bool) -> list[tuple[bool, list[str]]]:
    """Everybody before a new roster: whether on none until now, and all identifiers, the gradebook's own first."""
    query = select(
        StudentRow.id, StudentRow.login, StudentRow.email, StudentRow.ids, StudentRow.on_roster
    )
    return [
        (
            not (has_roster and listed),
            [who, *filter(None, (login, email)), *(id_ for _, id_ in ids)],
        )
        for who, login, email, ids, listed in session.execute(query.order_by(StudentRow.id))
    ]


def _follow(
    session: Session,
    known: set[str],
    earlier: Sequence[tuple[bool, list[str]]],
    roster: Sequence[Enrolled],
) -> None:
    """Who is in a new roster by another identifier takes everything along.

    Who was on no roster is found as a hand-in of that name is. Who was on one is not found by name, since another may
    have the same.

    Args:
        earlier: who was there before, as `_before` gives them.
    """
    strangers = [aliases[:1] for stranger, aliases in earlier if stranger]
    matcher, listed = Matcher(roster, strangers), {student.id for student in roster}
    before = {aliases[0] for _, aliases in earlier}
    session.flush()
    for stranger, aliases in earlier:
        old = aliases[0]
        if old in listed:
            continue
        new = matcher.find([old]) if stranger else matcher.find_surely(aliases)
        # who was on both rosters, and handed in as both, may be two people
        apart = not stranger and new in before and _has_anything(session, new or "")
        if new is None or apart:
            continue
        before.add(new)
        merge_rows(session, old, new)
        known.discard(old)


def _has_anything(session: Session, student: str) -> bool:
    for column in references():
        if column.table.name in ("standing", "roster_line"):
            continue
        if session.execute(select(column).where(column == student).limit(1)).first():
            return True
    return False


def _drop(session: Session, others: Collection[str]) -> None:
    """Takes out who is on the roster no more, and of whom there is nothing to keep."""
    gone = select(StudentRow.id).where(~StudentRow.on_roster, ~StudentRow.removed)
    kept = {*others}
    for column in references():
        if column.table.name not in ("standing", "roster_line"):
            kept |= set(session.scalars(select(column).distinct()))
    nothing = StandingRow.submission_id.is_(None), StandingRow.problem == NOTHING_HANDED_IN
    absent = set(session.scalars(select(StandingRow.student_id).where(*nothing)))
    for some in _batches(sorted((set(session.scalars(gone)) & absent) - kept)):
        session.execute(delete(StandingRow).where(StandingRow.student_id.in_(some)))
        session.execute(delete(StudentRow).where(StudentRow.id.in_(some)))


def _write_lines(
    session: Session, roster: Sequence[RosterEntry], former: Mapping[str, tuple[str, str]]
) -> None:
    """The roster's lines as they were written, so that they can be given back with scores."""
    lines = roster.lines if isinstance(roster, Roster) else ()
    own = {line.student for line in lines}
    seen: set[str] = set()
    rows = []
    for position, line in enumerate(lines):
        student = _now(line.student, former, own) if line.student else None
        if student in seen:  # of two that were merged, one line remains
            continue
        seen |= {student} if student else set()
        rows.append({"position": position, "student_id": student, "cells": list(line.cells)})
    for some in _batches(rows):
        session.execute(insert(RosterLineRow), some)


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


def _roster_columns(
    position: int, entry: RosterEntry, former: Mapping[str, tuple[str, str]]
) -> dict[str, Any]:
    return _columns(_with_former(entry.student, former), position, entry.deadline, True)


def _without_deadline(columns: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in columns.items() if name != "deadline"}


def _columns(
    student: Enrolled, position: int, deadline: datetime | None, on_roster: bool
) -> dict[str, Any]:
    texts = {name: getattr(student, name) for name in ("id", "name", "email", "section", "login")}
    place = {"position": position, "deadline": deadline, "on_roster": on_roster}
    return {**texts, **place, "ids": [list(pair) for pair in student.ids]}


def _batches(rows: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(rows)
    while some := list(islice(rest, _BATCH)):
        yield some
