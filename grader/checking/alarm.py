"""A check that hangs in this process is the course's fault, and is told; a student's code has limits of its own."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

from ..errors import CourseFault

CHECKS_SECONDS = 300
_A_MOMENT = 1.0


class Waiting(Protocol):
    """What is known of the time in which this process waits for a student's code."""

    @property
    def waited(self) -> float: ...
    @property
    def is_waiting(self) -> bool: ...


class Overrun(BaseException):
    """The time is over; no check catches it by mistake."""


@contextmanager
def alarm(waiting: Waiting) -> Iterator[None]:
    """Bounds the seconds for which checks work in this process. Only the main thread can be interrupted, on Unix.

    Args:
        waiting: tells which time does not count, because it is the student's.

    Raises:
        CourseFault: if they work for more than `CHECKS_SECONDS`.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGALRM"):
        yield
        return
    start, waited = time.monotonic(), waiting.waited

    def ring(number: int, frame: FrameType | None) -> None:
        worked = time.monotonic() - start - (waiting.waited - waited)
        if waiting.is_waiting or worked < CHECKS_SECONDS:
            signal.setitimer(signal.ITIMER_REAL, max(CHECKS_SECONDS - worked, _A_MOMENT))
        else:
            signal.setitimer(
                signal.ITIMER_REAL, _A_MOMENT
            )  # once more, if a check goes on all the same
            raise Overrun

    before = signal.signal(signal.SIGALRM, ring)
    rest, _interval = signal.setitimer(signal.ITIMER_REAL, CHECKS_SECONDS)
    try:
        yield
    except Overrun as error:
        raise CourseFault(f"A check did not end within {CHECKS_SECONDS} s.") from error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if rest:  # somebody else's alarm, pytest-timeout's say
            signal.setitimer(signal.ITIMER_REAL, max(0.001, rest - (time.monotonic() - start)))
