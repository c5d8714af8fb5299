"""`grader try`: what a student can paste into Python."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.course.catalog import load_course

COURSE = load_course()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADER_LANG", "en")
    assert CliRunner().invoke(main, ["init", "."]).exit_code == 0
    for name in ("derivative", "line_fit"):
        (tmp_path / f"{name}.py").write_text(COURSE[name].solution.read_text())
    return tmp_path


def wrong(folder: Path) -> None:
    file = folder / "line_fit.py"
    file.write_text(file.read_text().replace("return a * x + b", "return a * x"))


def test_the_exercise_that_is_not_done(folder: Path) -> None:
    wrong(folder)
    runner = CliRunner()
    names = COURSE.names[: COURSE.names.index("line_fit")]
    for name in names:
        (folder / f"{name}.py").write_text(COURSE[name].solution.read_text())
    runner.invoke(main, ["check", *names])  # from here on it is known which are done
    told = runner.invoke(main, ["try", "--shapes"])
    assert told.exit_code == 0, told.output
    assert "print(line_fit.predict(x, a, b))" in told.stdout
    assert "return a * x" in told.stdout.partition("one after the other")[2]


def test_nothing_is_wrong(folder: Path) -> None:
    told = CliRunner().invoke(main, ["try", "LineFit"])
    assert told.exit_code == 0
    assert "line_fit: nothing that runs is wrong." in told.stdout
    assert "LineFit is taken for line_fit." in told.stderr


def test_what_is_not_started(folder: Path) -> None:
    told = CliRunner().invoke(main, ["try", "my_linear"])
    assert told.exit_code == 0
    assert told.stdout == (
        "my_linear is not started yet, so there is nothing to try: `grader show my_linear` says what it asks.\n"
    )


def test_the_lines_go_to_a_file(folder: Path) -> None:
    """What is said of them does not lie among them."""
    wrong(folder)
    told = CliRunner().invoke(main, ["try", "line_fit"])
    assert "predict(x, a, b)" in ast.unparse(ast.parse(told.stdout))
    assert told.stderr == "Run these lines in the folder of your file:\n\n"


def test_no_such_exercise(folder: Path) -> None:
    assert CliRunner().invoke(main, ["try", "no_such"]).exit_code == 2
