"""A training along known losses, and the losses that show each mistake in stopping."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from grader.checking.by_hand.early_stopping import (
    EXCHANGED,
    KnownLosses,
    Stride,
    Walker,
    best_place,
    causes_of_training,
    exchanged,
    loss_at,
    losses_by_hand,
    losses_to_stop,
    mistakes_in,
    stopped,
    weighted,
)
from grader.checking.drawing.drawn_models import network
from grader.checking.drawing.rounds import ROUNDS
from grader.checking.student import Draw


def course(
    patience: int, seed: int, name: str = "published", dtype: torch.dtype = torch.float64
) -> KnownLosses:
    return losses_to_stop(Draw(seed, dtype, round=ROUNDS[name]), patience)


def drawn(patience: int, seed: int) -> list[float]:
    return course(patience, seed).losses


def test_a_walker_is_after_each_step_at_the_next_loss() -> None:
    model, table = Walker(torch.zeros(3)), torch.tensor([9.0, 5, 5, 7])
    optimizer = Stride(model.parameters())
    for expected in (9.0, 5.0, 5.0, 7.0, 7.0):
        loss = loss_at(model(torch.rand(2)), table)
        assert loss.item() == expected
        loss.backward()
        optimizer.step()
    assert model.place.item() == 5
    assert model.numbers().tolist() == [5, 3 * 5 + 5, 5 + 2]
    assert optimizer.step(lambda: loss_at(model(torch.rand(2)), table)).item() == 7
    model.eval()(torch.rand(2))
    assert model.numbers().tolist() == [6, 3 * 6 + 5, 6 + 2]
    assert model.seen[0] == [True, True]
    assert model.seen[-1] == [False, True]
    with torch.no_grad():
        assert not model(torch.rand(2)).requires_grad


@pytest.mark.parametrize("kind", ["int64", "int32", "uint8", "bool"])
def test_a_walker_counts_in_this_dtype_what_a_state_dict_puts_back(kind: str) -> None:
    model = Walker(torch.zeros(3), kind)
    kept = []
    for _pass in range(3):
        model(torch.rand(2))
        kept.append({name: each.clone() for name, each in model.state_dict().items()})
    assert model.inner.number.dtype == getattr(torch, kind)
    for passes, state in enumerate(kept, 1):
        model.load_state_dict(state)
        assert model.numbers().tolist() == [0, 3 * passes + 5, passes + 2]


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


@pytest.mark.parametrize(
    ("name", "patience"), [("published", 5), ("ones", 3), ("equal", 1), ("large", 2)]
)
def test_each_mistake_shows_and_is_known_from_the_others(name: str, patience: int) -> None:
    for seed in range(20):
        given = course(patience, seed, name)
        losses = [*given.losses, *given.tail]
        found = {
            mistake: stopped(losses, patience, mistake, 1.0001 * given.falls[0])
            for mistake in mistakes_in(ROUNDS[name])
        }
        right = stopped(losses, patience)
        assert right == given.losses
        known = {"ones": "before", "equal": "zero", "large": "high", "published": "none"}[name]
        for mistake in list(found) if name == "published" else ["margin", known]:
            assert found[mistake] != right
        for mistake in ("margin", known):
            assert list(found.values()).count(found[mistake]) == 1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_losses_of_a_round_show_what_a_best_one_must_not_begin_with(dtype: torch.dtype) -> None:
    for seed in range(20):
        small, zero, large = (course(3, seed, name, dtype) for name in ("ones", "equal", "large"))
        assert small.before < min(small.losses)
        assert min(zero.losses) == 0
        high = {torch.float32: 1e38, torch.float64: 1e50}[dtype]
        assert high < min(large.losses) < torch.finfo(dtype).max
        for each in (small, zero, large):
            # what differs, differs in this dtype too, and in float64 in no other
            assert torch.tensor(each.losses, dtype=dtype).tolist() == each.losses
            assert (torch.tensor(each.losses).tolist() == each.losses) is (dtype == torch.float32)
            falls = {a - b for a in each.losses for b in each.losses if a > b}
            assert min(falls) == each.falls[0]
    assert small.falls[0] < 1e-9


def test_which_weights_are_put_back() -> None:
    losses = drawn(5, 0)
    right = best_place(losses, 5)
    assert losses[right - 1 :] == [min(losses) + each for each in (0, 2, 0, 4, 3, 5)]
    assert best_place(losses, 5, "equal") == right + 2
    assert best_place(losses, 5, "previous") == right + 4
    assert best_place(losses, 5, "not reset") < right


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
    told = causes_of_training(partial(losses_by_hand, plan, state, pairs, 3))
    mistakes = [each() if callable(each) else each for each in told.values()]
    assert all(each != pytest.approx(held[1:]) for each in mistakes)
    assert all(mistakes.count(each) == 1 for each in mistakes)


def test_each_way_to_exchange_outputs_and_targets_is_known() -> None:
    draw = Draw(0, torch.float64, round=ROUNDS["published"])
    plan, state = draw.network(3, 2)
    pairs = [(draw.inputs_of(plan, size), draw.normal(size, 2)) for size in (4, 5)]
    model = network(plan, state)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.003, momentum=0.9)
    found = []
    for _epoch in range(3):
        weighted(model(pairs[0][0]), pairs[0][1]).backward()
        optimizer.step()
        optimizer.zero_grad()
        found.append(weighted(pairs[1][1], model(pairs[1][0])).item())
    told = causes_of_training(partial(losses_by_hand, plan, state, pairs, 3))
    named = [
        cause for cause, each in told.items() if callable(each) and each() == pytest.approx(found)
    ]
    assert named == [EXCHANGED["losses"]]
