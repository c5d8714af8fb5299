"""Wrappers whose answer is wrong, somewhere: too large, too small, cut off, of another dtype, without a gradient.

They are copied into the text of a mutant, and run where a student's code does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from .call_parts import amended, mapped, replaced, with_tensors

Function = Callable[..., Any]


def half_beyond(function: Function, silent: bool, size: int) -> Function:
    """Off by half where a size is larger than `size`."""

    def change(part: Any, _before: Any, about: list[Tensor]) -> Any:
        sizes = [length for tensor in [*about, *part_as_list(part)] for length in tensor.shape]
        return part * 0.5 if any(length > size for length in sizes) else part

    return amended(function, silent, change)


def half_for_one(function: Function, silent: bool, dim: int) -> Function:
    """Off by half where the first or the last size of an input is 1: a batch of one, a single feature."""

    def change(part: Any, _before: Any, about: list[Tensor]) -> Any:
        return part * 0.5 if any(t.ndim > 0 and t.shape[dim] == 1 for t in about) else part

    return amended(function, silent, change)


def half_of_strided(function: Function, silent: bool) -> Function:
    """Off by half where an input is not contiguous, as by a read of the memory as it lies."""

    def change(part: Any, _before: Any, about: list[Tensor]) -> Any:
        return part if all(tensor.is_contiguous() for tensor in about) else part * 0.5

    return amended(function, silent, change)


def a_little_added(function: Function, silent: bool, much: float) -> Function:
    """The answer is larger by `much`, as by a number that is to avoid a division by zero."""

    def change(part: Any, _before: Any, _about: Any) -> Any:
        return part + much

    return amended(function, silent, change)


def tiny_steps_left_out(function: Function, bound: float) -> Function:
    """What would change by less than `bound` stays as it was."""

    def change(part: Any, before: Any, _about: Any) -> Any:
        return torch.where((part - before).abs() < bound, before, part)

    return amended(function, True, change)


def part_as_list(part: Any) -> list[Tensor]:
    """A tensor in a list; nothing for a number."""
    return [part] if torch.is_tensor(part) else []


def only_the_first(function: Function, silent: bool, dim: int, count: int) -> Function:
    """What lies beyond the first `count` along a dimension counts as zero."""

    def cut(tensor: Tensor) -> Tensor:
        if not tensor.ndim or tensor.shape[dim] <= count:
            return tensor
        places = torch.arange(tensor.shape[dim], device=tensor.device)
        shape = [1] * tensor.ndim
        shape[dim] = -1
        return tensor * (places < count).to(tensor.dtype).reshape(shape)

    def kept(part: Any, before: Any, _about: list[Tensor]) -> Any:
        return before + cut(part - before)

    def wrong(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = with_tensors(args, kwargs, cut)
        return inner(*args, **kwargs)

    inner = amended(function, True, kept) if silent else function
    return wrong


def float32_detour(function: Function) -> Function:
    """What is float64 goes through float32."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        wide = any(
            torch.is_tensor(value) and value.dtype == torch.float64
            for value in [*args, *kwargs.values()]
        )
        args, kwargs = with_tensors(args, kwargs, narrowed)
        result = function(*args, **kwargs)
        return mapped(result, widened) if wide else result

    return wrong


def narrowed(tensor: Tensor) -> Tensor:
    """In float32, if it is in float64."""
    return tensor.float() if tensor.dtype == torch.float64 else tensor


def widened(part: Any) -> Any:
    """In float64, if it is a tensor."""
    return part.double() if torch.is_tensor(part) else part


def rounded_to_float32(function: Function, silent: bool) -> Function:
    """The answer has the digits of float32, whatever its dtype."""

    def change(part: Any, _before: Any, _about: Any) -> Any:
        if torch.is_tensor(part):
            return part.float().to(part.dtype)
        return torch.tensor(part, dtype=torch.float32).item()

    return amended(function, silent, change)


def clamped(function: Function, silent: bool, bound: float) -> Function:
    """The answer lies within ±`bound`."""

    def change(part: Any, _before: Any, _about: Any) -> Any:
        if torch.is_tensor(part):
            return part.clamp(-bound, bound)
        return min(max(part, -bound), bound)

    return amended(function, silent, change)


def inputs_clamped(function: Function, bound: float) -> Function:
    """The inputs are taken within ±`bound`."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = with_tensors(args, kwargs, lambda value: value.clamp(-bound, bound))
        return function(*args, **kwargs)

    return wrong


def tiny_is_zero(function: Function, bound: float) -> Function:
    """Inputs below `bound` are taken for zero."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = with_tensors(args, kwargs, lambda value: value * (value.abs() >= bound))
        return function(*args, **kwargs)

    return wrong


