"""In every output: what lacks points never looks passed, a fault is never scored, and full points look passed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from xml.etree import ElementTree

import pytest

from grader.cli.check import exit_status
from grader.outputs import (
    classroom50_result,
    classroom_reporter,
    github,
    gradescope_results,
    junit,
    notebook_html,
    terminal,
    watch_screen,
    wording,
)
from grader.outputs import json as json_output
from grader.outputs.progress import ProgressEntry, bar
from grader.report import CheckResult, CheckStatus, ExerciseResult, Report, Violation
from tests.contracts import ENVIRON
from tests.hostile import a_fault, console, report_of

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SEED = 16
KINDS = (
    "passed",
    "partial",
    "not_started",
    "rule",
    "error",
    "missing",
    "fault",
    "skipped",
    "empty",
)
NAMES = ("line_fit", "losses", "my_linear", "mlp_backward")


def drawn_check(random: Random, at: int, status: CheckStatus) -> CheckResult:
    points = random.randint(1, 4)
    told = "" if status == "passed" else f"message {at}"
    score = points if status == "passed" else 0
    return CheckResult(f"check_{at}", f"what is asked, {at}", status, points, score, told)


def drawn_exercise(random: Random, name: str, kind: str) -> ExerciseResult:
    """An exercise as a grading of that kind leaves it."""
    if kind == "fault":
        return a_fault(name)
    if kind == "empty":  # all of its checks are kept back
        return ExerciseResult(name, name.title(), 0, 0, "missing", "Only your instructor.")
    statuses: dict[str, tuple[CheckStatus, ...]] = {
        "passed": ("passed",),
        "rule": ("passed",),
        "error": ("not_reached",),
        "missing": ("not_reached",),
        "not_started": ("not_started", "not_reached"),
        "skipped": ("passed", "skipped"),
        "partial": ("passed", "failed", "timeout", "not_started"),
    }
    checks = [
        drawn_check(random, at, random.choice(statuses[kind])) for at in range(random.randint(1, 5))
    ]
    if kind in ("skipped", "partial"):  # at least one of what makes it so
        checks.append(drawn_check(random, 9, statuses[kind][-1]))
    most = sum(check.points for check in checks)
    if kind == "rule":
        checks = [replace(check, status="failed", score=0, message="no x") for check in checks]
    score = sum(check.score for check in checks)
    status = {
        "passed": "passed",
        "error": "error",
        "missing": "missing",
        "not_started": "not_attempted",
    }.get(kind, "partial" if score else "failed")
    return ExerciseResult(
        *(name, name.title(), score, most, status),  # type: ignore[arg-type]
        message="" if kind in ("passed", "partial") else f"why {kind}",
        violations=(Violation(3, "by hand", "no x", tuple(check.name for check in checks)),)
        if kind == "rule"
        else (),
        checks=tuple(checks),
        held_back=random.choice((0, 0, 3)),
    )


def drawn_reports() -> Iterator[Report]:
    random = Random(SEED)
    for name in NAMES:  # each kind alone, and beside one that passed
        for kind in KINDS:
            alone = drawn_exercise(random, name, kind)
            yield report_of([alone])
            yield report_of([drawn_exercise(random, "derivative", "passed"), alone])
    for _ in range(150):
        # mostly such that passed, so that some reports are full
        weights = [14 if kind == "passed" else 1 for kind in KINDS]
        kinds = random.choices(KINDS, weights, k=random.randint(1, len(NAMES)))
        named = zip(NAMES, kinds, strict=False)
        yield report_of([drawn_exercise(random, name, kind) for name, kind in named])


REPORTS_DRAWN = list(drawn_reports())


@dataclass(frozen=True)
class Face:
    """What whoever reads an output takes from it.

    Attributes:
        passed: whether it says that all is well.
        total: the score of the submission; `None` where it has none.
    """

    passed: bool
    total: int | None


def points_in(text: str) -> int | None:
    found = re.search(r"(\d+)/\d+ points", text)
    return int(found[1]) if found else None


def at_a_terminal(report: Report) -> Face:
    paper, out = console(200)
    terminal.render(report, paper)
    text = out.getvalue()
    heads = [line.rstrip() for line in text.splitlines() if re.match(r"\S \w+  ", line)]
    assert len(heads) == len(report.exercises)
    worth = heads[-1].split("  ")[1]  # a single exercise has no line of the total
    single = int(worth.split("/")[0]) if "/" in worth else None
    total = points_in(text) if len(heads) > 1 else single
    marks = {head[0] for head in heads}
    return Face(marks <= {"✓", "?"} and total == report.max_score, total)


def in_a_notebook(report: Report) -> Face:
    html = notebook_html.render(report)
    heads = re.findall(r">(\S+)</span> <b>\w+  (not graded|\d+/\d+)</b>", html)
    assert len(heads) == len(report.exercises)
    scored = [worth.split("/") for _, worth in heads if "/" in worth]
    total = sum(int(score) for score, _ in scored) if len(scored) == len(heads) else None
    full = total is not None and all(score == most for score, most in scored)
    return Face(full and {mark for mark, _ in heads} <= {"✓", "?"}, total)


def on_the_watchers_screen(report: Report) -> Face:
    entries = tuple(
        ProgressEntry(each.name, "", "", each.status, each.score, each.max_score)
        for each in report.exercises
    )
    paper, out = console(200)
    for exercise in report.exercises:
        watch_screen.render(watch_screen.Screen("", entries, result=exercise), paper)
    assert ("not graded" in out.getvalue()) == bool(report.faults)
    words = bar(entries, 200).plain
    total = None if "not graded" in words else points_in(words)
    return Face(total == sum(entry.points for entry in entries), total)


def as_json(report: Report) -> Face:
    data = json.loads(json_output.render(report))
    wrong = any(each["violations"] or each["status"] == "error" for each in data["exercises"])
    return Face(not wrong and data["score"] == data["max_score"], data["score"])


def as_junit(report: Report) -> Face:
    root = ElementTree.fromstring(junit.render(report))
    wrong = [len(root.findall(f".//{kind}")) for kind in ("failure", "error")]
    assert wrong == [int(root.attrib["failures"]), int(root.attrib["errors"])]
    suites = root.findall("testsuite")
    for kind, counted in zip(("failures", "errors"), wrong, strict=True):
        assert sum(int(suite.attrib[kind]) for suite in suites) == counted
    score = suites[-1].find("properties/property[@name='score']")
    return Face(wrong == [0, 0], None if score is None else int(score.attrib["value"]))


def in_githubs_summary(report: Report) -> Face:
    text = github.summary(report).replace("\\", "")
    [head] = re.findall("^### (.*)", text, re.MULTILINE)
    rows = re.findall(r"^\| (\S+) \| \w+ \| (\S+)", text, re.MULTILINE)
    assert len(rows) == len(report.exercises)
    passed = bool(re.search(r"^All (public checks passed|points)\.", text, re.MULTILINE))
    assert {mark for mark, _ in rows} <= {"✅", "⬜"} or not passed
    return Face(passed, points_in(head))


def in_githubs_log(report: Report) -> Face:
    announced = github.points(report)
    found = re.search(r"Points (\d+)/(\d+)", announced)
    shown = at_a_terminal(report)
    total = int(found[1]) if found else None
    if not report.max_score:  # of no points, none are announced
        return Face(shown.passed, shown.total)
    return Face(found is not None and found[1] == found[2] and shown.passed, total)


def for_classrooms_reporter(report: Report) -> Face:
    data = classroom_reporter.result(report)
    green = data["status"] not in ("fail", "error")
    if not data["max_score"]:  # the reporter announces no points
        return Face(green, None if report.faults else 0)
    return Face(green, sum(test["score"] for test in data["tests"]))


def for_classroom50(report: Report) -> Face:
    data = json.loads(classroom50_result.render(report, ENVIRON, NOW))
    passed = all(test["passed"] for test in data["tests"]) and "score" in data
    return Face(passed, data.get("score"))


def for_gradescope(report: Report) -> Face:
    data = json.loads(gradescope_results.render(report))
    if "score" not in data:
        assert "tests" not in data  # from whose scores it would make one
        return Face(False, None)
    passed = all(test["status"] == "passed" for test in data["tests"])
    return Face(passed, data["score"])


def in_a_sentence(report: Report) -> Face:
    told = wording.verdict(report)
    total = None if told == wording.no_score(report) else report.score
    return Face(told.startswith(("All points.", "All public checks passed.")), total)


def by_its_exit_status(report: Report) -> Face:
    return Face(exit_status(report, False) == 0, None if report.faults else report.score)


FACES: tuple[Callable[[Report], Face], ...] = (
    at_a_terminal,
    in_a_notebook,
    on_the_watchers_screen,
    as_json,
    as_junit,
    in_githubs_summary,
    in_githubs_log,
    for_classrooms_reporter,
    for_classroom50,
    for_gradescope,
    in_a_sentence,
    by_its_exit_status,
)


def test_the_draw_has_some_of_each() -> None:
    faulty = [report for report in REPORTS_DRAWN if report.faults]
    full = [report for report in REPORTS_DRAWN if report.has_all_points]
    assert min(len(faulty), len(full), len(REPORTS_DRAWN) - len(faulty) - len(full)) >= 30


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.__name__)
def test_no_output_shows_points_as_what_they_are_not(face: Callable[[Report], Face]) -> None:
    for report in REPORTS_DRAWN:
        seen = face(report)
        statuses = [each.status for each in report.exercises]
        assert seen.passed == report.has_all_points, statuses
        assert seen.total == (None if report.faults else report.score), statuses


@pytest.mark.parametrize("exit_zero", [False, True])
def test_a_fault_has_an_exit_status_that_says_so(exit_zero: bool) -> None:
    """A service that is told of no points by the status (`--exit-zero`) is told of a fault all the same."""
    for report in REPORTS_DRAWN:
        status = exit_status(report, exit_zero)
        unloadable = any(each.status == "error" for each in report.exercises)
        assert (status == 2) == (bool(report.faults) or (unloadable and not exit_zero))
        assert exit_zero or (status == 0) == report.has_all_points


NOTE = "line_fit.py, line 7: importing the file raises NameError"


@pytest.mark.parametrize(
    "shown",
    [
        github.log,
        json_output.render,
        notebook_html.render,
        junit.render,
        github.summary,
        lambda report: github.remarks(report, {"line_fit": "exercises/line_fit.py"}),
        lambda report: gradescope_results.render(report, {}),
    ],
)
def test_a_note_is_shown_whatever_the_points_are(shown: Callable[[Report], str]) -> None:
    """What was passed over in the file costs nothing, and is told all the same."""
    random = Random(SEED)
    for kind in ("passed", "partial", "not_started"):
        exercise = replace(drawn_exercise(random, "line_fit", kind), notes=(NOTE,))
        assert "importing the file raises NameError" in shown(report_of([exercise]))
        assert "importing the file" not in shown(report_of([replace(exercise, notes=())]))
