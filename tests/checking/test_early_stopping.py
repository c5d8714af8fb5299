"""A training along known losses, and the losses that show each mistake in stopping."""

from __future__ import annotations

import pytest
import torch

from grader.checking.early_stopping import (
    STOPPING,
    Stride,
    Walker,
    best_place,
    exchanged,
    loss_at,
    losses_to_stop,
    stopped,
    weighted,
)
from grader.checking.rounds import ROUNDS
from grader.checking.student import Draw


def drawn(patience: int, seed: int) -> list[float]:
    return losses_to_stop(Draw(seed, torch.float64, round=ROUNDS["published"]), patience)


def test_a_walker_is_after_each_step_at_the_next_loss() -> None:
    model, table = Walker(torch.zeros(3)), torch.tensor([9.0, 5, 5, 7])
    optimizer = Stride(model.parameters())
    for expected in (9.0, 5.0, 5.0, 7.0, 7.0):
        loss = loss_at(model(torch.rand(2)), table)
        assert loss.item() == expected
        loss.backward()
        optimizer.step()
    assert model.place.item() == 5
    assert model.passes.item() == 3 * 5 + 5
    assert optimizer.step(lambda: loss_at(model(torch.rand(2)), table)).item() == 7
    model.eval()(torch.rand(2))
    assert model.passes.item() == 3 * 6 + 5
    assert model.seen[0] == [True, True]
    assert model.seen[-1] == [False, True]


def test_a_criterion_that_shows_what_stands_first() -> None:
    outputs, targets = torch.tensor([1.0, 0.0]), torch.tensor([3.0, 0.0])
    assert weighted(outputs, targets).item() == 8
    assert exchanged(outputs, targets).item() == 4


@pytest.mark.parametrize("patience", [1, 2, 3, 7])
def test_training_stops_with_the_last_loss_and_not_before(patience: int) -> None:
    for seed in range(20):
        losses = drawn(patience, seed)
        assert stopped([*losses, -1.0, -2.0], patience) == losses
        assert stopped(losses[:-1], patience) == losses[:-1]


@pytest.mark.parametrize("mistake", STOPPING)
def test_each_mistake_shows(mistake: str) -> None:
    for seed in range(20):
        losses = [*drawn(5, seed), 500.0, 501.0]
        assert stopped(losses, 5, mistake) != stopped(losses, 5)


def test_which_weights_are_put_back() -> None:
    losses = drawn(5, 0)
    right = best_place(losses, 5)
    assert losses[right - 1 :] == [min(losses) + each for each in (0, 2, 0, 4, 3, 5)]
    assert best_place(losses, 5, "equal") == right + 2
    assert best_place(losses, 5, "previous") == right + 4
    assert best_place(losses, 5, "not reset") < right
