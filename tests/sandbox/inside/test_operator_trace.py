"""Torch's profilers: what ran, and within what, the same whichever of them is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from grader.sandbox.inside import operator_trace
from grader.sandbox.inside.operator_trace import FUNCTION, NODE, Profiler, Span

PROFILERS = {
    "the older one": operator_trace._older_profiler,
    "the public one": operator_trace._public_profiler,
}
either = pytest.mark.parametrize("name", PROFILERS)


def traced(name: str, run: Callable[[], Any]) -> tuple[set[str], list[Span]]:
    profiler = PROFILERS[name]()
    assert isinstance(profiler, Profiler)
    held = profiler.new()
    profiler.begin(held)()
    try:
        run()
    finally:
        ended = profiler.end(held)()
    spans = [(one, [*above]) for one, above in profiler.spans(held, ended, lambda _: True)]
    return set(profiler.names(held, ended)), spans


@either
def test_what_ran_is_told_with_what_it_ran_in(name: str) -> None:
    weight = torch.ones(2, requires_grad=True)
    names, spans = traced(name, lambda: weight.sigmoid().sum().backward())
    assert {"aten::sigmoid", "aten::sigmoid_backward"} <= names
    [(kernel, above)] = [span for span in spans if span[0].name == "aten::sigmoid_backward"]
    assert kernel.scope == FUNCTION
    engine, node = above
    assert engine.name == "autograd::engine::evaluate_function: SigmoidBackward0"
    assert node == ("SigmoidBackward0", NODE)
    [(_, outermost)] = [span for span in spans if span[0].name == "aten::sigmoid"]
    assert outermost == []


@either
def test_a_node_that_is_called_alone_is_told_as_a_node(name: str) -> None:
    node: Any = torch.ones(2, requires_grad=True).sigmoid().grad_fn
    _, spans = traced(name, lambda: node(torch.ones(2)))
    assert [(one.name, above) for one, above in spans if one.scope == NODE] == [
        ("SigmoidBackward0", [])
    ]


@either
def test_an_exception_ends_no_trace(name: str) -> None:
    with pytest.raises(ZeroDivisionError):
        traced(name, lambda: 1 / 0)
    names, _ = traced(name, lambda: torch.ones(2) * 2)
    assert "aten::mul" in names


@either
def test_a_trace_knows_nothing_of_the_one_before(name: str) -> None:
    traced(name, lambda: torch.ones(2).sigmoid())
    assert "aten::sigmoid" not in traced(name, lambda: None)[0]


def test_the_marks_are_told() -> None:
    def both() -> None:
        operator_trace.first_mark()
        operator_trace.last_mark()

    assert traced("the older one", both)[0] >= operator_trace.MARKS


def test_what_switches_it_off_is_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    there = [
        (module, name)
        for module in (torch.autograd, torch._C._autograd)
        for name in ("_enable_record_function", "_clear_callbacks")
        if hasattr(module, name)
    ]
    for module, name in there:
        monkeypatch.setattr(
            module, name, getattr(module, name)
        )  # as it is, and so again afterwards
    operator_trace.keep_switched_on()
    assert there
    assert not [name for module, name in there if hasattr(module, name)]


def test_the_older_one_is_taken_where_it_is_there() -> None:
    assert operator_trace.PROFILER.new() is None
