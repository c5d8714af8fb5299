"""Values as Python that makes them: tensors with their dtype, strides, device and need of gradients."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

_INDENT = "    "
_WIDTH = 88
_MOST_FORMS = 8
_DEFAULTS = (torch.float32, torch.int64, torch.bool)  # of `torch.tensor`, by what it is given


def written(value: Any, device: str = "cpu") -> str:
    """A value as Python, on several lines where one would be too long.

    Args:
        value: plain data and tensors.
        device: where its tensors are to be; `device` stands for any but the CPU.
    """
    text = _on_a_line(value, device)
    if len(text) <= _WIDTH or not isinstance(value, list | tuple | dict):
        return text
    pairs = value.items() if isinstance(value, dict) else (("", each) for each in value)
    lines = []
    for key, each in pairs:
        entry = (f"{key!r}: " if isinstance(value, dict) else "") + written(each, device)
        lines.append(_INDENT + entry.replace("\n", f"\n{_INDENT}") + ",")
    return "\n".join([text[0], *lines, text[-1]])


def numbers_in(value: Any) -> int:
    """How many elements its tensors have."""
    match value:
        case Tensor():
            return value.numel()
        case list() | tuple():
            return sum(map(numbers_in, value))
        case dict():
            return sum(map(numbers_in, value.values()))
    return 0


def form_of(value: Any) -> str:
    """What a value is without its numbers: `float32 (3, 4)` for a tensor, `[float32 (2,), …]`, `int`."""
    match value:
        case Tensor():
            grad = " requires_grad" if value.requires_grad else ""
            return f"{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}{grad}"
        case list():
            return f"[{_forms(map(form_of, value))}]"
        case tuple():
            return f"({_forms(map(form_of, value))})"
        case dict():
            return f"{{{_forms(f'{key!r}: {form_of(each)}' for key, each in value.items())}}}"
        case None:
            return "None"
    return type(value).__name__


def _forms(forms: Iterable[str]) -> str:
    """The first few of several, and an ellipsis where there are more."""
    several = list(forms)
    return ", ".join([*several[:_MOST_FORMS], *["…"] * (len(several) > _MOST_FORMS)])


def _on_a_line(value: Any, device: str) -> str:
    match value:
        case Tensor():
            return _tensor(value, device)
        case list():
            return f"[{', '.join(_on_a_line(each, device) for each in value)}]"
        case tuple():
            inner = ", ".join(_on_a_line(each, device) for each in value)
            return f"({inner}{',' if len(value) == 1 else ''})"
        case dict():
            pairs = (f"{key!r}: {_on_a_line(each, device)}" for key, each in value.items())
            return f"{{{', '.join(pairs)}}}"
    return repr(value)


def _tensor(tensor: Tensor, device: str) -> str:
    plain = tensor.detach().cpu()
    dense = plain.is_contiguous() or plain.numel() < 2
    text = f"torch.tensor({_numbers(plain if dense else _in_memory(plain))}"
    if plain.dtype not in _DEFAULTS or not plain.numel():
        text += f", dtype={plain.dtype}"
    text += ")" if device.startswith("cpu") else ", device=device)"
    if plain.numel() == 0:
        text += f".reshape({tuple(plain.shape)})"
    if not dense:
        text += f".as_strided({tuple(plain.shape)}, {plain.stride()})"
    return text + (".requires_grad_()" if tensor.requires_grad else "")


def _in_memory(tensor: Tensor) -> Tensor:
    """All elements that a tensor's strides span, in their order in memory."""
    extent = 1 + sum((n - 1) * s for n, s in zip(tensor.shape, tensor.stride(), strict=True))
    return tensor.as_strided((extent,), (1,))


def _numbers(values: Tensor) -> str:
    if values.dim() == 0:
        return _number(values)
    return f"[{', '.join(map(_numbers, values))}]"


def _number(value: Tensor) -> str:
    """A number with as few digits as give the same one in its dtype."""
    number = value.item()
    if not isinstance(number, float):
        return repr(number)
    if not math.isfinite(number):
        return f'float("{number}")'
    for digits in range(1, 18):
        short = f"{number:.{digits}g}"
        if torch.tensor(float(short), dtype=value.dtype).item() == number:
            break
    return short if any(sign in short for sign in ".e") else f"{short}.0"
