"""The measurement behind the tolerances: errors in units of what a check allows, and on a GPU far below it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest
import torch
import torch.nn.functional as F

from benchmarks import rounding
from grader.checking import compare
from grader.course.catalog import Course

F32, F64 = rounding.DTYPES


def test_an_error_is_told_in_units_of_the_tolerance() -> None:
    seen = rounding.Seen()
    expected = torch.tensor([1.0, -4.0, math.inf], dtype=F64)
    seen.note(expected + torch.tensor([3e-9, 1e-9, 0.0]), expected, 1e-9, F64)
    assert seen.worst[F64] == pytest.approx(3 / 4, rel=1e-3)  # relative to the largest element
    seen.note(expected[:2] + 1e-9, expected[:2], 1e-9, F64)
    assert seen.worst[F64] == pytest.approx(3 / 4, rel=1e-3)
    assert (seen.comparisons, seen.elements) == (2, 3)
    seen.note(torch.tensor([1]), torch.tensor([2]), 0.0, torch.int64)
    assert seen.comparisons == 2


def test_every_comparison_of_an_exercise_is_measured(course: Course) -> None:
    seen = rounding.of_checks(course["line_fit"], "cpu", seeds=1)
    assert len(seen.passed) == seen.checks == 6
    assert seen.comparisons > 50
    assert set(seen.worst) == {F32, F64}
    assert max(seen.worst.values()) < 0.1


@pytest.mark.parametrize("what", rounding.GROWING)
def test_a_device_does_not_differ_from_itself(what: str) -> None:
    assert rounding.of_size(what, 50, F32, "cpu", seeds=1) == 0


def test_a_device_that_gives_other_numbers_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = F.binary_cross_entropy_with_logits

    @contextmanager
    def elsewhere(*_: object) -> Iterator[None]:
        with patch.object(F, exact.__name__, lambda *given: exact(*given) * (1 + 1e-5)):
            yield

    monkeypatch.setattr(rounding, "on_device", elsewhere)
    seen = rounding.of_size("mean over n samples", 100, F32, "cpu", seeds=1)
    assert seen == pytest.approx(1e-5 / compare.RTOL[F32], rel=0.1)


@pytest.fixture(scope="module")
def gpu() -> str:
    if not torch.cuda.is_available():
        pytest.skip("torch sees no GPU here")
    return "cuda"


@pytest.mark.cuda
@pytest.mark.parametrize(
    "name", ["fine_tune", "losses", "mlp_backward", "optimizers", "train_step"]
)
def test_checks_leave_a_gpu_room(course: Course, gpu: str, name: str) -> None:
    seen = rounding.of_checks(course[name], gpu, seeds=1)
    assert "other_devices" in seen.passed
    assert max(seen.worst.values()) < 0.5


@pytest.mark.cuda
@pytest.mark.parametrize("what", rounding.GROWING)
def test_autograd_on_a_gpu_is_far_within_the_tolerance(gpu: str, what: str) -> None:
    for dtype in rounding.DTYPES:
        assert rounding.of_size(what, 100, dtype, gpu) < 0.5
