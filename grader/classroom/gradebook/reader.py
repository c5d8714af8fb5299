"""The gradebook as it is read, and adjusted by hand: one class, one assignment, in a database.

`settings.py` writes what it is of, `enrolment.py` who belongs to the class and `writer.py` what grading yields;
`integrity.py` checks that all of it fits together.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Self, TypeVar

from sqlalchemy import Connection, Engine, select, tuple_
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from ...errors import GradebookError
from ...report import Report
from ...submission import Source
from ...text import clean
from ..handin.read import sources_of
from ..records import Absence, Adjustment, Enrolled, Excuse, Record
from .by_hand import add_adjustment, expect_adjustment
from .database import connect
from .excuses import add_excuse, excuses_of
from .hand_ins import hand_ins_of
from .hand_marks import adjustments_of, comments_of
from .history import HistoryEvent, events_of
from .identifiers import identifier_of
from .integrity import problems
from .kept_back import kept_back_in
from .late import LatePolicy
from .made_with import MadeWith
from .models import GradebookRow, GradingRow, StandingRow, StudentRow, SubmissionRow

NOTHING_HANDED_IN = "Nothing was handed in."
NOT_GRADED_YET = "Not graded yet."
_PAGE = 50
_TRIES = 5
T = TypeVar("T")


class Gradebook:
    """One class and one assignment. A context manager; `open_gradebook` makes it.

    Attributes:
        title: the assignment's.
        exercises: what is graded, in the course's order.
        max_scores: exercise → the points that can be reached in it.
        max_scores_by: the digest of the checks that say so.
        deadline: the class's; a student's own goes before it.
        policy: what a day late costs.
        has_roster: whether a roster was given once.
        kept_back: exercise → the names of its checks that students are not to see.
        half_points: whether points by hand may be halves.
        made_with: what else results follow from; `None` where an older grader made it.
        new: whether nothing was ever written into it.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.refresh()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the database."""
        self.engine.dispose()

    def refresh(self) -> None:
        """Reads anew what the gradebook is of."""
        with self.engine.connect() as connection, Session(connection) as session:
            row = session.get(GradebookRow, 1)
            self.new = row is None
            self.title = row.title if row else ""
            self.exercises = tuple(row.exercises) if row else ()
            self.max_scores: dict[str, int] = dict(row.possible) if row else {}
            self.max_scores_by = row.possible_by if row else ""
            self.deadline = row.deadline if row else None
            self.policy = LatePolicy(**row.policy) if row else LatePolicy()
            self.has_roster = row.has_roster if row else False
            self.kept_back = kept_back_in(session)
            self.half_points = row.half_points if row else False
            made_with = row.made_with if row else None
            self.made_with = MadeWith.from_dict(made_with) if made_with else None

    @property
    def max_score(self) -> int:
        """What can be reached in all exercises together."""
        return sum(self.max_scores.values())

    def records(self, *, texts: bool = False) -> Iterator[Record]:
        """Every student's record, in the roster's order and one by one; who is on no roster comes last.

        Args:
            texts: whether they have what was handed in, too.
        """
        after: tuple[int, str] | None = None
        engine = self.engine
        if (
            engine.dialect.name == "postgresql"
        ):  # where each statement sees a moment of its own otherwise
            engine = engine.execution_options(isolation_level="REPEATABLE READ")
        # one transaction: all pages show the same moment, also while a class is being graded
        with engine.connect() as connection, _one_transaction(connection):
            while page := self._page(connection, after, texts=texts):
                yield from (record for _, record in page)
                after = page[-1][0]

    def record(self, student: str, *, texts: bool = False) -> Record:
        """One student's record, by the identifier; with what was handed in where its `texts` are wanted.

        Raises:
            GradebookError: if there is no such student.
        """
        with self.engine.connect() as connection:
            only = identifier_of(connection, student)
            page = self._page(connection, only=only, texts=texts)
            return page[0][1]

    def students(self, *, removed: bool = False) -> list[Enrolled]:
        """Everybody, in the roster's order; with `removed`, those too who were taken out by hand."""
        with self.engine.connect() as connection, Session(connection) as session:
            order = select(StudentRow).order_by(StudentRow.position, StudentRow.id)
            order = order if removed else order.where(~StudentRow.removed)
            rows = session.scalars(order, execution_options={"yield_per": _PAGE})
            return [_student(row) for row in rows]

    def deadlines(self) -> dict[str, datetime]:
        """The students who have a deadline of their own."""
        with self.engine.connect() as connection:
            query = select(StudentRow.id, StudentRow.deadline)
            own = query.where(StudentRow.deadline.is_not(None))
            return {who: when for who, when in connection.execute(own) if when is not None}

    def sources(self, student: str) -> dict[str, str]:
        """The source text by exercise of the submission that counts; empty where there is none."""
        return {name: source.text for name, source in self.submission(student).items()}

    def submission(self, student: str) -> dict[str, Source]:
        """The submission that counts, by exercise, as it was read: its cells, or why a file could not be used."""
        with self.engine.connect() as connection:
            query = (
                select(SubmissionRow.sources)
                .join(StandingRow, StandingRow.submission_id == SubmissionRow.id)
                .where(StandingRow.student_id == identifier_of(connection, student))
            )
            return sources_of(connection.execute(query).scalar() or {})

    def adjust(
        self,
        student: str,
        points: float,
        *,
        why: str,
        who: str,
        exercise: str = "",
        seen: int | None = None,
    ) -> Adjustment:
        """Gives points by hand, or takes some. No adjustment is ever removed: another one takes a wrong one back.

        Args:
            student: the identifier; a login or a mail address will do.
            points: below 0 to take some; halves where the gradebook has `half_points`.
            why: the reason, which the student is shown.
            who: makes the adjustment.
            exercise: which one the points are for; empty for the whole.
            seen: how many adjustments of the student the caller has seen; by default, any number will do.

        Raises:
            ChangedMeanwhileError: if there are more adjustments than the caller has seen.
            GradebookError: if there is no such student or exercise, no reason is given, or it cannot be written.
        """
        rules = self.exercises, self.half_points
        halves = expect_adjustment(points, why, who, exercise, *rules)

        def add(session: Session) -> Adjustment:
            identifier = identifier_of(session.connection(), student)
            return add_adjustment(session, identifier, halves, exercise, why, who, seen)

        return self.write(add)

    def identifier(self, student: str) -> str:
        """The identifier as it is kept, of who is called so: a login, a mail address or another case will do.

        Raises:
            GradebookError: if there is no such student, or several.
        """
        with self.engine.connect() as connection:
            return identifier_of(connection, student)

    def excuse(self, student: str, *, why: str, who: str) -> Excuse:
        """Excuses a student: no score, in no mean, and `EX` in Canvas. What was graded is kept.

        Args:
            student: the identifier; a login or a mail address will do.
            why: the reason, which is kept with the name of `who` excuses.

        Raises:
            GradebookError: if there is no such student, no reason is given, or it cannot be written.
        """
        return self._excuse(student, True, why, who)

    def unexcuse(self, student: str, *, why: str, who: str) -> Excuse:
        """Takes an excuse back; both stay in the history.

        Raises:
            GradebookError: as `excuse`, and if the student is not excused.
        """
        return self._excuse(student, False, why, who)

    def _excuse(self, student: str, excused: bool, why: str, who: str) -> Excuse:
        def add(session: Session) -> Excuse:
            found = identifier_of(session.connection(), student)
            return add_excuse(session, found, excused, why, who)

        return self.write(add)

    def history(self, student: str) -> list[HistoryEvent]:
        """All that was handed in, graded and adjusted, the oldest first.

        Raises:
            GradebookError: if there is no such student.
        """
        with self.engine.connect() as connection, Session(connection) as session:
            return events_of(session, identifier_of(connection, student))

    def check(self) -> list[str]:
        """What does not fit together, as sentences; nothing where all is well."""
        return list(problems(self.engine))

    def write(self, step: Callable[[Session], T]) -> T:
        """Does `step` in one transaction, and again where the connection to a server was lost.

        Raises:
            GradebookError: if it cannot be written; what was written before stands.
            IntegrityError: if a row is there already that may be there only once.
        """
        for tries_left in reversed(range(_TRIES)):
            try:
                with (
                    self.engine.execution_options(writes=True).connect() as connection,
                    Session(connection) as session,
                    session.begin(),
                ):
                    result = step(session)
                return result
            except IntegrityError:
                raise
            except DBAPIError as error:
                if not tries_left or not (
                    error.connection_invalidated or "locked" in str(error.orig)
                ):
                    reason = " ".join(str(error.orig).split())
                    raise GradebookError(
                        f"The gradebook cannot be written: {reason}. What stands in it is safe; run the same "
                        "command again."
                    ) from error
                time.sleep(1)
        raise AssertionError  # the last try returns or raises

    def _page(
        self,
        connection: Connection,
        after: tuple[int, str] | None = None,
        only: str | None = None,
        texts: bool = False,
    ) -> list[tuple[tuple[int, str], Record]]:
        """Up to `_PAGE` records, each with its place in the order."""
        query = (
            select(
                StudentRow,
                StandingRow,
                SubmissionRow.handed_in,
                SubmissionRow.commit,
                SubmissionRow.digest,
                SubmissionRow.problem,
                GradingRow.report,
            )
            .outerjoin(StandingRow, StandingRow.student_id == StudentRow.id)
            .outerjoin(SubmissionRow, SubmissionRow.id == StandingRow.submission_id)
            .outerjoin(GradingRow, GradingRow.id == StandingRow.grading_id)
            .order_by(StudentRow.position, StudentRow.id)
            .limit(_PAGE)
        )
        if after is not None:
            query = query.where(tuple_(StudentRow.position, StudentRow.id) > tuple_(*after))
        shown = ~StudentRow.removed if only is None else StudentRow.id == only
        query = query.where(shown)
        with Session(connection) as session:
            rows = session.execute(query).all()
            ids = [row[0].id for row in rows]
            adjustments, comments = adjustments_of(session, ids), comments_of(session, ids)
            excuses = excuses_of(session, ids)
            hand_ins = hand_ins_of(session, ids) if texts else {}
            return [
                (
                    (student.position, student.id),
                    replace(
                        self._record(student, standing, rest, adjustments[student.id]),
                        hand_ins=hand_ins.get(student.id, ()),
                        comments=tuple(comments[student.id]),
                        excused=excuses.get(student.id),
                    ),
                )
                for student, standing, *rest in rows
            ]

    def _record(
        self,
        student: StudentRow,
        standing: StandingRow | None,
        rest: Sequence[object],
        adjustments: Sequence[Adjustment],
    ) -> Record:
        handed_in, commit, digest, unreadable, plain = rest
        try:
            report = Report.from_dict(plain) if isinstance(plain, dict) else None
        except (ValueError, KeyError, TypeError) as error:
            raise GradebookError(
                f"The gradebook's result of {student.id!r} cannot be read: {str(error).rstrip('.')}. "
                "Was it made by a newer grader?"
            ) from error
        late = standing.late_days if standing else 0
        problem = standing.problem if standing else NOTHING_HANDED_IN
        max_score = report.max_score if report else self.max_score
        return Record(
            student=_student(student),
            report=report,
            max_score=max_score,
            problem=problem or ("" if report else NOT_GRADED_YET),
            submitted=handed_in if isinstance(handed_in, datetime) else None,
            commit=str(commit or ""),
            digest=str(digest or ""),
            late_days=late,
            penalty=self.policy.penalty(late, report.score, max_score) if report else 0,
            adjustments=tuple(adjustments),
            notes=tuple(standing.notes) if standing else (),
            absence=_absence(standing, bool(unreadable)),
            kept_back=self.kept_back,
        )


