"""What students handed in, with its text: what counts, and what they had handed in before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ..handin.read import Submitted, sources_of
from ..records import FileText, HandedIn
from .models import ExerciseRow, GradingRow, StandingRow, SubmissionRow

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


def left_behind(
    session: Session, now: Mapping[str, Submitted], exercises: Sequence[str]
) -> dict[str, list[str]]:
    """Student → notes of what an earlier call has seen of them and does not count beside what is handed in now.

    Args:
        now: student → what counts.
        exercises: those that are graded.
    """
    notes: dict[str, list[str]] = {student: [] for student in now}
    less = [who for who, each in now.items() if any(name not in each.sources for name in exercises)]
    points = (
        select(GradingRow.student_id, ExerciseRow.exercise, func.max(ExerciseRow.score))
        .join(ExerciseRow, ExerciseRow.grading_id == GradingRow.id)
        .where(GradingRow.student_id.in_(less), ExerciseRow.exercise.in_(exercises))
        .group_by(GradingRow.student_id, ExerciseRow.exercise)
        .order_by(ExerciseRow.exercise)
    )
    for student, name, most in session.execute(points) if less else ():
        if most > 0 and name not in now[student].sources:
            told = f"{name}: it is not in what counts now; an earlier hand-in had {most:g} points in it."
            notes[student].append(told)
    times = (
        select(SubmissionRow.student_id, func.max(SubmissionRow.handed_in))
        .where(SubmissionRow.student_id.in_([*now]))
        .group_by(SubmissionRow.student_id)
    )
    for student, last in session.execute(times):
        when = now[student].when
        # of a repository, later commits are told already
        if last and when and last > when and not now[student].commit:
            told = f"{last.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
            notes[student].append(
                f"What was handed in later, at {told}, is not here and does not count."
            )
    return notes


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
