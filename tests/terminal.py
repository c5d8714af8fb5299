"""A terminal with a program in it: what the program writes is shown on a screen, as a person would see it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import pyte

ROWS, COLUMNS = 50, 100
ROOT = Path(__file__).resolve().parent.parent
# makes the terminal the program's own, as it is for what a shell starts, and lets Ctrl-C through even where these tests
# run in the background of a script, which ignores it
_BOOT = (
    "import fcntl, os, signal, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "signal.signal(signal.SIGINT, signal.SIG_DFL); "
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)
PATIENCE = 60.0  # only what is wrong takes so long


class Terminal:
    """Runs `grader` on a pseudo-terminal. A context manager; the program is ended with it.

    Attributes:
        written: all that the program has written.
    """

    def __init__(self, arguments: Sequence[str], cwd: Path, rows: int = ROWS) -> None:
        self.written = b""
        self.rows = rows
        self._screen = pyte.Screen(COLUMNS, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._descriptor, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, COLUMNS, 0, 0))
        # the terminal's own size counts
        hidden = ("COLUMNS", "LINES")
        environment = {key: value for key, value in os.environ.items() if key not in hidden}
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", _BOOT, "-m", "grader", *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            cwd=cwd,
            env=environment | {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT)},
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._descriptor)

    @property
    def text(self) -> str:
        """The screen as it is, without the spaces at the ends of the lines."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def modes(self) -> list[Any]:
        """The settings of the terminal: echo, line by line or not, and so on."""
        return termios.tcgetattr(self._descriptor)

    def press(self, keys: str) -> None:
        os.write(self._descriptor, keys.encode())

    def read(self, seconds: float = 0.05) -> bool:
        """Shows what was written meanwhile; whether the program is still there."""
        if not select.select([self._descriptor], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._descriptor, 1 << 16)
        except OSError:  # the other end was closed
            return False
        self.written += data
        self._stream.feed(data)
        return bool(data)

    def until(self, *texts: str, gone: str = "") -> str:
        """Waits until all the texts are on the screen, and `gone` is not; gives the screen."""

        def seen() -> bool:
            screen = self.text
            return all(text in screen for text in texts) and not (gone and gone in screen)

        return self.wait(seen, f"{texts} on the screen")

    def after(self, act: Callable[[], object], text: str) -> None:
        """Acts, and waits until `text` is written, be it only for a moment."""
        start = len(self.written)
        act()
        self.wait(lambda: text.encode() in self.written[start:], f"{text!r}, if only for a moment")

    def wait(self, ready: Callable[[], bool], told: str) -> str:
        end = time.monotonic() + PATIENCE
        while not ready():
            alive = self.read()
            if not alive:
                time.sleep(0.02)
            if not ready() and time.monotonic() > end:
                raise AssertionError(f"waited for {told}; the screen was:\n{self.text}")
        return self.text

    def ended(self) -> int:
        """Waits for the program's end; its exit status, negative for a signal."""
        self.wait(lambda: self.process.poll() is not None, "its end")
        while self.read(0) and select.select([self._descriptor], [], [], 0)[0]:
            pass
        return self.process.returncode
