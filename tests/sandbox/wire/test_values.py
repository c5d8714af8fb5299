"""Values on the wire: what goes in comes out, and what is malformed is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import Tensor

from grader.sandbox.wire.values import Opaque, WireError, as_received, decode, encode, restride


def plain(tensor: Tensor, facts: dict[str, Any]) -> Tensor:
    return tensor


def through(value: object) -> Any:
    tree, block = encode(value)
    return decode(json.loads(json.dumps(tree)), block, plain)


@pytest.mark.parametrize(
    "value",
    [None, True, 3, -1.5, "ŷ", [1, "a", None], (1, (2.0,)), {"a": [1], "b": {"c": False}}, [], ()],
)
def test_plain_values(value: object) -> None:
    assert through(value) == value
    assert type(through(value)) is type(value)


def test_floats_are_exact_and_need_not_be_finite() -> None:
    values = [0.1, 1e-310, float("inf"), float("-inf")]
    assert through(values) == values
    assert through(float("nan")) != through(float("nan"))


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.int64, torch.bool])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3)])
def test_tensors(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    tensor = torch.ones(shape).to(dtype)
    got = through({"x": tensor})["x"]
    assert got.dtype == dtype
    assert got.shape == tensor.shape
    assert torch.equal(got, tensor)


def test_facts_of_a_tensor() -> None:
    tree, block = encode(torch.nn.Parameter(torch.ones(2)))
    received = decode(tree, block, as_received("cpu"))
    assert (received.device, received.home) == ("cpu", "cpu")
    assert received.requires_grad
    assert received.parameter


def test_strides_survive() -> None:
    tensor = torch.arange(12.0).reshape(3, 4).T
    tree, block = encode(tensor)
    got = decode(tree, block, restride)
    assert got.stride() == tensor.stride()
    assert torch.equal(got, tensor)


def test_what_is_not_known_arrives_by_name() -> None:
    assert through(object()) == Opaque("object")
    assert through({1: 2}) == Opaque("dict")
    assert through(10**30) == Opaque("int")
    assert isinstance(through(torch.ones(2, dtype=torch.complex64)), Opaque)
    assert isinstance(through(torch.eye(2).to_sparse()), Opaque)


def test_a_lying_subclass_is_sent_as_the_tensor_that_it_is() -> None:
    class Liar(Tensor):
        @classmethod
        def __torch_function__(cls, *args: Any, **kwargs: Any) -> Any:
            return torch.zeros(1)

    liar = torch.ones(3).as_subclass(Liar)
    assert torch.equal(through([liar])[0], torch.ones(3))


def test_deep_nesting_is_cut() -> None:
    value: list[Any] = []
    for _ in range(100):
        value = [value]
    assert "nested too deeply" in str(through(value))


block_of_two = safetensors.torch.save({"a": torch.ones(1), "b": torch.ones(1)})


@pytest.mark.parametrize(
    ("tree", "block"),
    [
        ({}, b""),
        ([1], b""),
        (1.5, b""),
        ({"float": "one"}, b""),
        ({"float": 1}, b""),
        ({"list": 1}, b""),
        ({"list": [], "tuple": []}, b""),
        ({"dict": [[1, 2]]}, b""),
        ({"dict": [["a"]]}, b""),
        ({"exec": "1"}, b""),
        ({"tensor": "a"}, b""),
        ({"tensor": ["a"]}, block_of_two),
        ({"tensor": "a"}, block_of_two),  # b is left over
        ({"list": [{"tensor": "a"}, {"tensor": "a"}]}, block_of_two),
        (None, b"\0"),
        (None, b"not safetensors at all"),
        (None, (1 << 40).to_bytes(8, "little") + b"{}"),
        (None, safetensors.torch.save({f"t{i}": torch.ones(1) for i in range(300)})),
    ],
)
def test_malformed_values_are_refused(tree: Any, block: bytes) -> None:
    with pytest.raises(WireError):
        decode(tree, block, plain)


def test_a_tree_that_is_too_deep_is_refused() -> None:
    tree: Any = None
    for _ in range(200):
        tree = {"list": [tree]}
    with pytest.raises(WireError, match="deeply"):
        decode(tree, b"", plain)
