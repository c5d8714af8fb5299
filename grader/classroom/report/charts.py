"""The report's charts: the scores, the outcomes of each exercise, and how hard the checks were."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from xml.etree.ElementTree import Element

from .class_summary import ClassSummary
from .drawing import (
    ACCENT,
    Scale,
    along,
    drawing,
    group,
    shape,
    shortened,
    ticks,
    up,
    width_of,
    words,
    written,
)
from .item_analysis import Distribution, Item
from .templating import students

# in a stack from left to right; the last is whatever is left: no file, or still the stub
STACK = (
    ("p", "all points", "var(--passed)"),
    ("h", "some points", "var(--partial)"),
    ("f", "no points", "var(--failed)"),
    ("e", "cannot be loaded", "var(--error)"),
    ("n", "not tried", "var(--absent)"),
)
_LEFT, _TOP, _RIGHT = 56, 8, 10
_UNDER = 46  # an axis's labels and title
_MOST_TICKS = 5
_FEW_BINS = 10  # more have their labels turned
_ROW, _BAR = 22, 18
_NAMES = 260  # an exercise's name is cut at this width


def scores(distribution: Distribution) -> str:
    """The histogram of the scores, as SVG."""
    bins, width, bottom = distribution.bins, 520, _TOP + 200
    turned = len(bins) > _FEW_BINS
    image = drawing(
        _LEFT + width + _RIGHT,
        bottom + _UNDER + 24 * turned,
        f"Histogram of the scores of {students(distribution.graded)}; the table below has the numbers.",
    )
    counts = ticks(0, max((height for _, _, height in bins), default=1) or 1, _MOST_TICKS)
    heights = Scale(0, counts[-1], bottom, _TOP)
    up(image, heights, _numbers(counts), _LEFT, _LEFT + width, "students")
    band = width / max(1, len(bins))
    _bars(group(image), distribution, heights, band)
    axis = group(image)
    for place, (low, high, _) in enumerate(bins):
        label = f"{low}–{high}" if high > low else str(low)
        x, anchor = _LEFT + (place + 0.5) * band, "end" if turned else "middle"
        words(axis, x, bottom + 16, label, anchor, -40 * turned)
    words(axis, _LEFT + width / 2, bottom + 36 + 24 * turned, "points")
    return written(image)


def outcomes(summary: ClassSummary) -> str:
    """A bar for each exercise, as SVG: how many students have all of its points, some, or none."""
    names = [shortened(each.name, _NAMES) for each in summary.exercises]
    left = 20 + max(map(width_of, names), default=0)
    top, width = 28, 440
    bottom = top + _ROW * len(names)
    legend = sum(_entry(word) for _, word, _ in STACK)
    image = drawing(
        max(left + width, legend) + 2 * _RIGHT,
        bottom + _UNDER,
        "Outcomes by exercise; the table of the exercises has the numbers.",
    )
    counts = ticks(0, len([*summary.graded()]) or 1, _MOST_TICKS)
    across = Scale(0, counts[-1], left, left + width)
    along(image, across, _numbers(counts), top, bottom, "students")
    _key(group(image))
    axis, bars = group(image), group(image)
    letters = summary.exercise_letters()
    for number, exercise in enumerate(summary.exercises):
        y = top + number * _ROW
        words(axis, left - 6, y + 15, names[number], "end")
        counts = _outcomes_of([letter.decode("ascii") for letter in letters[:, number]])
        _stack(bars, exercise.name, counts, across, y + 2)
    return written(image)


def difficulty(summary: ClassSummary, items: Sequence[Item]) -> str:
    """A point for each check, as SVG: its pass rate against its discrimination; empty where none is known.

    Args:
        summary: of the class.
        items: one for each check of `summary`, in its order.
    """
    known = [
        (
            f"{summary.exercises[check.exercise].name}, {check.name}",
            item.rate,
            item.discrimination.r,
        )
        for check, item in zip(summary.checks, items, strict=True)
        if item.discrimination and item.rate is not None
    ]
    if not known:
        return ""
    bottom, right = _TOP + 260, _LEFT + 640
    image = drawing(
        right + 2 * _RIGHT,
        bottom + _UNDER,
        "Pass rate and discrimination of every check; the table below has the numbers.",
    )
    tenths = [10 * r for _, _, r in known]
    rows = ticks(min(0, math.floor(min(tenths))), max(1, math.ceil(max(tenths))), _MOST_TICKS)
    strength = Scale(rows[0] / 10, rows[-1] / 10, bottom, _TOP)
    up(image, strength, {n / 10: f"{n / 10:.1f}" for n in rows}, _LEFT, right, "discrimination")
    shares = Scale(0, 1, _LEFT, right)
    labels = {n / 100: f"{n}%" for n in range(0, 101, 10)}
    along(image, shares, labels, _TOP, bottom, "passed, of those who tried")
    points = group(image)
    for name, rate, r in known:
        told = f"{name}: {rate:.0%} passed, discrimination {r:.2f}"
        place = {"cx": shares.at(rate), "cy": strength.at(r)}
        shape(points, "circle", told, **place, r=4.4, fill=ACCENT, opacity=0.75)
    return written(image)


def _bars(into: Element, distribution: Distribution, heights: Scale, band: float) -> None:
    """The histogram's bars, each in a band of that width."""
    for place, (low, high, height) in enumerate(distribution.bins):
        y = heights.at(height)
        size = {"width": round(band * 0.9, 2), "height": round(heights.start - y, 2)}
        x = round(_LEFT + (place + 0.05) * band, 2)
        told = f"{low} to {high} points: {students(height)}"
        shape(into, "rect", told, x=x, y=y, rx=2, fill=ACCENT, **size)


def _numbers(counts: Sequence[int]) -> dict[float, str]:
    """What stands at the ticks of an axis that counts."""
    return {count: f"{count:,}" for count in counts}


def _outcomes_of(letters: Sequence[str]) -> list[int]:
    """How many students have each outcome of `STACK`."""
    known = [letters.count(letter) for letter, _, _ in STACK[:-1]]
    return [*known, len(letters) - sum(known)]


def _stack(into: Element, name: str, counts: Sequence[int], across: Scale, y: float) -> None:
    """An exercise's bar: from left to right, the students of each outcome."""
    starts = accumulate(counts, initial=0)
    for (_, word, colour), count, start in zip(STACK, counts, starts, strict=False):
        x, end = across.at(start), across.at(start + count)
        told = f"{name}: {word}, {students(count)}"
        shape(into, "rect", told, x=x, y=y, width=round(end - x, 2), height=_BAR, fill=colour)


def _key(into: Element) -> None:
    """What the colours stand for, above the bars."""
    x = 0.0
    for _, word, colour in STACK:
        shape(into, "rect", x=x, y=4, width=12, height=12, fill=colour)
        words(into, x + 18, 14, word, "start")
        x += _entry(word)


def _entry(word: str) -> float:
    """How wide a word of the key is, with its colour and the gap after it."""
    return 36 + width_of(word)
