"""Slips in a loss and in a step: each gives other numbers than what is asked, and than the others."""

from __future__ import annotations

from functools import partial

import torch

from grader.checking.explain import FEWER, NOT_UPDATED
from grader.checking.outcome import Cause
from grader.checking.slips import (
    INVERTED,
    MORE,
    SIGNED,
    decay_causes,
    gradient_causes,
    head_causes,
    loop_causes,
    loss_causes,
    trained,
)
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
        assert apart([right, *causes.values()])


def test_slips_in_a_head_differ_from_it() -> None:
    causes = head_causes([7, 5], [3, 5], before=4)
    assert list(causes.values()) == [[5, 3], [3, 4], [7, 5]]


def test_a_training_and_its_slips() -> None:
    state = {"layers.0.weight": torch.tensor([[1.0]])}
    batch = {"inputs": torch.tensor([[1.0]]), "labels": torch.tensor([[0.0]])}
    walk = partial(trained, plan=None, state=state, batch=batch, lr=0.25)
    # f(w) = w²: each step halves w
    [weight], losses = walk(2)
    assert weight.tolist() == [[0.25]]
    assert losses == [1.0, 0.25]
    causes = {cause: make()[0] for cause, make in loop_causes(walk, 2, 0.25).items()}
    # twice the step leads to 0, where each further one stays
    assert causes.pop(MORE).tolist() == [[0.0625]]
    assert causes.pop(NOT_UPDATED).equal(causes.pop(FEWER))
    assert apart([weight, *causes.values()])
