"""Values on the wire: JSON for structure, safetensors for tensors; nothing is ever unpickled.

`encode` and `decode` are inverse for the values that a check deals in: None, bool, int, float, str, lists, tuples,
dicts with string keys, and dense tensors. What `encode` does not know becomes an `Opaque` with its type's name, and
what `decode` does not know is a `WireError`: the trusted side believes neither sizes, shapes, dtypes nor counts.
"""

from __future__ import annotations

import marshal
import math
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import safetensors
import torch
from torch import Tensor

from .private_names import TensorSpec, without_subclasses

# as safetensors names them
_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
DTYPES = {str(dtype).removeprefix("torch."): dtype for dtype in _DTYPES.values()}
MAX_TENSORS = 256
MAX_DEPTH = 16
MAX_TEXT = 4000
_MAX_DIM = 1 << 24
_MAX_SAFETENSORS_HEADER = 1 << 18


class WireError(Exception):
    """What arrived is not a value."""


@dataclass(frozen=True)
class Received:
    """A tensor of the student's: its values on the CPU, what was told of the original, and where it should be."""

    tensor: Tensor
    device: str
    requires_grad: bool
    parameter: bool
    home: str


@dataclass(frozen=True)
class Opaque:
    """Something that is neither a tensor nor plain data, known by its type's name alone."""

    type: str


def code_of(source: str) -> str:
    """A probe's source compiled, for a child that runs the same Python: `marshal`'s bytes in base64."""
    return b64encode(marshal.dumps(compile(source, "<probe>", "exec", dont_inherit=True))).decode()


def encode(value: object) -> tuple[Any, bytes]:
    """The structure of `value` as JSON data, and its tensors as one safetensors block."""
    tensors: dict[str, Tensor] = {}
    tree = _encode(value, tensors, 0)
    return tree, _write_block(tensors) if tensors else b""


