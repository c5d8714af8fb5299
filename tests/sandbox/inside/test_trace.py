"""What breaks "by hand" or "from scratch" is seen when it runs, whatever it is called; what is allowed is not seen."""

from __future__ import annotations

import sys
import textwrap
from types import CodeType, ModuleType
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from grader import load_course
from grader.sandbox.inside import operator_trace, trace

BY_HAND = {"by hand": True}
HEAD = """
import operator, pickle, pkgutil, sys
import torch
import torch.nn.functional as F
from torch import nn
"""
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit")


def seen(source: str, probe: str, rules: dict[str, Any], *given: Any) -> list[str]:
    """What is seen of one rule while a probe runs on a student's source."""
    module = ModuleType("exercise")
    exec(compile(HEAD + textwrap.dedent(source), "exercise.py", "exec"), vars(module))
    program = compile(textwrap.dedent(probe), "<probe>", "exec")
    names = {"torch": torch, "nn": nn, "F": F, "Tensor": Tensor}
    exec(program, names)
    one = trace.new_trace(rules, {})
    for step in trace.steps_before(one).values():
        step()
    try:
        names["go"](module, *given)  # type: ignore[operator]
    finally:
        ended = outcome_of(trace.steps_after(one))
    watched = watched_by(program, vars(module), *given)
    told = trace.seen(one, ended, watched)
    assert {rule for rule, _ in told} <= {*rules}
    return [name for _, name in told]


def watched_by(program: CodeType, space: dict[str, Any], *given: Any) -> trace.Watched:
    words = trace.words_of({str(at): each for at, each in enumerate(given)})
    return trace.Watched([program], words, space)


def outcome_of(steps: dict[str, trace.Step]) -> trace.Outcome:
    """Does the steps, and gives what came of the last one."""
    outcome: trace.Outcome = None, None
    for step in steps.values():
        try:
            outcome = step(), None
        except RuntimeError as error:
            outcome = None, error
    return outcome


