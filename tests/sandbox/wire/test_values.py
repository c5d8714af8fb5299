"""Values on the wire: what goes in comes out, and what is malformed is refused."""

from __future__ import annotations

import json
import marshal
from base64 import b64decode
from typing import Any

import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from grader.sandbox.wire.values import (
    DTYPES,
    MAX_TEXT,
    Opaque,
    WireError,
    as_received,
    code_of,
    decode,
    encode,
    restride,
)


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


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(VALUES)
def test_any_plain_value_comes_back(value: object) -> None:
    assert through(value) == value


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(24.0).reshape(2, 3, 4).permute(2, 0, 1),
        torch.arange(12.0)[::3],
        torch.arange(12.0).reshape(3, 4)[:, 1:3],
        torch.ones(3, 1).expand(3, 4),
        torch.ones(1, 2, 3, 4).to(memory_format=torch.channels_last),
    ],
)
def test_any_layout_comes_back(tensor: Tensor) -> None:
    tree, block = encode(tensor)
    got = decode(json.loads(json.dumps(tree)), block, restride)
    assert torch.equal(got, tensor)
    if 0 not in tensor.stride():  # one element many times is sent as many
        assert got.stride() == tensor.stride()


def test_every_dtype_that_is_sent_comes_back() -> None:
    for dtype in DTYPES.values():
        tensor = torch.tensor([0, 1, 3]).to(dtype)
        got = through(tensor)
        assert got.dtype is dtype
        assert torch.equal(got, tensor)


def test_what_comes_back_is_apart_from_what_was_sent() -> None:
    tensor = torch.ones(2)
    got = through(tensor)
    got += 1
    assert tensor.tolist() == [1.0, 1.0]


def test_subclasses_of_plain_types_are_sent_as_those() -> None:
    class Name(str):
        pass

    class Pair(tuple[int, int]):
        pass

    class Table(dict[str, int]):
        pass

    got = through([Name("a"), Pair((1, 2)), Table(b=1)])
    assert got == ["a", (1, 2), {"b": 1}]
    assert [type(entry) for entry in got] == [str, tuple, dict]


def test_a_long_text_is_cut() -> None:
    assert through("x" * 9999) == "x" * MAX_TEXT


def test_facts_that_lie_are_no_more_than_texts() -> None:
    tree, block = encode(torch.ones(1))
    tree |= {"device": ["no"] * 99, "requires_grad": "yes", "parameter": 1, "stride": "none"}
    received = decode(tree, block, as_received("sim"))
    assert len(received.device) <= 40
    assert (received.requires_grad, received.parameter, received.home) == (False, False, "sim")


def test_a_tensor_that_claims_to_be_larger_than_its_data_is_refused() -> None:
    entry = b'{"t0":{"dtype":"F32","shape":[1000000],"data_offsets":[0,4]}}'
    block = len(entry).to_bytes(8, "little") + entry + b"\0\0\0\0"
    with pytest.raises(WireError):
        decode({"tensor": "t0"}, block, plain)


@pytest.mark.parametrize("dtype", ["C64", "F8_E4M3"])
def test_a_dtype_that_is_not_sent_is_refused(dtype: str) -> None:
    entry = json.dumps({"t0": {"dtype": dtype, "shape": [0], "data_offsets": [0, 0]}}).encode()
    with pytest.raises(WireError):
        decode({"tensor": "t0"}, len(entry).to_bytes(8, "little") + entry, plain)


def test_code_is_what_the_child_runs() -> None:
    names: dict[str, Any] = {}
    exec(marshal.loads(b64decode(code_of("def double(x):\n    return 2 * x\n"))), names)
    assert names["double"](4) == 8
    with pytest.raises(SyntaxError):
        code_of("def")
