"""Single keys from a terminal, which is left as it was."""

from __future__ import annotations

import os
import pty
import sys
import termios
from collections.abc import Callable, Iterator
from queue import Queue, SimpleQueue

import pytest

from grader.practice.events import Events, Pressed
from grader.practice.keyboard import Keyboard

PATIENCE = 60.0  # only what is wrong takes so long


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A terminal whose other end is standard input."""
    ours, theirs = pty.openpty()
    with open(theirs, encoding="utf-8") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield ours
    os.close(ours)


def test_keys(terminal: int, monkeypatch: pytest.MonkeyPatch) -> None:
    read: SimpleQueue[bytes] = SimpleQueue()

    def reading(
        descriptor: int, most: int, os_read: Callable[[int, int], bytes] = os.read
    ) -> bytes:
        read.put(data := os_read(descriptor, most))
        return data

    monkeypatch.setattr(os, "read", reading)
    events: Events = SimpleQueue()
    with Keyboard(events, lambda: False) as keyboard:
        assert keyboard.here
        for typed in ("h", "L", "ㅗ", "\x1b[A", "\x1bOB", "\x1b[C", "\x04"):
            os.write(terminal, typed.encode())
            # each comes alone, as a person types
            assert read.get(timeout=PATIENCE) == typed.encode()
    told = [events.get_nowait() for _ in range(events.qsize())]
    # the last but one is no key of ours
    assert told == [Pressed(key) for key in ("h", "l", "h", "up", "down", "q")]


def test_the_terminal_is_left_as_it_was(terminal: int) -> None:
    def fail() -> None:
        with Keyboard(SimpleQueue(), lambda: False):
            assert not termios.tcgetattr(terminal)[3] & (termios.ECHO | termios.ICANON)
            raise ZeroDivisionError

    before = termios.tcgetattr(terminal)
    with pytest.raises(ZeroDivisionError):
        fail()
    assert termios.tcgetattr(terminal) == before


def test_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    with open(os.devnull) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        with Keyboard(SimpleQueue(), lambda: False) as keyboard:
            assert not keyboard.here


@pytest.mark.parametrize("typed", ["q", "Q", "ㅂ", "\x04"])
def test_quitting_breaks_off_what_is_under_way(
    terminal: int, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    interrupted: Queue[bool] = Queue()
    monkeypatch.setattr("_thread.interrupt_main", lambda: interrupted.put(True))
    events: Events = SimpleQueue()
    with Keyboard(events, lambda: True):
        os.write(terminal, f"h{typed}".encode())
        assert [events.get(timeout=PATIENCE) for _ in range(2)] == [Pressed("h"), Pressed("q")]
        assert interrupted.get(timeout=PATIENCE)
    assert interrupted.empty()  # `h` breaks nothing off
