"""The functions that stand on the stack beneath a student's code. Nothing in their globals leads to the server.

What they tell is the student's own word: a student's code can reach and change them.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from ...devices.memory import NAME, index_of, wrapped
from ..isolation.limits import Limits
from ..wire.messages import PRINTED_ANEW
from .device_setup import on_device
from .frame_facts import facts_of

# the default dtype, and whether gradients are recorded
OTHERWISE = "float64", False
_NEARBY = 31 / 32
_MOST_ROUNDS = 1000  # of 624 numbers, which is more than a probe draws


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
        getattr(torch, device.partition(":")[0]).manual_seed_all(seed)
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % 2**32)


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
    if device.startswith(NAME):
        return wrapped(tensor, index=index_of(device))
    if 0 in tensor.stride():  # nothing can be written to an expanded one
        return tensor.to(device)
    there = torch.empty_strided(
        tensor.shape, tensor.stride(), dtype=tensor.dtype, device=torch.device(device)
    )
    return there.copy_(tensor)


def call(
    names: dict[str, Any],
    probe: str,
    module: Any,
    results: list[Any],
    arguments: dict[str, Any],
) -> Any:
    """Runs a probe on the student's module; what it gives is in `results` as well."""
    results.append(names[probe](module, **arguments))
    return results[-1]


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


def vary(values: list[Tensor], kept: dict[str, Any], nearby: bool) -> None:
    """Gives the tensors in `kept` other values of their kind: their own in reverse; `values` gets what they were.

    So labels stay labels, and probabilities stay probabilities. A single floating-point number becomes smaller.

    Args:
        nearby: whether floating-point numbers become a little smaller instead, and whole ones stay where there are
            such: who takes what is near for the same gives the first answer again.
    """
    tensors = [*map(_unexpanded, _tensors(kept))]
    nearby = nearby and any(map(torch.is_floating_point, tensors))
    for tensor in tensors:
        values.append(tensor.clone())
        if nearby:
            if tensor.is_floating_point():
                tensor.mul_(_NEARBY)
        elif tensor.numel() > 1:
            tensor.copy_(tensor.flip(*range(tensor.dim())))
        elif tensor.is_floating_point():
            tensor.mul_(0.75)


def restore(
    values: list[Tensor],
    kept: dict[str, Any],
    arguments: dict[str, Any],
    needing: Sequence[Tensor],
) -> None:
    """Undoes `vary`, and what the student's code may have done to the tensors in `arguments`."""
    numbers = {id(tensor) for tensor in needing}
    for value, place, tensor in zip(values, _tensors(kept), _tensors(arguments), strict=True):
        _unexpanded(place).copy_(value)
        if not _same(place, tensor):
            tensor.data = place
        tensor.detach_().requires_grad_(id(tensor) in numbers)
        tensor.grad = None


def _unexpanded(tensor: Tensor) -> Tensor:
    """The tensor without the repetitions of an expanded one, to which nothing can be written."""
    for dim, (size, step) in enumerate(zip(tensor.shape, tensor.stride(), strict=True)):
        if size > 1 and step == 0:
            tensor = tensor.narrow(dim, 0, 1)
    return tensor


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        for entry in value.values():
            yield from _tensors(entry)
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from _tensors(entry)


def note(
    noted: list[tuple[Tensor, Tensor]],
    plain: list[str],
    results: list[Any],
    arguments: dict[str, Any],
    block: tuple[int, int],
) -> None:
    """Puts into `noted` each tensor that the rehearsal gave, with a copy of it, but for those that are the inputs.

    Args:
        plain: gets what else it gave, as a text.
        block: from where to where in this process' memory the inputs lie.
    """
    inputs = {id(tensor) for tensor in _tensors(arguments)}
    for tensor in _tensors(results):
        if id(tensor) not in inputs and not block[0] <= tensor.data_ptr() < block[1]:
            noted.append((tensor, tensor.detach().clone()))
    plain.extend(map(_outline, results))


def _outline(value: Any) -> str:
    """The numbers and texts in lists, tuples and dicts, and where they stand."""
    if isinstance(value, dict):
        return f"{{{','.join(f'{key!r}:{_outline(entry)}' for key, entry in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_outline, value))}]"
    return repr(value) if isinstance(value, int | float | str | None) else "…"


def stands(noted: list[tuple[Tensor, Tensor]], plain: list[str], results: list[Any]) -> bool:
    """Whether what the rehearsal gave is what it was."""
    if plain != [*map(_outline, results[: len(plain)])]:
        return False
    return all(
        torch.equal(tensor, copy) or bool(((tensor == copy) | (copy != copy)).all())
        for tensor, copy in noted
    )


