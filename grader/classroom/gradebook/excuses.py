"""Who is excused: each excuse is a row, and so is taking it back; the latest of a student says which holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import GradebookError
from ...text import clean
from ..records import Excuse
from .models import ExcuseRow


def excuses_of(session: Session, ids: Sequence[str]) -> dict[str, Excuse]:
    """The excuses that hold, of those among `ids` who are excused."""
    found: dict[str, Excuse] = {}
    query = select(ExcuseRow).where(ExcuseRow.student_id.in_(ids)).order_by(ExcuseRow.id)
    for row in session.scalars(query):
        if row.excused:
            found[row.student_id] = Excuse(row.who, row.made, row.why)
        else:
            found.pop(row.student_id, None)
    return found


def add_excuse(session: Session, student: str, excused: bool, why: str, who: str) -> Excuse:
    """Writes down that somebody is excused, or is so no longer; `student` is the identifier as it is kept.

    Raises:
        GradebookError: if no reason or no name is given, or there is no excuse to take back.
    """
    if not why.strip() or not who.strip():
        raise GradebookError("An excuse needs a reason and the name of who gives it.")
    if not excused and student not in excuses_of(session, [student]):
        raise GradebookError(f"{student} is not excused, so there is nothing to take back.")
    made = Excuse(clean(who.strip()), datetime.now(UTC), clean(why.strip()))
    session.add(
        ExcuseRow(student_id=student, excused=excused, who=made.who, made=made.when, why=made.why)
    )
    return made
