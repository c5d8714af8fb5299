"""What the services get: valid by their contracts, in whole points, and the report's."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from grader.errors import ServiceError
from grader.outputs import (
    classroom50_result,
    classroom_reporter,
    github,
    gradescope_results,
    junit,
    wording,
)
from grader.report import Report

from .contracts import (
    GRADESCOPE,
    classroom50_problems,
    encoded,
    reporter_problems,
)
from .hostile import FORGED, hostile_report, plain_report, report_of, with_violation

NOW = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
ENVIRON = {
    "CLASSROOM": "dl",
    "ASSIGNMENT": "layers",
    "ASSIGNMENT_TYPE": "individual",
    "OWNER": "ada",
    "SUBMISSION_TAG": "submit/2026-11-20T10-00-00Z-a1b2c3d",
    "COMMIT_URL": "https://example.org/c",
    "RELEASE_URL": "https://example.org/r",
    "REVIEW_URL": "https://example.org/v",
}
SHARES = (0.0, 0.5, 1.0)
REPORTS = [
    *(hostile_report(share) for share in SHARES),
    hostile_report(0.5, held_back=4),
    with_violation(hostile_report(), FORGED),
    plain_report([(1, 3), (3, 3), (0, 4)]),
    plain_report([(0, 0)]),
    report_of([]),
]


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


def test_the_note_on_the_table_stands_in_the_summary() -> None:
    many = plain_report([(1000, 1000), (0, 7)])  # too many points for a test each
    assert "shows 503.5 where the score is 1000" in classroom_reporter.table_note(many)
    assert "shows 503" in github.summary(many)
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


@pytest.mark.parametrize("report", REPORTS)
def test_the_points_are_announced_as_the_reporter_does(report: Report) -> None:
    lines = github.points(report).splitlines()
    if not report.max_score:
        assert lines == []
        return
    told = f"Points {report.score}/{report.max_score}"
    assert lines == [
        f"::notice title=Autograding complete::{told}",
        f'::notice title=Autograding report::{{"totalPoints":{report.score},"maxPoints":{report.max_score}}}',
    ]


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
def test_junit(report: Report) -> None:
    root = ElementTree.fromstring(junit.render(report))
    cases = root.findall(".//testcase")
    checks = [check for exercise in report.exercises for check in exercise.checks]
    assert len(cases) == len(checks) == int(root.attrib["tests"])
    failed = [check for check in checks if check.status == "failed"]
    assert len(root.findall(".//failure")) == len(failed) == int(root.attrib["failures"])
    scores = [
        int(each.attrib["value"]) for each in root.findall(".//testcase//property[@name='score']")
    ]
    assert sum(scores) == sum(check.score for check in checks)


@pytest.mark.parametrize("report", REPORTS)
def test_the_summary_fits_and_tells_the_score(report: Report) -> None:
    text = github.summary(report)
    assert len(text.encode()) < 1 << 20
    assert f"### {report.score}/{report.max_score} points" in text


def test_a_summary_that_is_too_long_says_what_it_leaves_out() -> None:
    long = hostile_report(0.0, exercises=18)
    huge = report_of(long.exercises * 15)
    text = github.summary(huge)
    assert 500_000 < len(text.encode()) < 1 << 20
    assert "parts are left out" in text
    tokens = MarkdownIt("commonmark", {"html": True}).parse(text)
    blocks = "".join(token.content for token in tokens if token.type == "html_block")
    assert blocks.count("<details>") == blocks.count("</details>") > 100


def test_annotations_name_the_line() -> None:
    import dataclasses

    report = plain_report([(0, 1), (0, 2)])
    first, second = report.exercises[0].checks
    second = dataclasses.replace(second, message="It raised: sums.py, line 12: x = y")
    exercise = dataclasses.replace(report.exercises[0], checks=(first, second))
    report = report_of([exercise])
    lines = github.remarks(report, {"sums": "exercises/sums.py"}).splitlines()
    # what has a line is the most useful, and comes first
    assert lines[0].startswith("::error file=exercises/sums.py,line=12,title=sums%3A check 1::")
    assert lines[1].startswith("::error file=exercises/sums.py,title=sums%3A check 0::")
    notebook = github.remarks(report, {"sums": "sums.ipynb"})
    assert "line=" not in notebook


def test_nobody_says_all_where_checks_are_kept_back() -> None:
    full = plain_report([(2, 2)], held_back=3)
    told = "All public checks passed. 3 more points are for checks that only your instructor runs."
    assert wording.verdict(full) == told
    assert wording.verdict(plain_report([(2, 2)])) == "All points."
    assert wording.verdict(plain_report([(0, 2)], held_back=1)) == (
        "0 of 1 public checks passed. 1 more point is for checks that only your instructor runs."
    )
    assert "All public checks passed" in github.summary(full)
    assert "(+3 kept back)" in github.summary(full).replace("\\", "")


def test_encoding_is_that_of_the_contract() -> None:
    data = classroom_reporter.result(hostile_report())
    assert json.loads(base64.b64decode(encoded(data))) == data
