"""The line of a student's code that a child hangs in, as the child's own signal handler writes it."""

from __future__ import annotations

import os
import re
import select
import signal
import time
from collections.abc import Sequence
from contextlib import suppress

_SECONDS = 0.3  # in all, however the child writes
_QUIET_SECONDS = 0.03
_MOST_BYTES = 65536


Place = tuple[int, int]  # the number of a piece of source, and the line in it


def hanging_line(pid: int, pipe: int, tags: Sequence[str]) -> tuple[Place | None, Place | None]:
    """Asks a child for its stack.

    Args:
        pid: the child's.
        pipe: the descriptor that its signal handler writes to, at the far end.
        tags: what the student's pieces of source are called there.

    Returns:
        The innermost line, and the one at the top level of its piece that led there; `None` where the child is in none
        of them, or says nothing.
    """
    with suppress(OSError):
        os.kill(pid, signal.SIGUSR1)
    stack = _read(pipe, time.monotonic() + _SECONDS).decode("ascii", "replace")
    found = re.findall(r'File "([^"]*)", line (\d{1,7}) in (<module>)?', stack)
    lines = [(tags.index(tag), int(line), name) for tag, line, name in found if tag in tags]
    inner, outer = lines[:1], [each for each in lines if each[2]][-1:]
    return (inner[0][:2] if inner else None), (outer[0][:2] if outer else None)


def _read(pipe: int, deadline: float) -> bytes:
    """What comes out of the pipe. It is written piece by piece: the end is when nothing more comes."""
    text, patience = b"", _SECONDS
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    while len(text) < _MOST_BYTES:
        left = min(patience, deadline - time.monotonic())
        if left <= 0 or not poll.poll(1000 * left):
            break
        part = os.read(pipe, _MOST_BYTES)
        if not part:
            break
        text, patience = text + part, _QUIET_SECONDS
    return text
