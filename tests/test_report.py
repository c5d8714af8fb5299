"""The report: to data and back, as its published schema describes it, and what a status means."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace
from importlib.resources import files
from typing import Any, get_args

import jsonschema
import pytest

from grader import report as module
from grader.outputs import json as json_output
from grader.report import (
    CaseResult,
    CheckResult,
    CheckStatus,
    Environment,
    ExerciseResult,
    ExerciseStatus,
    Picture,
    Report,
    Violation,
)
from tests.hostile import of_every_status, report_of


@pytest.fixture
def schema() -> Any:
    return json.loads(files("grader").joinpath("report.schema.json").read_text(encoding="utf-8"))


@pytest.fixture
def report() -> Report:
    check = CheckResult(
        name="forward",
        description="`forward(x)` is x @ weights + bias.",
        status="failed",
        points=3,
        score=0,
        message="forward(x) has shape (5,), expected (5, 1).",
        cause="",
        seconds=0.01,
        cases=(CaseResult("cpu", "float32", "failed"), CaseResult(None, None, "passed")),
        cause_id="extra-dimension",
        place="my_linear.py, line 12",
        pictures=(
            Picture("error", "dw", (2, 2), ((0.5, None), (-1.0, 0.0))),
            Picture("curves", "", (2,), ((1.0, 0.5), (1.0, 0.25))),
        ),
    )
    exercise = ExerciseResult(
        name="my_linear",
        title="A linear layer",
        score=7,
        max_score=10,
        status="partial",
        violations=(Violation(3, "by hand", "no autograd"),),
        checks=(check,),
        seed=5,
    )
    return Report("ada", (exercise, exercise), Environment("3.11", "2.13", ("cpu",), ("x",)))


def test_points_are_summed(report: Report) -> None:
    assert (report.score, report.max_score) == (14, 20)


def test_round_trip(report: Report) -> None:
    assert Report.from_dict(json.loads(json_output.render(report))) == report


def test_data_from_before_causes_had_names_is_read(report: Report) -> None:
    data = report.to_dict()
    for exercise in data["exercises"]:
        for check in exercise["checks"]:
            for name in ("cause_id", "place", "pictures"):
                del check[name]
    check = Report.from_dict(data).exercises[0].checks[0]
    assert (check.cause_id, check.place, check.pictures) == ("", "", ())


def test_matches_its_schema(report: Report, schema: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(json_output.render(report)), schema)


@pytest.mark.parametrize(
    "change", [{"score": 1.5}, {"score": -1}, {"schema": 2}, {"extra": 1}, {"exercises": None}]
)
def test_the_schema_refuses(report: Report, schema: Any, change: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report.to_dict() | change, schema)


def test_another_schema_version_is_refused(report: Report) -> None:
    with pytest.raises(ValueError, match="schema 2"):
        Report.from_dict(report.to_dict() | {"schema": 2})


def test_the_graders_version_is_in_new_reports_and_missing_in_old_ones(
    report: Report, schema: Any
) -> None:
    told = replace(report, environment=replace(report.environment, grader="0.2.0"))
    data = told.to_dict()
    assert data["environment"]["grader"] == "0.2.0"
    jsonschema.validate(data, schema)
    assert Report.from_dict(data) == told
    del data["environment"]["grader"]
    jsonschema.validate(data, schema)
    assert Report.from_dict(data) == report
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data | {"environment": data["environment"] | {"grader": 1}}, schema)


def test_is_immutable(report: Report) -> None:
    with pytest.raises(FrozenInstanceError):
        report.submission = "bob"  # type: ignore[misc]


def test_no_exercises_are_no_points() -> None:
    empty = Report("ada", (), Environment("3.11", "2.13", ("cpu",), ()))
    assert (empty.score, empty.max_score, empty.held_back, list(empty.checks)) == (0, 0, 0, [])
    assert Report.from_dict(empty.to_dict()) == empty


def test_sums_and_checks_are_those_of_all_exercises(report: Report) -> None:
    first, second = report.exercises
    changed = replace(report, exercises=(first, replace(second, held_back=3)))
    assert changed.held_back == 3
    assert list(changed.checks) == [*first.checks, *second.checks]


def test_data_is_not_shared_with_the_report(report: Report) -> None:
    data = report.to_dict()
    data["exercises"][0]["checks"].clear()
    data["environment"]["devices"].append("x")
    assert report.exercises[0].checks
    assert report.environment.devices == ("cpu",)


@pytest.mark.parametrize(
    ("change", "kept"),
    [("language", "en"), ("environment", ())],
)
def test_data_from_before_it_had_these_is_read(report: Report, change: str, kept: object) -> None:
    data = report.to_dict()
    if change == "language":
        del data["language"]
        assert Report.from_dict(data).language == kept
    else:
        del data["environment"]["absent"]
        assert Report.from_dict(data).environment.absent == kept


def drawn(head: str) -> dict[str, set[str]]:
    """The table at the top of the module: by status, the properties that hold, of exercises or of checks."""
    lines = (module.__doc__ or "").splitlines()
    start = next(number for number, line in enumerate(lines) if "was_attempted" in line)
    left, right = lines[start].index("exercise"), lines[start].index("check ")
    first, last = (left, right) if head == "exercise" else (right, None)
    names = {}
    for name in lines[start][first:last].split()[1:]:
        names[name] = lines[start].index(name)
    table: dict[str, set[str]] = {}
    for line in lines[start + 1 :]:
        if cell := line[first:last].strip("├└─ x"):
            marks = [place for place, letter in enumerate(line) if letter == "x"]
            table[cell.split()[0]] = {
                name
                for name, place in names.items()
                if any(place <= mark < place + len(name) for mark in marks)
            }
    return table


@pytest.mark.parametrize("status", get_args(CheckStatus))
def test_what_the_status_of_a_check_means_is_as_it_is_drawn(status: CheckStatus) -> None:
    check = CheckResult("a", "b", status, 1, 0)
    names = ("was_tried", "went_wrong", "is_told")
    assert {name for name in names if getattr(check, name)} == drawn("check")[status]


@pytest.mark.parametrize("status", get_args(ExerciseStatus))
def test_what_the_status_of_an_exercise_means_is_as_it_is_drawn(status: ExerciseStatus) -> None:
    exercise = ExerciseResult("a", "b", 0, 1, status)
    names = ("was_attempted", "could_be_graded")
    assert {name for name in names if getattr(exercise, name)} == drawn("exercise")[status]


def test_what_is_told_is_what_is_the_students_to_mend() -> None:
    """Held here by hand, should the drawing change with the code."""
    checks = [CheckResult("a", "b", status, 1, 0) for status in get_args(CheckStatus)]
    wrong = [check.status for check in checks if check.went_wrong]
    assert wrong == ["failed", "timeout"]
    assert [check.status for check in checks if check.is_told] == [*wrong, "skipped"]
    assert [check.status for check in checks if check.was_tried] == ["passed", *wrong]


def test_faults_are_the_exercises_without_a_verdict(report: Report) -> None:
    assert report.faults == ()
    fault = ExerciseResult("c", "C", 0, 5, "fault", "the check is broken", traceback="line 3")
    assert replace(report, exercises=(*report.exercises, fault)).faults == (fault,)
    assert fault.was_attempted
    assert not fault.could_be_graded


def test_a_report_with_faults_has_no_score_in_its_data(report: Report, schema: Any) -> None:
    fault = ExerciseResult("c", "C", 0, 5, "fault", "the check is broken", traceback="line 3")
    faulty = replace(report, exercises=(*report.exercises, fault))
    data = json.loads(json_output.render(faulty))
    jsonschema.validate(data, schema)
    assert (data["score"], data["exercises"][2]["score"]) == (None, None)
    assert data["exercises"][0]["score"] == 7
    assert Report.from_dict(data) == faulty


def test_all_points_are_those_of_a_verdict_without_a_flaw() -> None:
    full = ExerciseResult("a", "A", 5, 5, "passed")
    here = Environment("3.11", "2.13", ("cpu",), ())
    assert full.has_all_points
    assert Report("x", (full,), here).has_all_points
    assert Report("x", (), here).has_all_points
    for flawed in (
        replace(full, score=4, status="partial"),
        replace(full, score=0, max_score=0, status="fault"),
        replace(full, score=0, max_score=0, status="error"),
        replace(full, violations=(Violation(1, "r", "no"),)),
    ):
        assert not flawed.has_all_points
        assert not Report("x", (full, flawed), here).has_all_points


def test_points_are_earned_by_passing() -> None:
    passed = CheckResult("a", "b", "passed", 3, 3)
    assert passed.is_earned
    assert not replace(passed, score=0).is_earned
    assert not replace(passed, status="failed").is_earned
    assert replace(passed, points=0, score=0).is_earned


@pytest.mark.parametrize("status", get_args(ExerciseStatus))
def test_only_a_pass_needs_no_explanation(status: ExerciseStatus) -> None:
    exercise = ExerciseResult("a", "b", 0, 1, status, message="told")
    assert exercise.explanation == ("" if status == "passed" else "told")


def test_the_schema_knows_the_statuses(schema: Any) -> None:
    kinds = schema["$defs"]
    assert set(kinds["exercise"]["properties"]["status"]["enum"]) == set(get_args(ExerciseStatus))
    check = kinds["check"]["properties"]
    assert set(check["status"]["enum"]) == set(get_args(CheckStatus))
    assert check["cases"]["items"]["properties"]["status"]["enum"] == check["status"]["enum"]


def test_the_schema_knows_every_field_and_no_property(report: Report, schema: Any) -> None:
    data = report.to_dict()
    for made, told in (
        (data, schema),
        (data["environment"], schema["properties"]["environment"]),
        (data["exercises"][0], schema["$defs"]["exercise"]),
        (data["exercises"][0]["checks"][0], schema["$defs"]["check"]),
        (data["exercises"][0]["checks"][0]["pictures"][0], schema["$defs"]["picture"]),
    ):
        assert set(made) == set(told["properties"])


def test_untouched_is_a_report_of_stubs_alone() -> None:
    kinds = {each.status: each for each in of_every_status().exercises}
    assert report_of([kinds["not_attempted"]]).is_untouched
    assert not report_of([kinds["not_attempted"], kinds["missing"]]).is_untouched
    assert not report_of([kinds["passed"]]).is_untouched
    assert not report_of([]).is_untouched
