"""Tensors of `sim`: storages that point at memory of the CPU and own it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

NAME = "sim"
MEMORY = "_sim_memory"  # on a storage of `sim`: the CPU's storage that it points at
CPU_KEYS = torch._C.DispatchKeySet(torch._C.DispatchKey.CPU)


def on_sim(value: object) -> bool:
    return isinstance(value, Tensor) and value.device.type == NAME


def storage_over(memory: torch.UntypedStorage) -> torch.UntypedStorage:
    """A storage of `sim` over a storage of the CPU, which lives as long."""
    storage: Any = torch._C._construct_storage_from_data_pointer(
        memory.data_ptr(), torch.device(NAME, 0), memory.nbytes()
    )
    setattr(storage, MEMORY, memory)
    made: torch.UntypedStorage = storage
    return made


def memory_of(tensor: Tensor) -> torch.UntypedStorage:
    storage = tensor.untyped_storage()
    memory: torch.UntypedStorage | None = getattr(storage, MEMORY, None)
    if memory is None:  # torch made it by itself, and then it is empty
        memory = torch.UntypedStorage(storage.nbytes())
        setattr(storage, MEMORY, memory)
    return memory


def place(tensor: Tensor, storage: torch.UntypedStorage, like: Tensor) -> Tensor:
    """Lets `tensor` be what `like` is, in `storage`."""
    torch.ops.aten.set_.source_Storage_storage_offset.redispatch(
        CPU_KEYS, tensor, storage, like.storage_offset(), like.size(), like.stride()
    )
    return tensor


def raw_of(tensor: Tensor) -> Tensor:
    """The tensor of the CPU with the same memory, shape and strides."""
    raw = torch.empty((0,), dtype=tensor.dtype)
    return raw.set_(memory_of(tensor), tensor.storage_offset(), tensor.size(), tensor.stride())


def wrapped(raw: Tensor, base: Tensor | None = None) -> Tensor:
    """The tensor of `sim` with the memory of `raw`; a view of `base`, if that is given."""
    if base is not None and torch.is_inference_mode_enabled() and not base.is_inference():
        with torch.inference_mode(False):  # a view is of its base's kind
            return wrapped(raw, base)
    empty: Tensor = torch._C._acc.create_empty_tensor((0,), raw.dtype)
    storage = storage_over(raw.untyped_storage()) if base is None else base.untyped_storage()
    return place(empty, storage, raw)
