"""Where the student's value is not the reference's, as data, and the sentence that a student reads of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from ..language import _
from ..report import Difference
from ..sandbox.wire.values import Received
from .telling import formatting

# in the order in which they are asked: form before values
Aspect = Literal["kind", "entry", "length", "shape", "dtype", "device", "requires_grad", "value"]
_FEW_ELEMENTS = 6


@dataclass(frozen=True, eq=False)
class Mismatch:
    """One place of a structure where the student's value differs from the reference's, in one aspect.

    Attributes:
        aspect: what differs. `entry`: a dict has not every key; `length`: a list or tuple has another; `value`: the
            form is right.
        what: the place as a sentence names it: `the result["dw"][0]`.
        path: the same place as the keys and indices that lead to it.
        actual: the student's value at this place.
        expected: the reference there.
        rtol: the relative tolerance that holds for its numbers; 0 where numbers have to be equal.
        wrong: the elements of a tensor that are too far off, of its shape; `None` for all but tensors' values.
        allowed: by how much an element of a tensor may be off.
    """

    aspect: Aspect
    what: str
    path: tuple[Any, ...]
    actual: Any
    expected: Any
    rtol: float = 0.0
    wrong: Tensor | None = None
    allowed: float = 0.0


def sentence_of(mismatch: Mismatch) -> str:
    """What differs, and what was expected in its place, for the student."""
    return _SENTENCES[mismatch.aspect](mismatch)


def detail_of(mismatch: Mismatch) -> str:
    """How exact a result has to be, for who asks for more; empty where it is not a matter of numbers."""
    if mismatch.wrong is None:
        return ""
    sentence = _("No element differs more than the one that is told; up to {allowed} is allowed.")
    return sentence.format(allowed=f"{mismatch.allowed:.1g}")


def difference_of(mismatch: Mismatch) -> Difference:
    """What `sentence_of` says, in its parts."""
    what, actual, expected = mismatch.what, mismatch.actual, mismatch.expected
    match mismatch.aspect:
        case "kind":
            got, wanted = formatting.kind(actual), _kind_asked(expected)
        case "entry":
            got, wanted = formatting.value(list(actual)), repr(_missing(mismatch))
        case "length":
            got, wanted = str(len(actual)), str(len(expected))
        case "shape":
            got, wanted = formatting.shape(actual.tensor), formatting.shape(expected)
        case "dtype":
            got, wanted = formatting.dtype(actual.tensor), formatting.dtype(expected)
        case "device":
            got, wanted = actual.device, actual.home
        case "requires_grad":
            got, wanted = str(actual.requires_grad), str(not actual.requires_grad)
        case "value":
            what, got, wanted = _values(mismatch)
    return Difference(what, mismatch.aspect, got, wanted)


def _values(mismatch: Mismatch) -> tuple[str, str, str]:
    """What is told of, a student's value and the reference's: of a large tensor the element that is furthest off."""
    what, actual, expected = mismatch.what, mismatch.actual, mismatch.expected
    if mismatch.wrong is not None:
        got = actual.tensor
        if got.numel() <= _FEW_ELEMENTS:
            return what, *formatting.apart(formatting.elements, got, expected, 7)
        index = _worst(mismatch, mismatch.wrong)
        told = _("{what} at {index}").format(what=what, index=formatting.sizes(index))
        return told, *formatting.apart(formatting.element, got[index], expected[index], 7)
    if isinstance(expected, float):
        return what, *formatting.apart(_number, actual, expected, 7)
    return what, formatting.value(actual), formatting.value(expected)


def _of_kind(mismatch: Mismatch) -> str:
    sentence = _("{what} is {got}, expected {kind}.").format(
        what=mismatch.what,
        got=formatting.kind(mismatch.actual),
        kind=_kind_asked(mismatch.expected),
    )
    actual = mismatch.actual
    one_number = isinstance(actual, Received) and actual.tensor.numel() == 1
    if isinstance(mismatch.expected, float) and one_number:
        sentence += " " + _("Use `.item()`.")
    return sentence


def _kind_asked(expected: Any) -> str:
    if isinstance(expected, Tensor):
        return _("a tensor")
    if isinstance(expected, Mapping):
        return _("a dict")
    if isinstance(expected, list):
        return _("a list")
    if isinstance(expected, tuple):
        return _("a tuple")
    if isinstance(expected, float):
        return _("a float")
    return formatting.kind(expected)


def _of_entry(mismatch: Mismatch) -> str:
    return _("{what} has no entry {key!r}.").format(what=mismatch.what, key=_missing(mismatch))


def _missing(mismatch: Mismatch) -> Any:
    return next(key for key in mismatch.expected if key not in mismatch.actual)


def _of_length(mismatch: Mismatch) -> str:
    return _("{what} has {got} entries, expected {wanted}.").format(
        what=mismatch.what, got=len(mismatch.actual), wanted=len(mismatch.expected)
    )


def _of_shape(mismatch: Mismatch) -> str:
    return _("{what} has shape {got}, expected {wanted}.").format(
        what=mismatch.what,
        got=formatting.shape(mismatch.actual.tensor),
        wanted=formatting.shape(mismatch.expected),
    )


def _of_dtype(mismatch: Mismatch) -> str:
    return _("{what} has dtype {got}, expected {wanted}.").format(
        what=mismatch.what,
        got=formatting.dtype(mismatch.actual.tensor),
        wanted=formatting.dtype(mismatch.expected),
    )


def _of_device(mismatch: Mismatch) -> str:
    return _("{what} is on {got}, expected on {wanted}.").format(
        what=mismatch.what, got=mismatch.actual.device, wanted=mismatch.actual.home
    )


def _of_requires_grad(mismatch: Mismatch) -> str:
    if mismatch.actual.requires_grad:
        return _("{what} should not require gradients.").format(what=mismatch.what)
    return _("{what} should require gradients.").format(what=mismatch.what)


def _of_value(mismatch: Mismatch) -> str:
    if mismatch.wrong is not None:
        return _of_elements(mismatch, mismatch.wrong)
    what, got, wanted = _values(mismatch)
    return _("{what} is {got}, expected {wanted}.").format(what=what, got=got, wanted=wanted)


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}g}"


def _worst(mismatch: Mismatch, wrong: Tensor) -> tuple[int, ...]:
    """The index of the element that is furthest off."""
    got, expected = mismatch.actual.tensor, mismatch.expected
    error = torch.where(wrong, (got.double() - expected.double()).abs(), -1.0)
    worst = error.nan_to_num(torch.inf).flatten().argmax()
    return tuple(int(i) for i in torch.unravel_index(worst, got.shape)) if got.dim() else ()


def _of_elements(mismatch: Mismatch, wrong: Tensor) -> str:
    """The largest error and where it is, and the numbers of a small tensor."""
    got, expected = mismatch.actual.tensor, mismatch.expected
    index = _worst(mismatch, wrong)
    sentence = _("{what} is {got}, expected {wanted}.")
    if index:
        sentence = _(
            "{what} at {index} is {got}, expected {wanted}. {count} of {total} elements are wrong."
        )
    one, other = formatting.apart(formatting.element, got[index], expected[index], 7)
    sentence = sentence.format(
        what=mismatch.what,
        index=formatting.sizes(index),
        got=one,
        wanted=other,
        count=int(wrong.sum()),
        total=got.numel(),
    )
    if got.numel() <= 1 or not wrong.flatten()[:_FEW_ELEMENTS].any():
        return sentence
    few = _("Received {got}, expected {wanted}.")
    if got.numel() > _FEW_ELEMENTS:
        few = _("It begins {got}, expected {wanted}.")
        got, expected = (tensor.flatten()[:_FEW_ELEMENTS] for tensor in (got, expected))
    one, other = formatting.apart(formatting.elements, got, expected, 4)
    return f"{sentence} " + few.format(got=one, wanted=other)


_SENTENCES: dict[Aspect, Callable[[Mismatch], str]] = {
    "kind": _of_kind,
    "entry": _of_entry,
    "length": _of_length,
    "shape": _of_shape,
    "dtype": _of_dtype,
    "device": _of_device,
    "requires_grad": _of_requires_grad,
    "value": _of_value,
}
