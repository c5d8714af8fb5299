"""One assignment, released for every service, and the command and machine to try it on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.assignments import assignment
from tests.conftest import ROOT

Released = dict[str, Path]


def run(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """The command, in a process of its own."""
    result = subprocess.run(
        [sys.executable, "-m", "grader", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        env=os.environ | {"UV_OFFLINE": "1"},  # no test needs an index
    )
    assert "Traceback" not in result.stdout + result.stderr
    return result


def write(file: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Releases an assignment as a template, untried."""
    return run(
        *("release", "--assignment", str(file), "--no-rehearsal", "--classroom", str(folder))
    )


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The students' wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet"]
    subprocess.run([*command, "--wheel-dir", folder, ROOT], check=True)
    [wheel] = folder.glob("torch_grader-*.whl")
    return wheel


@pytest.fixture(scope="session")
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


# stands for `python` and `uv`: notes its arguments, and makes the environment that it is asked to make
TOOL = """#!/bin/sh
echo "$*" >> "{log}"
case "$*" in
"-m venv "*|"-I -m venv "*|"venv "*)
  for place in "$@"; do :; done
  mkdir -p "$place/bin"
  cp "$0" "$place/bin/python"
  cp "$0" "$place/bin/uv"
  ln -s "{grader}" "$place/bin/grader" ;;
esac
"""


@pytest.fixture(scope="session")
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
