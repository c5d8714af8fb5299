"""Pictures: few numbers, whatever is compared; drawn from those numbers alone."""

from __future__ import annotations

import json
from xml.etree.ElementTree import fromstring, tostring

import pytest
import torch

from grader.checking.expectations import expect_close
from grader.checking.outcome import CheckFailed
from grader.checking.pictures import curves_of, error_of
from grader.outputs import notebook_html
from grader.outputs.svg import figure
from grader.report import CheckResult, Environment, ExerciseResult, Picture, Report
from grader.sandbox.wire.values import Received

SVG = "{http://www.w3.org/2000/svg}"


def test_the_error_of_a_small_tensor_is_shown_as_it_is() -> None:
    expected = torch.zeros(2, 3, dtype=torch.float64)
    got = expected.clone()
    got[1, 2] = -0.5
    picture = error_of(got, expected, "dw")
    assert picture == Picture("error", "dw", (2, 3), ((0.0, 0.0, 0.0), (0.0, 0.0, -0.5)))


@pytest.mark.parametrize("shape", [(1000,), (300, 400), (7, 50, 3), (2, 1, 1, 5000)])
def test_a_large_one_is_shown_in_blocks_that_keep_the_largest_error(shape: tuple[int, ...]) -> None:
    got = torch.zeros(shape)
    got.view(-1)[-1] = -3.0
    picture = error_of(got, torch.zeros(shape), "w")
    assert picture is not None
    assert len(picture.rows) <= 16
    assert all(len(row) <= 16 for row in picture.rows)
    assert picture.rows[-1][-1] == -3.0
    assert sum(value != 0 for row in picture.rows for value in row) == 1


def test_what_is_not_finite_and_what_is_one_number() -> None:
    got = torch.tensor([1.0, float("nan"), float("inf")])
    picture = error_of(got, torch.ones(3), "x")
    assert picture is not None
    assert picture.rows == ((0.0, None, None),)
    assert error_of(torch.ones(()), torch.zeros(()), "x") is None


def test_curves_are_cut_and_need_numbers() -> None:
    picture = curves_of([1.0, float("nan")] * 100, [2.0] * 200)
    assert picture is not None
    assert [len(row) for row in picture.rows] == [100, 100]
    assert picture.rows[0][:2] == (1.0, None)
    assert curves_of(None, [1.0, 2.0]) is None
    assert curves_of(["<b>"], [1.0, 2.0]) is None
    assert curves_of([1.0], [1.0]) is None


def test_a_failure_carries_them() -> None:
    got = Received(torch.zeros(2, 2), "cpu", False, False, "cpu")
    with pytest.raises(CheckFailed) as caught:
        expect_close(got, torch.ones(2, 2), "dw", curves=([1.0, 2.0], [1.0, 0.5]))
    assert [picture.kind for picture in caught.value.pictures] == ["error", "curves"]


def test_the_heat_map_has_a_cell_for_each_number() -> None:
    root = figure(Picture("error", "<script>", (2, 2), ((1.0, -2.0), (0.0, None))))
    cells = root.findall(".//rect")
    assert [cell.get("fill-opacity") for cell in cells] == ["0.50", "1.00", "0.00", "1.00"]
    assert cells[0].get("fill") != cells[1].get("fill") != cells[3].get("fill")
    text = tostring(root, encoding="unicode", method="html")
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
    # asked, what happened, the cause, the picture, how to repeat it
    order = [html.index(part) for part in ("`backward`", "told", "→ cause", "<svg", "--seed 17")]
    assert order == sorted(order)
    fromstring(f"<div>{tostring(figure(picture), encoding='unicode')}</div>")
