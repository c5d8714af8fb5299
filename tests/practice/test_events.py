"""Events are plain facts: told apart by their class, equal by what they say, and taken in the order they came."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from queue import SimpleQueue

import pytest

from grader.practice.events import Event, Events, Lost, Pressed, Resized, Saved


def test_they_come_in_their_order() -> None:
    events: Events = SimpleQueue()
    told: list[Event] = [Pressed("h"), Saved(frozenset({"my_linear"})), Resized(), Lost("gone")]
    for event in told:
        events.put(event)
    assert [events.get_nowait() for _ in told] == told


def test_equal_is_what_says_the_same() -> None:
    assert Pressed("h") == Pressed("h") != Pressed("l")
    assert Saved(frozenset("ab")) == Saved(frozenset("ba")) != Saved(frozenset("a"))
    told: list[Event] = [Pressed("h"), Lost("h")]
    assert told[0] != told[1]


@pytest.mark.parametrize("event", [Pressed("h"), Saved(frozenset("a")), Lost("gone")])
def test_nobody_changes_one_on_its_way(event: Event) -> None:
    [name] = vars(event)
    with pytest.raises(FrozenInstanceError):
        setattr(event, name, "x")
