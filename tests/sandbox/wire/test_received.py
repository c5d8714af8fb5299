"""What the trusted side makes of a student's values is data that nobody changes afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest
import torch

from grader.sandbox.wire.received import Opaque, Received
from grader.sandbox.wire.values import as_received, decode, encode


def test_a_tensor_arrives_with_what_was_told_of_it() -> None:
    tree, block = encode({"w": torch.nn.Parameter(torch.ones(2)), "x": torch.ones(1)})
    got = decode(tree, block, as_received("sim"))
    assert (got["w"].requires_grad, got["w"].parameter, got["w"].home) == (True, True, "sim")
    assert (got["x"].requires_grad, got["x"].parameter, got["x"].device) == (False, False, "cpu")


def test_nobody_changes_it() -> None:
    received = Received(torch.ones(1), "cpu", False, False, "cpu")
    for thing, name in ((received, "device"), (Opaque("set"), "type")):
        with pytest.raises(FrozenInstanceError):
            setattr(thing, name, "sim")


def test_what_is_not_known_is_told_apart_by_its_type() -> None:
    tree, block = encode([object(), {1, 2}])
    assert decode(tree, block, as_received("cpu")) == [Opaque("object"), Opaque("set")]


@pytest.mark.parametrize(
    "use",
    [
        lambda it, x: it + x,
        lambda it, x: x + it,
        lambda it, x: 2 * it,
        lambda it, x: it @ x,
        lambda it, x: -it,
        lambda it, x: it == x,
        lambda it, x: x == it,
        lambda it, x: it == it,
        lambda it, x: it != x,
        lambda it, x: it < x,
        lambda it, x: it[0],
        lambda it, x: len(it),
        lambda it, x: [*it],
        lambda it, x: x in it,
        lambda it, x: float(it),
        lambda it, x: bool(it),
        lambda it, x: it.shape,
        lambda it, x: it.sum(),
        lambda it, x: it.dtype,
        lambda it, x: torch.allclose(it, x),
        lambda it, x: torch.stack([x, it]),
        lambda it, x: torch.sum(it),
        lambda it, x: np.asarray(it),
    ],
)
def test_a_check_that_takes_it_for_a_tensor_is_told(use: Callable[[Received, Any], object]) -> None:
    """A comparison that is quietly false, or a truth that is always true, would be a wrong grade."""
    it = Received(torch.ones(1), "cpu", False, False, "cpu")
    with pytest.raises((TypeError, AttributeError), match=r"Its values are in `\.tensor`"):
        use(it, torch.ones(1))


def test_other_attributes_are_missing_as_ever() -> None:
    it = Received(torch.ones(1), "cpu", False, False, "cpu")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        it.nothing  # noqa: B018
    assert {it: 1}[it] == 1
    assert it != "no Function"
    assert it != 1
    assert not isinstance(it, torch.Tensor)
