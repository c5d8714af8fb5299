"""What happened to a student's work: all that was handed in, graded and adjusted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..points import points_of, signed
from .hand_marks import MarkKind, mark_events
from .models import (
    AdjustmentRow,
    ExcuseRow,
    GradingRow,
    IdentityChangeRow,
    PreviewRow,
    RunRow,
    StandingRow,
    StudentRow,
    SubmissionRow,
)

Kind = (
    Literal[
        "handed in",
        "graded",
        "adjusted",
        "accepted",
        "changed",
        "excused",
        "no longer excused",
        "renamed",
        "merged",
        "removed",
        "put back",
    ]
    | MarkKind
)


CHANGED = "changed"  # in a run's conditions: who changed which settings of the gradebook


@dataclass(frozen=True)
class HistoryEvent:
    """Something that happened to a student's work.

    Attributes:
        score: of a result, what it gave; of an adjustment, its points; of a preview that was accepted, what it made
            count.
        counts: whether it is what counts now.
    """

    when: datetime
    kind: Kind
    text: str
    score: float | None = None
    counts: bool = True


def events_of(session: Session, student: str) -> list[HistoryEvent]:
    """Everything that is kept of a student, the oldest first; `student` is the identifier as it is kept."""
    standing = session.get(StandingRow, student)
    submissions = session.scalars(select(SubmissionRow).filter_by(student_id=student))
    gradings = session.scalars(select(GradingRow).filter_by(student_id=student))
    adjustments = session.scalars(select(AdjustmentRow).filter_by(student_id=student))
    accepted = session.scalars(select(PreviewRow).where(PreviewRow.accepted.is_not(None)))
    excuses = session.scalars(
        select(ExcuseRow).filter_by(student_id=student).order_by(ExcuseRow.id)
    ).all()
    called = _called(session, student)
    changes = session.scalars(
        select(IdentityChangeRow).where(
            IdentityChangeRow.new.in_(called) | IdentityChangeRow.old.in_(called)
        )
    ).all()
    names = {*called, *(row.old for row in changes if row.new in called)}
    events = [
        *(_handed_in(row, standing) for row in submissions),
        *(_graded(row, standing) for row in gradings),
        *(_adjusted(row) for row in adjustments),
        *(HistoryEvent(*each) for each in mark_events(session, student)),
        *(_accepted(row, name) for row in accepted for name in names & row.changes.keys()),
        *map(_identity, changes),
        *(each for row in session.scalars(select(RunRow)) for each in _settings(row)),
        *(_excused(row, row is excuses[-1]) for row in excuses),
    ]
    return sorted(events, key=lambda event: event.when)


def _called(session: Session, student: str) -> set[str]:
    """The student's identifier, and further ones that are nobody else's, such as that of an earlier roster."""
    row = session.get(StudentRow, student)
    further = {text for _, text in row.ids} if row else set()
    others = session.scalars(select(StudentRow.id).where(StudentRow.id.in_(further)))
    return {student, *(further - {*others})}


def _handed_in(row: SubmissionRow, standing: StandingRow | None) -> HistoryEvent:
    commit = f"commit {row.commit[:12]}, " if row.commit else ""
    text = f"{commit}{row.problem or row.digest[:12] or 'not read'}"
    counts = standing is not None and standing.submission_id == row.id
    if standing is not None and counts and standing.notes:
        text = f"{text.removesuffix('.')}. {' '.join(standing.notes)}"
    return HistoryEvent(row.handed_in or row.seen, "handed in", text, None, counts)


def _graded(row: GradingRow, standing: StandingRow | None) -> HistoryEvent:
    again = ", graded again" if row.forced_run else ""
    text = f"{row.score} of {row.max_score} for {row.digest[:12]}{again}"
    counts = standing is not None and standing.grading_id == row.id
    return HistoryEvent(row.graded, "graded", text, row.score, counts)


def _adjusted(row: AdjustmentRow) -> HistoryEvent:
    where = f" in {row.exercise}" if row.exercise else ""
    points = points_of(2 * row.points + row.half)
    source = f" (from {row.source})" if row.source else ""
    text = f"{signed(points)}{where} by {row.who}{source}: {row.why}"
    return HistoryEvent(row.made, "adjusted", text, points)


def _accepted(row: PreviewRow, student: str) -> HistoryEvent:
    before, after = ("none" if score is None else score for score in row.changes[student])
    text = f"{before} → {after}, by a preview that {row.accepted_by} accepted"
    return HistoryEvent(row.accepted or row.made, "accepted", text, row.changes[student][1])


def _settings(row: RunRow) -> Iterator[HistoryEvent]:
    """What a call changed for everybody."""
    if changed := row.conditions.get(CHANGED):
        text = f"for everybody by {changed['who']}: {'. '.join(changed['settings'])}"
        yield HistoryEvent(row.started, "changed", text)


def _excused(row: ExcuseRow, latest: bool) -> HistoryEvent:
    kind: Kind = "excused" if row.excused else "no longer excused"
    return HistoryEvent(row.made, kind, f"by {row.who}: {row.why}", None, latest)


def _identity(row: IdentityChangeRow) -> HistoryEvent:
    what = f"{row.old} is {row.new} now, " if row.new else ""
    return HistoryEvent(row.made, cast(Kind, row.kind), f"{what}by {row.who}: {row.why}")
