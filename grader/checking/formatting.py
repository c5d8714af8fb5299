"""Values as a person reads them: their kind, their form, and their numbers."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from ..language import _
from ..sandbox.wire.values import Opaque, Received

_MOST_CHARACTERS = 200


def kind(one: Any) -> str:
    """`a list`, `an int`, `a tensor of shape (3, 2)`."""
    if one is None:
        return "None"
    if isinstance(one, Received | Tensor):
        tensor = one.tensor if isinstance(one, Received) else one
        return _("a tensor of shape {shape}").format(shape=shape(tensor))
    if isinstance(one, Opaque):
        return _("a {type}").format(type=one.type)
    name = type(one).__name__
    return (
        _("an {name}").format(name=name) if name[0] in "aeiou" else _("a {name}").format(name=name)
    )


def value(one: Any) -> str:
    """A plain value as Python writes it, cut after 200 characters; anything else by its kind."""
    if isinstance(one, Received | Opaque | dict):
        return kind(one)
    return repr(one)[:_MOST_CHARACTERS]


def shape(tensor: Tensor) -> str:
    """`(3, 2)`, as Python writes the shape of a tensor."""
    return sizes(tuple(tensor.shape))


def sizes(numbers: tuple[int, ...]) -> str:
    """`(3, 2)`, `(3,)`, `()`: a shape, or the index of an element."""
    return f"({numbers[0]},)" if len(numbers) == 1 else f"({', '.join(map(str, numbers))})"


def dtype(tensor: Tensor) -> str:
    """`float32`."""
    return str(tensor.dtype).removeprefix("torch.")


def element(number: Tensor) -> str:
    """A tensor of one element: `0.3333333`, with seven digits; `3` and `True` where it is no float."""
    return f"{number.item():.7g}" if number.is_floating_point() else str(number.item())


def elements(tensor: Tensor) -> str:
    """`[[0.5, -1], [2, 3.5]]`: the numbers of a small tensor, with four digits."""
    if tensor.dim() == 0:
        return f"{tensor.item():.4g}"
    return f"[{', '.join(elements(row) for row in tensor)}]"
