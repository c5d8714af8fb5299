"""What a gradebook tells of a class, as plain data: every report and export is a function of these."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ..report import Report

Absence = Literal["nothing handed in", "could not be read", "not graded"]
State = Literal["graded", "excused"] | Absence


@dataclass(frozen=True)
class Enrolled:
    """Somebody on the roster, or somebody who handed something in without standing in one.

    Attributes:
        id: the roster's identifier (a login, a student number): what a submission is matched by.
        on_roster: whether the roster names this student; without a roster, everybody is on it.
        ids: further identifiers, each with the name of its column; earlier ones are `formerly`.
    """

    id: str
    name: str = ""
    email: str = ""
    section: str = ""
    login: str = ""
    on_roster: bool = True
    ids: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class RosterSheet:
    """A roster's file as it was written, to be given back with scores.

    Attributes:
        kind: who made it, as `handin.roster_columns` calls it.
        header: its first line.
        lines: all further ones, each with the student's identifier; empty where it is no student's.
    """

    kind: str
    header: tuple[str, ...]
    lines: tuple[tuple[str, tuple[str, ...]], ...]


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
class Excuse:
    """Why somebody need not hand in; `who` says so."""

    who: str
    when: datetime
    why: str


@dataclass(frozen=True)
class Record:
    """One student, and the submission that counts.

    Attributes:
        report: what grading gave; `None` where there is no result (`problem` says why).
        max_score: the points that could be reached, also where nothing was handed in.
        digest: of the sources that were graded, SHA-256; empty where there are none.
        penalty: points taken for days late, by the policy.
        notes: what the instructor should look at (protected files that differ, points that CI announced otherwise).
        absence: why there is no report, where there is none. `not graded` is work that waits for its result, or that
            the grader or the course failed at: it has no score, not even 0.
        excused: why nothing is expected of this student; `None` where something is.
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
    absence: Absence = "nothing handed in"
    excused: Excuse | None = None

    @property
    def state(self) -> State:
        """What is known of the work; an excuse goes before all else."""
        if self.excused:
            return "excused"
        if self.report is None:
            return self.absence
        return "not graded" if self.report.faults else "graded"

    @property
    def score(self) -> int | None:
        """The score that counts: graded points, less the penalty, and what was changed by hand; never below 0.

        `None` where there is none, which is no zero: who is excused, whose work is not graded (points given by hand
        count once it is), and who handed in nothing, unless points were given by hand. What could not be read is 0.
        """
        by_hand = sum(given.points for given in self.adjustments)
        if self.state == "nothing handed in":
            return max(0, by_hand) if self.adjustments else None
        return None if self.graded is None else max(0, self.graded - self.penalty + by_hand)

    @property
    def graded(self) -> int | None:
        """The points that grading gave; 0 where it could not be read, `None` where nothing is graded."""
        if self.state == "graded" and self.report:
            return self.report.score
        return 0 if self.state == "could not be read" else None

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the instructor should look at in the source, exercise by exercise; nothing that a student is shown."""
        exercises = self.report.exercises if self.report else ()
        return tuple(f"{each.name}: {remark}" for each in exercises for remark in each.remarks)
