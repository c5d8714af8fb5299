"""How hard the exercises and checks were, and whether strong students pass them: classical item analysis.

**Discrimination** is the corrected item–total correlation: Pearson's r between the points of a check (0 or all of
them: then r is the point-biserial coefficient) and the student's points in all the rest. Without the correction a
check would partly be correlated with itself (Henrysson, "Correction of item-total correlations in item analysis",
Psychometrika 28, 1963; Crocker and Algina, "Introduction to Classical and Modern Test Theory", 1986, chapter 14).
Below 0.2 is commonly called poor, from 0.4 on very good (Ebel and Frisbie, "Essentials of Educational Measurement",
1991, chapter 13). Its 95 % interval is Fisher's: tanh(artanh r ± 1.96 / √(n − 3)).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .class_summary import ClassSummary

FEWEST = 10  # below this many students a correlation says nothing
POOR, GOOD = 0.2, 0.4


@dataclass(frozen=True)
class Discrimination:
    """A correlation between −1 and 1, and its 95 % interval."""

    r: float
    low: float
    high: float

    @property
    def word(self) -> str:
        """What it is commonly called (Ebel and Frisbie)."""
        if self.r < 0:
            return "negative"
        return "poor" if self.r < POOR else "very good" if self.r >= GOOD else "fair"


@dataclass(frozen=True)
class Item:
    """A check or an exercise.

    Attributes:
        tried: students who wrote something for it and for whom it could be judged.
        passed: those of them with all its points.
        mean: the mean share of its points among those who tried, 0 to 1; `None` if nobody did.
        discrimination: `None` with fewer than ten students, or where all did the same.
    """

    tried: int
    passed: int
    mean: float | None
    discrimination: Discrimination | None

    @property
    def rate(self) -> float | None:
        """The share of those who tried that passed, 0 to 1."""
        return self.passed / self.tried if self.tried else None


@dataclass(frozen=True)
class Distribution:
    """The scores of those of whom there is a result.

    Attributes:
        students: how many there are in the class.
        graded: of how many there is a result.
        mean, deviation: in points; the deviation is the sample's (n − 1), 0 for a single student.
        least, most: in points.
        quartiles: the first, the median and the third, in points, with linear interpolation between scores.
        bins: (lowest score, highest score, students) each, in ascending order.
    """

    students: int
    graded: int
    mean: float
    deviation: float
    least: int
    quartiles: tuple[float, float, float]
    most: int
    bins: tuple[tuple[int, int, int], ...]


def discrimination(item: NDArray[np.float64], rest: NDArray[np.float64]) -> Discrimination | None:
    """Pearson's r of the points of an item with the points in all the rest, with Fisher's interval.

    Args:
        item: (students,), points or 0 and 1.
        rest: (students,), points without the item's.

    Returns:
        `None` with fewer than ten students, or where one of the two is the same for all.
    """
    if len(item) < FEWEST or np.ptp(item) == 0 or np.ptp(rest) == 0:
        return None
    r = float(np.clip(np.corrcoef(item, rest)[0, 1], -1, 1))
    middle = math.atanh(min(max(r, -0.999999), 0.999999))
    half = 1.959964 / math.sqrt(len(item) - 3)
    return Discrimination(r, math.tanh(middle - half), math.tanh(middle + half))


def check_items(summary: ClassSummary) -> list[Item]:
    """An `Item` for each check. Tried: passed, failed, out of time, or not reached for a failure before."""
    letters = summary.check_letters()
    totals = np.array([line.graded for line in summary.graded()], dtype=np.float64)
    items = []
    for number, check in enumerate(summary.checks):
        column = letters[:, number]
        tried = np.isin(column, [b"p", b"f", b"t", b"r"])
        passed = (column == b"p")[tried].astype(np.float64)
        rest = totals[tried] - check.points * passed
        items.append(
            Item(
                tried=len(passed),
                passed=int(passed.sum()),
                mean=float(passed.mean()) if len(passed) else None,
                discrimination=discrimination(passed, rest),
            )
        )
    return items


def exercise_items(summary: ClassSummary) -> list[Item]:
    """An `Item` for each exercise. Tried: there is a file, and it is no longer the stub."""
    letters, points = summary.exercise_letters(), summary.exercise_points()
    totals = np.array([line.graded for line in summary.graded()], dtype=np.float64)
    items = []
    for number, exercise in enumerate(summary.exercises):
        tried = np.isin(letters[:, number], [b"p", b"h", b"f", b"e"])
        got = points[tried, number].astype(np.float64)
        possible = exercise.max_score
        items.append(
            Item(
                tried=len(got),
                passed=int((letters[tried, number] == b"p").sum()),
                mean=float(got.mean()) / possible if len(got) and possible else None,
                discrimination=discrimination(got, totals[tried] - got),
            )
        )
    return items


def distribution(summary: ClassSummary) -> Distribution:
    """The scores that count, in at most twenty bins of a round width; a bin holds its lower end."""
    scores = np.array(summary.scores(), dtype=np.float64)
    if not len(scores):
        return Distribution(len(summary.lines), 0, 0.0, 0.0, 0, (0.0, 0.0, 0.0), 0, ())
    top = max(int(scores.max()), summary.max_score, 1)
    width = next(
        step * 10**power
        for power in range(12)
        for step in (1, 2, 5)
        if top / (step * 10**power) <= 20
    )
    # the last bin also holds its upper end, where that is the full score
    count = math.ceil(top / width)
    places = np.minimum(scores // width, count - 1).astype(np.int64)
    heights = np.bincount(places, minlength=count)
    first, middle, third = (float(q) for q in np.percentile(scores, (25, 50, 75)))
    return Distribution(
        students=len(summary.lines),
        graded=len(scores),
        mean=float(scores.mean()),
        deviation=float(scores.std(ddof=1)) if len(scores) > 1 else 0.0,
        least=int(scores.min()),
        quartiles=(first, middle, third),
        most=int(scores.max()),
        bins=tuple(
            (
                place * width,
                top if place == count - 1 else (place + 1) * width - 1,
                int(height),
            )
            for place, height in enumerate(heights)
        ),
    )
