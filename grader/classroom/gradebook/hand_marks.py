"""What people wrote by hand, as it is read: adjustments, rubric items and comments that hold now, and their history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from ..points import points_of, signed
from ..records import Adjustment, Comment
from .mark_models import (
    CommentRow,
    RegradeAnswerRow,
    RegradeRequestRow,
    RubricUseRow,
    RubricVersionRow,
)
from .models import AdjustmentRow, StandingRow

MarkKind = Literal["commented", "rubric", "regrade request", "answered"]
MarkEvent = tuple[datetime, MarkKind, str]


def adjustments_of(session: Session, ids: Sequence[str]) -> defaultdict[str, list[Adjustment]]:
    """Student → the points by hand, in the order in which they were given; those of rubric items come after."""
    found: defaultdict[str, list[Adjustment]] = defaultdict(list)
    query = select(AdjustmentRow).where(AdjustmentRow.student_id.in_(ids))
    for row in session.scalars(query.order_by(AdjustmentRow.id)):
        points = points_of(2 * row.points + row.half)
        found[row.student_id].append(Adjustment(row.exercise, points, row.who, row.made, row.why))
    given = (
        select(RubricUseRow, RubricVersionRow)
        .join(RubricVersionRow, latest_version(RubricUseRow.item_id))
        .where(RubricUseRow.id.in_(latest_uses()), RubricUseRow.student_id.in_(ids))
        .where(RubricUseRow.given)
        .order_by(RubricUseRow.item_id)
    )
    for use, item in session.execute(given):
        points = points_of(item.halves)
        found[use.student_id].append(
            Adjustment(item.exercise, points, use.who, use.made, item.text, use.item_id)
        )
    return found


def latest_uses() -> Select[int]:
    """The numbers of the rows that say whether a student has an item."""
    return select(func.max(RubricUseRow.id)).group_by(RubricUseRow.student_id, RubricUseRow.item_id)


def latest_version(item: Any) -> ColumnElement[bool]:
    """That a version is the last one of `item`, a column."""
    other = RubricVersionRow.__table__.alias()
    last = select(func.max(other.c.version)).where(other.c.item_id == item).scalar_subquery()
    return and_(RubricVersionRow.item_id == item, RubricVersionRow.version == last)


def comments_of(
    session: Session, ids: Sequence[str], *, for_colleagues: bool = False
) -> defaultdict[str, list[Comment]]:
    """Student → the comments that hold, exercise by exercise and line by line.

    Args:
        for_colleagues: whether questions to those who grade, and their answers, are among them.
    """
    found: defaultdict[str, list[Comment]] = defaultdict(list)
    replaced = select(CommentRow.replaces).where(CommentRow.replaces.is_not(None))
    query = (
        select(CommentRow, StandingRow.submission_id)
        .outerjoin(StandingRow, StandingRow.student_id == CommentRow.student_id)
        .where(CommentRow.student_id.in_(ids), CommentRow.text != "")
        .where(CommentRow.id.not_in(replaced))
    )
    if not for_colleagues:
        query = query.where(CommentRow.for_colleagues.is_(False))
    for row, counting in session.execute(query.order_by(CommentRow.id)):
        found[row.student_id].append(comment_of(row, row.submission_id != counting))
    for comments in found.values():
        comments.sort(key=lambda each: (each.exercise, each.place, each.line or 0, each.number))
    return found


def comment_of(row: CommentRow, earlier: bool = False) -> Comment:
    """A row as plain data."""
    return Comment(
        number=row.id,
        exercise=row.exercise,
        place=row.place,
        line=row.line,
        text=row.text,
        who=row.who,
        when=row.made,
        earlier=earlier,
        for_colleagues=row.for_colleagues,
        answers=row.answers,
    )


def mark_events(session: Session, student: str) -> Iterator[MarkEvent]:
    """Everything that was written about a student by hand, but for adjustments; also what was taken back."""
    for row in session.scalars(select(CommentRow).filter_by(student_id=student)):
        where = f" at {row.place}, line {row.line}" if row.line else ""
        where = where or (f" on {row.exercise}" if row.exercise else "")
        again = f" instead of comment {row.replaces}" if row.replaces else ""
        told = row.text or "taken back"
        yield row.made, "commented", f"comment {row.id}{where}{again} by {row.who}: {told}"
    uses = (
        select(RubricUseRow, RubricVersionRow)
        .join(RubricVersionRow, latest_version(RubricUseRow.item_id))
        .where(RubricUseRow.student_id == student)
    )
    for use, item in session.execute(uses):
        what = f"{signed(points_of(item.halves))}" + (
            f" in {item.exercise}" if item.exercise else ""
        )
        verb = "given" if use.given else "taken back"
        yield use.made, "rubric", f"item {use.item_id} {verb} by {use.who}: {what}: {item.text}"
    asked = select(RegradeRequestRow, RegradeAnswerRow).outerjoin(
        RegradeAnswerRow, RegradeAnswerRow.request_id == RegradeRequestRow.id
    )
    for request, answer in session.execute(asked.where(RegradeRequestRow.student_id == student)):
        where = f" for {request.exercise}" if request.exercise else ""
        yield request.made, "regrade request", f"request {request.id}{where}: {request.why}"
        if answer:
            told = f"request {request.id} by {answer.who}: {answer.text}"
            yield answer.made, "answered", told
