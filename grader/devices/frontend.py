"""What torch's Python side has to know of `sim`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import torch
from torch import Tensor

from .memory import MEMORY, NAME, storage_over
from .random import SEEDS, Generator
from .torch_private import apply_to_module, swap_tensors

state = {"visible": False}


class Module:
    """What torch asks of `torch.sim`; the counterpart of `torch.cuda`."""

    def is_available(self) -> bool:
        return state["visible"]

    def is_initialized(self) -> bool:
        return True

    def _is_in_bad_fork(self) -> bool:
        return False

    def _lazy_init(self) -> None:
        pass

    def device_count(self) -> int:
        return 1

    def current_device(self) -> int:
        return 0

    def set_device(self, device: Any) -> None:
        pass

    @contextmanager
    def device(self, device: Any) -> Iterator[None]:
        yield

    def synchronize(self, device: Any = None) -> None:
        pass

    def empty_cache(self) -> None:
        pass

    def manual_seed(self, seed: int) -> None:
        SEEDS.manual_seed(int(seed))

    def manual_seed_all(self, seed: int) -> None:
        SEEDS.manual_seed(int(seed))

    def get_rng_state(self, device: Any = NAME) -> Tensor:
        return SEEDS.get_state()

    def set_rng_state(self, state: Tensor, device: Any = NAME) -> None:
        SEEDS.set_state(state)

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.float16, torch.bfloat16]


def patch() -> None:
    """Teaches torch's Python side: generators, copies of storages, and parameters that move to the device."""
    torch.Generator = Generator  # type: ignore[misc]

    storages: Any = torch.UntypedStorage
    clone = storages.clone

    def cloned(storage: Any) -> Any:
        if storage.device.type != NAME:
            return clone(storage)
        memory = getattr(storage, MEMORY, None)
        return storage_over(memory.clone() if memory is not None else torch.UntypedStorage(0))

    def moved(storage: Any, *_: Any, **__: Any) -> Any:
        return cloned(storage) if storage.device.type == NAME else storage_over(storage.clone())

    def to(storage: Any, *, device: Any, non_blocking: bool = False) -> Any:
        there = torch.device(device).type == NAME
        return moved(storage) if there else send(storage, device=device, non_blocking=non_blocking)

    send, storages.to = storages.to, to
    storages.clone = cloned
    setattr(storages, NAME, moved)

    # a parameter stays the same object when its module moves, as it does between the CPU and CUDA
    def applied(module: torch.nn.Module, fn: Any, recurse: bool = True) -> torch.nn.Module:
        before = dict(module._parameters)
        apply_to_module(module, fn, recurse)
        for name, old in before.items():
            new = module._parameters.get(name)
            if old is not None and new is not None and new is not old and _crosses(old, new):
                with suppress(RuntimeError):  # its graph is in use
                    swap_tensors(old, new)
                    module._parameters[name] = old
        return module

    torch.nn.Module._apply = applied  # type: ignore[method-assign]

    tensors: Any = Tensor
    data, pin = tensors.data, tensors.pin_memory

    def pinned(tensor: Tensor, device: Any = None) -> Any:
        """Memory of the CPU is as good for `sim` wherever it lies."""
        return tensor.clone() if state["visible"] and tensor.device.type == "cpu" else pin(tensor)

    tensors.pin_memory = pinned

    def set_data(tensor: Tensor, value: Tensor) -> None:
        if not (isinstance(value, Tensor) and _crosses(tensor, value)):
            data.__set__(tensor, value)
            return
        other = value.detach().requires_grad_(tensor.requires_grad)
        grad, tensor.grad = tensor.grad, None
        swap_tensors(tensor, other)
        tensor.grad = None if grad is None else grad.to(value.device)

    tensors.data = property(data.__get__, set_data)


def _crosses(one: Tensor, other: Tensor) -> bool:
    return {one.device.type, other.device.type} == {"cpu", NAME}
