"""Compares what the student's code gave with the reference: which places differ, and in what.

Form comes before values: kind, shape, dtype, device, then numbers. NaN fails. The tolerance depends on the reference
alone, so that no answer can widen it. What differs is given as data; `mismatch` makes the sentence of it, `diagnose`
looks for the mistake, and `expectations` has the functions that a check calls.

On other devices it is the same. `sim` runs the CPU's kernels. On `cuda` a result is held against autograd on the GPU
and against the CPU's reference, in float32 and in float64. The order of sums differs there, which moves a sum of n
terms by about √n·eps (N. J. Higham and T. Mary, "A New Approach to Probabilistic Rounding Error Analysis", 2019; the
checks have n ≤ 100: some ten eps), and so do elementary functions (exp, log, tanh: a few units in the last place, by
the CUDA C++ programming guide, "Mathematical Functions"). Both are far below 2e-5 = 170 eps in float32 and 1e-9 =
4·10⁶ eps in float64. TF32, with its 10 bits of mantissa (1e-3), would not be, so it is off; kernels that sum in a
fixed order are chosen where there are some, so that a result can be repeated.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ..language import _
from ..sandbox.wire.values import Received
from .mismatch import Aspect, Mismatch

# Relative to the largest element of the reference. Right answers differ by rounding in another order: some tens of
# eps (1e-7, 2e-16). Central differences in float64 reach 1e-9 at best, so they do not pass for derivatives.
RTOL = {
    torch.float64: 1e-9,
    torch.float32: 2e-5,
    torch.float16: 1e-2,
    torch.bfloat16: 5e-2,
}
# A sum that cancels to almost nothing has the rounding of its terms. A reference whose largest element is smaller than
# this share of a term is treated as if it were that large.
_FLOOR = 0.1
# of these dtypes the tolerance is a few eps, so that it has to be of the whole term
_SHORT = (torch.float16, torch.bfloat16)
# of terms that are 0 nothing is asked that float32 cannot hold: the complex step of 1e-20 leaves its square
_NOTHING = 2.0**-126


@dataclass(frozen=True)
class Demands:
    """What a result has to meet besides the reference itself.

    Attributes:
        rtol: relative tolerance, to the largest element of the reference; `None` for `RTOL` of the dtype.
        dtype: the dtype that floats were computed in; `None` for float64.
        requires_grad: what the tensors' `requires_grad` has to be; `None` where it does not matter.
        scale: how large the terms are that a result is the sum of.
        times: by how much the tolerance is wider than that, where it is asked whether two values are far apart.
    """

    rtol: float | None = None
    dtype: torch.dtype | None = None
    requires_grad: bool | None = None
    scale: float = 1.0
    times: float = 1.0

    def tolerance(self, dtype: torch.dtype) -> float:
        """The relative tolerance of tensors of a dtype; 0 for integers and booleans."""
        return self.times * (RTOL.get(dtype, 0.0) if self.rtol is None else self.rtol)

    @property
    def tolerance_of_floats(self) -> float:
        return self.tolerance(self.dtype or torch.float64)


def mismatches(
    actual: Any, expected: Any, what: str, demands: Demands, path: tuple[Any, ...] = ()
) -> Iterator[Mismatch]:
    """Every leaf of a structure that differs; where the structure itself differs, nothing below that.

    Args:
        actual: what `Student.run` gave.
        expected: the reference: tensors on the CPU, numbers, strings, `None`, and lists, tuples and dicts of those.
        what: the name of the value in messages.
        demands: tolerances, and what else tensors have to meet.
        path: the keys and indices that lead here.
    """
    differs = partial(Mismatch, what=what, path=path, actual=actual, expected=expected)
    if not _is_of_kind(actual, expected):
        yield differs("kind")
    elif isinstance(expected, Tensor):
        yield from _in_tensor(actual, expected, demands, differs)
    elif isinstance(expected, Mapping):
        if any(key not in actual for key in expected):
            yield differs("entry")
            return
        for key, value in expected.items():
            inner = _inside(what, f'"{key}"')
            yield from mismatches(actual[key], value, inner, demands, (*path, key))
    elif isinstance(expected, list | tuple):
        if len(actual) != len(expected):
            yield differs("length")
            return
        for index, (one, other) in enumerate(zip(actual, expected, strict=True)):
            yield from mismatches(one, other, _inside(what, f"{index}"), demands, (*path, index))
    elif isinstance(expected, float):
        rtol = demands.tolerance_of_floats
        if not is_close(actual, expected, rtol, demands.scale):
            yield differs("value", rtol=rtol)
    elif actual != expected:
        yield differs("value")


def _inside(what: str, key: str) -> str:
    """The name of an entry: `losses[0]`, and of what words describe "entry 0 of the list of losses"."""
    if " " in what.rpartition(", ")[2].partition("(")[0]:
        return _("entry {key} of {what}").format(key=key, what=what)
    return f"{what}[{key}]"


def _is_of_kind(actual: Any, expected: Any) -> bool:
    """Whether a value is what the reference is. A list will do for a tuple, and the reverse."""
    if isinstance(expected, Tensor):
        return isinstance(actual, Received)
    if isinstance(expected, Mapping):
        return isinstance(actual, dict)
    if isinstance(expected, list | tuple):
        return isinstance(actual, list | tuple)
    return type(actual) is type(expected)


def _in_tensor(
    actual: Received, expected: Tensor, demands: Demands, differs: partial[Mismatch]
) -> Iterator[Mismatch]:
    rtol = demands.tolerance(expected.dtype)
    if aspect := _aspect_of_form(actual, expected, demands.requires_grad):
        yield differs(aspect, rtol=rtol)
        return
    wrong = wrong_elements(actual.tensor, expected, rtol, demands.scale)
    if wrong.any():
        allowed = allowed_error(expected, rtol, demands.scale)
        yield differs("value", rtol=rtol, wrong=wrong, allowed=allowed)


def _aspect_of_form(
    actual: Received, expected: Tensor, requires_grad: bool | None
) -> Aspect | None:
    """The first aspect of a tensor's form that is not as it should be."""
    if actual.tensor.shape != expected.shape:
        return "shape"
    if actual.tensor.dtype != expected.dtype:
        return "dtype"
    if actual.device not in (actual.home, f"{actual.home}:0"):  # `cuda` stands for its first one
        return "device"
    if requires_grad is not None and actual.requires_grad != requires_grad:
        return "requires_grad"
    return None


