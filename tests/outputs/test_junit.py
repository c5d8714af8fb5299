"""JUnit's XML: well-formed, a case a check and one for a verdict above them, and the points in properties."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from grader.outputs import junit
from grader.report import Report
from tests.hostile import (
    ATTACKS,
    FAULTY,
    KOREAN,
    REPORTS,
    hostile_report,
    of_every_status,
    plain_report,
    report_of,
    with_fault,
    with_violation,
)

REPORT = with_violation(hostile_report(), ATTACKS[0])


def whole(root: ElementTree.Element) -> list[ElementTree.Element]:
    """The cases that stand for an exercise and no check: points are in the properties of checks alone."""
    return [case for case in root.findall(".//testcase") if case.find("properties") is None]


@pytest.mark.parametrize("report", REPORTS)
def test_junit(report: Report) -> None:
    root = ElementTree.fromstring(junit.render(report))
    cases = root.findall(".//testcase")
    checks = [check for exercise in report.exercises for check in exercise.checks]
    above = whole(root)
    assert len(cases) == len(checks) + len(above) == int(root.attrib["tests"])
    failed = [check for check in checks if check.status == "failed"]
    failures = len(failed) + sum(case.find("failure") is not None for case in above)
    assert len(root.findall(".//failure")) == failures == int(root.attrib["failures"])
    assert len(root.findall(".//error")) == int(root.attrib["errors"])
    scores = [
        int(each.attrib["value"]) for each in root.findall(".//testcase//property[@name='score']")
    ]
    assert sum(scores) == sum(check.score for check in checks)


def test_junit_is_well_formed_and_holds_no_more_elements() -> None:
    root = ElementTree.fromstring(junit.render(REPORT))
    assert {each.tag for each in root.iter()} == {
        *("testsuites", "testsuite", "testcase", "properties", "property", "failure"),
    }


def test_how_each_status_ends() -> None:
    report = of_every_status()
    root = ElementTree.fromstring(junit.render(report))
    checks = [check for exercise in report.exercises for check in exercise.checks]
    cases = [case for case in root.findall(".//testcase") if case not in whole(root)]
    endings = {
        "passed": None,
        "failed": "failure",
        "timeout": "error",
        "skipped": "skipped",
        "not_started": "skipped",
        "not_reached": "skipped",
    }
    for check, case in zip(checks, cases, strict=True):
        found = [each for each in case if each.tag != "properties"]
        expected = endings[check.status]
        assert [each.tag for each in found] == ([expected] if expected else [])
        for ending in found:
            assert ending.attrib["message"] == check.message
            tried = ending.tag != "skipped"
            assert ending.text == (f"{check.message}\n{check.cause}" if tried else None)
            assert ending.attrib.get("type") == (check.status if tried else None)
    for suite in root.findall("testsuite"):
        for kind in ("failure", "error", "skipped"):
            counted = suite.attrib[{"failure": "failures", "error": "errors"}.get(kind, kind)]
            assert int(counted) == len(suite.findall(f"testcase/{kind}"))


def test_why_an_exercise_has_no_points_is_its_output() -> None:
    [exercise] = plain_report([(0, 3)]).exercises
    faulty = replace(exercise, status="error", message="It cannot be loaded.")
    root = ElementTree.fromstring(junit.render(report_of([faulty, exercise])))
    told = [suite.findtext("system-out") for suite in root.findall("testsuite")]
    assert told == ["It cannot be loaded.", None, None]


def endings(report: Report) -> dict[str, tuple[str, str | None, str | None]]:
    """By exercise, how the case for the whole of it ended: the word, the kind, the text."""
    root = ElementTree.fromstring(junit.render(report))
    [*suites, _score] = root.findall("testsuite")
    found: dict[str, tuple[str, str | None, str | None]] = {}
    for suite in suites:
        for case in whole(suite):
            [ending] = case
            found[suite.attrib["name"]] = (ending.tag, ending.attrib["type"], ending.text)
    return found


def test_a_verdict_above_the_checks_is_a_case_of_its_own() -> None:
    """What a broken rule costs, the checks tell that it cost."""
    broken = with_violation(plain_report([(3, 3), (2, 2)]), "no x")
    assert endings(broken) == {}
    root = ElementTree.fromstring(junit.render(broken))
    assert (root.attrib["failures"], root.attrib["tests"]) == ("2", "2")
    report = of_every_status()
    assert endings(report) == {
        "an_missing": ("failure", "missing", "why missing"),
        "an_not_attempted": ("failure", "not_attempted", "why not_attempted 0/4 points"),
        "an_error": ("error", "error", "why error"),
    }


def test_points_that_no_check_tells_of_are_a_failure() -> None:
    """A check that could not run here, or one not written yet, is skipped, which no CI server minds."""
    partial = of_every_status().exercises[1]
    kept = tuple(check for check in partial.checks if not check.went_wrong)
    assert endings(report_of([replace(partial, checks=kept)])) == {
        "an_partial": ("failure", "partial", "2/12 points")
    }
    assert endings(report_of([partial])) == {}
    assert endings(plain_report([(3, 3)], held_back=2)) == {}


@pytest.mark.parametrize("report", FAULTY)
def test_a_fault_is_an_error_and_no_score(report: Report) -> None:
    root = ElementTree.fromstring(junit.render(report))
    errors = [each for each in root.findall(".//error") if each.attrib["type"] == "fault"]
    assert len(errors) == len(report.faults) <= int(root.attrib["errors"])
    assert all(each.text and "Traceback" not in each.text for each in errors)
    [*suites, score] = root.findall("testsuite")
    for exercise, suite in zip(report.exercises, suites, strict=True):
        told = [each.attrib["name"] for each in suite.findall("properties/property")]
        assert ("score" in told) == (not exercise.is_fault)
        assert not exercise.is_fault or suite.attrib["errors"] == suite.attrib["tests"] == "1"
    values = {each.attrib["name"]: each.attrib["value"] for each in score.iterfind("properties/*")}
    assert "score" not in values


def test_what_a_fault_says() -> None:
    fault = ("error", "fault", "the check is broken, not your code")
    report = with_fault(plain_report([(3, 3)]))
    assert endings(report) == {"a_fault": fault}
    assert 'value="Not graded, through no fault of the submission: a_fault.' in junit.render(report)


def test_in_korean() -> None:
    """In the report's language, whatever the one in use is."""
    text = junit.render(KOREAN)
    assert "편향이 빠졌습니다." in text
    assert "검사 1개 중 0개를 통과했습니다." in text


def test_points_and_what_is_kept_back() -> None:
    root = ElementTree.fromstring(junit.render(plain_report([(1, 3), (3, 3)], held_back=4)))
    suite, score = root.findall("testsuite")
    values = {each.attrib["name"]: each.attrib["value"] for each in suite.iterfind("properties/*")}
    assert values == {"score": "3", "max_score": "6", "held_back": "4", "seed": "7"}
    told = {each.attrib["name"]: each.attrib["value"] for each in score.iterfind("properties/*")}
    assert (told["score"], told["max_score"]) == ("3", "6")
    assert "4 more points" in told["verdict"]
