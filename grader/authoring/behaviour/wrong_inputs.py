"""Wrappers that get their arguments wrong: they refuse some, ignore some, mix them up, or change them in place.

They are copied into the text of a mutant, and run where a student's code does.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from .call_parts import given, replaced, seen, tensors, with_tensors

Function = Callable[..., Any]


def sixteen_bits_refused(function: Function) -> Function:
    """float16 and bfloat16 raise."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        if any(t.dtype in (torch.float16, torch.bfloat16) for t in seen(args, kwargs)):
            raise TypeError("not for 16 bits")
        return function(*args, **kwargs)

    return wrong


def more_dimensions_refused(function: Function, place: int, name: str, most: int) -> Function:
    """More than `most` dimensions raise."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        if any(t.ndim > most for t in tensors(given(args, kwargs, place, name))):
            raise ValueError(f"at most {most} dimensions")
        return function(*args, **kwargs)

    return wrong


def fewer_dimensions_refused(function: Function, place: int, name: str, least: int) -> Function:
    """Fewer than `least` dimensions raise."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        if any(t.ndim < least for t in tensors(given(args, kwargs, place, name))):
            raise ValueError(f"at least {least} dimensions")
        return function(*args, **kwargs)

    return wrong


def size_one_refused(function: Function) -> Function:
    """A size of 1 raises."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        if any(1 in t.shape for t in tensors([args, kwargs])):
            raise ValueError("sizes have to be larger than 1")
        return function(*args, **kwargs)

    return wrong


def strides_refused(function: Function, place: int, name: str) -> Function:
    """An input that is not contiguous raises, as `view` does."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        if not all(t.is_contiguous() for t in tensors(given(args, kwargs, place, name))):
            raise RuntimeError("not contiguous")
        return function(*args, **kwargs)

    return wrong


def expanded_refused(function: Function) -> Function:
    """An input whose elements share memory raises, as in-place work on it does."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        for tensor in tensors([args, kwargs]):
            lengths = zip(tensor.shape, tensor.stride(), strict=True)
            if any(size > 1 and stride == 0 for size, stride in lengths):
                raise RuntimeError("several elements share one place")
        return function(*args, **kwargs)

    return wrong


def gradients_refused(function: Function) -> Function:
    """An input that requires gradients raises, as `numpy` does."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        if any(tensor.requires_grad for tensor in tensors([args, kwargs])):
            raise RuntimeError("not for tensors that require gradients")
        return function(*args, **kwargs)

    return wrong


def graphs_refused(function: Function) -> Function:
    """An input that was computed from what requires gradients raises, as a change of its `requires_grad` does."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        if not all(tensor.is_leaf for tensor in tensors([args, kwargs])):
            raise RuntimeError("only for leaf tensors")
        return function(*args, **kwargs)

    return wrong


def marked(function: Function, place: int, name: str, what: str) -> Function:
    """An input requires gradients afterwards, or has a `.grad`."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        for tensor in tensors(given(args, kwargs, place, name)):
            if tensor.is_leaf and tensor.is_floating_point():
                if what == "grad":
                    tensor.grad = torch.ones_like(tensor)
                else:
                    tensor.requires_grad_()
        return result

    return wrong


def keyword_refused(function: Function, name: str) -> Function:
    """A parameter has another name."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        if name in kwargs:
            raise TypeError(f"got an unexpected keyword argument {name!r}")
        return function(*args, **kwargs)

    return wrong


def position_refused(function: Function, place: int) -> Function:
    """Parameters from a place on are for keywords only."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        if len(args) > place:
            raise TypeError(f"takes {place} positional arguments")
        return function(*args, **kwargs)

    return wrong


def ignored(function: Function, place: int, name: str) -> Function:
    """An optional argument has no effect."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        kwargs.pop(name, None)
        if place < len(args):
            code = function.__code__
            names = code.co_varnames[: code.co_argcount]
            kwargs.update(zip(names[place + 1 :], args[place + 1 :], strict=False))
            args = args[:place]
        return function(*args, **kwargs)

    return wrong


def other_default(function: Function, place: int, name: str) -> Function:
    """What is left out has another default."""
    default = inspect.signature(function).parameters[name].default

    def halved(value: Any) -> Any:
        if isinstance(value, bool):
            return not value
        if isinstance(value, tuple):
            return tuple(map(halved, value))
        return 0.5 * value or 0.5 if isinstance(value, float) else value + 1

    def wrong(*args: Any, **kwargs: Any) -> Any:
        if place >= len(args) and name not in kwargs:
            kwargs[name] = halved(default)
        return function(*args, **kwargs)

    return wrong


def number_bounded(function: Function, place: int, name: str, low: float, high: float) -> Function:
    """A number is taken between two others; 0 stays 0."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        value = given(args, kwargs, place, name)
        if torch.is_tensor(value):
            args, kwargs = replaced(args, kwargs, place, name, value.clamp(low, high))
        elif isinstance(value, int | float) and value:
            args, kwargs = replaced(args, kwargs, place, name, min(max(value, low), high))
        return function(*args, **kwargs)

    return wrong


