"""Steps of SGD and Adam by hand are those of torch, and each mistake is seen where its option has a say."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from grader.checking.optimizer_steps import by_hand, by_torch

OPTIONS: list[tuple[str, dict[str, Any]]] = [
    ("MySGD", {"lr": 0.1}),
    ("MySGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.2}),
    ("MySGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ("MyAdam", {"lr": 0.1}),
    ("MyAdam", {"lr": 0.1, "betas": (0.7, 0.9), "eps": 1e-3, "weight_decay": 0.2}),
]


def drawn(seed: int = 4) -> tuple[list[Tensor], list[list[Tensor | None]]]:
    """Parameters, and gradients of five steps, of which some are None."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [(3, 2), (), (4,)]
    start = [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]
    steps: list[list[Tensor | None]] = [
        [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]
        for _ in range(5)
    ]
    steps[1][2] = steps[3][0] = None
    return start, steps


@pytest.mark.parametrize(("kind", "options"), OPTIONS)
def test_without_a_mistake_they_are_torchs(kind: str, options: dict[str, Any]) -> None:
    start, steps = drawn()
    torch.testing.assert_close(
        by_hand(kind, options, start, steps, ""), by_torch(kind, options, start, steps)
    )


@pytest.mark.parametrize(
    ("number", "mistake"),
    [
        (0, "uphill"),
        (1, "no momentum"),
        (1, "dampened"),
        (2, "no nesterov"),
        (3, "no correction"),
        (4, "no eps"),
    ],
)
def test_a_mistake_leads_elsewhere(number: int, mistake: str) -> None:
    kind, options = OPTIONS[number]
    start, steps = drawn()
    right, wrong = (by_hand(kind, options, start, steps, name) for name in ("", mistake))
    assert not all(torch.allclose(*pair, rtol=1e-6) for pair in zip(right, wrong, strict=True))
