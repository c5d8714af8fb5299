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


def test_what_every_call_leaves_changed_is_charged_once(graded: Grade, course: Course) -> None:
    """To the first check that shows it; those that need it are judged by their numbers."""
    solution = Path(course["my_linear"].solution).read_text(encoding="utf-8")
    seeded = solution.replace(
        "        super().__init__()\n",
        "        super().__init__()\n        torch.manual_seed(0)\n",
        1,
    )
    assert seeded != solution
    result = graded("my_linear", seeded)
    lost = {check.name: check.cause_id for check in result.checks if not check.score}
    # its layers are all alike, which is a mistake of its own
    assert lost == {"parameters": "left-set", "standard_normal": "not-random"}
