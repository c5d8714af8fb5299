"""The command line, from outside: what it prints, its exit status, and never a traceback."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from grader.cli import main
from grader.cli.check import _jobs
from grader.cli.formats import FORMATS
from grader.errors import SandboxLost
from grader.machines import Machines
from grader.report import Report
from grader.submission import Source, Submission
from tests.conftest import ROOT
from tests.contracts import ENVIRON
from tests.hostile import plain_report, with_fault
from tests.terminal import Terminal


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch, shared_machines: Machines) -> None:
    """Where the commands run, unless a test goes elsewhere."""
    monkeypatch.chdir(ROOT)


def run(*arguments: str, traceback: bool = False) -> Result:
    """What a call prints; a traceback only where `traceback` says that one may be told."""
    result = CliRunner().invoke(main, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert traceback or "Traceback" not in result.stderr
    return result


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["check", "--from", "examples/right", "my_linear"], 0, "10/10"),
        (["check", "--from", "examples/partly", "my_linear"], 1, "bias=False"),
        (["check", "--from", "exercises", "my_linear"], 1, "Not started yet"),
        (["check", "--from", "exercises", "my_linear", "--untouched-zero"], 0, "Not started yet"),
        (["check", "--from", "examples/partly", "my_linear", "--untouched-zero"], 1, "bias=False"),
        (["check", "--from", "examples/broken", "--untouched-zero"], 2, "my_linear.py, line 6"),
        (["check", "--from", "examples/broken"], 2, "my_linear.py, line 6: SyntaxError"),
        (["check", "--from", "examples/broken", "--exit-zero"], 0, "my_linear.py, line 6"),
        (["check", "--from", "examples/right", "my_linear", "train_step"], 0, "20/20"),
        (["check", "--from", "examples/partly/my_linear.py"], 1, "9/10"),
    ],
)
def test_check(arguments: list[str], status: int, told: str) -> None:
    result = run(*arguments)
    assert told in " ".join(result.stdout.split())
    assert result.exit_code == status


def test_the_command_that_repeats_it_is_the_one_that_works(tmp_path: Path) -> None:
    """Whatever else the call was given, word by word."""
    place = tmp_path / "my work"
    shutil.copytree(ROOT / "examples" / "partly", place)
    given = ["--from", str(place), "--course", str(ROOT)]
    told = run("check", "my_linear", *given).stdout
    found = " ".join(told.split("With the same numbers again: grader ")[1].split("\n\n")[0].split())
    arguments = shlex.split(found)
    assert arguments[:3] == ["check", "my_linear", "--seed"]
    assert [each.replace(" ", "") for each in arguments[4:]] == [
        each.replace(" ", "") for each in given
    ]
    assert "With the same numbers again: grader check" in run("check", "--from", str(place)).stdout


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


class TestFaults:
    """The grader or the course failed: no verdict, in no form, and an exit status of its own."""

    @pytest.fixture(autouse=True)
    def services(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        shutil.copy(ROOT / "examples/right/my_linear.py", tmp_path)
        for name, value in ENVIRON.items():
            monkeypatch.setenv(name, value)
        for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"):
            monkeypatch.setenv(name, str(tmp_path / name))

    @pytest.fixture
    def one(self, monkeypatch: pytest.MonkeyPatch) -> Report:
        """Of two exercises one could not be judged."""
        report = with_fault(plain_report([(3, 3)]))
        monkeypatch.setattr("grader.grading.grade", lambda *_, **__: report)
        return report

    @pytest.fixture
    def all_lost(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing can be graded here."""

        def lost(*_: object, **__: object) -> None:
            raise SandboxLost("It ended \x1b[2J.\n::error::x")

        monkeypatch.setattr("grader.grading.grade", lost)

    @pytest.mark.parametrize("form", FORMATS)
    @pytest.mark.parametrize("more", [(), ("--exit-zero",), ("--verbose",)])
    def test_every_form_is_written_and_tells_it(
        self, one: Report, tmp_path: Path, form: str, more: tuple[str, ...]
    ) -> None:
        file = tmp_path / "written"
        result = run("check", "--format", form, "--output", str(file), *more, traceback=True)
        assert result.exit_code == 2
        written = file.read_text(encoding="utf-8")
        assert "the check is broken, not your code" in written
        assert ("SECRET" in written) == (form in ("json", "github"))  # which is JSON in a file
        assert "SECRET" not in result.stdout
        assert ("SECRET" in result.stderr) == ("--verbose" in more)

    @pytest.mark.parametrize("form", FORMATS)
    def test_every_form_is_written_where_nothing_at_all_can_be_graded(
        self, all_lost: None, tmp_path: Path, form: str
    ) -> None:
        file = tmp_path / "written"
        result = run("check", "--format", form, "--output", str(file))
        assert result.exit_code == 2
        written = file.read_text(encoding="utf-8")
        assert "my_linear" in written
        assert "the grader itself failed, not your code." in written
        assert "It ended" in written
        assert not any(line.startswith("::error::x") for line in result.output.splitlines())

    def test_the_traceback_is_for_who_asks(self, all_lost: None) -> None:
        brief = run("check")
        assert "‼ my_linear  not graded  A linear layer from scratch" in brief.stdout
        hint = "grader: `--verbose` shows where the grader or the course failed.\n"
        assert brief.stderr == hint
        # where the report is for a program, a person reads what happened all the same
        first, second = run("check", "--format", "json").stderr.splitlines(keepends=True)
        assert first.startswith("grader: my_linear: Not graded: the grader itself failed")
        assert "It ended" in first
        assert second == hint
        told = run("check", "--verbose", traceback=True).stderr
        assert told.startswith("grader: my_linear:\nTraceback (most recent call last):\n")
        assert "SandboxLost: It ended" in told
        assert "\x1b" not in told
        assert not any(line.startswith("::") for line in told.splitlines())

    def test_of_an_assignment_every_exercise_is_in_it(self, all_lost: None, tmp_path: Path) -> None:
        (tmp_path / "assignment.toml").write_text(
            '[[exercise]]\nname = "losses"\n[[exercise]]\nname = "my_linear"\n'
        )
        result = run("check", "--format", "json")
        data = json.loads(result.stdout)
        assert [each["name"] for each in data["exercises"]] == ["losses", "my_linear"]
        assert {each["status"] for each in data["exercises"]} == {"fault"}
        assert (data["score"], data["environment"]["torch"]) == (None, version("torch"))
        schema = files("grader").joinpath("report.schema.json").read_text(encoding="utf-8")
        jsonschema.validate(data, json.loads(schema))

    def test_a_sandbox_that_does_not_start_is_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def lost(_: Machines) -> None:
            raise SandboxLost("It does not start.")

        monkeypatch.setattr(Machines, "environment", property(lost))
        result = run("check", "--device", "sim", "--format", "junit")
        assert result.exit_code == 2
        assert 'errors="1"' in result.stdout
        assert "It does not start." in result.stdout

    def test_it_is_not_remembered_as_a_result(self, one: Report, tmp_path: Path) -> None:
        (tmp_path / ".grader").mkdir()
        run("check")
        assert "fault" not in (tmp_path / ".grader" / "state.json").read_text()

    def test_without_one_nothing_is_said_of_tracebacks(self) -> None:
        for more in ((), ("--verbose",)):
            result = run("check", *more)
            assert (result.exit_code, result.stderr) == (0, "")


