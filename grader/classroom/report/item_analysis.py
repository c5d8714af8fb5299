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
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .class_summary import ClassSummary
from .templating import students

FEWEST = 10  # below this many students a correlation says nothing
FEWEST_SURE = 20  # below this many it is not judged
FEWEST_APART = (
    5  # nor where fewer than so many differ from the rest: two students could turn it round
)
FEWEST_ALIKE = 3  # that all of so few did the same says nothing
POOR, GOOD = 0.2, 0.4
_RAN = (b"p", b"f", b"t")  # the student's code was asked
_ATTEMPTED = (b"p", b"h", b"f", b"e")


@dataclass(frozen=True)
class Discrimination:
    """A correlation between −1 and 1, and its 95 % interval.

    Attributes:
        is_spread: whether enough students tried, and enough of them did otherwise than the most, to judge it at all.
    """

    r: float
    low: float
    high: float
    is_spread: bool = False

    @property
    def word(self) -> str:
        """What it is commonly called (Ebel and Frisbie)."""
        if self.r < 0:
            return "negative"
        return "poor" if self.r < POOR else "very good" if self.r >= GOOD else "fair"

    @property
    def verdict(self) -> str:
        """The word, where the class is large and spread enough to say so; empty elsewhere.

        The whole interval has to lie on one side of 0.2; of 0, for "negative".
        """
        if not self.is_spread:
            return ""
        if self.high < 0:
            return "negative"
        if self.high < POOR:
            return "poor"
        return "very good" if self.low >= POOR and self.r >= GOOD else ""


@dataclass(frozen=True)
class Item:
    """A check or an exercise.

    Attributes:
        tried: students who wrote something for it and for whom it could be judged; a check that was not run because
            another one failed, or because the file cannot be loaded, was not tried.
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
        `None` with fewer than ten students, or where one of the two is the same for all. It is judged from twenty
        students on, of whom at least five have other points than the most frequent ones.
    """
    if len(item) < FEWEST or np.ptp(item) == 0 or np.ptp(rest) == 0:
        return None
    r = float(np.clip(np.corrcoef(item, rest)[0, 1], -1, 1))
    middle = math.atanh(min(max(r, -0.999999), 0.999999))
    half = 1.959964 / math.sqrt(len(item) - 3)
    apart = len(item) - int(np.unique(item, return_counts=True)[1].max())
    is_spread = len(item) >= FEWEST_SURE and apart >= FEWEST_APART
    return Discrimination(r, math.tanh(middle - half), math.tanh(middle + half), is_spread)


def check_items(summary: ClassSummary) -> list[Item]:
    """An `Item` for each check. Tried: the student wrote something, and it ran: passed, failed or out of time."""
    letters, exercises = summary.check_letters(), summary.exercise_letters()
    totals = np.array([line.graded for line in summary.graded()], dtype=np.float64)
    items = []
    for number, check in enumerate(summary.checks):
        column = letters[:, number]
        tried = np.isin(column, _RAN) & np.isin(exercises[:, check.exercise], _ATTEMPTED)
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
        tried = np.isin(letters[:, number], _ATTEMPTED)
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


@dataclass(frozen=True)
class Doubt:
    """A check that may itself be wrong, or that does not tell students apart.

    Attributes:
        exercise: its name.
        check: its name; empty where it is not known which one it is.
        number: of the check in the class's table; `None` where it is not in it.
        kind: `fault`, `nobody ran`, `nobody passed`, `negative` or `everybody passed`.
        text: the sentence about it.
    """

    exercise: str
    check: str
    number: int | None
    kind: str
    text: str


_KINDS = ("fault", "nobody ran", "nobody passed", "negative", "everybody passed")


def doubts(summary: ClassSummary, items: Sequence[Item]) -> list[Doubt]:
    """The checks to doubt, the gravest first.

    That nobody or everybody passed counts from three students on who tried; a negative discrimination, where it is
    judged at all.

    Args:
        items: one for each check of `summary`, in its order.
    """
    numbers = {
        (summary.exercises[check.exercise].name, check.name): number
        for number, check in enumerate(summary.checks)
    }
    found = [
        Doubt(
            exercise,
            check,
            numbers.get((exercise, check)),
            "fault",
            f"It failed itself, for {students(len(who))}.",
        )
        for (exercise, check), who in summary.faults.items()
    ]
    letters = summary.exercise_letters()
    for (exercise, name), number in numbers.items():
        column = letters[:, summary.checks[number].exercise]
        kind, text = _doubted(items[number], int(np.isin(column, (b"p", b"h", b"f")).sum()))
        if kind:
            found.append(Doubt(exercise, name, number, kind, text))
    return sorted(found, key=lambda doubt: _KINDS.index(doubt.kind))


def _doubted(item: Item, attempted: int) -> tuple[str, str]:
    """What there is to doubt about a check: kind and sentence, both empty where there is nothing."""
    if not item.tried and attempted >= FEWEST_ALIKE:
        return "nobody ran", f"It ran for none of the {attempted} whose file could be loaded."
    if item.tried >= FEWEST_ALIKE and not item.passed:
        return "nobody passed", f"Nobody passed it, of {item.tried} who tried."
    if item.tried >= FEWEST_ALIKE and item.passed == item.tried:
        return "everybody passed", f"Everybody passed it, all {item.tried} who tried."
    if item.discrimination and item.discrimination.verdict == "negative":
        return "negative", "Those who are strong in the rest pass it less often than the others."
    return "", ""


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
