"""Drawings of pictures: from their numbers alone, and within their frame."""

from __future__ import annotations

import json
from xml.etree.ElementTree import fromstring, tostring

import pytest

from grader.outputs import notebook_html
from grader.outputs.svg import figure
from grader.report import CheckResult, Environment, ExerciseResult, Picture, Report


def test_the_heat_map_has_a_cell_for_each_number() -> None:
    root = figure(Picture("error", "<script>", (2, 2), ((1.0, -2.0), (0.0, None))))
    cells = root.findall(".//rect")
    assert [cell.get("fill-opacity") for cell in cells] == ["0.50", "1.00", "0.00", "1.00"]
    assert cells[0].get("fill") != cells[1].get("fill") != cells[3].get("fill")
    orange, blue = "#d55e00", "#0072b2"  # as the caption says
    assert [cell.get("fill") for cell in cells[:2]] == [orange, blue]
    text = tostring(root, encoding="unicode", method="html")
    assert "orange is too large, blue too small" in text
    assert "<script>" not in text
    assert "shape (2, 2)" in text


def test_two_curves_within_the_drawing() -> None:
    picture = Picture("curves", "", (3,), ((3.0, 2.0, None), (3.0, 1.0, 0.5)))
    lines = figure(picture).findall(".//polyline")
    points = [
        [tuple(map(float, one.split(","))) for one in line.get("points", "").split()]
        for line in lines
    ]
    assert [len(line) for line in points] == [2, 3]
    assert all(0 <= x <= 240 and 0 <= y <= 100 for line in points for x, y in line)
    assert points[0][1][1] < points[1][1][1]  # the larger loss is higher up


@pytest.mark.parametrize("rows", [(), ((),), ((), ()), ((None,), (None,)), ((1.0,), (1.0,))])
@pytest.mark.parametrize("kind", ["error", "curves"])
def test_nothing_to_draw_is_no_failure(
    kind: str, rows: tuple[tuple[float | None, ...], ...]
) -> None:
    figure(Picture("curves" if kind == "curves" else "error", "x", (0,), rows))


def test_in_the_notebook_and_in_the_data() -> None:
    picture = Picture("error", "dw", (1, 2), ((0.5, None),))
    check = CheckResult(
        "backward",
        "`backward`",
        "failed",
        1,
        0,
        "told",
        "cause",
        cause_id="sign",
        pictures=(picture,),
    )
    exercise = ExerciseResult("lr", "LR", 0, 1, "failed", checks=(check,), seed=17)
    report = Report("ada", (exercise,), Environment("3.11", "2.13", ("cpu",), ()))
    assert Report.from_dict(json.loads(json.dumps(report.to_dict()))) == report
    html = notebook_html.render(report)
    assert html.count("<rect") == 2
    assert "grader check lr --seed 17" in html
    # asked, the cause, what happened, the picture, how to repeat it
    parts = ("<code>backward</code>", "→ cause", "told", "<svg", "--seed 17")
    order = [html.index(part) for part in parts]
    assert order == sorted(order)
    fromstring(f"<div>{tostring(figure(picture), encoding='unicode')}</div>")
