"""What a gradebook tells of a class, as plain data: every report and export is a function of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ..report import Report
from .points import total

Absence = Literal["nothing handed in", "could not be read", "not graded"]
State = Literal["graded", "excused"] | Absence

FORMERLY = "formerly"  # the column of an identifier that somebody gave up by hand


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
        points: negative where they were taken; whole, or halves where the assignment has half points.
        who: who did it.
        why: told to the student, too.
        item: the number of the rubric item that they are for; `None` where they are for none.
    """

    exercise: str
    points: float
    who: str
    when: datetime
    why: str
    item: int | None = None


@dataclass(frozen=True)
class Comment:
    """What somebody wrote about a student's work.

    Attributes:
        number: what it is called by.
        exercise: empty where it is about the whole.
        place: the file or the cell of a notebook that the line is in, as the student knows it; empty where it is at
            no line.
        line: from 1; `None` where it is at no line.
        earlier: whether it is about a hand-in that counts no more.
        for_colleagues: whether it is a question to those who grade; students are not shown it.
        answers: the number of the question that it answers.
    """

    number: int
    exercise: str
    place: str
    line: int | None
    text: str
    who: str
    when: datetime
    earlier: bool = False
    for_colleagues: bool = False
    answers: int | None = None


@dataclass(frozen=True)
class Excuse:
    """Why somebody need not hand in; `who` says so."""

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
        adjustments: points by hand; those that rubric items give or take are among them.
        comments: what the student is to read, exercise by exercise and line by line.
        absence: why there is no report, where there is none. `not graded` is work that waits for its result, or that
            the grader or the course failed at: it has no score, not even 0.
        kept_back: exercise → the names of its checks that students are not to see.
        hand_ins: what was handed in, with its text, the newest first; empty where nobody asked for the texts.
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
    comments: tuple[Comment, ...] = ()
    excused: Excuse | None = None
    kept_back: Mapping[str, frozenset[str]] = field(default_factory=dict)
    hand_ins: tuple[HandedIn, ...] = ()

    @property
    def files(self) -> Mapping[str, FileText]:
        """Exercise → the file that counts; empty where there is none, or nobody asked for the texts."""
        return next((each.files for each in self.hand_ins if each.counts), {})

    @property
    def by_hand(self) -> float:
        """The points that were given and taken by hand, added up."""
        return total(given.points for given in self.adjustments)

    @property
    def rubric(self) -> tuple[Adjustment, ...]:
        """The rubric items that apply."""
        return tuple(given for given in self.adjustments if given.item is not None)

    @property
    def state(self) -> State:
        """What is known of the work; an excuse goes before all else."""
        if self.excused:
            return "excused"
        if self.report is None:
            return self.absence
        return "not graded" if self.report.faults else "graded"

    @property
    def score(self) -> float | None:
        """The score that counts: graded points, less the penalty, and what was changed by hand; never below 0.

        `None` where there is none, which is no zero: who is excused, whose work is not graded (points given by hand
        count once it is), and who handed in nothing, unless points were given by hand. What could not be read is 0.
        """
        if self.state == "nothing handed in":
            given = any(each.points for each in self.adjustments)  # some items only say something
            return max(0, self.by_hand) if given else None
        if self.graded is None:
            return None
        return max(0, total([self.graded, -self.penalty, self.by_hand]))

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
