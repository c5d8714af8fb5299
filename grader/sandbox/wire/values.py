"""Values on the wire: JSON for structure, and a block of bytes for tensors; nothing is ever unpickled.

`encode` and `decode` are inverse for the values that a check deals in: None, bool, int, float, str, lists, tuples,
dicts with string keys, and dense tensors. What `encode` does not know becomes an `Opaque` with its type's name, and
what `decode` does not know is a `WireError`: the trusted side believes neither sizes, shapes, dtypes nor counts, and
looks at all of them before it makes anything of their size.

A tensor is told by its dtype and shape, and by where its bytes begin in the block. They follow one another there, in
the order in which they are told, each from a multiple of 64 bytes on.

    {"tensor": {"dtype": "float32", "shape": [2, 3], "at": 0, "device": "cpu", …}}

`encode` runs no code of a student's: it asks neither the objects nor their classes, but the types that they are of.
"""

from __future__ import annotations

import marshal
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Callable, Sequence
from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import Parameter

from .private_names import found
from .received import Opaque as Opaque
from .received import Received as Received

_TYPES = (
    torch.float64,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
)
DTYPES = {str(dtype).removeprefix("torch."): dtype for dtype in _TYPES}
_NAMES = {dtype: name for name, dtype in DTYPES.items()}
MAX_TENSORS = 256
MAX_VALUES = 1 << 16
MAX_DEPTH = 16
MAX_TEXT = 4000
MAX_DIMENSIONS = 16
_MAX_SIZE = 1 << 24
_MAX_ELEMENTS = 1 << 26
_MAX_SPREAD = 16  # how many times as much memory as its elements need a layout may take
_MAX_FLOAT_TEXT = 32
_ALIGNMENT = 64

# contexts in which a student's subclass, or a mode that a student has left on, has no say in what an operator does
without_functions = found("torch._C:DisableTorchFunction")
without_dispatch = found("torch._C:_DisableTorchDispatch")

# torch's own methods, as they were before a student's code could put others in their place
_Base: Any = Tensor.__base__
_dtype, _device, _layout = _Base.dtype.__get__, _Base.device.__get__, _Base.layout.__get__
_shape, _requires_grad = _Base.shape.__get__, _Base.requires_grad.__get__
_frombuffer, _empty, _empty_strided = torch.frombuffer, torch.empty, torch.empty_strided
_set, _storage, _strided = _Base.set_, _Base.untyped_storage, torch.strided
_type_module: Any = type.__dict__["__module__"].__get__
_type_name: Any = type.__dict__["__qualname__"].__get__
_plain_dispatch = Tensor.__torch_dispatch__

Leaf = Callable[[Tensor, dict[str, Any]], Any]


class WireError(Exception):
    """What arrived is not a value, or what is to be sent is too much for one."""


class Placed(NamedTuple):
    """A tensor that is to be sent, and the place of its bytes. It may lie elsewhere than on the CPU."""

    tensor: Tensor
    at: int
    end: int
    elsewhere: bool
    extent: int
    stride: Sequence[int]


def code_of(source: str) -> str:
    """A probe's source compiled, for a child that runs the same Python: `marshal`'s bytes in base64."""
    return b64encode(marshal.dumps(compile(source, "<probe>", "exec", dont_inherit=True))).decode()


def encode(value: object) -> tuple[Any, bytes]:
    """The structure of `value` as JSON data, and its tensors as one block, each in the layout that it has.

    Raises:
        WireError: if it holds more than can be sent.
    """
    tree, placed = describe(value, keep_layout=True)
    return tree, write(placed)


def describe(value: object, keep_layout: bool) -> tuple[Any, list[Placed]]:
    """The structure of `value`, and its tensors, which `write` makes a block of.

    Args:
        keep_layout: send tensors with the gaps between their elements. Otherwise they are sent dense.

    Raises:
        WireError: if it holds more than can be sent.
    """
    placed: list[Placed] = []
    with without_functions():  # none of a subclass's own methods has a say in what is sent
        return _encode(value, placed, [MAX_VALUES], keep_layout, 0), placed


def write(placed: Sequence[Placed]) -> bytes:
    """The block of the tensors."""
    if not placed:
        return b""
    block = bytearray(placed[-1].end)
    with without_functions(), without_dispatch():
        for tensor, at, _, _, extent, stride in placed:
            if extent:
                view = _over(block, at, _dtype(tensor), extent, _shape(tensor), stride)
                _Base.copy_(view, _Base.detach(tensor))
    return bytes(block)


