"""The project's own workflows, and the versions that they try."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.authoring.release import shared
from tests.conftest import ROOT
from tests.oldest_versions import oldest_versions

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_actionlint_finds_nothing() -> None:
    actionlint = shutil.which("actionlint", path=str(Path(sys.executable).parent))
    if not actionlint:
        pytest.skip("actionlint has no package for this platform")
    assert WORKFLOWS
    result = subprocess.run([actionlint, *WORKFLOWS], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_those_that_releases_use(path: Path) -> None:
    """One place says which revision of an action is used."""
    used = re.findall(r"uses: (\S+ # \S+)", text := path.read_text(encoding="utf-8"))
    assert len(used) == text.count("uses:")
    assert set(used) <= set(shared.ACTIONS.values())


def test_the_lowest_versions_are_the_lower_bounds() -> None:
    text = """
    [project]
    dependencies = ["torch>=2.11", "click>=8.1", "other"]
    [project.optional-dependencies]
    database = ["psycopg[binary]>=3.2", "torch>=2.11", "torch-grader[more]"]
    more = ["with-marker>=1; python_version < '3.12'"]
    docs = ["site>=3"]
    dev = ["tool>=9"]
    """
    assert oldest_versions(text) == ["torch==2.11", "click==8.1", "psycopg==3.2"]


def test_torch_is_tried_from_its_lower_bound() -> None:
    lowest = next(
        each
        for each in oldest_versions((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        if each.startswith("torch==")
    )
    assert f'"{lowest}.' in WORKFLOWS[0].read_text(encoding="utf-8")
    assert f"TORCH={lowest}." in (ROOT / "Makefile").read_text(encoding="utf-8")
