"""What grading writes into a gradebook: each step is one transaction, and doing it twice is as doing it once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ...report import Report
from ...text import clean
from ..handin.read import Submitted, digest_of, plain_sources
from .hand_ins import left_behind
from .history import CHANGED
from .late import late_days
from .models import CheckRow, ExerciseRow, GradingRow, RunRow, StandingRow, SubmissionRow
from .reader import Gradebook

_FAULT_LENGTH = 2000  # characters


@dataclass(frozen=True)
class ReceivedHandIn:
    """What a student has handed in, to be written down.

    Attributes:
        student: the identifier.
        deadline: this student's.
        result_key: a digest of all that the wanted result depends on; empty where there is nothing to grade.
    """

    student: str
    submitted: Submitted
    deadline: datetime | None
    result_key: str


@dataclass(frozen=True)
class GradebookWriter:
    """Writes what one run of `grader grade` yields; `begin` makes it. Every method may raise a `GradebookError`.

    Attributes:
        run: the run's number.
        forced: whether what was graded before is graded again; a forced run that was killed is gone on with.
    """

    gradebook: Gradebook
    run: int
    forced: bool

    @classmethod
    def begin(
        cls, gradebook: Gradebook, conditions: Mapping[str, Any], forced: bool
    ) -> GradebookWriter:
        """Begins a run, or goes on with the forced one of the same conditions that did not get to its end."""

        def write(session: Session) -> int:
            if forced:
                last = session.scalars(select(RunRow).order_by(RunRow.id.desc()).limit(1)).first()
                if (
                    last
                    and last.forced
                    and not last.finished
                    and _same(last.conditions, conditions)
                ):
                    return last.id
            run = RunRow(
                started=datetime.now(UTC), finished=None, forced=forced, conditions=dict(conditions)
            )
            session.add(run)
            session.flush()
            return run.id

        number = gradebook.write(write)
        gradebook.refresh()  # which checks are kept back follows from the runs
        return cls(gradebook, number, forced)

    def finish(self) -> None:
        """Writes down that the run got to its end."""

        def write(session: Session) -> None:
            now = datetime.now(UTC)
            session.execute(update(RunRow).where(RunRow.id == self.run).values(finished=now))

        self.gradebook.write(write)

    def receive(self, several: Sequence[ReceivedHandIn]) -> list[bool]:
        """Writes down what was handed in and that it counts; of each, whether it is to be graded."""

        def write(session: Session) -> list[bool]:
            rows = _submission_rows(session, several)
            results = _results(session, several)
            done = _results(session, several, self.run) if self.forced else results
            ids = [each.student for each in several]
            query = select(StandingRow).where(StandingRow.student_id.in_(ids))
            standings = {row.student_id: row for row in session.scalars(query)}
            now = {each.student: each.submitted for each in several}
            notes = left_behind(session, now, self.gradebook.exercises)
            wanted = []
            for each in several:
                standing = standings[each.student]
                standing.submission_id = rows[each.student]
                standing.late_days = late_days(each.submitted.when, each.deadline)
                standing.notes = [*each.submitted.notes, *notes[each.student]]
                standing.problem = each.submitted.problem
                standing.grading_id = results.get((each.student, each.result_key))
                missing = (each.student, each.result_key) not in done
                wanted.append(bool(each.result_key) and missing)
            return wanted

        return self.gradebook.write(write)

    def store_result(
        self, student: str, key: str, digest: str, report: Report, seconds: float
    ) -> None:
        """Writes down a result, and that it counts.

        Args:
            key: the `result_key` that it was wanted by.
            digest: of what was graded.
            seconds: that grading took.

        Raises:
            ValueError: if the report has a fault in it, and so is no verdict.
        """
        if report.faults:
            names = ", ".join(exercise.name for exercise in report.faults)
            raise ValueError(f"A report with a fault is no verdict, and is not stored: {names}.")

        def write(session: Session) -> None:
            row = GradingRow(
                student_id=student,
                digest=digest,
                key=key,
                forced_run=self.run if self.forced else 0,
                run_id=self.run,
                graded=datetime.now(UTC),
                seconds=seconds,
                score=report.score,
                max_score=report.max_score,
                report=report.to_dict(),
            )
            session.add(row)
            session.flush()
            session.execute(insert(ExerciseRow), _exercise_columns(row.id, report))
            if checks := _check_columns(row.id, report):
                session.execute(insert(CheckRow), checks)
            _let_count(session, student, row.id)

        def take(session: Session) -> None:
            _let_count(session, student, _result(session, student, key))

        try:
            self.gradebook.write(write)
        except IntegrityError:
            # another run of the same command was faster; its result is this one
            self.gradebook.write(take)

    def add_note(self, student: str, note: str) -> None:
        """Adds what the instructor should look at."""

        def write(session: Session) -> None:
            standing = session.get_one(StandingRow, student)
            if note not in standing.notes:
                standing.notes = [*standing.notes, note]

        self.gradebook.write(write)

    def store_fault(self, student: str, key: str, fault: str) -> None:
        """Writes down that grading failed, through no fault of the student; the next run tries again.

        An earlier result of the same key goes on counting: it is of the same text, by the same checks.

        Args:
            key: the `result_key` of the result that was wanted; empty where the hand-in could not even be read.
            fault: what is told of it to the instructor.
        """

        def write(session: Session) -> None:
            standing = session.get_one(StandingRow, student)
            standing.grading_id = _result(session, student, key)
            told = clean(fault, _FAULT_LENGTH)
            if standing.grading_id is None:
                standing.problem = told
            else:
                again = f"It could not be graded again, and the earlier result counts. {told}"
                standing.notes = [*standing.notes, again]

        self.gradebook.write(write)


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two runs grade alike; which settings were changed on the way is no condition."""
    return {**one, CHANGED: ()} == {**other, CHANGED: ()}


