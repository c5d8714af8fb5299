"""What is forbidden is found behind aliases and built strings; what only sounds like it is left alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import grade
from grader.checking.rules import MOST, by_hand, found_in, seen_at_run_time, violations
from grader.course.catalog import Course, Exercise, load_course
from grader.errors import Fault
from grader.machines import Machines
from grader.submission import Submission, bounded
from grader.submission.bounded import PLAIN_LENGTH
from grader.submission.decode import notebook_of_bytes
from tests.conftest import ROOT, Grade
from tests.steps import growth

LR = (ROOT / "solutions" / "logistic_regression.py").read_text(encoding="utf-8")
CUBIC = (ROOT / "solutions" / "cubic_fit.py").read_text(encoding="utf-8")
LINEAR = (ROOT / "solutions" / "my_linear.py").read_text(encoding="utf-8")
ANCHOR = "error = yhat - y"


def found(course: Course, name: str, text: str) -> list[str]:
    return [violation.message for violation in violations(course[name], [text])]


@pytest.mark.parametrize("name", load_course().names)
def test_no_solution_breaks_a_rule(course: Course, name: str) -> None:
    assert found(course, name, course[name].solution.read_text(encoding="utf-8")) == []


BY_HAND = [
    "self.w.requires_grad_()",
    "self.w.requires_grad = True",
    "w = torch.zeros(3, requires_grad=True)",
    "loss(yhat, y).backward()",
    "loss(yhat, y).backward(retain_graph=True)",
    "torch.autograd.grad(yhat, x)",
    "torch.autograd.backward(yhat)",
    "torch.func.grad(loss)(yhat, y)",
    "torch.func.jvp(loss, (yhat,), (y,))",
    "getattr(torch, 'autograd').grad(yhat, x)",
    "getattr(torch, 'auto' + 'grad').grad(yhat, x)",
    "getattr(torch.autograd, 'gr' + 'ad')(yhat, x)",
    "getattr(yhat, 'back' + 'ward')()",
    "getattr(torch, name)(yhat)",
    "exec('yhat.backward()')",
    "eval('torch.autograd')",
    "__import__('torch').autograd",
    "import torch.autograd as ag; ag.grad(yhat, x)",
    "from torch import autograd; autograd.grad(yhat, x)",
    "from torch.autograd import grad; grad(yhat, x)",
    "from torch.autograd import grad as g; g(yhat, x)",
    "from torch.func import grad",
    "import torch as t; t.autograd.grad(yhat, x)",
    "import importlib; importlib.import_module('torch.autograd')",
    "torch.ops.aten.sigmoid_backward(yhat, y)",
    "torch._C._ImperativeEngine()",
    "torch.autograd.forward_ad.make_dual(x, y)",
    "torch.autograd.functional.jacobian(loss, yhat)",
    "x.register_hook(print)",
    "torch.__dict__['autograd']",
    "vars(torch)['autograd']",
    "import ctypes",
]


@pytest.mark.parametrize("line", BY_HAND)
def test_by_hand_forbids(course: Course, line: str) -> None:
    assert found(course, "logistic_regression", LR.replace(ANCHOR, f"{line}; {ANCHOR}"))


@pytest.mark.parametrize(
    "line",
    [
        "# loss.backward() with torch.autograd",
        "'torch.autograd.grad(yhat).backward()'",
        "backward = 1",
        "grad = x.detach()",
        "self.backward_calls = 1",
        "y = y.requires_grad_(False)",
        "torch.set_grad_enabled(False)",
        "with torch.no_grad(): pass",
        "torch.zeros(3, requires_grad=False)",
        "getattr(self, 'w')",
        "from torch.autograd import Variable; Variable(x)",
        "exec_time = 3",
    ],
)
def test_by_hand_allows(course: Course, line: str) -> None:
    text = LR.replace(ANCHOR, f"{line}\n        {ANCHOR}")
    assert found(course, "logistic_regression", text) == []


@pytest.mark.parametrize(
    "more",
    [
        "if __name__ == '__main__':\n    loss(torch.ones(1), torch.ones(1)).backward()\n",
        "def compare():\n    w = torch.ones(2, requires_grad=True)\n    (w * 2).sum().backward()\n",
        "model = LR(3)\nmodel.backward(torch.ones(3, 2), torch.ones(1, 2), torch.ones(1, 2))\n",
        "x = torch.ones(1, requires_grad=True)\n(x * 2).backward()\n",
    ],
)
def test_what_no_graded_code_reaches_is_free(course: Course, more: str) -> None:
    assert found(course, "logistic_regression", f"{LR}\n\n{more}") == []


@pytest.mark.parametrize(
    "more",
    [
        "def helper(x):\n    x.sum().backward()\n\n\nLR.backward = helper\n",
        "import torch.autograd\ng = torch.autograd.grad\nLR.backward = lambda *a: g(*a)\n",
        "setattr(LR, 'backward', lambda self, x: x.backward())\n",
    ],
)
def test_what_is_patched_in_is_reached(course: Course, more: str) -> None:
    assert found(course, "logistic_regression", f"{LR}\n\n{more}")


def test_rules_are_scoped(course: Course) -> None:
    assert "torch.autograd.grad" in CUBIC  # in autograd_step, where it may be
    cheat = CUBIC.replace(
        "def gradients(",
        "def gradients(x, y, a, b, c, d):\n    return autograd_step\n\n\ndef rest(",
    )
    assert found(course, "cubic_fit", cheat)


FROM_SCRATCH = [
    "y = torch.nn.Linear(2, 3)(x)",
    "y = nn.functional.linear(x, self.weights)",
    "from torch.nn import functional as G; y = G.linear(x, self.weights)",
    "y = getattr(nn, 'Lin' + 'ear')",
    "y = torch._C._nn.linear(x, self.weights)",
    "y = torch.ops.aten.linear(x, self.weights)",
]


@pytest.mark.parametrize("line", FROM_SCRATCH)
def test_from_scratch_forbids(course: Course, line: str) -> None:
    text = LINEAR.replace("output = x @", f"{line}\n        output = x @")
    assert found(course, "my_linear", text)


def test_from_scratch_forbids_inheriting(course: Course) -> None:
    assert found(course, "my_linear", LINEAR.replace("(nn.Module)", "(nn.Linear)"))
    text = LINEAR.replace("(nn.Module)", "(Base)").replace(
        "class MyLinear", "from torch.nn import Linear as Base\n\n\nclass MyLinear"
    )
    assert found(course, "my_linear", text)


def test_a_violation_costs_the_exercise(graded: Grade) -> None:
    text = LINEAR.replace("output = x @", "nn.Linear(1, 1)\n        output = x @")
    result = graded("my_linear", text)
    assert (result.score, result.max_score, result.status) == (0, 10, "failed")
    assert all(check.score == 0 for check in result.checks)
    [violation] = result.violations
    assert violation.rule == "from scratch"
    assert text.splitlines()[violation.line - 1].strip() == "nn.Linear(1, 1)"
    assert "torch.nn.Linear" in violation.message


@pytest.mark.parametrize("text", ["def f(:\n", "(" * 100_000, "x = 1\n" * 50_000])
def test_any_text_is_read(course: Course, text: str) -> None:
    violations(course["logistic_regression"], [text])


def test_a_magic_hides_nothing(course: Course, machines: Machines) -> None:
    text = LINEAR.replace("output = x @", "nn.Linear(1, 1)\n        output = x @")
    cells = [nbformat.v4.new_code_cell(f"%matplotlib inline\n{text}")]
    book = nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode()
    source = notebook_of_bytes(book, "my_linear.ipynb")
    submission = Submission("a notebook", {"my_linear": source}, ("my_linear",))
    [result] = grade(submission, course=course, machines=machines).exercises
    assert result.score == 0
    [violation] = result.violations
    assert "nn.Linear(1, 1)" in source.cells[0].text.splitlines()[violation.line - 1]


def test_depth_hides_nothing(course: Course) -> None:
    deep = "\nx = " + "1+" * 900 + "1\n"
    text = LINEAR.replace("output = x @", "nn.Linear(1, 1)\n        output = x @") + deep
    assert found(course, "my_linear", text)
    for minus in ("-" * 1500, "-" * 50_000):
        text = LINEAR.replace("output = x @", f"nn.Linear(1, 1)\n        output = {minus}x @")
        [told] = violations(course["my_linear"], [text])
        assert ("torch.nn.Linear" if len(minus) < 2000 else "too deeply") in told.message


def test_no_right_submission_of_ours_breaks_a_rule(course: Course) -> None:
    for path in sorted((ROOT / "tests" / "submissions").glob("*/right/*.py")):
        told = found(course, path.parent.parent.name, path.read_text(encoding="utf-8"))
        assert told == [], path


def exercise_of(
    folder: Path, forbidden: str, stub: str = "def step(): ...\nclass Model: ...\n"
) -> Exercise:
    """An exercise that asks for `step` and `Model`, with the given rules."""
    for name, text in (("stub.py", stub), ("checks.py", f"FORBIDDEN = {forbidden}\n")):
        (folder / name).write_text(text, encoding="utf-8")
    return Exercise("made", "1", folder / "stub.py", folder / "stub.py", folder / "checks.py")


def lines(exercise: Exercise, *texts: str) -> list[tuple[int, str]]:
    return [(each.line, each.message) for each in violations(exercise, texts)]


ADVICE = "Write the derivative out yourself; every other function of torch is allowed."


def test_a_violation_says_where_what_and_what_to_do_instead(tmp_path: Path) -> None:
    by_hand_rule = exercise_of(tmp_path, '{"by hand": {}}')
    text = "import torch\n\ndef step(x):\n    x.backward()\n    return torch.func.grad(x)\n"
    assert lines(by_hand_rule, text) == [
        (4, f"`.backward()` is not allowed here. {ADVICE}"),
        (5, f"`torch.func.grad` (automatic differentiation) is not allowed here. {ADVICE}"),
    ]


def test_one_violation_a_line_and_rule(tmp_path: Path) -> None:
    both = exercise_of(tmp_path, '{"by hand": {}, "from scratch": {"names": ["torch.optim"]}}')
    text = "import torch\ndef step(x): return x.backward(), x.backward(), torch.optim.SGD\n"
    assert [(each.line, each.rule) for each in violations(both, [text])] == [
        (2, "by hand"),
        (2, "from scratch"),
    ]


def test_without_rules_everything_is_allowed(tmp_path: Path) -> None:
    assert lines(exercise_of(tmp_path, "{}"), "def step(x): x.backward(); exec('x')\n") == []


def test_lines_are_counted_within_a_cell_and_names_go_from_cell_to_cell(tmp_path: Path) -> None:
    by_hand_rule = exercise_of(tmp_path, '{"by hand": {}}')
    cells = [
        "from torch.autograd import grad as g",
        "x = 1\ndef helper(x):\n    return g(x, x)",
        "def step(x):\n    return helper(x)",
    ]
    assert [line for line, _message in lines(by_hand_rule, *cells)] == [3]
    assert lines(by_hand_rule, cells[0], "def (", cells[2]) == []


@pytest.mark.parametrize(
    "text",
    [
        "from torch.autograd import *\ndef step(x): grad(x, x)",
        "import functorch\ndef step(x): functorch.grad(x)",
        "def step(x):\n    import ctypes",
        "import torch\ntry:\n    def step(x): torch.autograd.grad(x, x)\nexcept NameError: pass",
        "import torch\nif True:\n    def step(x): torch.autograd.grad(x, x)",
        "import torch\nif a: pass\nelif b: pass\nelse:\n    def step(x): torch.autograd.grad(x, x)",
        "import torch\nwith open('x'):\n    def step(x): torch.autograd.grad(x, x)",
        "import torch\nd = torch.autograd.grad\nstep = lambda x: d(x, x)",
        "import torch\nstep: object = torch.autograd.grad",
        "def inner(x): x.backward()\ndef middle(x): inner(x)\ndef step(x): middle(x)",
        "class Base:\n    def go(self, x): x.backward()\nclass Model(Base): pass",
        "class Model:\n    x = 1\nModel.go = lambda self, x: x.backward()",
        "def step(x):\n    global helper\n    helper(x)\ndef helper(x): x.backward()",
        "def step(x):\n    global helper\n    helper(x)\n    helper = 1\ndef helper(x): x.backward()",
        "try:\n    import missing\nexcept ImportError:\n    def step(x): x.backward()",
        "for _ in range(2):\n    def step(x): x.backward()",
        "def step(x): x.register_full_backward_hook(print)",
        "def step(x): x.requires_grad_(True)",
        "def step(x, flag): x.requires_grad_(flag)",
        "def step(x):\n    with x: pass\n    return compile",
        "async def step(x): x.backward()",
        "def step(x):\n    def inner():\n        x.backward()\n",
        "def step(x): x.backward()\ndef step(x): return x",
    ],
)
def test_ways_to_reach_what_is_forbidden(tmp_path: Path, text: str) -> None:
    assert lines(exercise_of(tmp_path, '{"by hand": {}}'), text)


@pytest.mark.parametrize(
    "text",
    [
        "def other(x): x.backward()\ndef step(other): other(1)",
        "def compile(x): return x\ndef step(x): return compile(x)",
        "import torch\ndef step(x): return torch.nn.functional.linear(x, x)",
        "class Net:\n    def backward(self, g): return g\ndef step(g): return Net().backward(g)",
        "class Model:\n    def backward(self, x, g): return g\n    def go(self, x): self.backward(x)",
        "class Model(object):\n    def backward(self, g): return super().backward(g)",
        "def step(layer, a, b): layer.backward(a, b)",
        "def step(x): return x.requires_grad",
        "if __name__ == '__main__':\n    def helper(x): x.backward()\ndef step(x): helper(x)",
    ],
)
def test_what_only_sounds_like_it(tmp_path: Path, text: str) -> None:
    assert lines(exercise_of(tmp_path, '{"by hand": {}}'), text) == []


def test_names_that_have_to_be_written_from_scratch(tmp_path: Path) -> None:
    scratch = exercise_of(
        tmp_path, '{"from scratch": {"names": ["torch.optim", "torch.nn.Linear"]}}'
    )
    text = "from torch import nn, optim\ndef step(x):\n    nn.Linear(1, 1)\n    optim.SGD(x)\n    x.backward()\n"
    told = lines(scratch, text)
    advice = "Write it yourself, from simpler operations."
    assert told == [
        (3, f"`torch.nn.Linear` is not allowed here. {advice}"),
        (4, f"`torch.optim.SGD` is not allowed here. {advice}"),
    ]
    assert (
        lines(scratch, "from torch import nn\ndef step(x): return nn.LinearX, nn.Linearity") == []
    )


def test_who_has_to_do_without_differentiation(tmp_path: Path) -> None:
    scoped = exercise_of(tmp_path, '{"by hand": {"except": ["Model"]}}')
    assert by_hand(scoped, {"step"})
    assert by_hand(scoped, set())
    assert not by_hand(scoped, {"step", "Model"})
    assert not by_hand(exercise_of(tmp_path, '{"from scratch": {"names": []}}'), {"step"})


def test_what_the_run_showed_is_told_where_the_name_is_defined(tmp_path: Path) -> None:
    by_hand_rule = exercise_of(tmp_path, '{"by hand": {}}')
    text = "x = 1\n\ndef step(x): ...\n\nclass Model: ...\n"
    told = seen_at_run_time(by_hand_rule, [text], {"Model"}, "MulBackward0")
    assert (told.line, told.rule) == (5, "by hand")
    assert told.message == (
        f"Automatic differentiation ran here (torch reports `MulBackward0`). {ADVICE}"
    )
    assert seen_at_run_time(by_hand_rule, [text], set(), "x").line == 3
    assert seen_at_run_time(by_hand_rule, ["def ("], {"Model"}, "x").line == 1


# a shape of text for each two sizes that could be multiplied: aliases and names, names and patches, …
SHAPES: dict[str, Callable[[int], str]] = {
    "aliases, names": lambda n: "".join(f"import os as a{i}\n" for i in range(n)) + "q\n" * n,
    "stars, names": lambda n: "".join(f"from a{i} import *\n" for i in range(n)) + "q\n" * n,
    "names, patches": lambda n: "b.c = 1\n" * n + "x = " + "".join(f"n{i}, " for i in range(n)),
    "names, statements": lambda n: "x = b\n" * n + "b = x\n" * n,
    "targets, names": lambda n: (
        "".join(f"x{i}, " for i in range(n)) + "= " + "".join(f"x{i}, " for i in range(n))
    ),
    "targets of one statement": lambda n: "x = " * n + "1",
    "a chain of attributes": lambda n: "x" + ".a" * n,
    "a chain of additions": lambda n: "getattr(torch, " + "'a' + " * n + "'b')",
    "a chain of aliases": lambda n: (
        "import torch\nx0 = torch.a\n" + "".join(f"x{i + 1} = x{i}.b\n" for i in range(n))
    ),
    "a chain of functions": lambda n: "".join(f"def x{i}(): x{i + 1}()\n" for i in range(n)),
    "a chain of classes": lambda n: "".join(f"class x{i}(x{i + 1}): pass\n" for i in range(n)),
    "a chain of conditions": lambda n: "if a: pass\n" + "elif a: pass\n" * n,
    "functions in functions": lambda n: "x = " + "".join(f"lambda a{i}: " for i in range(n)) + "b",
    "functions of one name": lambda n: "def x(): x.backward()\n" * n,
    "violations of one line": lambda n: "def x(): return [" + "x.backward(), " * n + "]",
    "imports of one package": lambda n: "from torch.func import " + ", ".join(["grad"] * n),
    "globals": lambda n: "def x():\n" + "".join(f" global g{i}\n g{i} = 1\n" for i in range(n)),
    "branches": lambda n: "try: x = 1\nexcept: x = 2\nelse: x = 3\nfinally: x = 4\n" * n,
}
FORBIDDEN: dict[str, Any] = {"by hand": {}, "from scratch": {"names": ["torch.nn.Linear"]}}


def of_shapes(shapes: Sequence[str], size: int) -> str:
    texts = (SHAPES[shape](size) for shape in shapes)
    return "\n".join([*texts, "def step(): x, x0, q", "step.y = x"])


@pytest.mark.parametrize("shape", SHAPES)
def test_no_two_sizes_of_a_text_are_multiplied(shape: str) -> None:
    def scan(text: str) -> None:
        found_in([text], FORBIDDEN, ["step"])

    assert growth(scan, lambda size: of_shapes([shape], size), 40) < 5


@settings(max_examples=10, deadline=None)
@given(st.lists(st.sampled_from(sorted(SHAPES)), min_size=2, max_size=4, unique=True))
def test_nor_are_those_of_several_shapes(shapes: list[str]) -> None:
    def scan(text: str) -> None:
        found_in([text], FORBIDDEN, ["step"])

    assert growth(scan, lambda size: of_shapes(shapes, size), 10) < 5


def test_a_few_violations_are_told_in_short_texts(course: Course) -> None:
    path = "nn.Linear." + "a" * 5000
    text = LINEAR.replace("output = x @", f"{path}\n        " * 50 + "output = x @")
    told = violations(course["my_linear"], [text])
    assert len(told) == MOST
    assert [each.line for each in told] == sorted(each.line for each in told)
    assert told[0].line == 1 + next(at for at, line in enumerate(text.splitlines()) if path in line)
    assert all(len(each.message) < 300 for each in told)


@pytest.mark.parametrize("end", ["_backward", "__dict__"])
def test_length_hides_no_violation(course: Course, end: str) -> None:
    text = LR.replace(ANCHOR, f"torch.{'a' * 5000}.{end}; {ANCHOR}")
    assert found(course, "logistic_regression", text)
    text = LR.replace(ANCHOR, f"torch.autograd.{'a.' * 1000}b; {ANCHOR}")
    assert "torch.autograd" in found(course, "logistic_regression", text)[0]


@pytest.mark.parametrize("where", ["before", "after"])
def test_size_hides_no_violation(course: Course, where: str) -> None:
    text = LINEAR.replace("output = x @", "nn.Linear(1, 1)\n        output = x @")
    much = "y = 1\n" * (PLAIN_LENGTH // 5)
    [told] = found(course, "my_linear", much + text if where == "before" else text + "\n" + much)
    assert "torch.nn.Linear" in told


def test_what_cannot_be_read_within_bounds_is_a_violation(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "MEMORY_BYTES", 100 << 20)
    text = LINEAR + "y = 1\n" * (4 * PLAIN_LENGTH)
    [told] = violations(course["my_linear"], [text])
    assert (told.line, told.rule) == (1, "from scratch")
    assert "cannot be read within 30 s and 100 MiB" in told.message
    seen = seen_at_run_time(course["my_linear"], [text], {"x"}, "y")
    assert seen.line == 1


def test_a_reader_that_was_killed_is_no_verdict(
    graded: Grade, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_arguments: Any, **_options: Any) -> None:
        raise Fault("The process has ended.")

    monkeypatch.setattr(bounded, "apart", killed)
    result = graded("my_linear", LINEAR + "# much\n" * PLAIN_LENGTH)
    assert (result.status, result.checks, result.violations) == ("fault", (), ())
