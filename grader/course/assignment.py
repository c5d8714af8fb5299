"""What an assignment says, and what that makes of a course and of a report.

Checks may be kept back from students: they run where the instructor grades, and nowhere else. What they are worth is
held back; an assignment's file and a report give these points as `held_back`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path

from ..errors import AssignmentError
from ..report import CheckResult, ExerciseResult, Report
from .catalog import Course, Exercise
from .python_files import points_in


@dataclass(frozen=True)
class Late:
    """What a day late costs; `grader grade` takes it off the score.

    Attributes:
        points: taken for each day that has begun; with `percent`, a percentage of what could be reached.
        free_days: how many days late cost nothing.
        accepted_days: a hand-in that is more days late earns nothing; `None`: there is no such limit.
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
        index: the package index that everything comes from; empty if the installer's own settings say.
        torch: the version of torch.
        python: the version of Python.
        minutes: the job's time limit.
        reporter: whether Classroom's reporter runs as well, for those who read what it prints.
        image: the container image that the workflow runs in, by its digest; empty if each run installs the grader.
    """

    grader: str = ""
    index: str = ""
    torch: str = "2.13.0"
    python: str = "3.12"
    minutes: int = 15
    reporter: bool = False
    image: str = ""


@dataclass(frozen=True)
class Part:
    """One exercise of an assignment, as the file states it.

    Attributes:
        points: what it is worth, the checks that are kept back included; `None`: what its checks say.
        checks: the checks that run, each with its points; `None`: all.
        kept_back: the names of checks that only the instructor runs.
        all_kept_back: whether that is every one of them.
        held_back: the points of checks that this file, the students' copy, does not name.
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
    """What the file says; `on` lays it on a course.

    Attributes:
        wrong_answers: a folder with answers that are to lose points, as `EXERCISE/*.py`; a release is tried with them.
        half_points: whether points that are given by hand may be halves.
    """

    path: Path
    title: str
    parts: tuple[Part, ...]
    deadline: datetime | None = None
    hints: bool = True
    notebooks: bool = False
    wrong_answers: Path | None = None
    half_points: bool = False
    late: Late = field(default_factory=Late)
    ci: CI = field(default_factory=CI)

    def on(self, course: Course, instructor: bool = False) -> AssignedCourse:
        """The assignment with the checks of `course`.

        Args:
            instructor: run the checks that are kept back as well.

        Raises:
            AssignmentError: if it names an exercise or a check that is not there, or, for the instructor, if this is
                the students' copy, which lacks checks.
            CourseError: if a file of checks cannot be read.
        """
        exercises = tuple(self._assigned(part, course, instructor) for part in self.parts)
        assigned = replace(course, exercises=tuple(each.exercise for each in exercises))
        return AssignedCourse(self, assigned, exercises, instructor)

    def _assigned(self, part: Part, course: Course, instructor: bool) -> AssignedExercise:
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
        own = points_in(exercise.checks)
        kept_back = set(own) if part.all_kept_back else set(part.kept_back)
        if part.instructor_checks:
            more = points_in(part.instructor_checks)
            if twice := sorted(set(own) & set(more)):
                raise AssignmentError(
                    f"{part.instructor_checks} has a check {twice[0]!r}, and so has {exercise.checks}. Rename one."
                )
            own |= more
            kept_back |= set(more)
            exercise = replace(
                exercise, more_checks=(part.instructor_checks,) if instructor else ()
            )
        for name in sorted(set(part.checks or ()) | kept_back):
            if name not in own:
                raise AssignmentError(
                    f"{self.path} names the check {name!r} of {part.name}, and there is none. "
                    f"It has {', '.join(own)}."
                )
        return AssignedExercise(exercise, _points(part, own), frozenset(kept_back), part.held_back)


@dataclass(frozen=True)
class AssignedExercise:
    """An exercise in an assignment, and what its checks are worth there.

    Attributes:
        points: of every check that belongs to the assignment and is known here.
        kept_back: the names of those that only the instructor runs.
        unknown_points: the points of checks that are not known here, because this is the students' copy.
    """

    exercise: Exercise
    points: Mapping[str, int]
    kept_back: frozenset[str]
    unknown_points: int = 0

    @property
    def public_points(self) -> dict[str, int]:
        """Of the checks that students run."""
        return {name: n for name, n in self.points.items() if name not in self.kept_back}

    @property
    def held_back(self) -> int:
        """The points that students cannot earn in their own repository."""
        return sum(self.points[name] for name in self.kept_back) + self.unknown_points


@dataclass(frozen=True)
class AssignedCourse:
    """An assignment laid on a course: what runs, and what it is worth. `grade(…, assigned=…)` takes it.

    Attributes:
        course: only the exercises of the assignment, in its order.
        instructor: whether the checks that are kept back run as well.
    """

    assignment: Assignment
    course: Course
    exercises: tuple[AssignedExercise, ...]
    instructor: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return self.course.names

    @property
    def max_score(self) -> int:
        """What can be reached where this runs."""
        return sum(sum(self._run(each).values()) for each in self.exercises)

    @property
    def kept_back(self) -> dict[str, frozenset[str]]:
        """By exercise, the checks that students are not to see; exercises without any are left out."""
        return {each.exercise.name: each.kept_back for each in self.exercises if each.kept_back}

    def checks(self, exercise: str) -> frozenset[str]:
        """The names of the checks of an exercise that run here."""
        return frozenset(self._run(self._of(exercise)))

    def points(self, exercise: str) -> dict[str, int]:
        """What the checks of an exercise that run here are worth."""
        return self._run(self._of(exercise))

    def apply(self, report: Report) -> Report:
        """The report with this assignment's points, and without the checks that are kept back from whom it is for.

        An instructor's report, which has all checks, gives in the students' assignment what their CI would have said.
        """
        return replace(report, exercises=tuple(map(self._apply, report.exercises)))

    def _of(self, exercise: str) -> AssignedExercise:
        return next(each for each in self.exercises if each.exercise.name == exercise)

    def _run(self, exercise: AssignedExercise) -> dict[str, int]:
        """The checks that run here, with their points."""
        return dict(exercise.points) if self.instructor else exercise.public_points

    def _apply(self, result: ExerciseResult) -> ExerciseResult:
        exercise = self._of(result.name)
        run = self._run(exercise)
        checks = tuple(
            _with_points(check, run[check.name]) for check in result.checks if check.name in run
        )
        broken = tuple(each for each in result.violations if set(each.checks) & set(run))
        held = 0 if self.instructor else exercise.held_back
        if result.is_fault:
            return replace(result, max_score=sum(run.values()), held_back=held)
        score = sum(check.score for check in checks)
        status, message = result.status, result.message
        judged = result.was_attempted and result.could_be_graded
        if held and checks and judged:
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
            violations=broken,
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


def _points(part: Part, own: dict[str, int]) -> dict[str, int]:
    if part.checks is not None:
        return dict(part.checks)
    if part.points is None or not sum(own.values()):
        return own
    return dict(zip(own, share(part.points, list(own.values())), strict=True))


def _with_points(check: CheckResult, points: int) -> CheckResult:
    """The check with other points: all of them only for what earned all."""
    earned = check.score if check.points else check.status == "passed"
    return replace(check, points=points, score=points * earned // (check.points or 1))
