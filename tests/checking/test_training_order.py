"""The order of `backward` and `step` is heard, and has a cause where it is wrong."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from grader.checking.training_order import listen, order_causes

B, S, E = "backward", "step", "step without"


def heard(order: str) -> list[str]:
    """What is heard of a loop: z clears, b differentiates, s steps."""
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    events = listen(model, optimizer)
    steps = {
        "z": optimizer.zero_grad,
        "b": lambda: model(torch.ones(3, 2)).sum().backward(),
        "s": optimizer.step,
    }
    for letter in order:
        steps[letter]()
    return events


@pytest.mark.parametrize(
    ("order", "events", "name"),
    [
        ("zbs", [B, S], ""),
        ("zbszbs", [B, S, B, S], ""),
        ("zsb", [E, B], "step-before-backward"),
        ("zsbzsb", [E, B, E, B], "step-before-backward"),
        ("sbsb", [E, B, S, B], "step-before-backward"),
        ("bzs", [B, E], "cleared-between"),
        ("bzsbzs", [B, E, B, E], "cleared-between"),
        ("zbzb", [B, B], "not-updated"),
        ("bbs", [B, B, S], ""),
        ("s", [E], ""),
        ("", [], ""),
    ],
)
def test_orders(order: str, events: list[str], name: str) -> None:
    assert heard(order) == events
    assert [cause.id for cause in order_causes(events, [])] == [name][: bool(name)]
