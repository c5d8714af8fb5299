"""Days late, and what they cost."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True)
class LatePolicy:
    """What a day late costs; a day that has begun is a whole one.

    Attributes:
        points: taken for each day late; with `percent`, a percentage of what could be reached.
        percent: whether `points` is a percentage.
        free_days: this many days cost nothing.
        accepted_days: what comes later than this many days after the deadline earns nothing, and of a repository
            the last commit before then is graded. `None`: of a repository the last commit in time, and what else
            is late is graded, noted, and costs what `points` says.
    """

    points: int = 0
    percent: bool = False
    free_days: int = 0
    accepted_days: int | None = None

    def penalty(self, late_days: int, graded: int, max_score: int) -> int:
        """Points to take, never more than were `graded`; halves are rounded in the student's favour."""
        if self.accepted_days is not None and late_days > self.accepted_days:
            return graded
        days = max(0, late_days - self.free_days)
        taken = days * self.points * max_score // 100 if self.percent else days * self.points
        return min(graded, taken)

    def closes(self, deadline: datetime | None) -> datetime | None:
        """The last moment at which a commit counts."""
        return deadline + timedelta(days=self.accepted_days or 0) if deadline else None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def late_days(handed_in: datetime | None, deadline: datetime | None) -> int:
    """Days from the deadline to the hand-in, rounded up; 0 where either is not known."""
    if handed_in is None or deadline is None or handed_in <= deadline:
        return 0
    return math.ceil((handed_in - deadline) / timedelta(days=1))
