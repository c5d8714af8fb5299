"""What a student reads of a failing check: what was asked, what happened, why, where to look, how to repeat it."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from rich.console import Console

from grader import grade, load_course
from grader.machines import Machines
from grader.outputs import terminal
from grader.report import CheckResult, Report
from grader.submission import Submission

FUNCTION = """
import torch


class LinearFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias):
        ctx.save_for_backward(x, weight)
        return x @ weight.T if bias is None else x @ weight.T + bias

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        return g @ weight, {weight}, g.reshape(-1, weight.shape[0]).sum(0)


class StraightThroughRound(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return helper(x)

    @staticmethod
    def backward(ctx, g):
        raise NotImplementedError


def helper(x):
    return deeper(x)


def deeper(x):
    return x.view(-1, 5, 7)
"""


@pytest.fixture(scope="module")
def report(machines: Machines) -> Report:
    turned = "x.reshape(-1, weight.shape[1]).T @ g.reshape(-1, weight.shape[0])"
    text = FUNCTION.replace("{weight}", turned)
    submission = Submission.of_text("custom_function", text)
    return grade(submission, course=load_course(), machines=machines, seed=11)


def check(report: Report, name: str) -> CheckResult:
    return next(check for check in report.exercises[0].checks if check.name == name)


def test_a_gradient_of_another_shape_is_told_in_plain_words(report: Report) -> None:
    found = check(report, "linear_backward")
    told = re.match(
        r"`backward` of LinearFunction gives a gradient of shape \((\d), (\d)\) for argument 2 of "
        r"`forward`, not counting `ctx`; that argument has shape \(\2, \1\)",
        found.message,
    )
    assert told, found.message
    assert found.cause_id == "transpose"


def test_an_exception_shows_the_students_own_frames_alone(report: Report) -> None:
    found = check(report, "round_forward")
    lines = found.message.split("\n")
    assert lines[0].startswith("`deeper` raised RuntimeError: shape")
    assert "return x.view(-1, 5, 7)" in lines[0]
    assert [line.split("`")[1] for line in lines[1:]] == ["return deeper(x)", "return helper(x)"]
    assert "probe" not in found.message


def test_what_is_not_written_is_no_failure(machines: Machines) -> None:
    stub = load_course()["line_fit"].stub.read_text(encoding="utf-8")
    report = grade(Submission.of_text("line_fit", stub), machines=machines)
    assert {c.status for c in report.exercises[0].checks} <= {"not_started", "not_reached"}
    assert report.exercises[0].status == "not_attempted"


def test_the_order_in_a_terminal(report: Report) -> None:
    buffer = StringIO()
    terminal.render(report, Console(file=buffer, width=300))
    text = buffer.getvalue()
    found = check(report, "linear_backward")
    assert found.place.endswith("line 12")  # LinearFunction.backward, which the sentence names
    parts = (found.description, "→ " + found.cause, found.message, f"Look at {found.place}.")
    order = [text.index(part) for part in (*parts, "grader check custom_function --seed 11")]
    assert order == sorted(order)


def test_the_same_seed_gives_the_same_numbers(machines: Machines, report: Report) -> None:
    text = (load_course().folder / "tests/submissions/line_fit/wrong/mse_root.py").read_text()
    told = []
    for seed in (3, 3, 4):
        graded = grade(Submission.of_text("line_fit", text), machines=machines, seed=seed)
        told.append(next(c.message for c in graded.exercises[0].checks if c.name == "mse"))
    assert told[0] == told[1] != told[2]
