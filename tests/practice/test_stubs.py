"""A stub is put back, and nothing of a student's is lost by it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader.course.catalog import Exercise, load_course
from grader.errors import CourseError
from grader.practice.stubs import put_anew, stub_of

EXERCISE = load_course()["my_linear"]


def test_what_was_there_is_kept_each_time(tmp_path: Path) -> None:
    path, stub = tmp_path / "my_linear.py", stub_of(EXERCISE, notebook=False)
    assert put_anew(path, stub, "my_linear").endswith("is the stub of my_linear.")
    assert "nothing was changed" in put_anew(path, stub, "my_linear")
    for number, work in enumerate((b"first", b"second"), 1):
        path.write_bytes(work)
        told = put_anew(path, stub, "my_linear")
        kept = tmp_path / f"my_linear.old-{number}.py"
        assert str(kept) in told
        assert (kept.read_bytes(), path.read_bytes()) == (work, stub)


def test_as_a_notebook() -> None:
    cells = json.loads(stub_of(EXERCISE, notebook=True))["cells"]
    assert any("class MyLinear" in "".join(cell["source"]) for cell in cells)


def test_an_exercise_without_a_stub_says_so(tmp_path: Path) -> None:
    missing = Exercise("x", "", tmp_path / "x.py", tmp_path / "s.py", tmp_path / "c.py")
    with pytest.raises(CourseError, match=r"x\.py does not exist"):
        stub_of(missing, notebook=False)
