"""Rubric items: reasons for points that are written once and used for many students.

What an item says can be changed, and is changed for all who have it; every version is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ...errors import ChangedMeanwhileError, GradebookError
from ..points import points_of, signed
from .by_hand import expect_exercise, expect_points, lock_student, name_by_hand, text_by_hand
from .hand_marks import latest_uses, latest_version
from .mark_models import RubricItemRow, RubricUseRow, RubricVersionRow
from .reader import Gradebook


@dataclass(frozen=True)
class RubricItem:
    """An item as it is now, or as one of its versions was.

    Attributes:
        number: what it is called by.
        version: from 1.
        exercise: which one it is for; empty where it is for the whole.
        points: below 0 where it takes some; 0 where it only says something.
        retired: whether it is offered no more; who has it keeps it.
        who: made this version.
        uses: how many students have it now.
    """

    number: int
    version: int
    exercise: str
    text: str
    points: float
    retired: bool
    who: str
    when: datetime
    uses: int = 0


@dataclass(frozen=True)
class RubricChange:
    """What is to be another in an item; `None` stays as it is."""

    text: str | None = None
    points: float | None = None
    exercise: str | None = None
    retired: bool | None = None


def rubric_items(gradebook: Gradebook, *, with_retired: bool = False) -> list[RubricItem]:
    """The items as they are now, exercise by exercise, and in the order in which they were made."""
    with gradebook.engine.connect() as connection, Session(connection) as session:
        uses = dict(_uses(session))
        rows = session.scalars(
            select(RubricVersionRow).where(latest_version(RubricVersionRow.item_id))
        )
        items = [_item(row, uses.get(row.item_id, 0)) for row in rows]
    places = {name: place for place, name in enumerate(("", *gradebook.exercises))}
    items.sort(key=lambda item: (places.get(item.exercise, len(places)), item.number))
    return [item for item in items if with_retired or not item.retired]


def item_versions(gradebook: Gradebook, number: int) -> list[RubricItem]:
    """All versions of an item, the oldest first.

    Raises:
        GradebookError: if there is no such item.
    """
    with gradebook.engine.connect() as connection, Session(connection) as session:
        query = select(RubricVersionRow).filter_by(item_id=number)
        rows = session.scalars(query.order_by(RubricVersionRow.version)).all()
        uses = dict(_uses(session)).get(number, 0)
        if not rows:
            raise _unknown(number)
        versions = [_item(row) for row in rows]
        return [*versions[:-1], replace(versions[-1], uses=uses)]


def add_item(
    gradebook: Gradebook, text: str, points: float, *, who: str, exercise: str = ""
) -> RubricItem:
    """Makes a new item.

    Raises:
        GradebookError: if there is no such exercise, no text, or such points are not given.
    """
    text, who = text_by_hand(text, "A rubric item"), name_by_hand(who)
    expect_exercise(exercise, gradebook.exercises)
    halves = expect_points(points, gradebook.half_points)

    def write(session: Session) -> RubricItem:
        item = RubricItemRow()
        session.add(item)
        session.flush()
        row = RubricVersionRow(
            item_id=item.id,
            version=1,
            exercise=exercise,
            text=text,
            halves=halves,
            retired=False,
            who=who,
            made=datetime.now(UTC),
        )
        session.add(row)
        return _item(row)

    return gradebook.write(write)


def change_item(
    gradebook: Gradebook, number: int, change: RubricChange, *, who: str, seen: int | None = None
) -> RubricItem:
    """Changes an item, for all who have it.

    Args:
        seen: the version that the caller has seen; by default, any will do.

    Raises:
        ChangedMeanwhileError: if there is a newer version than the caller has seen.
        GradebookError: if there is no such item or exercise, no text, or such points are not given.
    """
    who = name_by_hand(who)
    text = None if change.text is None else text_by_hand(change.text, "A rubric item")
    expect_exercise(change.exercise or "", gradebook.exercises)
    halves = None if change.points is None else expect_points(change.points, gradebook.half_points)

    def write(session: Session) -> RubricItem:
        old = _latest(session, number)
        uses = dict(_uses(session)).get(number, 0)
        _expect_seen(old, seen)
        row = RubricVersionRow(
            item_id=number,
            version=old.version + 1,
            exercise=old.exercise if change.exercise is None else change.exercise,
            text=old.text if text is None else text,
            halves=old.halves if halves is None else halves,
            retired=old.retired if change.retired is None else change.retired,
            who=who,
            made=datetime.now(UTC),
        )
        session.add(row)
        session.flush()
        return _item(row, uses)

    try:
        return gradebook.write(write)
    except IntegrityError:  # on a server, two at the same moment
        raise ChangedMeanwhileError(
            f"Rubric item {number} was changed meanwhile; yours is not written yet."
        ) from None


def give_item(
    gradebook: Gradebook,
    student: str,
    number: int,
    *,
    who: str,
    given: bool = True,
    seen: int | None = None,
) -> RubricItem:
    """Gives a student an item, or takes it back; who has it already keeps it once.

    Args:
        student: the identifier; a login or a mail address will do.
        given: `False` takes it back.
        seen: the item's version that the caller has seen; by default, any will do.

    Raises:
        ChangedMeanwhileError: if the item says something else than the caller has seen.
        GradebookError: if there is no such student or item, or it is offered no more.
    """
    who = name_by_hand(who)
    identifier = gradebook.identifier(student)

    def write(session: Session) -> RubricItem:
        counting = lock_student(session, identifier)
        item = _latest(session, number)
        query = select(RubricUseRow).filter_by(student_id=identifier, item_id=number)
        last = session.scalars(query.order_by(RubricUseRow.id.desc()).limit(1)).first()
        has = last is not None and last.given
        _expect_seen(item, seen)
        if given and item.retired and not has:
            raise GradebookError(f"Rubric item {number} is retired and given no more.")
        if has != given:
            session.add(
                RubricUseRow(
                    student_id=identifier,
                    item_id=number,
                    submission_id=counting,
                    given=given,
                    who=who,
                    made=datetime.now(UTC),
                )
            )
            session.flush()
        return _item(item, dict(_uses(session)).get(number, 0))

    return gradebook.write(write)


def items_on_earlier(session: Session, counting: dict[str, int | None]) -> dict[str, list[int]]:
    """Student → the items that were given on a hand-in that counts no more.

    Args:
        counting: student → the hand-in that counts.
    """
    found: dict[str, list[int]] = {}
    query = select(RubricUseRow).where(RubricUseRow.id.in_(latest_uses()), RubricUseRow.given)
    for use in session.scalars(query):
        if use.student_id in counting and use.submission_id != counting[use.student_id]:
            found.setdefault(use.student_id, []).append(use.item_id)
    return found


def _latest(session: Session, number: int) -> RubricVersionRow:
    query = select(RubricVersionRow).filter_by(item_id=number)
    row = session.scalars(query.order_by(RubricVersionRow.version.desc()).limit(1)).first()
    if row is None:
        raise _unknown(number)
    return row


def _expect_seen(item: RubricVersionRow, seen: int | None) -> None:
    if seen is not None and seen != item.version:
        now = signed(points_of(item.halves))
        raise ChangedMeanwhileError(
            f"{item.who} has changed rubric item {item.item_id}: it says now: {item.text} ({now}).",
            item.version,
        )


def _unknown(number: int) -> GradebookError:
    return GradebookError(f"There is no rubric item {number}. `grader rubric list` shows them.")


def _uses(session: Session) -> Sequence[tuple[int, int]]:
    """How many students have each item."""
    query = (
        select(RubricUseRow.item_id, func.count())
        .where(RubricUseRow.id.in_(latest_uses()), RubricUseRow.given)
        .group_by(RubricUseRow.item_id)
    )
    return [(item, count) for item, count in session.execute(query)]


def _item(row: RubricVersionRow, uses: int = 0) -> RubricItem:
    return RubricItem(
        number=row.item_id,
        version=row.version,
        exercise=row.exercise,
        text=row.text,
        points=points_of(row.halves),
        retired=row.retired,
        who=row.who,
        when=row.made,
        uses=uses,
    )
