"""The Tab key: names of exercises, without torch and without a word of what goes wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.synthetic_course import make_course

# torch would take seconds at every Tab
PROGRAM = (
    "import sys; sys.modules['torch'] = None; from grader.cli import main; main(prog_name='grader')"
)


def complete(line: str, folder: Path, shell: str = "bash") -> list[str]:
    """What the shell is given for this line, whose last word is being written."""
    *_, last = words = line.split(" ")
    place = last if shell == "fish" else str(len(words) - 1)
    asked = {"_GRADER_COMPLETE": f"{shell}_complete", "COMP_WORDS": line, "COMP_CWORD": place}
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM],
        cwd=folder, env=os.environ | asked, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1] if done.stdout.strip() else []


@pytest.mark.parametrize(
    "command", ["check", "explain", "show", "hint", "reset", "try", "watch", "audit", "release"]
)
def test_an_exercise_of_the_built_in_course(tmp_path: Path, command: str) -> None:
    assert complete(f"grader {command} my", tmp_path) == ["plain,my_linear"]


def test_each_name_once(tmp_path: Path) -> None:
    names = ["plain,logistic_regression", "plain,losses"]
    assert complete("grader check lo", tmp_path) == names
    assert complete("grader check losses lo", tmp_path) == names[:1]


def test_titles_where_the_shell_shows_them(tmp_path: Path) -> None:
    title = "A linear layer from scratch"
    assert complete("grader show my_l", tmp_path, "zsh")[:3] == ["plain", "my_linear", title]
    assert "my_linear" in complete("grader show my_l", tmp_path, "fish")[0]


def test_a_course_of_ones_own(tmp_path: Path) -> None:
    make_course(tmp_path / "course")
    assert complete("grader show --course course d", tmp_path) == ["plain,double"]
    assert complete("grader show --course nowhere d", tmp_path) == []


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash on this machine")
def test_bash_itself(tmp_path: Path) -> None:
    """With the line that docs/completion.md has its reader write."""
    text = (Path(__file__).parents[2] / "docs" / "completion.md").read_text(encoding="utf-8")
    line = 'eval "$(_GRADER_COMPLETE=bash_source grader)"'
    assert line in text
    script = f"{line}\nCOMP_WORDS=(grader show my) COMP_CWORD=2\n_grader_completion grader my show\necho $COMPREPLY"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path, env=os.environ | {"PATH": path}, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("my_linear\n", "")
