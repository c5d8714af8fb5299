"""What is forbidden is found behind aliases and built strings; what only sounds like it is left alone."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.checking.source.source_scan import (
    MOST,
    Found,
    Scan,
    first_line_of,
    found_in,
    is_main,
    read,
    running,
    scan,
    top_level,
)
from grader.course.catalog import Course, Exercise, load_course
from grader.errors import Fault
from grader.submission import Source, bounded
from grader.submission.bounded import PLAIN_LENGTH
from grader.submission.decode import notebook_of_bytes
from tests.conftest import ROOT, Grade
from tests.steps import growth

LR = (ROOT / "solutions" / "logistic_regression.py").read_text(encoding="utf-8")
CUBIC = (ROOT / "solutions" / "cubic_fit.py").read_text(encoding="utf-8")
LINEAR = (ROOT / "solutions" / "my_linear.py").read_text(encoding="utf-8")
ANCHOR = "error = yhat - y"


def found(course: Course, name: str, text: str) -> list[str]:
    return shown(scan(course[name], Source.of_text("work.py", text)))


def shown(made: Scan) -> list[str]:
    assert made.problem == ""
    return [each.shown.strip("`") for each in made.findings]


@pytest.mark.parametrize("name", load_course().names)
def test_nothing_is_found_in_a_solution(course: Course, name: str) -> None:
    assert found(course, name, course[name].solution.read_text(encoding="utf-8")) == []


BY_HAND = [
    "self.w.requires_grad_()",
    "self.w.requires_grad = True",
    "w = torch.zeros(3, requires_grad=True)",
    "loss(yhat, y).backward()",
    "loss(yhat, y).backward(retain_graph=True)",
    "torch.autograd.grad(yhat, x)",
    "torch._log_softmax_backward_data(yhat, y, 1, y.dtype)",
    "torch.autograd.backward(yhat)",
    "torch.func.grad(loss)(yhat, y)",
    "torch.func.jvp(loss, (yhat,), (y,))",
    "getattr(torch, 'autograd').grad(yhat, x)",
    "getattr(torch, 'auto' + 'grad').grad(yhat, x)",
    "getattr(torch.autograd, 'gr' + 'ad')(yhat, x)",
    "getattr(yhat, 'back' + 'ward')()",
    "getattr(torch, name)(yhat)",
    "import torch.autograd as ag; ag.grad(yhat, x)",
    "from torch import autograd; autograd.grad(yhat, x)",
    "from torch.autograd import grad; grad(yhat, x)",
    "from torch.autograd import grad as g; g(yhat, x)",
    "from torch.func import grad; grad(loss)(yhat, y)",
    "f = torch.func.grad; f(yhat)",
    "import torch as t; t.autograd.grad(yhat, x)",
    "torch.ops.aten.sigmoid_backward(yhat, y)",
    "torch._C._ImperativeEngine()",
    "torch.autograd.forward_ad.make_dual(x, y)",
    "torch.autograd.functional.jacobian(loss, yhat)",
    "x.register_hook(print)",
    "torch.__dict__['autograd']",
    "vars(torch)['autograd']",
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
        "with torch.autograd.inference_mode(): pass",
        "y = torch.func.vmap(torch.exp)(y)",
        "x.requires_grad = False",
        "from torch.func import grad",
        "from torch.autograd import grad\n        grad = 2 * x",
        "y: torch.autograd.grad = 1",
        "isinstance(y, torch.autograd.forward_ad.Dual)",
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
        "from torch.autograd import grad\n",
        "from torch.autograd import *\nfrom torch.func import *\n",
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


FREE = [
    "layers: list[nn.Linear] = []",
    "isinstance(x, nn.Linear)",
    "if isinstance(x, (nn.Linear, torch.optim.SGD)): pass",
    "from torch.nn.functional import linear",
    "linear = x",
]


@pytest.mark.parametrize("line", FREE)
def test_from_scratch_allows(course: Course, line: str) -> None:
    text = LINEAR.replace("output = x @", f"{line}\n        output = x @")
    assert found(course, "my_linear", text) == []
    above = "from torch.nn import *\nfrom torch.nn.functional import *\nfrom torch import nn\n"
    assert found(course, "my_linear", text + above) == []


def test_layers_with_a_method_of_their_own_called_backward(course: Course) -> None:
    """The textbook's way to write a network by hand, also through a loop's variable."""
    layers = (
        "class Layer:\n    def backward(self, dout): return dout\n\n\n"
        "def passed(layers, dout):\n    for layer in layers: dout = layer.backward(dout)\n\n\n"
    )
    text = layers + LR.replace(ANCHOR, f"passed([Layer()], yhat); {ANCHOR}")
    assert found(course, "logistic_regression", text) == []
    text = layers + LR.replace(ANCHOR, f"passed([], yhat); yhat.backward(); {ANCHOR}")
    assert found(course, "logistic_regression", text) == [".backward()"]


@pytest.mark.parametrize("text", ["def f(:\n", "(" * 100_000, "x = 1\n" * 50_000])
def test_any_text_is_read(course: Course, text: str) -> None:
    scan(course["logistic_regression"], Source.of_text("work.py", text))


def test_a_magic_hides_nothing(course: Course) -> None:
    text = LINEAR.replace("output = x @", "nn.Linear(1, 1)\n        output = x @")
    cells = [nbformat.v4.new_code_cell(each) for each in ("x = 1", f"%matplotlib inline\n{text}")]
    book = nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode()
    source = notebook_of_bytes(book, "my_linear.ipynb")
    [told] = scan(course["my_linear"], source).findings
    assert told.text == 1
    assert "nn.Linear(1, 1)" in source.cells[1].text.splitlines()[told.line - 1]


def test_depth_hides_nothing(course: Course) -> None:
    deep = "\nx = " + "1+" * 900 + "1\n"
    text = LINEAR.replace("output = x @", "nn.Linear(1, 1)\n        output = x @") + deep
    assert found(course, "my_linear", text)
    text = LINEAR.replace("output = x @", f"nn.Linear(1, 1)\n        output = {'-' * 1500}x @")
    assert found(course, "my_linear", text) == ["torch.nn.Linear"]
    deeper = Source.of_text("work.py", f"x = {'-' * 50_000}1")
    assert "too deeply" in scan(course["my_linear"], deeper).problem


def test_nothing_is_found_in_a_right_submission_of_ours(course: Course) -> None:
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
    return [(each.line, each.shown) for each in findings(exercise, *texts)]


def findings(exercise: Exercise, *texts: str) -> list[Found]:
    return found_in(texts, exercise.forbidden, sorted(exercise.entry_points))


def test_a_finding_says_where_what_and_who_leads_there(tmp_path: Path) -> None:
    by_hand_rule = exercise_of(tmp_path, '{"by hand": {}}')
    text = (
        "import torch\n\ndef step(x):\n    x.backward()\n    return Model()\n\n"
        "class Model:\n    def go(self, x): return torch.func.grad(x)\n"
    )
    assert findings(by_hand_rule, "x = 1", text) == [
        Found(1, 4, "by hand", "`.backward()`", "", ["step"]),
        Found(1, 8, "by hand", "`torch.func.grad`", "automatic differentiation", ["Model", "step"]),
    ]


def test_a_function_that_is_excepted_leads_nowhere(tmp_path: Path) -> None:
    scoped = exercise_of(tmp_path, '{"by hand": {"except": ["Model"]}}')
    text = "class Model:\n    def go(self, x): helper(x)\n\ndef helper(x): x.backward()\n"
    assert findings(scoped, text + "def step(x): return x") == []
    [found] = findings(scoped, text + "def step(x): return helper(x)")
    assert found.reached == ["step"]


def test_a_graph_that_nobody_asks_for_gradients_is_only_a_preparation(tmp_path: Path) -> None:
    exercise = exercise_of(tmp_path, '{"by hand": {}}')
    ways = ("x.requires_grad_()", "x.requires_grad = True", "f(x, requires_grad=True)")
    for way in ways:
        [found] = findings(exercise, f"def step(x): {way}")
        assert found.only_prepares
    [found] = findings(exercise, "def step(x): x.backward()")
    assert not found.only_prepares


def test_one_finding_a_line_and_rule(tmp_path: Path) -> None:
    both = exercise_of(tmp_path, '{"by hand": {}, "from scratch": {"names": ["torch.optim"]}}')
    text = "import torch\ndef step(x): return x.backward(), x.backward(), torch.optim.SGD\n"
    assert [(each.line, each.rule) for each in findings(both, text)] == [
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
    assert [(each.text, each.line) for each in findings(by_hand_rule, *cells)] == [(1, 3)]
    assert lines(by_hand_rule, cells[0], "def (", cells[2]) == []


@pytest.mark.parametrize(
    "text",
    [
        "from torch.autograd import *\ndef step(x): grad(x, x)",
        "import functorch\ndef step(x): functorch.grad(x)",
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
        "from torch.autograd import grad\ndef step(x, grad): return grad(x)",
        "from torch.autograd import grad\ndef grad(x): return x\ndef step(x): return grad(x)",
        "from torch.func import *\ndef step(x):\n    grad = 2 * x\n    return grad",
        "from torch import *\ndef step(x): return exp(x)",
        "import torch\ndef helper(x): x.backward()\ndef step(x, helper): return helper(x)",
        "class Net:\n    def backward(self, g): return g\ndef step(nets, g): return [n.backward(g) for n in nets]",
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
    assert told == [(3, "`torch.nn.Linear`"), (4, "`torch.optim.SGD`")]
    assert (
        lines(scratch, "from torch import nn\ndef step(x): return nn.LinearX, nn.Linearity") == []
    )


def test_the_first_line_of_what_was_called() -> None:
    text = "x = 1\n\ndef step(x): ...\n\nclass Model: ...\n"
    assert first_line_of([text], ["Model"]) == 5
    assert first_line_of([text], ["Model", "step"]) == 3
    assert first_line_of(["def (", text], ["other"]) == 1


def running_lines(text: str, *graded: str) -> list[int]:
    found = running(read([ast.parse(text)]), graded)
    return [statement.lineno for statement in found if isinstance(statement, ast.stmt)]


def test_what_runs_is_what_the_import_does_and_what_graded_names_lead_to() -> None:
    text = (
        "import x\n"
        "def step(): inner()\n"
        "def inner(): pass\n"
        "def never(): pass\n"
        "def demo(): shown()\n"
        "def shown(): pass\n"
        "demo()\n"
        "@decorated\n"
        "def kept(): pass\n"
        "def decorated(f): return f\n"
        "if __name__ == '__main__':\n    never()\n"
        "class Base:\n    def go(self): used()\n"
        "def used(): pass\n"
    )
    assert sorted(running_lines(text, "step")) == [1, 2, 3, 5, 6, 7, 9, 10, 13, 15]
    assert sorted(running_lines(text)) == [1, 5, 6, 7, 9, 10, 13, 15]


def test_what_holds_other_statements_runs_as_well() -> None:
    text = "for x in a():\n    with b():\n        while c():\n            if d(): e()\n"
    nodes = [ast.unparse(node) for node in top_level(ast.parse(text).body)]
    assert nodes == ["a()", "b()", "c()", "d()", "e()"]


@pytest.mark.parametrize(
    ("condition", "main"),
    [("__name__ == '__main__'", True), ("'__main__' == __name__", True), ("x == y", False)],
)
def test_a_block_that_runs_as_a_program_alone(condition: str, main: bool) -> None:
    assert is_main(ast.parse(condition, mode="eval").body) == main


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
    "findings of one line": lambda n: "def x(): return [" + "x.backward(), " * n + "]",
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


def test_a_few_findings_are_kept_in_short_texts(course: Course) -> None:
    path = "nn.Linear." + "a" * 5000
    text = LINEAR.replace("output = x @", f"{path}\n        " * 50 + "output = x @")
    told = scan(course["my_linear"], Source.of_text("work.py", text)).findings
    assert len(told) == MOST
    assert [each.line for each in told] == sorted(each.line for each in told)
    assert told[0].line == 1 + next(at for at, line in enumerate(text.splitlines()) if path in line)
    assert all(len(each.shown) < 100 for each in told)


@pytest.mark.parametrize("end", ["_backward", "__dict__"])
def test_length_hides_nothing(course: Course, end: str) -> None:
    text = LR.replace(ANCHOR, f"torch.{'a' * 5000}.{end}; {ANCHOR}")
    assert found(course, "logistic_regression", text)
    text = LR.replace(ANCHOR, f"torch.autograd.{'a.' * 1000}b; {ANCHOR}")
    assert "torch.autograd" in found(course, "logistic_regression", text)[0]


@pytest.mark.parametrize("where", ["before", "after"])
def test_size_hides_nothing(course: Course, where: str) -> None:
    text = LINEAR.replace("output = x @", "nn.Linear(1, 1)\n        output = x @")
    much = "y = 1\n" * (PLAIN_LENGTH // 5)
    [told] = found(course, "my_linear", much + text if where == "before" else text + "\n" + much)
    assert "torch.nn.Linear" in told


def test_what_cannot_be_read_within_bounds_costs_nothing(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "MEMORY_BYTES", 100 << 20)
    text = LINEAR + "y = 1\n" * (4 * PLAIN_LENGTH)
    made = scan(course["my_linear"], Source.of_text("work.py", text))
    assert made.findings == ()
    assert "cannot be read within 30 s and 100 MiB" in made.problem


def test_a_reader_that_was_killed_is_no_verdict(
    graded: Grade, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_arguments: Any, **_options: Any) -> None:
        raise Fault("The process has ended.")

    monkeypatch.setattr(bounded, "apart", killed)
    result = graded("my_linear", LINEAR + "# much\n" * PLAIN_LENGTH)
    assert (result.status, result.checks, result.violations) == ("fault", (), ())
