"""A template repository grades itself by its own workflow, as the instructor's grading does."""

from __future__ import annotations

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

import pytest
import yaml

from grader import load_course
from grader.authoring.release.class_image import VENV
from grader.authoring.release.github_template import write_template
from grader.authoring.release.lock import Lock
from grader.course.assignment_file import read_assignment
from grader.course.catalog import Course
from grader.errors import ReleaseError
from grader.report import Report
from grader.submission.protected import announced_in, changed_files, disagreement, read_digests
from tests.assignments import EXERCISE, assignment, read, small_wheel
from tests.authoring.release.conftest import Released, run, write
from tests.conftest import ROOT
from tests.contracts import reporter_problems
from tests.synthetic_course import make_course

pytestmark = pytest.mark.xdist_group("release")  # the wheel is built once
IMAGE = "ghcr.io/us/lab-1@sha256:" + "0" * 64


@pytest.fixture(scope="module")
def workflow(released: Released) -> dict[str, Any]:
    file = released["template"] / ".github" / "workflows" / "classroom.yml"
    loaded: dict[str, Any] = yaml.safe_load(file.read_text())
    return loaded


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
        *(".github/workflows/classroom.yml", ".github/grader/uv.txt", wheel),
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
    assert (
        "Each day late costs 2 points, and a day that has begun counts; the first day costs nothing."
        in text
    )


def test_the_students_copy_gives_the_same_public_points(released: Released, course: Course) -> None:
    mine = read_assignment(released["assignment"]).on(course)
    theirs = read_assignment(released["template"] / "assignment.toml").on(course)
    assert [each.name for each in theirs.course.exercises] == [*mine.names]
    for one, other in zip(mine.exercises, theirs.exercises, strict=True):
        public = {name: n for name, n in one.points.items() if name not in one.kept_back}
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
    job = workflow["jobs"]["run-autograding-tests"]
    assert job["runs-on"] == "ubuntu-24.04"
    # a tag names a commit that was graded when it was pushed; YAML takes `on` for a truth
    assert {"push": {"branches": ["**"]}}.items() <= [*workflow.values()][1].items()
    [grade] = [step["run"] for step in steps_of(workflow) if step["name"] == "Grade"]
    assert "--untouched-zero" in grade
    used = [step["uses"] for step in steps_of(workflow) if "uses" in step]
    assert used
    for each in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", each)


def test_in_an_image_nothing_is_installed(tmp_path: Path, course: Course) -> None:
    assigned = read(
        tmp_path,
        f'[ci]\ngrader = "1.2"\nindex = "https://example.org/simple"\nimage = "{IMAGE}"\n{EXERCISE}',
    ).on(course)
    write_template(assigned, tmp_path / "out")
    text = (tmp_path / "out" / ".github" / "workflows" / "classroom.yml").read_text()
    [job] = yaml.safe_load(text)["jobs"].values()
    assert job["container"] == {"image": IMAGE}
    assert [step["name"] for step in job["steps"]] == [
        "Check out the submission",
        "Grade",
        "Keep the report",
    ]
    assert f"{VENV}/bin/grader check" in job["steps"][1]["run"]


@pytest.mark.parametrize(("reporter", "image"), [(False, False), (True, False), (True, True)])
def test_actionlint_finds_nothing(tmp_path: Path, wheel: Path, reporter: bool, image: bool) -> None:
    actionlint = shutil.which("actionlint", path=str(Path(sys.executable).parent))
    if not actionlint:
        pytest.skip("actionlint has no package for this platform")
    file = assignment(tmp_path / "mine", str(wheel))
    if reporter:
        file.write_text(file.read_text().replace("[ci]", "[ci]\nreporter = true"))
    if image:
        file.write_text(file.read_text().replace("[ci]", f'[ci]\nimage = "{IMAGE}"'))
    assert write(file, tmp_path / "out").returncode == 0
    made = tmp_path / "out" / ".github" / "workflows" / "classroom.yml"
    assert ("grading-reporter" in made.read_text()) == reporter
    result = subprocess.run([actionlint, made], capture_output=True, text=True)
    assert (result.stdout, result.returncode) == ("", 0)


@pytest.mark.drawn
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


@pytest.mark.parametrize("grader", ["1.2.0", "git+https://example.org/g@" + "0" * 40])
def test_a_version_or_a_commit(tmp_path: Path, grader: str) -> None:
    file = assignment(tmp_path / "mine", f'{grader}"\nindex = "https://example.org/simple')
    assert write(file, tmp_path / "out").returncode == 0
    text = (tmp_path / "out" / ".github" / "workflows" / "classroom.yml").read_text()
    expected = f"torch-grader @ {grader}" if grader.startswith("git") else f"torch-grader=={grader}"
    assert f"'{expected}'" in text


@pytest.mark.parametrize(
    ("late", "told"),
    [
        ("", None),
        ("points = 2", "Each day late costs 2 points, and a day that has begun counts."),
        (
            "points = 10\npercent = true\nfree_days = 3",
            "Each day late costs 10 % of what can be reached, and a day that has begun counts; "
            "the first 3 days cost nothing.",
        ),
        ("accepted_days = 4", "What comes more than 4 days late is not graded."),
        ("accepted_days = 1", "What comes more than 1 day late is not graded."),
        (
            "points = 1\naccepted_days = 0",
            "Each day late costs 1 point, and a day that has begun counts. What comes late is not graded.",
        ),
    ],
)
def test_what_a_day_late_costs(tmp_path: Path, course: Course, late: str, told: str | None) -> None:
    text = f'deadline = 2026-12-01T23:59:00-03:30\n[late]\n{late}\n[ci]\ngrader = "1.2"\nindex = "https://example.org/simple"\n{EXERCISE}'
    write_template(read(tmp_path, text).on(course), tmp_path / "out")
    readme = (tmp_path / "out" / "README.md").read_text()
    assert "Tuesday, 01 December 2026, 23:59 (UTC-03:30)" in readme
    if told:
        assert f"\n{told}\n" in readme
    else:
        assert " late" not in readme.split("Each file says")[0]


