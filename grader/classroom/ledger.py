"""What grading writes into a gradebook: each step is one transaction, and doing it twice is as doing it once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ..report import Report
from ..text import clean
from .gradebook import NOTHING, Gradebook
from .intake import Work, digest_of, plain_sources
from .late import LatePolicy, late_days
from .models import (
    About,
    AdjustmentRow,
    CheckRow,
    ExerciseRow,
    GradingRow,
    Run,
    StandingRow,
    StudentRow,
    SubmissionRow,
)
from .records import Student
from .roster import Entry, Matcher

OFF_ROSTER = 2**31 - 1
_BATCH = 500
T = TypeVar("T")


@dataclass(frozen=True)
class Ledger:
    """One run's pen.

    Attributes:
        run: its number.
        forced: whether what was graded before is graded again; a forced run that was killed is gone on with.
    """

    gradebook: Gradebook
    run: int
    forced: bool

    @classmethod
    def begin(cls, gradebook: Gradebook, conditions: Mapping[str, Any], forced: bool) -> Ledger:
        """A new run, or the forced one of the same conditions that did not get to its end."""

        def work(session: Session) -> int:
            if forced:
                last = session.scalars(select(Run).order_by(Run.id.desc()).limit(1)).first()
                if last and last.forced and not last.finished and last.conditions == conditions:
                    return last.id
            run = Run(
                started=datetime.now(UTC), finished=None, forced=forced, conditions=dict(conditions)
            )
            session.add(run)
            session.flush()
            return run.id

        return cls(gradebook, gradebook.write(work), forced)

    def finish(self) -> None:
        def work(session: Session) -> None:
            session.execute(
                update(Run).where(Run.id == self.run).values(finished=datetime.now(UTC))
            )

        self.gradebook.write(work)

    def receive(self, student: str, work: Work, deadline: datetime | None, key: str) -> bool:
        """Writes down what was handed in and that it counts; whether it is to be graded.

        Args:
            key: of the result that is wanted; empty where there is nothing to grade.
        """

        def write(session: Session) -> bool:
            handed = _submission(session, student, work)
            standing = session.get_one(StandingRow, student)
            standing.submission_id = handed.id
            standing.late_days = late_days(work.when, deadline)
            standing.notes = list(work.notes)
            standing.problem = work.problem
            done = self._done(session, student, key) if key else None
            if done is not None:
                standing.grading_id = done
                return False
            if not (self.forced and self._graded(session, standing.grading_id, key)):
                standing.grading_id = None
            return bool(key)

        return self.gradebook.write(write)

    def _done(self, session: Session, student: str, key: str) -> int | None:
        """The latest result of this key (and, where this run is forced, of this run)."""
        query = select(GradingRow.id).where(GradingRow.student_id == student, GradingRow.key == key)
        if self.forced:
            query = query.where(GradingRow.forced_run == self.run)
        return session.scalars(query.order_by(GradingRow.id.desc()).limit(1)).first()

    @staticmethod
    def _graded(session: Session, grading: int | None, key: str) -> bool:
        row = session.get(GradingRow, grading) if grading is not None else None
        return row is not None and row.key == key

    def store(self, student: str, key: str, digest: str, report: Report, seconds: float) -> None:
        """Writes down a result, and that it counts."""

        def work(session: Session) -> None:
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
            session.add_all(_rows(row.id, report))
            standing = session.get_one(StandingRow, student)
            standing.grading_id = row.id
            standing.problem = ""

        try:
            self.gradebook.write(work)
        except IntegrityError:
            # another run of the same command was faster; its result is this one
            self.gradebook.write(lambda session: self._take(session, student, key))

    def _take(self, session: Session, student: str, key: str) -> None:
        standing = session.get_one(StandingRow, student)
        standing.grading_id = self._done(session, student, key)
        standing.problem = ""

    def note(self, student: str, told: str) -> None:
        """Adds what the instructor should look at."""

        def work(session: Session) -> None:
            standing = session.get_one(StandingRow, student)
            if told not in standing.notes:
                standing.notes = [*standing.notes, told]

        self.gradebook.write(work)

    def trouble(self, student: str, problem: str) -> None:
        """Writes down that grading failed, through no fault of the student; the next run tries again."""

        def work(session: Session) -> None:
            standing = session.get_one(StandingRow, student)
            standing.problem = clean(problem, 2000)
            standing.grading_id = None

        self.gradebook.write(work)


def settle(
    gradebook: Gradebook,
    *,
    title: str,
    exercises: Sequence[str],
    deadline: datetime | None,
    policy: LatePolicy | None,
) -> None:
    """Writes down what the gradebook is of; what is not given stays as it was."""

    def work(session: Session) -> None:
        about = session.get(About, 1)
        if about is None:
            about = About(
                id=1,
                title="",
                created=datetime.now(UTC),
                exercises=[],
                possible={},
                possible_by="",
                deadline=None,
                policy=LatePolicy().to_dict(),
                has_roster=False,
            )
            session.add(about)
        about.title = title or about.title
        about.exercises = list(exercises)
        about.deadline = deadline or about.deadline
        if policy is not None:
            about.policy = policy.to_dict()

    gradebook.write(work)
    gradebook.refresh()


def set_possible(gradebook: Gradebook, possible: Mapping[str, int], by: str) -> None:
    """Writes down what can be reached."""

    def work(session: Session) -> None:
        about = session.get_one(About, 1)
        about.possible = dict(possible)
        about.possible_by = by

    gradebook.write(work)
    gradebook.refresh()


def enrol(gradebook: Gradebook, roster: Sequence[Entry] | None, others: Iterable[Student]) -> None:
    """Writes down the students: the roster's, where one is given, and `others`, who have handed something in.

    A class is written some hundreds at a time, so that a large one needs no more memory than a small one.
    """

    def work(session: Session) -> None:
        about = session.get_one(About, 1)
        known = set(session.scalars(select(StudentRow.id)))
        before = set(known)
        if roster is not None:
            about.has_roster = True
            session.execute(update(StudentRow).values(on_roster=False, position=OFF_ROSTER))
        _put(
            session,
            known,
            (
                _columns(entry.student, position, entry.deadline, True)
                for position, entry in enumerate(roster or ())
            ),
        )
        _rename(session, known, before, [entry.student for entry in roster or ()])
        on = not about.has_roster
        _put(
            session,
            known,
            (
                _columns(student, 0 if on else OFF_ROSTER, None, on)
                for student in others
                if student.id not in known
            ),
        )
        standing = set(session.scalars(select(StandingRow.student_id)))
        for some in _batches(sorted(known - standing)):
            begun = {"late_days": 0, "problem": NOTHING, "notes": []}
            session.execute(
                insert(StandingRow), [{"student_id": student, **begun} for student in some]
            )

    gradebook.write(work)
    gradebook.refresh()


def _rename(session: Session, known: set[str], before: set[str], roster: Sequence[Student]) -> None:
    """Who was graded before there was a roster, and is in it by another identifier, takes everything along."""
    matcher, listed = Matcher(roster), {student.id for student in roster}
    session.flush()
    for old in sorted(before - listed):
        new = matcher.find([old])
        if new is None or new in before:
            continue
        before.add(new)
        for table in (SubmissionRow, GradingRow, StandingRow, AdjustmentRow):
            session.execute(
                update(table).where(table.student_id == old).values(student_id=new),
                execution_options={"synchronize_session": False},
            )
        session.execute(delete(StudentRow).where(StudentRow.id == old))
        known.remove(old)


def _put(session: Session, known: set[str], rows: Iterable[dict[str, Any]]) -> None:
    """Writes students, as `_columns` gives them; those that were not known are known then."""
    for some in _batches(rows):
        by_id = {row["id"]: row for row in some}
        if new := [row for student, row in by_id.items() if student not in known]:
            session.execute(insert(StudentRow), new)
        if old := [row for student, row in by_id.items() if student in known]:
            session.execute(update(StudentRow), old)
        known.update(by_id)


def _columns(
    student: Student, position: int, deadline: datetime | None, on_roster: bool
) -> dict[str, Any]:
    texts = {name: getattr(student, name) for name in ("id", "name", "email", "section", "login")}
    return {**texts, "position": position, "deadline": deadline, "on_roster": on_roster}


def _batches(rows: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(rows)
    while some := list(islice(rest, _BATCH)):
        yield some


def _submission(session: Session, student: str, work: Work) -> SubmissionRow:
    when = work.when.astimezone(UTC).isoformat() if work.when else ""
    identity = digest_of([work.digest, work.commit, when, work.problem])
    row = session.scalars(
        select(SubmissionRow).filter_by(student_id=student, identity=identity)
    ).first()
    if row is None:
        row = SubmissionRow(
            student_id=student,
            identity=identity,
            digest=work.digest,
            commit=work.commit,
            handed_in=work.when,
            seen=datetime.now(UTC),
            problem=work.problem,
            sources=plain_sources(work.sources),
        )
        session.add(row)
        session.flush()
    return row


def _rows(grading: int, report: Report) -> Iterable[ExerciseRow | CheckRow]:
    for exercise in report.exercises:
        yield ExerciseRow(
            grading_id=grading,
            exercise=exercise.name,
            status=exercise.status,
            score=exercise.score,
            max_score=exercise.max_score,
        )
        for check in exercise.checks:
            yield CheckRow(
                grading_id=grading,
                exercise=exercise.name,
                name=check.name,
                status=check.status,
                score=check.score,
                points=check.points,
                cause=check.cause,
            )
