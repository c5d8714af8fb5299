"""What can happen while `grader watch` runs; the threads that see it put it into one queue."""

from __future__ import annotations

from dataclasses import dataclass
from queue import SimpleQueue
from typing import TypeAlias


@dataclass(frozen=True)
class Pressed:
    """A key."""

    key: str


@dataclass(frozen=True)
class Saved:
    """Files of these names have changed, come or gone."""

    names: frozenset[str]


@dataclass(frozen=True)
class Resized:
    """The terminal has another size, or may show something else."""


@dataclass(frozen=True)
class Lost:
    """The terminal, or the folder, is gone."""

    why: str


Event: TypeAlias = Pressed | Saved | Resized | Lost
Events: TypeAlias = "SimpleQueue[Event]"
