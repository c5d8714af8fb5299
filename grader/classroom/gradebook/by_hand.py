"""What all that is written by hand has in common: who, which student, which exercise, and that nobody is run over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import ChangedMeanwhileError, GradebookError
from ...text import clean
from ..points import HALF_POINTS_REFUSED, MOST_POINTS, halves_of, points_of, signed
from ..records import Adjustment
from .models import AdjustmentRow, StandingRow, StudentRow

MOST_CHARACTERS = 10_000


def text_by_hand(text: str, what: str) -> str:
    """A text as it is kept, with plain line ends and nothing that a page or a terminal would obey.

    Args:
        what: what it is, with its article: "A comment".

    Raises:
        GradebookError: if nothing is written in it, or too much.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not plain:
        raise GradebookError(f"{what} needs a text.")
    if len(plain) > MOST_CHARACTERS:
        raise GradebookError(
            f"{what} of {len(plain):,} characters is too long. Write {MOST_CHARACTERS:,} at most."
        )
    return clean(plain, MOST_CHARACTERS)


def name_by_hand(who: str) -> str:
    """The name of who writes.

    Raises:
        GradebookError: if there is none.
    """
    name = " ".join(who.split())
    if not name:
        raise GradebookError("The name of who does this is missing.")
    return clean(name, 200)


def expect_exercise(exercise: str, exercises: Sequence[str]) -> None:
    """Lets an exercise of the gradebook pass, and an empty name, which stands for the whole.

    Raises:
        GradebookError: if there is no such exercise.
    """
    if exercise and exercise not in exercises:
        raise GradebookError(
            f"There is no exercise {exercise!r} in this gradebook, but: {', '.join(exercises)}."
        )


def expect_points(points: float, half_points: bool) -> int:
    """Points as halves.

    Raises:
        GradebookError: if they are neither whole nor half, too many, or half where only whole ones are given.
    """
    halves = halves_of(points)
    if halves % 2 and not half_points:
        raise GradebookError(HALF_POINTS_REFUSED)
    return halves


def expect_adjustment(
    points: float, why: str, who: str, exercise: str, exercises: Sequence[str], half_points: bool
) -> int:
    """The halves of an adjustment that can be made.

    Raises:
        GradebookError: if there is no such exercise, no reason is given, or such points are not.
    """
    expect_exercise(exercise, exercises)
    if not why.strip() or not who.strip():
        raise GradebookError("An adjustment needs a reason and the name of who makes it.")
    if not 0 < abs(points) <= MOST_POINTS:
        least = "0.5" if half_points else "1"
        raise GradebookError(
            f"An adjustment of {points} points cannot be made. Give {least} to {MOST_POINTS} points, or take as many."
        )
    return expect_points(points, half_points)


def points_columns(halves: int) -> dict[str, int]:
    """The columns of `AdjustmentRow` that hold points: the whole ones, and a half with the same sign."""
    sign = -1 if halves < 0 else 1
    return {"points": sign * (abs(halves) // 2), "half": sign * (abs(halves) % 2)}


def lock_student(session: Session, student: str) -> int | None:
    """Keeps others from writing about a student until the transaction ends; the hand-in that counts.

    SQLite locks the whole database for a transaction that writes; a server locks this row.
    """
    session.execute(select(StudentRow.id).filter_by(id=student).with_for_update())
    return session.scalar(select(StandingRow.submission_id).filter_by(student_id=student))


def add_adjustment(
    session: Session,
    student: str,
    halves: int,
    exercise: str,
    why: str,
    who: str,
    seen: int | None = None,
) -> Adjustment:
    """Writes an adjustment that `expect_adjustment` lets pass.

    Args:
        student: the identifier as it is kept.
        seen: how many adjustments of the student the caller has seen; by default, any number will do.

    Raises:
        ChangedMeanwhileError: if there are others.
    """
    lock_student(session, student)
    query = select(AdjustmentRow).filter_by(student_id=student).order_by(AdjustmentRow.id)
    rows = session.scalars(query).all()
    if seen is not None and seen != len(rows):
        new = [
            f"{signed(points_of(2 * row.points + row.half))} by {row.who}: {row.why}"
            for row in rows[seen:]
        ]
        raise ChangedMeanwhileError(
            f"The points of {student} were changed meanwhile ({'; '.join(new)}); yours are not given yet.",
            len(rows),
        )
    made = Adjustment(
        exercise, points_of(halves), clean(who.strip()), datetime.now(UTC), clean(why.strip())
    )
    session.add(
        AdjustmentRow(
            student_id=student,
            exercise=exercise,
            **points_columns(halves),
            who=made.who,
            made=made.when,
            why=made.why,
        )
    )
    return made
