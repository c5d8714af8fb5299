"""The simplest case that is wrong, as Python: it runs by itself, and shows what the check was told."""

from __future__ import annotations

import re
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from types import ModuleType

import pytest

from grader.course.catalog import load_course
from grader.grading import example_of, grade
from grader.machines import Machines
from grader.submission import Submission

WRONG = Path(__file__).parents[1] / "submissions"
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


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
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


def test_nothing_to_show_where_nothing_is_wrong(machines: Machines) -> None:
    text = load_course()["line_fit"].solution.read_text()
    assert example_of(Submission.of_text("line_fit", text), "line_fit", machines) is None
