"""A course is a folder: the built-in one, one of an instructor's own, and one inside an installed wheel."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest

from grader import grade, load_course
from grader.authoring.stub import release
from grader.course.catalog import Course
from grader.errors import CourseError
from grader.machines import Machines, limits_of
from tests.classes import EXERCISE, RIGHT
from tests.conftest import ROOT


def printed(start: str) -> str:
    """The snippet of docs/exercises.md that begins so, without its indentation: what it says has to work."""
    text = (ROOT / "docs" / "exercises.md").read_text(encoding="utf-8")
    block, *_ = [
        textwrap.dedent(block)
        for block in re.findall(r"```\w+\n(.*?)```", text, re.DOTALL)
        if block.lstrip().startswith(start)
    ]
    return block.rstrip() + "\n"


SOLUTION = printed('"""Doubling\n')


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("exercises", "solutions", "checks"):
        (tmp_path / name).mkdir()
    (tmp_path / "course.toml").write_text(printed("title = "))
    (tmp_path / "solutions" / "double.py").write_text(SOLUTION)
    (tmp_path / "checks" / "double.py").write_text(printed('"""Doubling, against'))
    return tmp_path


def test_an_exercise_is_a_solution_and_a_check(folder: Path, machines: Machines) -> None:
    course = load_course(folder)
    assert course.names == ("double",)
    assert course["double"].title == "Doubling"
    release(course["double"], folder / "exercises")
    stub, right = (
        grade(folder / where / "double.py", course=course, machines=machines)
        for where in ("exercises", "solutions")
    )
    assert (stub.score, stub.exercises[0].status) == (0, "not_attempted")
    assert (right.score, right.max_score) == (10, 10)


def test_limits_are_the_courses(folder: Path) -> None:
    with (folder / "course.toml").open("a") as file:
        file.write("[limits]\ncall_seconds = 0.5\n")
    course = load_course(folder)
    slow = folder / "double.py"
    slow.write_text(SOLUTION.replace("return 2", "import time; time.sleep(2)\n    return 2"))
    [result] = grade(slow, course=course).exercises
    assert [check.status for check in result.checks] == ["timeout"]


@pytest.mark.parametrize("line", ["seconds = 1", "call_seconds = 0", "call_seconds = 'long'"])
def test_a_bad_limit(folder: Path, line: str) -> None:
    with (folder / "course.toml").open("a") as file:
        file.write(f"[limits]\n{line}\n")
    with pytest.raises(CourseError, match=r"course\.toml: \[limits\]"):
        limits_of(load_course(folder))
    done = subprocess.run(
        [sys.executable, "-m", "grader", "check", "--course", folder, "--from", folder / "solutions"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The instructors' wheel, unpacked where an installer would put it."""
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet"]
    environment = os.environ | {"GRADER_SOLUTIONS": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    subprocess.run([*command, "--wheel-dir", out, ROOT], check=True, env=environment)
    [wheel] = out.glob("torch_grader-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(out / "site")
    return out / "site"


def run_installed(site: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, from the unpacked wheel and from a folder that has nothing to do with the checkout."""
    result = subprocess.run(
        [sys.executable, "-m", "grader", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in result.stderr
    return result


# one process for several commands, none of which grades
ONE_BY_ONE = (
    "import json, sys\n"
    "from click.testing import CliRunner\n"
    "from grader.cli import main\n"
    "from grader.language import speaking\n"
    "for line in sys.stdin:\n"
    "    with speaking('en'):\n"
    "        done = CliRunner().invoke(main, line.split())\n"
    "    print(json.dumps([done.exit_code, done.stdout, repr(done.exception)]))\n"
)


def told_by_installed(site: Path, folder: Path, *calls: str) -> list[str]:
    """What several commands print, from the unpacked wheel as in `run_installed`; each has to end well."""
    done = subprocess.run(
        [sys.executable, "-c", ONE_BY_ONE],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(site)},
        input="\n".join(calls),
        capture_output=True,
        text=True,
        check=True,
    )
    answers = list(map(json.loads, done.stdout.splitlines()))
    assert [status for status, *_ in answers] == [0] * len(calls), answers
    return [text for _, text, _ in answers]


@pytest.mark.timeout(300)
def test_the_wheel_is_complete(installed: Path, tmp_path: Path, course: Course) -> None:
    assert (installed / "grader" / "py.typed").is_file()
    listed, shown, _, _, hint, korean = told_by_installed(
        *(installed, tmp_path),
        *("list", "show my_linear", "init work", "init notes --notebooks", "hint my_linear"),
        "init ko --notebooks --lang ko",
    )
    assert all(name in listed for name in course.names)
    assert "nn.Linear" in shown
    assert {path.stem for path in (tmp_path / "work").glob("*.py")} == set(course.names)
    assert (tmp_path / "notes" / "my_linear.ipynb").is_file()
    assert "hint 1 of 3" in hint
    solution = installed / "grader" / "built_in" / "solutions" / f"{EXERCISE}.py"
    (tmp_path / "work" / f"{EXERCISE}.py").write_bytes(solution.read_bytes())
    report = json.loads(
        run_installed(
            installed, tmp_path, "check", EXERCISE, "--from", "work", "--format", "json"
        ).stdout
    )
    assert (report["score"], report["max_score"]) == (10, 10)
    assert f"문제 {len(course.names)}개를 만들었습니다" in korean
    assert "선형 층" in (tmp_path / "ko" / "my_linear.ipynb").read_text(encoding="utf-8")
    assert run_installed(installed, tmp_path, "audit", "--lint").returncode == 0


def test_a_workspace_keeps_what_is_there(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "my_linear.py").write_text("mine")
    assert run_installed(installed, tmp_path, "init", ".").returncode == 0
    assert (tmp_path / "my_linear.py").read_text() == "mine"
    assert (tmp_path / "train_step.py").is_file()


def test_students_are_not_handed_the_solutions(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet"]
    subprocess.run([*command, "--wheel-dir", tmp_path, ROOT], check=True)
    [wheel] = tmp_path.glob("torch_grader-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "site")
    assert "grader/built_in/exercises/my_linear.py" in names
    assert "grader/built_in/locale/ko/LC_MESSAGES/messages.mo" in names
    assert not any("solutions" in name or "SOLUTION" in name for name in names)
    # the checks lie where the built-in course's own `course.toml` says, and nowhere else
    assert "grader/built_in/grader/checks/my_linear.py" in names
    assert not any(name.startswith("grader/checks/") for name in names)
    (tmp_path / "work").mkdir()
    shutil.copy(RIGHT[0], tmp_path / "work" / f"{EXERCISE}.py")
    checked = run_installed(tmp_path / "site", tmp_path / "work", "check", "--format", "json")
    assert json.loads(checked.stdout)["score"] == 10
    refused = run_installed(tmp_path / "site", tmp_path / "work", "audit", "my_linear")
    assert refused.returncode == 2
    assert "the audit needs the solutions" in refused.stderr