CALL = "def go(student, *given): return student.f(*given)"
LEAF = "w = torch.ones(2, requires_grad=True)\n"
BY_AUTOGRAD = {
    "backward": "def f(): w.sigmoid().sum().backward()",
    "grad": "def f(): torch.autograd.grad((w * w).sum(), w)",
    "another name": "go = torch.Tensor.backward\ndef f(): go(w.sum())",
    "a method by its name": "def f(): operator.methodcaller('backward')(w.sum())",
    "a name that is put together": (
        "def f(): getattr(getattr(torch, 'auto' + 'grad'), 'gr' + 'ad')(w.sum(), w)"
    ),
    "the engine": (
        "def f():\n    torch._C._ImperativeEngine().run_backward("
        "(w.sum(),), (torch.ones(()),), False, False, (w,), True, False)"
    ),
    "torch.func": "def f(): torch.func.grad(lambda w: (w * w).sum())(w.detach())",
    "torch.func, and no def": "f = torch.func.grad(lambda: 1)\n"
    "f = torch.func.grad(lambda w=None: (torch.ones(2) * w).sum())\n"
    "g, f = f, lambda: g(torch.ones(2))",
    "vjp": "def f(): torch.func.vjp(torch.sigmoid, torch.ones(2))[1](torch.ones(2))",
    "jvp": "def f(): torch.func.jvp(torch.sigmoid, (torch.ones(2),), (torch.ones(2),))",
    "jacrev": "def f(): torch.func.jacrev(torch.sigmoid)(torch.ones(2))",
    "jacobian": "def f(): torch.autograd.functional.jacobian(torch.sigmoid, torch.ones(2))",
    "dual numbers": (
        "def f():\n    with torch.autograd.forward_ad.dual_level():\n"
        "        torch.autograd.forward_ad.make_dual(torch.ones(2), torch.ones(2))"
    ),
    "a node": "y = w.sigmoid()\ndef f(): y.grad_fn(torch.ones(2))",
    "nodes, one by one": (
        "y = (w * w).sum()\ndef f():\n    node = y.grad_fn\n    grad = node(torch.ones(()))\n"
        "    node.next_functions[0][0](grad)"
    ),
    "twice": (
        "def f():\n    v = torch.ones(2, requires_grad=True)\n"
        "    g = torch.autograd.grad(w, w, v, create_graph=True)[0]\n    torch.autograd.grad(g.sum(), v)"
    ),
    "a function of one's own": (
        "class Square(torch.autograd.Function):\n"
        "    @staticmethod\n    def forward(ctx, x):\n        return x * x\n"
        "    @staticmethod\n    def backward(ctx, g):\n        return g\n"
        "def f(): Square.apply(w).sum().backward()"
    ),
    "a kernel": (
        "def f(): torch.ops.aten.mse_loss_backward(torch.ones(()), torch.ones(2), torch.ones(2), 1)"
    ),
    "a kernel with a longer name": (
        "def f(): torch._log_softmax_backward_data(torch.ones(1, 2), torch.ones(1, 2), 1, torch.float32)"
    ),
    "a formula that torch brings along": (
        "from torch._decomp import decompositions\n"
        "def f(): decompositions.sigmoid_backward(torch.ones(2), torch.ones(2))"
    ),
    "compiled code": (
        "unit = torch.jit.CompilationUnit('def loss(w):\\n    return (w * w).sum()\\n')\n"
        "def f(): unit.loss(w).backward()"
    ),
}
BY_ONES_OWN_HAND = {
    "a graph that nobody goes through": "def f(): return (w * w).sum()",
    "gradients switched off": "def f():\n    v = w.detach().clone()\n    v.requires_grad = False\n    return v",
    "a method called backward": (
        "class Layer:\n    def backward(self, g):\n        return g * 2\n"
        "def f():\n    for layer in [Layer(), Layer()]:\n        layer.backward(torch.ones(2))"
    ),
    "a module's method called backward": (
        "class Model(nn.Module):\n    def forward(self, x):\n        return x\n"
        "    def backward(self, g):\n        return self(g)\ndef f(): Model().backward(torch.ones(2))"
    ),
    "a range called backward": (
        "def f():\n    with torch.autograd.profiler.record_function('my_backward'): return torch.ones(2)"
    ),
    "a function of one's own, forwards": (
        "class MulBackward(torch.autograd.Function):\n"
        "    @staticmethod\n    def forward(ctx, x):\n        return x * x\n"
        "def f(): return MulBackward.apply(w)"
    ),
    "vmap": "def f(): return torch.func.vmap(lambda x: x * 2)(torch.ones(3))",
    "a complex step": "def f(): return ((torch.ones(2) + 1e-20j) ** 2).imag / 1e-20",
    "no_grad": "@torch.no_grad()\ndef f(): return w * 2",
    "losses and layers": (
        "def f():\n    x = nn.LayerNorm(2)(torch.ones(3, 2))\n    return F.cross_entropy(x, torch.tensor([0, 1, 0]))"
    ),
}


@pytest.mark.parametrize("way", BY_AUTOGRAD)
def test_differentiation_is_seen(way: str) -> None:
    assert seen(LEAF + BY_AUTOGRAD[way], CALL, BY_HAND)


@pytest.mark.parametrize("way", BY_ONES_OWN_HAND)
def test_work_by_hand_is_not_seen(way: str) -> None:
    assert seen(LEAF + BY_ONES_OWN_HAND[way], CALL, BY_HAND) == []


def test_what_python_calls_it_comes_first() -> None:
    names = seen(LEAF + "def f(): (w * w + w.exp() - w.sin()).sum().backward()", CALL, BY_HAND)
    assert names[0] == "torch._tensor.Tensor.backward"
    assert "MulBackward0" in names
    assert len(names) == 8


