"""A student's folder with two stubs, and what happens in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader import grade
from grader.cli import main
from grader.course.catalog import Course
from grader.machines import Machines
from grader.practice.workspace import Workspace
from grader.submission import read_submission
from tests.conftest import ROOT

Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands run: a workspace with two stubs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("derivative", "my_linear"):
        shutil.copy(ROOT / "exercises" / f"{name}.py", tmp_path)
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    def call(*arguments: str, status: int = 0) -> Result:
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == status, result.output
        return result

    return call


@pytest.fixture
def keep(folder: Path, course: Course, machines: Machines) -> Callable[[str], None]:
    """Grades an exercise in the folder and keeps the result, as `check` and `watch` do."""

    def call(name: str) -> None:
        submission = read_submission(folder, course, [name])
        report = grade(submission, course=course, machines=machines)
        Workspace(folder, course).remember(report.exercises, submission.sources)

    return call
