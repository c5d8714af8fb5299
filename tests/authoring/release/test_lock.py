"""What a release installs is locked with hashes: the lock is made once, and checked before it is used."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from grader.authoring.release import lock as module
from grader.authoring.release.lock import Lock, installs, lock_of
from grader.authoring.release.shared import UV_TEXT, PinnedGrader, pinned_grader
from grader.course.assignment import AssignedCourse
from grader.course.catalog import Course
from grader.errors import ReleaseError
from tests.assignments import EXERCISE, read, small_wheel

HASH = f"--hash=sha256:{'0a' * 32}"
LOCKED = f"click==8.1.8 \\\n    {HASH} \\\n    {HASH}\ntorch==2.13.0+cpu {HASH}\n"
METADATA = """Metadata-Version: 2.4
Name: grader
Requires-Dist: click (>=8)
Requires-Dist: torch>=2.11
Requires-Dist: tomli>=2; python_version < "3.11"
Requires-Dist: sqlalchemy; extra == "classroom"
"""


@pytest.fixture
def assigned(tmp_path: Path, course: Course) -> AssignedCourse:
    wheel = small_wheel(tmp_path)
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("grader-1.0.dist-info/METADATA", METADATA.replace(" (>=8)", ">=8"))
    return read(tmp_path, f'[ci]\ngrader = "{wheel.name}"\n{EXERCISE}').on(course)


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for uv: notes its arguments and what it is asked for, and gives what `answer` holds."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "uv"
    script.write_text(
        f'#!/bin/sh\necho "$@" >> {folder}/calls\ncat >> {folder}/asked\n'
        f"[ -f {folder}/answer ] || {{ echo 'error: no network' >&2; exit 2; }}\ncat {folder}/answer\n"
    )
    script.chmod(0o755)
    (folder / "answer").write_text(LOCKED)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def test_it_is_made_once(assigned: AssignedCourse, uv: Path, tmp_path: Path) -> None:
    grader = pinned_grader(assigned)
    lock = lock_of(assigned, grader)
    assert lock.text.endswith(LOCKED)
    assert (tmp_path / "assignment.lock").read_text() == lock.text
    asked = (uv / "asked").read_text().splitlines()
    assert asked == [
        "torch==2.13.0",
        "click>=8",
        "torch>=2.11",
        'tomli>=2; python_version < "3.11"',
    ]
    called = (uv / "calls").read_text()
    for option in ("--generate-hashes", "--torch-backend cpu", "--python-version 3.12"):
        assert option in called
    assert lock_of(assigned, grader) == lock
    assert (uv / "calls").read_text() == called


def test_it_is_made_anew_for_something_else(
    assigned: AssignedCourse, uv: Path, tmp_path: Path
) -> None:
    lock_of(assigned, pinned_grader(assigned))
    assert lock_of(assigned, PinnedGrader("torch-grader==1.2")).text.endswith(LOCKED)
    assert (uv / "asked").read_text().endswith("torch==2.13.0\ntorch-grader==1.2")
    assert "torch-grader==1.2" in (tmp_path / "assignment.lock").read_text().partition("\n")[0]
    elsewhere = PinnedGrader("torch-grader==1.2", index="https://example.org/simple")
    assert "--default-index" not in (uv / "calls").read_text()
    assert lock_of(assigned, elsewhere).text.endswith(LOCKED)
    assert "--default-index https://example.org/simple" in (uv / "calls").read_text()


def test_why_there_is_none(
    assigned: AssignedCourse, uv: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    grader = pinned_grader(assigned)
    commit = PinnedGrader("torch-grader @ git+https://example.org/g@" + "0" * 40)
    assert "a commit has no hash" in lock_of(assigned, commit).why_not
    (uv / "answer").unlink()
    assert "no network" in lock_of(assigned, grader).why_not
    monkeypatch.setattr(module, "_uv", list)
    assert "pip install uv" in lock_of(assigned, grader).why_not
    assert not (tmp_path / "assignment.lock").exists()


@pytest.mark.parametrize(
    "line",
    [
        "click>=8",
        "click==8.1.8",
        f"click>=8 {HASH}",
        f"click==8.1.8 --hash=sha256:12 {HASH}x",
        f"--index-url https://mirror.example.org/simple {HASH}",
        f"click==8.1.8 {HASH} --index-url https://mirror.example.org/simple",
        f"click @ https://mirror.example.org/click.whl {HASH}",
        f"./click.whl {HASH}",
        f"-e . {HASH}",
    ],
)
def test_a_lock_that_locks_nothing_is_refused(
    assigned: AssignedCourse, uv: Path, tmp_path: Path, line: str
) -> None:
    """Nor does an address of the instructor's machine reach anybody."""
    grader = pinned_grader(assigned)
    lock_of(assigned, grader)
    with (tmp_path / "assignment.lock").open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(
        ReleaseError, match=r"assignment\.lock, line 6: a package needs one version"
    ):
        lock_of(assigned, grader)


def test_what_is_installed_in_which_order() -> None:
    others = ["torch==2.13.0", "pandas>=2"]
    wheel = PinnedGrader("g.whl", Path("g.whl"))
    assert installs(Lock(), wheel, others, ".") == ["'torch==2.13.0' 'pandas>=2' './g.whl'"]
    locked = "--require-hashes --requirement here/requirements.lock"
    assert installs(Lock(LOCKED), wheel, others, "here") == [locked, "--no-deps './here/g.whl'"]
    version = PinnedGrader("torch-grader==1.2", index="https://example.org/simple")
    index = "--default-index 'https://example.org/simple'"
    assert installs(Lock(LOCKED), version, others, "here") == [f"{index} {locked}"]
    [named] = installs(Lock(), version, others, "here")
    assert named == f"{index} 'torch==2.13.0' 'pandas>=2' 'torch-grader==1.2'"


def test_uv_itself_is_locked() -> None:
    assert UV_TEXT.startswith("uv==")
    assert UV_TEXT.count("--hash=sha256:") == 2


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("torch==2.13.0+cpu", "torch==2.11.0+cpu", r"torch==2\.13\.0, and .* locks version 2\.11"),
        (f"torch==2.13.0+cpu {HASH}\n", "", r"torch==2\.13\.0, and .* does not lock it"),
        (f"click==8.1.8 \\\n    {HASH} \\\n    {HASH}\n", "", r"click>=8, and .* does not lock it"),
    ],
)
def test_a_lock_that_lacks_what_is_asked_for_is_refused(
    assigned: AssignedCourse, uv: Path, tmp_path: Path, old: str, new: str, why: str
) -> None:
    grader = pinned_grader(assigned)
    text = lock_of(assigned, grader).text
    assert old in text
    (tmp_path / "assignment.lock").write_text(text.replace(old, new))
    with pytest.raises(ReleaseError, match=why):
        lock_of(assigned, grader)


def test_a_lock_that_is_no_text_is_refused(assigned: AssignedCourse, tmp_path: Path) -> None:
    (tmp_path / "assignment.lock").write_bytes(b"\xff\xfe# Made by")
    with pytest.raises(ReleaseError, match=r"assignment\.lock is not UTF-8 text"):
        lock_of(assigned, pinned_grader(assigned))
