"""A function that leaves something changed, or keeps something, loses the check that asks for it, and is told why."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader import Course
from tests.conftest import Grade

WRAPPED = """
_{name} = {name}
_kept = {{}}
def {name}(*arguments, **options):
    result = _{name}(*arguments, **options)
    {mistake}
    return result
"""
CASES = [
    (
        "line_fit",
        "predict",
        "result = _kept.setdefault((result.shape, result.dtype), result.clone()).copy_(result)",
        "predict",
        "mse",
        "kept-result",
    ),
    (
        "derivative",
        "central_difference",
        "import torch; torch.set_default_dtype(torch.float64)",
        "central_difference",
        "forward_difference",
        "left-set",
    ),
    (
        "losses",
        "mse_loss",
        "result = _kept.setdefault(arguments[0].shape, result)",
        "mse_loss",
        "cross_entropy",
        "",
    ),
]


@pytest.mark.parametrize(("exercise", "name", "mistake", "lost", "kept", "cause"), CASES)
def test_it_costs_the_check_that_asks_for_it(
    graded: Grade,
    course: Course,
    exercise: str,
    name: str,
    mistake: str,
    lost: str,
    kept: str,
    cause: str,
) -> None:
    solution = Path(course[exercise].solution).read_text(encoding="utf-8")
    result = graded(exercise, solution + WRAPPED.format(name=name, mistake=mistake))
    checks = {check.name: check for check in result.checks}
    assert checks[lost].status == "failed"
    assert checks[kept].status == "passed"
    assert not cause or checks[lost].cause_id == cause
