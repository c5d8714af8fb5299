"""From submission to report: the right points for right, wrong, unfinished and unusable code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from grader import grade
from grader.course.catalog import Course, load_course
from grader.machines import Machines
from grader.sandbox import Child, Sandbox
from grader.submission import Source, Submission, read_submission
from tests.conftest import ROOT, Grade, told

NAMES = load_course().names
LINEAR = (ROOT / "solutions" / "my_linear.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_the_solution_earns_all_points(course: Course, graded: Grade, name: str) -> None:
    result = graded(name, course[name].solution.read_text(encoding="utf-8"))
    assert [check.message for check in result.checks if check.status != "passed"] == []
    assert (result.score, result.max_score, result.status) == (10, 10, "passed")


@pytest.mark.parametrize("name", NAMES)
def test_the_stub_earns_none(course: Course, graded: Grade, name: str) -> None:
    result = graded(name, course[name].stub.read_text(encoding="utf-8"))
    assert (result.score, result.max_score, result.status) == (0, 10, "not_attempted")


def test_the_same_submission_gives_the_same_report(machines: Machines) -> None:
    first, second = (told(grade(ROOT / "examples" / "partly", machines=machines)) for _ in range(2))
    assert first == second


def test_the_seed_follows_from_the_text(graded: Grade) -> None:
    assert graded("my_linear", LINEAR).seed == graded("my_linear", LINEAR).seed
    assert graded("my_linear", LINEAR).seed != graded("my_linear", LINEAR + "# x\n").seed
    assert graded("my_linear", LINEAR, seed=7).seed == 7


def test_every_case_is_told(graded: Grade) -> None:
    forward = next(c for c in graded("my_linear", LINEAR).checks if c.name == "forward")
    cases = {(case.device, case.dtype, case.status) for case in forward.cases}
    names = "float16", "bfloat16", "float32", "float64"
    assert cases == {("cpu", name, "passed") for name in names}


def test_a_file_that_is_missing(course: Course, machines: Machines, tmp_path: Path) -> None:
    (tmp_path / "my_linear.py").write_text(LINEAR, encoding="utf-8")
    wanted = ["train_step", "my_linear"]
    report = grade(read_submission(tmp_path, course, wanted), machines=machines)
    assert [exercise.name for exercise in report.exercises] == wanted
    assert [exercise.status for exercise in report.exercises] == ["missing", "passed"]
    assert (report.score, report.max_score) == (10, 20)
    assert "train_step.py" in report.exercises[0].message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("class MyLinear(\n", "my_linear.py, line 1: SyntaxError"),
        ("x = 1\nif x:\ny = 2\n", "my_linear.py, line 3: IndentationError"),
        ("import torch\n1 / 0\n", "my_linear.py, line 2: importing the file raises ZeroDivisionError"),
        ("import sys\nsys.exit()\n", "line 2: importing the file ends the program"),
        ("import os\nos._exit(0)\n", "importing the file ended its process"),
        ("x = 0\nwhile True:\n    x += 1\n", "importing the file did not finish within 2 seconds"),
        ("while True:\n    print('a' * 10000)\n", "importing the file printed more than"),
        ("(" * 100_000, "my_linear.py"),
        ("-" * 100_000 + "1", "my_linear.py"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_loaded(
    graded: Grade, strict_machines: Machines, text: str, told: str
) -> None:
    result = graded("my_linear", text, on=strict_machines)
    assert told in result.message
    assert (result.score, result.max_score, result.status) == (0, 10, "error")
    assert {check.status for check in result.checks} == {"not_reached"}


def test_a_hang_at_import_names_the_line(graded: Grade, strict_machines: Machines) -> None:
    result = graded("my_linear", "import time\n\ntime.sleep(100)\n", on=strict_machines)
    assert "my_linear.py, line 3" in result.message


def test_a_class_that_is_missing(graded: Grade) -> None:
    result = graded("my_linear", LINEAR.replace("class MyLinear", "class MyLiner"))
    assert (result.score, result.status) == (0, "failed")
    told = result.checks[0].message
    assert "does not define `MyLinear`" in told
    assert "`MyLiner`" in told


def test_a_class_with_another_signature(graded: Grade) -> None:
    result = graded("my_linear", LINEAR.replace("bias: bool = True", "use_bias: bool = True"))
    told = next(check for check in result.checks if check.name == "without_bias")
    assert "unexpected keyword argument 'bias'" in told.message


def test_a_hang_costs_its_own_checks(graded: Grade, strict_machines: Machines) -> None:
    text = LINEAR.replace("output = x @", "while True: pass\n        output = x @")
    states = {c.name: c.status for c in graded("my_linear", text, on=strict_machines).checks}
    assert states["parameters"] == states["sizes"] == "passed"
    assert states["forward"] == "timeout"
    assert states["gradients"] == "not_reached"


def test_the_time_for_an_exercise_is_bounded(graded: Grade, strict_machines: Machines) -> None:
    text = LINEAR.replace("super().__init__()", "super().__init__()\n        while True: pass")
    result = graded("my_linear", text, on=strict_machines)
    assert result.score == 0
    assert any("used up" in check.message for check in result.checks)


def test_a_file_that_dies_at_each_call_is_not_imported_for_ever(
    course: Course, strict_machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What follows the first import is bounded as a whole, and the other exercises are graded."""
    dying = "import os, time\ntime.sleep(0.5)\n"
    dying += "".join(
        f"def {name}(*a, **k): os._exit(1)\n" for name in course["losses"].entry_points
    )
    texts = {"losses": dying, "line_fit": course["line_fit"].solution.read_text(encoding="utf-8")}
    sources = {name: Source.of_text(f"{name}.py", text) for name, text in texts.items()}
    opened, open_child = [], Sandbox.open

    def counted(sandbox: Sandbox, *preload: Any, **options: Any) -> Child:
        opened.append(sandbox)
        return open_child(sandbox, *preload, **options)

    monkeypatch.setattr(Sandbox, "open", counted)
    report = grade(Submission("ada", sources), list(sources), machines=strict_machines)
    first, second = report.exercises
    assert "timeout" in {check.status for check in first.checks}
    assert (first.score, second.score) == (0, 10)
    assert len(opened) < 12  # 3 s for imports of half a second each, and the other exercise's own


