"""The command line, from outside: what it prints, its exit status, and never a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from grader.cli import main
from grader.machines import Machines
from tests.conftest import ROOT
from tests.terminal import Terminal


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch, shared_machines: Machines) -> None:
    """Where the commands run, unless a test goes elsewhere."""
    monkeypatch.chdir(ROOT)


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    return result


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["check", "--from", "examples/right", "my_linear"], 0, "10/10"),
        (["check", "--from", "examples/partly", "my_linear"], 1, "bias=False"),
        (["check", "--from", "exercises", "my_linear"], 1, "Not started yet"),
        (["check", "--from", "examples/broken"], 2, "my_linear.py, line 6: SyntaxError"),
        (["check", "--from", "examples/right", "my_linear", "train_step"], 0, "20/20"),
        (["check", "--from", "examples/partly/my_linear.py"], 1, "9/10"),
    ],
)
def test_check(arguments: list[str], status: int, told: str) -> None:
    result = run(*arguments)
    assert told in " ".join(result.stdout.split())
    assert result.exit_code == status


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["check", "--from", "nowhere"], "nowhere does not exist"),
        (["check", "nothing"], "no exercise 'nothing'"),
        (["check", "--from", "docs"], "docs holds no exercise to grade"),
        (["check", "--from", "README.md"], "README.md is not named after an exercise"),
        (["check", "--format", "xml"], "'xml' is not one of"),
        (["check", "my_linear", "--output", "no/such/file"], "no/such does not exist"),
        (["release", "nothing"], "no exercise 'nothing'"),
        (["chekc"], "No such command 'chekc'"),
    ],
)
def test_a_wrong_call(arguments: list[str], told: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert told in result.stderr
    assert result.stdout == ""


def test_the_current_folder_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("check").exit_code == 2
    source = ROOT / "examples" / "right" / "my_linear.py"
    (tmp_path / "my_linear.py").write_bytes(source.read_bytes())
    assert run("check").exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["my_linear.py"]


def test_json_to_a_file_and_to_the_terminal(tmp_path: Path) -> None:
    schema = json.loads(files("grader").joinpath("report.schema.json").read_text(encoding="utf-8"))
    output = tmp_path / "report.json"
    arguments = ["check", "my_linear", "--from", str(ROOT / "examples/partly"), "--format", "json"]
    assert run(*arguments, "--output", str(output)).stdout == ""
    printed = json.loads(run(*arguments).stdout)
    for data in (printed, json.loads(output.read_text(encoding="utf-8"))):
        jsonschema.validate(data, schema)
        assert (data["score"], data["max_score"]) == (9, 10)


def test_a_bad_file_leaves_the_others_graded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_linear.py").write_bytes(b"x = '\xff'\n")
    (tmp_path / "train_step.py").write_bytes((ROOT / "examples/right/train_step.py").read_bytes())
    (tmp_path / "logistic_regression.py").write_bytes(b"")
    result = run("check", "--format", "json")
    report = json.loads(result.stdout)
    assert result.exit_code == 2
    assert {e["name"]: (e["status"], e["score"]) for e in report["exercises"]} == {
        "logistic_regression": ("error", 0),
        "my_linear": ("error", 0),
        "train_step": ("passed", 10),
    }


def test_an_assignment_has_its_own_exercises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "assignment.toml").write_text('[[exercise]]\nname = "my_linear"\npoints = 20\n')
    (tmp_path / "my_linear.py").write_bytes((ROOT / "examples/right/my_linear.py").read_bytes())
    refused = run("check", "train_step")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr == "grader: assignment.toml has no exercise 'train_step': my_linear.\n"
    assert "20/20" in run("check", "my_linear").stdout


def test_files_beside_the_submission_have_no_say(tmp_path: Path) -> None:
    """Neither a conftest.py, a pytest.ini nor a module named torch in the student's folder is read."""
    (tmp_path / "my_linear.py").write_bytes((ROOT / "examples/partly/my_linear.py").read_bytes())
    for name in ("conftest.py", "torch.py", "grader.py", "sitecustomize.py"):
        (tmp_path / name).write_text("raise SystemExit('taken over')\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --collect-only\n")
    result = subprocess.run(
        [str(Path(sys.executable).with_name("grader")), "check", "--format", "json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert json.loads(result.stdout)["score"] == 9


def test_interrupting_leaves_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "my_linear.py").write_text("while True:\n    pass\n")
    with Terminal(["check"], tmp_path) as terminal:
        terminal.until("Grading my_linear")
        terminal.press("\x03")
        assert terminal.ended() not in (0, -9)
    assert b"Traceback" not in terminal.written
