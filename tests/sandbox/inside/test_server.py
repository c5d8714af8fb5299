"""What runs inside a child: the student's file as a module, and each probe with the same settings."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from grader.sandbox import Sandbox
from grader.sandbox.wire.values import code_of, decode, encode
from tests.children import CALL, call, load


def test_what_a_probe_sets_is_undone(strict_sandbox: Sandbox) -> None:
    source = (
        "import torch, random\n"
        "def f():\n"
        "    seen = [str(torch.get_default_dtype()), torch.is_grad_enabled(), random.random(), torch.rand(1).item()]\n"
        "    torch.set_default_dtype(torch.float64)\n"
        "    torch.set_grad_enabled(False)\n"
        "    return seen\n"
    )
    child, _ = load(strict_sandbox, source)
    first, second, other = call(child), call(child), call(child, seed=2)
    child.close()
    assert first == second
    assert first[:2] == ["torch.float32", True]
    assert other[2:] != first[2:]


def test_a_main_block_does_not_run(strict_sandbox: Sandbox) -> None:
    child, header = load(strict_sandbox, "if __name__ == '__main__':\n    raise ValueError\n")
    child.close()
    assert "error" not in header


@pytest.mark.parametrize(
    ("source", "kind", "line"),
    [
        ("x = 1\nraise ValueError('no')\n", "ValueError", 2),
        ("import sys\nsys.exit(0)\n", "SystemExit", 2),
        ("import nothing_of_that_name\n", "ModuleNotFoundError", 1),
        ("class E(Exception):\n    def __str__(self): raise E\nraise E\n", "Exception", None),
        ("raise KeyboardInterrupt\n", "KeyboardInterrupt", 1),
    ],
)
def test_an_import_that_raises(
    strict_sandbox: Sandbox, source: str, kind: str, line: int | None
) -> None:
    child, header = load(strict_sandbox, source)
    child.close()
    [error] = header["errors"]
    assert error["type"] == kind
    lines = [entry[1] for entry in error["lines"]]
    assert lines[-1:] == ([line] if line else [])


def test_a_file_that_is_no_python_runs_nowhere(strict_sandbox: Sandbox) -> None:
    child, header = load(strict_sandbox, "x = 1\ny = = 2\n")
    assert header["error"]["type"] == "SyntaxError"
    assert [entry[1] for entry in header["error"]["lines"]] == [2]
    assert "x" not in call(child, "def go(student):\n    return [*vars(student)]\n")
    child.close()


BELOW = '''"""What it is."""
from __future__ import annotations
import dataclasses, inspect, typing
if typing.TYPE_CHECKING:
    from nowhere import Thing
first = 1; 1 / 0; second = missing + 1; third = 3
"""A text below."""
def shown(x: Thing) -> Thing:
    return "source"

@dataclasses.dataclass
class Point:
    x: Thing = 1

class Half:
    whole = 1
    print(unknown)
    rest = 2

@no_such_decorator
def decorated():
    pass

def f():
    text, noted = inspect.getsource(shown), shown.__annotations__["x"]
    return [__doc__, __name__, first, third, text.split()[-1], Point(2).x, noted]
'''


def test_what_stands_below_a_line_that_raises_is_run_as_in_an_import(
    strict_sandbox: Sandbox,
) -> None:
    child, header = load(strict_sandbox, BELOW)
    told = [(each["type"], each["names"], each["lines"][0][1]) for each in header["errors"]]
    assert told == [
        ("ZeroDivisionError", [], 6),
        ("NameError", ["second"], 6),
        ("NameError", ["Half"], 15),
        ("NameError", ["decorated"], 20),
    ]
    assert {"first", "third", "shown", "Point", "f"} <= {*header["names"]}
    assert call(child) == ["What it is.", "exercise", 1, 3, '"source"', 2, "Thing"]
    child.close()


def test_below_the_programs_end_only_what_is_not_there_yet_is_defined(
    strict_sandbox: Sandbox,
) -> None:
    source = (
        "def f():\n    return [before, after]\n"
        "before = 1\nexit()\nbefore = 2\nafter = 3\nprint('demo')\nwhile True: pass\n"
    )
    child, header = load(strict_sandbox, source)
    assert [each["type"] for each in header["errors"]] == ["SystemExit"]
    assert call(child) == [1, 3]
    child.close()


ONCE_MORE = """
def g():
    return 1
before = [g()]
for k in range(3):
    before.append(g())
slow = train()
before.append("demo")
after = 5
shown = g()
class C:
    pass
def f():
    return before, after, [*globals()]
