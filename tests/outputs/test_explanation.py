"""What a tutor is told: data by its schema, a text, and of a fault nothing but its sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from grader.outputs import explanation
from grader.report import (
    CallInput,
    CheckResult,
    Difference,
    ExerciseResult,
    FailedCall,
    Report,
    Violation,
)
from tests.hostile import ATTACKS, FAULTY, KOREAN, REPORTS, a_fault, everything_hostile, report_of

SCHEMA = json.loads(files("grader").joinpath("explanation.schema.json").read_text("utf-8"))
BY_SCHEMA = jsonschema.Draft202012Validator(
    SCHEMA
)  # once: to make one, or to check the schema, takes its time
CALL = FailedCall(
    "measure(x=x, y=y)",
    "def measure(x, y):\n    return sums.total(x, y)",
    "import torch\n\nimport sums\n\n# all of it\n",
    False,
    "cpu",
    (CallInput("x", "torch.tensor([1.0])", "float32 (1,)"), CallInput("y", "", "float32 (99, 3)")),
    Difference("total(x, y)", "value", "2", "3"),
)


def one(exercise: ExerciseResult, language: str = "en") -> Report:
    return replace(report_of([exercise]), language=language)


def wrong(**more: Any) -> CheckResult:
    return CheckResult(
        *("total", "`total` adds up.", "failed", 3, 0, "total(x, y) is 2, expected 3.", "A term is missing."),
        cause_id="missing-term",
        **more,
    )  # fmt: skip


def sums(*checks: CheckResult, **more: Any) -> ExerciseResult:
    return ExerciseResult("sums", "Sums", 0, 3, "failed", checks=checks, seed=5, **more)


def test_the_schema_is_one() -> None:
    BY_SCHEMA.check_schema(SCHEMA)


@pytest.mark.parametrize("report", [*REPORTS, *FAULTY])
def test_every_exercise_by_the_schema(report: Report) -> None:
    for exercise in report.exercises:
        calls = dict.fromkeys([check.name for check in exercise.checks], CALL)
        for known in ({}, calls):
            data = explanation.data_of(one(exercise), known, ["a nudge"])
            BY_SCHEMA.validate(data)
            assert json.loads(json.dumps(data)) == data
            told = len(data["failures"]), len(data["not_run"]), len(data["passed"])
            assert sum(told) == len(exercise.checks)
            assert [bool(each["call"]) for each in data["failures"]] == [bool(known)] * told[0]


def test_what_came_back_is_beside_what_was_asked() -> None:
    check = wrong(place="sums.py, line 12", printed="here")
    [failure] = explanation.data_of(one(sums(check)), {"total": CALL})["failures"]
    assert failure["asked"] == "`total` adds up."
    assert failure["call"]["expression"] == "measure(x=x, y=y)"
    assert [each["value"] for each in failure["call"]["inputs"]] == ["torch.tensor([1.0])", ""]
    assert failure["difference"] == {
        "what": "total(x, y)",
        "aspect": "value",
        "received": "2",
        "expected": "3",
    }
    assert failure["look_at"] == {"place": "sums.py, line 12", "file": "sums.py", "line": 12}
    assert (failure["cause_id"], failure["printed"]) == ("missing-term", "here")


@pytest.mark.parametrize(
    ("language", "place", "file", "line"),
    [
        ("en", "work.ipynb, cell 4, line 2", "work.ipynb, cell 4", 2),
        ("ko", "work.py, 12번째 줄", "work.py", 12),
        ("en", "a, line 3, line 12", "a, line 3", 12),
        ("en", "somewhere else", "somewhere else", None),
    ],
)
def test_a_place_in_its_parts(language: str, place: str, file: str, line: int | None) -> None:
    exercise = sums(wrong(place=place))
    [failure] = explanation.data_of(one(exercise, language), {})["failures"]
    assert failure["look_at"] == {"place": place, "file": file, "line": line}


def test_of_a_fault_its_sentence_alone() -> None:
    """Its traceback shows lines of the check, and what it compares with."""
    report = one(a_fault())
    data = explanation.data_of(report, {})
    assert data["score"] is None
    assert data["message"] == "the check is broken, not your code"
    for told in (json.dumps(data), explanation.text_of(report, {})):
        assert "broken, not your code" in told
        assert "SECRET" not in told
        assert "Traceback" not in told


def test_remarks_for_the_instructor_are_not_told() -> None:
    exercise = sums(wrong(), remarks=("looks at frames",))
    for told in (
        json.dumps(explanation.data_of(one(exercise), {})),
        explanation.text_of(one(exercise), {}),
    ):
        assert "frames" not in told


def test_a_rule_has_its_line_and_its_checks() -> None:
    broken = Violation(7, "by hand", "autograd was seen", ("total",))
    data = explanation.data_of(one(sums(wrong(), violations=(broken,))), {})
    [rule] = data["rules"]
    assert rule == {
        "line": 7,
        "rule": "by hand",
        "message": "autograd was seen",
        "checks": ["total"],
    }


class TestText:
    def test_the_order(self) -> None:
        check = wrong(place="sums.py, line 12", printed="here")
        text = explanation.text_of(one(sums(check)), {"total": CALL}, ["a nudge", "the way"])
        parts = (
            *("sums  0/3  Sums", "`total` adds up.", "→ A term is missing.", "total(x, y) is 2, expected 3."),
            *("Look at sums.py, line 12.", "def measure(x, y):", "x = torch.tensor([1.0])"),
            *("y = …  # float32 (99, 3)", "measure(x=x, y=y)\n", "Your code printed:", "here", "1. a nudge"),
            *("2. the way", "grader check sums --seed 5"),
        )  # fmt: skip
        places = [text.index(part) for part in parts]
        assert places == sorted(places)

    def test_a_mistake_is_told_once(self) -> None:
        again = replace(wrong(same_as="total"), name="again", description="`again` adds up.")
        calls = {"total": CALL, "again": CALL}
        report = one(sums(wrong(), again))
        told = explanation.data_of(report, calls)["failures"]
        assert [each["same_as"] for each in told] == ["", "total"]
        text = explanation.text_of(report, calls)
        assert text.count("A term is missing.") == 1
        assert text.count("def measure") == 1
        assert "The same mistake as above." in text.partition("`again` adds up.")[2]

    def test_hints_are_for_who_needs_one(self) -> None:
        done = ExerciseResult("sums", "Sums", 3, 3, "passed")
        assert "nudge" not in explanation.text_of(one(done), {}, ["a nudge"])
        assert "Hints" not in explanation.text_of(one(sums(wrong())), {})

    def test_in_the_reports_language(self) -> None:
        text = explanation.text_of(KOREAN, {"forward": CALL})
        assert "호출한 것:" in text
        assert "grader check my_linear --seed 5" in text

    @pytest.mark.parametrize("attack", ATTACKS)
    def test_nothing_that_a_terminal_obeys(self, attack: str) -> None:
        report = everything_hostile(attack)
        for exercise in report.exercises:
            text = explanation.text_of(one(exercise), {})
            assert "\x1b" not in text
            assert "\u202e" not in text
