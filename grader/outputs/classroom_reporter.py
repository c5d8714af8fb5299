"""The result that GitHub Classroom's reporter (`autograding-grading-reporter`) reads, and what it will make of it.

The reporter announces the sum of the tests' scores, but fills its table with `passed / number of tests * max_score`.
The two agree when every test is worth the same: so a check of three points is three tests of one point (or of whatever
number divides the points of all checks). Everything is whole numbers: a total such as `3.0000000000000004/4` was taken
for 0. The reporter prints names and messages as they are, so they are made harmless here.

With a maximum of 0 the reporter announces no points at all: that is what a report with faults gives it. The status of
the whole is then `error`, which makes the job fail.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator
from typing import Any

from ..language import _
from ..report import CheckResult, ExerciseResult, Report
from .escape import log_line, one_line
from .wording import reason

# Linux gives one environment variable 131,072 bytes, name and NUL included; the rest is room for the name
MAX_ENCODED = 120_000
MAX_TESTS = 400
# lengths of names and messages, tried in turn until the result is small enough
_LENGTHS = ((120, 600), (120, 200), (80, 0), (40, 0), (20, 0))


def result(report: Report) -> dict[str, Any]:
    """The result as plain data; its tests' scores sum up to `report.score`, and `max_score` is the report's.

    A report without any points gives a single test and `max_score` 0, of which the reporter announces nothing; one
    with faults gives `max_score` 0 and a test for each of them.
    """
    status, score, most = _status(report), report.score, report.max_score
    if report.faults:
        score = most = 0
    for lengths in _LENGTHS:
        tests = list(_faults(report, *lengths) if report.faults else _all_tests(report, *lengths))
        data = {
            "version": 1,
            "status": status,
            "max_score": most,
            "tests": tests or [_test(_("no points to be had"), status, 0, "")],
        }
        if len(encoded(data)) <= MAX_ENCODED:
            return data
    # so many checks that no name fits: the total alone is still right
    return data | {"tests": [_test(_("all checks"), status, score, "")]}


def encoded(data: dict[str, Any]) -> str:
    """The result in base64, on one line, as the step's output `result` holds it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")


def table_note(report: Report) -> str:
    """Why the reporter's table does not show the report's score; empty where it does.

    The quotient is worked out as JavaScript does, in float64.
    """
    data = result(report)
    passed = sum(test["status"] == "pass" for test in data["tests"])
    quotient = passed / len(data["tests"]) * report.max_score
    if report.faults or not report.max_score or quotient == report.score:
        return ""
    return _(
        "The table of Classroom's reporter shows {shown!r} where the score is {score}: it "
        "multiplies the maximum by the share of the tests that passed. The points that it "
        "announces are right."
    ).format(shown=quotient, score=report.score)


def _unit(report: Report) -> int:
    """The most points that divide those of every check; 0 where a test per check has to do."""
    points = [check.points for check in report.checks]
    scores = [check.score for check in report.checks]
    unit = math.gcd(*points, *scores)
    return unit if unit and sum(points) // unit <= MAX_TESTS else 0


def _status(report: Report) -> str:
    if report.has_all_points:
        return "pass"
    wrong = any(each.status in ("error", "fault") for each in report.exercises)
    return "error" if wrong else "fail"


def _faults(report: Report, name_length: int, message_length: int) -> Iterator[dict[str, Any]]:
    """A test for each exercise that was not graded; the reporter shows its message in place of its name."""
    for exercise in report.faults:
        name = one_line(exercise.name, name_length)
        told = f"{name}: {one_line(exercise.message, message_length)}" if message_length else ""
        yield _test(name, "error", 0, told)


def _all_tests(report: Report, name_length: int, message_length: int) -> Iterator[dict[str, Any]]:
    unit = _unit(report)
    for exercise in report.exercises:
        tests = [
            test
            for check in exercise.checks
            for test in _tests(exercise, check, unit, name_length, message_length)
        ]
        lost = next((test for test in tests if test["status"] != "pass"), None)
        if lost and message_length and (why := reason(exercise)):
            lost["message"] = log_line(one_line(why, message_length))
        yield from tests


def _tests(
    exercise: ExerciseResult, check: CheckResult, unit: int, name_length: int, message_length: int
) -> Iterator[dict[str, Any]]:
    """A check's points as tests: those that were earned first. A check without points is none."""
    name = one_line(f"{exercise.name}: {check.description}", name_length)
    number = check.points // unit if unit else min(check.points, 1)
    earned = check.score // unit if unit else int(check.score == check.points)
    for index in range(number):
        of = (
            _(" ({index} of {number})").format(index=index + 1, number=number) if number > 1 else ""
        )
        score = unit if unit else check.score
        if index < earned:
            yield _test(name + of, "pass", score, "")
            continue
        # the reporter shows the message of an `error` alone
        status = "error" if exercise.status == "error" else "fail"
        message = f"{check.message} {check.cause}" if index == earned and message_length else ""
        yield _test(name + of, status, 0 if unit else score, one_line(message, message_length))


def _test(name: str, status: str, score: int, message: str) -> dict[str, Any]:
    return {
        "name": log_line(name),
        "status": status,
        "score": score,
        "message": log_line(message),
        "test_code": "",
        "filename": "",
        "line_no": 0,
        "duration": 0,
    }
