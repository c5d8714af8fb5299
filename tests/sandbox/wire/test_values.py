"""Values on the wire: what goes in comes out, and what is malformed is refused."""

from __future__ import annotations

import contextlib
import json
import marshal
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from grader.sandbox.wire.values import (
    DTYPES,
    MAX_DIMENSIONS,
    MAX_TEXT,
    MAX_VALUES,
    Opaque,
    WireError,
    as_received,
    code_of,
    decode,
    describe,
    encode,
    write,
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
    got = decode(tree, block, plain)
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


def told(name: str = "float32", shape: Any = (1,), at: Any = 0, **more: Any) -> dict[str, Any]:
    """What `encode` tells of a tensor."""
    return {"tensor": {"dtype": name, "shape": list(shape), "at": at, **more}}


TWO = {"list": [told(), told(at=64)]}
BLOCK_OF_TWO = bytes(68)


@pytest.mark.parametrize(
    ("tree", "block"),
    [
        ({}, b""),
        ([1], b""),
        (1.5, b""),
        (2**63, b""),
        ("x" * (MAX_TEXT + 1), b""),
        ({"float": "one"}, b""),
        ({"float": 1}, b""),
        ({"float": "1_0.0"}, b""),
        ({"float": " 1.0"}, b""),
        ({"float": "1"}, b""),
        ({"float": "infinity"}, b""),
        ({"float": "1.0" + "0" * 9999}, b""),
        ({"list": 1}, b""),
        ({"list": [], "tuple": []}, b""),
        ({"dict": [[1, 2]]}, b""),
        ({"dict": [["a"]]}, b""),
        ({"dict": [["a", 1], ["a", 2]]}, b""),
        ({"exec": "1"}, b""),
        ({"tensor": "a"}, b""),
        ({"tensor": ["a"]}, BLOCK_OF_TWO),
        (told(), BLOCK_OF_TWO),  # one is left over
        ({"list": [told(), told()]}, BLOCK_OF_TWO),  # the same bytes twice
        ({"list": [told(at=64), told()]}, BLOCK_OF_TWO),
        (TWO, BLOCK_OF_TWO[:-1]),
        (TWO, BLOCK_OF_TWO + b"\0"),
        (told(at=-64), bytes(4)),
        (told(at=False), bytes(4)),
        (told(at=2**70), bytes(4)),
        (told(shape=[1000000]), bytes(4)),
        (told(shape=[-1]), bytes(4)),
        (told(shape=[1.0]), bytes(4)),
        (told(shape=[True]), bytes(4)),
        (told(shape=[10**4000]), bytes(4)),
        (told(shape=[1] * 20_000), bytes(4)),
        (told(shape=[0, 1 << 24, 1 << 24, 1 << 24]), b""),
        (told(shape=[0, 10**30]), b""),
        (told(shape=[1 << 24] * 5), b""),
        (told(stride=[]), bytes(4)),
        (told(shape=[2], stride=[1 << 20]), bytes(4 << 20)),
        (told(shape=[2], stride=[-1]), bytes(8)),
        (told(shape=[2], stride="1"), bytes(8)),
        (told("complex64"), bytes(8)),
        (told("float8_e4m3fn"), bytes(1)),
        (told(name=["float32"]), bytes(4)),  # type: ignore[arg-type]
        ({"tensor": {"dtype": "float32", "at": 0}}, bytes(4)),
        (None, b"\0"),
        ({"list": [told(at=64 * n) for n in range(300)]}, bytes(64 * 299 + 4)),
        ({"list": [None] * (MAX_VALUES + 1)}, b""),
    ],
)
def test_malformed_values_are_refused(tree: Any, block: bytes) -> None:
    with pytest.raises(WireError):
        decode(tree, block, plain)


def test_what_is_just_allowed_is_read() -> None:
    assert decode(2**63 - 1, b"", plain) == 2**63 - 1
    assert decode({"list": [None] * (MAX_VALUES - 1)}, b"", plain) == [None] * (MAX_VALUES - 1)
    assert decode(told(shape=[1] * MAX_DIMENSIONS), bytes(4), plain).dim() == MAX_DIMENSIONS
    assert decode(told(shape=[0, 1 << 24]), b"", plain).shape == (0, 1 << 24)
    assert [each.item() for each in decode(TWO, BLOCK_OF_TWO, plain)] == [0.0, 0.0]


def test_what_is_too_much_is_not_sent() -> None:
    for value in ([None] * (MAX_VALUES + 1), [torch.zeros(1)] * 300):
        with pytest.raises(WireError):
            encode(value)
    loop: list[Any] = []
    loop.extend([loop] * 10)  # ten to the power of sixteen entries
    with pytest.raises(WireError):
        encode(loop)
    assert "torch.Tensor of float32" in str(through(torch.ones([1] * (MAX_DIMENSIONS + 1))))


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.data())
def test_a_mutated_answer_is_read_or_refused(data: st.DataObject) -> None:
    """Any part of a real answer is put in the place of any other, or of something extreme."""
    tree, block = encode(
        {
            "x": torch.arange(6.0).reshape(2, 3).T,
            "y": [torch.ones(2), 1.5, (None, True, "a")],
            "z": torch.empty(0, 4),
        }
    )
    spots = list(places_in(tree))
    odd = st.sampled_from([*[part for _, _, part in spots], *EXTREMES])
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key, _ = data.draw(st.sampled_from(spots))
        holder[key] = json.loads(json.dumps(data.draw(odd)))
    cut = data.draw(st.integers(0, len(block)))
    if data.draw(st.booleans()):
        block = block[:cut] + data.draw(st.binary(max_size=70)) + block[cut:]
    with contextlib.suppress(WireError):
        decode(tree, block, as_received("cpu"))


