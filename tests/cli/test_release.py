"""`grader release`: stubs, and what an assignment gives out once it was tried."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.machines import Machines
from tests.synthetic_course import make_course


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared_machines: Machines) -> Path:
    """A folder with a course in it."""
    make_course(tmp_path / "course")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("grader.authoring.release.lock._uv", list)
    return tmp_path


def call(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(main, [*arguments, "--course", "course"])
    assert result.exit_code == status, result.output
    return result.output


def test_into_the_courses_own_folder(place: Path) -> None:
    stub = place / "course" / "exercises" / "double.py"
    before = stub.read_text()
    stub.unlink()
    assert call("release").strip() == "course/exercises/double.py"
    assert stub.read_text() == before
    assert "raise NotImplementedError" in before


def test_elsewhere_as_notebooks_in_another_language(place: Path) -> None:
    call("release", "double", "--notebooks", "--lang", "ko", "--output", "new/ko")
    notebook = json.loads((place / "new/ko/double.ipynb").read_text(encoding="utf-8"))
    assert "%%check double --lang ko" in "".join(notebook["cells"][-1]["source"])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nothing"], "no exercise 'nothing'"),
        (["--lang", "ko"], "need a folder of their own: --lang ko --output DIR"),
        (["--assignment", "a.toml"], "--assignment needs --classroom DIR"),
        (["--no-rehearsal"], "--no-rehearsal needs --classroom DIR"),
        (["double", "--classroom", "new"], "the assignment's file says what is released"),
        (
            ["--notebooks", "--gradescope", "new.zip"],
            "the assignment's file says what is released",
        ),
        (["--classroom", "new"], "assignment.toml cannot be read"),
        (["--classroom", "new", "--assignment", "copy.toml"], "is the students' copy"),
        (["--classroom", "new", "--assignment", "a.toml"], "names no grader"),
        (["--classroom", "course", "--assignment", "b.toml"], "course is not empty"),
        (["--gradescope", "a.toml", "--assignment", "b.toml"], "a.toml is there already"),
    ],
)
def test_a_wrong_call(place: Path, arguments: list[str], told: str) -> None:
    (place / "b.toml").write_text(
        '[ci]\ngrader = "1.0"\nindex = "https://example.org/simple"\n[[exercise]]\nname = "double"\n'
    )
    (place / "a.toml").write_text('[[exercise]]\nname = "double"\n')
    copy = '[[exercise]]\nname = "double"\nchecks = { double = 5 }\nheld_back = 5\n'
    (place / "copy.toml").write_text(copy)
    assert told in call("release", *arguments, status=2)
    assert not (place / "new").exists()


def test_what_an_assignment_gives_out(place: Path) -> None:
    text = '[ci]\ngrader = "0.1.0"\nindex = "https://example.org/simple"\n'
    text += '[[exercise]]\nname = "double"\nvisibility = "instructor"\n'
    (place / "assignment.toml").write_text(text)
    told = call(
        "release", "--classroom", "template", "--classroom50", "bundle", "--gradescope", "a.zip"
    )
    for name in ("template", "template-protected.json", "bundle", "a.zip"):
        assert (place / name).exists()
        assert name in told
    # the grader that students get holds the code of what it does not run
    assert "double.double. To keep it out, put them into a file of their own" in told


ASSIGNMENT = (
    '[ci]\ngrader = "0.1.0"\nindex = "https://example.org/simple"\n[[exercise]]\nname = "double"\n'
)


def test_what_was_tried_is_said(place: Path) -> None:
    (place / "wrong" / "double").mkdir(parents=True)
    (place / "wrong" / "double" / "same.py").write_text("def double(x):\n    return x\n")
    (place / "assignment.toml").write_text(f'wrong_answers = "wrong"\n{ASSIGNMENT}')
    told = call("release", "--classroom", "template")
    assert told.startswith("Rehearsed: 1 solution, 1 stub, 1 wrong answer.\n")
    assert "not locked with hashes: uv, which finds the hashes, is not installed" in told


def test_an_assignment_that_goes_wrong_is_not_written(place: Path) -> None:
    checks = place / "course" / "checks" / "double.py"
    checks.write_text(checks.read_text().replace("2 * x", "3 * x"))
    (place / "assignment.toml").write_text(ASSIGNMENT)
    told = call("release", "--classroom", "template", status=2)
    assert "The solution of double cannot be graded" in told
    assert "the check `double` is at fault" in told
    assert "Not released, for 1 reason." in told
    assert not (place / "template").exists()
    assert "Rehearsed" not in call("release", "--classroom", "template", "--no-rehearsal")
    assert (place / "template").is_dir()
