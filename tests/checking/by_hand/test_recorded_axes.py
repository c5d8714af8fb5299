"""What `Axes` notes, and what it refuses: what matplotlib 3.11 draws, and refuses, when it is called like that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest
import torch

from grader.checking.by_hand.recorded_axes import (
    CONNECTED,
    HELD_OUT,
    LEGEND_BY_ORDER,
    LEGEND_EARLY,
    NO_LEGEND,
    OUT_OF_STEP,
    TURNED,
    UNSORTED,
    X_ALONE,
    Axes,
    expect_curve,
    expect_points,
    expect_words,
    has_line,
    noted,
)
from grader.checking.outcome import Cause, CheckFailed

X, Y = torch.tensor([3.0, 1, 2]), torch.tensor([0.5, 4, -1])


def drawn(draw: Callable[[Any], Any]) -> Any:
    axes = Axes()
    draw(axes)
    return noted(axes)


@pytest.mark.parametrize(
    ("form", "style", "line"),
    [
        ("", {}, True),
        ("o", {}, False),
        ("r.", {}, False),
        ("C1", {}, True),
        ("C1o", {}, False),
        ("red", {}, True),
        ("ko-", {}, True),
        ("-.", {}, True),
        (":", {}, True),
        ("", {"marker": "o"}, True),
        ("", {"marker": "o", "linestyle": "None"}, False),
        ("", {"ls": ""}, False),
        ("o", {"ls": "--"}, True),
        ("-", {"lw": 0}, False),
    ],
)
def test_a_line_runs_through_the_points_or_does_not(form: str, style: Any, line: bool) -> None:
    assert has_line(form, style) is line
    assert drawn(lambda axes: axes.plot(X, Y, form, **style))["drawn"][0][3] is line


@pytest.mark.parametrize(
    "draw",
    [
        lambda axes: axes.plot([1, 2], torch.ones(2, requires_grad=True)),
        lambda axes: axes.plot([1, 2], list(torch.ones(2, requires_grad=True))),
        lambda axes: axes.scatter(torch.ones(2, requires_grad=True), [1, 2]),
        lambda axes: axes.plot([1, 2], torch.ones(2, device="meta")),
        lambda axes: axes.plot([1, 2, 3], [1, 2]),
        lambda axes: axes.scatter([1, 2, 3], [1, 2]),
        lambda axes: axes.plot(x=[1, 2], y=[1, 2]),
    ],
)
def test_what_matplotlib_refuses_is_refused(draw: Callable[[Any], Any]) -> None:
    with pytest.raises((RuntimeError, TypeError, ValueError)):
        draw(Axes())


@pytest.mark.parametrize(
    "draw",
    [
        lambda axes: axes.plot(X, Y, label="a"),
        lambda axes: axes.plot(X.tolist(), Y.numpy(), "r-", label="a"),
        lambda axes: axes.plot("p", "q", data={"p": X, "q": Y}, label="a"),
        lambda axes: axes.plot(X, Y)[0].set_label("a"),
        lambda axes: axes.plot(X, torch.stack([Y, -Y], 1), label=["a", "b"]),
        lambda axes: axes.plot(X, Y, "-", X, -Y, ":") and axes.legend(["a", "b"]),
        lambda axes: axes.legend(axes.plot(X, Y), ["a"]),
    ],
)
def test_every_form_of_a_call_draws_the_same_line(draw: Callable[[Any], Any]) -> None:
    got = drawn(draw)
    x, y, label, line = got["drawn"][0]
    assert (x, y, line) == (X.tolist(), Y.tolist(), True)
    assert label == "a" or got["shown"][0] == [0, "a"]


def test_what_is_only_for_the_eye_is_taken() -> None:
    def draw(axes: Any) -> None:
        axes.grid(True)
        axes.figure.tight_layout()
        axes.axhline(0, color=axes.plot(Y)[0].get_color())
        axes.spines["top"].set_visible(False)
        assert list(axes.get_children()) == []

    assert drawn(draw)["drawn"] == [[[0.0, 1.0, 2.0], Y.tolist(), "", True]]


def test_what_is_noted_stays_when_the_numbers_change() -> None:
    axes, values = Axes(), numpy.ones(2)
    axes.plot(values, values)
    values += 1
    assert noted(axes)["drawn"][0][:2] == [[1.0, 1.0]] * 2


@pytest.mark.parametrize(
    ("draw", "shown"),
    [
        (lambda axes: axes.legend(), []),
        (lambda axes: axes.plot(X, Y, label="a") and axes.legend(), ["a"]),
        (lambda axes: axes.legend() and axes.plot(X, Y, label="a"), []),
        (lambda axes: axes.plot(X, Y, label="_a") and axes.legend(), []),
        (lambda axes: axes.legend(handles=axes.plot(X, Y, label="a")), ["a"]),
        (lambda axes: axes.plot(X, Y, label="a") and axes.legend(*axes.get_legend_handles_labels()), ["a"]),
    ],
)  # fmt: skip
def test_a_legend_shows_what_has_a_label_by_then(
    draw: Callable[[Any], Any], shown: list[str]
) -> None:
    assert [text for _place, text in drawn(draw)["shown"]] == shown


def cause_of(expect: Callable[..., None], *given: Any) -> Cause | None:
    with pytest.raises(CheckFailed) as raised:
        expect(*given)
    return raised.value.causes[0] if raised.value.causes else None


def test_points_are_drawn_in_any_order_and_not_connected() -> None:
    expect_points(drawn(lambda axes: axes.scatter(X.flip(0), Y.flip(0))), X, Y)
    held_out = (X + 1, Y)
    for draw, cause in (
        (lambda axes: axes.plot(X, Y), CONNECTED),
        (lambda axes: axes.scatter(Y, X), TURNED),
        (lambda axes: axes.scatter(X + 1, Y), HELD_OUT),
        (lambda axes: axes.scatter(X.sort().values, Y), OUT_OF_STEP),
        (lambda axes: axes.scatter(X.sort().values, Y.sort().values), OUT_OF_STEP),
        (lambda axes: axes.scatter(X, Y + 1), None),
    ):
        assert cause_of(expect_points, drawn(draw), X, Y, held_out) == cause


def test_points_that_are_drawn_one_by_one_or_in_part() -> None:
    def one_by_one(axes: Any, count: int) -> None:
        for x, y in list(zip(X, Y, strict=True))[:count]:
            axes.scatter(x, y)

    expect_points(drawn(lambda axes: one_by_one(axes, 3)), X, Y)
    for draw, part in (
        (lambda axes: one_by_one(axes, 2), "Of the 3 points (x, y) 2 are drawn."),
        (lambda axes: axes.plot(X, -Y), "No points are drawn."),
        (lambda axes: axes.scatter(X, -Y), "The points (x, y) are not drawn."),
    ):
        with pytest.raises(CheckFailed) as raised:
            expect_points(drawn(draw), X, Y)
        assert raised.value.message == part


def test_a_legend_that_names_things_by_their_order() -> None:
    x, y = X.sort().values, Y[X.argsort()]

    def draw(axes: Any, label: str, names: list[str]) -> Any:
        axes.set(xlabel="x", ylabel="y")
        axes.scatter(X, Y)
        axes.plot(x, y, label=label)
        axes.legend(names)
        return noted(axes)

    for label in ("a", ""):
        got = draw(Axes(), label, ["points", "a"])
        expect_curve(got, "a", X, Y, torch.float32)
        expect_words(got, ["a"])
    assert cause_of(expect_words, draw(Axes(), "a", ["a"]), ["a"]) == LEGEND_BY_ORDER
    assert cause_of(expect_words, draw(Axes(), "a", ["a", "b"]), ["a", "b"]) == LEGEND_BY_ORDER
    given = (draw(Axes(), "", ["a"]), "a", X, Y, torch.float32)
    assert cause_of(expect_curve, *given) == LEGEND_BY_ORDER


def test_a_curve_is_one_line_in_ascending_order() -> None:
    order = X.argsort()
    for x, y, cause in (
        (X[order], Y[order], ...),
        (X, Y, UNSORTED),
        (X[order], Y, X_ALONE),
    ):
        axes = Axes()
        axes.plot(x, y, label="a")
        got = noted(axes)
        given = (got, "a", X, Y, torch.float32)
        if cause is ...:
            expect_curve(*given)
        else:
            assert cause_of(expect_curve, *given) == cause
    for draw in (
        lambda axes: axes.plot(X[order], Y[order]),
        lambda axes: axes.scatter(X, Y, label="a"),
        lambda axes: [axes.plot(X[order], Y[order], label="a") for _ in "ab"],
    ):
        assert cause_of(expect_curve, drawn(draw), "a", X, Y, torch.float32) is None


def test_names_and_legend() -> None:
    def named(x: str, y: str, *calls: str) -> Any:
        axes = Axes()
        axes.set(xlabel=x, ylabel=y)
        for call in calls:
            axes.legend() if call == "legend" else axes.plot(X, Y, label=call)
        return noted(axes)

    expect_words(named("x", "y", "a", "legend"), ["a"])
    assert cause_of(expect_words, named("y", "x", "a", "legend"), ["a"]) == TURNED
    assert cause_of(expect_words, named("x", "", "a", "legend"), ["a"]) is None
    assert cause_of(expect_words, named("x", "y", "legend", "a"), ["a"]) == LEGEND_EARLY
    assert cause_of(expect_words, named("x", "y", "a"), ["a"]) == NO_LEGEND
