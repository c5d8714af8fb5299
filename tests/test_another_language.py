"""A new language is one folder: nothing in the code says which languages there are. Esperanto, for a while."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.drawn

# of the course's catalogue, and of the grader's own
COURSES = ("Numerical differentiation", "Nombra derivado")
GRADERS = ("Next: {command}", "Poste: {command}")


@pytest.mark.timeout(300)  # it starts three processes
def test_a_new_language_is_one_folder(tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    apart = shutil.ignore_patterns("locale", "__pycache__")
    for name in ("exercises", "grader", "solutions"):
        shutil.copytree(ROOT / name, root / name, ignore=apart)
    shutil.copy(ROOT / "course.toml", root)

    def run(*arguments: str, status: int = 0, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "grader", *arguments],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(root), "GRADER_LANG": ""} | environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    (root / "grader" / "locale").mkdir()
    told = run("translate", "--language", "eo", status=1)
    assert f"“{COURSES[0]}” is not translated." in told
    for place, (english, other) in ((root, COURSES), (root / "grader", GRADERS)):
        file = place / "locale" / "eo" / "LC_MESSAGES" / "messages.po"
        text = file.read_text(encoding="utf-8")
        asked = f'msgid "{english}"\nmsgstr ""'
        assert asked in text
        file.write_text(text.replace(asked, f'{asked[:-1]}{other}"'), encoding="utf-8")
    assert f"“{COURSES[0]}”" not in run("translate", status=1)  # each language that is there
    assert "Poste: cd work" in run("init", "work", "--notebooks", LC_ALL="eo.UTF-8")
    notebook = (tmp_path / "work" / "derivative.ipynb").read_text(encoding="utf-8")
    assert COURSES[1] in notebook
    assert "%%check derivative --lang eo" in notebook
