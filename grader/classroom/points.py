"""Points that people give: whole ones, and half ones where an assignment says so; added up exactly.

A half is exact as a `float`, and so is every sum of halves. What is whole is an `int`, which is
shown without ".0".
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..errors import GradebookError

MOST_POINTS = 999_999
HALF_POINTS_REFUSED = (
    "This gradebook takes whole points only. For half points, write `half_points = true` into the assignment's file, "
    "and call `grader grade` with it again."
)
_NUMBER = re.compile(r"[+-]?\d{1,7}([.,](\d{1,3}))?")


def whole(points: float) -> float:
    """The same number, as an `int` where it is whole."""
    return int(points) if points == int(points) else points


def total(several: Iterable[float]) -> float:
    """The sum, as an `int` where it is whole."""
    return whole(sum(several))


def halves_of(points: float) -> int:
    """Points as a number of halves.

    Raises:
        GradebookError: if they are neither whole nor half, or too many.
    """
    halves = points * 2
    if not abs(halves) <= 2 * MOST_POINTS or halves != int(halves):  # `not`: NaN is refused too
        raise GradebookError(
            f"{points} points cannot be given. Give whole or half points, {MOST_POINTS} at most."
        )
    return int(halves)


def points_of(halves: int) -> float:
    """The inverse of `halves_of`."""
    return whole(halves / 2)


def parse_points(text: str) -> float:
    """A number as a person writes it: `2`, `+2`, `−1.5` or `0,5`.

    Raises:
        GradebookError: if it is none, or neither whole nor half.
    """
    plain = text.strip().replace("\N{MINUS SIGN}", "-")
    if not _NUMBER.fullmatch(plain):
        raise GradebookError(f"{text.strip()[:40]!r} is no number of points, such as 2, -1 or 0.5.")
    points = whole(float(plain.replace(",", ".")))
    halves_of(points)
    return points


def signed(points: float) -> str:
    """Points with their sign: `+2`, `-0.5`."""
    return f"{whole(points):+}"
