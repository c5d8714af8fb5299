"""What grading writes into a gradebook: each step is one transaction, and doing it twice is as doing it once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ...report import Report
from ...text import clean
from ..handin.read import Submitted, digest_of, plain_sources
from ..handin.roster import Matcher, RosterEntry
from ..records import Enrolled
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
from .reader import NOTHING, Gradebook

OFF_ROSTER = 2**31 - 1
_BATCH = 500
T = TypeVar("T")


@dataclass(frozen=True)
class Receipt:
    """What a student has handed in.

    Attributes:
        deadline: this student's.
        key: of the result that is wanted; empty where there is nothing to grade.
    """

    student: str
    work: Submitted
    deadline: datetime | None
    key: str


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

    def receive(self, several: Sequence[Receipt]) -> list[bool]:
        """Writes down what was handed in and that it counts; of each, whether it is to be graded."""

        def write(session: Session) -> list[bool]:
            handed = _submissions(session, several)
            done = self._done(session, several)
            ids = [each.student for each in several]
            query = select(StandingRow).where(StandingRow.student_id.in_(ids))
            standings = {row.student_id: row for row in session.scalars(query)}
            wanted = []
            for each in several:
                standing = standings[each.student]
                standing.submission_id = handed[each.student]
                standing.late_days = late_days(each.work.when, each.deadline)
                standing.notes = list(each.work.notes)
                standing.problem = each.work.problem
                before = done.get((each.student, each.key))
                if before is not None:
                    standing.grading_id = before
                elif not (self.forced and self._graded(session, standing.grading_id, each.key)):
                    standing.grading_id = None
                wanted.append(bool(each.key) and before is None)
            return wanted

        return self.gradebook.write(write)

    def _done(self, session: Session, several: Sequence[Receipt]) -> dict[tuple[str, str], int]:
        """By student and key the latest result (where this run is forced, of this run)."""
        query = (
            select(GradingRow.student_id, GradingRow.key, func.max(GradingRow.id))
            .where(GradingRow.student_id.in_([each.student for each in several]))
            .where(GradingRow.key.in_([each.key for each in several]))
            .group_by(GradingRow.student_id, GradingRow.key)
        )
        if self.forced:
            query = query.where(GradingRow.forced_run == self.run)
        return {(student, key): latest for student, key, latest in session.execute(query)}

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
            exercises, checks = _rows(row.id, report)
            session.execute(insert(ExerciseRow), exercises)
            if checks:
                session.execute(insert(CheckRow), checks)
            self._stands(session, student, row.id)

        try:
            self.gradebook.write(work)
        except IntegrityError:
            # another run of the same command was faster; its result is this one
            self.gradebook.write(lambda session: self._take(session, student, key))

    def _take(self, session: Session, student: str, key: str) -> None:
        receipt = Receipt(student, Submitted({}), None, key)
        self._stands(session, student, self._done(session, [receipt])[student, key])

    @staticmethod
    def _stands(session: Session, student: str, grading: int) -> None:
        session.execute(
            update(StandingRow)
            .where(StandingRow.student_id == student)
            .values(grading_id=grading, problem="")
        )

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


def write_settings(
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


def enrol(
    gradebook: Gradebook, roster: Sequence[RosterEntry] | None, others: Iterable[Enrolled]
) -> None:
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


def _rename(
    session: Session, known: set[str], before: set[str], roster: Sequence[Enrolled]
) -> None:
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
    student: Enrolled, position: int, deadline: datetime | None, on_roster: bool
) -> dict[str, Any]:
    texts = {name: getattr(student, name) for name in ("id", "name", "email", "section", "login")}
    return {**texts, "position": position, "deadline": deadline, "on_roster": on_roster}


def _batches(rows: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(rows)
    while some := list(islice(rest, _BATCH)):
        yield some


def _submissions(session: Session, several: Sequence[Receipt]) -> dict[str, int]:
    """By student the row of what was handed in; one that is not there yet is made."""
    identity = {each.student: _identity(each.work) for each in several}
    query = select(SubmissionRow.student_id, SubmissionRow.identity, SubmissionRow.id).where(
        SubmissionRow.student_id.in_([*identity]),
        SubmissionRow.identity.in_([*identity.values()]),
    )
    there = {(student, one): row for student, one, row in session.execute(query)}
    new = {
        each.student: SubmissionRow(
            student_id=each.student,
            identity=identity[each.student],
            digest=each.work.digest,
            commit=each.work.commit,
            handed_in=each.work.when,
            seen=datetime.now(UTC),
            problem=each.work.problem,
            sources=plain_sources(each.work.sources),
        )
        for each in several
        if (each.student, identity[each.student]) not in there
    }
    session.add_all(new.values())
    session.flush()
    before = {student: there.get((student, one), 0) for student, one in identity.items()}
    return before | {student: row.id for student, row in new.items()}


def _identity(work: Submitted) -> str:
    when = work.when.astimezone(UTC).isoformat() if work.when else ""
    return digest_of([work.digest, work.commit, when, work.problem])


def _rows(grading: int, report: Report) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What stands of a result in the tables of exercises and of checks."""
    exercises = [
        {
            "grading_id": grading,
            "exercise": exercise.name,
            "status": exercise.status,
            "score": exercise.score,
            "max_score": exercise.max_score,
        }
        for exercise in report.exercises
    ]
    checks = [
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
    return exercises, checks
