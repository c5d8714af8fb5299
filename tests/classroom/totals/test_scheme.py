"""Rounding, letters, and how numbers are written."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.classroom.totals.scheme import ROUNDINGS, Rounding, Scheme, WeightedBook, short

LETTERS = {"A": Fraction(90), "B": Fraction(75), "F": Fraction(0)}


@pytest.mark.parametrize(
    ("rounding", "total", "written"),
    [
        ("half up", "82.25", "82.3"),
        ("half up", "82.35", "82.4"),  # no binary fraction: as a float it would be rounded down
        ("half up", "82.2499", "82.2"),
        ("down", "82.29", "82.2"),
        ("up", "82.21", "82.3"),
        ("up", "82.2", "82.2"),
        ("half up", "100", "100.0"),
    ],
)
def test_a_total_is_rounded_as_it_stands_on_paper(
    rounding: Rounding, total: str, written: str
) -> None:
    scheme = Scheme(rounding=rounding)
    assert scheme.written(scheme.rounded(Fraction(total))) == written


@settings(max_examples=30, deadline=None)
@given(st.fractions(0, 1000), st.integers(0, 4), st.sampled_from(ROUNDINGS))
def test_rounding_moves_a_total_by_less_than_a_step(
    total: Fraction, decimals: int, rounding: Rounding
) -> None:
    scheme = Scheme(decimals=decimals, rounding=rounding)
    rounded, step = scheme.rounded(total), Fraction(1, 10**decimals)
    assert abs(rounded - total) < step
    assert (rounded * 10**decimals).denominator == 1
    assert scheme.rounded(rounded) == rounded
    assert Fraction(scheme.written(rounded)) == rounded


def test_a_letter_follows_from_the_total_that_is_shown() -> None:
    scheme = Scheme(letters=LETTERS, decimals=0)
    assert scheme.letter(scheme.rounded(Fraction("89.5"))) == "A"
    assert scheme.letter(Fraction(89)) == "B"
    assert [scheme.letter(Fraction(each)) for each in (120, 90, 75, 74, 0)] == list("AABFF")
    assert Scheme().letter(Fraction(90)) == ""


def test_a_password_is_not_shown() -> None:
    assert WeightedBook("postgresql://me:secret@host/lab1").shown == "postgresql://host/lab1"
    assert WeightedBook("my@labs/lab1.db").shown == "my@labs/lab1.db"


def test_numbers_are_written_as_people_do() -> None:
    assert [short(Fraction(each)) for each in ("7", "7.5", "0", "100", "1/3")] == [
        *("7", "7.5", "0", "100", "0.3333"),
    ]
