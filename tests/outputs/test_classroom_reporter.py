"""The result for GitHub Classroom's reporter: valid by its contract, in whole points, and without a command."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.language import speaking
from grader.outputs import classroom_reporter
from grader.report import Report
from tests.contracts import encoded, reporter_problems
from tests.hostile import (
    FAULTY,
    FORGED,
    OLD_COMMAND,
    REPORTS,
    a_fault,
    hostile_report,
    of_every_status,
    plain_report,
    report_of,
    shows_nothing_hidden,
    with_fault,
    with_violation,
)


def legacy(*tests: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"version": 1, "status": "fail", "max_score": 10, "tests": list(tests)} | more


def a_test(**more: Any) -> dict[str, Any]:
    return {"name": "a", "status": "fail", "score": 0, "line_no": 0} | more


# what makes the reporter throw, forge, count wrong or stay green: none of it may leave us
NEVER = {
    "no tests": {"status": "error", "message": "The command timed out"},
    "empty tests": legacy(),
    "another word": legacy(a_test(status="failed"), status="failed"),
    "half points": legacy(a_test(score=3.3333333333333335)),
    "no score": legacy({"name": "a", "status": "pass", "line_no": 0}),
    "null score": legacy(a_test(score=None)),
    "text for numbers": legacy(a_test(score="4"), max_score="10"),
    "more than all": legacy(a_test(score=15, status="pass"), status="pass"),
    "less than nothing": legacy(a_test(score=-2)),
    "green for failures": legacy(a_test(), status="pass"),
    "forged by message": legacy(a_test(status="error", message=f"x\n{FORGED}")),
    "forged by name": legacy(a_test(name="a ##[notice title=x]Points 10/10")),
    "forged by code": legacy(a_test(test_code=f"   {FORGED}")),
    "a line": legacy(a_test(line_no=7)),
    "too large": legacy(a_test(message="x" * 100_000)),
}


@pytest.mark.parametrize("name", NEVER)
def test_the_contract_refuses_what_the_reporter_stumbles_over(name: str) -> None:
    assert reporter_problems(NEVER[name])


@pytest.mark.parametrize("report", REPORTS)
def test_the_result_for_the_reporter(report: Report) -> None:
    data = classroom_reporter.result(report)
    assert reporter_problems(data) == []
    assert sum(test["score"] for test in data["tests"]) == report.score
    assert data["max_score"] == report.max_score
    assert json.loads(base64.b64decode(classroom_reporter.encoded(data))) == data
    assert len(classroom_reporter.encoded(data)) <= classroom_reporter.MAX_ENCODED


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.integers(0, 60).flatmap(
            lambda most: st.tuples(st.sampled_from([0, most]), st.just(most))
        ),
        min_size=1,
        max_size=30,
    )
)
def test_points_of_any_size_are_told_right(scores: list[tuple[int, int]]) -> None:
    report = plain_report(scores)
    data = classroom_reporter.result(report)
    assert reporter_problems(data) == []
    assert sum(test["score"] for test in data["tests"]) == report.score
    # the table agrees, or it is said why not
    passed = sum(test["status"] == "pass" for test in data["tests"])
    table = passed / len(data["tests"]) * report.max_score
    assert (table == report.score) == (
        not classroom_reporter.table_note(report)
    ) or not report.max_score


def test_the_note_on_the_table() -> None:
    many = plain_report([(1000, 1000), (0, 7)])  # too many points for a test each
    assert "shows 503.5 where the score is 1000" in classroom_reporter.table_note(many)
    # 126 / 180 * 180 in float64
    rounded = classroom_reporter.table_note(hostile_report())
    assert "shows 125.99999999999999 where the score is 126" in rounded
    assert classroom_reporter.table_note(plain_report([(3, 3), (0, 4), (3, 3)])) == ""


def test_a_check_is_as_many_tests_as_it_takes_and_no_more() -> None:
    data = classroom_reporter.result(plain_report([(6, 6), (0, 4)]))
    assert [(test["name"], test["score"]) for test in data["tests"]] == [
        ("sums: check 0 (1 of 3)", 2),
        ("sums: check 0 (2 of 3)", 2),
        ("sums: check 0 (3 of 3)", 2),
        ("sums: check 1 (1 of 2)", 0),
        ("sums: check 1 (2 of 2)", 0),
    ]


def test_a_result_without_room_for_names_still_has_the_points() -> None:
    report = plain_report([(1, 1), (0, 1)] * 3000)
    data = classroom_reporter.result(report)
    assert reporter_problems(data) == []
    assert [test["score"] for test in data["tests"]] == [3000]


def test_encoding_is_that_of_the_contract() -> None:
    data = classroom_reporter.result(hostile_report())
    assert json.loads(base64.b64decode(encoded(data))) == data


@pytest.mark.parametrize("report", [*REPORTS, *FAULTY])
def test_what_the_reporter_prints_holds_no_command(report: Report) -> None:
    for test in classroom_reporter.result(report)["tests"]:
        for text in (test["name"], test["message"]):
            assert "\n" not in text
            assert "::" not in text
            assert OLD_COMMAND not in text
            assert shows_nothing_hidden(text)


def test_a_status_is_pass_fail_or_error() -> None:
    report = of_every_status()
    data = classroom_reporter.result(report)
    assert data["status"] == "error"  # of an exercise that could not be graded
    of = {
        check.description: check.status
        for exercise in report.exercises
        for check in exercise.checks
    }
    for test in data["tests"]:
        exercise, description = test["name"].split(": ", 1)
        # of an exercise that could not be loaded, the reporter is to show why
        wrong = "error" if exercise == "an_error" else "fail"
        assert test["status"] == ("pass" if of[description] == "passed" else wrong)
    graded = report_of([each for each in report.exercises if each.could_be_graded])
    assert classroom_reporter.result(graded)["status"] == "fail"
    assert classroom_reporter.result(report_of(graded.exercises[:1]))["status"] == "pass"


def test_the_first_test_that_failed_says_why() -> None:
    data = classroom_reporter.result(plain_report([(0, 3), (2, 2)]))
    assert [test["message"] for test in data["tests"]] == ["wrong wrong", "", "", "", ""]


def test_a_verdict_above_the_checks_is_what_its_tests_say() -> None:
    tests = classroom_reporter.result(of_every_status())["tests"]
    told = [(test["name"].split(":")[0], test["message"]) for test in tests if test["message"]]
    assert ("an_missing", "why missing") in told
    # once; what came of a check says the rest
    assert [text for name, text in told if name == "an_error"] == [
        "why error",
        "message error/not_reached",
    ]
    data = classroom_reporter.result(with_violation(plain_report([(3, 3)]), "no x"))
    assert data["status"] == "fail"
    assert ["no x" in test["message"] for test in data["tests"]] == [True]


@pytest.mark.parametrize("report", FAULTY)
def test_a_report_with_faults_is_an_error_without_points(report: Report) -> None:
    """With a maximum of 0 the reporter announces none, and its status makes the job fail."""
    data = classroom_reporter.result(report)
    assert reporter_problems(data) == []
    assert (data["status"], data["max_score"]) == ("error", 0)
    assert [test["status"] for test in data["tests"]] == ["error"] * len(report.faults)
    assert sum(test["score"] for test in data["tests"]) == 0
    assert classroom_reporter.table_note(report) == ""
    assert "Traceback" not in json.dumps(data)


def test_what_a_fault_says() -> None:
    [test] = classroom_reporter.result(with_fault(plain_report([(3, 3)])))["tests"]
    assert test["name"] == "a_fault"
    assert test["message"] == "a_fault: the check is broken, not your code"


def test_many_faults_still_fit() -> None:
    many = report_of([a_fault(f"a_fault_{index}", "그만 " * 300) for index in range(300)])
    data = classroom_reporter.result(many)
    assert reporter_problems(data) == []
    assert len(classroom_reporter.encoded(data)) <= classroom_reporter.MAX_ENCODED
    assert len(data["tests"]) == 300
    more = classroom_reporter.result(report_of(many.exercises * 10))
    assert reporter_problems(more) == []
    assert [(test["status"], test["score"]) for test in more["tests"]] == [("error", 0)]


def test_no_exercises_are_one_test_without_points() -> None:
    data = classroom_reporter.result(report_of([]))
    assert (data["max_score"], data["status"]) == (0, "pass")
    assert [(test["name"], test["score"]) for test in data["tests"]] == [("no points to be had", 0)]
    assert classroom_reporter.table_note(report_of([])) == ""


def test_points_that_a_broken_rule_took_are_not_earned() -> None:
    """Every check may have passed: the tests that count are those whose points were given."""
    report = plain_report([(3, 3), (2, 2)])
    checks = tuple(replace(check, score=0) for check in report.exercises[0].checks)
    data = classroom_reporter.result(
        report_of([replace(report.exercises[0], checks=checks, score=0, status="failed")])
    )
    assert {test["status"] for test in data["tests"]} == {"fail"}
    assert sum(test["score"] for test in data["tests"]) == 0


def test_in_korean() -> None:
    with speaking("ko"):
        data = classroom_reporter.result(plain_report([(6, 6), (0, 4)]))
    assert data["tests"][0]["name"] == "sums: check 0 (3개 중 1번째)"
