"""The sentence that a student reads of a difference, to the character."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from grader.checking.compare import Demands, mismatches
from grader.checking.mismatch import difference_of, sentence_of
from grader.sandbox.wire.values import Opaque
from tests.received import received

GRADIENT = torch.tensor([[0.5, -1.0], [2.0, 3.5], [-0.25, 1.0]], dtype=torch.float64)
ROW = torch.arange(9, dtype=torch.float32)


def sentence(actual: Any, expected: Any, **demands: Any) -> str:
    return sentence_of(next(mismatches(actual, expected, "dw", Demands(**demands))))


@pytest.mark.parametrize(
    ("actual", "expected", "told"),
    [
        (None, GRADIENT, "dw is None, expected a tensor."),
        (1.0, GRADIENT, "dw is a float, expected a tensor."),
        (Opaque("numpy.ndarray"), GRADIENT, "dw is a numpy.ndarray, expected a tensor."),
        (1, 1.0, "dw is an int, expected a float."),
        (True, 1.0, "dw is a bool, expected a float."),
        (received(torch.ones(1)), 1.0, "dw is a tensor of shape (1,), expected a float. Use `.item()`."),
        (received(torch.ones(2)), 1.0, "dw is a tensor of shape (2,), expected a float."),
        (received(torch.ones(())), 1, "dw is a tensor of shape (), expected an int."),
        (1.0, [1.0], "dw is a float, expected a list."),
        (1.0, (1.0,), "dw is a float, expected a tuple."),
        ([], {"a": 1.0}, "dw is a list, expected a dict."),
        (0, False, "dw is an int, expected a bool."),
        (1.0, None, "dw is a float, expected None."),
        (3, "a", "dw is an int, expected a str."),
        ({}, {"a": 1.0, "b": 1.0}, "dw has no entry 'a'."),
        ({"a": 1.0}, {"a": 1.0, "b": 1.0}, "dw has no entry 'b'."),
        ([1.0], [1.0, 2.0], "dw has 1 entries, expected 2."),
        ("b", "a", "dw is 'b', expected 'a'."),
        (4, 3, "dw is 4, expected 3."),
        (False, True, "dw is False, expected True."),
        (2.0, 1.0, "dw is 2, expected 1."),
        (1 / 3, 1.0, "dw is 0.3333333, expected 1."),
        (float("nan"), 1.0, "dw is nan, expected 1."),
        (float("-inf"), 1.0, "dw is -inf, expected 1."),
        ({"a": [0.0]}, {"a": [1.0]}, 'dw["a"][0] is 0, expected 1.'),
    ],
)  # fmt: skip
def test_plain_values_and_kinds(actual: Any, expected: Any, told: str) -> None:
    assert sentence(actual, expected) == told


def test_the_form_of_a_tensor() -> None:
    def told(*facts: Any, **demands: Any) -> str:
        return sentence(received(*facts), GRADIENT, **demands)

    assert told(GRADIENT.T) == "dw has shape (2, 3), expected (3, 2)."
    assert told(GRADIENT.flatten()) == "dw has shape (6,), expected (3, 2)."
    assert told(torch.zeros(0).double()) == "dw has shape (0,), expected (3, 2)."
    assert told(GRADIENT.sum()) == "dw has shape (), expected (3, 2)."
    assert told(GRADIENT.float()) == "dw has dtype float32, expected float64."
    assert told(GRADIENT, "cuda:0") == "dw is on cuda:0, expected on cpu."
    assert told(GRADIENT, "cpu", False, "cuda") == "dw is on cpu, expected on cuda."
    assert told(GRADIENT, requires_grad=True) == "dw should require gradients."
    kept = sentence(received(GRADIENT, requires_grad=True), GRADIENT, requires_grad=False)
    assert kept == "dw should not require gradients."


def test_a_small_tensor_is_shown_whole() -> None:
    got = GRADIENT.clone()
    got[1, 0] = 2.5
    got[2, 1] = 1.25
    assert sentence(received(got), GRADIENT) == (
        "dw at (1, 0) is 2.5, expected 2. 2 of 6 elements are wrong. "
        "Received [[0.5, -1], [2.5, 3.5], [-0.25, 1.25]], "
        "expected [[0.5, -1], [2, 3.5], [-0.25, 1]]."
    )


def test_a_large_tensor_is_shown_by_its_beginning() -> None:
    got = ROW.clone()
    got[8] = -1
    told = "dw at (8,) is -1, expected 8. 1 of 9 elements are wrong."
    assert sentence(received(got), ROW) == told  # it begins as it should
    got[1] = 2
    assert sentence(received(got), ROW) == (
        f"{told.replace('1 of', '2 of')} It begins [0, 2, 2, 3, 4, 5], expected [0, 1, 2, 3, 4, 5]."
    )
    big = torch.randn(100, 100, dtype=torch.float64)
    assert len(sentence(received(big + 1), big)) < 300


def test_one_number() -> None:
    assert sentence(received(torch.tensor(1 / 3)), torch.tensor(1.0)) == (
        "dw is 0.3333333, expected 1."
    )
    assert sentence(received(torch.tensor([2.0])), torch.tensor([1.0])) == (
        "dw at (0,) is 2, expected 1. 1 of 1 elements are wrong."
    )


def test_integers_and_booleans_allow_nothing() -> None:
    assert sentence(received(torch.tensor([1, 5])), torch.tensor([1, 2])) == (
        "dw at (1,) is 5, expected 2. 1 of 2 elements are wrong. Received [1, 5], expected [1, 2]."
    )
    told = sentence(received(torch.tensor([True, True])), torch.tensor([True, False]))
    assert told.startswith("dw at (1,) is True, expected False.")


@pytest.mark.parametrize("bad", ["nan", "inf", "-inf"])
def test_what_is_not_finite_differs_most(bad: str) -> None:
    got = torch.tensor([9.0, float(bad), 3.0])
    told = sentence(received(got), torch.tensor([1.0, 2.0, 3.0]))
    assert told.startswith(f"dw at (1,) is {bad}, expected 2. 2 of 3")
    everywhere = sentence(received(GRADIENT.abs() * float(bad)), GRADIENT)
    assert everywhere.startswith(f"dw at (0, 0) is {bad}, expected 0.5.")


def test_an_element_that_is_right_is_never_the_one_that_is_named() -> None:
    expected = torch.tensor([1.0, float("inf")])
    got = torch.tensor([1.5, float("inf")])
    assert sentence(received(got), expected).startswith("dw at (0,) is 1.5, expected 1.")


def test_numbers_that_differ_late_are_shown_with_the_digits_that_differ() -> None:
    assert sentence(1.00000001, 1.0) == "dw is 1.00000001, expected 1."
    got = GRADIENT.clone()
    got[1, 0] += 3e-8
    assert sentence(received(got), GRADIENT) == (
        "dw at (1, 0) is 2.00000003, expected 2. 1 of 6 elements are wrong. "
        "Received [[0.5, -1], [2.00000003, 3.5], [-0.25, 1]], "
        "expected [[0.5, -1], [2, 3.5], [-0.25, 1]]."
    )


@pytest.mark.parametrize(
    ("actual", "expected", "told"),
    [
        (None, GRADIENT, ("dw", "kind", "None", "a tensor")),
        ({"a": 1.0}, {"a": 1.0, "b": 1.0}, ("dw", "entry", "['a']", "'b'")),
        ([1.0], [1.0, 2.0], ("dw", "length", "1", "2")),
        (received(ROW[:2]), ROW, ("dw", "shape", "(2,)", "(9,)")),
        (received(ROW.double()), ROW, ("dw", "dtype", "float64", "float32")),
        (2.0, 1.0, ("dw", "value", "2", "1")),
        ("b", "a", ("dw", "value", "'b'", "'a'")),
        ({"a": [0.0]}, {"a": [1.0]}, ('dw["a"][0]', "value", "0", "1")),
        (received(ROW[:2] + 1), ROW[:2], ("dw", "value", "[1, 2]", "[0, 1]")),
        (received(ROW + 0.5 * (ROW == 7)), ROW, ("dw at (7,)", "value", "7.5", "7")),
    ],
)
def test_the_same_in_its_parts(actual: Any, expected: Any, told: tuple[str, ...]) -> None:
    shown = difference_of(next(mismatches(actual, expected, "dw", Demands())))
    assert (shown.what, shown.aspect, shown.received, shown.expected) == told


def test_whether_it_should_require_gradients_in_its_parts() -> None:
    first = next(mismatches(received(ROW), ROW, "dw", Demands(requires_grad=True)))
    shown = difference_of(first)
    assert (shown.aspect, shown.received, shown.expected) == ("requires_grad", "False", "True")