def test_without_a_deadline_nothing_is_late(tmp_path: Path, course: Course) -> None:
    text = f'[late]\npoints = 2\n[ci]\ngrader = "1.2"\nindex = "https://example.org/simple"\n{EXERCISE}'
    write_template(read(tmp_path, text).on(course), tmp_path / "out")
    readme = (tmp_path / "out" / "README.md").read_text()
    assert "Hand in by" not in readme
    assert " late" not in readme.split("Each file says")[0]
    assert "plus" not in readme  # nothing is kept back


LOCK = "# Made by `grader release` for x\ntorch==2.13.0+cpu --hash=sha256:" + "0" * 64 + "\n"


def test_what_is_installed_is_locked(tmp_path: Path, course: Course) -> None:
    small_wheel(tmp_path)
    text = f'[ci]\ngrader = "torch_grader-1.0-py3-none-any.whl"\n{EXERCISE}'
    write_template(read(tmp_path, text).on(course), tmp_path / "out", Lock(LOCK))
    assert (tmp_path / "out" / ".github" / "grader" / "requirements.lock").read_text() == LOCK
    made = (tmp_path / "out" / ".github" / "workflows" / "classroom.yml").read_text()
    assert "--require-hashes --requirement .github/grader/requirements.lock\n" in made
    assert "--no-deps './.github/grader/torch_grader-1.0-py3-none-any.whl'\n" in made
    assert "'torch==2.13.0'" not in made
    assert ".github/grader/requirements.lock" in read_digests(tmp_path / "out-protected.json")


def test_what_a_student_installs(tmp_path: Path) -> None:
    (tmp_path / "course" / "exercises").mkdir(parents=True)
    (tmp_path / "course" / "exercises" / "helping.py").write_text("x = 1\n")
    more = '[[exercise]]\nname = "double"\nfiles = ["helping.py"]\n'
    make_course(tmp_path / "course", more)
    file = tmp_path / "course" / "course.toml"
    file.write_text(f'packages = ["pandas>=2,<3"]\n{file.read_text()}')
    text = '[ci]\ngrader = "1.2"\nindex = "https://example.org/simple"\n[[exercise]]\nname = "double"\n'
    assigned = read(tmp_path, text).on(load_course(tmp_path / "course"))
    kept = write_template(assigned, tmp_path / "out")
    readme = (tmp_path / "out" / "README.md").read_text()
    index = "--index-url https://download.pytorch.org/whl/cpu"
    assert f"pip install 'torch==2.13.0' {index}\n" in readme
    ours = (
        "pip install --index-url 'https://example.org/simple' 'torch-grader==1.2' 'pandas>=2,<3'\n"
    )
    assert ours in readme
    made = (tmp_path / "out" / ".github" / "workflows" / "classroom.yml").read_text()
    packages = "'torch==2.13.0' 'pandas>=2,<3' 'torch-grader==1.2'"
    assert f"python --default-index 'https://example.org/simple' {packages}\n" in made
    # beside the stub, and noted where it is changed; the grader's own copy counts
    assert (tmp_path / "out" / "helping.py").read_text() == "x = 1\n"
    assert {"helping.py", ".github/grader/course/exercises/helping.py"} < set(read_digests(kept))


def test_notebooks_are_given_out(tmp_path: Path, course: Course) -> None:
    text = (
        f'notebooks = true\n[ci]\ngrader = "1.2"\nindex = "https://example.org/simple"\n{EXERCISE}'
    )
    write_template(read(tmp_path, text).on(course), tmp_path / "out")
    assert {path.suffix for path in (tmp_path / "out").glob("my_linear.*")} == {".ipynb"}
    assert "`my_linear.ipynb`" in (tmp_path / "out" / "README.md").read_text()


def test_the_digests_are_of_all_that_is_protected(tmp_path: Path, course: Course) -> None:
    small_wheel(tmp_path)
    text = f'[ci]\ngrader = "torch_grader-1.0-py3-none-any.whl"\n{EXERCISE}'
    kept = write_template(read(tmp_path, text).on(course), tmp_path / "out")
    assert kept == tmp_path / "out-protected.json"
    assert set(read_digests(kept)) == {
        "assignment.toml",
        ".github/workflows/classroom.yml",
        ".github/grader/torch_grader-1.0-py3-none-any.whl",
        ".github/grader/uv.txt",
    }


def test_digests_that_cannot_be_kept(tmp_path: Path, course: Course) -> None:
    (tmp_path / "out-protected.json").mkdir()
    assigned = read(
        tmp_path, f'[ci]\ngrader = "1.2"\nindex = "https://example.org/simple"\n{EXERCISE}'
    ).on(course)
    with pytest.raises(ReleaseError, match=r"out-protected\.json cannot be written"):
        write_template(assigned, tmp_path / "out")
