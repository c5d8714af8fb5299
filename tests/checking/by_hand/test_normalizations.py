"""Layer norm and batch norm by hand: torch's without a mistake, other numbers with one."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from grader.checking.by_hand.normalizations import (
    CANCELLED,
    IN_EVALUATION,
    MISTAKES,
    MOVED,
    RUNNING,
    Norm,
    by_hand,
    known,
    known_of_running,
    move_running,
    running_by_hand,
)
from tests.received import received


def drawn(
    name: str = "batch_norm", training: bool = True, mean: float = 0.0, lead: tuple[int, ...] = (5,)
) -> Norm:
    draw = torch.Generator().manual_seed(7)

    def numbers(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=draw, dtype=torch.float64)

    inputs = {"x": numbers(*lead, 3) + mean, "weight": numbers(3), "bias": numbers(3)}
    if name == "batch_norm":
        inputs |= {"running_mean": numbers(3), "running_var": numbers(3) ** 2 + 1}
    over = 0 if name == "batch_norm" else -1
    return Norm(name, over, inputs, numbers(*lead, 3), training, 0.1, 0.3, [], {})


def of_torch(norm: Norm) -> dict[str, Tensor]:
    given = {name: value.clone() for name, value in norm.inputs.items()}
    asked = [given[name].requires_grad_() for name in ("x", "weight", "bias")]
    if norm.name == "layer_norm":
        y = F.layer_norm(asked[0], (3,), asked[1], asked[2], norm.eps)
    else:
        mean, variance = (given[name] for name in RUNNING)
        x, weight, bias = asked
        y = F.batch_norm(x, mean, variance, weight, bias, norm.training, norm.momentum, norm.eps)
    slopes = torch.autograd.grad(y, asked, norm.grad)
    found = {"y": y.detach(), **dict(zip(("x", "weight", "bias"), slopes, strict=True))}
    return found | {name: given[name] for name in RUNNING if name in given}


NORMS = [drawn("layer_norm", lead=(2, 4)), drawn(), drawn(training=False)]


@pytest.mark.parametrize("norm", NORMS)
def test_without_a_mistake_it_is_torchs(norm: Norm) -> None:
    right = by_hand(norm)
    if norm.name == "batch_norm":
        right |= running_by_hand(norm, "" if norm.training else "kept")
    for name, value in of_torch(norm).items():
        torch.testing.assert_close(right[name], value)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gives_other_numbers_somewhere(mistake: str) -> None:
    pairs = [(by_hand(norm), by_hand(norm, mistake)) for norm in NORMS]
    assert any(not torch.allclose(one[name], two[name]) for one, two in pairs for name in one)


def test_causes_are_of_the_mode() -> None:
    """The statistics of the other mode are one mistake in training, and another in evaluation."""
    told = [{cause.text for cause in known(norm, "y")} for norm in NORMS[1:]]
    assert "In training μ and v are those of the batch." in told[0] - told[1]
    assert "In evaluation μ and v are the running ones." in told[1] - told[0]
    assert set(known_of_running(NORMS[2], "running_mean")) == {IN_EVALUATION}


def test_running_statistics_that_are_read_late() -> None:
    norm = drawn(training=False)
    later = {name: value.clone() for name, value in norm.inputs.items()}
    move_running(later)
    moved = of_torch(replace(norm, inputs=later))["x"]
    torch.testing.assert_close(known(norm, "x", received(moved))[MOVED], moved)


@pytest.mark.parametrize("name", ["layer_norm", "batch_norm"])
def test_digits_that_a_difference_loses(name: str) -> None:
    norm = drawn(name, mean=2000.0)
    x = norm.inputs["x"].float()
    norm = replace(norm, inputs=norm.inputs | {"x": x.double()})
    mean = x.mean(norm.over, keepdim=True)
    lost = ((x * x).mean(norm.over, keepdim=True) - mean**2).clamp(min=0)
    weight, bias = norm.inputs["weight"].float(), norm.inputs["bias"].float()

    def named(variance: Tensor) -> bool:
        y = weight * (x - mean) / (variance + norm.eps).sqrt() + bias
        return CANCELLED in known(norm, "y", received(y))

    assert named(lost)
    # one way in all rows: another ε, say
    assert not named(x.var(norm.over, correction=0, keepdim=True) + 0.2)


def test_digits_that_a_running_variance_loses() -> None:
    norm = drawn(mean=2000.0)
    right = running_by_hand(norm)["running_var"].float()
    off = torch.tensor([0.1, -0.1, 0.05])
    assert CANCELLED in known_of_running(norm, "running_var", received(right + off))
    assert CANCELLED not in known_of_running(norm, "running_var", received(right + off.abs()))
