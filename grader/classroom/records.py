"""What a gradebook tells of a class, as plain data: every report and export is a function of these."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ..report import Report


@dataclass(frozen=True)
class Enrolled:
    """Somebody on the roster, or somebody who handed something in without standing in one.

    Attributes:
        id: the roster's identifier (a login, a student number): what a submission is matched by.
        on_roster: whether the roster names this student; without a roster, everybody is on it.
    """

    id: str
    name: str = ""
    email: str = ""
    section: str = ""
    login: str = ""
    on_roster: bool = True


@dataclass(frozen=True)
class Adjustment:
    """Points that somebody gave or took by hand.

    Attributes:
        exercise: empty where the points are for the whole.
        points: negative where they were taken.
        who: who did it.
        why: told to the student, too.
    """

    exercise: str
    points: int
    who: str
    when: datetime
    why: str


@dataclass(frozen=True)
class Record:
    """One student, and the submission that counts.

    Attributes:
        report: what grading gave; `None` where nothing was handed in or it could not be read (`problem` says why).
        max_score: the points that could be reached, also where nothing was handed in.
        digest: of the sources that were graded, SHA-256; empty where there are none.
        penalty: points taken for days late, by the policy.
        notes: what the instructor should look at (protected files that differ, points that CI announced otherwise).
    """

    student: Enrolled
    report: Report | None
    max_score: int
    problem: str = ""
    submitted: datetime | None = None
    commit: str = ""
    digest: str = ""
    late_days: int = 0
    penalty: int = 0
    adjustments: tuple[Adjustment, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def score(self) -> int:
        """The score that counts: graded points, less the penalty, and what was changed by hand; never below 0."""
        graded = self.report.score if self.report else 0
        return max(0, graded - self.penalty + sum(given.points for given in self.adjustments))
