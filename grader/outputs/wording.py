"""What several outputs say of a report in the same words."""

from __future__ import annotations

from collections.abc import Iterator

from ..language import N_, _
from ..report import CheckResult, ExerciseResult, Report

LOOK_AT = N_("Look at {place}.")
AGAIN = N_("With the same numbers again: grader check {name} --seed {seed}")
FAILURES = ("failed", "timeout", "error")


def verdict(report: Report) -> str:
    """A sentence on the whole. It says "all points" only where no check is kept back."""
    held = report.held_back
    if report.score == report.max_score:
        told = _("All public checks passed.") if held else _("All points.")
    else:
        checks = [check for exercise in report.exercises for check in exercise.checks]
        passed = sum(check.status == "passed" for check in checks)
        told = _("{passed} of {total} checks passed.")
        if held:
            told = _("{passed} of {total} public checks passed.")
        told = told.format(passed=passed, total=len(checks))
    return f"{told} {kept_back(held)}".rstrip()


def kept_back(points: int) -> str:
    """How many points the checks stand for that are not shown here; empty where there are none."""
    if not points:
        return ""
    told = _("{points} more points are for checks that only your instructor runs.")
    if points == 1:
        told = _("1 more point is for checks that only your instructor runs.")
    return told.format(points=points)


def failures(report: Report) -> Iterator[tuple[ExerciseResult, CheckResult]]:
    """Every check that went wrong, with its exercise; what was not started or not reached is no failure."""
    for exercise in report.exercises:
        if exercise.status != "not_attempted":
            for check in exercise.checks:
                if check.status in FAILURES:
                    yield exercise, check


def again(exercise: ExerciseResult) -> str:
    """The command that repeats an exercise's grading with the same inputs."""
    return f"grader check {exercise.name} --seed {exercise.seed}"
