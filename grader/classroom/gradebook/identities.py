"""Students who are renamed, merged or removed by hand: what is theirs goes along, and how they were called is kept.

A hand-in or a roster that still uses the earlier identifier is theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Column, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ...errors import GradebookError
from ...text import clean
from ..handin.read import digest_of
from ..handin.roster import ID_LENGTH
from ..records import FORMERLY
from .identifiers import identifier_of
from .late import late_days
from .models import (
    Base,
    GradebookRow,
    GradingRow,
    IdentityChangeRow,
    RosterLineRow,
    StandingRow,
    StudentRow,
    SubmissionRow,
)
from .reader import NOTHING_HANDED_IN, Gradebook

T = TypeVar("T")


def rename(gradebook: Gradebook, student: str, new: str, *, why: str, who: str) -> str:
    """Gives a student another identifier; the one that was changed.

    Raises:
        GradebookError: if there is no such student, somebody else has `new`, or no reason is given.
    """
    new = clean(new.strip(), ID_LENGTH - 50)
    if not new:
        raise GradebookError("The new identifier is empty.")

    def write(session: Session) -> str:
        old = identifier_of(session.connection(), student)
        if session.get(StudentRow, new) is not None:
            raise GradebookError(f"{new} is in this gradebook already. Merge the two instead.")
        _note(session, "renamed", old, new, why, who)
        _take_over(session, old, new)
        return old

    return _written(gradebook, write)


def merge(gradebook: Gradebook, student: str, into: str, *, why: str, who: str) -> tuple[str, str]:
    """Makes two identities of one student one; both identifiers as they were kept.

    All that was handed in, graded and adjusted is the second one's then, and the later hand-in counts.

    Raises:
        GradebookError: if one of them is not there, both are the same, the second one is removed, or no reason is
            given.
    """

    def write(session: Session) -> tuple[str, str]:
        old = identifier_of(session.connection(), student)
        new = identifier_of(session.connection(), into)
        if old == new:
            raise GradebookError(f"{student} and {into} are the same student already.")
        if session.get_one(StudentRow, new).removed:
            raise GradebookError(
                f"{new} is removed, and so would {old} be. Put {new} back first (`grader gradebook remove --undo`)."
            )
        _note(session, "merged", old, new, why, who)
        merge_rows(session, old, new)
        return old, new

    return _written(gradebook, write)


def remove(gradebook: Gradebook, student: str, *, why: str, who: str, back: bool = False) -> str:
    """Takes a student out of all exports, pages and means, or puts one back; what there is of them is kept.

    Raises:
        GradebookError: if there is no such student, nothing would change, or no reason is given.
    """

    def write(session: Session) -> str:
        found = identifier_of(session.connection(), student)
        row = session.get_one(StudentRow, found)
        if row.removed is not back:
            raise GradebookError(f"{found} is {'not removed' if back else 'removed already'}.")
        _note(session, "put back" if back else "removed", found, "", why, who)
        row.removed = not back
        return found

    return _written(gradebook, write)


def former_ids(session: Session) -> dict[str, tuple[str, str]]:
    """Each identifier that somebody had before → how it was changed (`renamed` or `merged`), and the one now."""
    found: dict[str, tuple[str, str]] = {}
    for row in session.scalars(select(IdentityChangeRow).order_by(IdentityChangeRow.id)):
        if row.new:
            found = {
                old: (kind, row.new if new == row.old else new)
                for old, (kind, new) in found.items()
            }
            found[row.old] = (row.kind, row.new)
    return {old: (kind, new) for old, (kind, new) in found.items() if old != new}


def merge_rows(session: Session, old: str, new: str) -> None:
    """All that is `old`'s becomes `new`'s, who is there already; `old` is there no more."""
    session.flush()
    one, other = session.get_one(StudentRow, old), session.get_one(StudentRow, new)
    own = [(FORMERLY, text) for text in (old, one.login, one.email) if text]
    other.ids = _joined(other.ids, one.ids, own)
    for name in ("name", "login", "email", "section"):
        setattr(other, name, getattr(other, name) or getattr(one, name))
    other.deadline = other.deadline or one.deadline
    if one.on_roster and not other.on_roster:
        other.on_roster, other.position = True, one.position
    _keep_apart(session, old, new)
    mine, theirs = session.get(StandingRow, old), session.get(StandingRow, new)
    if mine is not None and theirs is not None:
        if _order(session, mine) > _order(session, theirs):
            _let_count(session, mine, theirs, other)
        session.delete(mine)
        session.flush()
    listed = select(RosterLineRow.position).where(RosterLineRow.student_id == new)
    if session.scalar(listed.limit(1)) is not None:
        session.execute(delete(RosterLineRow).where(RosterLineRow.student_id == old))
    _move(session, old, new)
    session.delete(one)
    session.flush()


def _take_over(session: Session, old: str, new: str) -> None:
    row = session.get_one(StudentRow, old)
    columns = {column.key: getattr(row, column.key) for column in StudentRow.__table__.columns}
    ids = _joined(row.ids, [(FORMERLY, old)])
    session.add(StudentRow(**{**columns, "id": new, "ids": ids}))
    session.flush()
    _move(session, old, new)
    session.delete(row)
    session.flush()


def _move(session: Session, old: str, new: str) -> None:
    """Every row that names a student by `old` names `new`, in whatever table."""
    session.flush()
    for column in references():
        session.execute(update(column.table).where(column == old).values({column: new}))
    session.expire_all()


def references() -> Iterator[Column[Any]]:
    """The columns of all tables that name a student."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if any(key.target_fullname == "student.id" for key in column.foreign_keys):
                yield column


