"""Parameters drawn in another way have the right mean and spread, and give themselves away otherwise."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from grader.authoring.behaviour import wrong_draws as wrong


class Layer(nn.Module):
    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.randn(n_in, n_out))
        self.bias = nn.Parameter(torch.randn(n_out))


def made(monkeypatch: pytest.MonkeyPatch, how: str) -> Any:
    monkeypatch.setattr(Layer, "__init__", wrong.drawn_otherwise(Layer.__init__, how))
    torch.manual_seed(0)
    return Layer(60, 101)


def spread(values: Tensor) -> float:
    return values.detach().std().item()


def test_a_sum_of_uniform_numbers_ends_at_3(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = made(monkeypatch, "uniforms")
    assert 2.5 < layer.weights.abs().max() < 3
    assert spread(layer.weights) == pytest.approx(1, abs=0.05)


def test_each_number_stands_there_with_the_other_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = made(monkeypatch, "mirrored")
    flat = layer.weights.flatten()
    assert torch.equal(flat[:3030], -flat[3030:])
    assert torch.equal(layer.bias[:50], -layer.bias[51:])


def test_rows_are_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = made(monkeypatch, "rows alike")
    assert torch.equal(layer.weights, layer.weights[:1].expand(60, 101))
    assert spread(layer.bias) == pytest.approx(1, abs=0.3)


def test_the_bias_is_made_of_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = made(monkeypatch, "bias of weights")
    assert torch.equal(layer.bias, -layer.weights[-1].flip(0))
    assert layer.bias.requires_grad
