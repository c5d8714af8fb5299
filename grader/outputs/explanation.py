"""What went wrong in one exercise, for a tutor, human or not: data by `grader/explanation.schema.json`, and a text.

It is a function of a report and of the calls beside it. Nothing of the solution is in it: a check's own lines, what the
student's code gave, and what a check that students see expected there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..language import _, speaking
from ..report import CheckResult, ExerciseResult, FailedCall, Report
from .escape import cleaned_exercise
from .marks import MARKS
from .wording import again, again_command, told, worth

SCHEMA = 1
_INDENT = "    "


def data_of(
    report: Report, calls: Mapping[str, FailedCall], hints: Sequence[str] = ()
) -> dict[str, Any]:
    """The explanation of a report's first exercise.

    Args:
        calls: what its checks that are wrong had asked, by their names.
        hints: those that may be told.
    """
    exercise = report.exercises[0]
    with speaking(report.language):
        return {
            "schema": SCHEMA,
            "language": report.language,
            "exercise": exercise.name,
            "title": exercise.title,
            "status": exercise.status,
            "score": None if exercise.is_fault else exercise.score,
            "max_score": exercise.max_score,
            "held_back": exercise.held_back,
            "message": exercise.message,
            "notes": list(exercise.notes),
            "failures": [_failure(check, calls.get(check.name)) for check in _wrong(exercise)],
            "not_run": [
                _asked(check) | {"status": check.status, "message": check.message}
                for check in exercise.checks
                if not check.was_tried
            ],
            "passed": [_asked(check) for check in exercise.checks if check.status == "passed"],
            "rules": [
                {
                    "line": broken.line,
                    "rule": broken.rule,
                    "message": broken.message,
                    "checks": list(broken.checks),
                }
                for broken in exercise.violations
            ],
            "hints": list(hints),
            "seed": exercise.seed,
            "again": again_command(exercise),
        }


def _wrong(exercise: ExerciseResult) -> Iterator[CheckResult]:
    return (check for check in exercise.checks if check.went_wrong)


def _asked(check: CheckResult) -> dict[str, Any]:
    return {"check": check.name, "asked": check.description}


def _failure(check: CheckResult, call: FailedCall | None) -> dict[str, Any]:
    difference = call.difference if call else None
    return _asked(check) | {
        "status": check.status,
        "points": check.points,
        "message": check.message,
        "cause": check.cause,
        "cause_id": check.cause_id,
        "same_as": check.same_as,
        "look_at": _place(check.place),
        "printed": check.printed,
        "cases": [
            {"device": case.device, "dtype": case.dtype}
            for case in check.cases
            if case.status == check.status
        ],
        "call": _call(call) if call else None,
        "difference": vars(difference).copy() if difference else None,
    }


def _call(call: FailedCall) -> dict[str, Any]:
    return {
        "expression": call.expression,
        "probe": call.probe,
        "inputs": [vars(each).copy() for each in call.inputs],
        "device": call.device,
        "script": call.script,
        "runs": call.runs,
    }


def _place(place: str) -> dict[str, Any] | None:
    """A place in its parts; a report has it in words."""
    if not place:
        return None
    before, _file, after = _("{file}, line {line}").partition("{file}")
    words = re.escape(after).replace(re.escape("{line}"), r"(?P<line>\d+)")
    found = re.fullmatch(f"{re.escape(before)}(?P<file>.+){words}", place)
    if found is None:
        return {"place": place, "file": place, "line": None}
    return {"place": place, "file": found["file"], "line": int(found["line"])}


def text_of(report: Report, calls: Mapping[str, FailedCall], hints: Sequence[str] = ()) -> str:
    """The same for a person: what of it helps to understand each mistake, which is told once."""
    with speaking(report.language):
        return "\n".join([*_lines(cleaned_exercise(report.exercises[0]), calls, hints), ""])


def _lines(
    exercise: ExerciseResult, calls: Mapping[str, FailedCall], hints: Sequence[str]
) -> Iterator[str]:
    mark = MARKS[exercise.status].text
    yield f"{mark} {exercise.name}  {worth(exercise)}  {exercise.title}"
    if exercise.explanation:
        yield from _indented(exercise.explanation)
    for check in _wrong(exercise) if exercise.could_be_graded else ():
        yield ""
        yield f"{MARKS[check.status].text} {check.description}"
        what = told(check)
        for part in (what.cause, what.message, what.place):
            yield from _indented(part)
        if not check.same_as and (call := calls.get(check.name)):
            yield from _called(call)
        if what.printed:
            yield from _indented(_("Your code printed:"))
            yield from _indented(what.printed, f"{_INDENT}│ ")
    if hints and not exercise.has_all_points:
        yield ""
        yield _("Hints, from a nudge to the way:")
        for number, hint in enumerate(hints, 1):
            yield from _indented(f"{number}. {hint}")
    if any(_wrong(exercise)):
        yield ""
        yield again(exercise)


def _called(call: FailedCall) -> Iterator[str]:
    """The call alone; what else it takes to run it, `grader try` and the data have."""
    yield from _indented(_("What was called:"))
    lines = [*call.probe.splitlines(), *([""] if call.probe else [])]
    lines += [f"{each.name} = {each.value or f'…  # {each.form}'}" for each in call.inputs]
    yield from _indented("\n".join([*lines, call.expression]), f"{_INDENT}│ ")


def _indented(text: str, indent: str = _INDENT) -> list[str]:
    return [f"{indent}{line}".rstrip() for line in text.splitlines()]
