"""Slips in a loss and in a step: each gives other numbers than what is asked, and than the others."""

from __future__ import annotations

import torch

from grader.checking.outcome import Cause
from grader.checking.slips import SIGNED, decay_causes, loss_causes
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
