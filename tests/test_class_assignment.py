"""The score of record: a class graded by an assignment, with checks kept back and what students changed noted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grader.classroom.gradebook.reader import open_gradebook
from grader.classroom.records import Record
from grader.classroom.report.feedback import html, markdown
from grader.classroom.run.grade_class import grade_class
from grader.course.assignment_file import read_assignment
from grader.course.catalog import load_course
from grader.machines import Machines
from grader.submission.protected import digests
from tests.classes import Here, on_warm_machines
from tests.conftest import ROOT

ASSIGNMENT = """
title = "Lines"
deadline = 2026-12-01T12:00:00+00:00

[late]
points = 2

[[exercise]]
name = "line_fit"
points = 20
visibility = { step = "instructor" }
"""
SOLUTION = (ROOT / "solutions" / "line_fit.py").read_text(encoding="utf-8")
WITHOUT_STEP = SOLUTION.replace("return a - lr * ", "return a + lr * ")


@pytest.fixture(scope="module")
def records(
    tmp_path_factory: pytest.TempPathFactory, machines: Machines
) -> Iterator[dict[str, Record]]:
    folder = tmp_path_factory.mktemp("assignment")
    file = folder / "assignment.toml"
    file.write_text(ASSIGNMENT)
    workflow = Path(".github/workflows/classroom.yml")
    for name, text, told in (
        ("ada", SOLUTION, None),
        ("bob", WITHOUT_STEP, None),
        ("eve", WITHOUT_STEP, {"score": 20, "max_score": 20}),
    ):
        place = folder / "class" / name
        (place / workflow).parent.mkdir(parents=True)
        (place / workflow).write_text("on: push\n" + "# mine\n" * (name == "eve"))
        (place / "line_fit.py").write_text(text, encoding="utf-8")
        if told:
            (place / "result.json").write_text(json.dumps(told))
    assigned = read_assignment(file).on(load_course(), instructor=True)
    given = digests(folder / "class" / "ada", [str(workflow)])
    with (
        on_warm_machines(machines),
        open_gradebook(folder / "class.db", create=True) as gradebook,
    ):
        for _ in range(2):  # the second time from what is kept
            grade_class(
                folder / "class",
                gradebook,
                assigned=assigned,
                protected=given,
                workers=Here().workers,
            )
        assert gradebook.deadline == datetime(2026, 12, 1, 12, tzinfo=UTC)
        assert gradebook.policy.points == 2
        yield {record.student.id: record for record in gradebook.records(texts=True)}


def test_checks_that_are_kept_back_count(records: dict[str, Record]) -> None:
    assert (records["ada"].score, records["ada"].max_score) == (20, 20)
    assert 0 < (records["bob"].score or 0) < 20
    report = records["bob"].report
    assert report
    lost = {check.name for check in report.exercises[0].checks if not check.score}
    assert "step" in lost


def test_feedback_has_the_points_of_checks_that_are_kept_back_alone(
    records: dict[str, Record],
) -> None:
    bob = records["bob"]
    assert bob.kept_back == {"line_fit": frozenset({"step"})}
    assert bob.report
    [secret] = [check for check in bob.report.checks if check.name == "step"]
    for text in (markdown(bob, "Lab"), html(bob, "Lab")):
        assert f"Checks that only your instructor runs: 0 of {secret.points} points." in text
        assert secret.description not in text
    assert "return a + lr * " in html(bob, "Lab")  # with the code


def test_what_was_changed_or_announced_otherwise_is_noted(records: dict[str, Record]) -> None:
    assert records["ada"].notes == ()
    assert records["bob"].notes == ()
    changed, announced = records["eve"].notes
    assert changed == "The protected file .github/workflows/classroom.yml was changed."
    assert announced.startswith("CI announced 20/20 points; the re-run gives ")
    # what CI could see, without the check that is kept back
    total = f"{records['eve'].score}/{records['eve'].max_score}."
    assert not announced.endswith(total)
