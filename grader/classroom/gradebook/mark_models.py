"""The gradebook's tables of what people write by hand, besides `adjustment`.

    student ──▶ comment                        at a line, at an exercise, or on the whole
       ├──────▶ rubric_use ──▶ rubric_item ──▶ rubric_version
       ├──────▶ regrade_request ──▶ regrade_answer
       └──────▶ looked_at                      who has looked at a student's notes and remarks

Every row is written once and not changed. The latest version of an item holds in all its uses; the latest use of an
item says whether a student has it; a comment that `replaces` another one holds instead, and takes it back where it has
no text.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .models import Base


class CommentRow(Base):
    """What somebody wrote about a student's work.

    Attributes:
        submission_id: the hand-in that it is about; empty where there was none.
        place: the file or cell that the line is in, as `Cell.place` names it; empty where it is at no line.
        line: from 1; empty where it is at no line.
        for_colleagues: whether it is a question to those who grade, which no student sees.
        replaces: the comment that this one holds instead of.
        answers: the question that this one answers.
    """

    __tablename__ = "comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str] = mapped_column(ForeignKey("student.id"), index=True)
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submission.id"))
    exercise: Mapped[str] = mapped_column(String(200))
    place: Mapped[str] = mapped_column(Text)
    line: Mapped[int | None]
    text: Mapped[str] = mapped_column(Text)
    for_colleagues: Mapped[bool]
    replaces: Mapped[int | None] = mapped_column(ForeignKey("comment.id"))
    answers: Mapped[int | None] = mapped_column(ForeignKey("comment.id"))
    who: Mapped[str] = mapped_column(Text)
    made: Mapped[datetime]


class RubricItemRow(Base):
    """A reason for points that can be used again; its versions say what it is."""

    __tablename__ = "rubric_item"

    id: Mapped[int] = mapped_column(primary_key=True)


class RubricVersionRow(Base):
    """What an item says from here on, for all its uses.

    Attributes:
        version: from 1; two people who change the same one at once cannot both make the next.
        exercise: which one it is for; empty where it is for the whole.
        halves: its points, in halves.
        retired: whether it is offered no more.
    """

    __tablename__ = "rubric_version"
    __table_args__ = (UniqueConstraint("item_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("rubric_item.id"))
    version: Mapped[int]
    exercise: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    halves: Mapped[int]
    retired: Mapped[bool]
    who: Mapped[str] = mapped_column(Text)
    made: Mapped[datetime]


class RubricUseRow(Base):
    """An item given to a student, or taken back.

    Attributes:
        submission_id: the hand-in that counted then; empty where there was none.
        given: whether the student has it from here on.
    """

    __tablename__ = "rubric_use"

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str] = mapped_column(ForeignKey("student.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("rubric_item.id"), index=True)
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submission.id"))
    given: Mapped[bool]
    who: Mapped[str] = mapped_column(Text)
    made: Mapped[datetime]


class RegradeRequestRow(Base):
    """A student asks for another look.

    Attributes:
        exercise: at which one; empty where it is the whole.
        who: wrote it down.
    """

    __tablename__ = "regrade_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str] = mapped_column(ForeignKey("student.id"), index=True)
    exercise: Mapped[str] = mapped_column(String(200))
    why: Mapped[str] = mapped_column(Text)
    who: Mapped[str] = mapped_column(Text)
    made: Mapped[datetime]


class RegradeAnswerRow(Base):
    """What a request was answered; with an answer, it is open no more."""

    __tablename__ = "regrade_answer"
    __table_args__ = (UniqueConstraint("request_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("regrade_request.id"))
    text: Mapped[str] = mapped_column(Text)
    who: Mapped[str] = mapped_column(Text)
    made: Mapped[datetime]


class LookedAtRow(Base):
    """Somebody has looked at what there was to look at.

    Attributes:
        what: a digest of that; what comes later has another one, and is to be looked at again.
    """

    __tablename__ = "looked_at"

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str] = mapped_column(ForeignKey("student.id"), index=True)
    what: Mapped[str] = mapped_column(String(64))
    who: Mapped[str] = mapped_column(Text)
    made: Mapped[datetime]
