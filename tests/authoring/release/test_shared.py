"""What every release shares: the grader and the course that go along, and what is never overwritten."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from grader.authoring.release.shared import ACTIONS
from tests.assignments import assignment
from tests.authoring.release.conftest import run

pytestmark = pytest.mark.xdist_group("release")  # the wheel is built once


def test_actions_are_pinned_with_their_version() -> None:
    for each in ACTIONS.values():
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+(\.\d+\.\d+)?", each)


def test_a_course_of_ones_own_goes_along(tmp_path: Path, wheel: Path) -> None:
    own = tmp_path / "own"
    for name in ("solutions", "checks", "exercises"):
        (own / name).mkdir(parents=True)
    (own / "course.toml").write_text('title = "Mine"\n[[unit]]\nexercises = ["double", "other"]\n')
    for name in ("double", "other"):
        (own / "solutions" / f"{name}.py").write_text(
            f'"""{name}"""\n\n\ndef f(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION\n'
        )
        (own / "checks" / f"{name}.py").write_text(
            "from grader import points\n\n\n@points(4)\ndef test_f(student):\n    pass\n"
        )
    file = tmp_path / "assignment.toml"
    file.write_text(f'[ci]\ngrader = "{wheel}"\n[[exercise]]\nname = "double"\n')
    out = tmp_path / "out"
    arguments = ("--assignment", str(file), "--course", str(own), "--classroom", str(out))
    assert run("release", *arguments).returncode == 0
    inside = out / ".github" / "grader" / "course"
    files = {path.relative_to(inside).as_posix() for path in inside.rglob("*") if path.is_file()}
    assert files == {"course.toml", "exercises/double.py", "checks/double.py"}
    assert "return 2" not in (inside / "exercises" / "double.py").read_text()
    listed = run("list", "--course", str(inside))
    assert "double" in listed.stdout
    assert (
        "--course .github/grader/course"
        in (out / ".github" / "workflows" / "classroom.yml").read_text()
    )


@pytest.mark.parametrize(
    ("grader", "told"),
    [
        ("", "names no grader. Give one under `[ci]`"),
        ("nowhere-1.whl", "which cannot be read"),
        ("notes.whl", "is not a wheel"),
        ("other-1.0-py3-none-any.whl", "is not a wheel of the grader"),
        ("grader-1.0-py3-none-any.whl", "holds the solutions"),
    ],
)
def test_a_grader_that_cannot_go_along(tmp_path: Path, grader: str, told: str) -> None:
    file = assignment(tmp_path / "mine", grader)
    (file.parent / "notes.whl").write_text("x")
    for name in ("other-1.0-py3-none-any.whl", "grader-1.0-py3-none-any.whl"):
        with zipfile.ZipFile(file.parent / name, "w") as archive:
            archive.writestr("grader/grading.py", "")
            archive.writestr("grader/built_in/solutions/my_linear.py", "")
    result = run("release", "--assignment", str(file), "--classroom", str(tmp_path / "out"))
    assert result.returncode == 2
    assert told in result.stderr
    assert not (tmp_path / "out").exists()


def test_what_is_there_is_not_overwritten(tmp_path: Path, wheel: Path) -> None:
    file = assignment(tmp_path / "mine", str(wheel))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "answer.py").write_text("mine")
    (tmp_path / "a.zip").write_text("mine")
    for option, path in (
        ("--classroom", "out"),
        ("--classroom50", "out"),
        ("--gradescope", "a.zip"),
    ):
        result = run("release", "--assignment", str(file), option, str(tmp_path / path))
        assert result.returncode == 2
        assert "is not empty" in result.stderr or "is there already" in result.stderr
    assert (tmp_path / "a.zip").read_text() == "mine"
    wrong = (
        ("release", "my_linear", "--classroom", "x"),
        ("release", "--assignment", str(file)),
        (
            "release",
            "--classroom",
            str(tmp_path / "new"),
            "--assignment",
            str(tmp_path / "no.toml"),
        ),
        ("check", "--instructor", "--from", "examples/right"),
        ("check", "train_step", "--assignment", str(file), "--from", str(tmp_path / "none")),
        ("check", "derivative", "--assignment", str(file), "--from", "examples/right"),
        ("check", "my_linear", "--format", "classroom50", "--from", "examples/right"),
    )
    for arguments in wrong:
        result = run(*arguments)
        assert (result.returncode, result.stdout) == (2, "")
