"""A training along known losses, and the losses that show each mistake in stopping."""

from __future__ import annotations

import pytest
import torch

from grader.checking.drawn_models import network
from grader.checking.early_stopping import (
    STOPPING,
    Stride,
    Walker,
    best_place,
    coefficients_by_hand,
    exchanged,
    loss_at,
    losses_by_hand,
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


def test_the_number_of_the_statement() -> None:
    train, valid = torch.tensor([[0.0, 1], [1, 1]]), torch.tensor([[2.0], [6]])
    path, losses = coefficients_by_hand([(*train,), (*valid,)], 2, 2, 0.1)
    assert losses == pytest.approx([0.16, 1.8496])
    assert path[1].tolist() == pytest.approx([0.8] * 3)
    assert path[2].tolist() == pytest.approx([0.68, 0.66, 0.66])


def test_a_training_by_hand_is_that_of_torch() -> None:
    draw = Draw(0, torch.float64, round=ROUNDS["published"])
    plan, state = draw.network(3, 2)
    pairs = [(draw.inputs_of(plan, size), draw.normal(size, 2)) for size in (4, 5)]
    trained, held, path = losses_by_hand(plan, state, pairs, 3)
    model = network(plan, state)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.003, momentum=0.9)
    for epoch in range(4):
        losses = [weighted(model(x), y) for x, y in pairs]
        assert [each.item() for each in losses] == pytest.approx([trained[epoch], held[epoch]])
        torch.testing.assert_close(path[epoch], [each.detach() for each in model.parameters()])
        optimizer.zero_grad()
        losses[0].backward()
        optimizer.step()
    assert losses_by_hand(plan, state, pairs, 3, turned=True)[1] != held
    assert losses_by_hand(plan, state, pairs, 3, by=exchanged)[1] != held
