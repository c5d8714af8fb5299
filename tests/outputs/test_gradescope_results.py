"""Gradescope's `results.json`: valid by its contract, and nothing of a hidden check but its points."""

from __future__ import annotations

import json

import jsonschema
import pytest

from grader.outputs import gradescope_results
from grader.report import Report
from tests.contracts import GRADESCOPE
from tests.hostile import (
    FAULTY,
    KOREAN,
    REPORTS,
    of_every_status,
    plain_report,
    report_of,
    shows_nothing_hidden,
    with_fault,
    with_violation,
)


@pytest.mark.parametrize("report", REPORTS)
def test_gradescope(report: Report) -> None:
    data = json.loads(gradescope_results.render(report))
    jsonschema.validate(data, GRADESCOPE)
    assert data["score"] == report.score
    assert sum(test["score"] for test in data["tests"]) == report.score
    assert sum(test["max_score"] for test in data["tests"]) == report.max_score


def test_gradescope_shows_of_hidden_checks_their_points_alone() -> None:
    report = plain_report([(3, 3), (0, 4), (2, 2)])
    secret = report.exercises[0].checks[1]
    text = gradescope_results.render(report, {"sums": {"check_1", "check_2"}})
    data = json.loads(text)
    jsonschema.validate(data, GRADESCOPE)
    assert data["score"] == 5
    [public, together] = data["tests"]
    assert (public["score"], public["visibility"]) == (3, "visible")
    assert (together["score"], together["max_score"]) == (2, 6)
    assert together["visibility"] == "after_published"
    assert secret.description not in text
    assert secret.message not in text


@pytest.mark.parametrize("report", REPORTS)
def test_clean_text(report: Report) -> None:
    assert shows_nothing_hidden(gradescope_results.render(report))


def test_every_status() -> None:
    report = of_every_status()
    data = json.loads(gradescope_results.render(report))
    # what is not there or could not be graded, first of all
    assert data["output"].splitlines() == ["an_missing: why missing", "an_error: why error"]
    checks = [check for exercise in report.exercises for check in exercise.checks]
    for check, test in zip(checks, data["tests"], strict=True):
        assert test["tags"][1] == check.status
        assert test["status"] == ("passed" if check.status == "passed" else "failed")
        assert check.message in test["output"]
        assert check.cause in test["output"]
        repeated = "To repeat it: grader check" in test["output"]
        assert repeated == check.is_told
    assert [test["number"] for test in data["tests"][:3]] == ["1.1", "2.1", "2.2"]


def test_what_is_forbidden_is_said_by_the_checks_that_it_cost() -> None:
    data = json.loads(gradescope_results.render(with_violation(plain_report([(3, 3)]), "no x")))
    assert "no x" not in data["output"]
    [test] = data["tests"]
    assert (test["score"], test["status"]) == (0, "failed")
    assert "no x" in test["output"]


def test_kept_back_without_and_with_the_instructors_list() -> None:
    held = plain_report([(2, 2)], held_back=3)
    assert json.loads(gradescope_results.render(held))["output"] == (
        "3 more points are for checks that only your instructor runs."
    )
    told = json.loads(gradescope_results.render(held, {"sums": {"check_0"}}))["output"]
    assert told == "Some checks are kept back; their points show when the grades are published."


@pytest.mark.parametrize("report", FAULTY)
def test_a_report_with_faults_has_neither_score_nor_tests(report: Report) -> None:
    """Gradescope wants one of them: without, it says that the autograder failed, and stores no points."""
    text = gradescope_results.render(report)
    data = json.loads(text)
    jsonschema.validate(data, GRADESCOPE | {"required": ["output"]})
    assert not {"score", "tests"} & set(data)
    assert data["extra_data"] == {"status": "error"}
    with pytest.raises(jsonschema.ValidationError, match="'score' is a required property"):
        jsonschema.validate(data, GRADESCOPE)
    assert shows_nothing_hidden(text)


def test_what_a_fault_says_and_to_whom() -> None:
    """Where hidden checks ran, it may be one of them that failed: the students do not read which, nor how."""
    report = with_fault(plain_report([(3, 3)]))
    told = "Not graded, through no fault of the submission: a_fault. So there is no score."
    output = json.loads(gradescope_results.render(report))["output"]
    assert output == f"{told}\na_fault: the check is broken, not your code"
    hidden = json.loads(gradescope_results.render(report, {"sums": {"check_0"}}))["output"]
    assert hidden == output
    assert json.loads(gradescope_results.render(report, {"a_fault": {"secret"}}))["output"] == told


def test_no_exercises() -> None:
    data = json.loads(gradescope_results.render(report_of([])))
    assert (data["score"], data["output"], data["tests"]) == (0, "", [])


def test_in_korean() -> None:
    data = json.loads(gradescope_results.render(KOREAN))
    jsonschema.validate(data, GRADESCOPE)
    assert "To repeat it" not in data["tests"][0]["output"]
    assert "편향이 빠졌습니다." in data["tests"][0]["output"]