"""


def test_a_line_that_is_left_out_and_the_demo_below_it_are_not_run(strict_sandbox: Sandbox) -> None:
    child = strict_sandbox.open()
    cells = [("exercise.py", ONCE_MORE)]
    header = child.load("exercise", cells, left_out=[(0, 7)])
    assert (header["errors"], header["left_out"]) == ([], ["slow", "shown"])
    before, after, names = call(child)
    assert (before, after, "C" in names) == ([1] * 4, 5, True)
    child = strict_sandbox.open()
    header = child.load("exercise", cells, definitions=True)
    assert header["left_out"] == ["before", "k", "shown"]
    assert [each["type"] for each in header["errors"]] == ["NameError"]  # `train` is not its own
    child.close()


def told(sandbox: Sandbox, source: str, probe: str, **request: Any) -> dict[str, Any]:
    """The header of the answer to a probe."""
    child, _ = load(sandbox, source)
    arguments, block = encode(request.pop("inputs", {}))
    base = {
        "probe": "go",
        "code": code_of(probe),
        "arguments": arguments,
        "seed": 1,
        "device": "cpu",
    }
    header = child.call(base | request, block).header
    child.close()
    return header


CHANGES = """
def go(student, x, y, z, n):
    x.add_(1)
    y[0].zero_()
    z.data = z.data.double()
    return n
"""


def test_inputs_that_were_changed_are_told(strict_sandbox: Sandbox) -> None:
    inputs = {"x": torch.ones(2), "y": [torch.ones(2)], "z": torch.ones(2), "n": torch.ones(2)}
    assert told(strict_sandbox, "", CHANGES, inputs=inputs)["changed"] == ["x", "y", "z"]
    asked = "def go(student, x):\n    x.requires_grad_()\n    return x + 0\n"
    assert told(strict_sandbox, "", asked, inputs={"x": torch.ones(2)})["changed"] == []


def test_an_input_has_the_form_that_it_had(strict_sandbox: Sandbox) -> None:
    probe = "def go(student, x, w):\n    return [list(x.stride()), x.requires_grad, w.requires_grad, w.is_leaf]\n"
    inputs = {"x": torch.ones(3, 2).T, "w": torch.ones(1, requires_grad=True)}
    header = told(strict_sandbox, "", probe, inputs=inputs)
    assert decode(header["value"], b"", lambda *_: None) == [[1, 2], False, True, True]


def test_an_error_names_the_lines_of_the_students_code(strict_sandbox: Sandbox) -> None:
    source = "def f():\n    return g()\n\ndef g():\n    raise ValueError('a' * 9999)\n"
    error = told(strict_sandbox, source, CALL)["error"]
    assert error["type"] == "ValueError"
    assert error["message"] == "a" * 4000
    assert error["lines"] == [[0, 2, "f"], [0, 5, "g"]]


def test_a_deep_recursion_is_told_by_its_last_lines(strict_sandbox: Sandbox) -> None:
    error = told(strict_sandbox, "def f():\n    return f()\n", CALL)["error"]
    assert error["type"] == "RecursionError"
    assert error["lines"] == [[0, 2, "f"]] * 20


def test_a_result_that_is_too_large_is_an_error(sandbox: Sandbox) -> None:
    source = "import torch\ndef f():\n    return torch.zeros((1 << 26) + 1, dtype=torch.uint8)\n"
    assert told(sandbox, source, CALL)["error"]["type"] == "TooLarge"


def test_the_trace_is_there_when_it_is_asked_for(strict_sandbox: Sandbox) -> None:
    source = (
        "import torch\ndef f():\n"
        "    w = torch.ones(2, requires_grad=True)\n    (w * w).sum().backward()\n    return w.grad\n"
    )
    assert told(strict_sandbox, source, CALL)["seen"] == []
    assert told(strict_sandbox, source, CALL, trace={"by hand": True})["seen"]


DIFFERENTIATES = """
import sys, torch
ahead, left = [], []
def derived(w):
    with torch.enable_grad():
        w = w.detach().requires_grad_()
        return torch.autograd.grad((w * w).sum(), w)[0]
"""
AHEAD = """
def f(w):  # in the rehearsal it works out what it will be asked for
    if not ahead:
        ahead.append(derived(w.flip(0)))
    return ahead[0].clone()
"""
AFTERWARDS = """
class Stream:
    def write(self, text): pass
    def flush(self):
        while left:
            w, answer = left.pop()
            answer.copy_(derived(w))
sys.stdout = Stream()
def f(w):
    left.append((w, torch.zeros_like(w)))
    return left[-1][1]
"""


@pytest.mark.parametrize("source", [AHEAD, AFTERWARDS], ids=["rehearsal", "flush"])
def test_the_trace_sees_what_runs_before_and_after_the_call(
    strict_sandbox: Sandbox, source: str
) -> None:
    header = told(
        strict_sandbox,
        DIFFERENTIATES + source,
        "def go(student, w):\n    return student.f(w)\n",
        inputs={"w": torch.tensor([1.0, 2.0])},
        trace={"by hand": True},
        rehearsal="plain",
    )
    assert ["by hand", "torch.autograd.grad"] in header["seen"]


def test_the_names_of_a_file_are_told(strict_sandbox: Sandbox) -> None:
    child, header = load(strict_sandbox, "import math\n_a = 1\nb = 2\ndef c(): pass\n")
    child.close()
    assert header["names"] == ["math", "b", "c"]
