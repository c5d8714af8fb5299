"""The report: to data and back, and as its published schema describes it."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from grader.outputs import json as json_output
from grader.report import (
    CaseResult,
    CheckResult,
    Environment,
    ExerciseResult,
    Picture,
    Report,
    Violation,
)


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


def test_is_immutable(report: Report) -> None:
    with pytest.raises(FrozenInstanceError):
        report.submission = "bob"  # type: ignore[misc]
