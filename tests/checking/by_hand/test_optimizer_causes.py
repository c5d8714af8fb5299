"""Each named mistake of an optimizer changes its steps under some options, so none is named in vain."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from grader.checking.by_hand.optimizer_causes import BY_KIND
from grader.checking.by_hand.optimizer_steps import by_hand

MOMENTUM = {"lr": 0.1, "momentum": 0.7}
BETAS: dict[str, Any] = {"lr": 0.1, "betas": (0.7, 0.8), "weight_decay": 0.2}
OPTIONS: dict[str, list[dict[str, Any]]] = {
    "MySGD": [MOMENTUM, MOMENTUM | {"weight_decay": 0.3, "nesterov": True}],
    "MyAdam": [{}, BETAS, {"lr": 0.1, "eps": 0.5}],
    "MyAdamW": [{}, BETAS, {"lr": 0.1, "eps": 0.5}],
    "MyAdagrad": [{}, {"lr": 0.1, "eps": 0.5}],
    "MyRMSprop": [{}, MOMENTUM | {"alpha": 0.8, "eps": 0.5}],
}


def slower_later(step: int, _parameter: int) -> dict[str, Any]:
    return {"lr": 0.02} if step > 2 else {}


def differs(kind: str, options: dict[str, Any], mistake: str) -> bool:
    generator = torch.Generator().manual_seed(3)
    shapes = [(3,), (2, 2), (3,), ()]

    def drawn() -> list[Tensor | None]:
        return [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]

    start: Any = drawn()
    steps = [drawn() for _unused in range(5)]
    steps[0][2] = steps[2][1] = None
    own: Any = slower_later if options else lambda _step, _parameter: {}
    right, wrong = (
        by_hand(kind, options, start, steps, name, beside=True, own=own) for name in ("", mistake)
    )
    return not all(torch.allclose(*pair, rtol=1e-6) for pair in zip(right, wrong, strict=True))


@pytest.mark.parametrize("kind", BY_KIND)
def test_no_mistake_is_named_in_vain(kind: str) -> None:
    idle = [
        mistake
        for mistake in BY_KIND[kind]
        if not any(differs(kind, options, mistake) for options in OPTIONS[kind])
    ]
    assert idle == []
