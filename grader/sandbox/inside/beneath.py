"""The functions that stand on the stack beneath a student's code. Nothing in their globals leads to the server.

What they tell is the student's own word: a student's code can reach and change them.
"""

from __future__ import annotations

import contextlib
import marshal
import random
import sys
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ...devices.memory import NAME, wrapped
from ..isolation.limits import Limits
from .device_setup import on_device


def attempt(step: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    """What a step gives, and what it raises: `SystemExit` and `KeyboardInterrupt` are the student's as well."""
    try:
        return step(), None
    except BaseException as error:
        return None, error


def reset(seed: int, device: str, default: str = "float32") -> None:
    """Undoes what the student's code may have set for the whole process, and seeds every generator.

    Args:
        default: torch's default dtype from now on.
    """
    torch.set_default_dtype(getattr(torch, default))
    torch.set_default_device(None)
    torch.set_grad_enabled(True)
    if torch.is_inference_mode_enabled():
        torch.inference_mode(False).__enter__()
    if torch.is_autocast_enabled("cpu"):
        torch.set_autocast_enabled("cpu", False)
    # `torch.manual_seed` takes 2 ms for devices that are not there
    torch.default_generator.manual_seed(seed)
    if device != "cpu":
        getattr(torch, device).manual_seed_all(seed)
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % 2**32)


def define(code: str, names: dict[str, Any]) -> None:
    """Runs a probe's code, which defines it and its helpers in `names`."""
    exec(marshal.loads(b64decode(code)), names)


def enter(settings: list[Any], device: str, limits: Limits) -> None:
    """Begins with the settings that a device needs; `leave` ends them."""
    manager = on_device(device, limits)
    manager.__enter__()
    settings.append(manager)


def leave(settings: list[Any]) -> None:
    """Ends what `enter` began."""
    while settings:
        settings.pop().__exit__(None, None, None)


def move(arguments: dict[str, Any], device: str, needing: list[Tensor]) -> None:
    """Puts every tensor in `arguments` on `device`; those for the ones in `needing` require gradients."""
    numbers = {id(tensor) for tensor in needing}
    for name, value in arguments.items():
        arguments[name] = _moved(value, device, numbers)


def _moved(value: Any, device: str, needing: set[int]) -> Any:
    if isinstance(value, Tensor):
        placed = _placed(value, device)
        return placed.requires_grad_() if id(value) in needing else placed
    if isinstance(value, dict):
        return {key: _moved(entry, device, needing) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_moved(entry, device, needing) for entry in value)
    return value


def _placed(tensor: Tensor, device: str) -> Tensor:
    """The tensor on `device` with the same layout: on the memory that it has, where that is the device's too."""
    if device == NAME:
        return wrapped(tensor)
    if 0 in tensor.stride():  # nothing can be written to an expanded one
        return tensor.to(device)
    there = torch.empty_strided(
        tensor.shape, tensor.stride(), dtype=tensor.dtype, device=torch.device(device)
    )
    return there.copy_(tensor)


def call(names: dict[str, Any], probe: str, module: Any, arguments: dict[str, Any]) -> Any:
    """Runs a probe on the student's module."""
    return names[probe](module, **arguments)


def changed(kept: dict[str, Any], arguments: dict[str, Any]) -> list[str]:
    """The arguments that are no longer what they were.

    Values that were changed where they lie are found by the trusted side, which has the same memory; this finds what
    lies elsewhere by now.

    Args:
        kept: for each argument other tensors on the memory that it was given.
    """
    return [name for name, value in kept.items() if not _same(value, arguments[name])]


def _same(kept: Any, value: Any) -> bool:
    if isinstance(kept, Tensor):
        if not isinstance(value, Tensor) or kept.dtype != value.dtype or kept.shape != value.shape:
            return False
        if kept.data_ptr() == value.data_ptr() and kept.stride() == value.stride():
            return True
        return torch.equal(kept, value.detach().cpu())
    if isinstance(kept, dict):
        return len(kept) == len(value) and all(map(_same, kept.values(), value.values()))
    if isinstance(kept, list | tuple):
        return len(kept) == len(value) and all(map(_same, kept, value))
    return True


def to_cpu(tensor: Tensor) -> Tensor:
    """The values of a tensor that lies elsewhere."""
    return tensor.detach().cpu()


def flush() -> None:
    """Hands on what the student's code has printed."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BaseException):
            stream.flush()


def described(error: BaseException, tags: list[str]) -> tuple[str, str, list[tuple[int, int, str]]]:
    """An exception's type and text, and the lines of the student's that it went through.

    A line is a triple: the number of the cell, which `tags` has the names of; line; function.
    """
    kind, message = type(error).__name__, f"{error}"
    if isinstance(error, SyntaxError) and error.filename in tags:
        return kind, f"{error.msg}", [(tags.index(error.filename), error.lineno or 0, "")]
    lines = []
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        if code.co_filename in tags:
            lines.append((tags.index(code.co_filename), step.tb_lineno, code.co_name[:80]))
        step = step.tb_next
    return kind, message, lines
