"""What torch ran while a probe ran: seen by the profiler, beneath Python, whatever names the code used for it.

A second witness to what the source shows. It sits in the student's process, so its silence proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch.autograd.profiler import profile

try:  # the older one has the same events at a fifth of the cost; neither it nor its place is promised to stay
    from torch._C._autograd import _disable_profiler_legacy, _enable_profiler_legacy
    from torch._C._profiler import ProfilerConfig, ProfilerState, _ExperimentalConfig
except ImportError:
    _enable_profiler_legacy = None  # type: ignore[assignment]

_MOST = 8


def observe(run: Callable[[], Any]) -> tuple[Any, list[str]]:
    """Calls `run`, and tells what came back and which operations of differentiation ran in it.

    Those are the steps of autograd's engine, the dual numbers of forward mode, and backward kernels.
    """
    result, names = _watched(run)
    return result, sorted(name for name in names if _differentiates(name))[:_MOST]


def _watched(run: Callable[[], Any]) -> tuple[Any, set[str]]:
    if _enable_profiler_legacy is None:
        with profile() as events:
            result = run()
        return result, {event.name() for event in events.kineto_results.events()}
    # neither shapes, nor memory, stacks, flops and modules
    off = False, False, False, False, False
    config = ProfilerConfig(ProfilerState.CPU, *off, _ExperimentalConfig())
    _enable_profiler_legacy(config)
    try:
        result = run()
    finally:
        threads = _disable_profiler_legacy()
    return result, {event.name() for thread in threads for event in thread}


def _differentiates(name: str) -> bool:
    return name.startswith(("autograd::engine::", "aten::_make_dual", "aten::_fw_primal")) or (
        name.startswith("aten::") and "_backward" in name
    )
