"""Hand-ins made for a test: folders, zips and repositories; and what is read of one."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from grader import load_course
from grader.classroom.handin.hand_in import HandIn
from grader.classroom.handin.read import Submitted, read_hand_in
from grader.course.catalog import Course

RIGHT = "class MyLinear:\n    answer = 42\n"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@cache
def _course() -> Course:
    return load_course()


def read(path: Path, until: datetime | None = None) -> Submitted:
    """What is read of Ada's hand-in, a folder, zip or repository at `path`."""
    return read_hand_in(HandIn(("ada",), path), _course(), _course().names, until)


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def zipped(path: Path, files: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def git(folder: Path, *arguments: str, when: datetime = NOON) -> str:
    if not shutil.which("git"):
        pytest.skip("git is not installed here")
    stamp = f"{int(when.timestamp())} +0000"
    return subprocess.run(
        ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"GIT_COMMITTER_DATE": stamp, "GIT_AUTHOR_DATE": stamp},
    ).stdout.strip()


def committed(folder: Path, text: str, when: datetime = NOON, name: str = "my_linear.py") -> str:
    """The hash of a commit of this file; the repository is made at the first."""
    if not (folder / ".git").exists():
        folder.mkdir(exist_ok=True)
        git(folder, "init", "--quiet")
    write(folder, {name: text})
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=work", when=when)
    return git(folder, "rev-parse", "HEAD")
