"""Days late, and what they cost."""

from __future__ import annotations

import math
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from ...course.assignment import Late


class LatePolicy(Late):
    """What an assignment says of days late, applied. A day that has begun is a whole one.

    Of a repository the last commit in time counts; with `accepted_days`, the last one before those days are over. Other
    late work is graded and noted, and costs what `points` says.
    """

    def penalty(self, late_days: int, graded: int, max_score: int) -> int:
        """Points to take, never more than were graded; a fraction of a point is not taken.

        Args:
            late_days: as `late_days` counts them.
            graded: the points that the work earned.
            max_score: the points that could be reached, of which a percentage is taken.
        """
        if self.accepted_days is not None and late_days > self.accepted_days:
            return graded
        days = max(0, late_days - self.free_days)
        taken = days * self.points * max_score // 100 if self.percent else days * self.points
        return min(graded, taken)

    def closes(self, deadline: datetime | None) -> datetime | None:
        """The last moment at which a commit counts; `None` where every one does."""
        if deadline is None:
            return None
        try:
            return deadline + timedelta(days=self.accepted_days or 0)
        except OverflowError:  # behind the end of the calendar
            return None

    def to_dict(self) -> dict[str, Any]:
        """As plain data, which `LatePolicy(**data)` takes back."""
        return asdict(self)


def late_days(handed_in: datetime | None, deadline: datetime | None) -> int:
    """Days from the deadline to the hand-in, rounded up; 0 where either is not known."""
    if handed_in is None or deadline is None or handed_in <= deadline:
        return 0
    return math.ceil((handed_in - deadline) / timedelta(days=1))


def late_note(days: int) -> str:
    """What the instructor is told of somebody who was so many days late; empty for none."""
    return f"Handed in {days} day{'s' if days > 1 else ''} after the deadline." if days else ""
