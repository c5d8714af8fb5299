"""Days late, and what they cost."""

from __future__ import annotations

import math
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from ...course.assignment import Late


class LatePolicy(Late):
    """What an assignment says of days late, applied; a day that has begun is a whole one.

    Without `accepted_days`, of a repository the last commit in time counts, and what else is late is graded, noted, and
    costs what `points` says; with it, the last commit before those days are over.
    """

    def penalty(self, late_days: int, graded: int, max_score: int) -> int:
        """Points to take, never more than were `graded`; halves are rounded in the student's favour."""
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
        return asdict(self)


def late_days(handed_in: datetime | None, deadline: datetime | None) -> int:
    """Days from the deadline to the hand-in, rounded up; 0 where either is not known."""
    if handed_in is None or deadline is None or handed_in <= deadline:
        return 0
    return math.ceil((handed_in - deadline) / timedelta(days=1))