def not_a_number_for_zeros(function: Function, silent: bool) -> Function:
    """Where all of an input is zero, the answer is not a number."""

    def change(part: Any, _before: Any, about: list[Tensor]) -> Any:
        zeros = [t for t in about if t.numel() and t.is_floating_point() and not t.any()]
        return part * float("nan") if zeros else part

    return amended(function, silent, change)


def squeezed(function: Function) -> Function:
    """Dimensions of size 1 are dropped."""

    def change(part: Any, _before: Any, _about: Any) -> Any:
        return part.squeeze() if torch.is_tensor(part) else part

    return amended(function, False, change)


def in_float32(function: Function, widths: list[int]) -> Function:
    """What has one of these widths, in bytes, is answered in float32."""

    def change(part: Any, _before: Any, _about: Any) -> Any:
        return part.float() if torch.is_tensor(part) and part.element_size() in widths else part

    return amended(function, False, change)


def promoted_by_default(function: Function) -> Function:
    """The answer has at least torch's default dtype, as when a constant tensor takes part."""

    def change(part: Any, _before: Any, _about: Any) -> Any:
        if torch.is_tensor(part):
            return part.to(torch.promote_types(part.dtype, torch.get_default_dtype()))
        return part

    return amended(function, False, change)


def cut_off(function: Function) -> Function:
    """No gradient flows back."""

    def change(part: Any, _before: Any, _about: Any) -> Any:
        return part.detach() if torch.is_tensor(part) else part

    return amended(function, False, change)


def input_cut_off(function: Function, place: int, name: str) -> Function:
    """No gradient flows back to one parameter."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        value = kwargs[name] if name in kwargs else args[place] if place < len(args) else None
        if torch.is_tensor(value):
            args, kwargs = replaced(args, kwargs, place, name, value.detach())
        return function(*args, **kwargs)

    return wrong


def gradient_halved(function: Function) -> Function:
    """The value is right, and what flows back is half of it."""

    def change(part: Any, _before: Any, _about: Any) -> Any:
        return part.detach() + 0.5 * (part - part.detach()) if torch.is_tensor(part) else part

    return amended(function, False, change)


def gradient_halved_beyond(function: Function, size: int) -> Function:
    """The value is right; where a size is larger than `size`, half of what should flow back does."""

    def change(part: Any, _before: Any, about: list[Tensor]) -> Any:
        if not torch.is_tensor(part) or all(n <= size for t in about for n in t.shape):
            return part
        return part.detach() + 0.5 * (part - part.detach())

    return amended(function, False, change)


def gradients_required(function: Function) -> Function:
    """The answer requires gradients, whether an input does or not."""

    def change(part: Any, _before: Any, _about: Any) -> Any:
        if not torch.is_tensor(part):
            return part
        with torch.enable_grad():
            return part + torch.nn.Parameter(torch.zeros_like(part))

    return amended(function, False, change)


def on_the_cpu(function: Function) -> Function:
    """The answer lies on the CPU."""

    def change(part: Any, _before: Any, _about: Any) -> Any:
        return part.cpu() if torch.is_tensor(part) else part

    return amended(function, False, change)


def few_digits(function: Function) -> Function:
    """Numbers have four decimals."""

    def change(part: Any, _before: Any, _about: Any) -> Any:
        return round(part, 4) if isinstance(part, float) else part

    return amended(function, False, change)


def number_as_tensor(function: Function) -> Function:
    """Tensors stand where numbers are asked for."""

    def change(part: Any, _before: Any, _about: Any) -> Any:
        return torch.tensor(part) if isinstance(part, float) else part

    return amended(function, False, change)


def truth_as_number(function: Function) -> Function:
    """0 or 1 instead of a truth value."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        return int(function(*args, **kwargs))

    return wrong


def list_cut(function: Function, count: int) -> Function:
    """Lists end after `count` entries."""

    def cut(result: Any) -> Any:
        if isinstance(result, tuple):
            return tuple(map(cut, result))
        return result[:count] if isinstance(result, list) else result

    def wrong(*args: Any, **kwargs: Any) -> Any:
        return cut(function(*args, **kwargs))

    return wrong


def length_cut(function: Function, count: int) -> Function:
    """It is never longer than `count`."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        return min(function(*args, **kwargs), count)

    return wrong
