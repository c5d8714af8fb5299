"""JUnit's XML: well-formed, a case a check, and the points in properties."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from grader.outputs import junit
from grader.report import Report, Violation
from tests.hostile import (
    ATTACKS,
    REPORTS,
    hostile_report,
    of_every_status,
    plain_report,
    report_of,
    with_violation,
)

REPORT = with_violation(hostile_report(), ATTACKS[0])


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


def test_junit_is_well_formed_and_holds_no_more_elements() -> None:
    root = ElementTree.fromstring(junit.render(REPORT))
    assert {each.tag for each in root.iter()} == {
        *("testsuites", "testsuite", "testcase", "properties", "property", "failure", "system-out"),
    }


def test_how_each_status_ends() -> None:
    report = of_every_status()
    root = ElementTree.fromstring(junit.render(report))
    checks = [check for exercise in report.exercises for check in exercise.checks]
    cases = root.findall(".//testcase")
    endings = {
        "passed": None,
        "failed": "failure",
        "timeout": "error",
        "error": "error",
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
    broken = replace(exercise, violations=(Violation(7, "r", "no x"),))
    faulty = replace(exercise, status="error", message="It cannot be loaded.")
    root = ElementTree.fromstring(junit.render(report_of([broken, faulty, exercise])))
    told = [suite.findtext("system-out") for suite in root.findall("testsuite")]
    assert told == ["line 7: no x", "It cannot be loaded.", None, None]


def test_points_and_what_is_kept_back() -> None:
    root = ElementTree.fromstring(junit.render(plain_report([(1, 3), (3, 3)], held_back=4)))
    suite, score = root.findall("testsuite")
    values = {each.attrib["name"]: each.attrib["value"] for each in suite.find("properties") or []}
    assert values == {"score": "3", "max_score": "6", "held_back": "4", "seed": "7"}
    told = {each.attrib["name"]: each.attrib["value"] for each in score.find("properties") or []}
    assert (told["score"], told["max_score"]) == ("3", "6")
    assert "4 more points" in told["verdict"]
