"""One mistake that takes several checks is told once."""

from __future__ import annotations

import re
import textwrap

from grader.checking.telling.told_once import told_once
from grader.outputs.wording import told_in
from grader.report import CheckResult
from grader.submission import Source
from tests.conftest import Grade

NO_SUPER = """
    import torch
    from torch import nn


    class MyLinear(nn.Module):
        def __init__(self, in_features, out_features, bias=True):
            self.weights = nn.Parameter(torch.randn(in_features, out_features))

        def forward(self, x):
            return x @ self.weights
"""
TWO_FUNCTIONS = """
    import torch


    def predict(x, a, b):
        return a * x + b


    def mse(y_pred, y):
        print("mse of", tuple(y.shape))
        return ((y_pred - y) ** 2).sum()


    def gradients(x, y, a, b):
        error = predict(x, a, b) - y
        return 2 * (error * x).sum(), 2 * error.sum()


    def step(x, y, a, b, lr):
        raise ValueError(f"not with {len(x)}")
"""
BY_AUTOGRAD = """
    import torch


    def predict(x, a, b):
        return a * x + b


    def mse(y_pred, y):
        return ((y_pred - y) ** 2).mean()


    def gradients(x, y, a, b):
        a, b = (each.detach().requires_grad_() for each in (a, b))
        with torch.enable_grad():
            return torch.autograd.grad(mse(predict(x, a, b), y), (a, b))


    def step(x, y, a, b, lr):
        da, db = gradients(x, y, a, b)
        return a - lr * da, b - lr * db
"""
NOTHING_MOVES = """
    import torch


    class MySGD:
        def __init__(self, params, lr=0.1, momentum=0, weight_decay=0, nesterov=False):
            self.params = list(params)

        def step(self):
            pass

        def zero_grad(self):
            pass


    class MyAdam(MySGD):
        pass
"""


HEADER_READ_AS_NUMBERS = """
    import csv

    import torch
    from torch.utils.data import Dataset


    class CsvDataset(Dataset):
        def __init__(self, path, target, transform=None):
            with open(path, encoding="utf-8-sig") as file:
                self.rows = [[float(cell) for cell in row] for row in csv.reader(file)]
"""


def checks_of(graded: Grade, name: str, text: str) -> dict[str, CheckResult]:
    return {check.name: check for check in graded(name, textwrap.dedent(text)).checks}


def test_an_exception_at_one_line_is_told_once(graded: Grade) -> None:
    checks = checks_of(graded, "my_linear", NO_SUPER)
    failed = [check for check in checks.values() if check.went_wrong]
    assert len(failed) > 3
    assert failed[0].same_as == ""
    assert {check.same_as for check in failed[1:]} == {failed[0].name}
    assert {check.place for check in failed} == {"my_linear.py, line 8"}


def test_the_texts_that_are_drawn_make_no_other_mistake(graded: Grade) -> None:
    checks = checks_of(graded, "csv_dataset", HEADER_READ_AS_NUMBERS)
    failed = [check for check in checks.values() if "raised" in check.message]
    assert len(failed) > 3
    assert {check.same_as for check in failed[1:]} == {failed[0].name}
    assert "listcomp" not in failed[0].message


def test_one_cause_in_two_functions_is_two_mistakes(graded: Grade) -> None:
    checks = checks_of(graded, "line_fit", TWO_FUNCTIONS)
    mse, gradients, step = (checks[name] for name in ("mse", "gradients", "step"))
    assert mse.cause_id == gradients.cause_id
    assert (mse.same_as, gradients.same_as, step.same_as) == ("", "", "")
    assert mse.place == "line_fit.py, line 9"
    assert step.place == "line_fit.py, line 20"


def test_what_was_printed_is_told_with_the_check_and_without_a_rehearsals(graded: Grade) -> None:
    exercise = graded("line_fit", textwrap.dedent(TWO_FUNCTIONS))
    told = {check.name: what for check, what in told_in(exercise)}
    assert re.fullmatch(r"mse of \(\d+,\)", told["mse"].printed)
    assert "allowed" in told["mse"].detail
    assert "allowed" not in told["mse"].message
    assert told["gradients"].printed == ""


def test_a_rule_that_one_line_broke_is_told_once(graded: Grade) -> None:
    checks = checks_of(graded, "line_fit", BY_AUTOGRAD)
    assert checks["gradients"].message.startswith("`gradients` had torch differentiate")
    assert checks["step"].same_as == "gradients"
    assert checks["gradients"].place == ""  # the message names the line


def test_a_description_that_goes_on_has_the_place_of_the_one_before(graded: Grade) -> None:
    checks = checks_of(graded, "optimizers", NOTHING_MOVES)
    assert checks["sgd_momentum"].place == checks["sgd_plain"].place == "optimizers.py, line 5"


def test_a_check_has_the_place_of_the_class_that_it_tells_of(graded: Grade) -> None:
    text = NOTHING_MOVES.replace("pass", "for p in self.params:\n                p = p - 0.1", 1)
    checks = checks_of(graded, "optimizers", text)
    told = checks["params_may_be_a_generator"]
    assert "MySGD(" in told.message
    assert (told.same_as, told.place) == ("sgd_plain", checks["sgd_plain"].place)
    assert checks["adam"].place != told.place


def test_a_check_that_names_no_definition_shares_the_cause_of_one_that_does() -> None:
    def failed(name: str, message: str) -> CheckResult:
        return CheckResult(name, "", "failed", 1, 0, message, cause="Why.", cause_id="why")

    source = Source.of_text("x.py", "def f(x): ...\n")
    checks = [failed("a", "f(x) is 1."), failed("b", "It is 2."), failed("c", "f(2) is 1.")]
    one, two, three = told_once(checks, dict.fromkeys("abc", ""), {}, (), source)
    assert (one.place, two.place) == ("x.py, line 1", "")
    assert (one.same_as, two.same_as, three.same_as) == ("", "a", "a")
