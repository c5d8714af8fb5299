"""What is taken for a sigmoid, for its loss or for a clamp is told by its own numbers."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from grader.checking import other_functions
from grader.checking.outcome import Cause
from tests.received import received

Z = torch.tensor([-1.5, 0.3, 2.0])
YHAT, Y = torch.tensor([[0.2, 0.7, 0.4]]), torch.tensor([[0.0, 1.0, 1.0]])


def naive(z: Tensor) -> Tensor:
    return z.exp() / (1 + z.exp())


def test_no_two_functions_give_the_same() -> None:
    values = [*other_functions.instead_of_sigmoid(Z).values(), Z.sigmoid()]
    assert len({tuple(value.tolist()) for value in values}) == len(values)


def test_what_is_taken_for_a_probability() -> None:
    found = other_functions.instead_of_probability(Z - 0.25, torch.tensor(0.25))
    assert torch.equal(found[other_functions.NO_B], torch.sigmoid(Z - 0.25))
    assert torch.allclose(found[other_functions.TURNED], 1 - Z.sigmoid())
    assert found[other_functions.LABELS].tolist() == [0, 1, 1]


def test_an_overflow_is_one_of_large_numbers_alone() -> None:
    z = torch.tensor([1.0, 200.0, -200.0])
    found = other_functions.overflowed(received(naive(z)), z)
    assert list(found) == [other_functions.OVERFLOW]
    assert math.isnan(found[other_functions.OVERFLOW])
    everywhere = torch.full_like(z, math.nan)
    assert other_functions.overflowed(received(everywhere), z) == {}
    assert other_functions.overflowed(received(z.sigmoid()), z) == {}
    assert other_functions.overflowed(received(naive(-z)), z) == {}


@pytest.mark.parametrize(
    ("cause", "value"),
    [
        (other_functions.SWAPPED_LABELS, -((1 - Y) * YHAT.log() + Y * (1 - YHAT).log()).mean()),
        (other_functions.SQUARED, ((YHAT - Y) ** 2).mean()),
        (other_functions.NO_ZEROS, -(Y * YHAT.log()).mean()),
        (
            other_functions.KEPT_AWAY.of(eps="1e-07"),
            -(Y * YHAT.log() + (1 - Y) * (1 - YHAT).log()).mean(),
        ),
    ],
)
def test_losses(cause: Cause, value: Tensor) -> None:
    assert torch.allclose(other_functions.other_losses(None, YHAT, Y)[cause], value)


def test_clamped_or_added_it_is_one_cause() -> None:
    """At 0 both give one number, and elsewhere each its own."""
    yhat = torch.tensor([[0.0, 0.4, 0.9]])
    cause = other_functions.KEPT_AWAY.of(eps="0.01")
    clamped, added = yhat.clamp(0.01, 0.99), yhat + 0.01
    for one, other in ((clamped, 1 - clamped), (added, 1.02 - added)):
        back = -(Y * one.log() + (1 - Y) * other.log()).mean()
        found = other_functions.other_clamps(received(back), yhat, Y)
        assert torch.allclose(found[cause], back)
