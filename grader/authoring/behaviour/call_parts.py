"""What wrong wrappers share: the parts of a call, and of what came of it.

These functions are copied into the text of a mutant, and run where a student's code does.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def tensors(value: Any) -> list[Tensor]:
    """The tensors in a value: itself, or those in its lists, tuples and dicts, in their order."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [tensor for part in value for tensor in tensors(part)]
    return []


def held(value: Any, depth: int = 4) -> dict[tuple[Any, ...], Tensor]:
    """The tensors that an instance, a list or a dict holds, each by its place."""
    if isinstance(value, Tensor):
        return {(): value}
    if isinstance(value, list | tuple):
        parts: dict[Any, Any] = dict(enumerate(value))
    elif isinstance(value, dict):
        parts = dict(enumerate(value.values())) if any(map(torch.is_tensor, value)) else value
    else:
        parts = getattr(value, "__dict__", {})
    if not depth:
        return {}
    return {
        (key, *place): tensor
        for key, part in list(parts.items())
        for place, tensor in held(part, depth - 1).items()
    }


def seen(args: Any, kwargs: Any) -> list[Tensor]:
    """The tensors that a call is about: those handed over, or else those that the instance holds."""
    return tensors([args, kwargs]) or [*held(args[0]).values()] if args else tensors(kwargs)


def given(args: Any, kwargs: Any, place: int, name: str) -> Any:
    """The argument of a parameter; `None` where it is left out."""
    if name in kwargs:
        return kwargs[name]
    return args[place] if place < len(args) else None


def replaced(args: Any, kwargs: Any, place: int, name: str, value: Any) -> tuple[Any, Any]:
    """The arguments with another value for a parameter, where it is given."""
    if name in kwargs:
        return args, {**kwargs, name: value}
    if place < len(args):
        return (*args[:place], value, *args[place + 1 :]), kwargs
    return args, kwargs


def with_tensors(args: Any, kwargs: Any, change: Callable[[Tensor], Tensor]) -> tuple[Any, Any]:
    """The arguments with each floating-point tensor changed; what stands in lists and dicts stays the same object."""

    def changed(value: Any) -> Any:
        return change(value) if torch.is_tensor(value) and value.is_floating_point() else value

    return tuple(map(changed, args)), {name: changed(value) for name, value in kwargs.items()}


def mapped(result: Any, change: Callable[[Any], Any]) -> Any:
    """A result with a change to each floating-point tensor and each `float`.

    Tuples within tuples stay: they are what a function keeps for later.
    """
    if torch.is_tensor(result) and result.is_floating_point():
        if result.is_leaf and result.requires_grad:
            result.data = change(result).detach()
            return result
        return change(result)
    if isinstance(result, float):
        return change(result)
    if isinstance(result, dict):
        return {key: mapped(part, change) for key, part in result.items()}
    if isinstance(result, list):
        return [mapped(part, change) for part in result]
    if isinstance(result, tuple):
        return tuple(part if isinstance(part, tuple) else mapped(part, change) for part in result)
    return result


def amended(
    function: Callable[..., Any], silent: bool, change: Callable[..., Any]
) -> Callable[..., Any]:
    """A function whose answer is changed.

    Args:
        function: what is wrapped.
        silent: whether the answer is what it changes in its first argument, and not what it returns.
        change: makes another value of a value, called with it, with what stood there before (or `None`), and with
            the tensors that the call is about.
    """

    def wrong(*args: Any, **kwargs: Any) -> Any:
        about = seen(args, kwargs)
        if not silent:
            return mapped(function(*args, **kwargs), lambda part: change(part, None, about))
        before = {place: tensor.detach().clone() for place, tensor in held(args[0]).items()}
        result = function(*args, **kwargs)
        for place, tensor in held(args[0]).items():
            if place in before and tensor.is_floating_point():
                if not torch.equal(tensor, before[place]):
                    with torch.no_grad():
                        tensor.copy_(change(tensor, before[place], about))
        return result

    return wrong


def form_of(args: Any, kwargs: Any) -> Any:
    """What stays of a call when its numbers are forgotten: shapes, dtypes, other values as they are written.

    A function that is handed in is forgotten as well, a model is not.
    """

    def form(value: Any) -> Any:
        if torch.is_tensor(value):
            return tuple(value.shape), value.dtype, value.device
        if isinstance(value, dict):
            return tuple((key, form(part)) for key, part in value.items())
        if isinstance(value, list | tuple):
            return tuple(map(form, value))
        if inspect.isroutine(value):
            return "a function"
        return value if isinstance(value, int | float | str | None) else id(value)

    return form([args, kwargs])
