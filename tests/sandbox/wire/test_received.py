"""What the trusted side makes of a student's values is data that nobody changes afterwards."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

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
