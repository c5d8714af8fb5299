"""Tensors on `sim` that are made of others there, sparse and nested ones: the CPU's kernels work on their parts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from .memory import NAME, on_sim, raw_of, state, wrapped
from .torch_private import CPU_KEYS, NESTED_KEYS, SPARSE_KEYS, address_of

_aten: Any = torch.ops.aten
_sparse: Any = _aten._sparse_coo_tensor_with_dims_and_tensors.default
_nested: Any = _aten._nested_view_from_buffer.default
_SPARSE, _NESTED = "SparsePrivateUse1", "NestedTensorPrivateUse1"
KINDS = (_SPARSE, _NESTED)


def _ops(names: str) -> list[Any]:
    return [getattr(getattr(_aten, name), form or "default") for name, _, form in (
        each.partition(".") for each in names.split())]  # fmt: skip


_NESTED_PARTS = _ops(
    "values _nested_tensor_size _nested_tensor_strides _nested_tensor_storage_offsets"
)
# what looks at no number: the CPU's kernel serves any device
_DESCRIBING = {
    _SPARSE: [
        _sparse,
        *_ops("""_sparse_coo_tensor_with_dims _indices indices _values values _nnz sparse_dim dense_dim is_coalesced
            _coalesced_ copy_ copy_sparse_to_sparse_"""),
    ],
    _NESTED: _NESTED_PARTS,
}  # fmt: skip
# for these torch has a kernel for any device, which has other results than that for such tensors, or an error
_CALCULATING = {
    _SPARSE: _ops("abs clone isinf mv nan_to_num permute sum unsqueeze"),
    _NESTED: _ops("abs clone mul.Scalar transpose.int unbind.int"),
}


def kernels(calculate: Callable[..., Any]) -> list[tuple[str, Any, Callable[..., Any]]]:
    """The kernels that such tensors need besides a fallback: for which kind, of which operator, and what it calls.

    Args:
        calculate: the fallback.
    """
    keys = {_SPARSE: SPARSE_KEYS, _NESTED: NESTED_KEYS}
    found = [
        (kind, op, partial(_described, keys[kind], op))
        for kind in KINDS
        for op in _DESCRIBING[kind]
    ]
    return found + [
        (kind, op, partial(calculate, op)) for kind in KINDS for op in _CALCULATING[kind]
    ]


def is_compound(tensor: Tensor) -> bool:
    return tensor.layout is torch.sparse_coo or tensor.is_nested


def raw_compound(tensor: Tensor) -> Tensor:
    """The tensor of the CPU that is made of the same parts, in the same memory."""
    if tensor.is_nested:
        values, *places = (_described(NESTED_KEYS, op, tensor) for op in _NESTED_PARTS)
        made: Tensor = _nested(raw_of(values), *places)
        return made
    indices, values, coalesced = (
        _described(SPARSE_KEYS, op, tensor) for op in _ops("_indices _values is_coalesced")
    )
    return _sparse_of(raw_of(indices), raw_of(values), tensor, coalesced)


def lowered(value: Any, bases: dict[int, Tensor]) -> Any:
    """What the CPU's kernel is given for an operand; `bases` gets the tensor on each memory."""
    if isinstance(value, Tensor):
        if value.device.type != NAME:
            return value
        if is_compound(value):
            return raw_compound(value)
        raw = raw_of(value)
        bases[address_of(raw.untyped_storage())] = value
        return raw
    if isinstance(value, list | tuple) and any(isinstance(entry, Tensor) for entry in value):
        return [lowered(entry, bases) for entry in value]
    return value


def wrapped_compound(raw: Tensor, index: int) -> Tensor:
    """The tensor of the `index`th `sim` that is made of the parts of `raw`."""
    if raw.is_nested:
        values, *places = (op(raw) for op in _NESTED_PARTS)
        made: Tensor = _described(CPU_KEYS, _nested, wrapped(values, index=index), *places)
        return made
    indices, values = wrapped(raw._indices(), index=index), wrapped(raw._values(), index=index)
    return _sparse_of(indices, values, raw, raw.is_coalesced())


def _described(keys: Any, op: Any, *args: Any, **kwargs: Any) -> Any:
    before = state.current
    # where the kernel makes a tensor it names no index
    state.current = next((one.get_device() for one in args if on_sim(one)), before)
    try:
        return op.redispatch(keys, *args, **kwargs)
    finally:
        state.current = before


def _sparse_of(indices: Tensor, values: Tensor, like: Tensor, coalesced: bool) -> Tensor:
    dims = [_described(SPARSE_KEYS, op, like) for op in _ops("sparse_dim dense_dim")]
    made: Tensor = _described(
        SPARSE_KEYS, _sparse, *dims, like.size(), indices, values, dtype=values.dtype, layout=torch.sparse_coo,
        device=values.device, is_coalesced=coalesced,
    )  # fmt: skip
    return made
