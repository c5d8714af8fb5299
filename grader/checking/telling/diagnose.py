"""Which mistakes explain the places where a value differs from the reference: all of them, not some.

Mistakes come from two sides. A check names those of its exercise, with what each would have given (`causes=`). The
general ones (`explain`) show in the numbers of a single place.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import permutations
from typing import Any

import torch
from torch import Tensor

from ...sandbox.wire.values import Received
from ..compare import Demands, mismatches, wrong_elements
from ..mismatch import Mismatch
from ..outcome import Cause
from . import explain
from .kinds import cause_of_kind

# What a known mistake would have given: of the reference's structure, or a function that gives it. `...` stands for
# any other numbers, and NaN for numbers of which some are not finite.
Alternative = Any
_MOST_SWAPPED = 4
_MOST_BEFORE = 100
_FAR = 5.0  # times the tolerance
GOES_ON = Cause(
    "kept-list",
    "The entries that are asked stand in it, and others beside them. Those may be of other calls: a list that "
    "is a parameter's default value (`errors=[]`), or stands outside the function, is made once.",
)


def causes_of(
    differing: Sequence[Mismatch],
    actual: Any,
    expected: Any,
    demands: Demands,
    named: Mapping[Cause, Alternative],
    factors: Mapping[str, float],
    fixed_dtype: bool | Collection[str] = False,
) -> list[Cause]:
    """The mistakes that explain every mismatch: the check's own, a wrong order, then the general ones.

    Args:
        differing: all mismatches of `actual` and `expected`, at least one.
        actual, expected: the whole values, with tensors on the CPU.
        demands: those that the values were compared by.
        named: the check's own mistakes, and what each would have given in place of `expected`.
        factors: named counts by which a mistaken result may be off.
        fixed_dtype: as `expect_close` has it.
    """
    if all(each.aspect == "device" for each in differing):
        named = {}  # the numbers are right, and say nothing
    found = [
        cause
        for cause, other in named.items()
        if _explains(actual, other, expected, differing, demands)
    ]
    if len(differing) == 1 and _is_zero(differing[0].actual):
        # 0 is what many mistakes give
        found = [cause if named[cause] is ... else cause.unsure() for cause in found]
    if _is_swapped(actual, expected, differing, demands):
        found.append(explain.SWAPPED)
    if _is_aliased(actual, expected, demands):
        found.append(explain.ALIASED)
    found += _shared([list(_general(each, factors, fixed_dtype)) for each in differing])
    if _goes_on(actual, expected, demands):
        found.append(GOES_ON)
    return list(dict.fromkeys(found))


def on_the_cpu(value: Any) -> Any:
    """The same numbers where the student's have come to; on a GPU a reference is worked out there."""
    if isinstance(value, Tensor):
        return value.detach().cpu()
    if isinstance(value, Mapping):
        return {key: on_the_cpu(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(on_the_cpu(entry) for entry in value)
    return value


def _general(
    mismatch: Mismatch, factors: Mapping[str, float], fixed_dtype: bool | Collection[str]
) -> Iterator[Cause]:
    """The general causes of one mismatch."""
    actual, expected, rtol = mismatch.actual, mismatch.expected, mismatch.rtol
    if mismatch.aspect == "kind" and actual is None:
        yield explain.NO_RETURN.unsure()  # `no_return` tells which function, if it is that
    elif mismatch.aspect == "kind":
        if cause := cause_of_kind(actual, expected):
            yield cause
    elif mismatch.aspect == "shape":
        yield from explain.causes_in_form(actual.tensor, expected, rtol)
    elif mismatch.aspect == "dtype":
        name = str(expected.dtype).removeprefix("torch.")
        fixed = fixed_dtype if isinstance(fixed_dtype, bool) else mismatch.path[0] in fixed_dtype
        if fixed:
            yield explain.FIXED_DTYPE.of(dtype=name)
        elif expected.dtype in (torch.int64, torch.bool):  # of labels and masks, or of data
            yield explain.WHOLE_DTYPE.of(dtype=name)
            yield explain.DTYPE.unsure()
        else:
            yield explain.DTYPE
    elif mismatch.aspect == "device":
        yield explain.DEVICE
    elif mismatch.aspect == "requires_grad":
        if not actual.requires_grad:
            yield explain.NO_GRAD
        elif wrong_elements(actual.tensor, expected, rtol).any():  # detached it is wrong as well
            yield from explain.causes_in_values(actual.tensor, expected, rtol, factors)
        else:
            yield explain.REQUIRES_GRAD
    elif mismatch.aspect == "value" and isinstance(expected, Tensor):
        yield from explain.causes_in_values(actual.tensor, expected, rtol, factors)
    elif mismatch.aspect == "value" and isinstance(expected, float):
        got, wanted = _scalar(actual), _scalar(expected)
        yield from explain.causes_in_values(got, wanted, rtol, factors)


def _shared(causes: Sequence[Sequence[Cause]]) -> list[Cause]:
    """The causes that all mismatches share; sure ones, where one of the mismatches shows it.

    That the first one, which is told of, is not finite counts where there is no other.
    """
    sure = explain.common(causes)
    unsure = [cause.unsure() for cause in causes[0] if cause not in sure]
    shared = sure + [cause for cause in unsure if all(cause in others for others in causes[1:])]
    return shared or [cause for cause in causes[0] if cause in (explain.NAN, explain.INFINITY)]


def _explains(
    actual: Any,
    other: Alternative,
    expected: Any,
    differing: Sequence[Mismatch],
    demands: Demands,
    path: tuple[Any, ...] = (),
) -> bool:
    """Whether what a known mistake gives is what the student's code gave.

    Of a dict, whose entries are different things, those count that are wrong; of a list, also those that are right.
    """
    if other is ...:
        return all(map(_is_another_number, differing))
    if isinstance(other, float) and math.isnan(other):
        return all(map(_is_not_finite, differing))
    other = on_the_cpu(other() if callable(other) else other)
    paths = [mismatch.path for mismatch in differing]
    if path in paths:
        return _fits(actual, other, expected, demands)
    again = partial(_explains, differing=differing, demands=demands)
    if isinstance(expected, Mapping):
        touched = {reached[: len(path) + 1] for reached in paths}
        wrong = [key for key in expected if (*path, key) in touched]
        return isinstance(other, Mapping) and all(
            key in other and again(actual[key], other[key], expected[key], path=(*path, key))
            for key in wrong
        )
    if isinstance(expected, list | tuple):
        return (
            isinstance(other, list | tuple)
            and len(other) == len(expected)
            and all(
                again(actual[index], other[index], value, path=(*path, index))
                for index, value in enumerate(expected)
            )
        )
    return _fits(actual, other, None, demands)


def _is_zero(actual: Any) -> bool:
    """Whether it is a single number, and 0."""
    if isinstance(actual, Received):
        return actual.tensor.numel() == 1 and not actual.tensor.any()
    return isinstance(actual, float) and actual == 0


def _is_another_number(mismatch: Mismatch) -> bool:
    """Whether the form is right, and the numbers are others and finite."""
    actual, expected = mismatch.actual, mismatch.expected
    if isinstance(expected, Tensor):
        return (
            isinstance(actual, Received)
            and actual.device == actual.home
            and actual.tensor.shape == expected.shape
            and actual.tensor.dtype == expected.dtype
            and bool(torch.isfinite(actual.tensor).all())
        )
    return type(actual) is type(expected) and isinstance(actual, float | int)


def _is_not_finite(mismatch: Mismatch) -> bool:
    """Whether it is NaN or infinite somewhere, where numbers are asked."""
    actual, expected = mismatch.actual, mismatch.expected
    if isinstance(expected, Tensor):
        return isinstance(actual, Received) and not bool(torch.isfinite(actual.tensor).all())
    return isinstance(expected, float) and isinstance(actual, float) and not math.isfinite(actual)


def _fits(actual: Any, other: Any, expected: Any, demands: Demands) -> bool:
    """Whether the student's value is that of another explanation, in whatever dtype that is worked out."""
    if isinstance(other, Tensor):
        return isinstance(actual, Received) and _tensor_fits(actual, other, expected, demands)
    if isinstance(other, Mapping):
        return isinstance(actual, dict) and all(
            key in actual and _fits(actual[key], value, None, demands)
            for key, value in other.items()
        )
    if isinstance(other, list | tuple):
        return (
            isinstance(actual, list | tuple)
            and len(actual) == len(other)
            and all(_fits(one, two, None, demands) for one, two in zip(actual, other, strict=True))
        )
    if isinstance(other, float):
        reference = _scalar(expected) if isinstance(expected, float) else None
        return type(actual) is float and explain.fits(
            _scalar(actual), _scalar(other), reference, demands.tolerance_of_floats
        )
    return type(actual) is type(other) and bool(actual == other)


def _tensor_fits(actual: Received, other: Tensor, expected: Any, demands: Demands) -> bool:
    got = actual.tensor
    reference = expected if isinstance(expected, Tensor) else None
    if reference is not None and reference.dtype != got.dtype:
        return False
    dtype = got.dtype if got.is_floating_point() else torch.float64
    return explain.fits(got, other, reference, demands.tolerance(dtype))


def _is_same(actual: Any, expected: Any, demands: Demands) -> bool:
    """Whether the numbers are right, whether or not they require gradients."""
    plain = replace(demands, requires_grad=None)
    return next(mismatches(actual, expected, "", plain), None) is None


def _is_far(actual: Any, expected: Any, demands: Demands) -> bool:
    """Whether the numbers are others by far more than the tolerance."""
    return not _is_same(actual, expected, replace(demands, times=_FAR * demands.times))


def _is_swapped(
    actual: Any, expected: Any, differing: Sequence[Mismatch], demands: Demands
) -> bool:
    """Whether the entries are right and stand in another order."""
    if isinstance(expected, Mapping) and isinstance(actual, dict):
        if not expected.keys() <= actual.keys():
            return False
        actual, expected = [actual[key] for key in expected], list(expected.values())
    sequences = isinstance(expected, list | tuple) and isinstance(actual, list | tuple)
    if not sequences or not 2 <= len(expected) == len(actual) <= _MOST_SWAPPED:
        return False
    if any(not mismatch.path for mismatch in differing):
        return False
    # values that are near to each other are right in one place and in the other
    if not any(map(partial(_is_far, demands=demands), actual, expected)):
        return False
    same = partial(_is_same, demands=demands)
    return any(all(map(same, actual, order)) for order in permutations(expected))


def _goes_on(actual: Any, expected: Any, demands: Demands) -> bool:
    """Whether what is asked stands in a list of twice as many or more, one entry behind the other, and not first."""
    if not (isinstance(actual, list) and isinstance(expected, list)):
        return False
    count = len(expected)
    last = len(actual) - count
    # what was made of many calls is not gone through to its beginning
    return 0 < count <= last >= 2 and any(
        _is_same(actual[place : place + count], expected, demands)
        for place in range(last, max(0, last - _MOST_BEFORE), -1)
    )


def _is_aliased(actual: Any, expected: Any, demands: Demands) -> bool:
    """Whether every entry of a list is the last that is asked, and the others are of its shape and differ from it."""
    if not (isinstance(actual, list | tuple) and isinstance(expected, list | tuple)):
        return False
    # of two things, one may well stand for both by another mistake
    if not 3 <= len(expected) == len(actual) or not isinstance(expected[0], Tensor):
        return False
    last = expected[-1]
    if not all(isinstance(each, Tensor) and each.shape == last.shape for each in expected):
        return False
    if not all(_is_same(each, last, demands) for each in actual):
        return False
    return all(
        not torch.equal(each, last) and _is_far(one, each, demands)
        for one, each in zip(actual[:-1], expected[:-1], strict=True)
    )


def _scalar(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)
