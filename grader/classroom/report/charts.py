"""The report's charts: Vega-Lite drawings, made into SVG once, so that a browser needs no code to show them.

Colours are names of the page's own (`var(--…)`), so that they follow its light and dark theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

from .class_summary import ClassSummary
from .item_analysis import Distribution, Item
from .templating import students

SVG = "http://www.w3.org/2000/svg"
INK, SOFT, GRID = "var(--ink)", "var(--soft)", "var(--line)"
FONT = "system-ui, sans-serif"
CONFIG = {
    "background": "transparent",
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": SOFT,
        "titleColor": SOFT,
        "titleFontWeight": "normal",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "gridColor": GRID,
        "domainColor": GRID,
        "tickColor": GRID,
        "labelLimit": 260,
    },
    # the browser's letters may be wider than those that the drawing was laid out with
    "padding": {"left": 28, "right": 10, "top": 5, "bottom": 5},
    "legend": {"labelColor": SOFT, "labelFontSize": 12, "title": None, "columnPadding": 24},
}
# in a stack from left to right; the last is whatever is left: no file, or still the stub
STACK = (
    ("p", "all points", "var(--passed)"),
    ("h", "some points", "var(--partial)"),
    ("f", "no points", "var(--failed)"),
    ("e", "cannot be loaded", "var(--error)"),
    ("n", "not tried", "var(--absent)"),
)


def scores(distribution: Distribution) -> str:
    """The histogram of the scores, as SVG."""
    values = [
        {
            "bin": f"{low}–{high}" if high > low else str(low),
            "students": height,
            "tooltip": f"{low} to {high} points: {students(height)}",
        }
        for low, high, height in distribution.bins
    ]
    x = {
        "field": "bin",
        "type": "ordinal",
        "sort": None,
        "axis": {"title": "points", "labelAngle": -40 if len(values) > 10 else 0, "grid": False},
    }
    # no more ticks than students: halves of one would be shown as whole ones
    ticks = min(5, max((height for _, _, height in distribution.bins), default=1))
    y = {
        "field": "students",
        "type": "quantitative",
        "axis": {"title": "students", "tickCount": ticks, "format": "d"},
    }
    drawing = {
        "width": 520,
        "height": 200,
        "data": {"values": values},
        "mark": {"type": "bar", "color": "var(--accent)", "cornerRadiusEnd": 2},
        "encoding": {"x": x, "y": y, "description": {"field": "tooltip"}},
    }
    return _svg(
        drawing,
        f"Histogram of the scores of {students(distribution.graded)}; the table below has the numbers.",
    )


def outcomes(summary: ClassSummary) -> str:
    """A bar for each exercise, as SVG: how many students have all of its points, some, or none."""
    letters = summary.exercise_letters()
    values = []
    for number, exercise in enumerate(summary.exercises):
        column = [letter.decode("ascii") for letter in letters[:, number]]
        known = {letter: column.count(letter) for letter, _, _ in STACK[:-1]}
        counts = {**known, "n": len(column) - sum(known.values())}
        for place, (letter, word, _) in enumerate(STACK):
            values.append(
                {
                    "exercise": exercise.name,
                    "outcome": word,
                    "place": place,
                    "students": counts[letter],
                    "tooltip": f"{exercise.name}: {word}, {students(counts[letter])}",
                }
            )
    words = [word for _, word, _ in STACK]
    drawing = {
        "width": 440,
        "height": {"step": 22},
        "data": {"values": values},
        "mark": {"type": "bar"},
        "encoding": {
            "y": {
                "field": "exercise",
                "type": "nominal",
                "sort": None,
                "axis": {"title": None, "ticks": False, "domain": False},
            },
            "x": {
                "field": "students",
                "type": "quantitative",
                "axis": {
                    "title": "students",
                    "tickCount": min(6, len([*summary.graded()])),
                    "format": "d",
                },
            },
            "color": {
                "field": "outcome",
                "type": "nominal",
                "scale": {"domain": words, "range": [colour for _, _, colour in STACK]},
                "legend": {"orient": "top"},
            },
            "order": {"field": "place"},
            "description": {"field": "tooltip"},
        },
    }
    return _svg(drawing, "Outcomes by exercise; the table of the exercises has the numbers.")


def difficulty(summary: ClassSummary, items: Sequence[Item]) -> str:
    """A point for each check, as SVG: its pass rate against its discrimination; empty where none is known.

    Args:
        summary: of the class.
        items: one for each check of `summary`, in its order.
    """
    values = [
        {
            "rate": item.rate,
            "discrimination": item.discrimination.r,
            "tooltip": f"{summary.exercises[check.exercise].name}, {check.name}: {item.rate:.0%} passed, "
            f"discrimination {item.discrimination.r:.2f}",
        }
        for check, item in zip(summary.checks, items, strict=True)
        if item.discrimination and item.rate is not None
    ]
    if not values:
        return ""
    drawing = {
        "width": 640,
        "height": 260,
        "data": {"values": values},
        "mark": {"type": "circle", "size": 60, "color": "var(--accent)", "opacity": 0.75},
        "encoding": {
            "x": {
                "field": "rate",
                "type": "quantitative",
                "scale": {"domain": [0, 1]},
                "axis": {"title": "passed, of those who tried", "format": ".0%"},
            },
            "y": {
                "field": "discrimination",
                "type": "quantitative",
                "axis": {"title": "discrimination", "format": ".1f"},
            },
            "description": {"field": "tooltip"},
        },
    }
    return _svg(
        drawing, "Pass rate and discrimination of every check; the table below has the numbers."
    )


def _svg(drawing: dict[str, Any], description: str) -> str:
    """The drawing as one image with one description; a mark tells about itself under the pointer."""
    import vl_convert

    ElementTree.register_namespace("", SVG)
    svg: str = vl_convert.vegalite_to_svg({**drawing, "config": CONFIG})
    root = ElementTree.fromstring(svg)
    for element in root.iter():
        tooltip = element.attrib.get("aria-label")
        if tooltip and element.attrib.get("aria-roledescription") in ("bar", "circle"):
            title = ElementTree.Element(f"{{{SVG}}}title")
            title.text = tooltip
            element.insert(0, title)
        for name in ("role", "aria-label", "aria-roledescription", "aria-hidden"):
            element.attrib.pop(name, None)
    root.attrib.update({"role": "img", "aria-label": description})
    return ElementTree.tostring(root, encoding="unicode")