APPLY = """
def go(student, x):
    student.Mine.apply(x).sum().backward()
    return torch.autograd.gradcheck(student.Mine.apply, [x], raise_exception=False)
"""
MINE = """
class Mine(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        {forward}
        return torch.sigmoid(x)
    @staticmethod
    def backward(ctx, g):
        [x] = ctx.saved_tensors
        y = torch.sigmoid(x)
        {backward}
        return g * y * (1 - y)
"""
LEAF_OF_X = "with torch.enable_grad(): v = x.detach().requires_grad_(); s = v.sigmoid().sum()"
ENGINE_OF_X = (
    "with torch.enable_grad(): v = x.detach().requires_grad_(); s = (v * v).sum()\n"
    "        torch._C._ImperativeEngine().run_backward("
    "(s,), (torch.ones_like(s),), False, False, (v,), True, False)"
)
IN_A_PASS = {
    "the engine itself, backward": {"backward": ENGINE_OF_X},
    "the engine itself, forward": {"forward": ENGINE_OF_X},
    "the engine, backward": {"backward": f"{LEAF_OF_X}\n        s.backward()"},
    "the engine, forward": {"forward": f"{LEAF_OF_X}\n        torch.autograd.grad(s, v)"},
    "a node": {
        "backward": f"{LEAF_OF_X}\n        s.grad_fn(torch.ones((), dtype=x.dtype))",
    },
    "a node, forward": {
        "forward": f"{LEAF_OF_X}\n        s.grad_fn(torch.ones((), dtype=x.dtype))",
    },
    "a kernel": {"backward": "torch.ops.aten.sigmoid_backward(g, y)"},
    "a kernel, forward": {"forward": "torch.ops.aten.sigmoid_backward(x, x)"},
    "torch.func": {"backward": "torch.func.vjp(torch.sigmoid, x)[1](g)"},
    "dual numbers": {"backward": "torch.func.jvp(torch.sigmoid, (x,), (g,))"},
}


def test_the_probes_own_engine_is_not_the_students() -> None:
    x = torch.ones(2, dtype=torch.float64, requires_grad=True)
    assert seen(MINE.format(forward="", backward=""), APPLY, BY_HAND, x) == []
    plain = "def go(student, x): (student.f(x) * 3).sigmoid().sum().backward()"
    assert seen("def f(x): return x * 2", plain, BY_HAND, x) == []


@pytest.mark.parametrize("way", IN_A_PASS)
def test_what_differentiates_in_a_pass_of_the_students_is_seen(way: str) -> None:
    x = torch.ones(2, dtype=torch.float64, requires_grad=True)
    source = MINE.format(**{"forward": "", "backward": ""} | IN_A_PASS[way])
    assert seen(source, APPLY, BY_HAND, x)


def test_what_differentiates_beside_the_probe_is_seen() -> None:
    source = f"def f(x):\n    {LEAF_OF_X}\n    torch.autograd.grad(s, v)\n    return x"
    x = torch.ones(2, requires_grad=True)
    probe = "def go(student, x): student.f(x).sum().backward()"
    assert seen(source, probe, BY_HAND, x) == ["torch.autograd.grad"]
    given = "f = torch.func.grad(lambda x: (x * x).sum())"
    assert seen(given, probe.replace(".sum", ".sum()"[:-2]), BY_HAND, x)


def test_a_backward_that_torch_brings_along_is_seen() -> None:
    source = "from torch.autograd._functions import Resize\nclass Mine(Resize): pass"
    x = torch.ones(2, requires_grad=True)
    probe = "def go(student, x): student.Mine.apply(x, (2, 1)).sum().backward()"
    assert seen(source, probe, BY_HAND, x) == ["torch.autograd._functions.tensor.Resize.backward"]


LINEAR, LOSSES, OPTIM = "my_linear", "losses", "optimizers"
FORBIDDEN = {each.name: each.forbidden for each in load_course().exercises}


def from_scratch(exercise: str) -> dict[str, Any]:
    """The rule that an exercise of the course has."""
    return {"from scratch": FORBIDDEN[exercise]["from scratch"]["names"]}