EXTREMES = [
    -1, 0, 1, 64, 2**31, 2**63, 10**400, "", "a" * 5000, "nan", "-inf", [], {}, None, True, [0, 1 << 24, 1 << 24],
    [[[[]]]], {"list": []}, {"float": "nan"}, {"opaque": 1}, {"dict": [["a", 1]] * 2}, "float64", "bool", "int8",
]  # fmt: skip


def places_in(tree: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Every place in JSON data: what holds it, under which key, and what is there."""
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, part in [*pairs]:
        yield tree, key, part
        if isinstance(part, dict | list):
            yield from places_in(part)


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
        torch.arange(3.0).reshape(3, 1).expand(3, 4),
        torch.arange(4.0).expand(3, 4)[:, 1:3],
        torch.ones(()).expand(5),
        torch.ones(1, 2, 3, 4).to(memory_format=torch.channels_last),
    ],
)
def test_any_layout_comes_back(tensor: Tensor) -> None:
    tree, block = encode(tensor)
    got = decode(json.loads(json.dumps(tree)), block, plain)
    assert torch.equal(got, tensor)
    assert got.stride() == tensor.stride()


def test_what_is_there_once_is_sent_once() -> None:
    _tree, block = encode(torch.ones(1, 3).expand(1000, 3))
    assert len(block) == 12


def test_an_expanded_tensor_without_elements_comes_back() -> None:
    tensor = torch.ones(1, 0).expand(5, 0)
    assert through(tensor).shape == (5, 0)


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
    tree["tensor"] |= {"device": ["no"] * 99, "requires_grad": "yes", "parameter": 1}
    received = decode(tree, block, as_received("sim"))
    assert len(received.device) <= 40
    assert (received.requires_grad, received.parameter, received.home) == (False, False, "sim")


def test_an_answer_is_sent_dense() -> None:
    tree, placed = describe(torch.ones(4, 100)[:, ::50], keep_layout=False)
    block = write(placed)
    assert len(block) == 4 * 2 * 4
    assert "stride" not in tree["tensor"]
    assert decode(tree, block, plain).tolist() == [[1.0, 1.0]] * 4


def test_what_lies_between_the_elements_of_a_view_is_not_sent() -> None:
    """A check that hands over some columns of a table keeps the others to itself."""
    table = torch.full((3, 4), 7.0)
    table[:, ::2] = 1.0
    _, block = encode(table[:, ::2])
    assert 7.0 not in torch.frombuffer(bytearray(block), dtype=torch.float32).tolist()


def test_a_layout_that_takes_too_much_room_is_sent_dense() -> None:
    sparse = torch.arange(100_000.0)[::1000]
    _, block = encode(sparse)
    assert len(block) == 400
    assert torch.equal(through(sparse), sparse)


def test_a_block_that_can_be_written_is_what_the_tensors_lie_on() -> None:
    tree, block = encode([torch.ones(3), torch.zeros(2)])
    memory = bytearray(block)
    decode(tree, memory, plain)[1].fill_(5)
    assert decode(tree, bytes(memory), plain)[1].tolist() == [5.0, 5.0]


def test_code_is_what_the_child_runs() -> None:
    names: dict[str, Any] = {}
    exec(marshal.loads(b64decode(code_of("def double(x):\n    return 2 * x\n"))), names)
    assert names["double"](4) == 8
    with pytest.raises(SyntaxError):
        code_of("def")
