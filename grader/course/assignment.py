"""What an assignment says, and what that makes of a course and of a report."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path

from ..errors import AssignmentError
from ..report import CheckResult, ExerciseResult, Report
from .catalog import Course, Exercise, points_of, syntax_of, text_of


@dataclass(frozen=True)
class Late:
    """What a day late costs; `grader grade` takes it off.

    Attributes:
        points: taken for each day that has begun; with `percent`, a percentage of what could be reached.
        free_days: so many days cost nothing.
        accepted_days: what comes later earns nothing; `None` if there is no such day.
    """

    points: int = 0
    percent: bool = False
    free_days: int = 0
    accepted_days: int | None = None


@dataclass(frozen=True)
class CI:
    """How a student's repository grades itself.

    Attributes:
        grader: a wheel's path, a version, or `git+https://…@<commit>`; empty if the file does not say.
        torch: the version of torch.
        python: the version of Python.
        minutes: the job's time limit.
        reporter: whether Classroom's reporter runs as well, for those who read what it prints.
    """

    grader: str = ""
    torch: str = "2.13.0"
    python: str = "3.12"
    minutes: int = 15
    reporter: bool = False


@dataclass(frozen=True)
class Part:
    """One exercise of an assignment, as the file states it.

    Attributes:
        points: what it is worth together with what is kept back; `None`: what its checks say.
        checks: the checks that run, each with its points; `None`: all.
        kept_back: the names of checks that only the instructor runs.
        all_kept_back: whether that is every one of them.
        held_back: the points of checks that are not in this file at all.
        instructor_checks: a file with further checks, which only the instructor has.
    """

    name: str
    points: int | None = None
    checks: Mapping[str, int] | None = None
    kept_back: frozenset[str] = frozenset()
    all_kept_back: bool = False
    held_back: int = 0
    instructor_checks: Path | None = None


@dataclass(frozen=True)
class Assignment:
    """What the file says; `on` lays it on a course."""

    path: Path
    title: str
    parts: tuple[Part, ...]
    deadline: datetime | None = None
    hints: bool = True
    notebooks: bool = False
    late: Late = field(default_factory=Late)
    ci: CI = field(default_factory=CI)

    def on(self, course: Course, instructor: bool = False) -> AssignedCourse:
        """The assignment with the checks of `course`.

        Args:
            instructor: run the checks that are kept back as well.

        Raises:
            AssignmentError: if it names an exercise or a check that is not there, or, for the instructor, if this is
                the students' copy, which lacks checks.
        """
        worths = tuple(self._worth(part, course, instructor) for part in self.parts)
        exercises = tuple(worth.exercise for worth in worths)
        return AssignedCourse(self, replace(course, exercises=exercises), worths, instructor)

    def _worth(self, part: Part, course: Course, instructor: bool) -> ExercisePoints:
        if part.name not in course.names:
            raise AssignmentError(
                f"{self.path} names the exercise {part.name!r}, which this course does not have: "
                f"{', '.join(course.names)}."
            )
        if instructor and part.held_back:
            raise AssignmentError(
                f"{self.path} is the students' copy: it lacks checks of {part.name} that are kept back. "
                "Give the file that the release was made from."
            )
        exercise = course[part.name]
        own = points_of_checks(exercise.checks)
        hidden = set(own) if part.all_kept_back else set(part.kept_back)
        if part.instructor_checks:
            more = points_of_checks(part.instructor_checks)
            if twice := sorted(set(own) & set(more)):
                raise AssignmentError(
                    f"{part.instructor_checks} has a check {twice[0]!r}, and so has {exercise.checks}. Rename one."
                )
            own |= more
            hidden |= set(more)
            exercise = replace(
                exercise, more_checks=(part.instructor_checks,) if instructor else ()
            )
        for name in sorted(set(part.checks or ()) | hidden):
            if name not in own:
                raise AssignmentError(
                    f"{self.path} names the check {name!r} of {part.name}, which there is not. "
                    f"It has {', '.join(own)}."
                )
        return ExercisePoints(exercise, _worths(part, own), frozenset(hidden), part.held_back)


@dataclass(frozen=True)
class ExercisePoints:
    """What an exercise's checks are worth in an assignment.

    Attributes:
        points: of every check that belongs to the assignment and is known here.
        hidden: the names of those that only the instructor runs.
        elsewhere: the points of checks that are not known here.
    """

    exercise: Exercise
    points: Mapping[str, int]
    hidden: frozenset[str]
    elsewhere: int = 0

    @property
    def held_back(self) -> int:
        """The points that students cannot earn in their own repository."""
        return sum(self.points[name] for name in self.hidden) + self.elsewhere


@dataclass(frozen=True)
class AssignedCourse:
    """An assignment laid on a course: what runs, and what it is worth. `grade(…, terms=…)` takes it."""

    assignment: Assignment
    course: Course
    worths: tuple[ExercisePoints, ...]
    instructor: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return self.course.names

    @property
    def max_score(self) -> int:
        """What can be reached where this runs."""
        return sum(sum(self._run(worth).values()) for worth in self.worths)

    @property
    def hidden(self) -> dict[str, frozenset[str]]:
        """By exercise, the checks that students are not to see; exercises without any are left out."""
        return {each.exercise.name: each.hidden for each in self.worths if each.hidden}

    def checks(self, exercise: str) -> frozenset[str]:
        """The names of the checks of an exercise that run here."""
        return frozenset(self._run(self._of(exercise)))

    def apply(self, report: Report) -> Report:
        """The report with this assignment's points, and without the checks that are kept back from whom it is for.

        A full report (of an instructor's grading) laid on the students' terms gives what their CI would have said.
        """
        return replace(report, exercises=tuple(map(self._apply, report.exercises)))

    def _of(self, exercise: str) -> ExercisePoints:
        return next(each for each in self.worths if each.exercise.name == exercise)

    def _run(self, worth: ExercisePoints) -> dict[str, int]:
        return {
            name: points
            for name, points in worth.points.items()
            if self.instructor or name not in worth.hidden
        }

    def _apply(self, result: ExerciseResult) -> ExerciseResult:
        worth = self._of(result.name)
        run = self._run(worth)
        forfeited = bool(result.violations)
        checks = tuple(
            _reworth(check, run[check.name], forfeited)
            for check in result.checks
            if check.name in run
        )
        held = 0 if self.instructor else worth.held_back
        score = sum(check.score for check in checks)
        status, message = result.status, result.message
        judged = result.was_attempted and result.could_be_graded
        if held and checks and not forfeited and judged:
            # of the public checks alone
            if all(check.status == "passed" for check in checks):
                status, message = "passed", "All public checks passed."
            else:
                status, message = ("partial" if score else "failed"), ""
        return replace(
            result,
            checks=checks,
            score=score,
            max_score=sum(check.points for check in checks),
            held_back=held,
            status=status,
            message=message,
        )


def share(total: int, weights: Sequence[int]) -> list[int]:
    """`total` whole points over `weights` by the largest remainder (Hamilton's method); among equals, the first.

    The parts sum up to `total`, and each is its exact quota rounded down or up.

    Raises:
        ValueError: if no weight is above 0.
    """
    if not sum(weights):
        raise ValueError("there is nothing to share the points over")
    quotas = [Fraction(total * weight, sum(weights)) for weight in weights]
    parts = [int(quota) for quota in quotas]
    by_remainder = sorted(range(len(quotas)), key=lambda index: parts[index] - quotas[index])
    for index in by_remainder[: total - sum(parts)]:
        parts[index] += 1
    return parts


def _worths(part: Part, own: dict[str, int]) -> dict[str, int]:
    if part.checks is not None:
        return dict(part.checks)
    if part.points is None or not sum(own.values()):
        return own
    return dict(zip(own, share(part.points, list(own.values())), strict=True))


def _reworth(check: CheckResult, points: int, forfeited: bool) -> CheckResult:
    """The check with other points: all of them only for what earned all."""
    if forfeited:
        score = 0
    elif check.points:
        score = points * check.score // check.points
    else:
        score = points if check.status == "passed" else 0
    return replace(check, points=points, score=score)


def points_of_checks(file: Path) -> dict[str, int]:
    """The checks of a file and their `@points(n)`, without running it.

    Raises:
        CourseError: if the file cannot be read.
    """
    tree = syntax_of(text_of(file), file)
    found = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            found[node.name.removeprefix("test_")] = points_of(node) or 0
    return found
