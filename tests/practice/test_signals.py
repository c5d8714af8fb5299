"""Which signals become what, and that the handlers of before come back."""

from __future__ import annotations

import os
import signal
from queue import SimpleQueue

import pytest

from grader.practice.events import Events, Resized
from grader.practice.signals import as_events

NAMES = [signal.SIGTERM, signal.SIGHUP, signal.SIGWINCH, signal.SIGCONT]


def test_another_size_is_an_event_and_the_end_an_interrupt() -> None:
    events: Events = SimpleQueue()
    before = [signal.getsignal(name) for name in NAMES]
    with as_events(events):
        os.kill(os.getpid(), signal.SIGWINCH)
        assert events.get(timeout=60) == Resized()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
    assert [signal.getsignal(name) for name in NAMES] == before
