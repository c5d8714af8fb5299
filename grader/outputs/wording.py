"""What several outputs say of a report in the same words."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import NamedTuple

from ..language import _
from ..report import CheckResult, ExerciseResult, Report

_options: ContextVar[str] = ContextVar("options", default="")


def total(score: int, most: int) -> str:
    """Points out of the most that there are."""
    return _("{score}/{most} points").format(score=score, most=most)


def worth(exercise: ExerciseResult) -> str:
    """The points of an exercise, out of those that there are; words where the grader or the course failed."""
    return _("not graded") if exercise.is_fault else f"{exercise.score}/{exercise.max_score}"


def verdict(report: Report) -> str:
    """A sentence on the whole, and one for each kind of verdict that stands above the checks.

    It says "all points" only where no check is kept back.
    """
    if report.faults:
        return no_score(report)
    held = report.held_back
    if report.has_all_points:
        sentences = [_("All public checks passed.") if held else _("All points.")]
    else:
        template = _("{passed} of {total} checks passed.")
        if held:
            template = _("{passed} of {total} public checks passed.")
        passed = sum(map(checks_passed, report.exercises))
        total = sum(len(exercise.checks) for exercise in report.exercises)
        sentences = [template.format(passed=passed, total=total), *_above_the_checks(report)]
    return " ".join(filter(None, [*sentences, kept_back(held)]))


def no_score(report: Report) -> str:
    """A sentence on a report with faults: which exercises could not be graded, and that there is no total."""
    template = _("Not graded, through no fault of the submission: {names}. So there is no score.")
    return template.format(names=_names(report.faults))


def _above_the_checks(report: Report) -> Iterator[str]:
    exercises = [exercise for exercise in report.exercises if not exercise.has_all_points]
    for template, found in (
        (
            _("{names}: points are missing, because of what the code uses."),
            [exercise for exercise in exercises if exercise.violations],
        ),
        (
            _("{names}: cannot be loaded."),
            [exercise for exercise in exercises if exercise.status == "error"],
        ),
        (
            _("{names}: not handed in."),
            [exercise for exercise in exercises if exercise.status == "missing"],
        ),
    ):
        if found:
            yield template.format(names=_names(found))


def _names(exercises: Iterable[ExerciseResult]) -> str:
    return ", ".join(exercise.name for exercise in exercises)


def reason(exercise: ExerciseResult) -> str:
    """Why an exercise lacks points whatever came of its checks; empty where its checks decided.

    That is: the grader or the course failed, or the file is not there or cannot be loaded.
    """
    return "" if exercise.could_be_graded or exercise.has_all_points else exercise.message


def checks_passed(exercise: ExerciseResult) -> int:
    """How many of its checks passed."""
    return sum(check.status == "passed" for check in exercise.checks)


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


class Told(NamedTuple):
    """What a check that did not pass is told as, the most useful first. What there is not is empty.

    Attributes:
        cause: the likely mistake.
        message: what happened.
        place: where to look.
        detail: what is told to who asks for more.
        printed: what the student's code printed meanwhile.
    """

    cause: str = ""
    message: str = ""
    place: str = ""
    detail: str = ""
    printed: str = ""


def told(check: CheckResult) -> Told:
    """What is told of a check; one that shows the mistake of a check before it says so, and no more."""
    if not check.is_told:
        return Told()
    if check.same_as:
        return Told(message=_("The same mistake as above."))
    return Told(
        f"→ {check.cause}" if check.cause else "",
        check.message,
        look_at(check),
        check.detail,
        check.printed,
    )


def told_in(exercise: ExerciseResult) -> Iterator[tuple[CheckResult, Told]]:
    """Each check of an exercise with what is told of it; a place to look at is told once."""
    places: set[str] = set()
    for check in exercise.checks:
        what = told(check)
        yield check, what._replace(place="") if what.place in places else what
        places.add(what.place)


def printed_in(exercise: ExerciseResult) -> str:
    """What to show of what was printed where no check that failed shows any: that of the first check that has some."""
    printed = [check.printed for check in exercise.checks if check.printed]
    shown = any(told(check).printed for check in exercise.checks)
    return printed[0] if printed and not shown else ""


def look_at(check: CheckResult) -> str:
    """Where in the student's file to look; empty where that is not known, or where the message says it."""
    if not check.place or check.place in check.message:
        return ""
    return _("Look at {place}.").format(place=check.place)


@contextmanager
def repeated_with(options: Sequence[str]) -> Iterator[None]:
    """While a report is written of a command with these options, they belong to the command that repeats it."""
    before = _options.set(shlex.join(options))
    try:
        yield
    finally:
        _options.reset(before)


def again(exercise: ExerciseResult) -> str:
    """A sentence with the command that repeats an exercise's grading with the same inputs."""
    template = _("With the same numbers again: grader check {name} --seed {seed}")
    return template.format(name=exercise.name, seed=_repeating(exercise))


def again_command(exercise: ExerciseResult) -> str:
    """That command alone."""
    return f"grader check {exercise.name} --seed {_repeating(exercise)}"


def _repeating(exercise: ExerciseResult) -> str:
    """The seed, and whatever else the command needs."""
    return f"{exercise.seed} {_options.get()}".rstrip()


def without(checks: Iterable[CheckResult], hidden: Collection[str]) -> list[CheckResult]:
    """The checks but for `hidden`, by name, and with nothing of these in the others.

    A mistake that one of them told is told by the first that shows it too; that one of them comes first is not said.
    """
    checks = list(checks)
    descriptions = [each.description for each in checks if each.name in hidden and each.description]
    first: dict[str, str] = {}
    shown = []
    for check in checks:
        if check.name in hidden:
            continue
        if check.same_as in hidden:
            name = first.setdefault(check.same_as, check.name)
            check = replace(check, same_as=name if name != check.name else "")
        if not check.was_tried and any(each in check.message for each in descriptions):
            check = replace(check, message="")
        shown.append(check)
    return shown
