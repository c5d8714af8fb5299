"""Are the causes that checks name right? They are compared with those that the wrong submissions state.

A wrong submission states on its third line what it gets wrong: `# cause: sum-for-mean`, or several names that are
right for it. `none` stands for a mistake that does not show in the numbers, `other` for one that does and has no name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ..course.catalog import load_course
from ..course.python_files import text_of
from ..errors import CourseFault
from ..grading import grade
from ..machines import Machines
from ..report import ExerciseResult
from ..submission import Submission
from .equivalents import submissions_folder

# what a check asks outright, with yes or no: naming it needs no inference, so it is not counted
ASKED = ("graph-cut", "mode", "unregistered")


def stated_causes(text: str) -> frozenset[str]:
    """The causes that a wrong submission states; empty where the line is missing."""
    third = [*text.splitlines(), "", "", ""][2]
    if not third.startswith("# cause: "):
        return frozenset()
    return frozenset(cause.strip() for cause in third.removeprefix("# cause: ").split(","))


def named_causes(result: ExerciseResult) -> frozenset[str]:
    """The causes that the failed checks name.

    Left out is what an exception means, another kind of thing than is asked, and that an earlier check is not right,
    because that is no guess.
    """
    named = {check.cause_id for check in result.checks if check.status != "passed"}
    return frozenset(
        cause for cause in named - {"", "kind", "follows"} if not cause.startswith("raised-")
    )


@dataclass(frozen=True)
class Verdict:
    """One wrong submission: what it states, and what was named."""

    exercise: str
    submission: str
    stated: frozenset[str]
    named: frozenset[str]

    @property
    def shows(self) -> bool:
        """Whether the mistake shows in the numbers."""
        return not self.stated & {"none", *ASKED}

    @property
    def right(self) -> bool:
        return bool(self.named) and self.named <= self.stated

    @property
    def wrong(self) -> bool:
        return bool(self.named - self.stated)


def verdict_of(exercise: str, submission: str, text: str, result: ExerciseResult) -> Verdict:
    """What the grading of a wrong submission named, beside what its text states."""
    return Verdict(exercise, submission, stated_causes(text), named_causes(result))


def verdicts(folder: Path | None, names: Sequence[str], jobs: int = 1) -> Iterator[Verdict]:
    """Grades the wrong submissions of some exercises.

    Args:
        folder: the course's, as `load_course` takes it.
        jobs: how many exercises are graded at a time.

    Raises:
        CourseError: if a file of the course cannot be used.
        CourseFault: if a check fails by itself; of what was not graded, nothing is known.
    """
    if jobs <= 1 or len(names) <= 1:
        for name in names:
            yield from _verdicts_of(folder, name)
        return
    with ProcessPoolExecutor(min(jobs, len(names))) as pool:
        for found in [pool.submit(_verdicts_of, folder, name) for name in names]:
            yield from found.result()


def _verdicts_of(folder: Path | None, name: str) -> list[Verdict]:
    course = load_course(folder)
    found = []
    with Machines(course) as machines:
        for path in sorted((submissions_folder(course) / name / "wrong").glob("*.py")):
            text = text_of(path)
            report = grade(Submission.of_text(name, text), machines=machines)
            if report.faults:
                raise CourseFault(f"{path}: {report.faults[0].message}")
            found.append(verdict_of(name, path.stem, text, report.exercises[0]))
    return found


@dataclass(frozen=True)
class Tally:
    """How many causes were named, of how many wrong submissions."""

    exercise: str
    submissions: int
    shows: int
    right: int
    wrong: int

    @property
    def right_share(self) -> float:
        return self.right / self.shows if self.shows else 1.0

    @property
    def wrong_share(self) -> float:
        """Wrong names, also of mistakes that do not show, in relation to those that do."""
        return self.wrong / self.shows if self.shows else float(self.wrong > 0)


def tally(exercise: str, verdicts: Iterable[Verdict]) -> Tally:
    """Counts the verdicts; `exercise` is the name of the row."""
    counted = list(verdicts)
    return Tally(
        exercise,
        submissions=len(counted),
        shows=sum(verdict.shows for verdict in counted),
        right=sum(verdict.shows and verdict.right for verdict in counted),
        wrong=sum(verdict.wrong for verdict in counted),
    )


def tallies(verdicts: Sequence[Verdict]) -> list[Tally]:
    """A row for each exercise, and one for all."""
    names = list(dict.fromkeys(verdict.exercise for verdict in verdicts))
    rows = [tally(name, (v for v in verdicts if v.exercise == name)) for name in names]
    return [*rows, tally("all", verdicts)]
