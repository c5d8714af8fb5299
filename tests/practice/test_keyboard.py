"""Single keys from a terminal, which is left as it was."""

from __future__ import annotations

import os
import pty
import sys
import termios
import time
from collections.abc import Iterator
from queue import Queue, SimpleQueue

import pytest

from grader.practice.events import Events, Pressed
from grader.practice.keyboard import Keyboard


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A terminal whose other end is standard input."""
    ours, theirs = pty.openpty()
    with open(theirs, encoding="utf-8") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield ours
    os.close(ours)


def test_keys(terminal: int) -> None:
    events: Events = SimpleQueue()
    with Keyboard(events, lambda: False) as keyboard:
        assert keyboard.here
        same = {"ㅗ": "h", "\x04": "q", "\x1b[A": "up", "\x1bOB": "down", "\x1b[C": ""}
        for typed in ("h", "L", "ㅗ", "\x1b[A", "\x1bOB", "\x1b[C", "\x04"):
            os.write(terminal, typed.encode())
            key = same.get(typed, typed.lower())
            if key:
                assert events.get(timeout=10) == Pressed(key)
            else:
                time.sleep(0.1)  # no key of ours; it comes in one piece, and alone
    assert events.empty()


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
        assert [events.get(timeout=10) for _ in range(2)] == [Pressed("h"), Pressed("q")]
        assert interrupted.get(timeout=10)
    assert interrupted.empty()  # `h` breaks nothing off
