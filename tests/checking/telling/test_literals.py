"""Values written as Python are the same values when that is run."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
import torch
from torch import Tensor

from grader.checking.telling.literals import form_of, numbers_in, written

DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.bool]


def evaluated(text: str) -> Any:
    return eval(text, {"torch": torch, "float": float})


def drawn_tensor(random: Random) -> Tensor:
    shape = [random.randint(0, 4) for _ in range(random.randint(0, 3))]
    made = (10 * torch.randn(shape, dtype=torch.float64)).to(random.choice(DTYPES))
    if made.dim() > 1 and random.random() < 0.4:
        made = made.transpose(0, -1)
    if made.dim() and random.random() < 0.3:
        made = made[::2]
    return made


@pytest.mark.parametrize("seed", range(60))
def test_a_tensor_comes_back_as_it_was(seed: int) -> None:
    torch.manual_seed(seed)
    tensor = drawn_tensor(Random(seed))
    again = evaluated(written(tensor))
    assert (again.dtype, again.shape) == (tensor.dtype, tensor.shape)
    assert torch.equal(again, tensor)
    if tensor.numel() > 1:
        assert again.stride() == tensor.stride() or tensor.is_contiguous()


def test_need_of_gradients_and_device() -> None:
    tensor = torch.tensor([0.5], requires_grad=True)
    assert written(tensor) == "torch.tensor([0.5]).requires_grad_()"
    assert written(tensor.detach(), "sim:0") == "torch.tensor([0.5], device=device)"


def test_an_expanded_tensor_keeps_its_strides() -> None:
    again = evaluated(written(torch.tensor([[1.0], [2.0]]).expand(2, 3)))
    assert again.tolist() == [[1, 1, 1], [2, 2, 2]]
    assert again.stride() == (1, 0)


def test_what_is_not_finite_and_what_is_plain() -> None:
    assert written(torch.tensor([float("inf"), float("nan")])) == (
        'torch.tensor([float("inf"), float("nan")])'
    )
    value = {"a": [1, (2.5,), None], "b": "x" * 90}
    assert evaluated(written(value)) == value
    assert written(value).count("\n") == 3  # a long one stands on several lines


@pytest.mark.parametrize(
    ("value", "form", "numbers"),
    [
        (torch.zeros(3, 4), "float32 (3, 4)", 12),
        (torch.zeros(2, dtype=torch.float64).requires_grad_(), "float64 (2,) requires_grad", 2),
        ([torch.zeros(2), 3], "[float32 (2,), int]", 2),
        ((torch.tensor(1),), "(int64 ())", 1),
        ({"w": torch.zeros(2, 2), "b": None}, "{'w': float32 (2, 2), 'b': None}", 4),
        ([1.5] * 20, "[float, float, float, float, float, float, float, float, …]", 0),
        ("text", "str", 0),
    ],
)
def test_the_form_of_a_value_and_how_many_numbers_it_has(
    value: Any, form: str, numbers: int
) -> None:
    assert form_of(value) == form
    assert numbers_in(value) == numbers
