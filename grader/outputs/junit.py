"""The report in JUnit's XML, as GitLab and most CI servers read it: a suite an exercise, a case a check.

A verdict that stands above the checks is a case of its own: a broken rule, a file that cannot be loaded or is not
there, a fault of the grader or the course. So is what no check tells, such as points that are missing because nothing
was written yet: JUnit takes a suite for passed in which nothing failed. JUnit knows no points; they stand in each
case's properties and in the suite's.
"""

from __future__ import annotations

from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from ..language import _, speaking
from ..report import CheckResult, ExerciseResult, Report
from .escape import cleaned, xml
from .wording import reason, total, verdict


class _Case(NamedTuple):
    """What a `testcase` says.

    Attributes:
        outcome: JUnit's word, `failure`, `error` or `skipped`; empty for what passed.
        kind: the status behind it.
        points: `score` and `points`; empty where they stand elsewhere.
        printed: by the student's code.
    """

    name: str
    outcome: str
    kind: str
    text: str
    seconds: float
    points: dict[str, int]
    printed: str = ""


def render(report: Report) -> str:
    """An XML document that ends in a line feed, in the report's language; without a score where there are faults."""
    with speaking(report.language):
        return _render(cleaned(report))


def _render(report: Report) -> str:
    suites = [(exercise, _cases(exercise)) for exercise in report.exercises]
    every = [case for _exercise, cases in suites for case in cases]
    root = Element("testsuites", {"name": "grader", **_counts(every)})
    for exercise, cases in suites:
        _suite(root, exercise, cases)
    summary = SubElement(root, "testsuite", {"name": "score", **_counts([])})
    scored = {} if report.faults else {"score": report.score}
    _properties(summary, **scored, max_score=report.max_score, verdict=verdict(report))
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _cases(exercise: ExerciseResult) -> list[_Case]:
    """A case a check, and before them one for the exercise where the checks do not tell all."""
    checks = [] if exercise.is_fault else [_of_check(check) for check in exercise.checks]
    text = reason(exercise)
    if not text and not exercise.has_all_points:
        if not any(case.outcome in ("failure", "error") for case in checks):
            text = f"{exercise.message} {total(exercise.score, exercise.max_score)}".strip()
    if not text:
        return checks
    # as with a check, what could not be tried is an error there, and what was not right a failure
    outcome = "error" if exercise.status in ("error", "fault") else "failure"
    name = _("the exercise as a whole")
    return [_Case(name, outcome, exercise.status, text, 0.0, {}), *checks]


def _of_check(check: CheckResult) -> _Case:
    """What gave no answer is an `error` in JUnit."""
    outcome = ""
    if not check.was_tried:
        outcome = "skipped"
    elif check.went_wrong:
        outcome = "failure" if check.status == "failed" else "error"
    text = f"{check.message}\n{check.cause}".strip()
    points = {"score": check.score, "points": check.points}
    return _Case(
        check.description, outcome, check.status, text, check.seconds, points, check.printed
    )


def _counts(cases: list[_Case]) -> dict[str, str]:
    outcomes = [case.outcome for case in cases]
    return {
        "tests": str(len(cases)),
        "failures": str(outcomes.count("failure")),
        "errors": str(outcomes.count("error")),
        "skipped": str(outcomes.count("skipped")),
        "time": f"{sum(case.seconds for case in cases):.3f}",
    }


def _suite(root: Element, exercise: ExerciseResult, cases: list[_Case]) -> None:
    name = xml(exercise.name, 120)
    suite = SubElement(root, "testsuite", {"name": name, **_counts(cases)})
    scored = {} if exercise.is_fault else {"score": exercise.score}
    _properties(
        suite,
        **scored,
        max_score=exercise.max_score,
        held_back=exercise.held_back,
        seed=exercise.seed,
    )
    for case in cases:
        about = {"classname": name, "name": xml(case.name, 200), "time": f"{case.seconds:.3f}"}
        element = SubElement(suite, "testcase", about)
        if case.points:
            _properties(element, **case.points)
        if case.outcome:
            _ending(element, case)
        if case.printed:
            SubElement(element, "system-out").text = xml(case.printed)
    if text := "\n".join(filter(None, [reason(exercise), *exercise.notes])):
        SubElement(suite, "system-out").text = xml(text, 4000)


def _ending(element: Element, case: _Case) -> None:
    """How it ended that did not pass: the first line as its message, and all of it where it was tried."""
    text = xml(case.text, 4000)
    ending = SubElement(element, case.outcome, {"message": text.split("\n", 1)[0]})
    if case.outcome != "skipped":
        ending.set("type", case.kind)
        ending.text = text


def _properties(parent: Element, **values: str | int) -> None:
    properties = SubElement(parent, "properties")
    for name, value in values.items():
        SubElement(properties, "property", {"name": name, "value": xml(str(value), 400)})
