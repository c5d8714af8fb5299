"""Dropout: each number by itself and anew in each call, and what a wrong one is taken for."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from grader.checking.by_hand.dropouts import (
    NOT_ANEW,
    NOT_SCALED,
    NOTHING_DROPPED,
    OF_DEFAULT,
    P_KEPT,
    TWICE,
    X_DROPPED,
    cause_of_zeros,
    expect_single_numbers,
    wrong_factors,
)
from grader.checking.outcome import CheckFailed

KEPT = torch.tensor([[True, False], [True, True]])


@pytest.mark.parametrize(
    ("zeros", "ys", "cause"),
    [
        (0.0, [torch.ones(4), torch.ones(4)], NOTHING_DROPPED),
        (0.0, [torch.tensor([0.0, 1, 1, 1]), torch.tensor([1.0, 0, 1, 1])], X_DROPPED),
        (0.0, [torch.tensor([5.0, 7, 7, 7]), torch.tensor([7.0, 7, 5, 5])], X_DROPPED),
        (0.78, [], P_KEPT),
        (0.36, [], TWICE),
        (0.1, [], OF_DEFAULT),
        (0.9, [], ""),
    ],
)
def test_why_another_share_becomes_0(zeros: float, ys: list[Tensor], cause: object) -> None:
    assert cause_of_zeros(zeros, 0.2, torch.full((4,), 4.0), ys) == cause


def test_what_stays_may_be_scaled_wrongly() -> None:
    assert 3 * wrong_factors(0.2)[NOT_SCALED] == 3


def test_numbers_are_dropped_one_by_one_and_anew() -> None:
    expect_single_numbers([KEPT, KEPT.T])
    for kept in (torch.ones_like(KEPT), torch.zeros_like(KEPT)):
        expect_single_numbers([kept, kept])
    with pytest.raises(CheckFailed) as raised:
        expect_single_numbers([KEPT, KEPT])
    assert raised.value.causes == (NOT_ANEW,)
    with pytest.raises(CheckFailed, match="dimension 1"):
        expect_single_numbers([KEPT[:, 1:].expand(2, 2), KEPT])