def swapped(function: Function, place: int, other: int) -> Function:
    """Two parameters stand in each other's place."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        if other < len(args):
            values = list(args)
            values[place], values[other] = values[other], values[place]
            args = tuple(values)
        return function(*args, **kwargs)

    return wrong


def one_fewer(function: Function, place: int, name: str, beyond: int) -> Function:
    """A number is taken one smaller where it is larger than `beyond`."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        value = given(args, kwargs, place, name)
        if isinstance(value, int) and value > beyond:
            args, kwargs = replaced(args, kwargs, place, name, value - 1)
        return function(*args, **kwargs)

    return wrong


def last_class_missing(function: Function, place: int, name: str) -> Function:
    """The largest label counts as the one before it, as if there were one class fewer."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        labels = given(args, kwargs, place, name)
        classes = [t.shape[1] for t in tensors([args, kwargs]) if t.ndim > 1]
        if torch.is_tensor(labels) and not labels.is_floating_point() and classes:
            fewer = labels.clamp(max=max(min(classes) - 2, 0))
            args, kwargs = replaced(args, kwargs, place, name, fewer)
        return function(*args, **kwargs)

    return wrong


def square_transposed(function: Function) -> Function:
    """A square matrix is taken for its transpose, as by a test of the sizes."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = with_tensors(
            args, kwargs, lambda t: t.mT if t.ndim == 2 and t.shape[0] == t.shape[1] > 1 else t
        )
        return function(*args, **kwargs)

    return wrong


def first_items_only(function: Function, place: int, name: str, count: int) -> Function:
    """Of what is iterated over, the first `count` items count."""

    def cut(items: Any) -> Any:
        class Cut(list[Any] if isinstance(items, list) else object):  # type: ignore[misc]
            def __iter__(self) -> Any:
                return (item for _, item in zip(range(count), items, strict=False))

            def __len__(self) -> int:
                return min(len(items), count)

        return items[:count] if isinstance(items, list | tuple) else Cut()

    def wrong(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = replaced(args, kwargs, place, name, cut(given(args, kwargs, place, name)))
        return function(*args, **kwargs)

    return wrong


def smaller_batches_left_out(function: Function, place: int, name: str) -> Function:
    """Batches that are smaller than the first one do not count."""

    def full(batches: Any) -> Any:
        class Full(list[Any] if isinstance(batches, list) else object):  # type: ignore[misc]
            def __iter__(self) -> Any:
                first = None
                for batch in batches:
                    size = max((len(t) for t in tensors(batch) if t.ndim), default=0)
                    first = size if first is None else first
                    if size >= first:
                        yield batch

            def __len__(self) -> int:
                return len(batches)

        return Full(batches) if isinstance(batches, list) else Full()

    def wrong(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = replaced(args, kwargs, place, name, full(given(args, kwargs, place, name)))
        return function(*args, **kwargs)

    return wrong


def kind_refused(function: Function, place: int, name: str, kind: str) -> Function:
    """An argument of some kind raises: what has no length, a list, a path as text or as an object, odd names."""

    def refused(value: Any) -> bool:
        if kind == "no length":
            return not hasattr(value, "__len__")
        if kind == "list":
            return isinstance(value, list)
        if kind == "text":
            return isinstance(value, str)
        if kind == "path":
            return isinstance(value, Path)
        if kind == "blank":
            return isinstance(value, str) and " " in value
        return isinstance(value, str) and not value.isascii()

    def wrong(*args: Any, **kwargs: Any) -> Any:
        if refused(given(args, kwargs, place, name)):
            raise TypeError(f"{name} cannot be this")
        return function(*args, **kwargs)

    return wrong


def index_refused(function: Function, kind: str) -> Function:
    """An index that is negative, or beyond 32, raises."""

    def wrong(self: Any, index: int) -> Any:
        if index < 0 if kind == "negative" else index > 32:
            raise IndexError(index)
        return function(self, index)

    return wrong


def input_changed(function: Function, place: int, name: str) -> Function:
    """An input is worked on in place."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        for tensor in tensors(given(args, kwargs, place, name)):
            with torch.no_grad():
                tensor.copy_(tensor + 1)
        return result

    return wrong


def dtype_of_its_own(function: Function, place: int, name: str) -> Function:
    """Without a dtype it is float32, whatever torch's default is."""

    def wrong(*args: Any, **kwargs: Any) -> Any:
        if given(args, kwargs, place, name) is None:
            if place < len(args):
                args, kwargs = replaced(args, kwargs, place, name, torch.float32)
            else:
                kwargs = {**kwargs, name: torch.float32}
        return function(*args, **kwargs)

    return wrong
