"""Single keys from the terminal, without echo; the terminal is left as it was, on every way out."""

from __future__ import annotations

import _thread
import os
import select
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

from ..language import _
from .events import Events, Lost, Pressed

try:
    import termios
    import tty
except ImportError:  # no such terminals here: then nothing is read
    termios = tty = None  # type: ignore[assignment]

QUIT, ENTER, UP, DOWN = "q", "\n", "up", "down"
# the same keys with a Korean keyboard left on, and Ctrl-D
_SAME = {
    "ㅗ": "h",
    "ㅅ": "t",
    "ㅣ": "l",
    "ㄴ": "s",
    "ㅜ": "n",
    "ㅠ": "b",
    "ㅔ": "p",
    "ㄱ": "r",
    "ㅂ": "q",
    "\x04": "q",
    "\r": ENTER,
}
_ARROWS = {b"\x1b[A": UP, b"\x1bOA": UP, b"\x1b[B": DOWN, b"\x1bOB": DOWN}


class Keyboard:
    """Puts a `Pressed` into the queue for each key, while it is entered. A context manager.

    Where standard input is no terminal, or belongs to another job of the shell, it does nothing: see `here`.

    Args:
        busy: whether something is under way that only an interrupt ends; the key `q` sends one then.
    """

    def __init__(self, events: Events, busy: Callable[[], bool]) -> None:
        self._events = events
        self._busy = busy
        self._descriptor = _terminal()
        self._before: list[Any] | None = None
        self._thread: threading.Thread | None = None
        self._wake: tuple[int, int] | None = None

    @property
    def here(self) -> bool:
        """Whether there are keys to read."""
        return self._descriptor is not None

    def __enter__(self) -> Self:
        if self._descriptor is not None:
            try:
                self._before = termios.tcgetattr(self._descriptor)
                self.quieten()
            except termios.error:
                self._descriptor = self._before = None
                return self
            self._wake = os.pipe()
            self._thread = threading.Thread(target=self._read, daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._wake and self._thread:
            os.write(self._wake[1], b".")
            self._thread.join()
            os.close(self._wake[0])
            os.close(self._wake[1])
            self._wake = None
        if self._before is not None and self._descriptor is not None:
            with suppress(termios.error):  # the terminal is gone
                termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._before)
            self._before = None

    def quieten(self) -> None:
        """No echo, and keys one by one; Ctrl-C stays an interrupt. Once more after the job was stopped."""
        if self._descriptor is not None:
            with suppress(termios.error):
                tty.setcbreak(self._descriptor)

    def _read(self) -> None:
        assert self._descriptor is not None
        assert self._wake is not None
        while True:
            ready, _unused, _unused = select.select([self._descriptor, self._wake[0]], [], [])
            if self._wake[0] in ready:
                return
            try:
                data = os.read(self._descriptor, 1024)
            except OSError:
                data = b""
            if not data:
                self._tell(Lost(_("the terminal is gone")))
                return
            if data.startswith(b"\x1b"):  # several bytes, none of which is a key of ours
                if data in _ARROWS:
                    self._tell(Pressed(_ARROWS[data]))
                continue
            for key in data.decode("utf-8", "ignore"):
                self._tell(Pressed(_SAME.get(key, key).lower()))

    def _tell(self, event: Pressed | Lost) -> None:
        self._events.put(event)
        if self._busy() and (isinstance(event, Lost) or event.key == QUIT):
            _thread.interrupt_main()


def _terminal() -> int | None:
    """Standard input, if it is a terminal that this process may read."""
    if termios is None or sys.stdin is None:
        return None
    try:
        descriptor = sys.stdin.fileno()
        if not os.isatty(descriptor):
            return None
    except (OSError, ValueError):
        return None
    with suppress(OSError):  # no job control on this terminal
        if os.tcgetpgrp(descriptor) != os.getpgrp():
            return None
    return descriptor
