"""The report in JUnit's XML, as GitLab and most CI servers read it: a suite an exercise, a case a check.

JUnit knows no points; they stand in each case's properties and in the suite's.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from ..report import CheckResult, ExerciseResult, Report
from .escape import cleaned, xml
from .wording import verdict


def render(report: Report) -> str:
    """An XML document that ends in a line feed."""
    report = cleaned(report)
    root = Element("testsuites", {"name": "grader", **_counts(tuple(report.checks))})
    for exercise in report.exercises:
        _suite(root, exercise)
    summary = SubElement(root, "testsuite", {"name": "score", **_counts(())})
    _properties(summary, score=report.score, max_score=report.max_score, verdict=verdict(report))
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _outcome(check: CheckResult) -> str:
    """JUnit's word: what gave no answer is an `error` there, as is what we are to blame for; empty for what passed."""
    if not check.was_tried:
        return "skipped"
    if not check.went_wrong:
        return ""
    return "failure" if check.status == "failed" else "error"


def _counts(checks: tuple[CheckResult, ...]) -> dict[str, str]:
    outcomes = list(map(_outcome, checks))
    return {
        "tests": str(len(checks)),
        "failures": str(outcomes.count("failure")),
        "errors": str(outcomes.count("error")),
        "skipped": str(outcomes.count("skipped")),
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
        if outcome := _outcome(check):
            text = xml(f"{check.message}\n{check.cause}".strip(), 4000)
            ending = SubElement(case, outcome, {"message": text.split("\n", 1)[0]})
            if check.was_tried:
                ending.set("type", check.status)
                ending.text = text
    notes = [exercise.message] if exercise.status == "error" else []
    notes += [f"line {each.line}: {each.message}" for each in exercise.violations]
    if notes:
        SubElement(suite, "system-out").text = xml("\n".join(notes), 4000)


def _properties(parent: Element, **values: str | int) -> None:
    properties = SubElement(parent, "properties")
    for name, value in values.items():
        SubElement(properties, "property", {"name": name, "value": xml(str(value), 400)})