def _encode(value: object, tensors: dict[str, Tensor], depth: int) -> Any:
    kind = type(value)
    if depth > MAX_DEPTH:
        return {"opaque": "a value nested too deeply"}
    if value is None or kind is bool:
        return value
    if isinstance(value, Tensor):
        return _encode_tensor(value, tensors)
    if isinstance(value, bool | int) and -(2**63) <= value < 2**63:
        return int(value)
    if isinstance(value, float):
        return {"float": repr(float(value))}
    if isinstance(value, str):
        return str(value)[:MAX_TEXT]
    if isinstance(value, tuple | list):
        name = "tuple" if isinstance(value, tuple) else "list"
        return {name: [_encode(entry, tensors, depth + 1) for entry in value]}
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        pairs = [[str(key), _encode(entry, tensors, depth + 1)] for key, entry in value.items()]
        return {"dict": pairs}
    return {"opaque": f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")[:200]}


def _encode_tensor(value: Tensor, tensors: dict[str, Tensor]) -> Any:
    with without_subclasses():  # none of a subclass's own methods has a say in what is sent
        dtype = str(value.dtype).removeprefix("torch.")
        if dtype not in DTYPES or value.layout is not torch.strided or value.device.type == "meta":
            return {"opaque": f"torch.Tensor of {dtype}, {value.layout}, on {value.device}"[:200]}
        plain = value.detach().as_subclass(Tensor)
        name = f"t{len(tensors)}"
        facts = {
            "tensor": name,
            "device": str(plain.device),
            "requires_grad": bool(value.requires_grad),
            "parameter": isinstance(value, torch.nn.Parameter),
        }
        dense = plain.cpu().clone(memory_format=torch.contiguous_format)
        if not plain.is_contiguous() and 0 not in plain.stride():
            facts["stride"] = list(plain.stride())
        tensors[name] = dense
        return facts


def decode(tree: Any, block: bytes, leaf: Callable[[Tensor, dict[str, Any]], Any]) -> Any:
    """The value that `encode` was given; `leaf` makes of each tensor and its facts what the reader wants.

    Raises:
        WireError: if the data is not what `encode` gives.
    """
    tensors = _read_block(block)
    value = _decode(tree, tensors, leaf, 0)
    if tensors:
        raise WireError("it holds tensors that nothing refers to")
    return value


def as_received(home: str) -> Callable[[Tensor, dict[str, Any]], Received]:
    """The trusted side's leaf: `home` is the device that the inputs were on."""

    def leaf(tensor: Tensor, facts: dict[str, Any]) -> Received:
        return Received(
            tensor,
            device=str(facts.get("device", ""))[:40],
            requires_grad=facts.get("requires_grad") is True,
            parameter=facts.get("parameter") is True,
            home=home,
        )

    return leaf


def _write_block(tensors: dict[str, Tensor]) -> bytes:
    specs = {
        name: TensorSpec(
            dtype=str(tensor.dtype).removeprefix("torch."),
            shape=tensor.shape,
            data_ptr=tensor.data_ptr(),
            data_len=tensor.nbytes,
        )
        for name, tensor in tensors.items()
    }
    return bytes(safetensors.serialize(specs, None))


def _read_block(block: bytes) -> dict[str, Tensor]:
    if not block:
        return {}
    if int.from_bytes(block[:8], "little") > _MAX_SAFETENSORS_HEADER:
        raise WireError("its list of tensors is too long")
    try:
        entries = safetensors.deserialize(block)  # type: ignore[no-untyped-call]
    except Exception as error:  # any fault of the parser is a fault of the data
        raise WireError("its tensors cannot be read") from error
    if len(entries) > MAX_TENSORS:
        raise WireError("it holds too many tensors")
    return {name: _tensor_of(**entry) for name, entry in entries}


def _tensor_of(dtype: str, shape: list[int], data: bytearray) -> Tensor:
    """A tensor over `data`, whose length safetensors has held against the shape."""
    if dtype not in _DTYPES:
        raise WireError("it holds a tensor of a type that was not asked for")
    if any(size > _MAX_DIM for size in shape):
        raise WireError("it holds a tensor that is too large")
    if not data:
        return torch.empty(shape, dtype=_DTYPES[dtype])
    return torch.frombuffer(data, dtype=_DTYPES[dtype]).reshape(shape)


def _decode(
    tree: Any,
    tensors: dict[str, Tensor],
    leaf: Callable[[Tensor, dict[str, Any]], Any],
    depth: int,
) -> Any:
    if depth > MAX_DEPTH + 1:
        raise WireError("it is nested too deeply")
    if tree is None or isinstance(tree, bool | int | str):
        return tree
    if not isinstance(tree, dict) or not tree:
        raise WireError("it is not a value")
    if "tensor" in tree:
        name = tree["tensor"]
        if not isinstance(name, str) or name not in tensors:
            raise WireError("it refers to a tensor that is not there")
        return leaf(tensors.pop(name), tree)
    [(kind, content), *rest] = tree.items()
    if rest:
        raise WireError("it is not a value")
    if kind == "float" and isinstance(content, str):
        return _decode_float(content)
    if kind == "opaque" and isinstance(content, str):
        return Opaque(content[:200])
    if kind in ("list", "tuple") and isinstance(content, list):
        entries = [_decode(entry, tensors, leaf, depth + 1) for entry in content]
        return tuple(entries) if kind == "tuple" else entries
    if kind == "dict" and isinstance(content, list):
        return dict(_decode_pair(pair, tensors, leaf, depth) for pair in content)
    raise WireError("it is not a value")


def _decode_pair(
    pair: Any,
    tensors: dict[str, Tensor],
    leaf: Callable[[Tensor, dict[str, Any]], Any],
    depth: int,
) -> tuple[str, Any]:
    if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], str):
        raise WireError("it is not a value")
    return pair[0], _decode(pair[1], tensors, leaf, depth + 1)


def _decode_float(text: str) -> float:
    try:
        return float(text[:40])
    except ValueError as error:
        raise WireError("it is not a number") from error


def restride(tensor: Tensor, facts: dict[str, Any]) -> Tensor:
    """The child's side: `tensor` with the memory layout that the check gave it."""
    stride = facts.get("stride")
    if stride is None:
        return tensor
    extent = 1 + sum((size - 1) * step for size, step in zip(tensor.shape, stride, strict=True))
    assert 0 < extent <= 16 * max(1, math.prod(tensor.shape))
    return torch.empty_strided(
        tuple(tensor.shape), tuple(stride), dtype=tensor.dtype, device=tensor.device
    ).copy_(tensor)
