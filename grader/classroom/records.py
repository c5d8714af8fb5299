"""What a gradebook tells of a class, as plain data: every report and export is a function of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ..report import Report

Absence = Literal["nothing handed in", "could not be read", "not graded"]


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
class FileText:
    """A file of a student's, as it was read.

    Attributes:
        filename: its path as the student knows it.
        cells: the place and the text of each: one for a Python file, the code cells of a notebook; empty where the file
            could not be used.
        problem: why it could not, as a sentence.
    """

    filename: str
    cells: tuple[tuple[str, str], ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class HandedIn:
    """Something that a student handed in once.

    Attributes:
        when: when it was handed in, or first seen where that is not known.
        counts: whether it is what counts now.
        score: what its newest result gave, in points; `None` where there is none. `max_score` likewise.
        files: exercise → its file.
        problem: why there was nothing to grade in it; empty where there was.
    """

    when: datetime
    commit: str
    counts: bool
    score: int | None
    max_score: int | None
    files: Mapping[str, FileText]
    problem: str = ""


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
        kept_back: exercise → the names of its checks that students are not to see.
        hand_ins: what was handed in, with its text, the newest first; empty where nobody asked for the texts.
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
    kept_back: Mapping[str, frozenset[str]] = field(default_factory=dict)
    hand_ins: tuple[HandedIn, ...] = ()

    @property
    def files(self) -> Mapping[str, FileText]:
        """Exercise → the file that counts; empty where there is none, or nobody asked for the texts."""
        return next((each.files for each in self.hand_ins if each.counts), {})

    @property
    def state(self) -> Literal["graded"] | Absence:
        """What is known of the work."""
        if self.report is None:
            return self.absence
        return "not graded" if self.report.faults else "graded"

    @property
    def score(self) -> int | None:
        """The score that counts: graded points, less the penalty, and what was changed by hand; never below 0.

        `None` where the work is not graded; points given by hand count once it is.
        """
        if self.state == "not graded":
            return None
        return max(
            0, (self.graded or 0) - self.penalty + sum(given.points for given in self.adjustments)
        )

    @property
    def graded(self) -> int | None:
        """The points that grading gave; 0 where there was nothing to grade, `None` where the work is not graded."""
        if self.state == "not graded":
            return None
        return self.report.score if self.report else 0

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the instructor should look at in the source, exercise by exercise; nothing that a student is shown."""
        exercises = self.report.exercises if self.report else ()
        return tuple(f"{each.name}: {remark}" for each in exercises for remark in each.remarks)
