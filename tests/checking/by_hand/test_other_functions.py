"""What is taken for a sigmoid, for its loss or for a clamp is told by its own numbers."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from grader.checking.by_hand import other_functions
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


def test_losses_of_other_labels_bases_and_clamped_logits() -> None:
    z, y = torch.tensor([-40.0, 0.5, 70.0]), torch.tensor([0.25, 1.0, 0.0])
    loss = torch.nn.functional.binary_cross_entropy_with_logits
    whole = [each(z, y) for each in other_functions.of_whole_labels(loss).values()]
    assert [w.item() for w in whole] == [
        loss(z, torch.tensor(labels)).item()
        for labels in ([0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [1.0, 1.0, 0.0])
    ]
    based = other_functions.of_log_bases(loss).values()
    assert [each(z, y).item() for each in based] == [
        pytest.approx(loss(z, y).item() / math.log(base)) for base in (2, 10)
    ]
    clipped = other_functions.of_clipped(loss, True)
    assert clipped[other_functions.CLIPPED.of(bound="50")](z, y) == loss(z.clamp(-50, 50), y)
    assert len({each(z, y).item() for each in clipped.values()}) > 5
    assert [*other_functions.of_clipped(loss, False)] == [other_functions.ALL_CLIPPED]


def test_clamped_or_added_it_is_one_cause() -> None:
    """At 0 both give one number, and elsewhere each its own."""
    yhat = torch.tensor([[0.0, 0.4, 0.9]])
    cause = other_functions.KEPT_AWAY.of(eps="0.01")
    clamped, added = yhat.clamp(0.01, 0.99), yhat + 0.01
    for one, other in ((clamped, 1 - clamped), (added, 1.02 - added)):
        back = -(Y * one.log() + (1 - Y) * other.log()).mean()
        found = other_functions.other_clamps(received(back), yhat, Y)
        assert torch.allclose(found[cause], back)