def _results(
    session: Session, several: Sequence[ReceivedHandIn], run: int | None = None
) -> dict[tuple[str, str], int]:
    """By student and key the latest result; where a forced run is named, of that run alone."""
    query = (
        select(GradingRow.student_id, GradingRow.key, func.max(GradingRow.id))
        .where(GradingRow.student_id.in_([each.student for each in several]))
        .where(GradingRow.key.in_([each.result_key for each in several]))
        .group_by(GradingRow.student_id, GradingRow.key)
    )
    if run is not None:
        query = query.where(GradingRow.forced_run == run)
    return {(student, key): latest for student, key, latest in session.execute(query)}


def _result(session: Session, student: str, key: str) -> int | None:
    """The latest result of a student and a key."""
    wanted = ReceivedHandIn(student, Submitted({}), None, key)
    return _results(session, [wanted]).get((student, key))


def _let_count(session: Session, student: str, grading: int | None) -> None:
    session.execute(
        update(StandingRow)
        .where(StandingRow.student_id == student)
        .values(grading_id=grading, problem="")
    )


def _submission_rows(session: Session, several: Sequence[ReceivedHandIn]) -> dict[str, int]:
    """By student the row of what was handed in; one that is not there yet is made."""
    identity = {each.student: _identity(each.submitted) for each in several}
    query = select(SubmissionRow.student_id, SubmissionRow.identity, SubmissionRow.id).where(
        SubmissionRow.student_id.in_([*identity]),
        SubmissionRow.identity.in_([*identity.values()]),
    )
    there = {(student, one): row for student, one, row in session.execute(query)}
    new = {
        each.student: SubmissionRow(
            student_id=each.student,
            identity=identity[each.student],
            digest=each.submitted.digest,
            commit=each.submitted.commit,
            handed_in=each.submitted.when,
            seen=datetime.now(UTC),
            problem=each.submitted.problem,
            sources=plain_sources(each.submitted.sources),
        )
        for each in several
        if (each.student, identity[each.student]) not in there
    }
    session.add_all(new.values())
    session.flush()
    before = {student: there.get((student, one), 0) for student, one in identity.items()}
    return before | {student: row.id for student, row in new.items()}


def _identity(submitted: Submitted) -> str:
    when = submitted.when.astimezone(UTC).isoformat() if submitted.when else ""
    return digest_of([submitted.digest, submitted.commit, when, submitted.problem])


def _exercise_columns(grading: int, report: Report) -> list[dict[str, Any]]:
    return [
        {
            "grading_id": grading,
            "exercise": exercise.name,
            "status": exercise.status,
            "score": exercise.score,
            "max_score": exercise.max_score,
        }
        for exercise in report.exercises
    ]


def _check_columns(grading: int, report: Report) -> list[dict[str, Any]]:
    return [
        {
            "grading_id": grading,
            "exercise": exercise.name,
            "name": check.name,
            "status": check.status,
            "score": check.score,
            "points": check.points,
            "cause": check.cause,
        }
        for exercise in report.exercises
        for check in exercise.checks
    ]
