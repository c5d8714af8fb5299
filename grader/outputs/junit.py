"""The report in JUnit's XML, as GitLab and most CI servers read it: a suite an exercise, a case a check.

JUnit knows no points; they stand in each case's properties and in the suite's.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from ..report import CheckResult, ExerciseResult, Report
from .escape import shown, xml
from .wording import verdict

_SKIPPED = ("not_started", "not_reached", "skipped")
_BROKEN = ("error", "timeout")


def render(report: Report) -> str:
    """An XML document that ends in a line feed."""
    report = shown(report)
    root = Element("testsuites", {"name": "grader", **_counts(_all_checks(report))})
    for exercise in report.exercises:
        _suite(root, exercise)
    summary = SubElement(root, "testsuite", {"name": "score", **_counts(())})
    _properties(summary, score=report.score, max_score=report.max_score, verdict=verdict(report))
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _all_checks(report: Report) -> tuple[CheckResult, ...]:
    return tuple(check for exercise in report.exercises for check in exercise.checks)


def _counts(checks: tuple[CheckResult, ...]) -> dict[str, str]:
    states = [check.status for check in checks]
    return {
        "tests": str(len(checks)),
        "failures": str(states.count("failed")),
        "errors": str(sum(state in _BROKEN for state in states)),
        "skipped": str(sum(state in _SKIPPED for state in states)),
        "time": f"{sum(check.seconds for check in checks):.3f}",
    }


def _suite(root: Element, exercise: ExerciseResult) -> None:
    name = xml(exercise.name, 120)
    suite = SubElement(root, "testsuite", {"name": name, **_counts(exercise.checks)})
    _properties(
        suite,
        score=exercise.score,
        max_score=exercise.max_score,
        held_back=exercise.held_back,
        seed=exercise.seed,
    )
    for check in exercise.checks:
        about = {"classname": name, "name": xml(check.description, 200)}
        case = SubElement(suite, "testcase", {**about, "time": f"{check.seconds:.3f}"})
        _properties(case, score=check.score, points=check.points)
        told = xml(f"{check.message}\n{check.cause}".strip(), 4000)
        first = told.split("\n", 1)[0]
        if check.status == "failed":
            SubElement(case, "failure", {"message": first, "type": "failed"}).text = told
        elif check.status in _BROKEN:
            SubElement(case, "error", {"message": first, "type": check.status}).text = told
        elif check.status in _SKIPPED:
            SubElement(case, "skipped", {"message": first})
    notes = [exercise.message] if exercise.status == "error" else []
    notes += [f"line {each.line}: {each.message}" for each in exercise.violations]
    if notes:
        SubElement(suite, "system-out").text = xml("\n".join(notes), 4000)


def _properties(parent: Element, **values: str | int) -> None:
    properties = SubElement(parent, "properties")
    for name, value in values.items():
        SubElement(properties, "property", {"name": name, "value": xml(str(value), 400)})
