"""What charts are drawn with: places, ticks and words."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.classroom.report.drawing import (
    SVG,
    Scale,
    along,
    drawing,
    shape,
    shortened,
    ticks,
    up,
    width_of,
    words,
    written,
)


@given(st.integers(-2000, 2000), st.integers(0, 5000), st.integers(2, 9))
def test_ticks_are_few_round_and_around_all(low: int, more: int, most: int) -> None:
    found = ticks(low, low + more, most)
    steps = {after - before for before, after in pairwise(found)}
    assert len(found) <= most + 1
    assert found[0] <= low <= low + more <= found[-1]
    assert len(steps) <= 1
    assert all(str(step).rstrip("0") in ("1", "2", "5") for step in steps)


@pytest.mark.parametrize(
    ("high", "expected"),
    [(1, [0, 1]), (5, [0, 1, 2, 3, 4, 5]), (6, [0, 2, 4, 6]), (23, [0, 5, 10, 15, 20, 25])],
)
def test_ticks_of_a_class(high: int, expected: list[int]) -> None:
    assert ticks(0, high, 5) == expected


def test_where_a_value_lies() -> None:
    upside_down = Scale(0, 10, 200, 0)
    assert [upside_down.at(value) for value in (0, 5, 10)] == [200, 100, 0]
    assert Scale(3, 3, 10, 20).at(3) == 10


def test_a_long_name_is_cut() -> None:
    assert shortened("my_linear", 260) == "my_linear"
    cut = shortened("a" * 100, 66)
    assert cut.endswith("a…")
    assert width_of(cut) <= 66
    assert width_of("기울기") > width_of("abc")


def test_all_that_is_written_is_text() -> None:
    """As HTML takes it, without styles, which the page does not allow."""
    image = drawing(100, 50, '"quoted" <b>')
    words(image, 1, 2, "<script>", "start", -40)
    shape(image, "rect", "a & b", x=1, fill="var(--accent)")
    up(image, Scale(0, 1, 40, 0), {0: "0"}, 10, 90, "students")
    along(image, Scale(0, 1, 10, 90), {0.5: "50%"}, 0, 40, "points")
    text = written(image)
    assert text.startswith("<svg ")
    root = ElementTree.fromstring(text)
    assert root.get("aria-label") == '"quoted" <b>'
    told = [element.text for element in root.iter(f"{{{SVG}}}text")]
    assert told == ["<script>", "0", "students", "50%", "points"]
    assert [element.text for element in root.iter(f"{{{SVG}}}title")] == ["a & b"]
    assert not any("style" in element.attrib for element in root.iter())
