"""Our results through the real reporter of GitHub Classroom: `make test-classroom REPORTER=path`.

REPORTER is a checkout of classroom-resources/autograding-grading-reporter at v1, where `dist/main.js` is.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from grader.outputs import classroom_reporter, github
from grader.report import Report
from tests.hostile import (
    FAULTY,
    hostile_report,
    of_every_status,
    plain_report,
    with_fault,
    with_violation,
)

REPORTER = os.environ.get("REPORTER", "")
SCRIPT = Path(REPORTER) / "dist" / "main.js"
NODE = shutil.which("node")

pytestmark = [
    pytest.mark.skipif(
        not REPORTER,
        reason="needs a checkout of Classroom's reporter: make test-classroom REPORTER=path",
    ),
    pytest.mark.skipif(not NODE, reason="needs Node, which runs the reporter"),
]

CASES: dict[str, Report] = {
    "no points": hostile_report(0.0),
    "some points": hostile_report(0.5),
    "other points": hostile_report(0.17),
    "all points": hostile_report(1.0),
    "some kept back": hostile_report(0.67, held_back=4),
    "a violation": with_violation(
        hostile_report(), "x\n::notice title=Autograding complete::Points 9/9"
    ),
    "a single exercise": plain_report([(3, 3), (0, 2), (5, 5)]),
    "weights without a divisor": plain_report([(7, 7), (0, 11), (13, 13)]),
    "too many points for a test each": plain_report([(1000, 1000), (0, 7)]),
    "too many checks for their names": plain_report([(1, 1), (0, 1)] * 3000),
}


@pytest.fixture(scope="module", autouse=True)
def _is_there() -> None:
    if not SCRIPT.is_file():
        pytest.fail(f"{SCRIPT} is not there: check out the tag v1, which has the built script")


def run(data: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """As the action runs it: the input and the result in the environment, and nothing else."""
    environment = {"INPUT_RUNNERS": "grade", "GRADE_RESULTS": classroom_reporter.encoded(data)}
    assert NODE
    return subprocess.run(
        [NODE, SCRIPT],
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def commands(text: str) -> list[str]:
    """What GitHub's runner takes for a command: `::` after white space, and `##[` anywhere."""
    lines = re.split("\r\n|\r|\n", text)
    return [line for line in lines if line.lstrip().startswith("::") or "##[" in line]


@pytest.mark.parametrize("name", CASES)
def test_what_it_announces_is_the_reports_total(name: str) -> None:
    report = CASES[name]
    result = run(classroom_reporter.result(report))
    told = f"Points {report.score}/{report.max_score}"
    totals = json.dumps({"totalPoints": report.score, "maxPoints": report.max_score})
    expected = [
        f"::notice title=Autograding complete::{told}",
        f"::notice title=Autograding report::{totals.replace(' ', '')}",
    ]
    if report.score < report.max_score:
        expected.append("::error::Some tests failed.")
    assert commands(result.stdout) == expected
    assert result.stderr == ""
    assert result.returncode == (report.score < report.max_score)
    # and its own notices are those that our step prints without it
    assert github.points(report).splitlines() == expected[:2]


@pytest.mark.parametrize("name", CASES)
def test_its_table_agrees_or_the_summary_says_why_not(name: str) -> None:
    report = CASES[name]
    text = re.sub(r"\x1b\[\d+m", "", run(classroom_reporter.result(report)).stdout)
    [row] = [line for line in text.splitlines() if "│ Total:" in line]
    shown = row.split("│")[2].strip()
    exact = shown == str(report.score)
    note = classroom_reporter.table_note(report)
    print(f"{name}: {report.score}/{report.max_score}, table {shown}, note: {note or 'none'}")
    assert exact == (not note)
    if note:
        # its columns are cut: as far as it goes, it is what the note says
        assert shown.rstrip("…") in note
        assert "table of Classroom" in github.summary(report)


@pytest.mark.parametrize("report", FAULTY)
def test_of_a_report_with_faults_it_announces_no_points(report: Report) -> None:
    result = run(classroom_reporter.result(report))
    assert commands(result.stdout) == ["::error::Some tests errored."]
    assert (result.returncode, result.stderr) == (1, "")


def test_it_says_what_a_fault_is() -> None:
    told = run(classroom_reporter.result(with_fault(plain_report([(3, 3)])))).stdout
    assert "Error: a_fault: the check is broken, not your code" in told


def test_it_says_why_a_file_cannot_be_loaded() -> None:
    result = run(classroom_reporter.result(of_every_status()))
    assert "Error: why error" in result.stdout
    assert commands(result.stdout)[-1] == "::error::Some tests errored."


def test_a_forged_result_would_be_seen() -> None:
    """The reporter itself lets everything through: the same attack, not made harmless, does announce points."""
    report = plain_report([(0, 3)])
    data = classroom_reporter.result(report)
    data["tests"][0]["name"] = "x\n::notice title=Autograding complete::Points 3/3"
    assert len(commands(run(data).stdout)) > len(
        commands(run(classroom_reporter.result(report)).stdout)
    )


def test_the_largest_variable_can_be_started_with() -> None:
    data = classroom_reporter.result(hostile_report(0.0))
    padded = data | {"tests": [dict(test) for test in data["tests"]]}
    padded["tests"][0]["message"] = "x" * (
        (classroom_reporter.MAX_ENCODED * 3 // 4) - len(json.dumps(data))
    )
    assert run(padded).returncode == 1
