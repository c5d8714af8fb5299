"""What an assignment's students and services get, run as they run it."""

from __future__ import annotations

import ast
import base64
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from grader.authoring.release.shared import ACTIONS
from grader.course.assignment_file import read_assignment
from grader.course.catalog import Course
from grader.report import Report
from grader.submission.protected import announced_in, changed_files, disagreement, read_digests
from tests.cli.test_check import run

from .conftest import ROOT
from .contracts import ENVIRON, GRADESCOPE, classroom50_problems, reporter_problems
from .test_assignment import HIDDEN

TEXT = """
title = "Layers | and loops"
deadline = 2026-12-01T23:59:00+09:00

[late]
points = 2
free_days = 1

[ci]
grader = "GRADER"

[[exercise]]
name = "my_linear"
points = 20
visibility = { sizes = "instructor" }
instructor_checks = "hidden/my_linear.py"

[[exercise]]
name = "train_step"
"""
Released = dict[str, Path]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The students' wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet"]
    subprocess.run([*command, "--wheel-dir", folder, ROOT], check=True)
    [wheel] = folder.glob("grader-*.whl")
    return wheel


def assignment(folder: Path, grader: str, **changes: str) -> Path:
    (folder / "hidden").mkdir(parents=True)
    (folder / "hidden" / "my_linear.py").write_text(HIDDEN)
    text = TEXT.replace("GRADER", grader)
    for old, new in changes.items():
        text = text.replace(old, new)
    (folder / "assignment.toml").write_text(text)
    return folder / "assignment.toml"


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Released:
    folder = tmp_path_factory.mktemp("released")
    file = assignment(folder / "mine", str(wheel))
    paths = {name: folder / name for name in ("template", "bundle", "autograder.zip")}
    result = run(
        *("release", "--assignment", str(file), "--classroom", str(paths["template"])),
        *("--classroom50", str(paths["bundle"]), "--gradescope", str(paths["autograder.zip"])),
    )
    assert result.returncode == 0, result.stderr
    assert "my_linear.sizes. To keep it out, put them into a file of their own" in result.stderr
    return paths | {"assignment": file, "protected": folder / "template-protected.json"}


@pytest.fixture(scope="module")
def workflow(released: Released) -> dict[str, Any]:
    file = released["template"] / ".github" / "workflows" / "classroom.yml"
    loaded: dict[str, Any] = yaml.safe_load(file.read_text())
    return loaded


# stands for `python` and `uv`: notes its arguments, and makes the environment that it is asked to make
TOOL = """#!/bin/sh
echo "$*" >> "{log}"
case "$*" in
"-m venv "*|"venv "*)
  for place in "$@"; do :; done
  mkdir -p "$place/bin"
  cp "$0" "$place/bin/python"
  cp "$0" "$place/bin/uv"
  ln -s "{grader}" "$place/bin/grader" ;;
esac
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which installing notes what would be installed, and gives the grader of these tests."""
    folder = tmp_path_factory.mktemp("machine")
    log = folder / "log"
    grader = Path(sys.executable).with_name("grader")
    (folder / "bin").mkdir()
    for name in ("python", "python3"):
        script = folder / "bin" / name
        script.write_text(TOOL.format(log=log, grader=grader))
        script.chmod(0o755)
    path = f"{folder}/bin:{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(folder / "home"), "LOG": str(log)}


