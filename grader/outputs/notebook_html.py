"""The report as a fragment of HTML, for the place under a notebook's cell.

It is built as a tree, so that nothing that a student wrote is ever read as markup. Notebooks have styles of their own
for tables, which draw some of them 0 pixels wide: so there is none. Colours are such as can be read on a light and on a
dark page, and the marks are in fonts that have no emoji.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, tostring

from ..language import _, speaking
from ..report import CheckResult, ExerciseResult, Report
from .escape import cleaned
from .marks import MARKS
from .svg import figure
from .wording import Told, again, printed_in, told_in, worth

_COLOURS = {
    "green": "#2e9f45",
    "red": "#e5534b",
    "yellow": "#b8860b",
    "magenta": "#c05fd0",
    "dim": "#888888",
}
_STYLES = {
    "row": "display: flex; gap: 0.6em; align-items: baseline; margin: 0.25em 0; text-align: left",
    "mark": "flex: 0 0 1.2em; text-align: center; font-weight: bold; "
    "font-family: 'DejaVu Sans', 'Segoe UI Symbol', 'Apple Symbols', 'Noto Sans Symbols 2', sans-serif; ",
    "head": "font-weight: bold; ",
    "about": "flex: 1 1 0; min-width: 0; overflow-wrap: anywhere",
    "score": "flex: none; white-space: nowrap",
    "plain": "opacity: 0.8; white-space: pre-wrap",
    "strong": "font-weight: bold; white-space: pre-wrap",
    "printed": "margin: 0.2em 0; padding: 0 0.6em; border-left: 3px solid #888888; white-space: pre-wrap; "
    "overflow-wrap: anywhere; background: none; color: inherit",
}


def render(report: Report, examples: Mapping[str, str] | None = None) -> str:
    """HTML that takes its colours from the page, light or dark; in the report's language.

    Args:
        examples: the name of an exercise → Python that shows what is wrong, to be unfolded.
    """
    root = Element("div", {"class": "grader-report", "lang": report.language})
    with speaking(report.language):
        for exercise in cleaned(report).exercises:
            _exercise(root, exercise)
            if script := (examples or {}).get(exercise.name):
                fold = SubElement(root, "details")
                SubElement(fold, "summary").text = _("Try it: Python that shows what is wrong")
                SubElement(fold, "pre", {"style": _STYLES["printed"]}).text = script
    return tostring(root, encoding="unicode", method="html")


def _exercise(parent: Element, exercise: ExerciseResult) -> None:
    head = SubElement(parent, "p")
    _mark(head, exercise.status, _STYLES["head"]).tail = " "
    SubElement(head, "b").text = f"{exercise.name}  {worth(exercise)}"
    if exercise.explanation:
        _coded(SubElement(parent, "p", {"style": "white-space: pre-wrap"}), exercise.explanation)
    if not exercise.was_attempted or exercise.is_fault:
        return
    for check, what in told_in(exercise):
        _check(SubElement(parent, "div", {"style": _STYLES["row"]}), check, what)
    if printed := printed_in(exercise):
        _printed(parent, printed)
    if any(check.went_wrong for check in exercise.checks):
        SubElement(parent, "p", {"style": "opacity: 0.8"}).text = again(exercise)


def _check(row: Element, check: CheckResult, what: Told) -> None:
    _mark(row, check.status, _STYLES["mark"])
    about = SubElement(row, "div", {"style": _STYLES["about"]})
    _coded(SubElement(about, "div"), check.description)
    for text, style in (
        (what.cause, _STYLES["strong"]),
        (what.message, _STYLES["plain"]),
        (what.place, _STYLES["plain"]),
    ):
        if text:
            _coded(SubElement(about, "div", {"style": style}), text)
    if what.printed:
        _printed(about, what.printed)
    if what.message and not check.same_as:
        about.extend(map(figure, check.pictures))
    SubElement(row, "div", {"style": _STYLES["score"]}).text = f"{check.score}/{check.points}"


def _mark(parent: Element, status: str, style: str) -> Element:
    mark = MARKS[status]
    colour = _COLOURS[mark.style]
    made = SubElement(parent, "span", {"title": status, "style": f"{style}color: {colour}"})
    made.text = mark.text
    return made


def _printed(parent: Element, text: str) -> None:
    SubElement(parent, "div", {"style": _STYLES["plain"]}).text = _("Your code printed:")
    SubElement(parent, "pre", {"style": _STYLES["printed"]}).text = text


def _coded(element: Element, text: str) -> None:
    """Gives an element its text; what stands in backticks is code."""
    parts = re.split(r"`([^`\n]+)`", text)
    element.text = parts[0]
    for code, after in zip(parts[1::2], parts[2::2], strict=True):
        made = SubElement(element, "code")
        made.text, made.tail = code, after
