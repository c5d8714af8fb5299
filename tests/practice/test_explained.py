"""An exercise explained: the call can be run, and nothing is told of the solution or of a check that is kept back."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from grader import read_assignment
from grader.course.catalog import Course
from grader.machines import Machines
from grader.practice.explained import explained
from grader.submission import Submission
from tests.solution_lines import solution_lines_in

WRONG = """
def predict(x, a, b):
    print("predicting")
    return a * x


def mse(y_pred, y):
    return ((y_pred - y) ** 2).mean()


def gradients(x, y, a, b):
    raise NotImplementedError


def fit(x, y, a, b, lr, steps):
    raise NotImplementedError
"""
SEED = 3


def told(machines: Machines, folder: Path, text: str = WRONG, **more: Any) -> dict[str, Any]:
    submission = Submission.of_text("line_fit", text)
    return explained(submission, "line_fit", machines, folder=folder, seed=SEED, **more).data


def failure(data: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in data["failures"] if each["check"] == name)
    return found


def test_the_call_gives_what_came_back(
    machines: Machines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = told(machines, tmp_path)
    predict = failure(data, "predict")
    assert predict["call"]["expression"] == "line_fit.predict(x, a, b)"
    assert predict["call"]["runs"]
    assert [each["name"] for each in predict["call"]["inputs"]] == ["x", "a", "b"]
    assert predict["look_at"]["file"] == "line_fit.py"
    assert WRONG.splitlines()[predict["look_at"]["line"] - 1] == "def predict(x, a, b):"
    assert "predicting" in predict["printed"]
    module = ModuleType("line_fit")
    exec(WRONG, vars(module))
    monkeypatch.setitem(sys.modules, "line_fit", module)
    out = StringIO()
    with redirect_stdout(out):
        exec(predict["call"]["script"], {})
    got = out.getvalue()
    shown = predict["difference"]
    assert shown["received"] != shown["expected"]
    first = float(shown["received"].strip("[]").split(",")[0])
    printed = [float(word) for word in got.partition("([")[2].partition("]")[0].split(",")]
    assert any(abs(number - first) < 1e-3 for number in printed), (got, shown)


def test_the_same_again_where_the_answers_are_known(machines: Machines, tmp_path: Path) -> None:
    """A case that meets answers it has met before is not worked out again: its inputs are read from what was sent."""
    first, second = (told(machines, tmp_path) for _ in range(2))
    assert first == second
    assert failure(second, "predict")["call"]["inputs"][0]["value"].startswith("torch.tensor(")


def test_hints_but_for_the_one_that_is_nearly_the_answer(
    machines: Machines, course: Course, tmp_path: Path
) -> None:
    assert told(machines, tmp_path)["hints"] == list(course["line_fit"].hints[:2])
    (tmp_path / "assignment.toml").write_text("hints = false\n")
    assert told(machines, tmp_path)["hints"] == []


def test_nothing_of_a_check_that_is_kept_back(
    machines: Machines, course: Course, tmp_path: Path
) -> None:
    file = tmp_path / "assignment.toml"
    file.write_text('[[exercise]]\nname = "line_fit"\nvisibility = { predict = "instructor" }\n')
    assigned = read_assignment(file).on(course)
    shown = told(machines, tmp_path)
    hidden = told(machines, tmp_path, assigned=assigned)
    asked = failure(shown, "predict")["asked"]
    assert asked in json.dumps(shown, ensure_ascii=False)
    text = json.dumps(hidden, ensure_ascii=False)
    assert asked not in text
    assert '"predict"' not in text
    assert hidden["held_back"] > 0


def test_no_hint_that_is_told_has_a_line_of_the_solution(course: Course) -> None:
    for exercise in course.exercises:
        assert solution_lines_in(list(exercise.hints[:2]), exercise) == []
    # the third has some, in most exercises: it is nearly the answer
    assert sum(bool(solution_lines_in(list(each.hints), each)) for each in course.exercises) > 9


def test_a_stub_has_no_mistakes(machines: Machines, course: Course, tmp_path: Path) -> None:
    data = told(machines, tmp_path, course["line_fit"].stub.read_text())
    assert data["status"] == "not_attempted"
    assert data["failures"] == []
    assert {each["status"] for each in data["not_run"]} <= {"not_started", "not_reached"}


def test_who_is_done_is_told_so(machines: Machines, course: Course, tmp_path: Path) -> None:
    data = told(machines, tmp_path, course["line_fit"].solution.read_text())
    assert (data["status"], data["failures"]) == ("passed", [])
