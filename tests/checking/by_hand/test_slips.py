"""Slips in a loss and in a step: each gives other numbers than what is asked, and than the others."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from grader.checking.by_hand.other_terms import FIXED_RATE
from grader.checking.by_hand.slips import (
    CROSS_ENTROPY,
    EXACT,
    H_IGNORED,
    INVERTED,
    KEPT_IN_LOOP,
    MORE,
    OPTIMIZERS,
    OTHER_OPTIMIZER,
    SIGNED,
    SQUARES,
    criterion_of,
    decay_causes,
    gradient_causes,
    head_begins,
    head_causes,
    learner,
    loss_causes,
    optimizer_of,
    round_causes,
    step_causes,
    trained,
)
from grader.checking.outcome import Cause
from grader.checking.telling.explain import FEWER, NOT_UPDATED, TWICE
from tests.received import received


def apart(values: list[torch.Tensor]) -> bool:
    return all(
        (one - other).abs().max() > 1e-3
        for place, one in enumerate(values)
        for other in values[:place]
    )


def test_slips_in_a_loss_differ_from_it() -> None:
    error = torch.tensor([2.0, -1.0, 0.5, 0.25], dtype=torch.float64)
    right = (error**2).mean()
    causes = loss_causes(received(right.float()), error)
    assert {value.dtype for value in causes.values()} == {torch.float32}
    assert apart([right, *causes.values()])


def test_a_loss_with_signs_is_a_sum_or_a_mean() -> None:
    error = torch.tensor([2.0, -1.0], dtype=torch.float64)
    for got in (error.sum(), error.mean()):
        assert loss_causes(received(got), error)[SIGNED] == got


def test_slips_in_a_step_differ_from_it() -> None:
    w = torch.tensor([1.0, -2.0], dtype=torch.float64)
    # f(w) = w³: with w² the decay before the gradient and that after it would be one step
    causes: dict[Cause, torch.Tensor] = decay_causes(w, lambda w: 3 * w**2, 0.1, 0.5, torch.ones(2))
    assert apart([torch.tensor([0.65, -3.1], dtype=torch.float64), *causes.values()])


def test_slips_in_a_gradient_differ_from_it() -> None:
    x = torch.tensor([1.0, 2.0, -1.5], dtype=torch.float64)

    def slope(low: float, high: float, h: float) -> torch.Tensor:
        return ((x + high * h) ** 3 - (x + low * h) ** 3) / ((high - low) * h) / (3 if mean else 1)

    for mean in (False, True):
        right = slope(-1, 1, 0.5)
        causes = gradient_causes(right, slope, 0.5, 3, mean)
        # what is divided for the sum and not for the mean is wrong in both in its own way
        assert causes.pop(INVERTED).equal(3 * right if mean else right / 3)
        # an h of 0.001 is nearly 0, where the slope itself is
        small = causes.pop(H_IGNORED.of(h="0.01"))
        assert torch.allclose(small, causes[EXACT], atol=1e-3)
        assert torch.allclose(causes.pop(EXACT), causes.pop(H_IGNORED.of(h="0.001")), atol=1e-5)
        assert apart([right, *causes.values()])


def test_slips_in_a_head_differ_from_it() -> None:
    causes = head_causes([7, 5], [3, 5], before=4)
    assert list(causes.values()) == [[5, 3], [3, 4], [7, 5]]


def head(out: int, inputs: int, numbers: float | None = None) -> list[torch.Tensor]:
    torch.manual_seed(out)
    layer = torch.nn.Linear(inputs, out)
    if numbers is not None:
        torch.nn.init.constant_(layer.weight, numbers)
    return [layer.weight.detach(), layer.bias.detach()]


def test_a_head_begins_as_linear_layers_do() -> None:
    old = head(5, 3)
    for inputs in (1, 3, 40):
        for out in (1, 2, 60):
            assert head_begins(*head(out, inputs), *head(7, inputs))[0]
    for number in (0.0, 0.1):
        ok, told, cause = head_begins(*head(4, 3, number), *old)
        assert not ok
        assert f"is {number:g};" in told
        assert cause.id == "other-start"
    assert not head_begins(*head(1, 1, 0.0), *head(7, 1))[0]
    weight, bias = head(20, 3)
    for wide in (3 * weight, 0.1 * weight, weight / 0):
        assert head_begins(wide, bias, *old)[2].id == "other-start"
        assert not head_begins(wide, bias, *old)[0]


def test_a_head_has_nothing_of_the_old_one() -> None:
    old, (weight, bias) = head(5, 3), head(20, 3)
    weight[2], bias[:3] = old[0][0], old[1][:3]
    for new in ((weight, head(20, 3)[1]), (head(20, 3)[0], bias)):
        ok, _told, cause = head_begins(*new, *old)
        assert not ok
        assert cause.id == "old-numbers"


def test_an_optimizer_and_its_counterpart() -> None:
    state = {f"layers.{each}.weight": torch.tensor([[1.0 + each]]) for each in range(2)}
    batch = {"inputs": torch.tensor([[1.0]]), "labels": torch.tensor([[0.5]])}
    kinds: dict[str, Any] = {**OPTIMIZERS}
    for options in kinds.values():
        model = learner(None, state)
        optimizer = optimizer_of([*model.parameters()], **{"lr": 0.1, **options})
        for _step in range(3):
            optimizer.zero_grad()
            criterion_of(None)(model(batch["inputs"]), batch["labels"]).backward()
            optimizer.step()
        right, _losses = trained(3, None, state, batch, **{"lr": 0.1, **options})
        assert all(map(torch.allclose, model.parameters(), right))


def test_a_training_and_its_slips() -> None:
    state = {"layers.0.weight": torch.tensor([[1.0]])}
    batch = {"inputs": torch.tensor([[1.0]]), "labels": torch.tensor([[0.0]])}
    walk = partial(trained, plan=None, state=state, batch=batch, lr=0.25, plain="squares")
    # f(w) = w²: each step halves w
    [weight], losses = walk(2)
    assert weight.tolist() == [[0.25]]
    assert losses == [1.0, 0.25]
    made = step_causes(walk, 2, 0.25) | round_causes(walk, 2)
    causes = {cause: make()[0] for cause, make in made.items()}
    # of one step in a call, without options, these are right
    for same in (KEPT_IN_LOOP, OTHER_OPTIMIZER, SQUARES):
        assert causes.pop(same).equal(weight)
    assert causes.pop(TWICE).equal(causes.pop(FIXED_RATE.of(rate="0.5")))
    # from 1 to −1 and back, and cross-entropy of one class has no slope
    assert causes.pop(CROSS_ENTROPY).equal(causes.pop(FIXED_RATE.of(rate="1")))
    assert causes.pop(MORE).tolist() == [[0.0625]]
    assert causes.pop(NOT_UPDATED).equal(causes.pop(FEWER))
    assert apart([weight, *causes.values()])
