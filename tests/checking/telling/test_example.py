"""The simplest case that is wrong, as Python: it runs by itself, and shows what the check was told."""

from __future__ import annotations

import re
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor

from grader import probe
from grader.checking.session import Request
from grader.checking.telling.example import call_of
from grader.course.catalog import load_course
from grader.grading import example_of, grade
from grader.machines import Machines
from grader.report import FailedCall
from grader.submission import Source, Submission
from tests.drawn import some

WRONG = Path(__file__).parents[2] / "submissions"
# of each exercise one
FILES = [
    path
    for exercise in sorted(WRONG.iterdir())
    for path in sorted(exercise.glob("wrong/*.py"))[3:4]
]


def printed_by(script: str, name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a script prints where the student's file is the module that it imports."""
    module = ModuleType(name)
    module.__file__ = f"{name}.py"
    monkeypatch.setitem(sys.modules, name, module)
    out = StringIO()
    with redirect_stdout(out):
        exec(compile(text, f"{name}.py", "exec"), vars(module))
        exec(compile(script, "<script>", "exec"), {"__name__": "script"})
    return out.getvalue()


@pytest.mark.parametrize(
    "path", some(FILES, 1 / 2), ids=lambda path: f"{path.parts[-3]}-{path.stem}"
)
def test_a_script_runs_by_itself(
    path: Path, machines: Machines, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)  # some of them write files
    name, text = path.parts[-3], path.read_text()
    example = example_of(Submission.of_text(name, text), name, machines)
    if example is None:  # nothing is wrong but what the code uses
        assert grade(Submission.of_text(name, text), machines=machines).exercises[0].violations
        return
    assert f"import {name}  # {name}.py" in example.script
    assert f"# {example.check.message.splitlines()[0]}" in example.script
    assert "student" not in example.script.rpartition("\nprint(")[2].partition("\n")[0]
    if 'device = "cuda"' in example.script:
        return
    raised = ""
    try:
        assert printed_by(example.script, name, text, monkeypatch)
    except Exception as error:
        raised = type(error).__name__
    assert raised in example.check.message  # the student's own exception is what the check was told


RIGHT = """
def predict(x, a, b):
    return a * x + b


def mse(y_pred, y):
    error = y_pred - y
    return (error ** 2).mean()
"""


def test_numbers_are_round_and_the_call_is_plain(machines: Machines) -> None:
    text = RIGHT.replace("a * x + b", "b * x + a")
    example = example_of(Submission.of_text("line_fit", text), "line_fit", machines)
    assert example
    assert "print(line_fit.predict(x, a, b))" in example.script
    for line in example.script.splitlines():
        if line.startswith(("x = ", "a = ", "b = ")):
            assert all(len(word.partition(".")[2]) <= 2 for word in re.findall(r"[\d.]+", line))
    assert "# → " in example.script


def test_the_same_again(machines: Machines) -> None:
    """The second time its case meets answers that it has met, and holds what was sent alone."""
    text = RIGHT.replace("a * x + b", "b * x + a")
    told = [
        example_of(Submission.of_text("line_fit", text), "line_fit", machines, seed=4)
        for _ in range(2)
    ]
    assert told[0]
    assert told[1]
    assert "\nx = torch.tensor(" in told[0].script
    assert told[1].script == told[0].script


def the_call(probe: Any, device: str = "cpu", **inputs: Any) -> FailedCall:
    source = Source.of_text("line_fit.py", RIGHT)
    return call_of("line_fit", Request(probe, inputs, device, 5), source)


@probe
def of_one_line(student: Any, x: Tensor) -> Any:
    return student.mse(x, x)


@probe
def of_several(student: Any, x: Tensor, times: int = 2) -> Any:
    total = 0
    for _ in range(times):
        total += student.mse(x, x)
    return total


def test_a_call_with_small_inputs_is_there_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.tensor([1.0, 2.0], dtype=torch.float64).requires_grad_()
    call = the_call(of_one_line, x=x)
    assert (call.expression, call.probe, call.runs) == ("line_fit.mse(x, x)", "", True)
    [told] = call.inputs
    assert told.form == "float64 (2,) requires_grad"
    assert told.value == "torch.tensor([1.0, 2.0], dtype=torch.float64).requires_grad_()"
    assert "#" not in call.script.partition("line_fit.py\n")[2]  # the sentences stand elsewhere
    assert printed_by(call.script, "line_fit", RIGHT, monkeypatch).startswith("tensor(0.")


def test_large_inputs_are_told_by_their_form() -> None:
    call = the_call(of_several, x=torch.zeros(70, 3))
    assert (call.expression, call.runs) == ("of_several(x=x)", False)
    assert call.probe.startswith("def of_several(x):")
    assert "range(2)" in call.probe
    assert [(each.value, each.form) for each in call.inputs] == [("", "float32 (70, 3)")]
    assert "x = ...  # float32 (70, 3)\n" in call.script


def test_inputs_that_were_sent_are_read_again() -> None:
    inputs = {"x": torch.arange(3.0).requires_grad_()}
    request = Request(of_one_line, inputs, "cpu", 5)
    source = Source.of_text("line_fit.py", RIGHT)
    assert call_of("line_fit", request.without_inputs(), source) == call_of(
        "line_fit", request, source
    )


def test_nothing_to_show_where_nothing_is_wrong(machines: Machines) -> None:
    text = load_course()["line_fit"].solution.read_text()
    assert example_of(Submission.of_text("line_fit", text), "line_fit", machines) is None


@probe
def defaults_worked_out(student: Any, x: Any, kind: Any = torch.float64, n: int = 2 * 3) -> Any:
    return student.predict(x.to(kind), n, 1.0)


@probe
def default_set_anew(student: Any, x: Any, kind: Any = torch.float64) -> Any:
    x = x.to(kind)
    kind = None
    return student.predict(x, 2.0, 1.0)


@probe
def whatever_comes(student: Any, **more: Any) -> Any:
    return student.predict(**more)


@pytest.mark.parametrize(
    ("asked", "given", "called"),
    [
        (defaults_worked_out, ("x",), "line_fit.predict(x.to(torch.float64), 2 * 3, 1.0)"),
        (default_set_anew, ("x",), "default_set_anew(x=x)"),
        (whatever_comes, ("x", "a", "b"), "whatever_comes(x=x, a=a, b=b)"),
    ],
)
def test_parameters_of_every_kind(
    asked: Any, given: tuple[str, ...], called: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs: dict[str, Any] = {name: torch.tensor([2.0]) for name in given}
    call = the_call(asked, **inputs)
    assert call.expression == called
    module = ModuleType("line_fit")
    exec(RIGHT, vars(module))
    shown = printed_by(call.script, "line_fit", RIGHT, monkeypatch)
    assert shown == f"{asked(module, **inputs)}\n"
