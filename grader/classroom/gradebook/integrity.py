"""Whether a gradebook's parts fit together: `grader gradebook check`."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from ...report import Report
from ..handin.read import digest_of
from .kept_report import unpacked
from .models import (
    AdjustmentRow,
    CheckRow,
    ExerciseRow,
    GradingRow,
    KeptResultRow,
    PreviewRow,
    RosterLineRow,
    StandingRow,
    StudentRow,
    SubmissionRow,
)


def problems(engine: Engine) -> Iterator[str]:
    """A sentence for each thing that is not as grading and adjusting leave it.

    Scores are added up anew from the rows and from the reports, and digests from the texts that were handed in.
    """
    with engine.connect() as connection, Session(connection) as session:
        if connection.dialect.name == "sqlite":
            for (damage,) in connection.execute(text("PRAGMA integrity_check")):
                if damage != "ok":
                    yield f"The database file is damaged: {damage}."
            for row in connection.execute(text("PRAGMA foreign_key_check")):
                yield f"A row of {row[0]} refers to a row of {row[2]} that is not there."
        yield from _standings(session)
        yield from _submissions(session)
        yield from _gradings(session)
        yield from _kept(session)
        yield from _by_hand(session)


def _standings(session: Session) -> Iterator[str]:
    without = select(StudentRow.id).where(StudentRow.id.not_in(select(StandingRow.student_id)))
    for student in session.scalars(without):
        yield f"{student} has no row in the table `standing`, which says what counts."
    query = (
        select(StandingRow, SubmissionRow.student_id, SubmissionRow.digest)
        .add_columns(GradingRow.student_id, GradingRow.digest)
        .outerjoin(SubmissionRow, SubmissionRow.id == StandingRow.submission_id)
        .outerjoin(GradingRow, GradingRow.id == StandingRow.grading_id)
    )
    for standing, handed_by, handed, graded_of, graded in session.execute(query):
        who = standing.student_id
        if standing.submission_id is not None and handed_by != who:
            yield f"What counts for {who} was handed in by {handed_by or 'nobody'}."
        if standing.grading_id is not None:
            if graded_of != who:
                yield f"The result that counts for {who} is {graded_of or 'nobody'}'s."
            elif graded != handed:
                yield f"The result that counts for {who} is of another submission."
            if standing.problem:
                yield f"{who} has both a result and a problem: {standing.problem}"


def _submissions(session: Session) -> Iterator[str]:
    rows = session.scalars(select(SubmissionRow).execution_options(yield_per=50))
    for row in rows:
        expected = digest_of(row.sources) if row.sources else ""
        if expected != row.digest:
            yield f"The text of submission {row.id} ({row.student_id}) is not what was handed in."


def _gradings(session: Session) -> Iterator[str]:
    of_checks = _sums(session, CheckRow)
    of_exercises = _sums(session, ExerciseRow)
    for row in session.scalars(select(GradingRow).execution_options(yield_per=50)):
        who = f"result {row.id} ({row.student_id})"
        try:
            report = Report.from_dict(row.report)
        except (ValueError, KeyError, TypeError) as error:
            yield f"The report of {who} cannot be read: {error}."
            continue
        if (row.score, row.max_score) != (report.score, report.max_score):
            yield (
                f"The score of {who} is {row.score} of {row.max_score}; its report says {report.score} of "
                f"{report.max_score}."
            )
        for exercise in report.exercises:
            if exercise.score != sum(check.score for check in exercise.checks):
                yield f"The score of {exercise.name} in {who} is not the sum of its checks."
        if (of_checks.get(row.id, 0), of_exercises.get(row.id, 0)) != (report.score,) * 2:
            yield f"The rows of {who} do not add up to its score of {report.score}."
        if report.faults:
            yield f"The {who} has a fault in it and is no verdict."
        if not 0 <= row.score <= row.max_score:
            yield f"The score of {who} is out of bounds."


def _kept(session: Session) -> Iterator[str]:
    """Kept results count for whoever hands in the same. One that cannot be read is as if it was not there."""
    for row in session.scalars(select(KeptResultRow).execution_options(yield_per=50)):
        report = unpacked(row.report)
        if report is None:
            continue
        [result] = report.exercises
        what = f"The kept result {row.key[:12]} of {row.exercise}"
        if result.name != row.exercise:
            yield f"{what} is of {result.name}. Empty the table `kept_result`, and grade again."
        elif result.is_fault or result.score != sum(check.score for check in result.checks):
            yield f"{what} is not the sum of its checks. Empty the table `kept_result`, and grade again."


def _by_hand(session: Session) -> Iterator[str]:
    for row in session.scalars(select(AdjustmentRow).order_by(AdjustmentRow.id)):
        if row.half not in (-1, 0, 1) or row.points * row.half < 0:
            yield f"The adjustment {row.id} of {row.student_id} has points that are neither whole nor half."
    waiting = select(func.count()).select_from(PreviewRow).where(PreviewRow.accepted.is_(None))
    if session.scalar(waiting) not in (0, 1):
        yield "Several previews wait to be accepted. Make a new one with `--preview`."
    own = {row.student_id for row in session.scalars(select(RosterLineRow)) if row.student_id}
    for student in sorted(own - set(session.scalars(select(StudentRow.id)))):
        yield f"A line of the roster is of {student}, who is not in the gradebook."


def _sums(session: Session, table: type[CheckRow] | type[ExerciseRow]) -> dict[int, int]:
    """Result → the scores of its rows, added up."""
    query = select(table.grading_id, func.sum(table.score)).group_by(table.grading_id)
    return {grading: int(total) for grading, total in session.execute(query)}
