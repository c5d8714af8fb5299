"""Points by hand: read as people write them, kept in halves, added up exactly and shown without noise."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.classroom.points import (
    MOST_POINTS,
    halves_of,
    parse_points,
    points_of,
    signed,
    total,
    whole,
)
from grader.errors import GradebookError

HALVES = st.integers(-2 * MOST_POINTS, 2 * MOST_POINTS)


@given(st.lists(HALVES, max_size=30))
def test_a_sum_is_exact_and_whole_ones_are_shown_as_such(several: list[int]) -> None:
    points = total(points_of(halves) for halves in several)
    assert Fraction(points) == Fraction(sum(several), 2)
    assert (".0" in str(points)) is False
    assert isinstance(points, int) == (sum(several) % 2 == 0)


@given(HALVES)
def test_what_is_written_is_read_back(halves: int) -> None:
    points = points_of(halves)
    assert halves_of(points) == halves
    for text in (str(points), signed(points), f" {points} ", str(points).replace(".", ",")):
        assert parse_points(text) == points
    assert parse_points(str(points).replace("-", "\N{MINUS SIGN}")) == points


@pytest.mark.parametrize("points", [0.3, 1e9, float("nan"), float("inf"), 2.25])
def test_what_is_no_half_is_refused(points: float) -> None:
    with pytest.raises(GradebookError, match="cannot be given"):
        halves_of(points)


@pytest.mark.parametrize("text", ["", "two", "1e3", "0x2", "nan", "1.2.3", "--2", "1 000", "2pts"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(GradebookError, match="is no number of points"):
        parse_points(text)


def test_signs() -> None:
    assert [signed(each) for each in (2, -2.0, 0.5, -0.5, 0)] == ["+2", "-2", "+0.5", "-0.5", "+0"]
    assert repr(whole(3.0)) == "3"
