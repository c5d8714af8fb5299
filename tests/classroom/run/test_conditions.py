"""What the results of a class depend on, and what its reports do besides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.classroom.run.conditions import Conditions, GradingConditions, Rules
from grader.course.assignment_file import read_assignment
from grader.course.catalog import load_course
from grader.report import CheckResult, Environment, ExerciseResult, Report
from grader.sandbox import Limits
from grader.submission import Source
from tests.synthetic_course import make_course

HERE = Environment("3.11", "2.13", ("cpu",), ("limits",))
SOURCES = {"double": Source.of_text("double.py", "x = 1")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_course(tmp_path / "course")


def conditions(folder: Path, points: int | None = None, **given: Any) -> Conditions:
    course, assigned = load_course(folder), None
    if points is not None:
        file = folder / "a.toml"
        file.write_text(f'title = "t"\n[[exercise]]\nname = "double"\npoints = {points}\n')
        assigned = read_assignment(file).on(course, instructor=True)
        course = assigned.course
    rules = Rules(course, assigned, {}, GradingConditions(**given), False)
    return Conditions(rules, ("double",))


@pytest.mark.parametrize(
    "given", [{"seed": 1}, {"limits": Limits(call_seconds=1)}, {"devices": ["cpu"]}]
)
def test_options_are_in_every_key(folder: Path, given: dict[str, Any]) -> None:
    usual, other = conditions(folder), conditions(folder, **given)
    assert usual.keys(SOURCES) != other.keys(SOURCES)
    assert usual.keys({}) != other.keys({})
    assert usual.of_report != other.of_report
    assert usual.max_scores_by == other.max_scores_by


def test_a_seed_that_is_drawn_is_another_each_time_and_no_condition(folder: Path) -> None:
    one, two = conditions(folder), conditions(folder)
    assert one.blank.seed != two.blank.seed
    assert one.keys(SOURCES) == two.keys(SOURCES)
    assert one.of_report == two.of_report
    assert conditions(folder, seed=7).blank.seed == 7


def test_points_are_in_the_report_alone(folder: Path) -> None:
    own, ten, twenty = conditions(folder), conditions(folder, 10), conditions(folder, 20)
    assert own.keys(SOURCES) == ten.keys(SOURCES) == twenty.keys(SOURCES)
    # an assignment that says what the checks say is as none
    assert own.of_report == ten.of_report != twenty.of_report
    assert own.max_scores_by == ten.max_scores_by != twenty.max_scores_by


def test_a_report_has_the_points_and_what_is_kept_has_not(folder: Path) -> None:
    check = CheckResult("double", "", "passed", 10, 10)
    alone = Report("", (ExerciseResult("double", "", 10, 10, "passed", checks=(check,)),), HERE)
    twenty = conditions(folder, 20)
    given = twenty.report("ada", {"double": alone})
    assert (given.submission, given.score, given.max_score) == ("ada", 20, 20)
    assert twenty.without_assignment(given).exercises == alone.exercises
    assert conditions(folder).report("", {"double": alone}) == alone
