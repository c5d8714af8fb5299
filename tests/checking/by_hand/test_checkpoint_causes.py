"""Each named mistake with a checkpoint changes a training, so none is named in vain, and no two are alike."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from grader.checking.by_hand.checkpoint_causes import RESUMED, TRAINED
from grader.checking.by_hand.checkpoints import (
    PLANS,
    loader_of,
    plain,
    resumed_by_hand,
    states_of,
    trained,
    workshop,
)

from .test_checkpoints import _one_thread as _one_thread
from .test_checkpoints import training


def numbers(state: Any, losses: Any) -> list[float]:
    """All that is compared, in one list."""
    flat = [value.double().flatten() for value in state["model"].values()]
    return [*torch.cat(flat).tolist(), *state["lr"], *losses]


def trained_by_hand(given: dict[str, Any], mistake: str) -> list[float]:
    parts = workshop({**given["plan"], "dropout": 0.0}, given["states"][0])
    for parameter in parts[0].parameters():
        parameter.grad = torch.ones_like(parameter)  # from earlier work
    losses = trained(parts, loader_of(given["samples"], 4, False), 6, mistake)
    return numbers(plain(states_of(parts)), [loss for each in losses for loss in each])


@pytest.mark.parametrize("kind", PLANS)
@pytest.mark.parametrize("table", [RESUMED, TRAINED], ids=["resumed", "trained"])
def test_no_mistake_is_named_in_vain(kind: str, table: dict[Any, str]) -> None:
    given = training(kind)
    found: dict[str, list[float]] = {}
    for mistake in ["", *table.values()]:
        if table is RESUMED:
            found[mistake] = numbers(*resumed_by_hand(given, mistake))
        else:
            found[mistake] = trained_by_hand(given, mistake)
        others = [
            name
            for name in found
            if name != mistake and found[name] == pytest.approx(found[mistake])
        ]
        assert not others, mistake
