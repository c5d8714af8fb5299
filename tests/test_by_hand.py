"""By hand means by hand also where the source does not show it: from a submission to its report."""

from __future__ import annotations

import pytest

from grader.sandbox import Sandbox
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
# torch imports more for the first `torch.func`; where a file has this line, it is done once for all children
LATE = "\nfrom torch import optim, nn\n"
HONEST = """
def compare_with_autograd():
    a = torch.ones((), requires_grad=True)
    (a * 2).backward()
    return a.grad

compare_with_autograd()
"""


def with_gradients(body: str) -> str:
    """The solution, with another body for `gradients`."""
    head, tail = SOLUTION.split("def gradients(", 1)
    signature, tail = tail.split("### BEGIN SOLUTION", 1)
    _, tail = tail.split("### END SOLUTION", 1)
    return (
        f"{head}def gradients({signature}### BEGIN SOLUTION\n    {body}\n    ### END SOLUTION{tail}"
    )


@pytest.mark.parametrize("way", WAYS)
def test_differentiation_costs_what_asks_for_it(graded: Grade, way: str) -> None:
    result = graded("line_fit", with_gradients(WAYS[way]) + LATE)
    checks = {check.name: check for check in result.checks}
    for name in ("gradients", "gradients_shapes", "step", "other_devices"):
        assert checks[name].score == 0, name
        assert "had torch differentiate" in checks[name].message
    for name in ("predict", "mse"):
        assert checks[name].score == checks[name].points > 0
    assert {violation.rule for violation in result.violations} == {"by hand"}
    told = {name for violation in result.violations for name in violation.checks}
    assert told == {name for name, check in checks.items() if not check.score}


def test_a_comparison_of_the_students_own_is_fine(graded: Grade) -> None:
    assert graded("line_fit", SOLUTION + HONEST).score == 10


def test_what_may_differentiate_does(graded: Grade) -> None:
    result = graded("cubic_fit", (SOLUTIONS / "cubic_fit.py").read_text(encoding="utf-8"))
    assert (result.score, result.violations) == (10, ())


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
    graded: Grade, sandbox: Sandbox
) -> None:
    if not any(layer.name == "no new processes" and layer.on for layer in sandbox.layers()):
        pytest.skip("nothing keeps a child here from starting threads")
    result = graded("line_fit", with_gradients(THREAD.strip()))
    [check] = [check for check in result.checks if check.name == "gradients"]
    assert (check.score, check.cause_id) == (0, "raised-one-thread")
    assert "can't start new thread" in check.message
    assert "on one thread" in check.cause
