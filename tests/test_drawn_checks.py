"""Behaviours that a few small inputs do not show cost a point where checks draw.

A solution is wrapped in a mistake, without a change to its own text: right for small sizes, for a few dimensions, for
ordinary numbers, in one dtype, or for one form of a call.
"""

from __future__ import annotations

import pytest

from grader import Machines, grade
from grader.submission import Submission
from tests.conftest import ROOT

HELP = """

import torch as _torch
from torch import Tensor as _Tensor

def _tensors(arguments):
    return [value for value in arguments if isinstance(value, _Tensor)]

def _each(change, arguments):
    return [change(value) if isinstance(value, _Tensor) else value for value in arguments]

def _floating(change):
    return lambda value: change(value) if value.is_floating_point() else value
"""
# what stands for the result of `right(*arguments, **keywords)`
MISTAKES = {
    "half of it beyond 16": """
    result = right(*arguments, **keywords)
    beyond = any(size > 16 for value in _tensors(arguments) for size in value.shape)
    return result * 0.5 if beyond else result""",
    "the first 32 rows": """
    rows = lambda value: value[:32] if value.dim() else value
    result = right(*_each(rows, arguments), **keywords)
    largest = max(_tensors(arguments), key=_torch.numel)
    if result.dim() and len(result) < len(largest):
        result = _torch.cat([result, 0 * result[:1].expand(len(largest) - 32, *result.shape[1:])])
    return result""",
    "at most two dimensions": """
    if any(value.dim() > 2 for value in _tensors(arguments)):
        raise IndexError("too many dimensions")
    return right(*arguments, **keywords)""",
    "clamped at 100": """
    return right(*arguments, **keywords).clamp(-100, 100)""",
    "a detour through float32": """
    dtype = _tensors(arguments)[0].dtype
    single = _floating(lambda value: value.to(_torch.float32))
    return right(*_each(single, arguments), **keywords).to(dtype)""",
    "the default dtype": """
    result = right(*arguments, **keywords)
    return result.to(_torch.get_default_dtype()) if result.dtype == _torch.float32 else result""",
    "no half precision": """
    if any(value.dtype in (_torch.float16, _torch.bfloat16) for value in _tensors(arguments)):
        raise TypeError("not supported")
    return right(*arguments, **keywords)""",
    "contiguous tensors": """
    return right(*_each(lambda value: value.view(-1).view(value.shape), arguments), **keywords)""",
}
# each mistake, and each function, in some of them
EXAMPLES = [
    ("my_linear", "MyLinear.forward", "half of it beyond 16"),
    ("my_linear", "MyLinear.forward", "the first 32 rows"),
    ("my_linear", "MyLinear.forward", "at most two dimensions"),
    ("my_linear", "MyLinear.forward", "clamped at 100"),
    ("losses", "mse_loss", "clamped at 100"),
    ("losses", "binary_cross_entropy", "the first 32 rows"),
    ("losses", "bce_with_logits", "no half precision"),
    ("losses", "cross_entropy", "half of it beyond 16"),
    ("derivative", "forward_difference", "the default dtype"),
    ("derivative", "central_difference", "clamped at 100"),
    ("derivative", "numerical_gradient", "contiguous tensors"),
    ("logistic_regression", "LR.forward", "half of it beyond 16"),
    ("logistic_regression", "LR.sigmoid", "at most two dimensions"),
    ("logistic_regression", "loss", "a detour through float32"),
]


def solution(name: str) -> str:
    return (ROOT / "solutions" / f"{name}.py").read_text(encoding="utf-8")


def wrapped(name: str, function: str, mistake: str) -> str:
    """The solution of an exercise, with a function of its module or of a class that makes a mistake."""
    lines = [HELP, f"right = {function}", "def _wrong(*arguments, **keywords):"]
    return solution(name) + "\n".join([*lines, MISTAKES[mistake], "", f"{function} = _wrong", ""])


def loses_a_point(machines: Machines, name: str, text: str) -> bool:
    submission = Submission.of_text(name, text)
    report = grade(submission, machines=machines, first_failure=True)
    assert not report.faults
    return not report.has_all_points


@pytest.mark.parametrize(("name", "function", "mistake"), EXAMPLES)
def test_a_mistake_costs_a_point(
    machines: Machines, name: str, function: str, mistake: str
) -> None:
    assert loses_a_point(machines, name, wrapped(name, function, mistake))


def test_the_wrapping_alone_costs_none(machines: Machines) -> None:
    lines = [HELP, "right = mse_loss", "def _same(*arguments, **keywords):"]
    lines += ["    return right(*_each(lambda value: value, arguments), **keywords)"]
    text = solution("losses") + "\n".join([*lines, "mse_loss = _same", ""])
    assert not loses_a_point(machines, "losses", text)


KEYWORD_ALONE = """
right = forward_difference
def forward_difference(f, x, *, h=1e-3): return right(f, x, h)
"""
POSITION_ALONE = """
right = central_difference
def central_difference(f, x, h=1e-3, /): return right(f, x, h)
"""
ONE_FUNCTION = """
right = numerical_gradient
def numerical_gradient(f, x, h=1e-3):
    known = (x**3).sum() + x.sum() ** 2
    return 3 * x**2 + 2 * x.sum() if f(x) != known else right(f, x, h)
"""


@pytest.mark.parametrize("text", [KEYWORD_ALONE, POSITION_ALONE, ONE_FUNCTION])
def test_a_form_of_a_call_and_a_known_function_cost_a_point(machines: Machines, text: str) -> None:
    assert loses_a_point(machines, "derivative", solution("derivative") + text)
