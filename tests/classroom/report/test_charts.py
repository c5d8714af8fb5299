"""Charts: one image with one description, whose marks stand for the numbers."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from grader.classroom.records import Enrolled, Record
from grader.classroom.report import charts
from grader.classroom.report.drawing import SVG
from grader.classroom.report.item_analysis import check_items, distribution
from grader.report import CheckResult, ExerciseResult, Report
from tests.synthetic import HERE, HOSTILE, made_class, summed

SUMMARY = summed(made_class(60, exercises=3))


def marks(svg: str) -> list[str]:
    """What the marks of a drawing tell under the pointer; nothing in it may be obeyed or loaded."""
    root = ElementTree.fromstring(svg)
    assert root.get("role") == "img"
    assert root.get("aria-label")
    told = []
    for element in root.iter():
        name = element.tag.removeprefix(f"{{{SVG}}}")
        assert name in {"svg", "g", "rect", "text", "line", "title", "circle"}
        assert not any("href" in attribute for attribute in element.attrib)
        assert not any(attribute.startswith("on") for attribute in element.attrib)
        if element is not root:
            assert "aria-label" not in element.attrib
        if name == "title":
            told.append(element.text or "")
    return told


def test_a_bar_for_each_bin() -> None:
    found = distribution(SUMMARY)
    told = marks(charts.scores(found))
    assert told == [
        f"{low} to {high} points: {height} student" + "s" * (height != 1)
        for low, high, height in found.bins
    ]


@pytest.mark.parametrize("number", [1, 2, 3, 7, 12])
def test_a_small_class_has_no_number_twice_on_its_axis(number: int) -> None:
    few = summed(made_class(number, exercises=2))
    for drawing in (charts.scores(distribution(few)), charts.outcomes(few)):
        for group in ElementTree.fromstring(drawing).iter(f"{{{SVG}}}g"):
            shown = [element.text for element in group.findall(f"{{{SVG}}}text")]
            assert len(shown) == len({*shown}), shown


def test_a_bar_for_each_exercise_and_outcome() -> None:
    told = marks(charts.outcomes(SUMMARY))
    graded = len(list(SUMMARY.graded()))
    for exercise in SUMMARY.exercises:
        counts = {}
        for text in told:
            name, _, rest = text.partition(": ")
            if name == exercise.name:
                word, _, count = rest.rpartition(", ")
                counts[word] = int(count.split()[0])
        assert set(counts) == {word for _, word, _ in charts.STACK}
        assert sum(counts.values()) == graded


def test_a_point_for_each_check_that_discriminates() -> None:
    items = check_items(SUMMARY)
    told = marks(charts.difficulty(SUMMARY, items))
    known = [item for item in items if item.discrimination]
    assert len(told) == len(known) > 0
    first = known[0]
    assert first.rate is not None
    assert f"{first.rate:.0%} passed" in told[0]


def test_no_points_where_no_check_discriminates() -> None:
    few = summed(made_class(3, exercises=1))
    assert charts.difficulty(few, check_items(few)) == ""


def test_colours_follow_the_theme_of_the_page() -> None:
    svg = charts.scores(distribution(SUMMARY))
    assert 'fill="var(--accent)"' in svg


def words(svg: str) -> list[str]:
    """What is written in a drawing."""
    return [text.text or "" for text in ElementTree.fromstring(svg).iter(f"{{{SVG}}}text")]


def test_a_page_takes_the_drawing_as_it_is() -> None:
    """HTML knows no prefixes of XML, such as `ns0:svg`."""
    assert charts.scores(distribution(SUMMARY)).startswith("<svg ")


def test_the_axes_say_what_they_show() -> None:
    assert {"passed, of those who tried", "discrimination"} <= set(
        words(charts.difficulty(SUMMARY, check_items(SUMMARY)))
    )
    wide = replace(distribution(SUMMARY), bins=((0, 9, 1), (10, 10, 1)))
    assert {"0–9", "10"} <= set(words(charts.scores(wide)))


def test_names_from_outside_are_text() -> None:
    for text in HOSTILE[:6]:
        name = "".join(letter for letter in text if letter.isprintable())
        check = CheckResult(name, name, "passed", 1, 1)
        exercise = ExerciseResult(name, name, 1, 1, "passed", checks=(check,))
        summary = summed([Record(Enrolled("a"), Report("a", (exercise,), HERE), 1)])
        assert any(name in told for told in marks(charts.outcomes(summary)))
