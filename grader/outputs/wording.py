"""What several outputs say of a report in the same words."""

from __future__ import annotations

from collections.abc import Iterator

from ..language import _
from ..report import CheckResult, ExerciseResult, Report, Violation


def total(score: int, most: int) -> str:
    """Points out of the most that there are."""
    return _("{score}/{most} points").format(score=score, most=most)


def verdict(report: Report) -> str:
    """A sentence on the whole. It says "all points" only where no check is kept back."""
    held = report.held_back
    if report.score == report.max_score:
        sentence = _("All public checks passed.") if held else _("All points.")
    else:
        statuses = [check.status for check in report.checks]
        template = _("{passed} of {total} checks passed.")
        if held:
            template = _("{passed} of {total} public checks passed.")
        sentence = template.format(passed=statuses.count("passed"), total=len(statuses))
    return f"{sentence} {kept_back(held)}".rstrip()


def kept_back(held: int) -> str:
    """How many points are for checks that do not run here; empty where there are none."""
    if not held:
        return ""
    if held == 1:
        return _("1 more point is for checks that only your instructor runs.")
    template = _("{points} more points are for checks that only your instructor runs.")
    return template.format(points=held)


def failures(report: Report) -> Iterator[tuple[ExerciseResult, CheckResult]]:
    """Every check that went wrong, with its exercise, where that was attempted."""
    for exercise in report.exercises:
        if exercise.was_attempted:
            yield from ((exercise, check) for check in exercise.checks if check.went_wrong)


def forbidden(violation: Violation) -> str:
    """A line that does what is not allowed, and why it is not."""
    return _("line {line}: {message}").format(line=violation.line, message=violation.message)


def look_at(check: CheckResult) -> str:
    """Where in the student's file to look; empty where that is not known."""
    return _("Look at {place}.").format(place=check.place) if check.place else ""


def again(exercise: ExerciseResult) -> str:
    """A sentence with the command that repeats an exercise's grading with the same inputs."""
    template = _("With the same numbers again: grader check {name} --seed {seed}")
    return template.format(name=exercise.name, seed=exercise.seed)


def again_command(exercise: ExerciseResult) -> str:
    """That command alone."""
    return f"grader check {exercise.name} --seed {exercise.seed}"
