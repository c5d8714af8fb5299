"""Polynomials fitted by hand."""

from __future__ import annotations

import pytest
import torch

from grader.checking.by_hand.fitted_polynomials import (
    coefficients_by_hand,
    losses_along,
    nearest_halfway,
)
from grader.checking.student import Draw


def test_the_number_of_the_statement() -> None:
    train, valid = torch.tensor([[0.0, 1], [1, 1]]), torch.tensor([[2.0], [6]])
    path = coefficients_by_hand((train[0], train[1]), 2, 2, 0.1)
    assert losses_along(path, (valid[0], valid[1])) == pytest.approx([0.16, 1.8496])
    assert path[1].tolist() == pytest.approx([0.8] * 3)
    assert path[2].tolist() == pytest.approx([0.68, 0.66, 0.66])
    other = coefficients_by_hand((train[0], train[1]), 2, 2, 0.1, by=torch.optim.SGD)
    torch.testing.assert_close(other, path)


def test_the_best_epoch_is_halfway() -> None:
    for seed in range(20):
        draw = Draw(seed, torch.float64)
        x, held = draw.uniform(-1, 1, 5), draw.uniform(-1, 1, 4)
        path = coefficients_by_hand((x, draw.normal(5)), 9, 3, 0.001)
        y = nearest_halfway(path, held, draw.normal(4), 0.05)
        losses = losses_along(path, (held, y))
        assert losses.index(min(losses)) + 1 == 5
        assert min(losses) == pytest.approx(0.05**2, rel=0.01)
