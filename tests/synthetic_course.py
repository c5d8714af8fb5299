"""A course of one small exercise, in a folder of its own."""

from __future__ import annotations

from pathlib import Path

from grader import load_course
from grader.authoring.stub import release

SOLUTION = '''"""Doubling

Twice a tensor.

See: https://docs.pytorch.org/docs/stable/generated/torch.mul.html
"""

from torch import Tensor


def double(x: Tensor) -> Tensor:
    """Twice `x`."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION
'''
CHECKS = '''"""Doubling, against twice the input."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from grader import Draw, Student, expect_close, points, probe

HINTS = ("a", "b", "c")
FORBIDDEN = {}


@probe
def apply(student: Any, x: Tensor) -> Any:
    return student.double(x)


@points(10)
def test_double(student: Student, draw: Draw) -> None:
    """`double(x)` is twice `x`."""
    x = draw.normal(3)
    expect_close(student.run(apply, x=x), 2 * x, "double(x)")
'''


def make_course(folder: Path, more: str = "") -> Path:
    """Writes the course: its one exercise is `double`, worth 10 points, with a stub.

    Args:
        more: what stands in `course.toml` besides the title and the unit.
    """
    for name in ("exercises", "solutions", "checks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "course.toml").write_text(
        f'title = "Mine"\n[[unit]]\ntitle = "One"\nexercises = ["double"]\n{more}', encoding="utf-8"
    )
    (folder / "solutions" / "double.py").write_text(SOLUTION, encoding="utf-8")
    (folder / "checks" / "double.py").write_text(CHECKS, encoding="utf-8")
    release(load_course(folder)["double"], folder / "exercises")
    return folder
