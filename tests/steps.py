"""The work of a function, counted and not timed: where a text of four times the size takes sixteen times the work, two
sizes in it are multiplied."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

_OURS = "/grader/"


def steps_of(work: Callable[[], object]) -> int:
    """How many lines of the package `work` runs."""
    steps = 0

    def traced(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal steps
        if _OURS not in frame.f_code.co_filename:
            return None
        steps += event == "line"
        return traced

    before = sys.gettrace()
    sys.settrace(traced)
    try:
        work()
    finally:
        sys.settrace(before)
    return steps


def growth(reader: Callable[[str], object], text: Callable[[int], str], size: int) -> float:
    """By how much the steps grow where `text` is made four times as large: by 4 for work that is linear in it."""
    small, large = text(size), text(4 * size)
    return steps_of(lambda: reader(large)) / max(1, steps_of(lambda: reader(small)))
