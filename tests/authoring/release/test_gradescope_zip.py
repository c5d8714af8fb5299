"""The zip's own scripts grade as Gradescope runs them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import jsonschema
import pytest

from grader.authoring.release.gradescope_zip import write_zip
from grader.authoring.release.lock import Lock
from grader.course.catalog import Course
from grader.errors import ReleaseError
from tests.assignments import EXERCISE, read
from tests.authoring.release.conftest import Released
from tests.conftest import ROOT
from tests.contracts import GRADESCOPE

pytestmark = pytest.mark.xdist_group("release")  # the wheel is built once


@pytest.mark.drawn
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


def test_the_same_release_is_the_same_bytes(tmp_path: Path, course: Course) -> None:
    """So that who keeps them in a repository sees what has changed."""
    assigned = read(
        tmp_path, f'[ci]\ngrader = "1.2"\nindex = "https://example.org/simple"\n{EXERCISE}'
    ).on(course)
    for name in ("a.zip", "b.zip"):
        write_zip(assigned, tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.namelist() == ["assignment.toml", "run_autograder", "setup.sh", "uv.txt"]
        assert "'torch-grader==1.2'" in archive.read("setup.sh").decode()


def test_what_is_installed_is_locked(tmp_path: Path, course: Course) -> None:
    lock = Lock("torch==2.13.0+cpu --hash=sha256:" + "0" * 64 + "\n")
    assigned = read(
        tmp_path, f'[ci]\ngrader = "1.2"\nindex = "https://example.org/simple"\n{EXERCISE}'
    ).on(course)
    write_zip(assigned, tmp_path / "a.zip", lock)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.read("requirements.lock").decode() == lock.text
        setup = archive.read("setup.sh").decode()
        assert "--require-isolation" in archive.read("run_autograder").decode()
    locked = "--require-hashes --requirement ./requirements.lock\n"
    assert f"--default-index 'https://example.org/simple' {locked}" in setup
    assert "torch-grader==" not in setup


def test_a_zip_that_cannot_be_written(tmp_path: Path, course: Course) -> None:
    assigned = read(
        tmp_path, f'[ci]\ngrader = "1.2"\nindex = "https://example.org/simple"\n{EXERCISE}'
    ).on(course)
    with pytest.raises(ReleaseError, match=r"none/a\.zip cannot be written"):
        write_zip(assigned, tmp_path / "none" / "a.zip")
    (tmp_path / "a.zip").write_text("mine")
    with pytest.raises(ReleaseError, match="is there already"):
        write_zip(assigned, tmp_path / "a.zip")
