"""Values as a person reads them: their kind, their form, and the first few numbers."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ..language import _
from ..sandbox.wire.values import Opaque, Received

_SHOWN_ELEMENTS = 6


def difference(got: Tensor, expected: Tensor, what: str, wrong: Tensor, allowed: str) -> str:
    """The plain facts: the largest error and where, and the numbers of a small tensor."""
    error = torch.where(wrong, (got.double() - expected.double()).abs(), -1.0)
    worst = error.nan_to_num(torch.inf).flatten().argmax()
    index = tuple(int(i) for i in torch.unravel_index(worst, got.shape)) if got.dim() else ()
    told = _("{what} is {got}, expected {wanted}.")
    if index:
        told = _(
            "{what} at {index} is {got}, expected {wanted}; no element differs more. {count} "
            "of {total} elements are wrong (allowed: {allowed})."
        )
    told = told.format(
        what=what,
        index=_index(index),
        got=_number(got[index]),
        wanted=_number(expected[index]),
        count=int(wrong.sum()),
        total=got.numel(),
        allowed=allowed,
    )
    if got.numel() <= 1:
        return told
    few = _("Received {got}, expected {wanted}.")
    if got.numel() > _SHOWN_ELEMENTS:
        few = _("It begins {got}, expected {wanted}.")
        got, expected = (tensor.flatten()[:_SHOWN_ELEMENTS] for tensor in (got, expected))
    return told + " " + few.format(got=_values(got), wanted=_values(expected))


def kind(value: Any) -> str:
    """`a list`, `an int`, `a tensor of shape (3, 2)`."""
    if value is None:
        return "None"
    if isinstance(value, Received | Tensor):
        tensor = value.tensor if isinstance(value, Received) else value
        return _("a tensor of shape {shape}").format(shape=shape(tensor))
    if isinstance(value, Opaque):
        return _("a {type}").format(type=value.type)
    name = type(value).__name__
    return (
        _("an {name}").format(name=name) if name[0] in "aeiou" else _("a {name}").format(name=name)
    )


def value(value: Any) -> str:
    """A plain value as itself, anything else by its kind."""
    return kind(value) if isinstance(value, Received | Opaque | dict) else repr(value)[:200]


def shape(tensor: Tensor) -> str:
    """`(3, 2)`, as Python writes it."""
    return _index(tuple(tensor.shape))


def _index(index: tuple[int, ...]) -> str:
    return f"({index[0]},)" if len(index) == 1 else f"({', '.join(map(str, index))})"


def dtype(tensor: Tensor) -> str:
    """`float32`."""
    return str(tensor.dtype).removeprefix("torch.")


def _number(element: Tensor) -> str:
    return f"{element.item():.7g}" if element.is_floating_point() else str(element.item())


def _values(tensor: Tensor) -> str:
    def nested(part: Tensor) -> str:
        if part.dim() == 0:
            return f"{part.item():.4g}"
        return f"[{', '.join(nested(row) for row in part)}]"

    return nested(tensor)
