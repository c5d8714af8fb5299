"""What the report's charts are drawn with: shapes, words and axes in SVG, so that a browser needs no code to show them.

Colours are names of the page's own (`var(--…)`), so that they follow its light and dark theme. Nothing has a `style`:
the page's Content-Security-Policy allows none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from unicodedata import east_asian_width
from xml.etree.ElementTree import Element, SubElement, tostring

SVG = "http://www.w3.org/2000/svg"
SOFT, GRID, ACCENT = "var(--soft)", "var(--line)", "var(--accent)"
FONT = "system-ui, sans-serif"
LETTER, WIDE_LETTER = 6.6, 12.0  # mean widths at 12 pixels; the browser's font may be another
_GAP = 6


@dataclass(frozen=True)
class Scale:
    """Where the values from `low` to `high` lie, from the pixel `start` to the pixel `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The pixel of a value."""
        share = (value - self.low) / ((self.high - self.low) or 1)
        return round(self.start + share * (self.end - self.start), 2)


def drawing(width: float, height: float, description: str) -> Element:
    """An image without anything in it; to whoever does not see it, it is the description."""
    size = {"viewBox": f"0 0 {width:g} {height:g}", "width": f"{width:g}", "height": f"{height:g}"}
    told = {"role": "img", "aria-label": description}
    return Element("svg", {"xmlns": SVG, **size, **told, "font-family": FONT, "font-size": "12"})


def group(into: Element) -> Element:
    """What belongs together."""
    return SubElement(into, "g")


def shape(into: Element, kind: str, tooltip: str = "", **attributes: float | str) -> None:
    """A `rect` or a `circle`; under the pointer it tells about itself."""
    given = {name: str(value) for name, value in attributes.items()}
    made = SubElement(into, kind, given)
    if tooltip:
        SubElement(made, "title").text = tooltip


def words(
    into: Element, x: float, y: float, text: str, anchor: str = "middle", turned: int = 0
) -> None:
    """Text whose `anchor` (`start`, `middle` or `end`) is at x, on the baseline y, turned by so many degrees."""
    place = {"x": f"{x:g}", "y": f"{y:g}", "text-anchor": anchor, "fill": SOFT}
    if turned:
        place["transform"] = f"rotate({turned} {x:g} {y:g})"
    SubElement(into, "text", place).text = text


def width_of(text: str) -> float:
    """About how wide a text is."""
    return sum(WIDE_LETTER if east_asian_width(each) in "WF" else LETTER for each in text)


def shortened(text: str, width: float) -> str:
    """The text, or as much of it as is about that wide."""
    if width_of(text) <= width:
        return text
    while text and width_of(text) > width - LETTER:
        text = text[:-1]
    return text + "…"


def ticks(low: int, high: int, most: int) -> list[int]:
    """At most `most` + 1 whole numbers around `low` and `high`; their step is 1, 2 or 5 times a power of ten."""
    step = 1
    while -(-high // step) - low // step > most:
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2
    return list(range(low // step * step, -(-high // step) * step + 1, step))


def up(
    into: Element, scale: Scale, labels: Mapping[float, str], left: float, right: float, title: str
) -> None:
    """The axis at the left: a line across for each label, and the title beside them, turned."""
    axis = group(into)
    for value, label in labels.items():
        y = f"{scale.at(value):g}"
        SubElement(
            axis, "line", {"x1": f"{left:g}", "x2": f"{right:g}", "y1": y, "y2": y, "stroke": GRID}
        )
        words(axis, left - _GAP, scale.at(value) + 4, label, "end")
    beside = left - 3 * _GAP - max(map(width_of, labels.values()))
    words(axis, beside, (scale.start + scale.end) / 2, title, turned=-90)


def along(
    into: Element, scale: Scale, labels: Mapping[float, str], top: float, bottom: float, title: str
) -> None:
    """The axis at the bottom: a line up for each label, and the title under them."""
    axis = group(into)
    for value, label in labels.items():
        x = f"{scale.at(value):g}"
        SubElement(
            axis, "line", {"x1": x, "x2": x, "y1": f"{top:g}", "y2": f"{bottom:g}", "stroke": GRID}
        )
        words(axis, scale.at(value), bottom + 16, label)
    words(axis, (scale.start + scale.end) / 2, bottom + 36, title)


def written(image: Element) -> str:
    """The image as HTML takes it."""
    return tostring(image, encoding="unicode")
