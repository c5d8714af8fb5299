"""A small course of one exercise, with a check that can be made soft."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.authoring.stub import release
from grader.course.catalog import load_course

SOLUTION = '''"""Scaling

A tensor, times a factor, plus one.

See: https://docs.pytorch.org/docs/stable/generated/torch.mul.html
"""

from torch import Tensor


def scaled(x: Tensor, factor: float = 2.0) -> Tensor:
    """`factor` times `x`, plus 1."""
    ### BEGIN SOLUTION
    y = factor * x
    y = y + 1
    return y.contiguous()
    ### END SOLUTION
'''
SHARP = '''"""Scaling."""

from grader import expect_close, points, probe


@probe
def apply(student, x):
    return student.scaled(x, 3.0)


@points(10)
def test_scaled(student, draw):
    """`scaled(x, factor)` is factor·x + 1."""
    x = draw.normal(4)
    expect_close(student.run(apply, x=x), 3 * x + 1)
'''
SOFT = SHARP.replace("expect_close(student.run(apply, x=x), 3 * x + 1)", "student.run(apply, x=x)")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("exercises", "solutions", "checks", "tests/submissions/scaled/right"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "tests/submissions/scaled/wrong").mkdir()
    (tmp_path / "course.toml").write_text('title = "Mine"\n')
    (tmp_path / "solutions" / "scaled.py").write_text(SOLUTION)
    (tmp_path / "checks" / "scaled.py").write_text(SHARP)
    release(load_course(tmp_path)["scaled"], tmp_path / "exercises")
    return tmp_path


def write(folder: Path, kind: str, name: str, text: str) -> None:
    (folder / "tests/submissions/scaled" / kind / f"{name}.py").write_text(text)
