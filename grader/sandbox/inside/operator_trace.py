"""What torch ran while a probe ran: seen by torch's profiler, beneath Python, whatever names the code used for it.

Operators, the steps of autograd's engine and the nodes of its graph are told there by torch itself, one within another:

    aten::sigmoid
    autograd::engine::evaluate_function: SigmoidBackward0
        SigmoidBackward0                                       a node
            aten::sigmoid_backward

It follows one thread: a child that is watched can start no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from functools import partial
from typing import Any, NamedTuple

import torch
from torch.autograd.profiler import profile

FUNCTION, NODE = 0, 1  # torch's numbers for an operator or a Function, and for a node of a graph
MARKS = frozenset({"aten::bitwise_left_shift", "aten::bitwise_right_shift"})
# after the beginning, and before the end
first_mark = partial(torch.bitwise_left_shift, torch.tensor(1), torch.tensor(1))
last_mark = partial(torch.bitwise_right_shift, torch.tensor(1), torch.tensor(1))
# by which operators are run that no profiler is told of
_SWITCHES = ("_enable_record_function", "_clear_callbacks")


def keep_switched_on() -> None:
    """Takes from torch what switches a profiler off, and on again, without ending it."""
    for module in (torch.autograd, torch._C._autograd):
        for name in _SWITCHES:
            vars(module).pop(name, None)


class Within(NamedTuple):
    """What torch calls something that ran, and torch's number for its kind (its scope)."""

    name: str
    scope: int


Step = Callable[[], Any]
Wanted = Callable[[str], bool]
Span = tuple[Within, list[Within]]  # something that ran, and what it ran in, the outermost first


class Profiler(NamedTuple):
    """One of torch's profilers. What `new` gives leads to nothing of ours.

    Attributes:
        new: gives what the others are told, for one trace.
        begin, end: give the steps with which it begins and ends.
        names, spans: read what came of the step `end`; `spans` gives those that are wanted by their names.
    """

    new: Callable[[], Any]
    begin: Callable[[Any], Step]
    end: Callable[[Any], Step]
    names: Callable[[Any, Any], Set[str]]
    spans: Callable[[Any, Any, Wanted], Iterator[Span]]


def _older_profiler() -> Profiler | None:
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
        event: Any = ProfilerEvent
        name_of, kind_of, scope_of = event.name, event.kind, event.scope
    except (ImportError, AttributeError, TypeError):
        return None
    begin = partial(_enable_profiler_legacy, config)

    def names(_: Any, threads: Any) -> Set[str]:
        return set().union(*(map(name_of, thread) for thread in threads))

    def spans(_: Any, threads: Any, wanted: Wanted) -> Iterator[Span]:
        for thread in threads:
            above: list[Any] = []
            for event, kind in zip(thread, map(kind_of, thread), strict=True):
                if kind == "pop":
                    del above[-1:]
                elif kind == "push":
                    if wanted(name_of(event)):
                        yield within(event), [*map(within, above)]
                    above.append(event)

    def within(event: Any) -> Within:
        return Within(name_of(event), scope_of(event))

    return Profiler(lambda: None, lambda _: begin, lambda _: _disable_profiler_legacy, names, spans)


def _public_profiler() -> Profiler:
    def end(events: Any) -> Step:
        return partial(events.__exit__, None, None, None)

    def names(events: Any, _: Any) -> Set[str]:
        return {event.name for event in events.function_events or ()}

    def spans(events: Any, _: Any, wanted: Wanted) -> Iterator[Span]:
        for event in events.function_events or ():
            if wanted(event.name):
                above, parent = [], event.cpu_parent
                while parent is not None:
                    above.append(Within(parent.name, parent.scope))
                    parent = parent.cpu_parent
                yield Within(event.name, event.scope), above[::-1]

    return Profiler(profile, lambda events: events.__enter__, end, names, spans)


PROFILER = _older_profiler() or _public_profiler()
