"""Numbers in other places are told from others that look alike when sorted."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from grader.checking.telling.permuted import causes_in_places

SINE = torch.sin(torch.arange(300, dtype=torch.float64))
FEW = torch.tensor([0.5, -1.0, 2.0, 3.5], dtype=torch.float64)


@pytest.mark.parametrize(
    ("got", "expected", "rtol"),
    [
        (FEW.flip(0), FEW, 1e-9),
        (FEW[[1, 0, 2, 3]], FEW, 1e-9),
        (FEW[[1, 0, 2, 3]].float(), FEW, 1e-8),
        (SINE.roll(1), SINE, 2e-5),
        (1.0001 * FEW.flip(0), FEW, 0.003),
        (torch.tensor([2, 0, 1]), torch.tensor([0, 1, 2]), 0.0),
    ],
)
def test_the_same_numbers_elsewhere(got: Tensor, expected: Tensor, rtol: float) -> None:
    [cause] = causes_in_places(got, expected, rtol)
    assert cause.sure


@pytest.mark.parametrize(
    ("got", "expected", "rtol"),
    [
        (FEW, FEW, 1e-9),
        (
            0.96 * SINE,
            SINE,
            0.003,
        ),  # a little too small in each place: sorted, within a loose tolerance
        (SINE[torch.arange(300) ** 2 % 300], SINE, 0.003),  # others, of which many are alike
        (torch.sin(torch.arange(7.0, 307)), torch.sin(torch.arange(300.0)), 0.03),
        (
            torch.tensor([0.0, 1, 0, 1]),
            torch.tensor([1.0, 0, 0, 1]),
            1e-9,
        ),  # one is there for the other by chance
        (
            torch.tensor([1.05, 1.0, 3]),
            torch.tensor([1.0, 1.05, 3]),
            0.03,
        ),  # nearer than the tolerance
    ],
)
def test_what_only_looks_alike(got: Tensor, expected: Tensor, rtol: float) -> None:
    assert not any(cause.sure for cause in causes_in_places(got, expected, rtol))
