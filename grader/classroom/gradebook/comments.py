"""Comments on a student's work: at a line, at an exercise, or on the whole. None is ever deleted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import ChangedMeanwhileError, GradebookError
from ...submission import Source
from ..records import Comment
from .by_hand import expect_exercise, lock_student, name_by_hand, text_by_hand
from .hand_marks import comment_of, comments_of
from .mark_models import CommentRow
from .reader import Gradebook

_KEPT = (
    *("student_id", "submission_id", "exercise", "place", "line"),
    *("for_colleagues", "answers"),
)


@dataclass(frozen=True)
class Spot:
    """Where a comment belongs.

    Attributes:
        exercise: empty for the whole.
        line: from 1; `None` for the exercise as a whole.
        place: of a notebook the cell that the line is in, as `Cell.place` names it; its number will do.
    """

    exercise: str = ""
    line: int | None = None
    place: str = ""


def add_comment(
    gradebook: Gradebook,
    student: str,
    text: str,
    *,
    who: str,
    spot: Spot | None = None,
    for_colleagues: bool = False,
    answers: int | None = None,
) -> Comment:
    """Writes a comment about the hand-in that counts.

    Args:
        student: the identifier; a login or a mail address will do.
        spot: where it belongs; by default it is on the whole.
        for_colleagues: whether it is a question to those who grade, which the student is not shown.
        answers: the number of the question that it answers; an answer is for colleagues, too.

    Raises:
        GradebookError: if there is no such student, exercise, line or question, or no text.
    """
    spot = spot or Spot()
    text, who = text_by_hand(text, "A comment"), name_by_hand(who)
    expect_exercise(spot.exercise, gradebook.exercises)
    identifier = gradebook.identifier(student)
    place = _place(spot, gradebook.submission(identifier))

    def write(session: Session) -> CommentRow:
        counting = lock_student(session, identifier)
        if answers is not None:
            _expect_question(session, answers, identifier)
        row = CommentRow(
            student_id=identifier,
            submission_id=counting,
            exercise=spot.exercise,
            place=place,
            line=spot.line,
            text=text,
            for_colleagues=for_colleagues or answers is not None,
            replaces=None,
            answers=answers,
            who=who,
            made=datetime.now(UTC),
        )
        return _added(session, row)

    return comment_of(gradebook.write(write))


def change_comment(gradebook: Gradebook, number: int, text: str, *, who: str) -> Comment:
    """Writes another text instead of a comment's; the old one stays in the history.

    Raises:
        ChangedMeanwhileError: if it was changed or taken back before.
        GradebookError: if there is no such comment, or no text.
    """
    return _replace(gradebook, number, text_by_hand(text, "A comment"), name_by_hand(who))


def take_comment_back(gradebook: Gradebook, number: int, *, who: str) -> Comment:
    """Takes a comment back; it stays in the history.

    Raises:
        ChangedMeanwhileError: if it was changed or taken back before.
        GradebookError: if there is no such comment.
    """
    return _replace(gradebook, number, "", name_by_hand(who))


def all_comments(gradebook: Gradebook, student: str) -> list[Comment]:
    """A student's comments that hold, those for colleagues among them; `student` is the identifier as it is kept."""
    with gradebook.engine.connect() as connection, Session(connection) as session:
        return comments_of(session, [student], for_colleagues=True)[student]


def open_questions(comments: Sequence[Comment]) -> list[Comment]:
    """The questions among a student's comments that nobody has answered."""
    answered = {comment.answers for comment in comments}
    return [
        comment
        for comment in comments
        if comment.for_colleagues and comment.answers is None and comment.number not in answered
    ]


def code_lines(text: str) -> list[str]:
    """The lines of a source text, as Python counts them; an empty last one is none."""
    lines = re.split(r"\r\n|\r|\n", text)
    return lines[:-1] if len(lines) > 1 and not lines[-1] else lines


def _replace(gradebook: Gradebook, number: int, text: str, who: str) -> Comment:
    def write(session: Session) -> CommentRow:
        old = session.get(CommentRow, number)
        if old is None or not old.text:
            raise GradebookError(f"There is no comment {number} in this gradebook.")
        lock_student(session, old.student_id)
        newer = session.scalars(select(CommentRow).filter_by(replaces=number)).first()
        if newer is not None:
            what = f"says now: {newer.text}" if newer.text else "is taken back."
            raise ChangedMeanwhileError(
                f"{newer.who} has changed comment {number}: it {what}",
                newer.id if newer.text else None,
            )
        columns = {name: getattr(old, name) for name in _KEPT}
        row = CommentRow(**columns, text=text, replaces=number, who=who, made=datetime.now(UTC))
        return _added(session, row)

    return comment_of(gradebook.write(write))


def _added(session: Session, row: CommentRow) -> CommentRow:
    session.add(row)
    session.flush()
    session.expunge(row)
    return row


def _expect_question(session: Session, number: int, student: str) -> None:
    """Lets the number of a student's question pass; one that was changed meanwhile still is one."""
    row = session.get(CommentRow, number)
    if row is None or row.student_id != student or not row.for_colleagues or row.answers:
        raise GradebookError(f"Comment {number} is no question about {student}.")


def _place(spot: Spot, sources: dict[str, Source]) -> str:
    """Where a line is, as it is kept.

    Raises:
        GradebookError: if there is no such line.
    """
    if spot.line is None:
        return ""
    source = sources.get(spot.exercise)
    if source is None or not source.cells:
        raise GradebookError(
            f"There is no source text of {spot.exercise or 'no exercise'} to comment on at line {spot.line}. "
            "Leave the line out."
        )
    cells = source.cells
    if spot.place or len(cells) > 1:
        cells = tuple(
            cell
            for cell in cells
            if spot.place and spot.place in (cell.place, cell.place.rsplit(" ", 1)[-1])
        )
    if not cells:
        names = ", ".join(cell.place.rsplit(" ", 1)[-1] for cell in source.cells[:12])
        raise GradebookError(
            f"{source.filename} has several cells. Name the one that line {spot.line} is in: {names}."
            if not spot.place
            else f"{source.filename} has no cell {spot.place!r}, but: {names}."
        )
    cell = cells[0]
    count = len(code_lines(cell.text))
    if not 1 <= spot.line <= count:
        raise GradebookError(f"{cell.place} has {count} lines, and no line {spot.line}.")
    return cell.place
