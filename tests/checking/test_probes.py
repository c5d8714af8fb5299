"""A probe is sent as text: itself and the helpers that it uses, without the rest of its module."""

from __future__ import annotations

import marshal
from base64 import b64decode
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from grader import helper, probe
from grader.checking.probes import Probe
from grader.errors import CourseFault

SECRET = 41


@helper
def plus_one(x: Any) -> Any:
    return x + 1


@helper
class Doubled:
    """A helper that uses a helper."""

    def of(self, x: Any) -> Any:
        return 2 * plus_one(x)


def not_marked(x: Any) -> Any:
    return x


@probe
def asks(student: Any, x: Any) -> Any:
    return student.work(Doubled().of(x))


@probe
def asks_nothing_else(student: Any) -> Any:
    return [student.one, student.two(student.one), not_marked(student)]


@probe(changes=("x", "y"))
def may_change(student: Any, x: Any, y: Any) -> None: ...


def sent(what: Probe) -> dict[str, Any]:
    """The names that the code defines where it arrives."""
    there: dict[str, Any] = {"__name__": "probe", "torch": torch, "nn": nn, "Tensor": Tensor}
    exec(marshal.loads(b64decode(what.code)), there)
    return there


def test_a_probe_arrives_with_its_helpers() -> None:
    there = sent(asks)
    student = SimpleNamespace(work=lambda x: x * 10)
    assert there["asks"](student, x=3) == 80
    assert "SECRET" not in there
    assert "not_marked" not in sent(asks_nothing_else)


def test_a_helper_comes_before_what_uses_it_and_once() -> None:
    source = asks.source
    order = [source.index(f"{start}") for start in ("def plus_one", "class Doubled", "def asks")]
    assert order == sorted(order)
    assert source.count("def plus_one") == 1
    assert "@" not in source


def test_a_probe_runs_here_on_a_module_of_ones_own() -> None:
    assert asks(SimpleNamespace(work=lambda x: -x), x=1) == -4


def test_names_and_changes() -> None:
    assert (asks.name, asks.changes) == ("asks", frozenset())
    assert may_change.changes == {"x", "y"}


@probe(once="it looks at the clock")
def may_run_once(student: Any) -> None: ...


def test_a_probe_runs_twice_unless_it_says_why_not() -> None:
    assert (asks.once, may_change.once) == ("", "")
    assert may_run_once.once == "it looks at the clock"


@helper
def stir(number: int) -> None:
    torch.manual_seed(number)


@probe
def stirs(student: Any) -> Any:
    stir(4)
    return student.f()


def test_a_probe_that_seeds_torchs_generator() -> None:
    assert stirs.seeds
    assert not asks.seeds


def takes_gradients(student: Any, x: Any) -> Any:
    copy = x.clone().requires_grad_()
    return student.f(copy).backward(), x.requires_grad, copy.grad


def freezes(student: Any, x: Any) -> Any:
    for _, parameter in student.net.named_parameters():
        parameter.requires_grad_(False)
    return student.f(x).grad


def sets_it(student: Any, x: Any) -> None:
    x.requires_grad = True


def asks_for_it(student: Any, x: Any) -> None:
    x.requires_grad_()


def test_a_probe_that_marks_a_tensor_that_it_is_given() -> None:
    assert not Probe(takes_gradients).marks
    assert not Probe(freezes).marks
    assert Probe(sets_it).marks
    assert Probe(asks_for_it).marks
    assert Probe(takes_gradients).differentiates


def test_what_a_probe_calls_of_the_students() -> None:
    assert asks.called == {"work"}
    assert asks_nothing_else.called == {"one", "two"}


nameless = probe(lambda student: student)


def test_a_lambda_is_the_courses_fault() -> None:
    with pytest.raises(CourseFault, match=r"test_probes\.py: <lambda> .* with `def`"):
        _ = nameless.code
