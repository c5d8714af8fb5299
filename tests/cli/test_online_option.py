"""`--online`: notebooks that install the grader first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from grader.cli import main
from tests.synthetic_course import make_course

ADDRESS = "https://github.com/o/n/blob/main/notebooks"
INSTALL = "%pip install --quiet torch-grader"


def call(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == status, result.output
    return result.output


def cells(file: Path) -> list[str]:
    notebook: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"]]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    make_course(tmp_path / "course")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fetched(place: Path, more: str = "") -> None:
    with (place / "course" / "course.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[online]\nsetup = ["!git clone x course"]\n{more}')


def test_released_with_badges(place: Path) -> None:
    call("release", "derivative", "--notebooks", "--online", "--badges", ADDRESS, "--output", "out")
    first, install, head, *_rest = cells(place / "out" / "derivative.ipynb")
    assert first.startswith("[![Colab]")
    assert "/o/n/blob/main/notebooks/derivative.ipynb" in first
    assert install.splitlines()[1:] == [INSTALL]
    assert head.startswith("%load_ext grader")


def test_without_an_address_there_is_no_badge(place: Path) -> None:
    call("release", "derivative", "--notebooks", "--online", "--output", "out")
    first, install, *_rest = cells(place / "out" / "derivative.ipynb")
    assert first.startswith("# ")
    assert INSTALL in install


def test_a_workspace_in_another_language(place: Path) -> None:
    call("init", "work", "--notebooks", "--online", "--lang", "ko")
    why, command = cells(place / "work" / "derivative.ipynb")[1].splitlines()
    assert "설치" in why
    assert command == INSTALL


def test_a_course_of_ones_own_is_fetched(place: Path) -> None:
    fetched(place, f'notebooks = "{ADDRESS}"\n')
    call("release", "--notebooks", "--online", "--course", "course", "--output", "out")
    first, install, *_rest = cells(place / "out" / "double.ipynb")
    assert "/o/n/blob/main/notebooks/double.ipynb" in first
    assert install.splitlines()[1:] == [INSTALL, "!git clone x course"]


def test_a_course_that_cannot_be_fetched_is_refused(place: Path) -> None:
    for command in (["release", "--output", "out"], ["init", "out"]):
        told = call(*command, "--notebooks", "--online", "--course", "course", status=2)
        assert "course.toml does not say how a notebook elsewhere gets the course." in told
    assert not (place / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["release", "--online"], "--online goes with --notebooks"),
        (["init", "out", "--online"], "--online goes with --notebooks"),
        (["release", "--badges", ADDRESS], "--badges goes with --online"),
        (
            ["release", "--notebooks", "--online", "--badges", "https://example.org"],
            "--badges https://example.org: this is no folder's address at GitHub",
        ),
    ],
)
def test_a_wrong_call(place: Path, arguments: list[str], told: str) -> None:
    assert told in call(*arguments, status=2)
    assert not (place / "out").exists()
