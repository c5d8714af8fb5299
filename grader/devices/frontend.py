"""What torch's Python side has to know of `sim`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import torch
from torch import Tensor

from .memory import COUNT, MEMORY, NAME, index_of, state, storage_over
from .random import SEEDS, Generator
from .torch_private import ACCELERATOR, answer_for_accelerator, apply_to_module, swap_tensors


class Module:
    """What torch asks of `torch.sim`; the counterpart of `torch.cuda`."""

    def is_available(self) -> bool:
        return state.visible

    def is_initialized(self) -> bool:
        return True

    def _is_in_bad_fork(self) -> bool:
        return False

    def _lazy_init(self) -> None:
        pass

    def device_count(self) -> int:
        return COUNT

    def current_device(self) -> int:
        return state.current

    def set_device(self, device: Any) -> None:
        state.current = index_of(device)

    @contextmanager
    def device(self, device: Any) -> Iterator[None]:
        before = state.current
        self.set_device(device)
        try:
            yield
        finally:
            state.current = before

    def synchronize(self, device: Any = None) -> None:
        pass

    def empty_cache(self) -> None:
        pass

    def manual_seed(self, seed: int) -> None:
        SEEDS[state.current].manual_seed(int(seed))

    def manual_seed_all(self, seed: int) -> None:
        for generator in SEEDS:
            generator.manual_seed(int(seed))

    def get_rng_state(self, device: Any = NAME) -> Tensor:
        return SEEDS[index_of(device)].get_state()

    def set_rng_state(self, new_state: Tensor, device: Any = NAME) -> None:
        SEEDS[index_of(device)].set_state(new_state)

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.float16, torch.bfloat16]


def patch(module: Module) -> None:
    """Teaches torch's Python side: the current device, generators, copies of storages, parameters that move."""
    torch.Generator = Generator  # type: ignore[misc]
    _patch_accelerator(module)
    _patch_inference_mode()
    _patch_new_tensors()
    _patch_storages()
    _patch_parameters()


def _patch_accelerator(module: Module) -> None:
    """Torch's C++ side takes the first device for the current one, always."""

    def exchange(device: int) -> int:
        before = module.current_device()
        module.set_device(device)
        return before

    answers: dict[str, Callable[..., Any]] = {
        "getDeviceIndex": module.current_device,
        "setDeviceIndex": module.set_device,
        "exchangeDevice": exchange,
        "maybeExchangeDevice": exchange,
    }
    for name, answer in answers.items():
        answer_for_accelerator(name, _while_visible(answer, ACCELERATOR[name]))


def _while_visible(answer: Callable[..., Any], otherwise: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *given: (answer if state.visible else otherwise)(*given)


def _patch_inference_mode() -> None:
    mode: Any = torch.inference_mode
    enter = mode.__enter__

    def entered(self: Any) -> None:
        enter(self)
        # to leave it would allow the engine's threads, which a child of a fork has not
        if state.visible:
            torch.autograd.set_multithreading_enabled(False)

    mode.__enter__ = entered


def _patch_new_tensors() -> None:
    """What has no device named goes to that of the tensor, not to the current one."""
    tensors: Any = Tensor

    def beside(make: Callable[..., Any]) -> Callable[..., Any]:
        def made(tensor: Tensor, *given: Any, **named: Any) -> Any:
            if tensor.device.type == NAME and named.get("device") is None:
                named["device"] = tensor.device
            return make(tensor, *given, **named)

        return made

    tensors.new, tensors.new_tensor = beside(tensors.new), beside(tensors.new_tensor)


def _patch_storages() -> None:
    storages: Any = torch.UntypedStorage
    clone = storages.clone

    def cloned(storage: Any) -> Any:
        if storage.device.type != NAME:
            return clone(storage)
        return storage_over(copied(storage), index=storage.device.index)

    def copied(storage: Any) -> Any:
        if storage.device.type != NAME:
            return clone(storage)
        memory = getattr(storage, MEMORY, None)
        return memory.clone() if memory is not None else torch.UntypedStorage(0)

    def moved(storage: Any, device: Any = None, *_: Any, **__: Any) -> Any:
        index = index_of(NAME if device is None else device)
        return storage_over(copied(storage), index=index)

    def to(storage: Any, *, device: Any, non_blocking: bool = False) -> Any:
        there = torch.device(device).type == NAME
        return (
            moved(storage, device)
            if there
            else send(storage, device=device, non_blocking=non_blocking)
        )

    def written(storage: Any, *where: Any) -> Any:
        """Into a file of the kind that torch wrote before 1.6, and still does if it is asked to."""
        return write(copied(storage) if storage.device.type == NAME else storage, *where)

    def filled(storage: Any, *where: Any) -> Any:
        fill(getattr(storage, MEMORY, storage), *where)
        return storage

    write, storages._write_file = storages._write_file, written
    fill, storages._set_from_file = storages._set_from_file, filled
    send, storages.to = storages.to, to
    storages.clone = cloned
    setattr(storages, NAME, moved)


def _patch_parameters() -> None:
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
        return tensor.clone() if state.visible and tensor.device.type == "cpu" else pin(tensor)

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
