"""How a class is graded, and so what its results depend on besides what was handed in."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from ...course.assignment import AssignedCourse
from ...course.catalog import Course
from ...machines import limits_of
from ...report import Report
from ...sandbox import Limits
from ...submission import Source, Submission
from ..handin.read import digest_of
from .result_keys import exercise_digests, own_points, report_of, result_key, without_assignment
from .worker import Task, course_name, normalized_devices, versions


@dataclass(frozen=True)
class GradingConditions:
    """What results depend on, besides what was handed in and the course.

    Attributes:
        seed: of the inputs; by default each call draws one, which the reports then name. It is one for all, so that
            inputs and references are worked out once for a class, and nobody could know it before.
        limits: on the student's code; by default the course's.
        devices: where to run it beside the CPU; none named stands for those that every machine has, and one that is
            named and not there ends the call.
    """

    seed: int | None = None
    limits: Limits | None = None
    devices: Sequence[str] = ()


@dataclass(frozen=True)
class Rules:
    """How a class is graded.

    Attributes:
        protected: digests of the files that the release gave out.
        force: run again what was graded before.
    """

    course: Course
    assigned: AssignedCourse | None
    protected: Mapping[str, str]
    conditions: GradingConditions
    force: bool


class Conditions:
    """What the results of some exercises depend on by some rules, as it is at the moment this is made.

    Args:
        exercises: names, in the order of a report.

    Attributes:
        blank: a task with nothing handed in; every other is this one with a submission.
    """

    def __init__(self, rules: Rules, exercises: tuple[str, ...]) -> None:
        self._rules = rules
        self._own_points = {name: own_points(rules.course[name]) for name in exercises}
        assigned, given = rules.assigned, rules.conditions
        self.blank = Task(
            submission=Submission("", {}, exercises),
            exercises=exercises,
            course=course_name(rules.course),
            checks=exercise_digests(rules.course, exercises, assigned),
            versions=versions(),
            seed=secrets.randbits(48) if given.seed is None else given.seed,
            limits=given.limits or limits_of(rules.course),
            assignment=str(assigned.assignment.path.resolve()) if assigned else None,
            devices=normalized_devices(given.devices),
        )

    @cached_property
    def max_scores_by(self) -> str:
        """A digest of the checks and their points, which say what can be reached."""
        return digest_of([list(self.blank.exercises), self.blank.checks, self._points])

    @cached_property
    def of_report(self) -> dict[str, Any]:
        """What a report depends on besides the text, as the gradebook keeps it."""
        course = {
            "exercises": list(self.blank.exercises),
            "checks": self.blank.checks,
            "points": self._points,
        }
        return course | self._of_all

    def keys(self, sources: Mapping[str, Source]) -> dict[str, str]:
        """Exercise → the key of its result for what was handed in."""
        checks, conditions = self.blank.checks, self._of_all
        return {
            name: result_key(name, sources.get(name), checks[name], conditions)
            for name in self.blank.exercises
        }

    def without_assignment(self, report: Report) -> Report:
        """The report with the points of the checks' own files, as results are kept."""
        return without_assignment(report, self._own_points)

    def report(self, submission: str, results: Mapping[str, Report]) -> Report:
        """The report of a submission: its name, and exercise → a report of that exercise alone."""
        return report_of(submission, results, self._own_points, self._rules.assigned)

    @property
    def _points(self) -> dict[str, dict[str, int] | None]:
        """Exercise → what its checks are worth; `None` where only a run can tell."""
        if assigned := self._rules.assigned:
            return {name: assigned.points(name) for name in self.blank.exercises}
        return dict(self._own_points)

    @cached_property
    def _of_all(self) -> dict[str, Any]:
        """What every exercise's result depends on; a seed that was drawn is no condition."""
        blank = self.blank
        conditions: dict[str, Any] = {
            "versions": blank.versions,
            "seed": self._rules.conditions.seed,
            "limits": asdict(blank.limits),
        }
        if blank.devices:  # results that were stored without it are of the usual ones
            conditions["devices"] = list(blank.devices)
        return conditions
