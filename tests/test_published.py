"""Code as public posts print it gets what it deserves. The posts are not part of the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grader.report import CheckResult, ExerciseResult

from .conftest import ROOT, Grade

FOLDER = Path(os.environ.get("GRADER_PUBLISHED", ROOT.parent / "shared" / "published"))
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason="the published code is not here; GRADER_PUBLISHED may name its folder",
)


def checks_of(graded: Grade, post: str, name: str) -> tuple[ExerciseResult, dict[str, CheckResult]]:
    result = graded(name, (FOLDER / post / f"{name}.py").read_text(encoding="utf-8"))
    return result, {check.name: check for check in result.checks}


def test_seed_000_my_linear(graded: Grade) -> None:
    result, checks = checks_of(graded, "seed-000", "my_linear")
    assert result.score == 9
    assert [name for name, check in checks.items() if not check.score] == ["without_bias"]
    assert "bias=False" in checks["without_bias"].message


def test_seed_001_my_linear(graded: Grade) -> None:
    _result, checks = checks_of(graded, "seed-001", "my_linear")
    paid = {name for name, check in checks.items() if check.score}
    assert paid == {"sizes", "forward", "standard_normal"}  # drawn rightly, but not registered
    assert "nn.Parameter" in checks["parameters"].message


def test_seed_001_logistic_regression(graded: Grade) -> None:
    _result, checks = checks_of(graded, "seed-001", "logistic_regression")
    for name in ("forward", "backward", "optimize"):
        dtypes = {case.dtype for case in checks[name].cases}
        assert dtypes == {"float16", "bfloat16", "float32", "float64"}
        assert checks[name].status == "passed"
    lost = {name: check.message for name, check in checks.items() if not check.score}
    wrong = {"float_lr", "factory_arguments", "loss_at_0_and_1"}
    assert set(lost) == wrong | {"other_devices"}  # which waits for the others
    assert "'float' object" in lost["float_lr"]
    assert "'device'" in lost["factory_arguments"]
    assert "clamped" in lost["loss_at_0_and_1"]
