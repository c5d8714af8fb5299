"""Comparison: form before values, NaN fails, and the mistake that the numbers give away is named."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from grader.checking.compare import RTOL
from grader.checking.expectations import expect_close
from grader.checking.outcome import CheckFailed
from grader.sandbox.wire.values import Opaque, Received

GRADIENT = torch.tensor([[0.5, -1.0], [2.0, 3.5], [-0.25, 1.0]], dtype=torch.float64)


def received(tensor: Tensor, device: str = "cpu", requires_grad: bool = False) -> Received:
    return Received(tensor, device, requires_grad, parameter=False, home="cpu")


def failure(actual: Any, expected: Any, **options: Any) -> CheckFailed:
    with pytest.raises(CheckFailed) as caught:
        expect_close(actual, expected, "dw", **options)
    return caught.value


def test_equal_values_pass() -> None:
    expect_close(received(GRADIENT), GRADIENT)
    expect_close({"a": [1.0, None, "x"]}, {"a": (1.0, None, "x")})
    expect_close(received(torch.zeros(0)), torch.zeros(0))


@pytest.mark.parametrize("dtype", list(RTOL))
def test_rounding_passes_and_a_hundred_times_the_tolerance_does_not(dtype: torch.dtype) -> None:
    value = GRADIENT.to(dtype)
    scale = GRADIENT.abs().max()
    expect_close(received(value + (0.3 * RTOL[dtype] * scale).to(dtype)), value)
    failure(received((GRADIENT + 100 * RTOL[dtype] * scale).to(dtype)), value)


@pytest.mark.parametrize(
    ("actual", "told"),
    [
        (None, "dw is None, expected a tensor."),
        (1.0, "dw is a float, expected a tensor."),
        (Opaque("numpy.ndarray"), "dw is a numpy.ndarray, expected a tensor."),
        (received(torch.zeros(2, 3).double()), "dw has shape (2, 3), expected (3, 2)."),
        (received(torch.zeros(0).double()), "dw has shape (0,), expected (3, 2)."),
        (received(GRADIENT.float()), "dw has dtype float32, expected float64."),
        (received(GRADIENT, device="cuda:0"), "dw is on cuda:0, expected on cpu."),
        (received(GRADIENT * float("nan")), "dw at (0, 0) is nan, expected 0.5"),
        (received(GRADIENT * float("inf")), "dw at (0, 0) is inf, expected 0.5"),
    ],
)
def test_form_comes_first(actual: Any, told: str) -> None:
    assert told in failure(actual, GRADIENT).message


@pytest.mark.parametrize(
    ("actual", "expected", "told"),
    [
        (1, 1.0, "dw is an int, expected a float."),
        (True, 1.0, "dw is a bool, expected a float."),
        (received(torch.ones(())), 1.0, "Use `.item()`."),
        (2.0, 1.0, "dw is 2, expected 1."),
        (float("nan"), 1.0, "dw is nan, expected 1."),
        ([1.0], [1.0, 2.0], "dw has 1 entries, expected 2."),
        (1.0, [1.0], "dw is a float, expected a list."),
        ({}, {"a": 1.0}, "dw has no entry 'a'."),
        ([], {"a": 1.0}, "dw is a list, expected a dict."),
        ("b", "a", "dw is 'b', expected 'a'."),
        (0, False, "dw is an int, expected a bool."),
    ],
)
def test_plain_values(actual: Any, expected: Any, told: str) -> None:
    assert told in failure(actual, expected).message


def test_whether_gradients_are_required() -> None:
    told = failure(received(GRADIENT, requires_grad=True), GRADIENT, requires_grad=False)
    assert told.message == "dw should not require gradients."


def test_a_large_tensor_is_not_printed() -> None:
    big = torch.randn(100, 100, dtype=torch.float64)
    assert len(failure(received(big + 1), big).message) < 300