def test_one_function_that_raises_keeps_the_points_of_the_others(graded: Grade) -> None:
    text = (ROOT / "solutions" / "train_step.py").read_text(encoding="utf-8")
    result = graded("train_step", text.replace("history = []", "raise RuntimeError('no')"))
    lost = {check.name: check.status for check in result.checks if check.status != "passed"}
    assert lost == {"train": "failed", "other_devices": "not_reached"}
    told = next(check.message for check in result.checks if check.name == "train")
    assert "`train` raised RuntimeError: no (train_step.py, line" in told


def test_an_unfinished_function_is_not_a_failure(graded: Grade) -> None:
    text = (ROOT / "examples" / "partly" / "train_step.py").read_text(encoding="utf-8")
    states = {check.name: check.status for check in graded("train_step", text).checks}
    assert states["evaluate"] == "not_started"
    assert states["evaluate_restores_modes"] == "not_started"
    assert states["train"] == "failed"


@pytest.mark.parametrize("line", ["print('x' * 1000)", "import warnings; warnings.warn('look')"])
def test_noise_costs_nothing(graded: Grade, line: str) -> None:
    text = LINEAR.replace("output = x @", f"{line}\n        output = x @")
    assert graded("my_linear", text).score == 10


def test_an_input_that_is_changed(graded: Grade) -> None:
    text = LINEAR.replace("output = x @", "x *= 1.5\n        output = (x / 1.5) @")
    told = next(c for c in graded("my_linear", text).checks if c.name == "forward")
    assert told.status == "failed"
    assert "The input `x` was changed" in told.message


def test_backward_may_not_lean_on_its_own_forward(graded: Grade) -> None:
    """Autograd inside a backward by hand works out another ŷ than the one that it is given."""
    text = (ROOT / "solutions" / "logistic_regression.py").read_text(encoding="utf-8")
    body = text[text.index("m = x.shape[1]") : text.index("    ### END", text.index("m = x.sh"))]
    cheat = (
        "w = self.w.detach().clone().requires_grad_()\n"
        "        b = self.b.detach().clone().requires_grad_()\n"
        "        out = loss(torch.sigmoid(w.T @ x + b), y)\n"
        "        self.grads['dw'], self.grads['db'] = torch.autograd.grad(out, [w, b])\n    "
    )
    result = graded("logistic_regression", text.replace(body, cheat))
    assert [check.name for check in result.checks if check.status == "failed"] == ["backward"]


def test_hostile_text_is_made_plain(graded: Grade) -> None:
    text = LINEAR.replace(
        "output = x @", "raise ValueError('\\x1b[2K\\u202e::error::')\n        x @"
    )
    told = next(c for c in graded("my_linear", text).checks if c.name == "forward").message
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert "\\x1b[2K" in told


def test_the_callers_settings_have_no_say_and_are_as_before(course: Course, graded: Grade) -> None:
    text = course["train_step"].solution.read_text(encoding="utf-8")
    dtype, threads, state = (
        torch.get_default_dtype(),
        torch.get_num_threads(),
        torch.get_rng_state(),
    )
    try:
        torch.set_num_threads(2)
        torch.set_default_dtype(torch.float64)
        with torch.no_grad():
            # a seed that no other test has, so that nothing is known already
            result = graded("train_step", text, seed=20261120)
            assert not torch.is_grad_enabled()
        assert torch.get_num_threads() == 2
        assert torch.get_default_dtype() is torch.float64
    finally:
        torch.set_num_threads(threads)
        torch.set_default_dtype(dtype)
    assert (result.score, result.status) == (10, "passed")
    assert torch.equal(torch.get_rng_state(), state)


def test_a_report_brings_no_torch_along(course: Course, machines: Machines) -> None:
    submission = Submission.of_text("derivative", "x = 1\n")
    report = grade(submission, course=course, machines=machines, first_failure=True)
    assert type(report.environment.torch) is str  # and not torch's own class of strings


def test_exercises_may_come_from_a_generator(machines: Machines) -> None:
    text = (ROOT / "solutions" / "line_fit.py").read_text(encoding="utf-8")
    submission = Submission.of_text("line_fit", text)
    report = grade(submission, (name for name in ("line_fit", "line_fit")), machines=machines)
    assert [result.name for result in report.exercises] == ["line_fit"]
