"""A preview in the gradebook: what would change, and a fingerprint by which it is seen to be outdated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, select
from sqlalchemy.orm import Session

from ..handin.read import digest_of
from .models import GradebookRow, GradingRow, PreviewRow, StandingRow, StudentRow, SubmissionRow
from .reader import Gradebook


@dataclass(frozen=True)
class Preview:
    """What would change if the class was graded now.

    Attributes:
        fingerprint: of what counted when it was made, and of what would count.
        changes: student → the score before and after, of those whose score would change.
        not_graded: the students whose work could not be graded.
    """

    made: datetime
    made_by: str
    fingerprint: str
    changes: Mapping[str, Sequence[float | None]]
    not_graded: tuple[str, ...]


def what_counts(gradebook: Gradebook) -> str:
    """A digest of settings, students and which submission and result count for each, as it is in the gradebook."""
    with gradebook.engine.connect() as connection:
        return digest_of([*_settings(connection), *_rows(connection, select(StandingRow))])


def what_would_count(gradebook: Gradebook) -> str:
    """The same of what these submissions and results are, wherever they stand: equal in a copy and in the original."""
    standing = select(
        StandingRow.student_id,
        StandingRow.late_days,
        StandingRow.problem,
        StandingRow.notes,
        SubmissionRow.identity,
        GradingRow.key,
        GradingRow.report,
    )
    query = standing.outerjoin(SubmissionRow, SubmissionRow.id == StandingRow.submission_id)
    query = query.outerjoin(GradingRow, GradingRow.id == StandingRow.grading_id)
    with gradebook.engine.connect() as connection:
        return digest_of([*_settings(connection), *_rows(connection, query)])


def _settings(connection: Connection) -> list[Any]:
    return [*_rows(connection, select(GradebookRow)), *_rows(connection, select(StudentRow))]


def _rows(connection: Connection, query: Any) -> list[Any]:
    """The rows as plain data, in an order that does not depend on the database's collation."""
    rows = connection.execute(query, execution_options={"yield_per": 50}).mappings()
    return sorted(digest_of(_plain(row)) for row in rows)


def _plain(row: RowMapping) -> dict[str, Any]:
    return {
        str(name): value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
    }


def write_preview(gradebook: Gradebook, preview: Preview) -> None:
    """Writes a preview down; one that waits is replaced.

    Raises:
        GradebookError: if it cannot be written.
    """

    def write(session: Session) -> None:
        session.execute(delete(PreviewRow).where(PreviewRow.accepted.is_(None)))
        session.add(
            PreviewRow(
                made=preview.made,
                made_by=preview.made_by,
                fingerprint=preview.fingerprint,
                changes={who: list(scores) for who, scores in preview.changes.items()},
                not_graded=list(preview.not_graded),
                accepted=None,
                accepted_by="",
            )
        )

    gradebook.write(write)


def waiting_preview(gradebook: Gradebook) -> Preview | None:
    """The preview that waits to be accepted, if there is one."""
    with gradebook.engine.connect() as connection, Session(connection) as session:
        row = session.scalars(_waiting()).first()
        if row is None:
            return None
        return Preview(row.made, row.made_by, row.fingerprint, row.changes, tuple(row.not_graded))


def write_accepted(gradebook: Gradebook, who: str) -> None:
    """Writes down who accepted the preview that waits, and that it was now.

    Raises:
        GradebookError: if it cannot be written.
    """

    def write(session: Session) -> None:
        row = session.scalars(_waiting()).one()
        row.accepted, row.accepted_by = datetime.now(UTC), who

    gradebook.write(write)


def _waiting() -> Any:
    return select(PreviewRow).where(PreviewRow.accepted.is_(None)).order_by(PreviewRow.id.desc())
