"""What torch ran while a probe ran: seen by the profiler, beneath Python, whatever names the code used for it.

A second witness to what the source shows. It sits in the student's process, so its silence proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch.autograd.profiler import profile

_MOST = 8


def observe(run: Callable[[], Any]) -> tuple[Any, list[str]]:
    """Calls `run`, and tells what came back and which operations of differentiation ran in it.

    Those are the steps of autograd's engine, the dual numbers of forward mode, and backward kernels.
    """
    with profile() as events:
        result = run()
    names = {event.name() for event in events.kineto_results.events()}
    return result, sorted(name for name in names if _differentiates(name))[:_MOST]


def _differentiates(name: str) -> bool:
    return name.startswith(("autograd::engine::", "aten::_make_dual", "aten::_fw_primal")) or (
        name.startswith("aten::") and "_backward" in name
    )
