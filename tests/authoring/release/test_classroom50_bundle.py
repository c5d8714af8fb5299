"""The bundle's own script grades as Classroom 50 runs it."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from grader.authoring.release.classroom50_bundle import MAX_BYTES, write_bundle
from grader.authoring.release.lock import Lock
from grader.course.catalog import Course
from grader.errors import ReleaseError
from tests.assignments import EXERCISE, read, small_wheel
from tests.authoring.release.conftest import Released
from tests.conftest import ROOT
from tests.contracts import classroom50_problems

pytestmark = pytest.mark.xdist_group("release")  # the wheel is built once
# what Classroom 50 says of itself to an autograder
ENVIRON = {
    "CLASSROOM": "dl",
    "ASSIGNMENT": "layers",
    "ASSIGNMENT_TYPE": "individual",
    "OWNER": "ada",
    "SUBMISSION_TAG": "submit/2026-11-20T10-00-00Z-a1b2c3d",
    "COMMIT_URL": "https://example.org/c",
    "RELEASE_URL": "https://example.org/r",
    "REVIEW_URL": "https://example.org/v",
}


@pytest.mark.drawn
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


def test_a_bundle_is_no_larger_than_classroom50_takes(tmp_path: Path, course: Course) -> None:
    wheel = small_wheel(tmp_path)
    assigned = read(tmp_path, f'[ci]\ngrader = "{wheel.name}"\n{EXERCISE}').on(course)
    write_bundle(assigned, tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("README.md", "assignment.toml", "autograder.py", "runtime.json", "uv.txt", wheel.name)
    }
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("large", bytes(MAX_BYTES))
    with pytest.raises(ReleaseError, match="is larger than the 10 MiB"):
        write_bundle(assigned, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("locked", [False, True])
def test_what_is_installed(tmp_path: Path, course: Course, locked: bool) -> None:
    small_wheel(tmp_path)
    text = f'[ci]\ngrader = "torch_grader-1.0-py3-none-any.whl"\n{EXERCISE}'
    lock = Lock("torch==2.13.0+cpu --hash=sha256:" + "0" * 64 + "\n") if locked else None
    write_bundle(read(tmp_path, text).on(course), tmp_path / "out", lock)
    script = (tmp_path / "out" / "autograder.py").read_text()
    compile(script, "autograder.py", "exec")
    assert (tmp_path / "out" / "requirements.lock").exists() == locked
    assert ('TORCH = "torch==2.13.0"' in script) != locked
    assert ('"--no-deps", grader' in script) == locked


def test_a_version_comes_from_its_index(tmp_path: Path, course: Course) -> None:
    text = f'[ci]\ngrader = "1.2"\nindex = "https://example.org/simple"\n{EXERCISE}'
    write_bundle(read(tmp_path, text).on(course), tmp_path / "out")
    script = (tmp_path / "out" / "autograder.py").read_text()
    compile(script, "autograder.py", "exec")
    assert 'INDEX = "https://example.org/simple"\n' in script
    assert 'uv += ["--default-index", INDEX]\n' in script


def test_a_commit_is_installed_as_it_is_named(tmp_path: Path, course: Course) -> None:
    commit = "git+https://example.org/g@" + "0" * 40
    text = f'[ci]\ngrader = "{commit}"\npython = "3.13"\ntorch = "2.12.1"\n{EXERCISE}'
    write_bundle(read(tmp_path, text).on(course), tmp_path / "out")
    script = (tmp_path / "out" / "autograder.py").read_text()
    assert f'GRADER = "torch-grader @ {commit}"' in script
    assert 'TORCH = "torch==2.12.1"' in script
    assert "--course" not in script
    assert "index" not in script.replace("package index", "").lower()
    assert json.loads((tmp_path / "out" / "runtime.json").read_text()) == {"python": "3.13"}
    assert "the wheel beside it" not in (tmp_path / "out" / "README.md").read_text()