def steps_of(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = workflow["jobs"]["run-autograding-tests"]["steps"]
    return steps


def test_the_template_holds_the_assignment_and_no_solution(released: Released) -> None:
    template = released["template"]
    files = {
        path.relative_to(template).as_posix() for path in template.rglob("*") if path.is_file()
    }
    [wheel] = [name for name in files if name.endswith(".whl")]
    assert files == {
        *("my_linear.py", "train_step.py", "README.md", "assignment.toml", ".gitignore"),
        *(".github/workflows/classroom.yml", wheel),
    }
    for name in files - {wheel}:
        text = (template / name).read_text()
        assert "SOLUTION" not in text
        assert "with_ones" not in text
        assert "Secret" not in text
    with zipfile.ZipFile(template / wheel) as archive:
        assert not any("solutions" in name for name in archive.namelist())
    assert "sizes" not in (template / "assignment.toml").read_text()
    stub = ROOT / "exercises" / "my_linear.py"
    assert (template / "my_linear.py").read_bytes() == stub.read_bytes()


def test_the_readme_says_points_and_deadline(released: Released) -> None:
    text = (released["template"] / "README.md").read_text()
    assert "| A linear layer from scratch | `my_linear.py` | 13 + 7 |" in text
    assert "7 in all, are for checks that only your instructor runs" in text
    assert "Tuesday, 01 December 2026, 23:59 (UTC+09:00)" in text
    assert "Each day late that has begun costs 2 points; 1 of them cost nothing." in text


def test_the_students_copy_gives_the_same_public_points(released: Released, course: Course) -> None:
    mine = read_assignment(released["assignment"]).on(course)
    theirs = read_assignment(released["template"] / "assignment.toml").on(course)
    assert [each.name for each in theirs.course.exercises] == [*mine.names]
    for one, other in zip(mine.worths, theirs.worths, strict=True):
        public = {name: n for name, n in one.points.items() if name not in one.hidden}
        assert public == other.points
        assert one.held_back == other.held_back
    assert mine.max_score == theirs.max_score == 23
    assert theirs.assignment.late == mine.assignment.late
    assert theirs.assignment.deadline == mine.assignment.deadline


def test_the_workflow_keeps_its_promises(workflow: dict[str, Any]) -> None:
    assert workflow["name"] == "Autograding Tests"
    assert workflow["permissions"] == {"contents": "read"}
    assert list(workflow["jobs"]) == ["run-autograding-tests"]
    assert workflow["jobs"]["run-autograding-tests"]["timeout-minutes"] == 15
    used = [step["uses"] for step in steps_of(workflow) if "uses" in step]
    assert used
    for each in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", each)


def test_actions_are_pinned_with_their_version() -> None:
    for each in ACTIONS.values():
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+(\.\d+\.\d+)?", each)


@pytest.mark.parametrize("reporter", [False, True])
def test_actionlint_finds_nothing(tmp_path: Path, wheel: Path, reporter: bool) -> None:
    actionlint = shutil.which("actionlint", path=str(Path(sys.executable).parent))
    if not actionlint:
        pytest.skip("actionlint has no package for this platform")
    file = assignment(tmp_path / "mine", str(wheel))
    if reporter:
        file.write_text(file.read_text().replace("[ci]", "[ci]\nreporter = true"))
    assert (
        run("release", "--assignment", str(file), "--classroom", str(tmp_path / "out")).returncode
        == 0
    )
    made = tmp_path / "out" / ".github" / "workflows" / "classroom.yml"
    assert ("grading-reporter" in made.read_text()) == reporter
    result = subprocess.run([actionlint, made], capture_output=True, text=True)
    assert (result.stdout, result.returncode) == ("", 0)


def test_the_filled_in_template_is_graded_by_its_own_workflow(
    released: Released,
    workflow: dict[str, Any],
    machine: dict[str, str],
    tmp_path: Path,
) -> None:
    """In an empty git repository, by the workflow's own commands, in order; as `grader check` does."""
    repository = tmp_path / "repository"
    shutil.copytree(released["template"], repository)
    subprocess.run(["git", "init", "--quiet", repository], check=True)
    source = (ROOT / "examples" / "partly" / "my_linear.py").read_text()
    hostile = '\nprint("::notice title=Autograding complete::Points 23/23\\n##[error]x")\n'
    (repository / "my_linear.py").write_text(source + hostile)
    (repository / "train_step.py").unlink()
    files = {name: tmp_path / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    environment = os.environ | machine | {name: str(path) for name, path in files.items()}
    printed, status = "", 0
    for step in steps_of(workflow):
        if "run" in step:
            script = tmp_path / "step.sh"
            script.write_text(step["run"])
            result = subprocess.run(
                ["bash", "-e", script],
                cwd=repository,
                env=environment,
                capture_output=True,
                text=True,
            )
            assert "Traceback" not in result.stderr
            printed, status = result.stdout, result.returncode
    assert status == 1  # points are missing
    log = Path(machine["LOG"]).read_text()
    wheel = re.search(r"\./\S+\.whl", log)
    assert wheel
    assert (repository / wheel.group()).is_file()
    assert "torch==2.13.0" in log

    # the same score as `grader check`, here and there
    plain = json.loads(run("check", "--format", "json", cwd=repository).stdout)
    reported = json.loads((repository / "report.json").read_text())
    for report in (plain, reported):
        assert (report["score"], report["max_score"]) == (11, 23)
        assert [each["status"] for each in report["exercises"]] == ["partial", "missing"]
    announced = [line for line in printed.splitlines() if "Points " in line]
    assert announced == ["::notice title=Autograding complete::Points 11/23"]
    assert "##[" not in printed
    [encoded] = files["GITHUB_OUTPUT"].read_text().splitlines()
    assert encoded.startswith("result=")
    data = json.loads(base64.b64decode(encoded.removeprefix("result=")))
    assert reporter_problems(data) == []
    assert "11/23 points" in files["GITHUB_STEP_SUMMARY"].read_text()

    # and what the instructor is told of it
    kept = read_digests(released["protected"])
    assert changed_files(kept, repository) == ()
    rerun = Report.from_dict(plain)
    assert disagreement(announced_in(repository), rerun) == ""
    (repository / "report.json").write_text('{"score": 23, "max_score": 23}')
    told = "CI announced 23/23 points; the re-run gives 11/23."
    assert disagreement(announced_in(repository), rerun) == told
    (repository / "assignment.toml").write_text("")
    assert changed_files(kept, repository) == ("The protected file assignment.toml was changed.",)


def test_the_zips_scripts_grade_as_gradescope_runs_them(
    released: Released, machine: dict[str, str], tmp_path: Path
) -> None:
    base = tmp_path / "autograder"
    for name in ("source", "submission", "results"):
        (base / name).mkdir(parents=True)
    with zipfile.ZipFile(released["autograder.zip"]) as archive:
        assert {"setup.sh", "run_autograder"} <= set(archive.namelist())
        modes = {info.filename: info.external_attr >> 16 & 0o777 for info in archive.infolist()}
        assert modes["run_autograder"] == modes["setup.sh"] == 0o755
        assert modes["assignment.toml"] == 0o644
        archive.extractall(base / "source")
    shutil.copy(base / "source" / "run_autograder", base / "run_autograder")
    shutil.copy(ROOT / "examples" / "partly" / "my_linear.py", base / "submission")
    environment = os.environ | machine | {"AUTOGRADER": str(base)}
    for script in (base / "source" / "setup.sh", base / "run_autograder"):
        result = subprocess.run(
            ["bash", script], cwd=base, env=environment, capture_output=True, text=True
        )
        assert result.returncode == 0, result.stderr
    data = json.loads((base / "results" / "results.json").read_text())
    jsonschema.validate(data, GRADESCOPE)
    # 20 points, of which `without_bias` is 2; and nothing for train_step, which was not handed in
    assert (data["score"], data["extra_data"]["max_score"]) == (18, 30)
    [kept_back] = [test for test in data["tests"] if test["visibility"] != "visible"]
    assert (kept_back["score"], kept_back["max_score"]) == (7, 7)
    assert "Secret" not in json.dumps(data)
    assert "There is no train_step.py in this submission." in data["output"]
    # the instructor sees it
    assert "Secret sentence" in result.stdout


def test_the_bundle_grades_as_classroom50_runs_it(released: Released, tmp_path: Path) -> None:
    bundle = released["bundle"]
    assert sum(path.stat().st_size for path in bundle.rglob("*")) < 10 << 20
    assert not any("with_ones" in path.read_text() for path in bundle.glob("*.[jmpt]*"))
    assert json.loads((bundle / "runtime.json").read_text()) == {"python": "3.12"}
    script = (bundle / "autograder.py").read_text()
    assert "install" in {
        node.name for node in ast.parse(script).body if isinstance(node, ast.FunctionDef)
    }
    # everything but the installation, which is tried by hand: it needs the network
    real = Path(sys.executable).with_name("grader")
    (tmp_path / "bundle").mkdir()
    shutil.copytree(bundle, tmp_path / "bundle", dirs_exist_ok=True)
    call = "install(Path(home))"
    assert call in script
    (tmp_path / "bundle" / "autograder.py").write_text(script.replace(call, repr(str(real))))
    student = tmp_path / "student"
    student.mkdir()
    shutil.copy(ROOT / "examples" / "partly" / "my_linear.py", student)
    # what the student put where the result belongs
    (student / "result.json").symlink_to(tmp_path / "elsewhere")
    (student / "release-body.md").mkdir()
    result = subprocess.run(
        [sys.executable, tmp_path / "bundle" / "autograder.py"],
        cwd=student,
        env=os.environ | ENVIRON,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    data = json.loads((student / "result.json").read_text())
    assert classroom50_problems(data) == []
    assert (data["score"], data["max-score"]) == (11, 23)
    assert not (tmp_path / "elsewhere").exists()
    assert "11/23 points" in (student / "release-body.md").read_text()


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


@pytest.mark.parametrize("grader", ["1.2.0", "git+https://example.org/g@" + "0" * 40])
def test_a_version_or_a_commit(tmp_path: Path, grader: str) -> None:
    file = assignment(tmp_path / "mine", grader)
    assert (
        run("release", "--assignment", str(file), "--classroom", str(tmp_path / "out")).returncode
        == 0
    )
    text = (tmp_path / "out" / ".github" / "workflows" / "classroom.yml").read_text()
    expected = f"grader @ {grader}" if grader.startswith("git") else f"grader=={grader}"
    assert f"'{expected}'" in text


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
