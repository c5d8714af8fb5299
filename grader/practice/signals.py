"""Signals as events, while somebody watches."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .events import Events, Resized


@contextmanager
def as_events(events: Events) -> Iterator[None]:
    """Being asked to end is an interrupt; another size of the terminal, or coming back to it, an event."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    def resized(number: int, frame: object) -> None:
        events.put(Resized())

    handlers: dict[str, Any] = {
        "SIGTERM": interrupt,
        "SIGHUP": interrupt,
        "SIGWINCH": resized,
        "SIGCONT": resized,
    }
    before = {}
    try:
        for name, handler in handlers.items():
            if number := getattr(signal, name, None):
                before[number] = signal.signal(number, handler)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
