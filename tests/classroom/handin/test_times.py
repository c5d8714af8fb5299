"""Times as services and students write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.classroom.handin.times import in_utc, zoned_time
from tests.hand_ins import NOON


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20 12:00:00",
        "2026-11-20 12:00:00.000000 UTC",
        "2026-11-20 21:00:00 KST",
        "2026-11-20 13:00:00 CET",
        "2026-11-20 13:00:00 Europe/Berlin",
        "2026-11-20 07:00:00 EST",
        "2026-11-20 21:00:00 +0900",
        "2026-11-20 04:30:00 -07:30",
        "2026-11-20 21:00:00 UTC+09",
        "2026-11-20 21:00:00+09:00",
    ],
)
def test_noon_in_many_zones(text: str) -> None:
    assert zoned_time(text) == NOON


@pytest.mark.parametrize("zone", ["IST", "CST", "BST", "XYZ", "../../etc/passwd", "+99:99", "\0"])
def test_a_zone_that_is_none_or_several(zone: str) -> None:
    assert zoned_time(f"2026-11-20 12:00:00 {zone}") is None


@given(
    st.text()
    | st.datetimes().map(str)
    | st.tuples(st.datetimes(), st.text()).map(lambda two: f"{two[0]} {two[1]}")
)
def test_any_text_is_a_time_in_utc_or_none(text: str) -> None:
    when = zoned_time(text)
    assert when is None or when.tzinfo is UTC


def test_before_the_calendar() -> None:
    assert in_utc(datetime(2026, 11, 20, 12)) == NOON
    assert zoned_time("0001-01-01 00:00:00 KST") is None
