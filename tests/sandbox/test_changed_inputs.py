"""What of a probe's inputs counts as changed, by the memory before and after."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from grader.sandbox.changed_inputs import changed_names, with_changed
from grader.sandbox.wire.messages import Message
from grader.sandbox.wire.values import decode, encode


def test_what_is_cut_off_is_changed() -> None:
    """As where there is an ordinary file, which a child can make shorter."""
    tree, block = encode({"x": torch.ones(9), "n": 1})
    assert changed_names(tree, block, block[:4]) == ["x", "n"]


INPUTS = {
    "a": torch.ones(3),
    "b": [torch.ones(2), (torch.zeros(2), 5)],
    "c": {"d": torch.arange(6.0).reshape(2, 3).T},
    "e": 1.5,
    "f": torch.tensor([float("nan"), 1.0]),
    "g": torch.tensor([0.0, 1.0]),
}


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("a", lambda x: x["a"].add_(1)),
        ("b", lambda x: x["b"][1][0].fill_(1)),
        ("c", lambda x: x["c"]["d"][2, 1].zero_()),
        ("f", lambda x: x["f"].zero_()),
        ("", lambda x: x["g"].neg_().abs_()),
        ("", lambda x: x["g"][0].copysign_(torch.tensor(-1.0))),  # -0.0 is 0.0
        ("", lambda x: x["e"]),
    ],
)
def test_what_was_changed_is_named(name: str, spoil: Any) -> None:
    tree, block = encode(INPUTS)
    after = bytearray(block)
    spoil(decode(tree, after, lambda tensor, _: tensor))
    assert changed_names(tree, block, bytes(after)) == ([name] if name else [])


def test_what_is_found_is_told_with_what_the_child_tells() -> None:
    answer = Message({"value": 1, "changed": ["b", "a"]}, b"", b"text")
    told = with_changed(answer, ["a", "c"])
    assert told.header == {"value": 1, "changed": ["a", "c", "b"]}
    assert told.text != answer.text
    assert with_changed(answer, []) == answer
    error = Message({"error": {}}, b"", b"text")
    assert with_changed(error, ["a"]) == error
