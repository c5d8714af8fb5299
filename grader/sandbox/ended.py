"""How a child ended, and whose doing that was: its own, or that of a machine that has no memory left, say."""

from __future__ import annotations

import os
import signal
from typing import Any, NamedTuple

from ..errors import NoAnswer, SandboxLost
from .isolation.limits import MIB, Limits, cpu_seconds

_EARLY = 0.8  # of its time on a processor; the limit is kept by ticks of the clock, and these seconds are exact
_LITTLE_BYTES = 512 * MIB  # a right solution takes 50 MiB, and torch's own pages some 200


class Ended(NamedTuple):
    """What the kernel tells of a process that has ended.

    Attributes:
        status: its wait status; `None` where it is not known.
        peak_bytes: the most that it had in memory, with what it shared with the zygote.
        seconds: of a processor.
    """

    status: int | None = None
    peak_bytes: int = 0
    seconds: float = 0.0


def ended_of(answer: dict[str, Any]) -> Ended:
    """A zygote's answer as what it is.

    Raises:
        ValueError: if it is none.
    """
    ended = Ended(answer.get("status", ""), answer.get("peak_bytes", 0), answer.get("seconds", 0.0))
    known = ended.status is None or type(ended.status) is int
    if not known or type(ended.peak_bytes) is not int or type(ended.seconds) not in (int, float):
        raise ValueError(f"it tells of no end: {answer}")
    return ended


def was_killed_by_others(ended: Ended, shared_bytes: int, limits: Limits) -> bool:
    """Whether a child that cannot kill itself was killed, although it had taken little.

    Args:
        shared_bytes: what it had in memory at its start.
    """
    return (
        ended.status is not None
        and os.WIFSIGNALED(ended.status)
        and os.WTERMSIG(ended.status) == signal.SIGKILL
        and ended.seconds < _EARLY * cpu_seconds(limits)
        and ended.peak_bytes - shared_bytes < _LITTLE_BYTES
    )


def killed_by_others() -> SandboxLost:
    """What is told of it."""
    return SandboxLost(
        "A child was killed from outside (SIGKILL), as happens where a machine has no memory left. "
        "Close other programs, or run fewer jobs."
    )


def how_it_died(status: int | None) -> NoAnswer:
    """What is told of a child that ended by itself."""
    if status is not None and os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        name = signal.Signals(number).name if number in list(signal.Signals) else str(number)
        if name == "SIGKILL":
            return NoAnswer(
                "died", "was killed (SIGKILL), as happens when it uses too much memory or time"
            )
        if name == "SIGXCPU":
            return NoAnswer("died", "used too much processor time")
        return NoAnswer("died", "crashed ({signal})", signal=name)
    if status is not None and os.WIFEXITED(status):
        code = os.WEXITSTATUS(status)
        return NoAnswer(
            "died", "ended its process (exit status {code}) before it answered", code=code
        )
    return NoAnswer("died", "ended before it answered")
