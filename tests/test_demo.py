"""`make demo`: the sample class is graded, and each gets what is to be expected."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from grader.classroom.gradebook.reader import open_gradebook

from .conftest import ROOT

pytestmark = pytest.mark.drawn


@pytest.mark.timeout(600)
def test_the_sample_class(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "examples/demo.py", str(tmp_path / "demo")],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    gradebook = tmp_path / "demo" / "grades.db"
    assert f"The gradebook:   {gradebook}" in result.stdout
    with open_gradebook(gradebook) as opened:
        assert opened.check() == []
        records = {record.student.login or record.student.id: record for record in opened.records()}
    assert len(records) == 13
    assert {record.state for record in records.values()} == {"graded", "nothing handed in"}
    scores = {login: record.score or 0 for login, record in records.items()}
    assert [scores[login] for login in ("ada-l", "benoit", "emil")] == [30, 30, 30]
    assert scores["chen-wei"] == scores["fay-w"] < scores["dora"] < 30
    assert (scores["hana"], scores["jun"], scores["kim-l"], scores["lea"]) == (20, 0, 10, 0)
    assert 0 < scores["ivo"] < 5  # what is honest in it
    assert records["gus"].report is not None
    checks = records["gus"].report.exercises[1].checks
    assert "timeout" in {check.status for check in checks}
    assert "no commit" not in records["ada-l"].problem
    assert records["lea"].problem == "Nothing was handed in."
    assert not records["lab-mika"].student.on_roster
