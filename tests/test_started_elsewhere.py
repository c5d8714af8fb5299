"""Where the grader is started in a minute: the action, GitLab's component, containers, Codespaces, pre-commit's hooks.

None of these services is here. Their files are held against their schemas, and their commands are run with stand-ins
for Python, pip and the grader, whose options the real grader has to know.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from grader.cli import main
from tests.conftest import ROOT
from tests.contracts import DEVCONTAINER, violations
from tests.synthetic_course import make_course

CODESPACES = sorted((ROOT / ".devcontainer").rglob("devcontainer.json"))
TEMPLATE = ROOT / "templates" / "grade.yml"
SCHEMAS = {
    ".github/ISSUE_TEMPLATE/config.yml": "github-issue-config",
    ".github/ISSUE_TEMPLATE/fault.yml": "github-issue-forms",
    ".github/ISSUE_TEMPLATE/verdict.yml": "github-issue-forms",
    "action.yml": "github-actions",
}
# tells what it was called with, one line a call; `-m venv DIR` makes an environment of the like
STAND_IN = """#!/bin/sh
echo "$(basename "$0")" "$@" >>"$CALLS"
while [ $# -gt 0 ]; do
  if [ "$1" = venv ]; then mkdir -p "$2/bin"; for each in python pip grader; do cp "$0" "$2/bin/$each"; done; fi
  shift
done
"""


def require_schema(name: str, *files: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{name}"]
    result = subprocess.run([*command, *files], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("file", SCHEMAS)
def test_it_is_as_its_schema_has_it(file: str) -> None:
    require_schema(SCHEMAS[file], ROOT / file)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    for name in ("python", "make"):
        (tmp_path / "bin" / name).write_text(STAND_IN, encoding="utf-8")
        (tmp_path / "bin" / name).chmod(0o755)
    return tmp_path


def calls(place: Path, script: str, **environment: str) -> list[str]:
    """What the script calls, in a folder with stand-ins for Python and make."""
    given = {"PATH": f"{place / 'bin'}:/usr/bin:/bin", "CALLS": str(place / "calls"), **environment}
    command = ["bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(command, cwd=place, env=given, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    told = place / "calls"
    lines = told.read_text(encoding="utf-8").splitlines()
    told.unlink()
    return lines


def graded_with(call: str) -> dict[str, Any]:
    """The values that the grader's own command line reads from such a call."""
    program, command, *arguments = call.split()
    assert program == "grader"
    with main.commands[command].make_context(command, arguments) as context:
        return context.params


class TestAction:
    @pytest.fixture
    def action(self) -> dict[str, Any]:
        read: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
        return read

    def ran(self, action: dict[str, Any], place: Path, **given: str) -> list[str]:
        """What its steps call, with these inputs."""
        inputs = {name: each["default"] for name, each in action["inputs"].items()} | given
        known = {f"inputs.{name}": value for name, value in inputs.items()}
        known |= {"runner.temp": str(place / "tmp"), "github.action_path": "/action"}
        lines = []
        for step in action["runs"]["steps"]:
            if "run" in step:
                environment = {
                    name: re.sub(r"\$\{\{ (\S+) \}\}", lambda found: known[found[1]], value)
                    for name, value in step["env"].items()
                }
                lines += calls(place, step["run"], **environment)
        return lines

    def test_with_nothing_said(self, action: dict[str, Any], place: Path) -> None:
        _venv, torch, grader, grade = self.ran(action, place)
        assert torch == "python -I -m pip install torch==2.13.0"
        assert grader == "python -I -m pip install /action"
        values = graded_with(grade)
        assert (values["path"], values["output"]) == (Path(), Path("report.json"))
        assert (values["form"], values["untouched_zero"]) == ("github", True)
        assert (values["assignment_file"], values["folder"]) == (None, None)
        assert values["exit_zero"] is False

    def test_with_everything_said(self, action: dict[str, Any], place: Path) -> None:
        (place / "a.toml").touch()
        given = {"submission": "work", "assignment": "a.toml", "course": "c", "grader": "x.whl"}
        more = {"packages": "pandas scipy", "torch": "2.15.0", "report": "r", "exit-zero": "true"}
        _venv, torch, grader, grade = self.ran(action, place, **given, **more)
        assert torch.endswith("torch==2.15.0")
        assert grader == "python -I -m pip install x.whl pandas scipy"
        values = graded_with(grade)
        assert (values["path"], values["output"]) == (Path("work"), Path("r"))
        assert (values["assignment_file"], values["folder"]) == (Path("a.toml"), Path("c"))
        assert values["exit_zero"] is True

    def test_no_input_is_written_into_a_script(self, action: dict[str, Any]) -> None:
        """Whoever names a branch or a file would write commands."""
        for step in action["runs"]["steps"]:
            assert "${{" not in step.get("run", "")

    def test_every_input_is_used(self, action: dict[str, Any]) -> None:
        used = set(re.findall(r"inputs\.([\w-]+)", (ROOT / "action.yml").read_text("utf-8")))
        assert used == set(action["inputs"])


class TestGitLabsComponent:
    def filled(self, **given: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Its inputs, and the job with these; as GitLab fills them in, before it reads the YAML."""
        head, _line, body = TEMPLATE.read_text(encoding="utf-8").partition("\n---\n")
        spec = yaml.safe_load(head)
        inputs = spec["spec"]["inputs"]
        values = {name: each.get("default") for name, each in inputs.items()} | given
        text = re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda found: values[found[1]], body)
        assert set(re.findall(r"inputs\.(\w+)", body)) == set(inputs)
        return spec, yaml.safe_load(text)

    def test_it_is_as_its_schema_has_it(self, tmp_path: Path) -> None:
        for name, part in zip(("spec", "job"), self.filled(grader="x"), strict=True):
            (tmp_path / name).write_text(json.dumps(part), encoding="utf-8")
            require_schema("gitlab-ci", tmp_path / name)

    def test_what_it_runs(self, place: Path) -> None:
        given = {"submission": "work", "options": "--course c", "packages": "pandas"}
        _spec, jobs = self.filled(grader="x.whl", **given)
        script = "\n".join(jobs["torch-grader"]["script"]).replace("/tmp/grader", f"{place}/venv")
        _venv, torch, grader, grade = calls(place, script)
        assert torch == "python -I -m pip install torch==2.13.0"
        assert grader == "python -I -m pip install x.whl pandas"
        values = graded_with(grade)
        assert (values["path"], values["folder"]) == (Path("work"), Path("c"))
        assert (values["form"], values["output"]) == ("junit", Path("report.xml"))
        report = jobs["torch-grader"]["artifacts"]["reports"]["junit"]
        assert report == str(values["output"])


class TestCodespaces:
    @pytest.mark.parametrize("file", CODESPACES, ids=lambda path: path.parent.name)
    def test_it_is_as_its_schema_has_it(self, file: Path) -> None:
        assert violations(json.loads(file.read_text(encoding="utf-8")), DEVCONTAINER) == []

    def test_what_is_set_up(self, place: Path) -> None:
        ran = {}
        for file in CODESPACES:
            read = json.loads(file.read_text(encoding="utf-8"))
            script = read["postCreateCommand"].replace(".venv/bin/pre-commit", "make")
            ran[file.parent.name] = calls(place, script)
        assert ran["contribute"] == ["make setup", "make install"]
        _venv, torch, grader, init = ran[".devcontainer"]
        assert torch == "pip install --quiet torch==2.13.0"
        assert grader == "pip install --quiet .[notebook]"
        assert init == "grader init work"

    def test_the_files_that_are_opened_are_made(self, tmp_path: Path) -> None:
        read = json.loads(CODESPACES[-1].read_text(encoding="utf-8"))
        work = tmp_path / "work"
        assert CliRunner().invoke(main, ["init", str(work)]).exit_code == 0
        opened = read["customizations"]["codespaces"]["openFiles"]
        assert [each for each in opened if not (tmp_path / each).is_file()] == []


class TestContainer:
    def test_what_it_installs(self, place: Path) -> None:
        """Its commands, in their order; but for those of the distribution that it is built on."""
        text = (ROOT / "Containerfile").read_text(encoding="utf-8").replace("\\\n", "")
        commands = re.findall(r"^RUN (.*)$", text, re.MULTILINE)
        own = [each for each in commands if "/opt/grader" in each]
        script = "\n".join(own).replace("/opt/grader", f"{place}/opt")
        _venv, torch, grader = calls(place, script, TORCH="2.13.0")
        assert torch == "pip install --no-cache-dir torch==2.13.0"
        assert grader == "pip install --no-cache-dir /source[notebook]"
        assert text.rstrip().endswith('ENTRYPOINT ["grader"]\nCMD ["--help"]')
        assert text.rindex("USER student") > text.rindex("RUN ")

    def test_what_it_leaves_out_is_ignored_by_git_too(self) -> None:
        lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
        for line in (each for each in lines if not each.startswith("#")):
            name = line.removeprefix("**/").rstrip("*")
            assert any(name == each.strip("/") for each in ignored), line


class TestPreCommit:
    @pytest.fixture
    def hooks(self) -> dict[str, list[str]]:
        text = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
        return {
            each["id"]: [*each["entry"].split(), *each["args"]] for each in yaml.safe_load(text)
        }

    @pytest.mark.parametrize(
        ("kind", "file"), [("config", "config.yaml"), ("manifest", "hooks.yaml")]
    )
    def test_pre_commit_takes_it(self, kind: str, file: str) -> None:
        command = [sys.executable, "-m", "pre_commit", f"validate-{kind}", f".pre-commit-{file}"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def test_our_own_need_no_network(self) -> None:
        read = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
        [repository] = read["repos"]
        assert repository["repo"] == "local"
        assert {each["language"] for each in repository["hooks"]} == {"system"}

    def test_a_courses_hooks(
        self, hooks: dict[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_course(tmp_path)
        monkeypatch.chdir(tmp_path)
        stub = tmp_path / "exercises" / "double.py"
        before = stub.read_text(encoding="utf-8")

        def run(name: str) -> int:
            program, *arguments = hooks[name]
            assert program == "grader"
            return CliRunner().invoke(main, arguments).exit_code

        assert run("grader-lint") == 0
        stub.write_text(f"{before}# old\n", encoding="utf-8")
        assert run("grader-lint") == 1
        assert run("grader-stubs") == 0
        assert stub.read_text(encoding="utf-8") == before
        assert run("grader-translate") == 1  # nothing is translated yet
        assert sorted(hooks) == ["grader-lint", "grader-stubs", "grader-translate"]


def test_make_has_what_is_asked_of_it() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    asked = set()
    texts = [ROOT / "CONTRIBUTING.md", ROOT / ".github" / "pull_request_template.md"]
    for file in [*CODESPACES, *texts, *(ROOT / ".github" / "workflows").iterdir()]:
        asked |= set(
            re.findall(r"(?:[`\"]|run: )make ([a-z][\w-]*)", file.read_text(encoding="utf-8"))
        )
    assert {"docs", "setup", "test-fast", "test-scores"} <= asked <= targets