X, W = "torch.ones(3, 2)", "torch.ones(4, 2)"
STEP = (
    "p = [nn.Parameter(torch.ones(2))]\np[0].grad = torch.ones(2)\ndef f():\n"
    "    o = {maker}(p, lr=0.1)\n    o.step()"
)
READY_MADE: dict[str, tuple[str, str]] = {
    "F.linear": (LINEAR, f"def f(): F.linear({X}, {W})"),
    "the builtin function": (LINEAR, f"def f(): torch._C._nn.linear({X}, {W})"),
    "the operator": (LINEAR, f"def f(): torch.ops.aten.linear.default({X}, {W})"),
    "through a map": (LINEAR, f"def f(): list(map(F.linear, [{X}], [{W}]))"),
    "a layer": (LINEAR, f"layer = nn.Linear(2, 4)\ndef f(): layer({X})"),
    "the method of a class": (
        LINEAR,
        f"layer = nn.Linear(2, 4)\ndef f(): nn.Linear.forward(layer, {X})",
    ),
    "a class by its name": (
        LINEAR,
        f"layer = pkgutil.resolve_name('torch.nn:Lin' + 'ear')(2, 4)\ndef f(): layer({X})",
    ),
    "a layer in a layer": (LINEAR, f"cell = nn.RNNCell(2, 4)\ndef f(): cell({X})"),
    "bilinear": (LINEAR, f"def f(): F.bilinear({X}, {X}, torch.ones(1, 2, 2))"),
    "convolution": (LINEAR, "def f(): F.conv1d(torch.ones(1, 2, 3), torch.ones(4, 2, 1))"),
    "convolution the other way round": (
        LINEAR,
        "def f(): F.conv_transpose1d(torch.ones(1, 2, 3), torch.ones(2, 4, 1))",
    ),
    "compiled code": (
        LINEAR,
        "unit = torch.jit.CompilationUnit('def g(x, w):\\n    return torch.nn.functional.linear(x, w)\\n')\n"
        f"def f(): unit.g({X}, {W})",
    ),
    "mse_loss": (LOSSES, f"def f(): F.mse_loss({X}, {X})"),
    "an attribute by its name": (LOSSES, f"def f(): F.__getattribute__('mse_loss')({X}, {X})"),
    "another name": (
        LOSSES,
        f"from torch.nn.functional import mse_loss as g\nf = lambda: g({X}, {X})",
    ),
    "no function of one's own": (LOSSES, f"f = lambda: nn.MSELoss()({X}, {X})"),
    "a reference of torch's": (
        LOSSES,
        f"import torch._refs.nn.functional as R\ndef f(): R.mse_loss({X}, {X})",
    ),
    "cross_entropy": (LOSSES, f"def f(): F.cross_entropy({X}, torch.tensor([0, 1, 0]))"),
    "bce": (LOSSES, f"def f(): F.binary_cross_entropy({X}, {X})"),
    "bce with logits": (LOSSES, f"def f(): torch.binary_cross_entropy_with_logits({X}, {X})"),
    "SGD": (OPTIM, STEP.format(maker="torch.optim.SGD")),
    "out of a pickle": (OPTIM, STEP.format(maker="pickle.loads(b'ctorch.optim\\nAdam\\n.')")),
    "a subclass": (OPTIM, "class Own(torch.optim.SGD): pass\n" + STEP.format(maker="Own")),
    "a subclass of the base": (
        OPTIM,
        "class Own(torch.optim.Optimizer):\n    def __init__(self, p, lr):\n        super().__init__(p, {})\n"
        "    def step(self): pass\n" + STEP.format(maker="Own"),
    ),
    "the function beneath": (
        OPTIM,
        "from torch.optim.sgd import sgd\ndef f():\n    sgd([torch.ones(2)], [torch.ones(2)], [None], "
        "weight_decay=0, momentum=0, lr=0.1, dampening=0, nesterov=False, maximize=False)",
    ),
    "another package's": (
        OPTIM,
        "from torch.distributed.optim.functional_sgd import _FunctionalSGD\n"
        "o = _FunctionalSGD([torch.ones(2)], lr=0.1)\ndef f(): o.step([torch.ones(2)])",
    ),
}
WRITTEN: dict[str, tuple[str, str]] = {
    "@": (LINEAR, f"def f(): return {X} @ {W}.T + 1"),
    "@ for three dimensions": (LINEAR, f"def f(): return torch.ones(2, 3, 2) @ {W}.T"),
    "addmm": (LINEAR, f"def f(): return torch.addmm(torch.ones(4), {X}, {W}.T)"),
    "einsum": (LINEAR, f"def f(): return torch.einsum('ni,oi->no', {X}, {W})"),
    "inner and tensordot": (
        LINEAR,
        f"def f(): return torch.inner({X}, {W}) + torch.tensordot({X}, {W}.T, 1)",
    ),
    "a layer whose weights are copied": (
        LINEAR,
        "def f():\n    layer = nn.Linear(2, 4)\n    repr(layer)\n    return layer.weight.detach().clone()",
    ),
    "a layer that is allowed": (LINEAR, f"def f(): return nn.Identity()({X})"),
    "isinstance": (LINEAR, f"def f(): return isinstance({X}, nn.Linear)"),
    "of simpler losses": (
        LOSSES,
        f"def f(): return F.nll_loss(torch.log_softmax({X}, 1), torch.tensor([0, 1, 0])) + F.softplus({X}).sum()",
    ),
    "a loss that is only made": (LOSSES, "def f(): return nn.MSELoss(), nn.CrossEntropyLoss()"),
    "one's own mse_loss": (
        LOSSES,
        f"def mse_loss(a, b): return ((a - b) ** 2).mean()\nf = lambda: mse_loss({X}, {X})",
    ),
    "operators for lists": (
        OPTIM,
        "def f(): torch._foreach_add_([torch.ones(2)], [torch.ones(2)])",
    ),
    "one's own SGD": (
        OPTIM,
        "class SGD:\n    def step(self): return torch.ones(2).sub_(0.1)\ndef f(): return SGD().step()",
    ),
    "an import": (OPTIM, "def f():\n    from torch.optim import SGD\n    import torch.optim.sgd"),
}