def _encode(
    value: Any, placed: list[Placed], budget: list[int], keep_layout: bool, depth: int
) -> Any:
    kind: Any = type(value)
    budget[0] -= 1
    if budget[0] < 0:
        raise WireError("it holds too many values")
    if depth > MAX_DEPTH:
        return {"opaque": "a value nested too deeply"}
    if value is None or kind is bool:
        return value
    if issubclass(kind, Tensor):
        return _encode_tensor(value, kind, placed, keep_layout)
    if issubclass(kind, int):
        number = int.__int__(value)
        return number if -(2**63) <= number < 2**63 else {"opaque": "int"}
    if issubclass(kind, float):
        return {"float": float.__repr__(float.__float__(value))}
    if issubclass(kind, str):
        return str.__str__(value)[:MAX_TEXT]
    if issubclass(kind, tuple | list):
        name, entries = _entries(value, kind)
        return {name: [_encode(each, placed, budget, keep_layout, depth + 1) for each in entries]}
    if issubclass(kind, dict):
        pairs = _pairs(value, kind)
        if all(issubclass(type(key), str) for key, _ in pairs):
            return {
                "dict": [
                    [
                        str.__str__(key)[:MAX_TEXT],
                        _encode(entry, placed, budget, keep_layout, depth + 1),
                    ]
                    for key, entry in pairs
                ]
            }
    return {"opaque": _name_of(kind)}


def _entries(value: Any, kind: Any) -> tuple[str, list[Any]]:
    if issubclass(kind, tuple):
        return "tuple", [*tuple.__iter__(value)]
    return "list", [*list.__iter__(value)]


def _pairs(value: Any, kind: Any) -> list[tuple[Any, Any]]:
    return [*(OrderedDict.items if kind is OrderedDict else dict.items)(value)]


def _name_of(kind: type) -> str:
    module = _type_module(kind)
    name = f"{module}.{_type_name(kind)}" if type(module) is str else _type_name(kind)
    return name.removeprefix("builtins.")[:200]


def _encode_tensor(value: Any, kind: Any, placed: list[Placed], keep_layout: bool) -> Any:
    dtype, device, layout, shape = _dtype(value), _device(value), _layout(value), _shape(value)
    sent = dtype in _NAMES and layout is _strided and device.type != "meta"
    if not sent or len(shape) > MAX_DIMENSIONS or _runs_python(kind):
        name = str(dtype).removeprefix("torch.")
        return {"opaque": f"torch.Tensor of {name}, {layout}, on {device}"[:200]}
    if len(placed) == MAX_TENSORS:
        raise WireError("it holds too many tensors")
    dense = _dense(shape)
    stride = _Base.stride(value) if keep_layout else dense
    extent = _extent(shape, stride)
    if extent > _MAX_SPREAD * prod(shape) or (0 in stride and not extent):
        stride, extent = dense, prod(shape)
    if 0 in stride:  # expanded: what is there once is written once
        value = _once(value, stride)
    at = _aligned(placed[-1].end) if placed else 0
    facts = {"dtype": _NAMES[dtype], "shape": [*shape], "at": at, "device": str(device)}
    if [*stride] != dense:
        facts["stride"] = [*stride]
    facts["requires_grad"] = _requires_grad(value)
    facts["parameter"] = issubclass(kind, Parameter)
    end = at + extent * dtype.itemsize
    placed.append(Placed(value, at, end, device.type != "cpu", extent, stride))
    return {"tensor": facts}


def _runs_python(kind: Any) -> bool:
    """Whether torch asks a class that a student wrote what its operators do."""
    if kind is Tensor or kind is Parameter:
        return False
    own: Any = type.__getattribute__(kind, "__torch_dispatch__")
    return own is not _plain_dispatch


def _once(value: Any, stride: Sequence[int]) -> Any:
    """An expanded tensor without its repetitions: of size 1 along each dimension of stride 0."""
    for dimension, step in enumerate(stride):
        if step == 0:
            value = _Base.narrow(value, dimension, 0, 1)
    return value


def _dense(shape: Sequence[int]) -> list[int]:
    """The strides of a contiguous tensor, as torch gives them."""
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return strides[::-1]


def _extent(shape: Sequence[int], stride: Sequence[int]) -> int:
    """How many elements lie from a tensor's first one to its last one."""
    if 0 in shape:
        return 0
    return 1 + sum((size - 1) * step for size, step in zip(shape, stride, strict=True))


