"""A `Picture` as inline SVG, for the notebook and for web pages.

It is built as a tree of elements from numbers alone, so that nothing that a student wrote is read as markup, and takes
the colour of its lines from the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement

from ..language import _
from ..report import Picture

_CELL = 14
_WIDTH, _HEIGHT, _MARGIN = 240.0, 100.0, 6.0
_TOO_LARGE, _TOO_SMALL = "#d55e00", "#0072b2"  # told apart by the colour-blind too
_MOST_ROWS, _MOST_POINTS = 16, 100  # of a report that someone else may have written

Row = Sequence[float | None]


def figure(picture: Picture) -> Element:
    """A `figure` element: the drawing and a caption."""
    root = Element("figure", {"style": "margin: 0.5em 0"})
    rows = [row[:_MOST_POINTS] for row in picture.rows[:_MOST_ROWS]]
    if picture.kind == "error":
        _heat_map(root, rows)
        caption = _("The error of {what}, shape {shape}; orange is too large, blue too small.")
    else:
        _curves(root, rows)
        caption = _("The losses, step by step: yours in orange, the reference's dashed.")
    line = SubElement(root, "figcaption", {"style": "font-size: 85%; opacity: 0.8"})
    line.text = caption.format(what=picture.title, shape=_shape(picture.shape))
    return root


def _shape(shape: Sequence[int]) -> str:
    return f"({shape[0]},)" if len(shape) == 1 else f"({', '.join(map(str, shape))})"


def _drawing(root: Element, width: float, height: float) -> Element:
    size = {"width": f"{width:g}", "height": f"{height:g}"}
    box = {"viewBox": f"0 0 {width:g} {height:g}", "role": "img"}
    return SubElement(root, "svg", {"xmlns": "http://www.w3.org/2000/svg"} | size | box)


def _heat_map(root: Element, rows: Sequence[Row]) -> None:
    largest = max((abs(value) for row in rows for value in row if value is not None), default=0.0)
    columns = max(map(len, rows), default=0)
    svg = _drawing(root, _CELL * columns, _CELL * len(rows))
    for y, row in enumerate(rows):
        for x, value in enumerate(row):
            known = value is not None
            share = abs(value or 0.0) / largest if known and largest else float(not known)
            colour = (_TOO_LARGE if (value or 0.0) > 0 else _TOO_SMALL) if known else "#000"
            place = {"x": str(_CELL * x), "y": str(_CELL * y)}
            look = {"fill": colour, "fill-opacity": f"{share:.2f}", "stroke": "currentColor"}
            size = {"width": str(_CELL), "height": str(_CELL), "stroke-opacity": "0.2"}
            cell = SubElement(svg, "rect", place | size | look)
            SubElement(cell, "title").text = f"{value:g}" if value is not None else _("not finite")


def _curves(root: Element, rows: Sequence[Row]) -> None:
    values = [value for row in rows for value in row if value is not None]
    low, high = min(values, default=0.0), max(values, default=1.0)
    most = max(map(len, rows), default=1)
    svg = _drawing(root, _WIDTH, _HEIGHT)

    def point(index: int, value: float) -> str:
        x = _MARGIN + (_WIDTH - 2 * _MARGIN) * (index / (most - 1) if most > 1 else 0.5)
        y = _MARGIN + (_HEIGHT - 2 * _MARGIN) * ((high - value) / (high - low or 1.0))
        return f"{x:.1f},{y:.1f}"

    looks = (
        {"stroke": _TOO_LARGE, "stroke-width": "2"},
        {"stroke": "currentColor", "stroke-dasharray": "4 3"},
    )
    for row, look in zip(rows, looks, strict=False):
        points = [point(i, value) for i, value in enumerate(row) if value is not None]
        SubElement(svg, "polyline", {"points": " ".join(points), "fill": "none"} | look)
        for one in points:
            x, y = one.split(",")
            dot = {"cx": x, "cy": y, "r": "2.5", "fill": look["stroke"]}
            SubElement(svg, "circle", dot)
