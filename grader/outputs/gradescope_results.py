"""The report as Gradescope's `results.json`: a test a check, and the total on top, so that no sum has to match.

Checks that the assignment keeps back come as one test an exercise, shown when the grades are published; their
details are in the standard output, which only the instructor sees.

A report with faults has neither a score nor tests. Gradescope wants one of the two, and tells whoever handed in that
the autograder failed, which is so; an instructor can have it run again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from ..language import _, speaking
from ..report import CheckResult, ExerciseResult, Report
from ..text import clean
from .escape import cleaned
from .wording import again_command, kept_back, no_score, told, without

_NOTHING: frozenset[str] = frozenset()


def render(report: Report, hidden: Mapping[str, Collection[str]] | None = None) -> str:
    """`results.json`, in the report's language.

    Args:
        hidden: by exercise, the names of the checks that students are not to see.
    """
    with speaking(report.language):
        return _render(report, hidden or {})


def _render(report: Report, hidden: Mapping[str, Collection[str]]) -> str:
    report = cleaned(report)
    data: dict[str, Any] = {
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
    }
    if report.faults:
        data |= {"output": _faults(report, hidden), "extra_data": {"status": "error"}}
    else:
        data |= {
            "score": report.score,
            "output": _head(report, bool(hidden)),
            "tests": _tests(report, hidden),
            "extra_data": {"max_score": report.max_score},
        }
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _faults(report: Report, hidden: Mapping[str, Collection[str]]) -> str:
    """What was not graded and why; where it may be a check that is kept back, the instructor alone reads why."""
    lines = [no_score(report)]
    lines += [f"{each.name}: {each.message}" for each in report.faults if not hidden.get(each.name)]
    return clean("\n".join(lines), 4000)


def _tests(report: Report, hidden: Mapping[str, Collection[str]]) -> list[dict[str, Any]]:
    tests = []
    for number, exercise in enumerate(report.exercises, 1):
        names = hidden.get(exercise.name, _NOTHING)
        public = without(exercise.checks, names)
        tests += [
            _test(exercise, check, f"{number}.{index}") for index, check in enumerate(public, 1)
        ]
        back = [check for check in exercise.checks if check.name in names]
        if back:
            tests.append(_together(exercise, back, f"{number}.{len(public) + 1}"))
    return tests


def _head(report: Report, hidden: bool) -> str:
    """What the student reads first: the exercises that are not there or could not be graded, and why; notes."""
    lines = [
        f"{exercise.name}: {exercise.message}"
        for exercise in report.exercises
        if not exercise.could_be_graded
    ]
    lines += [
        f"{exercise.name}: {note}" for exercise in report.exercises for note in exercise.notes
    ]
    if hidden:
        lines.append(
            _("Some checks are kept back; their points show when the grades are published.")
        )
    elif report.held_back:
        lines.append(kept_back(report.held_back))
    return clean("\n".join(lines), 4000)


def _test(exercise: ExerciseResult, check: CheckResult, number: str) -> dict[str, Any]:
    what = told(check)
    lines = [what.cause, what.message or check.message, what.place]
    if what.printed:
        lines += [_("Your code printed:"), what.printed]
    if check.is_told:
        lines.append(_("To repeat it: {again}").format(again=again_command(exercise)))
    return {
        "number": number,
        "name": clean(f"{exercise.name}: {check.description}", 200),
        "name_format": "text",
        "score": check.score,
        "max_score": check.points,
        "status": "passed" if check.is_earned else "failed",
        "output": clean("\n".join(line for line in lines if line), 4500),
        "output_format": "text",
        "visibility": "visible",
        "tags": [clean(exercise.name, 120), check.status],
    }


def _together(exercise: ExerciseResult, checks: list[CheckResult], number: str) -> dict[str, Any]:
    """Nothing of a hidden check but its points."""
    score, points = sum(each.score for each in checks), sum(each.points for each in checks)
    return {
        "number": number,
        "name": clean(_("{name}: checks that were kept back").format(name=exercise.name), 200),
        "name_format": "text",
        "score": score,
        "max_score": points,
        "status": "passed" if score == points else "failed",
        "output": "",
        "output_format": "text",
        "visibility": "after_published",
        "tags": [clean(exercise.name, 120)],
    }
