"""Pictures are few numbers, whatever is compared."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from grader.checking.expectations import expect_close
from grader.checking.outcome import CheckFailed
from grader.checking.telling.pictures import curves_of, error_of
from grader.report import Picture
from tests.received import received


def test_the_error_of_a_small_tensor_is_shown_as_it_is() -> None:
    expected = torch.zeros(2, 3, dtype=torch.float64)
    got = expected.clone()
    got[1, 2] = -0.5
    picture = error_of(got, expected, "dw")
    assert picture == Picture("error", "dw", (2, 3), ((0.0, 0.0, 0.0), (0.0, 0.0, -0.5)))


@pytest.mark.parametrize("shape", [(1000,), (300, 400), (7, 50, 3), (2, 1, 1, 5000)])
def test_a_large_one_is_shown_in_blocks_that_keep_the_largest_error(shape: tuple[int, ...]) -> None:
    got = torch.zeros(shape)
    got.view(-1)[-1] = -3.0
    picture = error_of(got, torch.zeros(shape), "w")
    assert picture is not None
    assert len(picture.rows) <= 16
    assert all(len(row) <= 16 for row in picture.rows)
    assert picture.rows[-1][-1] == -3.0
    assert sum(value != 0 for row in picture.rows for value in row) == 1


def test_what_is_not_finite_and_what_is_one_number() -> None:
    got = torch.tensor([1.0, float("nan"), float("inf")])
    picture = error_of(got, torch.ones(3), "x")
    assert picture is not None
    assert picture.rows == ((0.0, None, None),)
    assert error_of(torch.ones(()), torch.zeros(()), "x") is None


def test_curves_are_cut_and_need_numbers() -> None:
    picture = curves_of([1.0, float("nan")] * 100, [2.0] * 200)
    assert picture is not None
    assert [len(row) for row in picture.rows] == [100, 100]
    assert picture.rows[0][:2] == (1.0, None)
    assert curves_of(None, [1.0, 2.0]) is None
    assert curves_of(["<b>"], [1.0, 2.0]) is None
    assert curves_of([1.0], [1.0]) is None


def test_a_failure_carries_them() -> None:
    got = received(torch.zeros(2, 2))
    with pytest.raises(CheckFailed) as caught:
        expect_close(got, torch.ones(2, 2), "dw", curves=([1.0, 2.0], [1.0, 0.5]))
    assert [picture.kind for picture in caught.value.pictures] == ["error", "curves"]


def test_the_error_has_its_sign_and_four_digits() -> None:
    picture = error_of(torch.tensor([1.0, -1.0]), torch.tensor([1 / 3, 1 / 3]), "x")
    assert picture is not None
    assert picture.rows == ((0.6667, -1.333),)


def test_of_each_block_the_error_farthest_from_zero() -> None:
    got = torch.zeros(32)
    got[0], got[1] = 1.0, -2.0
    got[2], got[3] = float("nan"), 5.0
    picture = error_of(got, torch.zeros(32), "x")
    assert picture is not None
    assert picture.rows[0][:3] == (-2.0, None, 0.0)


def test_leading_dimensions_are_laid_below_one_another() -> None:
    got = torch.arange(8.0).reshape(2, 2, 2)
    picture = error_of(got, torch.zeros(2, 2, 2), "x")
    assert picture is not None
    assert picture.shape == (2, 2, 2)
    assert picture.rows == ((0.0, 1.0), (2.0, 3.0), (4.0, 5.0), (6.0, 7.0))


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64, torch.float16])
def test_numbers_of_any_dtype_have_an_error(dtype: torch.dtype) -> None:
    got, expected = torch.tensor([0, 1]).to(dtype), torch.tensor([1, 1]).to(dtype)
    picture = error_of(got, expected, "x")
    assert picture is not None
    assert picture.rows == ((-1.0, 0.0),)


@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (0,), (0, 3), (3, 0)])
def test_one_number_or_none_is_no_picture(shape: tuple[int, ...]) -> None:
    assert error_of(torch.ones(shape), torch.zeros(shape), "x") is None


def test_a_tensor_that_is_expanded() -> None:
    picture = error_of(torch.ones(1).expand(2, 3), torch.zeros(3).expand(2, 3), "x")
    assert picture is not None
    assert picture.rows == ((1.0,) * 3,) * 2


@pytest.mark.parametrize("student", [(), [], [1], [1.0, 2], [1.0, None], "ab", 1.0, {"a": 1.0}])
def test_curves_are_drawn_of_floats_alone(student: Any) -> None:
    assert curves_of(student, [1.0, 2.0]) is None


def test_curves_of_different_lengths_are_drawn_as_far_as_they_go() -> None:
    picture = curves_of((3.0,), [2.0, 1.0, 1 / 3])
    assert picture == Picture("curves", "", (3,), ((3.0,), (2.0, 1.0, 0.3333)))
