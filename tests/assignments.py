"""Assignments to test with, and checks that only the instructor has."""

from __future__ import annotations

import zipfile
from pathlib import Path

from grader.course.assignment import Assignment
from grader.course.assignment_file import read_assignment

HIDDEN = '''"""Kept back."""

from typing import Any

from torch import Tensor

from grader import Draw, Student, expect_close, points, probe


@probe
def apply(student: Any, x: Tensor) -> Any:
    layer = student.MyLinear(3, 2).to(x.dtype)
    layer.weights.data.fill_(1)
    layer.bias.data.fill_(0)
    return layer(x)


@points(3)
def test_with_ones(student: Student, draw: Draw) -> None:
    """Secret sentence: with weights of one, the sum."""
    x = draw.normal(4, 3)
    expect_close(student.run(apply, x=x), x.sum(1, keepdim=True).expand(4, 2), "forward(x)")
'''
EXERCISE = '[[exercise]]\nname = "my_linear"\n'
TEXT = """
title = "Layers | and loops"
deadline = 2026-12-01T23:59:00+09:00

[late]
points = 2
free_days = 1

[ci]
grader = "GRADER"

[[exercise]]
name = "my_linear"
points = 20
visibility = { sizes = "instructor" }
instructor_checks = "hidden/my_linear.py"

[[exercise]]
name = "train_step"
"""


def assignment(folder: Path, grader: str) -> Path:
    """Writes an assignment that keeps back a check and a file of further ones; `grader` is what CI installs."""
    (folder / "hidden").mkdir(parents=True)
    (folder / "hidden" / "my_linear.py").write_text(HIDDEN)
    (folder / "assignment.toml").write_text(TEXT.replace("GRADER", grader))
    return folder / "assignment.toml"


def read(folder: Path, text: str) -> Assignment:
    """The assignment that `text` makes, as a file of `folder`."""
    file = folder / "assignment.toml"
    file.write_text(text, encoding="utf-8")
    return read_assignment(file)


def small_wheel(folder: Path, *names: str) -> Path:
    """What looks like the students' wheel, with a few files more."""
    wheel = folder / "torch_grader-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in ("grader/report.py", *names):
            archive.writestr(name, "")
    return wheel


def own_course(folder: Path) -> Path:
    """A course of two exercises that no grader has, with limits, and a helper beside the checks."""
    for name in ("solutions", "checks", "exercises"):
        (folder / name).mkdir(parents=True)
    (folder / "course.toml").write_text(
        'title = "Mine \\"and\\" yours"\n[limits]\ncall_seconds = 0.5\n'
        '[[unit]]\nexercises = ["double", "other"]\n'
    )
    for name in ("double", "other"):
        (folder / "solutions" / f"{name}.py").write_text(
            f'"""{name}"""\n\n\ndef f(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION\n'
        )
        (folder / "checks" / f"{name}.py").write_text(
            "from grader import points\n\n\n@points(4)\ndef test_f(student):\n    pass\n"
        )
    (folder / "checks" / "_help.py").write_text("")
    return folder
