"""Sparse tensors on `sim`: their indices and values are tensors there, and the CPU's kernels work on both."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .memory import on_sim, raw_of, state, wrapped
from .torch_private import SPARSE_KEYS

_aten: Any = torch.ops.aten
_made: Any = _aten._sparse_coo_tensor_with_dims_and_tensors.default
# what looks at no number: the CPU's kernel serves any device
DESCRIBING = (
    _made,
    _aten._sparse_coo_tensor_with_dims.default,
    _aten._indices.default,
    _aten.indices.default,
    _aten._values.default,
    _aten.values.default,
    _aten._nnz.default,
    _aten.sparse_dim.default,
    _aten.dense_dim.default,
    _aten.is_coalesced.default,
    _aten._coalesced_.default,
    _aten.copy_.default,
    _aten.copy_sparse_to_sparse_.default,
)

# for these torch has a kernel for any device, which has other results than that for sparse tensors, or an error
CALCULATING = [
    getattr(_aten, name).default
    for name in ("abs", "clone", "isinf", "mv", "nan_to_num", "permute", "sum", "unsqueeze")
]


def described(op: Any, *args: Any, **kwargs: Any) -> Any:
    """One of `DESCRIBING`, of a tensor of any device."""
    before = state.current
    # where the kernel makes a tensor it names no index
    state.current = next((one.get_device() for one in args if on_sim(one)), before)
    try:
        return op.redispatch(SPARSE_KEYS, *args, **kwargs)
    finally:
        state.current = before


def is_sparse(tensor: Tensor) -> bool:
    return tensor.layout is torch.sparse_coo


def raw_sparse(tensor: Tensor) -> Tensor:
    """The sparse tensor of the CPU with the same indices and values, in the same memory."""
    indices, values = (
        described(op, tensor) for op in (_aten._indices.default, _aten._values.default)
    )
    coalesced = described(_aten.is_coalesced.default, tensor)
    return _of(raw_of(indices), raw_of(values), tensor, coalesced)


def wrapped_sparse(raw: Tensor, index: int) -> Tensor:
    """The sparse tensor of the `index`th `sim` with the memory of `raw`."""
    indices, values = wrapped(raw._indices(), index=index), wrapped(raw._values(), index=index)
    return _of(indices, values, raw, raw.is_coalesced())


def _of(indices: Tensor, values: Tensor, like: Tensor, coalesced: bool) -> Tensor:
    dims = [described(op, like) for op in (_aten.sparse_dim.default, _aten.dense_dim.default)]
    made: Tensor = described(
        _made, *dims, like.size(), indices, values, dtype=values.dtype, layout=torch.sparse_coo,
        device=values.device, is_coalesced=coalesced,
    )  # fmt: skip
    return made
