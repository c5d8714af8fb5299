"""The project's own workflows and its action: two linters, the versions that they try, the actions that they use."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from grader.authoring.release import shared
from tests.conftest import ROOT
from tests.oldest_versions import oldest_versions

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
BOTH = [*WORKFLOWS, ROOT / "action.yml"]
# what releases of an assignment have no use for; read from the tags of their repositories
OURS_ALONE = {
    "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1",
    "pypa/gh-action-pypi-publish@cef221092ed1bacb1cc03d23a2d87d1d172e277b # v1.14.0",
}


def linted(tool: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What a linter says; skips where there is none."""
    program = shutil.which(tool, path=str(Path(sys.executable).parent))
    if not program:
        pytest.skip(f"{tool} has no package for this platform")
    return subprocess.run([program, *arguments], capture_output=True, text=True)


def test_actionlint_finds_nothing() -> None:
    assert len(WORKFLOWS) == 3
    result = linted("actionlint", *WORKFLOWS)
    assert result.returncode == 0, result.stdout


def test_zizmor_finds_nothing() -> None:
    result = linted("zizmor", "--offline", "--no-progress", "--quiet", *BOTH)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("path", BOTH, ids=lambda path: path.stem)
def test_actions_are_those_that_releases_use(path: Path) -> None:
    """One place says which revision of an action is used."""
    text = path.read_text(encoding="utf-8")
    used = re.findall(r"uses: ([^\s.]\S+ # \S+)", text)
    own = re.findall(r"uses: (\./\S*)", text)
    assert len(used) + len(own) == text.count("uses: ")
    assert set(used) <= {*shared.ACTIONS.values(), *OURS_ALONE}
    for each in own:
        assert (ROOT / each).exists()


def test_what_is_ours_alone_is_used() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in BOTH)
    assert [each for each in OURS_ALONE if each not in texts] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_read_and_no_more(path: Path) -> None:
    """The one exception says to PyPI who asks."""
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] in ({}, {"contents": "read"})
    given = {name: job.get("permissions", {}) for name, job in workflow["jobs"].items()}
    more = {name: each for name, each in given.items() if each not in ({}, {"contents": "read"})}
    assert more == ({"publish": {"id-token": "write"}} if path.stem == "release" else {})


def test_what_is_published_was_tested() -> None:
    release = yaml.safe_load((FOLDER / "release.yml").read_text(encoding="utf-8"))
    assert release["jobs"]["publish"]["needs"] == ["test", "package"]
    assert [release["jobs"][each]["uses"] for each in ("test", "package")] == [
        "./.github/workflows/test.yml",
        "./.github/workflows/package.yml",
    ]


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
    assert f'"{lowest}.' in (FOLDER / "test.yml").read_text(encoding="utf-8")
    assert f"TORCH={lowest}." in (ROOT / "Makefile").read_text(encoding="utf-8")
