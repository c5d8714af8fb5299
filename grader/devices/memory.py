"""Tensors of `sim:0` and `sim:1`: storages that point at memory of the CPU and own it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor

from .other_device import empty_elsewhere
from .torch_private import CPU_KEYS, empty_tensor, storage_at

NAME = "sim"
COUNT = 2
MEMORY = "_sim_memory"  # on a storage of `sim`: the CPU's storage that it points at
RAW = "_sim_raw"  # and a tensor of the CPU in that, of any shape, where there has been one


@dataclass
class State:
    """Of this process: whether `torch.accelerator` is told of `sim`, and which of the two `sim` alone means."""

    visible: bool = False
    current: int = 0


state = State()

_set: Any = torch.ops.aten.set_.source_Storage_storage_offset
_alias: Any = torch.ops.aten.alias.default


def on_sim(value: object) -> bool:
    return isinstance(value, Tensor) and not value.is_cpu and value.device.type == NAME


def index_of(device: Any) -> int:
    """Which of the two a device of `sim` is, as torch takes devices: the current one, if it has no index.

    Raises:
        torch.AcceleratorError: if there is none with that index, as on CUDA.
    """
    index = device if isinstance(device, int) else torch.device(device).index
    if index is None:
        return state.current
    if not 0 <= index < COUNT:
        raise torch.AcceleratorError(f"{NAME} error: invalid device ordinal")
    return index


def storage_over(
    memory: torch.UntypedStorage, raw: Tensor | None = None, index: int = 0
) -> torch.UntypedStorage:
    """A storage of the `index`th `sim` over a storage of the CPU, which lives as long."""
    storage: Any = storage_at(memory.data_ptr(), _device(index), memory.nbytes())
    setattr(storage, MEMORY, memory)
    if raw is not None:
        setattr(storage, RAW, raw)
    made: torch.UntypedStorage = storage
    return made


@cache
def _device(index: int) -> torch.device:
    return torch.device(NAME, index)


def memory_of(tensor: Tensor) -> torch.UntypedStorage:
    storage = tensor.untyped_storage()
    memory: torch.UntypedStorage | None = getattr(storage, MEMORY, None)
    if memory is None:  # torch made it by itself, and then it is empty
        memory = torch.UntypedStorage(storage.nbytes())
        setattr(storage, MEMORY, memory)
    return memory


def place(tensor: Tensor, storage: torch.UntypedStorage, like: Tensor) -> Tensor:
    """Lets `tensor` be what `like` is, in `storage`."""
    _set.redispatch(CPU_KEYS, tensor, storage, like.storage_offset(), like.size(), like.stride())
    return tensor


def raw_of(tensor: Tensor) -> Tensor:
    """The tensor of the CPU with the same memory, shape and strides."""
    if (kept := kept_raw(tensor)) is not None:
        return kept
    raw = torch.empty((0,), dtype=tensor.dtype, device="cpu")  # whatever the default device is
    raw.set_(memory_of(tensor), tensor.storage_offset(), tensor.size(), tensor.stride())
    storage: Any = tensor.untyped_storage()
    if not hasattr(storage, RAW):
        setattr(storage, RAW, raw)
    return _marked(raw, tensor)


def _marked(tensor: Tensor, like: Tensor) -> Tensor:
    """The tensor, or a view of it that is still to be conjugated or negated, where `like` is."""
    tensor = torch._conj(tensor) if like.is_conj() else tensor
    return torch._neg_view(tensor) if like.is_neg() else tensor


def kept_raw(tensor: Tensor) -> Tensor | None:
    """`raw_of` a tensor on `sim` if its storage has kept one that fits or can be viewed so; None anywhere else."""
    if tensor.is_cpu:
        return None
    raw: Tensor | None = getattr(tensor.untyped_storage(), RAW, None)
    if raw is None or raw.dtype is not tensor.dtype or tensor.is_conj() or tensor.is_neg():
        return None
    size, stride, offset = tensor.size(), tensor.stride(), tensor.storage_offset()
    if raw.size() == size and raw.stride() == stride and raw.storage_offset() == offset:
        return raw
    return raw.as_strided(size, stride, offset)


def wrapped(raw: Tensor, base: Tensor | None = None, index: int = 0) -> Tensor:
    """The tensor of the `index`th `sim` with the memory of `raw`; a view of `base`, if that is given, where that is."""
    if base is None:
        storage = storage_over(raw.untyped_storage(), raw, index)
    elif torch.is_inference_mode_enabled() and not base.is_inference():
        with torch.inference_mode(False):  # a view is of its base's kind
            return wrapped(raw, base)
    else:
        storage, index = base.untyped_storage(), base.get_device()
    return _marked(place(_empty(index, raw.dtype), storage, raw), raw)


def _empty(index: int, dtype: torch.dtype) -> Tensor:
    """A new tensor of the `index`th `sim`; torch's own maker knows the first one alone."""
    if index == 0:
        first: Tensor = empty_tensor((0,), dtype)
        return first
    like = empty_elsewhere(index, dtype, torch.is_inference_mode_enabled())
    other: Tensor = _alias.redispatch(CPU_KEYS, like)
    return other