def _one_transaction(connection: Connection) -> AbstractContextManager[object]:
    """A new one, where the connection is not in one already."""
    return nullcontext() if connection.in_transaction() else connection.begin()


def _absence(standing: StandingRow | None, unreadable: bool) -> Absence:
    """Why there is no result, where there is none; `unreadable` says that what counts is a hand-in without a text."""
    if standing is None or standing.problem == NOTHING_HANDED_IN:
        return "nothing handed in"
    return "could not be read" if unreadable else "not graded"


def _student(row: StudentRow) -> Enrolled:
    ids = tuple((column, text) for column, text in row.ids)
    return Enrolled(row.id, row.name, row.email, row.section, row.login, row.on_roster, ids)


def open_gradebook(where: str | Path, *, create: bool = False) -> Gradebook:
    """Opens a gradebook: a file (SQLite), or the URL of a database such as `postgresql://user@host/name`.

    Args:
        create: whether to make it where there is none.

    Raises:
        GradebookError: if there is none, it is of a newer version, it cannot be reached, or a driver is missing.
    """
    engine = connect(where, create=create)
    try:
        gradebook = Gradebook(engine)
    except BaseException:
        engine.dispose()
        raise
    if gradebook.new and not create:
        gradebook.close()
        raise GradebookError(
            f"The gradebook {clean(str(where))} is empty. `grader grade` fills it."
        )
    return gradebook