def _keep_apart(session: Session, old: str, new: str) -> None:
    """Rows that both have, and that may be there only once, are told apart by whose they were."""
    for table, name in ((SubmissionRow, "identity"), (GradingRow, "key")):
        column = getattr(table, name)
        there = select(column).where(table.student_id == new)
        twice = select(table).where(table.student_id == old, column.in_(there))
        for row in session.scalars(twice).all():
            setattr(row, name, digest_of([getattr(row, name), "of", old]))
    session.flush()


def _order(session: Session, standing: StandingRow) -> tuple[bool, float]:
    """What counts among two standings: the later hand-in, where a time is known."""
    if standing.submission_id is None:
        return standing.problem != NOTHING_HANDED_IN, 0
    row = session.get_one(SubmissionRow, standing.submission_id)
    return True, row.handed_in.timestamp() if row.handed_in else 0


def _let_count(
    session: Session, mine: StandingRow, theirs: StandingRow, student: StudentRow
) -> None:
    for name in ("submission_id", "grading_id", "problem", "notes"):
        setattr(theirs, name, getattr(mine, name))
    deadline = student.deadline or session.get_one(GradebookRow, 1).deadline
    row = session.get(SubmissionRow, mine.submission_id) if mine.submission_id else None
    theirs.late_days = late_days(row.handed_in, deadline) if row else 0
    mine.submission_id = mine.grading_id = None
    session.flush()


def _note(session: Session, kind: str, old: str, new: str, why: str, who: str) -> None:
    if not why.strip() or not who.strip():
        raise GradebookError("This needs a reason and the name of who does it.")
    session.add(
        IdentityChangeRow(
            kind=kind,
            old=old,
            new=new,
            who=clean(who.strip()),
            made=datetime.now(UTC),
            why=clean(why.strip()),
        )
    )


def _joined(*several: Iterable[Iterable[str]]) -> list[list[str]]:
    pairs: Mapping[tuple[str, ...], None] = dict.fromkeys(
        tuple(pair) for ids in several for pair in ids
    )
    return [list(pair) for pair in pairs]


def _written(gradebook: Gradebook, step: Callable[[Session], T]) -> T:
    try:
        return gradebook.write(step)
    except IntegrityError as error:
        reason = " ".join(str(error.orig).split())
        raise GradebookError(
            f"Nothing was changed, since two rows would be one: {reason}."
        ) from error
