"""Whose result stands although it would be another one by now: nothing of theirs lay in the folder that was graded."""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from .models import GradingRow, StandingRow, StudentRow, SubmissionRow
from .reader import Gradebook

OTHER_RULES = "it is of other checks, points, exercises, versions or devices"
OTHER_TIME = "another commit may count since the deadline or the accepted days have changed"


def outdated(
    gradebook: Gradebook,
    handed_in: Collection[str],
    key_of: Callable[[str], str],
    other_time: Collection[str],
) -> dict[str, str]:
    """Student → why the result would be another one; who was removed is left out.

    Args:
        handed_in: of whom something lay in the folder, so that their result is as it has to be.
        key_of: gives the key of a result that is made now, of the digest of what was handed in.
        other_time: for whom another last moment holds than before.
    """
    query = (
        select(StandingRow.student_id, SubmissionRow.digest, SubmissionRow.commit)
        .add_columns(SubmissionRow.problem, GradingRow.key)
        .join(StudentRow, StudentRow.id == StandingRow.student_id)
        .join(SubmissionRow, SubmissionRow.id == StandingRow.submission_id)
        .outerjoin(GradingRow, GradingRow.id == StandingRow.grading_id)
        .where(~StudentRow.removed)
        .order_by(StudentRow.position, StudentRow.id)
    )
    with gradebook.engine.connect() as connection, Session(connection) as session:
        rows = session.execute(query).all()
    found = {}
    for student, digest, commit, problem, key in rows:
        if student in handed_in:
            continue
        if student in other_time and (commit or problem):
            found[student] = OTHER_TIME
        elif key is not None and key != key_of(digest):
            found[student] = OTHER_RULES
    return found
