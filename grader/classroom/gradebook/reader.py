"""The gradebook as it is read, and adjusted by hand: one class, one assignment, in a database.

`writer.py` writes what grading yields, `integrity.py` checks that all of it fits together.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeVar

from sqlalchemy import Connection, Engine, func, select, tuple_
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from ...errors import GradebookError
from ...report import Report
from ...submission import Source
from ...text import clean
from ..handin.read import sources_of
from ..records import Adjustment, Enrolled, Record
from .database import connect
from .integrity import problems
from .late import LatePolicy
from .models import About, AdjustmentRow, GradingRow, StandingRow, StudentRow, SubmissionRow

__all__ = ["Event", "Gradebook", "GradebookError", "open_gradebook"]

NOTHING = "Nothing was handed in."
NOT_YET = "Not graded yet."
_PAGE = 50
_TRIES = 5
T = TypeVar("T")


@dataclass(frozen=True)
class Event:
    """Something that happened to a student's work.

    Attributes:
        score: of a result, what it gave; of an adjustment, its points.
        counts: whether it is what counts now.
    """

    when: datetime
    kind: Literal["handed in", "graded", "adjusted"]
    text: str
    score: int | None = None
    counts: bool = True


class Gradebook:
    """One class and one assignment. A context manager; `open_gradebook` makes it.

    Attributes:
        title: the assignment's.
        exercises: what is graded, in the course's order.
        deadline: the class's; a student's own goes before it.
        policy: what a day late costs.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.refresh()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the database."""
        self.engine.dispose()

    def refresh(self) -> None:
        """Reads anew what the gradebook is of."""
        with self.engine.connect() as connection, Session(connection) as session:
            about = session.get(About, 1)
            self.new = about is None
            self.title = about.title if about else ""
            self.exercises = tuple(about.exercises) if about else ()
            self.possible: dict[str, int] = dict(about.possible) if about else {}
            self.possible_by = about.possible_by if about else ""
            self.deadline = about.deadline if about else None
            self.policy = LatePolicy(**about.policy) if about else LatePolicy()
            self.has_roster = about.has_roster if about else False

    @property
    def max_score(self) -> int:
        """What can be reached in all exercises together."""
        return sum(self.possible.values())

    def records(self) -> Iterator[Record]:
        """Every student's record, in the roster's order and one by one; who is on no roster comes last."""
        after: tuple[int, str] | None = None
        # one transaction: all pages show the same moment, also while a class is being graded
        with self.engine.connect() as connection:
            while page := self._page(connection, after):
                yield from (record for _, record in page)
                after = page[-1][0]

    def record(self, student: str) -> Record:
        """One student's record, by the identifier.

        Raises:
            GradebookError: if there is no such student.
        """
        with self.engine.connect() as connection:
            page = self._page(connection, only=self._expect(connection, student))
            return page[0][1]

    def students(self) -> list[Enrolled]:
        """Everybody, in the roster's order."""
        with self.engine.connect() as connection, Session(connection) as session:
            order = select(StudentRow).order_by(StudentRow.position, StudentRow.id)
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
        """The submission that counts, as it was read: its cells, and where a file could not be used, why."""
        with self.engine.connect() as connection:
            query = (
                select(SubmissionRow.sources)
                .join(StandingRow, StandingRow.submission_id == SubmissionRow.id)
                .where(StandingRow.student_id == self._expect(connection, student))
            )
            return sources_of(connection.execute(query).scalar() or {})

    def adjust(
        self, student: str, points: int, *, why: str, who: str, exercise: str = ""
    ) -> Adjustment:
        """Gives (or, below 0, takes) points by hand; what was changed wrongly is met by the opposite.

        Args:
            exercise: which one the points are for; empty for the whole.

        Raises:
            GradebookError: if there is no such student or exercise, or no reason is given.
        """
        if exercise and exercise not in self.exercises:
            raise GradebookError(
                f"There is no exercise {exercise!r} in this gradebook, but: {', '.join(self.exercises)}."
            )
        if not why.strip() or not who.strip():
            raise GradebookError("An adjustment needs a reason and the name of who makes it.")
        if not -1_000_000 < points < 1_000_000 or points == 0:
            raise GradebookError(f"{points} points are no adjustment.")
        made = Adjustment(
            exercise, points, clean(who.strip()), datetime.now(UTC), clean(why.strip())
        )

        def add(session: Session) -> None:
            session.add(
                AdjustmentRow(
                    student_id=self._expect(session.connection(), student),
                    exercise=exercise,
                    points=points,
                    who=made.who,
                    made=made.when,
                    why=made.why,
                )
            )

        self.write(add)
        return made

    def history(self, student: str) -> list[Event]:
        """All that was handed in, graded and adjusted, the oldest first."""
        with self.engine.connect() as connection, Session(connection) as session:
            known = self._expect(connection, student)
            standing = session.get(StandingRow, known)
            events = []
            for row in session.scalars(select(SubmissionRow).filter_by(student_id=known)):
                counts = standing is not None and standing.submission_id == row.id
                events.append(
                    Event(row.handed_in or row.seen, "handed in", _told(row), None, counts)
                )
            for graded in session.scalars(select(GradingRow).filter_by(student_id=known)):
                counts = standing is not None and standing.grading_id == graded.id
                again = ", graded again" if graded.forced_run else ""
                text = f"{graded.score} of {graded.max_score} for {graded.digest[:12]}{again}"
                events.append(Event(graded.graded, "graded", text, graded.score, counts))
            for row_ in session.scalars(select(AdjustmentRow).filter_by(student_id=known)):
                what = f" in {row_.exercise}" if row_.exercise else ""
                text = f"{row_.points:+d}{what} by {row_.who}: {row_.why}"
                events.append(Event(row_.made, "adjusted", text, row_.points))
        return sorted(events, key=lambda event: event.when)

    def check(self) -> list[str]:
        """What does not fit together, as sentences; nothing where all is well."""
        return list(problems(self.engine))

    def write(self, work: Callable[[Session], T]) -> T:
        """Does `work` in one transaction, and once more where the connection to a server was lost.

        Raises:
            GradebookError: if it cannot be written; what was written before stands.
        """
        for left in reversed(range(_TRIES)):
            try:
                with (
                    self.engine.execution_options(writes=True).connect() as connection,
                    Session(connection) as session,
                    session.begin(),
                ):
                    result = work(session)
                return result
            except IntegrityError:
                raise
            except DBAPIError as error:
                if not left or not (error.connection_invalidated or "locked" in str(error.orig)):
                    told = " ".join(str(error.orig).split())
                    raise GradebookError(
                        f"The gradebook cannot be written: {told}. What stands in it is safe; run the same "
                        "command again."
                    ) from error
                time.sleep(1)
        raise AssertionError  # the last try returns or raises

    def _expect(self, connection: Connection, student: str) -> str:
        """The identifier as it is kept; a login, or another case, will do."""
        exact = connection.scalar(select(StudentRow.id).where(StudentRow.id == student))
        if exact is not None:
            return exact
        wanted = student.casefold()
        like = select(StudentRow.id).where(
            (func.lower(StudentRow.id) == wanted)
            | (func.lower(StudentRow.login) == wanted)
            | (func.lower(StudentRow.email) == wanted)
        )
        found = connection.scalars(like.limit(2)).all()
        if len(found) != 1:
            several = "several students are" if found else "no student is"
            raise GradebookError(f"In this gradebook {several} called {student!r}.")
        return found[0]

    def _page(
        self,
        connection: Connection,
        after: tuple[int, str] | None = None,
        only: str | None = None,
    ) -> list[tuple[tuple[int, str], Record]]:
        """Up to `_PAGE` records, each with its place in the order."""
        query = (
            select(
                StudentRow,
                StandingRow,
                SubmissionRow.handed_in,
                SubmissionRow.commit,
                SubmissionRow.digest,
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
        if only is not None:
            query = query.where(StudentRow.id == only)
        with Session(connection) as session:
            rows = session.execute(query).all()
            ids = [row[0].id for row in rows]
            adjustments = _adjustments(session, ids)
            return [
                (
                    (student.position, student.id),
                    self._record(student, standing, rest, adjustments[student.id]),
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
        handed_in, commit, digest, plain = rest
        report = Report.from_dict(plain) if isinstance(plain, dict) else None
        late = standing.late_days if standing else 0
        problem = standing.problem if standing else NOTHING
        max_score = report.max_score if report else self.max_score
        return Record(
            student=_student(student),
            report=report,
            max_score=max_score,
            problem=problem or ("" if report else NOT_YET),
            submitted=handed_in if isinstance(handed_in, datetime) else None,
            commit=str(commit or ""),
            digest=str(digest or ""),
            late_days=late,
            penalty=self.policy.penalty(late, report.score, max_score) if report else 0,
            adjustments=tuple(adjustments),
            notes=tuple(standing.notes) if standing else (),
        )


def _adjustments(session: Session, ids: Sequence[str]) -> defaultdict[str, list[Adjustment]]:
    found: defaultdict[str, list[Adjustment]] = defaultdict(list)
    query = select(AdjustmentRow).where(AdjustmentRow.student_id.in_(ids))
    for row in session.scalars(query.order_by(AdjustmentRow.id)):
        found[row.student_id].append(
            Adjustment(row.exercise, row.points, row.who, row.made, row.why)
        )
    return found


def _student(row: StudentRow) -> Enrolled:
    return Enrolled(row.id, row.name, row.email, row.section, row.login, row.on_roster)


def _told(row: SubmissionRow) -> str:
    commit = f"commit {row.commit[:12]}, " if row.commit else ""
    return f"{commit}{row.problem or row.digest[:12]}"


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
