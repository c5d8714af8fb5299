"""What torch ran while a probe ran: seen by the profiler, beneath Python, whatever names the code used for it.

It is there for what the source does not show. It sits in the student's process, so its silence proves nothing; but who
ends the profiler on the way is told as well. It follows one thread: a child that is watched can start no other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Any, NamedTuple

import torch
from torch.autograd.profiler import profile

_MOST = 8
_ENDED = "the end of the grader's own trace"
_mark = partial(torch.bitwise_left_shift, torch.tensor(1), torch.tensor(1))
_MARK = "aten::bitwise_left_shift"


class Trace(NamedTuple):
    """A trace to come, as steps: begin, mark, …, end; `names` reads what `end` gives."""

    begin: Callable[[], Any]
    mark: Callable[[], Any]
    end: Callable[[], Any]
    names: Callable[[Any], Collection[str]]


def _older_profiler() -> Trace | None:
    """Torch's older profiler: the same events at a fifth of the cost. None where it has gone.

    Its names are private to torch; they were tried with torch 2.11.0 and 2.13.0.
    """
    try:
        from torch._C._autograd import (
            ProfilerEvent,
            _disable_profiler_legacy,
            _enable_profiler_legacy,
        )
        from torch._C._profiler import ProfilerConfig, ProfilerState, _ExperimentalConfig

        # neither shapes, nor memory, stacks, flops and modules
        off = False, False, False, False, False
        config = ProfilerConfig(ProfilerState.CPU, *off, _ExperimentalConfig())
        name_of: Any = ProfilerEvent.name
    except (ImportError, AttributeError, TypeError):
        return None

    def names(threads: Any) -> set[str]:
        return {name_of(event) for thread in threads for event in thread}

    return Trace(partial(_enable_profiler_legacy, config), _mark, _disable_profiler_legacy, names)


_OLDER = _older_profiler()


def new_trace() -> Trace:
    """A trace of what runs from the step `begin` to the step `end`."""
    if _OLDER:
        return _OLDER
    events: Any = profile()

    def end() -> set[str]:
        events.__exit__(None, None, None)
        return {event.key for event in events.key_averages()}

    return Trace(events.__enter__, _mark, end, frozenset)


def differentiation(trace: Trace, ended: Any, problem: BaseException | None) -> list[str]:
    """Which operations of differentiation ran, from what the trace's end gave or raised.

    Those are the steps of autograd's engine, the dual numbers of forward mode, and backward kernels.
    """
    names = () if problem else trace.names(ended)
    seen = sorted(name for name in names if _differentiates(name))[:_MOST]
    if _MARK not in names:
        seen.append(_ENDED)
    return seen


def _differentiates(name: str) -> bool:
    return name.startswith(("autograd::engine::", "aten::_make_dual", "aten::_fw_primal")) or (
        name.startswith("aten::") and "_backward" in name
    )
