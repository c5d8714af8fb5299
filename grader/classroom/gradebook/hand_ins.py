"""What students handed in, with its text: what counts, and what they had handed in before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..handin.read import sources_of
from ..records import FileText, HandedIn
from .models import GradingRow, StandingRow, SubmissionRow

MOST = 10  # older ones of a student, the newest of them


def hand_ins_of(session: Session, students: Sequence[str]) -> dict[str, tuple[HandedIn, ...]]:
    """Student → what was handed in, the newest first; of texts that are the same, what counts, else the newest.

    Args:
        students: identifiers as they are kept; who handed in nothing is not in the answer.
    """
    standing = select(StandingRow.submission_id).where(StandingRow.student_id.in_(students))
    counting = set(session.scalars(standing))
    results = _results(session, students)
    found: defaultdict[str, dict[str, HandedIn]] = defaultdict(dict)
    rows = select(SubmissionRow).where(SubmissionRow.student_id.in_(students))
    for row in sorted(session.scalars(rows), key=lambda row: (row.id in counting, row.id)):
        score, most = results.get((row.student_id, row.digest), (None, None))
        found[row.student_id][row.digest or row.identity] = HandedIn(
            when=row.handed_in or row.seen,
            commit=row.commit,
            counts=row.id in counting,
            score=score,
            max_score=most,
            files={
                name: FileText(
                    source.filename,
                    tuple((cell.place, cell.text) for cell in source.cells),
                    source.problem,
                )
                for name, source in sources_of(row.sources or {}).items()
            },
            problem=row.problem,
        )
    return {student: _newest(list(each.values())) for student, each in found.items()}


def _newest(several: list[HandedIn]) -> tuple[HandedIn, ...]:
    """The newest first; of the many that do not count, some."""
    several.sort(key=lambda one: (one.when, one.counts), reverse=True)
    left_out = [place for place, one in enumerate(several) if not one.counts][MOST:]
    return tuple(one for place, one in enumerate(several) if place not in left_out)


def _results(
    session: Session, students: Sequence[str]
) -> dict[tuple[str, str], tuple[int | None, int | None]]:
    """Student and digest → the points of the newest result, and those that could be reached."""
    query = select(
        GradingRow.student_id, GradingRow.digest, GradingRow.score, GradingRow.max_score
    ).where(GradingRow.student_id.in_(students))
    rows = session.execute(query.order_by(GradingRow.id))
    return {(student, digest): (score, most) for student, digest, score, most in rows}
