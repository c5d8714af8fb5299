"""The functions by which a check says what has to hold: `expect` and `expect_close`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ..language import _
from ..report import Picture
from .compare import Demands, mismatches
from .mismatch import Mismatch, detail_of, difference_of, sentence_of
from .outcome import Cause, CheckFailed
from .telling.diagnose import Alternative, causes_of, on_the_cpu
from .telling.pictures import curves_of, error_of


def expect(condition: bool, message: str, cause: Cause | str = "") -> None:
    """Fails the check with `message` unless `condition` holds.

    Args:
        condition: what has to hold.
        message: what is wrong, as a whole sentence.
        cause: the likely mistake: one that has a name, or a sentence alone.

    Raises:
        CheckFailed: with the message and the cause.
    """
    if condition:
        return
    if isinstance(cause, str):
        cause = Cause("", cause)
    raise CheckFailed(message, [cause] if cause.template else [])


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
    scale: float = 1.0,
    fixed_dtype: bool | Collection[str] = False,
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
            `...` for a mistake that any other numbers show, and NaN for one that shows in numbers which are not
            finite. Or a function that gives all this.
        curves: the student's losses and the reference's, to be drawn when the check fails.
        scale: how large the terms are that the result is a sum of, as `Draw.magnitude` gives it. Where they cancel, the
            result has their rounding.
        fixed_dtype: whether the exercise fixes the dtypes, whatever those of the inputs are; or the entries of
            `expected` for which it does.

    Raises:
        CheckFailed: with the first difference, and every cause that explains all differences.
    """
    what = what or _("the result")
    demands = Demands(rtol, dtype, requires_grad, scale)
    expected = on_the_cpu(expected)
    differing = list(mismatches(actual, expected, what, demands))
    if not differing:
        return
    named = (causes() if callable(causes) else causes) or {}
    found = causes_of(differing, actual, expected, demands, named, factors or {}, fixed_dtype)
    first = differing[0]
    pictures = _pictures(first, curves)
    raise CheckFailed(
        *(sentence_of(first), found, pictures),
        detail=detail_of(first),
        difference=difference_of(first),
    )


def _pictures(mismatch: Mismatch, curves: tuple[Any, Sequence[float]] | None) -> list[Picture]:
    drawn = []
    if mismatch.aspect == "value" and isinstance(mismatch.expected, Tensor):
        drawn.append(error_of(mismatch.actual.tensor, mismatch.expected, mismatch.what))
    if curves:
        drawn.append(curves_of(*curves))
    return [picture for picture in drawn if picture]
