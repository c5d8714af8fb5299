"""What torch ran while a probe ran: seen by the profiler, beneath Python, whatever names the code used for it.

It is there for what the source does not show. It sits in the student's process, so its silence proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch.autograd.profiler import profile

_MOST = 8


def _older_profiler() -> tuple[Callable[[], None], Callable[[], Any]] | None:
    """Starts and ends torch's older profiler: the same events at a fifth of the cost. None where it has gone.

    Its names are private to torch; they were tried with torch 2.11.0 and 2.13.0.
    """
    try:
        from torch._C._autograd import _disable_profiler_legacy, _enable_profiler_legacy
        from torch._C._profiler import ProfilerConfig, ProfilerState, _ExperimentalConfig

        # neither shapes, nor memory, stacks, flops and modules
        off = False, False, False, False, False
        config = ProfilerConfig(ProfilerState.CPU, *off, _ExperimentalConfig())
    except (ImportError, AttributeError, TypeError):
        return None
    return lambda: _enable_profiler_legacy(config), _disable_profiler_legacy


_OLDER = _older_profiler()


def observe(run: Callable[[], Any]) -> tuple[Any, list[str]]:
    """Calls `run`, and tells what came back and which operations of differentiation ran in it.

    Those are the steps of autograd's engine, the dual numbers of forward mode, and backward kernels.
    """
    result, names = _watched(run)
    return result, sorted(name for name in names if _differentiates(name))[:_MOST]


def _watched(run: Callable[[], Any]) -> tuple[Any, set[str]]:
    if _OLDER is None:
        with profile() as events:
            result = run()
        return result, {event.key for event in events.key_averages()}
    start, end = _OLDER
    start()
    try:
        result = run()
    finally:
        threads = end()
    return result, {event.name() for thread in threads for event in thread}


def _differentiates(name: str) -> bool:
    return name.startswith(("autograd::engine::", "aten::_make_dual", "aten::_fw_primal")) or (
        name.startswith("aten::") and "_backward" in name
    )
