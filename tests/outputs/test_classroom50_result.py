"""Classroom 50's `result.json`: valid by its contract, in whole points, and clean."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from markdown_it import MarkdownIt

from grader.errors import ServiceError
from grader.outputs import classroom50_result, github
from grader.report import Report
from tests.contracts import ENVIRON, classroom50_problems
from tests.hostile import (
    FAULTY,
    REPORTS,
    hostile_report,
    of_every_status,
    plain_report,
    report_of,
    shows_nothing_hidden,
    with_fault,
    with_violation,
)

NOW = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)


@pytest.mark.parametrize("report", REPORTS)
def test_classroom50(report: Report) -> None:
    data = json.loads(classroom50_result.render(report, ENVIRON, NOW))
    assert classroom50_problems(data) == []
    assert (data["score"], data["max-score"]) == (report.score, report.max_score)
    assert sum(test["score"] for test in data["tests"]) == report.score
    assert data["datetime"] == "2026-11-20T10:00:00Z"
    assert data["graded_at"] == "2026-11-21T13:00:00Z"
    assert len(classroom50_result.body(report)) <= classroom50_result.MAX_BODY + 200


def test_classroom50s_contract_refuses_half_points() -> None:
    data = json.loads(classroom50_result.render(plain_report([(1, 1)]), ENVIRON, NOW))
    for wrong in ({"score": 0.5}, {"max-score": 0}, {"assignment_type": "pair"}, {"extra": 1}):
        assert classroom50_problems(data | wrong)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"OWNER": ""}, "lacks OWNER"),
        ({"COMMIT_URL": "", "CLASSROOM": ""}, "lacks CLASSROOM, COMMIT_URL"),
        ({"ASSIGNMENT_TYPE": "pair"}, "'pair'; Classroom 50 knows individual, group, team"),
        ({"SUBMISSION_TAG": "v1"}, "has to begin with `submit/`"),
    ],
)
def test_classroom50_says_what_it_lacks(change: dict[str, str], told: str) -> None:
    with pytest.raises(ServiceError, match=r"Classroom 50|submit/") as caught:
        classroom50_result.render(plain_report([(1, 1)]), ENVIRON | change, NOW)
    assert told in str(caught.value)


@pytest.mark.parametrize("report", REPORTS)
def test_clean_text(report: Report) -> None:
    assert shows_nothing_hidden(classroom50_result.render(report, ENVIRON, NOW))
    assert shows_nothing_hidden(classroom50_result.body(report))


def test_a_check_passes_with_all_its_points_alone() -> None:
    report = of_every_status()
    tests = json.loads(classroom50_result.render(report, ENVIRON, NOW))["tests"]
    tests = [test for test in tests if ": " in test["test-name"]]
    checks = [check for exercise in report.exercises for check in exercise.checks]
    assert [test["status"] for test in tests] == [check.status for check in checks]
    assert [test["passed"] for test in tests] == [check.status == "passed" for check in checks]
    broken = report_of(
        [
            replace(each, checks=tuple(replace(check, score=0) for check in each.checks), score=0)
            for each in plain_report([(3, 3)]).exercises
        ]
    )
    [test] = json.loads(classroom50_result.render(broken, ENVIRON, NOW))["tests"]
    assert (test["passed"], test["status"], test["score"]) == (False, "passed", 0)


def test_a_verdict_above_the_checks_is_a_test_without_points() -> None:
    tests = json.loads(classroom50_result.render(of_every_status(), ENVIRON, NOW))["tests"]
    above = [test for test in tests if ": " not in test["test-name"]]
    assert [(test["test-name"], test["status"], test["message"]) for test in above] == [
        ("an_missing", "missing", "why missing"),
        ("an_error", "error", "why error"),
    ]
    for test in above:
        assert (test["passed"], test["score"], test["max-score"]) == (False, 0, 0)
    broken = with_violation(plain_report([(3, 3)]), "no x")
    [first] = json.loads(classroom50_result.render(broken, ENVIRON, NOW))["tests"]
    assert first["passed"] is False  # the check tells it
    assert "no x" in first["message"]


@pytest.mark.parametrize("report", FAULTY)
def test_a_report_with_faults_is_no_result(report: Report) -> None:
    """Classroom 50 refuses it as an error of the autograder, and counts no points."""
    text = classroom50_result.render(report, ENVIRON, NOW)
    data = json.loads(text)
    assert data["status"] == "error"
    assert data["tests"] == []
    assert not {"score", "max-score"} & set(data)
    assert classroom50_problems(data)
    assert all(data[name] for name in ("owner", "submission", "commit", "datetime"))
    assert "Traceback" not in text
    assert shows_nothing_hidden(text)


def test_what_a_fault_says() -> None:
    report = with_fault(plain_report([(3, 3)]))
    data = json.loads(classroom50_result.render(report, ENVIRON, NOW))
    assert data["message"] == (
        "Not graded, through no fault of the submission: a_fault. So there is no score.\n"
        "a_fault: the check is broken, not your code"
    )
    assert "### Not graded" in classroom50_result.body(report)


def test_a_test_an_exercise_where_there_are_too_many_checks() -> None:
    report = hostile_report(0.5)
    assert sum(len(each.checks) for each in report.exercises) > classroom50_result.MAX_TESTS
    tests = json.loads(classroom50_result.render(report, ENVIRON, NOW))["tests"]
    assert len(tests) == len(report.exercises)
    assert [test["score"] for test in tests] == [each.score for each in report.exercises]
    many = plain_report([(1, 1), (0, 1)] * 60)
    [test] = json.loads(classroom50_result.render(many, ENVIRON, NOW))["tests"]
    assert "check 1 · check 3" in test["message"]
    assert "check 0" not in test["message"]


def test_times_are_utc_and_the_tags_time_counts() -> None:
    seoul = NOW.astimezone(timezone(timedelta(hours=9)))
    other = ENVIRON | {"SUBMISSION_TAG": "submit/late"}
    data = json.loads(classroom50_result.render(plain_report([(1, 1)]), other, seoul))
    assert data["datetime"] == data["graded_at"] == "2026-11-21T13:00:00Z"


def test_the_user_stands_in_for_an_owner() -> None:
    given = ENVIRON | {"OWNER": "", "USERNAME": "grace"}
    assert classroom50_result.identity(given)["owner"] == "grace"


def test_the_releases_text_is_the_summary_cut_after_a_whole_failure() -> None:
    short = plain_report([(1, 3)])
    assert classroom50_result.body(short) == github.summary(short)
    many = report_of(hostile_report(0.0).exercises * 2)
    assert len(github.summary(many)) > classroom50_result.MAX_BODY
    long = classroom50_result.body(many)
    assert long.endswith("The rest is left out here; the log of the grading has it.\n")
    tokens = MarkdownIt("commonmark", {"html": True}).parse(long)
    blocks = "".join(token.content for token in tokens if token.type == "html_block")
    assert blocks.count("<details>") == blocks.count("</details>") > 100
