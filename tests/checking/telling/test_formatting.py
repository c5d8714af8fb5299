"""Values in words and digits, as a message shows them."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from grader.checking.telling import formatting
from grader.sandbox.wire.values import Opaque
from tests.received import received


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "None"),
        (1, "an int"),
        (1.5, "a float"),
        (True, "a bool"),
        ("x", "a str"),
        ([], "a list"),
        ((), "a tuple"),
        ({}, "a dict"),
        (Opaque("numpy.ndarray"), "a numpy.ndarray"),
        (torch.zeros(3, 2), "a tensor of shape (3, 2)"),
        (received(torch.zeros(3)), "a tensor of shape (3,)"),
        (received(torch.zeros(())), "a tensor of shape ()"),
    ],
)
def test_kind(value: Any, told: str) -> None:
    assert formatting.kind(value) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "None"),
        (3, "3"),
        (True, "True"),
        ("it's", '"it\'s"'),
        ([1, "a"], "[1, 'a']"),
        ({"a": 1}, "a dict"),
        (Opaque("set"), "a set"),
        (received(torch.zeros(2)), "a tensor of shape (2,)"),
    ],
)
def test_value(value: Any, told: str) -> None:
    assert formatting.value(value) == told


def test_a_long_value_is_cut() -> None:
    assert formatting.value("x" * 10_000) == "'" + "x" * 199


@pytest.mark.parametrize("shape", [(), (0,), (3,), (3, 2), (1, 2, 3, 4)])
def test_shapes_are_written_as_python_writes_them(shape: tuple[int, ...]) -> None:
    assert formatting.shape(torch.zeros(shape)) == str(shape)
    assert formatting.sizes(shape) == str(shape)


@pytest.mark.parametrize("name", ["float32", "float64", "bfloat16", "int64", "bool"])
def test_dtype(name: str) -> None:
    assert formatting.dtype(torch.zeros(1, dtype=getattr(torch, name))) == name


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (torch.tensor(1 / 3), "0.3333333"),
        (torch.tensor(1 / 3, dtype=torch.float64), "0.3333333"),
        (torch.tensor(2.0), "2"),
        (torch.tensor(1.5e-12), "1.5e-12"),
        (torch.tensor(float("nan")), "nan"),
        (torch.tensor(float("-inf")), "-inf"),
        (torch.tensor(2**62), str(2**62)),
        (torch.tensor(True), "True"),
        (torch.tensor([[7]]), "7"),
    ],
)
def test_element(number: torch.Tensor, told: str) -> None:
    assert formatting.element(number) == told


def test_elements_are_nested_as_the_tensor_is() -> None:
    assert formatting.elements(torch.tensor(1.5)) == "1.5"
    assert formatting.elements(torch.tensor([1 / 3, float("inf")])) == "[0.3333, inf]"
    assert formatting.elements(torch.tensor([[1, 2], [3, 4]])) == "[[1, 2], [3, 4]]"
    assert formatting.elements(torch.zeros(1, 1, 2)) == "[[[0, 0]]]"
    assert formatting.elements(torch.zeros(2, 3).T[:1]) == "[[0, 0]]"


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        (1.0, 2.0, ("1", "2")),
        (1 / 3, 1 / 3 + 1e-9, ("0.333333333", "0.333333334")),
        (1e-9, 2e-9, ("1e-09", "2e-09")),
        (1.0, 1.0 + 2**-52, ("1", "1.0000000000000002")),
        (2.0, 2.0, ("2", "2")),
        (float("nan"), 1.0, ("nan", "1")),
    ],
)
def test_two_numbers_are_written_with_the_digits_that_differ(
    one: float, other: float, told: tuple[str, str]
) -> None:
    pair = torch.tensor([one, other], dtype=torch.float64)
    assert formatting.apart(formatting.element, pair[0], pair[1], 7) == told


def test_lists_are_written_with_the_digits_that_differ() -> None:
    one = torch.tensor([0.5, 1.0, 1 / 3], dtype=torch.float64)
    other = one + torch.tensor([0, 1e-6, 0], dtype=torch.float64)
    assert formatting.apart(formatting.elements, one, other, 4) == (
        "[0.5, 1, 0.3333333]",
        "[0.5, 1.000001, 0.3333333]",
    )
    assert formatting.apart(formatting.elements, one, one + 1, 4)[0] == "[0.5, 1, 0.3333]"
