"""The exercise in ten minutes that docs/exercises.md shows works as it stands there, file by file."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader import grade, load_course
from grader.authoring.audit import audit
from grader.cli import main
from grader.machines import Machines
from tests.conftest import ROOT

FILES = ("course.toml", "solutions/double.py", "checks/double.py")


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the text has, under the names that it gives."""
    text = (ROOT / "docs" / "exercises.md").read_text(encoding="utf-8")
    _before, _head, rest = text.partition("## An exercise in ten minutes\n")
    section = rest.partition("\n### ")[0]
    blocks = re.findall(r"^( *)```\w+\n(.*?)^\1```$", section, re.MULTILINE | re.DOTALL)
    for name, (_indent, block) in zip(FILES, blocks, strict=True):
        assert f"`{name}`" in section or f"`{Path(name).parent}/NAME.py`" in section
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(textwrap.dedent(block), encoding="utf-8")
    for command in ("release double", "check double --course . --from solutions", "audit --lint"):
        assert f"grader {command}" in section
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, [*arguments, "--course", "."])
    assert result.exit_code == 0, result.output
    return result.output


def test_it_works_as_it_stands_there(written: Path, machines: Machines) -> None:
    assert run("release", "double").strip() == "exercises/double.py"
    assert "nothing amiss" in run("audit", "--lint")
    on = machines.on(load_course(written))
    assert grade(written / "solutions", machines=on).has_all_points
    audited = audit("double", on)
    assert [*audited.problems, *audited.survivors, *audited.faults] == []
    assert audited.killed > 5


def test_one_submission_more_is_no_problem(written: Path) -> None:
    """The text asks for right and wrong answers; how many a course has is its author's business."""
    run("release", "double")
    place = written / "tests" / "submissions" / "double" / "right"
    place.mkdir(parents=True)
    (place / "sum.py").write_text("# right: a sum\n\n\ndef double(x):\n    return x + x\n")
    assert "nothing amiss" in run("audit", "--lint")
