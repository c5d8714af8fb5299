"""How long a child is waited for: so many seconds by the clock, without those in which the machine let others run.

On a machine with much else to do, code that is right would take longer than it may otherwise. Linux tells for how long
a process was ready to run while no processor was free for it (`run_delay` in Documentation/scheduler/sched-stats.rst);
one that sleeps is not ready. Elsewhere the clock alone counts.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

_MOST_TIMES = 10  # a child is waited for, whatever else the machine has to do
_LEAST = 0.01  # seconds that are worth waiting on


class RunDelay:
    """For how long a process was ready to run and did not, since it began; its first thread counts."""

    def __init__(self, pid: int) -> None:
        self._told: int | None = None
        self._last = 0.0
        with suppress(OSError):  # not Linux, or a kernel that does not tell
            self._told = os.open(f"/proc/{pid}/schedstat", os.O_RDONLY | os.O_CLOEXEC)

    def seconds(self) -> float:
        """The last known, where the process has ended; 0 where it is not told."""
        if self._told is not None:
            with suppress(OSError, ValueError, IndexError):
                self._last = int(os.pread(self._told, 100, 0).split()[1]) / 1e9
        return self._last

    def close(self) -> None:
        if self._told is not None:
            os.close(self._told)
            self._told = None


class Patience:
    """What is left of a number of seconds.

    Args:
        seconds: how long the child may take.
        delay: the child's.
    """

    def __init__(self, seconds: float, delay: RunDelay) -> None:
        self._delay = delay
        self._before = delay.seconds()
        self._due = time.monotonic() + seconds
        self._most = (_MOST_TIMES - 1) * seconds
        self._given = 0.0

    def held_up(self) -> float:
        """The seconds so far in which the child could not run, as far as they do not count."""
        return min(self._delay.seconds() - self._before, self._most)

    def left(self) -> float:
        """The seconds that are left, or 0."""
        left = self._due - time.monotonic()
        if left <= 0 and (more := self.held_up() - self._given) > _LEAST:
            self._given += more
            self._due += more
            left += more
        return max(left, 0.0)
