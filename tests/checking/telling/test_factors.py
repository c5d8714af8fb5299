"""What a multiple of the right result shows: counts by their names, and one that is written down in several cases."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from grader.checking.outcome import Cause
from grader.checking.telling.explain import causes_in_values, common
from grader.checking.telling.factors import (
    DECIMALS,
    FIXED_COUNT,
    HALF_AS_LARGE,
    SIGN,
    SUM_FOR_MEAN,
    causes_of_factor,
    decimals_of,
)

ROW = torch.tensor([0.5, -1.0, 2.0, 3.5], dtype=torch.float64)


def named(got: Tensor, **factors: float) -> list[Cause]:
    return list(causes_in_values(got, ROW, 1e-9, factors))


def test_counts_are_named_by_their_names() -> None:
    assert [cause.text for cause in named(5 * ROW, m=5, one=1, none=0)] == [
        "It is exactly m times too large, as a sum is in place of a mean: divide by m.",
        "It is divided by one; it should be divided by m.",
        "It is exactly 5 times what it should be.",
    ]
    assert named(ROW / 5, m=5)[0].text == (
        "It is exactly m times too small, as after a division by m too many."
    )


def test_a_count_of_one_or_none_names_nothing() -> None:
    assert named(1.00005 * ROW, one=1) == []
    assert [cause.id for cause in named(5 * ROW, none=0)] == ["scale"]


def test_signs_and_halves() -> None:
    assert named(-ROW) == [SIGN]
    assert named(ROW / 2)[0] == HALF_AS_LARGE


def test_a_count_that_is_written_down_shows_where_the_right_one_changes() -> None:
    fixed = FIXED_COUNT.of(wrong="16", right="n")
    cases = [named(n / 16 * ROW, n=n) for n in (24, 10, 7)]
    assert common(cases) == [fixed]
    # one case, and one that every case has, shows no more than the factor
    assert common(cases[:1])[0].id == common([cases[0]] * 3)[0].id == "scale"
    assert common([named(n / k * ROW, n=n) for n, k in ((24, 16), (10, 9), (7, 5))]) == []


def test_a_count_that_is_known_is_none_that_is_written_down() -> None:
    found = list(causes_of_factor(3, 1e-4, {"m": 6, "n": 2}, several=True))
    assert FIXED_COUNT.of(wrong="2", right="m") not in found
    assert SUM_FOR_MEAN.of(count="m") not in found


def test_rounded_numbers_are_told_with_their_decimals() -> None:
    exact = torch.tensor([0.12345, -1.98765, 2.71828], dtype=torch.float64)
    for count in (1, 2, 3, 4):
        rounded = exact.round(decimals=count)
        for got in (rounded, rounded.float().double()):
            assert list(decimals_of(got, exact)) == [DECIMALS.of(count=f"{count}")]
    assert list(decimals_of(exact, exact)) == []
    assert list(decimals_of(exact.round(decimals=2) + 1, exact)) == []
    # so large that a float32 has no more decimals
    assert list(decimals_of((1e5 * exact).float().double(), 1e5 * exact)) == []
    assert not next(decimals_of(exact[:1].round(decimals=2), exact[:1])).sure


@pytest.mark.parametrize(
    ("factor", "sure"), [(9.0, True), (-1 / 3, True), (1.5, True), (0.03817, False)]
)
def test_a_factor_that_is_no_plain_number_shows_nothing_in_one_case(
    factor: float, sure: bool
) -> None:
    [cause] = named(factor * ROW)
    assert cause.sure is sure
    assert common([[cause]] * 3) == [cause]  # but in several it does
