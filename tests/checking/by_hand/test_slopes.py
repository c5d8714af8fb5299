"""A function at the bounds of a contract: which differences are right to 0.05, and what is told of the others."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from grader.checking.by_hand.slopes import (
    draw_steep,
    rounding_causes,
    slope_causes,
    slope_of_steep,
    steep,
)
from grader.checking.drawing.rounds import LARGE, PUBLISHED, Round
from grader.checking.outcome import Cause
from grader.checking.student import Draw
from grader.checking.telling.explain import common
from tests.received import received

X = torch.linspace(-2, 2, 401, dtype=torch.float64)
SEEDS = range(5)


def numbers(seed: int) -> list[float]:
    return draw_steep(Draw(seed, torch.float64))


def difference(x: Tensor, seed: int, low: float, high: float, h: float) -> Tensor:
    rise = steep(x + high * h, numbers(seed)) - steep(x + low * h, numbers(seed))
    return rise / ((high - low) * h)


def error(x: Tensor, seed: int, low: float, high: float, h: float) -> float:
    found = difference(x, seed, low, high, h).double()
    return (found - slope_of_steep(x, numbers(seed))).abs().max().item()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("round", [PUBLISHED, LARGE])
def test_it_keeps_the_bounds(seed: int, round: Round) -> None:
    x = torch.linspace(-3, 3, 601, dtype=torch.float64).requires_grad_()
    numbers = draw_steep(Draw(seed, torch.float64, round=round))
    value = steep(x, numbers)
    assert value.abs().max() <= 110
    for _order in range(3):
        (value,) = torch.autograd.grad(value.sum(), x, create_graph=True)
        assert value.abs().max() <= 20
    (first,) = torch.autograd.grad(steep(x, numbers).sum(), x)
    assert torch.allclose(first, slope_of_steep(x.detach(), numbers))


@pytest.mark.parametrize("seed", SEEDS)
def test_where_right_ends(seed: int) -> None:
    for x in (X, X.float()):
        assert all(error(x, seed, -1, 1, h) < 0.05 for h in (1e-4, 1e-3, 1e-2, 0.1, 0.125))
        assert all(error(x, seed, -1, 1, h) > 0.05 for h in (0.13, 0.2, 0.5))
        assert all(error(x, seed, 0, 1, h) < 0.05 for h in (5e-4, 5e-3))
        assert all(error(x, seed, 0, 1, h) > 0.05 for h in (6e-3, 0.01, 0.1))
    assert error(X.float(), seed, -1, 1, 5e-5) > 0.05


@pytest.mark.parametrize(
    ("low", "high", "h", "told"),
    [
        (-1.0, 1.0, 0.15, "2h with an h of 0.15 or so"),
        (-1.0, 1.0, 0.5, "2h with an h of 0.5 or so"),
        (0.0, 1.0, 0.01, "(f(x + h) − f(x)) / h with an h of 0.01 or so"),
        (-1.0, 0.0, 0.1, "(f(x) − f(x − h)) / h with an h of 0.1 or so"),
    ],
)
def test_which_difference_it_is(low: float, high: float, h: float, told: str) -> None:
    for x in (X, X.float()):
        given = difference(x, 1, low, high, h)
        found = slope_causes(received(given), x, numbers(1))
        nearest = min(found, key=lambda cause: (found[cause] - given).abs().max().item())
        assert told in nearest.text
        assert torch.allclose(found[nearest], given, atol=2e-3)


def test_with_an_h_of_a_half_nothing_is_divided() -> None:
    given = difference(X, 2, -1, 1, 0.5)
    assert "precedence" not in {cause.id for cause in slope_causes(received(given), X, numbers(2))}


def test_a_difference_without_parentheses() -> None:
    h = 0.01
    given = steep(X + h, numbers(2)) - steep(X - h, numbers(2)) / (2 * h)
    found = slope_causes(received(given), X, numbers(2))
    nearest = min(found, key=lambda cause: (found[cause] - given).abs().max().item())
    assert nearest.id == "precedence"


def rounding(x: Tensor, got: Tensor) -> list[Cause]:
    return common([list(rounding_causes(received(got), x, slope_of_steep(x, numbers(3))))])


def test_rounding_is_another_one_from_point_to_point() -> None:
    x = X.float()
    for h in (1e-5, 1e-6, 1e-8):
        assert [cause.id for cause in rounding(x, difference(x, 3, -1, 1, h))] == ["step-too-small"]
    for h in (0.01, 0.3):
        assert rounding(x, difference(x, 3, 0, 1, h)) == []
    assert rounding(X, difference(X, 3, -1, 1, 1e-5)) == []
    # a single point shows nothing by itself
    assert rounding(x[:1], difference(x[:1], 3, -1, 1, 1e-6)) == []
