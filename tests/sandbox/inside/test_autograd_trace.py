"""By hand means by hand also where the source does not show it: the run is watched from beneath Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from grader import grading
from grader.sandbox import Sandbox
from grader.sandbox.inside import autograd_trace
from tests.conftest import ROOT, Grade

SOLUTIONS = ROOT / "solutions"
SOLUTION = (SOLUTIONS / "line_fit.py").read_text(encoding="utf-8").replace("@torch.no_grad()\n", "")
PARAMETERS = "a, b = (p.detach().clone().requires_grad_() for p in (a, b))\n    "
LOSS = "torch.mean((a * x + b - y) ** 2)"
WAYS = {
    "backward": f"{PARAMETERS}{LOSS}.backward()\n    return a.grad, b.grad",
    "grad": f"{PARAMETERS}return torch.autograd.grad({LOSS}, [a, b])",
    "a built name": (
        f"{PARAMETERS}return getattr(getattr(torch, 'auto' + 'grad'), 'gr' + 'ad')({LOSS}, [a, b])"
    ),
    "the engine": (
        f"{PARAMETERS}loss = {LOSS}\n    engine = torch._C._ImperativeEngine()\n"
        "    return engine.run_backward((loss,), (torch.ones_like(loss),), False, False, (a, b), True, False)"
    ),
    "torch.func": (
        "return torch.func.grad(lambda a, b: torch.mean((a * x + b - y) ** 2), argnums=(0, 1))(a, b)"
    ),
    "forward mode": (
        "f = lambda a, b: torch.mean((a * x + b - y) ** 2)\n"
        "    da = torch.func.jvp(f, (a, b), (torch.ones_like(a), torch.zeros_like(b)))[1]\n"
        "    db = torch.func.jvp(f, (a, b), (torch.zeros_like(a), torch.ones_like(b)))[1]\n"
        "    return da.reshape(a.shape), db.reshape(b.shape)"
    ),
    "a backward kernel": (
        "e = torch.ops.aten.mse_loss_backward(torch.ones((), dtype=x.dtype), a * x + b, y, 1)\n"
        "    return (e * x).sum().reshape(a.shape), e.sum().reshape(b.shape)"
    ),
}
HONEST = """
def compare_with_autograd():
    a = torch.ones((), requires_grad=True)
    (a * 2).backward()
    return a.grad

compare_with_autograd()
"""


def observed(run: Callable[[], Any]) -> tuple[Any, list[str]]:
    """What `run` gives, and what was seen of differentiation while it ran."""
    trace = autograd_trace.new_trace()
    trace.begin()
    trace.mark()
    try:
        result = run()
    finally:
        ended = trace.end()
    return result, autograd_trace.differentiation(trace, ended, None)


def with_gradients(body: str) -> str:
    """The solution, with another body for `gradients`."""
    head, tail = SOLUTION.split("def gradients(", 1)
    signature, tail = tail.split("### BEGIN SOLUTION", 1)
    _, tail = tail.split("### END SOLUTION", 1)
    return (
        f"{head}def gradients({signature}### BEGIN SOLUTION\n    {body}\n    ### END SOLUTION{tail}"
    )


@pytest.mark.parametrize("way", WAYS)
def test_differentiation_is_seen_when_it_runs(
    graded: Grade, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    text = with_gradients(WAYS[way])
    seen_in_source = graded("line_fit", text)
    assert seen_in_source.score == 0
    assert seen_in_source.violations
    monkeypatch.setattr(grading, "violations", lambda *_: [])
    result = graded("line_fit", text)
    assert result.score == 0, result
    [violation] = result.violations
    assert violation.rule == "by hand"
    assert "def gradients" in text.splitlines()[violation.line - 1]
    assert "Automatic differentiation ran" in result.message


def test_a_comparison_of_the_students_own_is_fine(graded: Grade) -> None:
    assert graded("line_fit", SOLUTION + HONEST).score == 10


def test_what_may_differentiate_does(graded: Grade) -> None:
    result = graded("cubic_fit", (SOLUTIONS / "cubic_fit.py").read_text(encoding="utf-8"))
    assert (result.score, result.violations) == (10, ())


@pytest.mark.parametrize("older", [True, False])
def test_either_profiler_of_torch_will_do(monkeypatch: pytest.MonkeyPatch, older: bool) -> None:
    if not older:
        monkeypatch.setattr(autograd_trace, "_OLDER", None)
    weight = torch.ones(2, requires_grad=True)
    result, seen = observed(lambda: weight.detach() * 2)
    assert result.tolist() == [2.0, 2.0]
    assert seen == []
    assert "aten::sigmoid_backward" in observed(lambda: weight.sigmoid().sum().backward())[1]
    with pytest.raises(ZeroDivisionError):
        observed(lambda: 1 / 0)
    assert observed(lambda: 1) == (1, [])


@pytest.mark.filterwarnings(
    "ignore:`torch.jit.script` is deprecated"
)  # which torch itself uses here
def test_dual_numbers_are_seen() -> None:
    def forward() -> None:
        with torch.autograd.forward_ad.dual_level():
            torch.autograd.forward_ad.make_dual(torch.ones(2), torch.ones(2))

    assert "aten::_make_dual" in observed(forward)[1]


def test_a_name_with_backward_in_it_is_no_kernel() -> None:
    def named() -> None:
        with torch.autograd.profiler.record_function("my_backward"):
            torch.ones(2) + 1

    assert observed(named) == (None, [])


def test_who_ends_the_trace_on_the_way_is_told() -> None:
    """Else what is done afterwards would be seen by nobody."""
    from torch._C._autograd import _disable_profiler_legacy

    trace = autograd_trace.new_trace()
    trace.begin()
    trace.mark()
    _disable_profiler_legacy()
    with pytest.raises(RuntimeError) as ended:
        trace.end()
    assert autograd_trace.differentiation(trace, None, ended.value)
    trace.begin()  # begun anew by whoever has ended it: the mark is missing
    assert autograd_trace.differentiation(trace, trace.end(), None)


THREAD = """
    import threading
    out = []
    def work():
        p, q = (each.detach().clone().requires_grad_() for each in (a, b))
        out.extend(torch.autograd.grad(torch.mean((p * x + q - y) ** 2), [p, q]))
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return tuple(out)
"""


def test_another_thread_is_not_to_be_had_where_it_would_not_be_seen(
    graded: Grade, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    if not any(layer.name == "no new processes" and layer.on for layer in sandbox.layers()):
        pytest.skip("nothing keeps a child here from starting threads")
    monkeypatch.setattr(grading, "violations", lambda *_: [])
    result = graded("line_fit", with_gradients(THREAD.strip()))
    assert "can't start new thread" in "".join(check.message for check in result.checks)
    assert result.score < 10
