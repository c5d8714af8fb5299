"""The image of a class: its commands install what a release installs, from what lies beside the Containerfile."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from grader.authoring.release.class_image import VENV, write_image
from grader.authoring.release.lock import NAME, Lock
from grader.course.catalog import Course
from grader.errors import ReleaseError
from tests.assignments import EXERCISE, read

LOCK = Lock("torch==2.13.0+cpu --hash=sha256:" + "0" * 64 + "\n")
INDEX = "--default-index https://example.org/simple"
# stands for python, uv and grader: notes how it was called, and makes the environment that it is asked to make
TOOL = """#!/bin/sh
echo "$(basename "$0") $*" >> "$LOG"
for place in "$@"; do :; done
case "$*" in *"venv "*) mkdir -p "$place/bin"; for name in python uv grader; do cp "$0" "$place/bin/$name"; done ;; esac
"""


def commands(folder: Path) -> str:
    """The script of the Containerfile's one `RUN`, for another place than /opt."""
    text = (folder / "Containerfile").read_text()
    [script] = re.findall(r"^RUN (.*)\Z", text, re.DOTALL | re.MULTILINE)
    return str(script).replace("/opt/", f"{folder.parent}/opt/")


@pytest.mark.parametrize("lock", [LOCK, Lock()])
def test_what_is_installed(tmp_path: Path, course: Course, lock: Lock) -> None:
    assigned = read(
        tmp_path, f'[ci]\ngrader = "1.2"\nindex = "https://example.org/simple"\n{EXERCISE}'
    ).on(course)
    folder = tmp_path / "image"
    write_image(assigned, folder, lock)
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "python").write_text(TOOL)
    (tools / "python").chmod(0o755)
    log = tmp_path / "log"
    environment = os.environ | {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "LOG": str(log)}
    subprocess.run(["sh", "-e", "-c", commands(folder)], cwd=folder, env=environment, check=True)
    called = log.read_text().replace(f"{tmp_path}/opt/", "/opt/").splitlines()
    assert called[0] == "python -m venv /opt/tools"
    assert called[1].endswith("--require-hashes --requirement uv.txt")
    installed = called[3]
    assert f"--python {VENV}/bin/python --torch-backend cpu " in installed
    if lock.text:
        assert installed.endswith(f"{INDEX} --require-hashes --requirement ./{NAME}")
        assert (folder / NAME).read_text() == lock.text
    else:
        assert installed.endswith(f"{INDEX} torch==2.13.0 torch-grader==1.2")
    assert called[-1] == "grader --version"
    assert not (tmp_path / "opt" / "tools").exists()
    assert "FROM docker.io/library/python:3.12-slim\n" in (folder / "Containerfile").read_text()


def test_a_folder_that_is_taken(tmp_path: Path, course: Course) -> None:
    assigned = read(
        tmp_path, f'[ci]\ngrader = "1.2"\nindex = "https://example.org/simple"\n{EXERCISE}'
    ).on(course)
    with pytest.raises(ReleaseError, match="is not empty"):
        write_image(assigned, tmp_path)