def is_close(actual: float, expected: float, rtol: float, scale: float = 1.0) -> bool:
    """Whether a number is within the tolerance of the reference; NaN is not.

    Only the same infinity is close to an infinite reference.
    """
    if not math.isfinite(expected):
        return actual == expected
    return abs(actual - expected) <= max(rtol * max(abs(expected), _FLOOR * scale), _NOTHING)


def wrong_elements(got: Tensor, expected: Tensor, rtol: float, scale: float = 1.0) -> Tensor:
    """The elements of a tensor that are too far from the reference's.

    Args:
        got, expected: of one shape and dtype.
        rtol, scale: as for `allowed_error`. Infinite elements have to be equal.

    Returns:
        Booleans of the same shape, True where an element is wrong, NaN included.
    """
    differs = got != expected
    if not expected.dtype.is_floating_point or not differs.any():  # most are equal to the bit
        return differs
    allowed = allowed_error(expected, rtol, scale)
    # not (error <= allowed), so that NaN is wrong
    return differs & ~((got.double() - expected.double()).abs() <= allowed)


def allowed_error(expected: Tensor, rtol: float, scale: float = 1.0) -> float:
    """The largest error that is right in an element of a tensor; 0 for integers and booleans.

    Args:
        expected: the reference.
        rtol: relative tolerance, to the largest finite element of `expected`.
        scale: how large the terms are that an element is the sum of.
    """
    if not expected.dtype.is_floating_point:
        return 0.0
    finite = expected[expected.isfinite()].double()
    floor = scale * (1.0 if expected.dtype in _SHORT else _FLOOR)
    largest = finite.abs().max().item() if finite.numel() else 0.0
    return max(rtol * max(largest, floor), _NOTHING)