@pytest.mark.parametrize("way", READY_MADE)
def test_what_is_ready_made_is_seen(way: str) -> None:
    exercise, source = READY_MADE[way]
    assert seen(source, CALL, from_scratch(exercise))


@pytest.mark.parametrize("way", WRITTEN)
def test_what_is_written_by_oneself_is_not_seen(way: str) -> None:
    exercise, source = WRITTEN[way]
    assert seen(source, CALL, from_scratch(exercise)) == []


INHERITED = """
class MyLinear(nn.Linear):
    def __init__(self, n_in, n_out):
        nn.Module.__init__(self)
    def forward(self, x):
        return x
class Reference(nn.Linear): pass
"""


def test_a_graded_class_that_inherits_is_seen() -> None:
    rules = from_scratch(LINEAR)
    named = "def go(student): student.MyLinear(2, 3)"
    assert seen(INHERITED, named, rules) == ["torch.nn.modules.linear.Linear"]
    told = "def go(student, kind): getattr(student, kind)(2, 3)"
    assert seen(INHERITED, told, rules, "MyLinear") == ["torch.nn.modules.linear.Linear"]
    assert seen(INHERITED, "def go(student): pass", rules) == []


def test_an_operator_that_others_run_counts_where_it_is_called() -> None:
    """`mean` is a sum, and so is what autograd does where something was expanded."""
    rules = {"from scratch": ["torch.sum", "numpy.polyfit"]}
    assert seen("def f(): torch.ones(3).sum()", CALL, rules) == ["aten::sum"]
    x = torch.ones(3, requires_grad=True)
    probe = "def go(student, x): student.f(x).backward(torch.ones(2, 3))"
    assert seen("def f(x): return x + torch.zeros(2, 3)", probe, rules, x) == []
    assert seen("def f(): torch.ones(3).mean()", CALL, rules) == []
    assert seen("import numpy\ndef f(): numpy.vander([1, 2])", CALL, rules) == []


