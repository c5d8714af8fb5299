"""Regrade requests: who asks for another look and why, and what was answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ...errors import ChangedMeanwhileError, GradebookError
from .by_hand import expect_exercise, name_by_hand, text_by_hand
from .mark_models import RegradeAnswerRow, RegradeRequestRow
from .reader import Gradebook


@dataclass(frozen=True)
class RegradeRequest:
    """A student asks for another look.

    Attributes:
        number: what it is called by.
        exercise: at which one; empty where it is the whole.
        who: wrote it down.
        answer: empty while it is open.
        answered_by: empty while it is open.
    """

    number: int
    student: str
    exercise: str
    why: str
    who: str
    when: datetime
    answer: str = ""
    answered_by: str = ""
    answered: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether nobody has answered it."""
        return self.answered is None


def ask_for_regrade(
    gradebook: Gradebook, student: str, why: str, *, who: str, exercise: str = ""
) -> RegradeRequest:
    """Writes a request down.

    Raises:
        GradebookError: if there is no such student or exercise, or no reason is given.
    """
    why, who = text_by_hand(why, "A regrade request"), name_by_hand(who)
    expect_exercise(exercise, gradebook.exercises)
    identifier = gradebook.identifier(student)

    def write(session: Session) -> RegradeRequest:
        row = RegradeRequestRow(
            student_id=identifier, exercise=exercise, why=why, who=who, made=datetime.now(UTC)
        )
        session.add(row)
        session.flush()
        return _request(row, None)

    return gradebook.write(write)


def answer_request(gradebook: Gradebook, number: int, text: str, *, who: str) -> RegradeRequest:
    """Answers a request, once: it is open no more.

    Raises:
        ChangedMeanwhileError: if it was answered before.
        GradebookError: if there is no such request, or no text.
    """
    text, who = text_by_hand(text, "An answer"), name_by_hand(who)

    def write(session: Session) -> RegradeRequest:
        request = session.get(RegradeRequestRow, number)
        if request is None:
            raise GradebookError(f"There is no regrade request {number} in this gradebook.")
        earlier = session.scalars(select(RegradeAnswerRow).filter_by(request_id=number)).first()
        if earlier is not None:
            raise ChangedMeanwhileError(
                f"{earlier.who} has answered request {number} before: {earlier.text}"
            )
        row = RegradeAnswerRow(request_id=number, text=text, who=who, made=datetime.now(UTC))
        session.add(row)
        session.flush()
        return _request(request, row)

    try:
        return gradebook.write(write)
    except IntegrityError:  # on a server, two at the same moment
        raise ChangedMeanwhileError(
            f"Request {number} was answered meanwhile; your answer is not written."
        ) from None


def regrade_requests(gradebook: Gradebook, student: str | None = None) -> list[RegradeRequest]:
    """All requests, or one student's by the identifier as it is kept; the oldest first."""
    with gradebook.engine.connect() as connection, Session(connection) as session:
        query = (
            select(RegradeRequestRow, RegradeAnswerRow)
            .outerjoin(RegradeAnswerRow, RegradeAnswerRow.request_id == RegradeRequestRow.id)
            .order_by(RegradeRequestRow.id)
        )
        if student is not None:
            query = query.where(RegradeRequestRow.student_id == student)
        return [_request(row, answer) for row, answer in session.execute(query)]


def _request(row: RegradeRequestRow, answer: RegradeAnswerRow | None) -> RegradeRequest:
    return RegradeRequest(
        number=row.id,
        student=row.student_id,
        exercise=row.exercise,
        why=row.why,
        who=row.who,
        when=row.made,
        answer=answer.text if answer else "",
        answered_by=answer.who if answer else "",
        answered=answer.made if answer else None,
    )
