"""Values as a person reads them: their kind, their form, and their numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from torch import Tensor

from ...language import _
from ...sandbox.wire.values import Opaque, Received

T = TypeVar("T")

_MOST_CHARACTERS = 200
_ALL_DIGITS = 17  # by which any two numbers of float64 are told apart


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


def element(number: Tensor, digits: int = 7) -> str:
    """A tensor of one element: `0.3333333`, with so many digits; `3` and `True` where it is no float."""
    return f"{number.item():.{digits}g}" if number.is_floating_point() else str(number.item())


def elements(tensor: Tensor, digits: int = 4) -> str:
    """`[[0.5, -1], [2, 3.5]]`: the numbers of a small tensor, with so many digits."""
    if tensor.dim() == 0:
        return f"{tensor.item():.{digits}g}"
    return f"[{', '.join(elements(row, digits) for row in tensor)}]"


def apart(write: Callable[[T, int], str], one: T, other: T, digits: int) -> tuple[str, str]:
    """Two values in words, with the first number of digits, from `digits` on, in which they differ.

    Args:
        write: writes a value with so many digits.
        one, other: a student's, and the reference's.
        digits: the fewest.
    """
    for count in range(digits, _ALL_DIGITS):
        words = write(one, count), write(other, count)
        if words[0] != words[1]:
            return words
    return write(one, _ALL_DIGITS), write(other, _ALL_DIGITS)
