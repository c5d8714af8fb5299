"""The report as JSON: the same data again, readable, by the schema."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema
import pytest

from grader.outputs import json as json_output
from grader.report import Report
from tests.hostile import (
    ATTACKS,
    FAULTY,
    KOREAN,
    REPORTS,
    everything_hostile,
    plain_report,
    report_of,
    with_fault,
)

SCHEMA = json.loads(files("grader").joinpath("report.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("report", [*REPORTS, *FAULTY])
def test_the_data_again_by_the_schema(report: Report) -> None:
    data = json.loads(json_output.render(report))
    jsonschema.validate(data, SCHEMA)
    assert Report.from_dict(data) == report


def test_a_report_with_faults_has_no_score() -> None:
    data = json.loads(json_output.render(with_fault(plain_report([(3, 3)]))))
    assert data["score"] is None
    assert [each["score"] for each in data["exercises"]] == [3, None]
    assert data["exercises"][1]["status"] == "fault"
    assert data["exercises"][1]["message"] == "the check is broken, not your code"
    assert data["exercises"][1]["traceback"].startswith("Traceback")
    assert data["max_score"] == 8


def test_letters_stay_readable_and_lines_end() -> None:
    text = json_output.render(KOREAN)
    assert "밑바닥부터 만드는 선형 층" in text
    assert text.endswith("}\n")
    assert json.loads(json_output.render(report_of([])))["exercises"] == []


@pytest.mark.parametrize("text", ATTACKS)
def test_nothing_is_cleaned_or_cut(text: str) -> None:
    """Data is for programs: what it means to a terminal is the affair of what shows it there."""
    report = everything_hostile(text)
    assert Report.from_dict(json.loads(json_output.render(report))) == report