def set_otherwise() -> None:
    """Sets what a function may find set by whoever calls it, as `OTHERWISE` has it."""
    dtype, recording = OTHERWISE
    torch.set_default_dtype(getattr(torch, dtype))
    torch.set_grad_enabled(recording)


def left(seed: int, dtype: str, recording: bool) -> list[str]:
    """The settings of the whole process that are not these; `seed` is that of torch's generator."""
    found = {
        "default dtype": torch.get_default_dtype() == getattr(torch, dtype),
        "default device": torch.empty(0).device.type == "cpu",
        "recording": torch.is_grad_enabled() == recording and not torch.is_inference_mode_enabled(),
        "autocast": not torch.is_autocast_enabled("cpu"),
        "seed": torch.default_generator.initial_seed() == seed,
    }
    return [name for name, is_left in found.items() if not is_left]


def seeded(seed: int) -> list[str]:
    """Which generators that `reset` has seeded, beside torch's, have been given another seed; to draw is free.

    They are seeded anew on the way: that is the quickest to tell that nothing was drawn.
    """
    state = random.getstate()[1][:-1]
    random.seed(seed)
    untouched = state == random.getstate()[1][:-1]
    found = {"Python's seed": untouched or _is_among([*state], _states(seed))}
    if numpy := sys.modules.get("numpy"):
        words = numpy.random.get_state()[1]
        numpy.random.seed(seed % 2**32)
        untouched = bool((words == numpy.random.get_state()[1]).all())
        states = _states_of_numpy(numpy, seed % 2**32)
        found["NumPy's seed"] = untouched or _is_among(words.tolist(), states)
    return [name for name, is_left in found.items() if not is_left]


def _is_among(state: list[int], states: Iterator[list[int]]) -> bool:
    return any(state == each for each in itertools.islice(states, _MOST_ROUNDS))


def _states(seed: int) -> Iterator[list[int]]:
    """The states of Python's generator from a seed on: each gives so many numbers of 32 bits as it has itself."""
    generator = random.Random(seed)
    while True:
        state = [*generator.getstate()[1][:-1]]
        yield state
        generator.getrandbits(32 * len(state))


def _states_of_numpy(numpy: Any, seed: int) -> Iterator[list[int]]:
    """Those of NumPy's generator, which is of the same kind."""
    generator = numpy.random.RandomState(seed)
    while True:
        state = generator.get_state()[1].tolist()
        yield state
        generator.bytes(4 * len(state))


def touched(arguments: dict[str, Any], needing: Sequence[Tensor]) -> list[str]:
    """The arguments in which a tensor's `requires_grad` or `.grad` is no longer what it was."""
    numbers = {id(tensor) for tensor in needing}
    return [
        name
        for name, value in arguments.items()
        if any(
            tensor.requires_grad != (id(tensor) in numbers)
            or (tensor.is_leaf and tensor.grad is not None)
            for tensor in _tensors(value)
        )
    ]


def marked(arguments: dict[str, Any], needing: Sequence[Tensor]) -> list[str]:
    """Those with a tensor that requires gradients, or has one, although it was given as one that requires none.

    No derivative that a probe asks for does that.
    """
    numbers = {id(tensor) for tensor in needing}
    return [
        name
        for name, value in arguments.items()
        if any(
            tensor.is_leaf and (tensor.requires_grad or tensor.grad is not None)
            for tensor in _tensors(value)
            if id(tensor) not in numbers
        )
    ]


def to_cpu(tensor: Tensor) -> Tensor:
    """The values of a tensor that lies elsewhere."""
    return tensor.detach().cpu()


def flush() -> None:
    """Hands on what the student's code has printed."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BaseException):
            stream.flush()


def print_anew() -> None:
    """Marks what was printed until now as that of a rehearsal."""
    flush()
    with contextlib.suppress(BaseException):
        os.write(1, PRINTED_ANEW)


def described(
    error: BaseException, tags: list[str]
) -> tuple[str, str, list[tuple[int, int, str]], list[tuple[str, str]]]:
    """An exception's type and text, the lines of the student's that it went through, and `facts_of` it.

    A line is a triple: the number of the cell, which `tags` has the names of; line; function.
    """
    kind, message = type(error).__name__, f"{error}"
    if isinstance(error, SyntaxError) and error.filename in tags:
        return kind, f"{error.msg}", [(tags.index(error.filename), error.lineno or 0, "")], []
    lines = []
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        if code.co_filename in tags:
            lines.append((tags.index(code.co_filename), step.tb_lineno, code.co_name[:80]))
        step = step.tb_next
    try:
        return kind, message, lines, facts_of(error, tags)
    except Exception:  # a property of the student's, say
        return kind, message, lines, []
