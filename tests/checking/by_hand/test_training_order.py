"""The order of `backward` and `step` is heard, and has a cause where it is wrong."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from grader.checking.by_hand.training_order import listen, order_causes, train_by_hand

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
        ("zbzb", [B, B], "not-updated other-optimizer"),
        ("bbs", [B, B, S], ""),
        ("s", [E], "no-backward"),
        ("ss", [E, E], "no-backward"),
        ("", [], ""),
    ],
)
def test_orders(order: str, events: list[str], name: str) -> None:
    assert heard(order) == events
    assert [cause.id for cause in order_causes(events, [])] == name.split()


def test_steps_by_old_gradients_alone() -> None:
    """Where there are such, what they would have given is compared; without them nothing is known."""
    [(cause, given)] = order_causes([S, S], "start", "old").items()
    assert (cause.id, given) == ("no-backward", "old")
    assert order_causes([S, S], "start") == {}
    assert [*order_causes([E, E], "start", "old").values()] == ["start"]


def test_a_loop_by_hand_is_torchs() -> None:
    torch.manual_seed(3)
    batches = [(torch.randn(4, 2), torch.randn(4, 1)) for _ in range(3)]
    ours, theirs, criterion = nn.Linear(2, 1), nn.Linear(2, 1), nn.MSELoss()
    start = {name: value.clone() for name, value in ours.state_dict().items()}
    theirs.load_state_dict(start)
    optimizer = torch.optim.SGD(theirs.parameters(), lr=0.1, momentum=0.9)
    wanted = []
    for inputs, labels in batches:
        loss = criterion(theirs(inputs), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        wanted.append(loss.item())
    assert train_by_hand(ours, criterion, batches, 0.1, 0.9) == pytest.approx(wanted)
    assert torch.allclose(ours.weight, theirs.weight)
    for mistake in ({"old": 1.0}, {"kept": 2}, {"times": 2}):
        ours.load_state_dict(start)
        train_by_hand(ours, criterion, batches, 0.1, 0.9, **mistake)
        assert not torch.allclose(ours.weight, theirs.weight)
