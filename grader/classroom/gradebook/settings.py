"""What a gradebook is of: the assignment's title, exercises, deadline and late policy, and what can be reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from .late import LatePolicy
from .made_with import MadeWith
from .models import GradebookRow
from .reader import Gradebook


@dataclass(frozen=True)
class GradebookSettings:
    """Settings of a gradebook; what is not given stays as it was.

    Attributes:
        title: the assignment's.
        exercises: what is graded, in the course's order.
        deadline: the class's, with a time zone.
        policy: what a day late costs.
        no_deadline: whether there is none any more; then `deadline` is not given.
        half_points: whether points that are given by hand may be halves.
    """

    title: str = ""
    exercises: tuple[str, ...] = ()
    deadline: datetime | None = None
    policy: LatePolicy | None = None
    half_points: bool | None = None
    no_deadline: bool = False

    def deadline_after(self, before: datetime | None) -> datetime | None:
        """The deadline that holds with these settings, where `before` held until now."""
        return None if self.no_deadline else self.deadline or before


def write_settings(
    gradebook: Gradebook, settings: GradebookSettings, made_with: MadeWith | None = None
) -> None:
    """Writes settings down, in a new gradebook as in one that has some.

    Args:
        made_with: what else results follow from; `None` leaves that as it was.

    Raises:
        GradebookError: if it cannot be written.
    """

    def update(session: Session) -> None:
        row = session.get(GradebookRow, 1)
        if row is None:
            row = _new_row()
            session.add(row)
        row.title = settings.title or row.title
        row.exercises = list(settings.exercises) or row.exercises
        row.deadline = settings.deadline_after(row.deadline)
        if settings.policy is not None:
            row.policy = settings.policy.to_dict()
        if settings.half_points is not None:
            row.half_points = settings.half_points
        if made_with is not None:
            row.made_with = made_with.to_dict()

    gradebook.write(update)
    gradebook.refresh()


def write_max_scores(gradebook: Gradebook, max_scores: Mapping[str, int], checks: str) -> None:
    """Writes down what can be reached.

    Args:
        max_scores: exercise → points.
        checks: the digest of the checks that say so; other checks may have other points.

    Raises:
        GradebookError: if it cannot be written.
    """

    def update(session: Session) -> None:
        row = session.get_one(GradebookRow, 1)
        row.possible = dict(max_scores)
        row.possible_by = checks

    gradebook.write(update)
    gradebook.refresh()


def _new_row() -> GradebookRow:
    return GradebookRow(
        id=1,
        title="",
        created=datetime.now(UTC),
        exercises=[],
        possible={},
        possible_by="",
        deadline=None,
        policy=LatePolicy().to_dict(),
        has_roster=False,
        half_points=False,
    )
