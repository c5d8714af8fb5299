"""How a function is called by a probe: by position, and with the default device that was asked for."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from grader import called


def answer(*inputs: Any) -> tuple[tuple[Any, ...], torch.device]:
    return inputs, torch.empty(0).device


@pytest.mark.parametrize("by_default", [False, True])
def test_arguments_are_handed_over_by_position(by_default: bool) -> None:
    x = torch.zeros(2)
    inputs, device = called(answer, by_default, x, 0.5, None)
    assert inputs[0] is x
    assert inputs[1:] == (0.5, None)
    assert device.type == "cpu"


def test_the_device_of_the_first_tensor_is_the_default_while_it_runs() -> None:
    x = torch.zeros(2, device="meta")
    assert called(answer, False, 1, x)[1].type == "cpu"
    assert called(answer, True, 1, x, torch.zeros(2))[1].type == "meta"
    assert torch.empty(0).device.type == "cpu"


def test_the_default_is_what_it_was_after_an_exception() -> None:
    def failing(x: Tensor) -> Tensor:
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        called(failing, True, torch.zeros(2, device="meta"))
    assert torch.empty(0).device.type == "cpu"