def test_two_rules_are_told_apart() -> None:
    rules = BY_HAND | from_scratch(LOSSES)
    source = LEAF + "def f(): F.mse_loss(w, w * 2).backward()"
    one = trace.new_trace(rules, {})
    outcome_of(trace.steps_before(one))
    module: dict[str, Any] = {}
    exec(compile(HEAD + source, "exercise.py", "exec"), module)
    module["f"]()
    ended = outcome_of(trace.steps_after(one))
    told = trace.seen(one, ended, watched_by(compile("", "<probe>", "exec"), module))
    assert {rule for rule, _ in told} == {*rules}
    assert ["from scratch", "torch.nn.functional.mse_loss"] in told
    assert ["from scratch", "aten::mse_loss"] in told


ENDED = "the end of the grader's own trace"
WAYS_TO_END = {
    "torch's profiler": "from torch._C._autograd import _disable_profiler_legacy as end\ndef f(): end()",
    "torch's profiler, begun anew": (
        "from torch._C._autograd import _disable_profiler_legacy as end, _enable_profiler_legacy as go\n"
        "from torch._C._profiler import ProfilerConfig, ProfilerState, _ExperimentalConfig\n"
        "config = ProfilerConfig(ProfilerState.CPU, *[False] * 5, _ExperimentalConfig())\n"
        "def f():\n    end()\n    go(config)"
    ),
    "no more is told": "def f(): torch._C._autograd._clear_callbacks()",
    "Python's profiler": "def f(): sys.setprofile(None)",
    "through a map": "def f(): list(map(sys.setprofile, [None]))",
    "another profiler": "def f(): sys.setprofile(print and (lambda *_: None))",
    "cProfile": "import cProfile\ndef f():\n    with cProfile.Profile(): pass",
}


PYTHONS = {"Python's profiler", "through a map", "another profiler", "cProfile"}
GOES_ON = """
end = f
def f():
    try:
        end()
    except ValueError:  # cProfile finds another profiler at work
        pass
    F.linear(torch.ones(2), torch.ones(3, 2))
"""


@pytest.mark.parametrize("way", WAYS_TO_END)
def test_who_ends_the_trace_on_the_way_is_told(way: str) -> None:
    """Else what is done afterwards would be seen by nobody."""
    if way in PYTHONS and sys.version_info >= (3, 12):  # there, one profiler does not end another
        found = seen(WAYS_TO_END[way] + GOES_ON, CALL, from_scratch(LINEAR))
        assert "aten::linear" in found
        return
    try:
        assert seen(WAYS_TO_END[way], CALL, BY_HAND) == [ENDED]
        if "torch" not in way:
            names = seen(WAYS_TO_END[way], CALL, from_scratch(LINEAR))
            assert names == [ENDED]
    finally:
        outcome_of({"": lambda: None})


def test_either_profiler_of_torch_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "PROFILER", operator_trace._public_profiler())
    x = torch.ones(2, dtype=torch.float64, requires_grad=True)
    assert seen(MINE.format(forward="", backward=""), APPLY, BY_HAND, x) == []
    source = MINE.format(**{"forward": ""} | IN_A_PASS["a node"])
    assert "SumBackward0" in seen(source, APPLY, BY_HAND, x)
    assert "aten::linear" in seen(READY_MADE["F.linear"][1], CALL, from_scratch(LINEAR))
    with pytest.raises(ZeroDivisionError):
        seen("def f(): 1 / 0", CALL, BY_HAND)
    assert seen("def f(): pass", CALL, BY_HAND) == []
