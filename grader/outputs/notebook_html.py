"""The report as a fragment of HTML, for the place under a notebook's cell.

It is built as a tree, so that nothing that a student wrote is ever read as markup.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, tostring

from ..language import speaking
from ..report import CheckResult, ExerciseResult, Report
from .escape import cleaned
from .marks import MARKS
from .svg import figure
from .wording import again, look_at, worth


def render(report: Report) -> str:
    """HTML that takes its colours from the page, light or dark; in the report's language."""
    root = Element("div", {"class": "grader-report", "lang": report.language})
    with speaking(report.language):
        for exercise in cleaned(report).exercises:
            _exercise(root, exercise)
    return tostring(root, encoding="unicode", method="html")


def _exercise(parent: Element, exercise: ExerciseResult) -> None:
    head = SubElement(parent, "p")
    head.text = f"{MARKS[exercise.status].emoji} "
    name = SubElement(head, "b")
    name.text = f"{exercise.name}  {worth(exercise)}"
    if exercise.explanation:
        SubElement(parent, "p").text = exercise.explanation
    if not exercise.was_attempted or exercise.is_fault:
        return
    table = SubElement(parent, "table", {"style": "width: 100%; text-align: left"})
    for check in exercise.checks:
        _check(SubElement(table, "tr"), check)
    if any(check.went_wrong for check in exercise.checks):
        SubElement(parent, "p", {"style": "opacity: 0.8"}).text = again(exercise)


def _check(row: Element, check: CheckResult) -> None:
    mark = SubElement(row, "td", {"title": check.status, "style": "vertical-align: top"})
    mark.text = MARKS[check.status].emoji
    about = SubElement(row, "td", {"style": "text-align: left; width: 100%"})
    SubElement(about, "div").text = check.description
    if check.is_told:
        plain = {"style": "opacity: 0.8; white-space: pre-wrap"}
        SubElement(about, "div", plain).text = check.message
        if check.cause:
            SubElement(about, "div", {"style": "font-weight: bold"}).text = f"→ {check.cause}"
        if place := look_at(check):
            SubElement(about, "div", plain).text = place
        about.extend(map(figure, check.pictures))
    score = SubElement(row, "td", {"style": "white-space: nowrap; vertical-align: top"})
    score.text = f"{check.score}/{check.points}"
