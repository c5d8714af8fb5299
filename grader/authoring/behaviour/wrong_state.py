"""Wrappers that remember: an answer kept by shape or identity, a shared buffer, instances that share, calls that count.

They are copied into the text of a mutant, and run where a student's code does.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch

from .call_parts import amended, form_of, mapped, seen

Function = Callable[..., Any]


def remembered_by_form(function: Function, skipped: int) -> Function:
    """The first answer is given again for all arguments of the same shapes; the first `skipped` do not count."""
    answers: dict[Any, Any] = {}
    kept: list[Any] = []  # what lives keeps its identity

    def wrong(*args: Any, **kwargs: Any) -> Any:
        form = form_of(args[skipped:], kwargs)
        if form not in answers:
            kept.append((args, kwargs))
            answers[form] = function(*args, **kwargs)
        return answers[form]

    return wrong


def remembered_by_identity(function: Function, skipped: int) -> Function:
    """The first answer is given again for the same objects, whatever they hold by now, and for any function."""
    answers: dict[Any, Any] = {}
    kept: list[Any] = []

    def wrong(*args: Any, **kwargs: Any) -> Any:
        values = [*args[skipped:], *kwargs.values()]
        key = tuple(id(value) for value in values if not inspect.isroutine(value))
        if key not in answers:
            kept.append((args, kwargs))
            answers[key] = function(*args, **kwargs)
        return answers[key]

    return wrong


def remembered_nearby(function: Function, skipped: int, near: float) -> Function:
    """An earlier answer is given again where no input is further than `near` from what it was for."""
    earlier: dict[Any, list[Any]] = {}

    def wrong(*args: Any, **kwargs: Any) -> Any:
        form = form_of(args[skipped:], kwargs)
        now = [tensor.detach().clone() for tensor in seen(args, kwargs)]
        for before, answer in earlier.setdefault(form, []):
            pairs = zip(now, before, strict=True)
            if all(((one - other).abs() <= near).all() for one, other in pairs):
                return answer
        answer = function(*args, **kwargs)
        earlier[form].append((now, answer))
        return answer

    return wrong


def adds_up(function: Function, skipped: int) -> Function:
    """A call adds the answer of the call before it, if that had the same shapes."""
    earlier: dict[Any, list[Any]] = {}

    def wrong(*args: Any, **kwargs: Any) -> Any:
        form = form_of(args[skipped:], kwargs)
        before, now = iter(earlier.get(form, [])), list[Any]()

        def added(part: Any) -> Any:
            now.append(part.detach().clone() if torch.is_tensor(part) else part)
            other = next(before, None)
            fits = other is not None and getattr(other, "shape", 0) == getattr(part, "shape", 0)
            return part + other if fits else part

        result = mapped(function(*args, **kwargs), added)
        earlier[form] = now
        return result

    return wrong


def one_call_behind(function: Function, skipped: int) -> Function:
    """A call gives the answer of the call before it, if that had the same shapes."""
    earlier: dict[Any, Any] = {}

    def wrong(*args: Any, **kwargs: Any) -> Any:
        form = form_of(args[skipped:], kwargs)
        now = function(*args, **kwargs)
        stale = earlier.get(form, now)
        earlier[form] = now
        return stale

    return wrong


def half_after(function: Function, silent: bool, calls: int) -> Function:
    """After so many calls the answers are off by half."""
    count = 0

    def change(part: Any, _before: Any, _about: Any) -> Any:
        return part * 0.5 if count > calls else part

    inner = amended(function, silent, change)

    def wrong(*args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += 1
        return inner(*args, **kwargs)

    return wrong


def nothing_after(function: Function, calls: int) -> Function:
    """After so many calls for an instance, or for one argument, nothing happens."""
    counts: dict[int, int] = {}
    kept: list[Any] = []

    def wrong(*args: Any, **kwargs: Any) -> Any:
        first = next(iter([*args, *kwargs.values()]), None)
        kept.append(first)
        counts[id(first)] = counts.get(id(first), 0) + 1
        return None if counts[id(first)] > calls else function(*args, **kwargs)

    return wrong


def in_a_shared_buffer(function: Function) -> Function:
    """Answers of one shape are written into the same memory."""
    buffers: dict[Any, Any] = {}

    def written(part: Any) -> Any:
        if not torch.is_tensor(part):
            return part
        key = tuple(part.shape), part.dtype, part.device
        buffer = buffers.setdefault(key, torch.empty_like(part.detach()))
        buffer.copy_(part.detach())
        if not part.requires_grad:
            return buffer
        part.data = buffer  # what autograd recorded stays
        return part

    def wrong(*args: Any, **kwargs: Any) -> Any:
        return mapped(function(*args, **kwargs), written)

    return wrong


def instances_share(function: Function) -> Function:
    """What an instance holds is held by the class: all instances have what the newest one was given."""
    shared: dict[str, Any] = {}

    def wrong(self: Any, *args: Any, **kwargs: Any) -> None:
        function(self, *args, **kwargs)
        shared.update(vars(self))
        object.__setattr__(self, "__dict__", shared)

    return wrong
