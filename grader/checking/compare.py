"""Holds what the student's code gave against the reference, and says in a sentence how they differ.

Form comes before values: kind, shape, dtype, device, then numbers. NaN fails. The tolerance depends on the reference
alone, so that no answer can widen it. What the mistake may be is asked in `explain`.

On other devices it is the same. `sim` runs the CPU's kernels. On `cuda` a result is held against autograd on the GPU
and against the CPU's reference, in float32 and in float64. The order of sums differs there, which moves a sum of n
terms by about √n·eps (the checks have n ≤ 100: some ten eps), and so do elementary functions (exp, log, tanh: a few
units in the last place, by the CUDA C++ programming guide, "Mathematical Functions"). Both are far below 2e-5 = 170
eps in float32 and 1e-9 = 4·10⁶ eps in float64. TF32, with its 10 bits of mantissa (1e-3), would not be, so it is off;
kernels that sum in a fixed order are chosen where there are some, so that a result can be repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import permutations
from typing import Any

import torch
from torch import Tensor

from ..language import _
from ..report import Picture
from ..sandbox.wire.values import Received
from . import explain, formatting
from .outcome import Cause, CheckFailed
from .pictures import curves_of, error_of

# Relative to the largest element of the reference. Right answers differ by rounding in another order: some tens of
# eps (1e-7, 2e-16). Central differences in float64 reach 1e-9 at best, so they do not pass for derivatives.
RTOL = {
    torch.float64: 1e-9,
    torch.float32: 2e-5,
    torch.float16: 1e-2,
    torch.bfloat16: 5e-2,
}
_FLOOR = 0.1
_MOST_SWAPPED = 4

Alternative = Any  # of the reference's structure, or a function that gives it


def expect(condition: bool, message: str, cause: Cause | str = "") -> None:
    """Fails the check with `message` unless `condition` holds."""
    if not condition:
        raise CheckFailed(message, cause)


def expect_close(
    actual: Any,
    expected: Any,
    what: str = "",
    *,
    rtol: float | None = None,
    dtype: torch.dtype | None = None,
    requires_grad: bool | None = None,
    factors: Mapping[str, float] | None = None,
    causes: Mapping[Cause, Alternative] | Callable[[], Mapping[Cause, Alternative]] | None = None,
    curves: tuple[Any, Sequence[float]] | None = None,
) -> None:
    """Fails the check unless `actual` is of the form of `expected` and close to it.

    Args:
        actual: what `Student.run` gave.
        expected: the reference, of the same structure: tensors, numbers, `None`, strings, and lists, tuples (a list
            will do for a tuple, and the reverse) and dicts of those.
        what: the name of the value in messages; by default "the result".
        rtol: relative tolerance, to the largest element of the reference; by default `RTOL` of the dtype.
        dtype: for floats: the dtype that they were computed in.
        requires_grad: what the tensors' `requires_grad` has to be, if anything.
        factors: named counts (`{"m": 5}`) by which a mistaken result may be off.
        causes: known mistakes and what each would have given in place of `expected`, or a function that gives it;
            `...` for a mistake that any other numbers show. Or a function that gives all this.
        curves: the student's losses and the reference's, to be drawn when the check fails.

    Raises:
        CheckFailed: with the first difference, and every cause that explains all differences.
    """
    what = what or _("the result")
    options = _Options(rtol, dtype, requires_grad, factors or {})
    expected = _on_the_cpu(expected)
    differences = list(_differences(actual, expected, what, options, ()))
    if not differences:
        return
    named = (causes() if callable(causes) else causes) or {}
    found = [
        cause
        for cause, other in named.items()
        if _explains(actual, other, expected, differences, options)
    ]
    if len(differences) == 1 and _is_zero(differences[0].actual):
        # 0 is what many mistakes give
        found = [cause if named[cause] is ... else cause.unsure() for cause in found]
    if _is_swapped(actual, expected, differences, options):
        found.append(explain.SWAPPED)
    found += _common(differences)
    first = differences[0]
    pictures = [first.picture] if first.picture else []
    if curves and (drawn := curves_of(*curves)):
        pictures.append(drawn)
    raise CheckFailed(first.message, list(dict.fromkeys(found)), pictures)


def _on_the_cpu(value: Any) -> Any:
    """The same numbers where the student's have come to; on a GPU a reference is worked out there."""
    if isinstance(value, Tensor):
        return value.detach().cpu()
    if isinstance(value, Mapping):
        return {key: _on_the_cpu(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_on_the_cpu(entry) for entry in value)
    return value


@dataclass(frozen=True)
class _Options:
    rtol: float | None
    dtype: torch.dtype | None
    requires_grad: bool | None
    factors: Mapping[str, float]

    def allowance(self, dtype: torch.dtype) -> float:
        return self.rtol if self.rtol is not None else RTOL[dtype]


@dataclass(frozen=True)
class _Difference:
    """A place in a structure where the student's value is not the reference's."""

    path: tuple[Any, ...]
    message: str
    actual: Any
    expected: Any
    causes: Sequence[Cause] = ()
    picture: Picture | None = None


def _differences(
    actual: Any, expected: Any, what: str, options: _Options, path: tuple[Any, ...]
) -> Iterator[_Difference]:
    """Every leaf that differs; where the structure does, no deeper."""

    def differs(message: str, **more: Any) -> _Difference:
        return _Difference(path, message, actual, expected, **more)

    def other_kind(kind: str, hint: str = "") -> _Difference:
        told = _("{what} is {got}, expected {kind}.")
        return differs(told.format(what=what, got=formatting.kind(actual), kind=kind) + hint)

    if isinstance(expected, Tensor):
        if not isinstance(actual, Received):
            yield other_kind(_("a tensor"))
        else:
            yield from _tensor_differences(actual, expected, what, options, differs)
    elif isinstance(expected, Mapping):
        if not isinstance(actual, dict):
            yield other_kind(_("a dict"))
            return
        for key in expected:
            if key not in actual:
                told = _("{what} has no entry {key!r}.")
                yield differs(told.format(what=what, key=key))
                return
        for key, value in expected.items():
            inner = f'{what}["{key}"]'
            yield from _differences(actual[key], value, inner, options, (*path, key))
    elif isinstance(expected, list | tuple):
        if not isinstance(actual, list | tuple):
            yield other_kind(_("a list") if isinstance(expected, list) else _("a tuple"))
        elif len(actual) != len(expected):
            told = _("{what} has {got} entries, expected {wanted}.")
            yield differs(told.format(what=what, got=len(actual), wanted=len(expected)))
        else:
            for index, (one, other) in enumerate(zip(actual, expected, strict=True)):
                yield from _differences(one, other, f"{what}[{index}]", options, (*path, index))
    elif isinstance(expected, float):
        if type(actual) is not float:
            scalar = isinstance(actual, Received) and actual.tensor.numel() == 1
            yield other_kind(_("a float"), " " + _("Use `.item()`.") if scalar else "")
        else:
            yield from _float_differences(actual, expected, what, options, differs)
    elif type(actual) is not type(expected):
        yield other_kind(formatting.kind(expected))
    elif actual != expected:
        told = _("{what} is {got}, expected {wanted}.")
        yield differs(
            told.format(what=what, got=formatting.value(actual), wanted=formatting.value(expected))
        )


def _float_differences(
    actual: float,
    expected: float,
    what: str,
    options: _Options,
    differs: Callable[..., _Difference],
) -> Iterator[_Difference]:
    rtol = options.allowance(options.dtype or torch.float64)
    if abs(actual - expected) <= rtol * max(abs(expected), _FLOOR):
        return
    # also for NaN
    told = _("{what} is {got:.7g}, expected {wanted:.7g}.")
    one, other = _scalar(actual), _scalar(expected)
    causes = tuple(explain.causes_in_values(one, other, rtol, options.factors))
    yield differs(told.format(what=what, got=actual, wanted=expected), causes=causes)


def _tensor_differences(
    actual: Received,
    expected: Tensor,
    what: str,
    options: _Options,
    differs: Callable[..., _Difference],
) -> Iterator[_Difference]:
    got = actual.tensor
    rtol = RTOL.get(expected.dtype, 0.0) if options.rtol is None else options.rtol
    if got.shape != expected.shape:
        told = _("{what} has shape {got}, expected {wanted}.")
        causes = tuple(explain.causes_in_form(got, expected, rtol))
        told = told.format(what=what, got=formatting.shape(got), wanted=formatting.shape(expected))
        yield differs(told, causes=causes)
    elif got.dtype != expected.dtype:
        told = _("{what} has dtype {got}, expected {wanted}.")
        told = told.format(what=what, got=formatting.dtype(got), wanted=formatting.dtype(expected))
        yield differs(told, causes=(explain.DTYPE,))
    elif actual.device != actual.home and actual.device.split(":")[0] != actual.home:
        told = _("{what} is on {got}, expected on {wanted}.")
        told = told.format(what=what, got=actual.device, wanted=actual.home)
        yield differs(told, causes=(explain.DEVICE,))
    elif options.requires_grad is True and not actual.requires_grad:
        told = _("{what} should require gradients.")
        yield differs(told.format(what=what), causes=(explain.NO_GRAD,))
    elif options.requires_grad is False and actual.requires_grad:
        told = _("{what} should not require gradients.")
        yield differs(told.format(what=what), causes=(explain.REQUIRES_GRAD,))
    else:
        yield from _value_differences(got, expected, what, rtol, options, differs)


def _value_differences(
    got: Tensor,
    expected: Tensor,
    what: str,
    rtol: float,
    options: _Options,
    differs: Callable[..., _Difference],
) -> Iterator[_Difference]:
    if expected.dtype.is_floating_point:
        # a sum that cancels to almost nothing has the rounding of its terms, so there is a floor
        largest = expected.double().abs().max().item() if expected.numel() else 0.0
        bound = rtol * max(largest, _FLOOR)
        # not (error <= bound), so that NaN is wrong
        wrong = ~((got.double() - expected.double()).abs() <= bound)
        allowed = f"{bound:.1g}"
    else:
        wrong, allowed = got != expected, "0"
    if not wrong.any():
        return
    told = formatting.difference(got, expected, what, wrong, allowed)
    causes = tuple(explain.causes_in_values(got, expected, rtol, options.factors))
    yield differs(told, causes=causes, picture=error_of(got, expected, what))


def _common(differences: Sequence[_Difference]) -> list[Cause]:
    """The general causes of all differences; sure ones, where one of the differences shows it."""
    sure = explain.common([difference.causes for difference in differences])
    unsure = [cause.unsure() for cause in differences[0].causes if cause not in sure]
    rest = [difference.causes for difference in differences[1:]]
    return sure + [cause for cause in unsure if all(cause in others for others in rest)]


def _explains(
    actual: Any,
    other: Alternative,
    expected: Any,
    differences: Sequence[_Difference],
    options: _Options,
    path: tuple[Any, ...] = (),
) -> bool:
    """Whether what a known mistake gives is what the student's code gave.

    Of a dict, whose entries are different things, those count that are wrong; of a list, also those that are right.
    """
    if other is ...:
        return all(map(_is_number, differences))
    other = _on_the_cpu(other() if callable(other) else other)
    touched = [difference.path[: len(path) + 1] for difference in differences]
    if path in (difference.path for difference in differences):
        return _fits(actual, other, expected, options)
    again = partial(_explains, differences=differences, options=options)
    if isinstance(expected, Mapping):
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
    return _fits(actual, other, None, options)


def _is_zero(actual: Any) -> bool:
    """Whether it is a single number, and 0."""
    if isinstance(actual, Received):
        return actual.tensor.numel() == 1 and not actual.tensor.any()
    return isinstance(actual, float) and actual == 0


def _is_number(difference: _Difference) -> bool:
    """Whether the form is right, and the numbers are others and finite."""
    actual, expected = difference.actual, difference.expected
    if isinstance(expected, Tensor):
        return (
            isinstance(actual, Received)
            and actual.device == actual.home
            and actual.tensor.shape == expected.shape
            and actual.tensor.dtype == expected.dtype
            and bool(torch.isfinite(actual.tensor).all())
        )
    return type(actual) is type(expected) and isinstance(actual, float | int)


def _fits(actual: Any, other: Any, expected: Any, options: _Options) -> bool:
    """Whether the student's value is that of another explanation, in whatever dtype that is worked out."""
    if isinstance(other, Tensor):
        if not isinstance(actual, Received):
            return False
        reference = expected if isinstance(expected, Tensor) else None
        if reference is not None and reference.dtype != actual.tensor.dtype:
            return False
        dtype = actual.tensor.dtype if actual.tensor.is_floating_point() else torch.float64
        return explain.fits(actual.tensor, other, reference, options.allowance(dtype))
    if isinstance(other, Mapping):
        return isinstance(actual, dict) and all(
            key in actual and _fits(actual[key], value, None, options)
            for key, value in other.items()
        )
    if isinstance(other, list | tuple):
        return (
            isinstance(actual, list | tuple)
            and len(actual) == len(other)
            and all(_fits(one, two, None, options) for one, two in zip(actual, other, strict=True))
        )
    if isinstance(other, float):
        reference = _scalar(expected) if isinstance(expected, float) else None
        rtol = options.allowance(options.dtype or torch.float64)
        return type(actual) is float and explain.fits(
            _scalar(actual), _scalar(other), reference, rtol
        )
    return type(actual) is type(other) and bool(actual == other)


def _is_swapped(
    actual: Any, expected: Any, differences: Sequence[_Difference], options: _Options
) -> bool:
    """Whether the entries are right and stand in another order."""
    if isinstance(expected, Mapping) and isinstance(actual, dict):
        if not expected.keys() <= actual.keys():
            return False
        actual, expected = [actual[key] for key in expected], list(expected.values())
    sequences = isinstance(expected, list | tuple) and isinstance(actual, list | tuple)
    if not sequences or not 2 <= len(expected) == len(actual) <= _MOST_SWAPPED:
        return False
    if any(not difference.path for difference in differences):
        return False
    plain = replace(options, requires_grad=None)

    def same(one: Any, other: Any) -> bool:
        return next(_differences(one, other, "", plain, ()), None) is None

    if all(map(same, actual, expected)):
        return False
    return any(all(map(same, actual, order)) for order in permutations(expected))


def _scalar(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)
