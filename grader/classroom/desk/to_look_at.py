"""The queue: whom somebody should look at, and why."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from ..gradebook.by_hand import name_by_hand
from ..gradebook.comments import open_questions
from ..gradebook.excuses import excuses_of
from ..gradebook.hand_marks import comments_of
from ..gradebook.mark_models import CommentRow, LookedAtRow
from ..gradebook.models import GradingRow, StandingRow, SubmissionRow
from ..gradebook.reader import NOT_GRADED_YET, NOTHING_HANDED_IN, Gradebook
from ..gradebook.regrade_requests import regrade_requests
from ..gradebook.rubric import items_on_earlier
from ..records import Enrolled

ReasonKind = Literal[
    "regrade request", "question", "not graded", "could not be read", "note", "remark", "rubric"
]
# these end by themselves: with an answer, or a result
ENDS_BY_ITSELF = {"regrade request", "question", "not graded"}


@dataclass(frozen=True)
class Reason:
    """Why somebody should look."""

    kind: ReasonKind
    text: str


@dataclass(frozen=True)
class QueueEntry:
    """A student whom somebody should look at."""

    student: Enrolled
    reasons: tuple[Reason, ...]

    @property
    def what(self) -> str:
        """A digest of what ends by somebody's look; empty where nothing does."""
        texts = sorted(
            [each.kind, each.text] for each in self.reasons if each.kind not in ENDS_BY_ITSELF
        )
        return hashlib.sha256(json.dumps(texts).encode()).hexdigest() if texts else ""


def queue(gradebook: Gradebook) -> list[QueueEntry]:
    """All students whom somebody should look at, in the roster's order.

    Notes, remarks, unreadable hand-ins and rubric items of earlier hand-ins are left out where somebody has looked at
    them (`look_at`) and nothing new has come. Who is excused is there for requests and questions alone.
    """
    students = gradebook.students()
    found: dict[str, list[Reason]] = {}
    for request in regrade_requests(gradebook):
        if request.is_open:
            where = f"{request.exercise}: " if request.exercise else ""
            reason = Reason("regrade request", f"{where}{request.why}")
            found.setdefault(request.student, []).append(reason)
    with gradebook.engine.connect() as connection, Session(connection) as session:
        for student, text in _questions(session):
            found.setdefault(student, []).append(Reason("question", text))
        everybody = [student.id for student in students]
        excused: set[str] = set()
        for at in range(0, len(everybody), 500):
            excused.update(excuses_of(session, everybody[at : at + 500]))
        for student, reason in _of_hand_ins(session):
            if student not in excused:
                found.setdefault(student, []).append(reason)
        looked_at = {
            (row.student_id, row.what) for row in session.scalars(select(LookedAtRow)).all()
        }
    entries = (QueueEntry(each, tuple(found.get(each.id, ()))) for each in students)
    left = (_left(entry, looked_at) for entry in entries if entry.reasons)
    return [entry for entry in left if entry.reasons]


def look_at(gradebook: Gradebook, entry: QueueEntry, *, who: str) -> None:
    """Writes down that somebody has looked at what ends by a look.

    Raises:
        GradebookError: if it cannot be written.
    """
    who = name_by_hand(who)
    if not entry.what:
        return
    row = LookedAtRow(student_id=entry.student.id, what=entry.what, who=who, made=datetime.now(UTC))
    gradebook.write(lambda session: session.add(row))


def _left(entry: QueueEntry, looked_at: set[tuple[str, str]]) -> QueueEntry:
    if (entry.student.id, entry.what) not in looked_at:
        return entry
    return QueueEntry(
        entry.student, tuple(each for each in entry.reasons if each.kind in ENDS_BY_ITSELF)
    )


def _questions(session: Session) -> Iterator[tuple[str, str]]:
    asked = select(CommentRow.student_id).where(CommentRow.for_colleagues).distinct()
    students: Sequence[str] = session.scalars(asked).all()
    for student, comments in comments_of(session, students, for_colleagues=True).items():
        for question in open_questions(comments):
            yield student, f"{question.who}: {question.text}"


def _of_hand_ins(session: Session) -> Iterator[tuple[str, Reason]]:
    rows = session.execute(
        select(StandingRow, SubmissionRow.problem).outerjoin(
            SubmissionRow, SubmissionRow.id == StandingRow.submission_id
        )
    ).all()
    earlier = items_on_earlier(session, {row[0].student_id: row[0].submission_id for row in rows})
    remarks = dict(_remarks(session))
    for standing, unreadable in rows:
        student = standing.student_id
        waits = standing.submission_id is not None and standing.grading_id is None
        problem = standing.problem or (NOT_GRADED_YET if waits else "")
        if problem and problem != NOTHING_HANDED_IN:
            kind: ReasonKind = "could not be read" if unreadable else "not graded"
            yield student, Reason(kind, problem)
        for note in standing.notes:
            yield student, Reason("note", note)
        for remark in remarks.get(standing.grading_id or 0, ()):
            yield student, Reason("remark", remark)
        if items := earlier.get(student):
            numbers = ", ".join(map(str, items))
            told = f"Rubric items {numbers} were given on an earlier hand-in. Do they still hold?"
            yield student, Reason("rubric", told)


def _remarks(session: Session) -> Iterator[tuple[int, list[str]]]:
    """The remarks by the result that they are of; of the reports, only those that have some are read."""
    some = cast(GradingRow.report, Text).contains('"remarks": ["')
    query = (
        select(GradingRow.id, GradingRow.report)
        .join(StandingRow, StandingRow.grading_id == GradingRow.id)
        .where(some)
    )
    for number, report in session.execute(query):
        exercises: list[dict[str, Any]] = report.get("exercises", [])
        yield (
            number,
            [f"{each['name']}: {text}" for each in exercises for text in each.get("remarks", ())],
        )