@pytest.mark.parametrize("form", FORMATS)
def test_a_verdict_above_the_checks_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """A broken rule, a file that cannot be loaded and one that is not there are told, and no fault is."""
    monkeypatch.chdir(tmp_path)
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    solution = (ROOT / "solutions" / "my_linear.py").read_text("utf-8")
    ready_made = "return nn.functional.linear(x, self.weights.T, self.bias)"
    broken = solution.replace("output = x @", f"{ready_made}\n        output = x @")
    (tmp_path / "my_linear.py").write_text(broken, "utf-8")
    (tmp_path / "line_fit.py").write_text("def predict(x, a, b:\n")
    arguments = ["check", "my_linear", "line_fit", "derivative", "--format", form]
    result = run(*arguments, "--output", str(tmp_path / "written"))
    assert result.exit_code == 2
    text = (tmp_path / "written").read_text(encoding="utf-8")
    for told in (
        "line_fit.py, line 1: SyntaxError",
        "There is no derivative.py",
        "not allowed here",
    ):
        assert told in text


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


@pytest.mark.parametrize(
    ("cores", "gigabytes", "exercises", "devices", "jobs"),
    [
        (4, 64.0, 9, (), 4),
        (4, 64.0, 3, (), 3),
        (4, 64.0, 9, ("cpu", "sim"), 4),
        (4, 2.5, 9, (), 2),
        (4, 0.4, 9, (), 1),
        (64, 640.0, 29, (), 8),
        (1, 64.0, 9, (), 1),
        (4, 64.0, 0, (), 1),
        (4, 64.0, 9, ("cuda",), 1),
    ],
)
def test_as_many_processes_as_there_are_cores_exercises_and_memory_for(
    monkeypatch: pytest.MonkeyPatch,
    cores: int,
    gigabytes: float,
    exercises: int,
    devices: tuple[str, ...],
    jobs: int,
) -> None:
    monkeypatch.setattr("grader.machines.cores", lambda: cores)
    monkeypatch.setattr("grader.machines.free_memory", lambda: gigabytes * 2**30)
    monkeypatch.setattr("grader.sandbox.zygote_server_client.sys.platform", "linux")
    monkeypatch.setattr("tempfile.gettempdir", lambda: "/tmp")
    source = Source.of_text("x.py", "")
    submission = Submission("x", {str(at): source for at in range(exercises)}, ())
    assert _jobs(submission, devices) == 1  # torch is here already, and may have worked
    monkeypatch.delitem(sys.modules, "torch")
    assert _jobs(submission, devices) == jobs
