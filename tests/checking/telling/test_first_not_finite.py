"""Which line makes the first number that is not finite, and of what."""

from __future__ import annotations

import re

import pytest

from grader.course.catalog import Course
from grader.course.python_files import text_of
from grader.report import CheckResult
from tests.conftest import Grade


def sigmoid_of(graded: Grade, course: Course, *body: str) -> CheckResult:
    """What comes of `sigmoid` with these lines."""
    text = text_of(course["logistic_regression"].solution)
    lines = "\n        ".join(body)
    text = text.replace("return torch.sigmoid(z)", lines, 1)
    checks = graded("logistic_regression", text).checks
    return next(check for check in checks if check.name == "sigmoid")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("torch.sigmoid(z) + 0 * torch.exp(1e3 + z)", r"`exp\(\S+\)` gives ∞, and then `∞ · 0` gives NaN\."),
        ("1 / (1 + torch.exp(-z)) + 0 * torch.log(z - z)", r"`log\(0\)` gives −∞, and then `−∞ · 0`"),
        ("torch.sigmoid(z) + 0 * torch.sqrt(-1 - z * z)", r"`sqrt\(-\S+\)` gives NaN\."),
        ("torch.sigmoid(z) + (z - z) / (z - z)", r"`0 / 0` gives NaN\."),
        ("torch.sigmoid(z) + (z + torch.finfo(z.dtype).max * 2).sum()", r"`\S+ \+ \S+e\+\d+` gives ∞"),
    ],
)  # fmt: skip
def test_the_line_and_its_numbers(graded: Grade, course: Course, body: str, said: str) -> None:
    check = sigmoid_of(graded, course, f"return {body}")
    line = f"All numbers are finite up to {check.place}: `return {body}`. There "
    assert (check.cause_id, check.cause.startswith(line)) == ("nan", True), check.cause
    assert re.search(said, check.cause), check.cause


@pytest.mark.parametrize(
    ("change", "name"),
    [("e.div_(0)", "div"), ("e.exp_()", "exp"), ("e = torch.add(e, e, alpha=1e308)", "add")],
)
def test_operands_that_are_not_known_are_not_told(
    graded: Grade, course: Course, change: str, name: str
) -> None:
    body = ["e = 1e3 + z.abs().double()", change, "return z.sigmoid() + 0 * e.to(z.dtype)"]
    check = sigmoid_of(graded, course, *body)
    assert f"`{change}`. There `{name}` gives ∞" in check.cause, check.cause


def test_nan_in_a_later_line(graded: Grade, course: Course) -> None:
    body = ["e = (1e3 + z).exp()", "whole = 1 + e", "return z.sigmoid() + e / whole"]
    check = sigmoid_of(graded, course, *body)
    assert "`e = (1e3 + z).exp()`. There `exp(" in check.cause
    assert re.search(r"later `∞ / ∞` gives NaN \(\S+, line \d+: `return z", check.cause)


def test_one_line_in_several_checks_is_one_mistake(graded: Grade, course: Course) -> None:
    text = text_of(course["optimizers"].solution).replace(
        "start = (0, torch", "start = (-1, torch", 1
    )
    checks = [check for check in graded("optimizers", text).checks if check.cause_id == "nan"]
    first, *others = checks
    assert first.same_as == ""
    assert len(others) > 1
    assert {other.same_as for other in others} == {first.name}
    assert "`m_hat = m / (1 - beta1**t)`. There `" in first.cause
    assert re.search(r"/ 0` gives −?∞", first.cause)


def test_what_a_backward_pass_makes_of_finite_numbers_has_no_line(
    graded: Grade, course: Course
) -> None:
    old = "return ((y_pred - y) ** 2).mean()"
    text = text_of(course["losses"].solution)
    assert old in text
    new = "return ((y_pred - y) ** 2 + 0 * (y_pred - y_pred).abs().sqrt()).mean()"
    checks = graded("losses", text.replace(old, new)).checks
    [told] = [check.cause for check in checks if check.cause_id == "nan" and not check.same_as]
    assert told.startswith("It holds NaN")


def test_two_walks_that_end_in_nan_are_alike(graded: Grade, course: Course) -> None:
    """What the numbers of a step do not tell, `zero_grad` is not blamed for."""
    text = text_of(course["optimizers"].solution).replace("1 - beta1**t)", "1 - beta1**(t - 1))", 1)
    checks = {check.name: check for check in graded("optimizers", text).checks}
    assert checks["adam"].cause_id == "nan"
    assert checks["zero_grad"].status == "passed"