def _aligned(place: int) -> int:
    return -(-place // _ALIGNMENT) * _ALIGNMENT


def _over(
    block: Any,
    at: int,
    dtype: torch.dtype,
    extent: int,
    shape: Sequence[int],
    stride: Sequence[int],
) -> Tensor:
    """A tensor over the bytes of a block that can be written. Its storage is that part and no more."""
    flat = _frombuffer(block, dtype=dtype, count=extent, offset=at)
    tensor: Tensor = _set(_empty(0, dtype=dtype), _storage(flat), 0, shape, stride)
    return tensor


def decode(tree: Any, block: Any, leaf: Leaf) -> Any:
    """The value that `encode` was given; `leaf` makes of each tensor and its facts what the reader wants.

    Args:
        block: the bytes of the tensors. Where they can be written, the tensors lie on them; of others they are a copy.

    Raises:
        WireError: if the data is not what `encode` gives.
    """
    budget, end = [MAX_VALUES, MAX_TENSORS], [0]
    if isinstance(block, bytes):
        block = bytearray(block)
    value = _decode(tree, block, leaf, budget, end, 0)
    if end[0] != len(block):
        raise WireError("it holds tensors that nothing refers to")
    return value


def as_received(home: str) -> Leaf:
    """The trusted side's leaf: `home` is the device that the inputs were on."""

    def leaf(tensor: Tensor, facts: dict[str, Any]) -> Received:
        device = facts.get("device")
        return Received(
            tensor,
            device=device[:40] if isinstance(device, str) else "",
            requires_grad=facts.get("requires_grad") is True,
            parameter=facts.get("parameter") is True,
            home=home,
        )

    return leaf


def _decode(
    tree: Any, block: Any, leaf: Leaf, budget: list[int], end: list[int], depth: int
) -> Any:
    budget[0] -= 1
    if budget[0] < 0:
        raise WireError("it holds too many values")
    if depth > MAX_DEPTH + 1:
        raise WireError("it is nested too deeply")
    kind = type(tree)
    if tree is None or kind is bool:
        return tree
    if kind is int:
        return _expect_number(tree)
    if kind is str:
        return _expect_text(tree)
    if kind is not dict or len(tree) != 1:
        raise WireError("it is not a value")
    [(name, content)] = tree.items()
    if name == "tensor" and type(content) is dict:
        return leaf(_decode_tensor(content, block, budget, end), content)
    if name == "float" and type(content) is str:
        return _decode_float(content)
    if name == "opaque" and type(content) is str:
        return Opaque(content[:200])
    if name in ("list", "tuple") and type(content) is list:
        entries = [_decode(entry, block, leaf, budget, end, depth + 1) for entry in content]
        return tuple(entries) if name == "tuple" else entries
    if name == "dict" and type(content) is list:
        return _decode_dict(content, block, leaf, budget, end, depth)
    raise WireError("it is not a value")


def _decode_dict(
    pairs: list[Any], block: Any, leaf: Leaf, budget: list[int], end: list[int], depth: int
) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for pair in pairs:
        if type(pair) is not list or len(pair) != 2 or type(pair[0]) is not str:
            raise WireError("it is not a value")
        key = _expect_text(pair[0])
        if key in value:
            raise WireError("it has a name twice")
        value[key] = _decode(pair[1], block, leaf, budget, end, depth + 1)
    return value


def _expect_number(number: int) -> int:
    if not -(2**63) <= number < 2**63:
        raise WireError("it holds a number that is too large")
    return number


def _expect_text(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise WireError("it holds a text that is too long")
    return text


def _decode_float(text: str) -> float:
    """The float that Python writes so, and in no other way."""
    if len(text) <= _MAX_FLOAT_TEXT:
        try:
            number = float(text)
        except ValueError as error:
            raise WireError("it is not a number") from error
        if repr(number) == text:
            return number
    raise WireError("it is not a number")


def _decode_tensor(facts: dict[str, Any], block: Any, budget: list[int], end: list[int]) -> Tensor:
    """A tensor over its part of the block, which has to begin where the one before ended."""
    budget[1] -= 1
    if budget[1] < 0:
        raise WireError("it holds too many tensors")
    dtype = facts.get("dtype")
    if type(dtype) is not str or dtype not in DTYPES:
        raise WireError("it holds a tensor of a type that was not asked for")
    shape = _expect_sizes(facts.get("shape"))
    if prod(max(size, 1) for size in shape) > _MAX_ELEMENTS:
        raise WireError("it holds a tensor that is too large")
    stride = _expect_sizes(facts["stride"]) if "stride" in facts else _dense(shape)
    if len(stride) != len(shape):
        raise WireError("it holds a tensor of no layout")
    extent = _extent(shape, stride)
    if extent > _MAX_SPREAD * prod(shape):
        raise WireError("it holds a tensor that is too large")
    at = _aligned(end[0])
    end[0] = at + extent * DTYPES[dtype].itemsize
    if type(facts.get("at")) is not int or facts["at"] != at or end[0] > len(block):
        raise WireError("it refers to a tensor that is not there")
    if not extent:
        return _empty_strided(shape, stride, dtype=DTYPES[dtype])
    return _over(block, at, DTYPES[dtype], extent, shape, stride)


def _expect_sizes(sizes: Any) -> list[int]:
    if type(sizes) is not list or len(sizes) > MAX_DIMENSIONS:
        raise WireError("it holds a tensor of too many dimensions")
    if any(type(size) is not int or not 0 <= size <= _MAX_SIZE for size in sizes):
        raise WireError("it holds a tensor that is too large")
    return sizes
