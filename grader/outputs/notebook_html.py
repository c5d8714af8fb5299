"""The report as a fragment of HTML, for the place under a notebook's cell.

It is built as a tree, so that nothing that a student wrote is ever read as markup.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, tostring

from ..language import _, speaking
from ..report import CheckResult, ExerciseResult, Report
from .escape import shown
from .svg import figure
from .wording import AGAIN, LOOK_AT

_MARKS = {
    "passed": "✅",
    "partial": "◐",
    "failed": "❌",
    "timeout": "⏳",
    "error": "⚠️",
    "missing": "❔",
    "not_started": "⬜",
    "not_attempted": "⬜",
    "not_reached": "➖",
    "skipped": "➖",
}
_TOLD = ("failed", "timeout", "error", "skipped")


def render(report: Report) -> str:
    """HTML that takes its colours from the page, light or dark; in the report's language."""
    root = Element("div", {"class": "grader-report", "lang": report.language})
    with speaking(report.language):
        for exercise in shown(report).exercises:
            _exercise(root, exercise)
    return tostring(root, encoding="unicode", method="html")


def _exercise(parent: Element, exercise: ExerciseResult) -> None:
    head = SubElement(parent, "p")
    head.text = f"{_MARKS[exercise.status]} "
    name = SubElement(head, "b")
    name.text = f"{exercise.name}  {exercise.score}/{exercise.max_score}"
    if exercise.message and exercise.status != "passed":
        SubElement(parent, "p").text = exercise.message
    for violation in exercise.violations:
        told = _("line {line}: {message}")
        told = told.format(line=violation.line, message=violation.message)
        SubElement(parent, "p").text = told
    if exercise.status in ("missing", "not_attempted"):
        return
    table = SubElement(parent, "table", {"style": "width: 100%; text-align: left"})
    for check in exercise.checks:
        _check(SubElement(table, "tr"), check)
    if any(check.status in ("failed", "timeout") for check in exercise.checks):
        again = SubElement(parent, "p", {"style": "opacity: 0.8"})
        again.text = _(AGAIN).format(name=exercise.name, seed=exercise.seed)


def _check(row: Element, check: CheckResult) -> None:
    mark = SubElement(row, "td", {"title": check.status, "style": "vertical-align: top"})
    mark.text = _MARKS[check.status]
    told = SubElement(row, "td", {"style": "text-align: left; width: 100%"})
    SubElement(told, "div").text = check.description
    if check.status in _TOLD:
        plain = {"style": "opacity: 0.8; white-space: pre-wrap"}
        SubElement(told, "div", plain).text = check.message
        if check.cause:
            SubElement(told, "div", {"style": "font-weight: bold"}).text = f"→ {check.cause}"
        if check.place:
            SubElement(told, "div", plain).text = _(LOOK_AT).format(place=check.place)
        for picture in check.pictures:
            told.append(figure(picture))
    score = SubElement(row, "td", {"style": "white-space: nowrap; vertical-align: top"})
    score.text = f"{check.score}/{check.points}"
