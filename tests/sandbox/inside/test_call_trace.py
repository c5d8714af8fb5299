"""Python's profiler: which functions ran, who called whom, and where they stand."""

from __future__ import annotations

import gc
import inspect
import sys
from collections.abc import Callable
from functools import partial
from types import CodeType
from typing import Any

import pytest
import torch

from grader.sandbox.inside import call_trace
from grader.sandbox.inside.call_trace import Call, called, is_installed, place


def inner() -> None: ...


def outer() -> None:
    inner()


def traced(run: Callable[[], Any]) -> list[Call] | None:
    noted = call_trace.new()
    for step in call_trace.begin(noted).values():
        step()
    try:
        run()
    finally:
        for step in call_trace.end(noted).values():
            step()
    return call_trace.calls(noted)


def code_of(function: Any) -> CodeType:
    code: CodeType = function.__code__
    return code


def test_a_function_is_known_by_its_code() -> None:
    renamed = outer
    calls = traced(renamed)
    assert calls is not None
    [call] = [each for each in calls if each.code is code_of(outer)]
    assert code_of(inner) in called(call)
    assert [each for each in calls if each.code is code_of(inner)]
    assert traced(lambda: None) is not None


def test_what_is_called_by_a_function_in_c_counts_as_its_callers() -> None:
    def through_c() -> None:
        partial(inner)()

    calls = traced(through_c)
    assert calls is not None
    [call] = [each for each in calls if each.code is code_of(through_c)]
    assert [*called(call)] == [code_of(inner)]


WAYS = {
    "it is switched off": lambda: sys.setprofile(None),
    "another one": lambda: sys.setprofile(lambda *_: None),
    "switched off from C": lambda: list(map(sys.setprofile, [None])),
}


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="several can be there at a time")
@pytest.mark.parametrize("way", WAYS)
def test_who_ends_it_is_told(way: str) -> None:
    assert traced(WAYS[way]) is None
    sys.setprofile(None)


def test_who_empties_it_is_told() -> None:
    noted = call_trace.new()
    for step in call_trace.begin(noted).values():
        step()
    noted.clear()
    for step in call_trace.end(noted).values():
        step()
    assert call_trace.calls(noted) is None


def test_it_is_on_no_list_of_the_garbage_collector() -> None:
    noted = call_trace.new()
    call_trace.begin(noted)["conceal calls"]()
    assert not gc.is_tracked(noted)


def test_a_place_is_module_and_qualified_name() -> None:
    step = torch.optim.Optimizer.add_param_group
    assert place(code_of(inspect.unwrap(step))) == "torch.optim.optimizer.Optimizer.add_param_group"
    assert place(code_of(torch.autograd.grad)) == "torch.autograd.grad"
    students: dict[str, Any] = {}
    exec(compile("def grad(): pass", "torch/autograd/__init__.py", "exec"), students)
    assert place(code_of(students["grad"])) == ""


def test_a_place_runs_no_method_of_a_students() -> None:
    class Text(str):
        def startswith(self, *_: Any) -> bool:
            raise AssertionError

        removesuffix = __hash__ = startswith  # type: ignore[assignment]

    code = code_of(inner).replace(co_filename=Text("/a/b.py"))
    assert place(code) == ""


@pytest.mark.parametrize(
    "function", [torch.nn.Linear.forward, inspect.signature, outer, lambda: None]
)
def test_what_is_installed_has_a_place(function: Callable[..., object]) -> None:
    code = code_of(function)
    assert is_installed(code) == bool(place(code))
    odd = code.replace(co_filename="<probe>")
    assert not is_installed(odd)
    assert not place(odd)
