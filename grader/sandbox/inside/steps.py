"""Calls one thing after another with no frame of Python beneath it: what runs cannot look down to who called it.

A function that a student's code is called by can be reached from it, by `sys._getframe().f_back` or a traceback, and
with the function all that its module knows. So nobody calls it: `run` walks a list in C, and each step is on the stack
alone. What decides about the next steps is a step itself, which has returned before they begin.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` has functions of Python's around these
import gc
import operator
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from .beneath import attempt

Step = Callable[[], Any]
_TOOLS = range(6)  # of `sys.monitoring`


def runner(todo: list[Step | None]) -> Step:
    """Calls what is last in `todo`, and takes it off, until that is `None`; steps may add to the list."""
    return partial(deque, map(operator.call, iter(todo.pop, None)), 0)


def into(results: list[Any], function: Callable[[Any], Any], values: Iterable[Any]) -> Step:
    """A step that adds to `results` what `function` gives for each of `values`."""
    return partial(results.extend, map(function, values))


def before_students() -> Iterator[Step]:
    """What is done before a student's code runs: its signals and its garbage are met again."""
    yield gc.enable
    yield partial(_signal.pthread_sigmask, signal.SIG_SETMASK, ())


def after_students() -> Iterator[Step]:
    """What is done when a student's code has run: nothing that it has set up runs in the middle of ours."""
    every_signal = tuple(map(int, signal.valid_signals()))
    yield partial(_signal.pthread_sigmask, signal.SIG_BLOCK, every_signal)
    yield partial(sys.setprofile, None)
    yield partial(sys.settrace, None)
    yield gc.disable
    monitoring: Any = getattr(sys, "monitoring", None)
    for tool in _TOOLS if monitoring else ():
        # one that nobody uses is refused
        yield partial(attempt, partial(monitoring.set_events, tool, 0))
