"""Holds what the student's code gave against the reference, and says in a sentence how they differ.

Form comes before values: kind, shape, dtype, device, then numbers. NaN fails. The tolerance depends on the reference
alone, so that no answer can widen it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from .language import _
from .outcome import CheckFailed
from .sandbox.wire import Opaque, Received

# Relative to the largest element of the reference. Right answers differ by rounding in another order: some tens of
# eps (1e-7, 2e-16). Central differences in float64 reach 1e-9 at best, so they do not pass for derivatives.
RTOL = {
    torch.float64: 1e-9,
    torch.float32: 2e-5,
    torch.float16: 1e-2,
    torch.bfloat16: 5e-2,
}
_FLOOR = 0.1
_SHOWN_ELEMENTS = 6


def expect(condition: bool, message: str, cause: str = "") -> None:
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
        factors: named numbers (`{"m": 5}`) by which a mistaken result may be off.

    Raises:
        CheckFailed: with the first difference, and its cause where the numbers give it away.
    """
    what = what or _("the result")
    again = partial(
        expect_close, rtol=rtol, dtype=dtype, requires_grad=requires_grad, factors=factors
    )
    if isinstance(expected, Tensor):
        _compare_tensor(actual, expected, what, rtol, requires_grad, factors or {})
    elif isinstance(expected, Mapping):
        _expect_kind(isinstance(actual, dict), what, _("a dict"), actual)
        for key, value in expected.items():
            expect(key in actual, _("{what} has no entry {key!r}.").format(what=what, key=key))
            again(actual[key], value, f'{what}["{key}"]')
    elif isinstance(expected, list | tuple):
        kind = _("a list") if isinstance(expected, list) else _("a tuple")
        _expect_kind(isinstance(actual, list | tuple), what, kind, actual)
        count = _("{what} has {count} entries, expected {wanted}.").format(
            what=what, count=len(actual), wanted=len(expected)
        )
        expect(len(actual) == len(expected), count)
        for index, (one, other) in enumerate(zip(actual, expected, strict=True)):
            again(one, other, f"{what}[{index}]")
    elif isinstance(expected, float):
        _compare_float(actual, expected, what, rtol or RTOL[dtype or torch.float64], factors or {})
    else:
        _expect_kind(type(actual) is type(expected), what, _kind(expected), actual)
        expect(
            actual == expected,
            _("{what} is {shown}, expected {wanted}.").format(
                what=what, shown=_shown(actual), wanted=_shown(expected)
            ),
        )


def _compare_float(
    actual: Any, expected: float, what: str, rtol: float, factors: Mapping[str, float]
) -> None:
    hint = " Use `.item()`." if isinstance(actual, Received) and actual.tensor.numel() == 1 else ""
    _expect_kind(type(actual) is float, what, _("a float"), actual, hint)
    close = abs(actual - expected) <= rtol * max(abs(expected), _FLOOR)
    if not close:  # also for NaN
        cause = explain(_scalar(actual), _scalar(expected), rtol, factors)
        raise CheckFailed(
            _("{what} is {actual:.7g}, expected {wanted:.7g}.").format(
                what=what, actual=actual, wanted=expected
            ),
            cause,
        )


def _compare_tensor(
    actual: Any,
    expected: Tensor,
    what: str,
    rtol: float | None,
    requires_grad: bool | None,
    factors: Mapping[str, float],
) -> None:
    _expect_kind(isinstance(actual, Received), what, _("a tensor"), actual)
    got = actual.tensor
    if got.shape != expected.shape:
        cause = ""
        if got.dim() == 2 == expected.dim() and got.shape == expected.T.shape:
            cause = _("It is transposed.")
        elif got.numel() > 1 and expected.numel() == 1:
            cause = _("It was not reduced: a sum or a mean is missing.")
        raise CheckFailed(
            _("{what} has shape {shape}, expected {wanted}.").format(
                what=what, shape=_shape(got), wanted=_shape(expected)
            ),
            cause,
        )
    expect(
        got.dtype == expected.dtype,
        _("{what} has dtype {dtype}, expected {wanted}.").format(
            what=what, dtype=_dtype(got), wanted=_dtype(expected)
        ),
        _("A dtype is fixed somewhere; results take that of the inputs."),
    )
    expect(
        actual.device == actual.home or actual.device.split(":")[0] == actual.home,
        _("{what} is on {device}, expected on {wanted}.").format(
            what=what, device=actual.device, wanted=actual.home
        ),
        _("A tensor is made on a fixed device; results stay on that of the inputs."),
    )
    if requires_grad is not None:
        told = _("{what} should not require gradients.")
        if requires_grad:
            told = _("{what} should require gradients.")
        expect(actual.requires_grad is requires_grad, told.format(what=what))
    _compare_values(got, expected, what, rtol, factors)


def _compare_values(
    got: Tensor, expected: Tensor, what: str, rtol: float | None, factors: Mapping[str, float]
) -> None:
    if not expected.dtype.is_floating_point:
        wrong = got != expected
        allowed = "exactly"
    else:
        allowance = rtol if rtol is not None else RTOL[expected.dtype]
        got, expected = got.double(), expected.double()
        # a sum that cancels to almost nothing has the rounding of its terms, so there is a floor
        bound = allowance * max(expected.abs().max().item() if expected.numel() else 0.0, _FLOOR)
        # not (error <= bound), so that NaN is wrong
        wrong = ~((got - expected).abs() <= bound)
        allowed = f"{bound:.1g}"
    if not wrong.any():
        return
    index = tuple(wrong.nonzero()[0].tolist())
    where = _(" at {index}").format(index=_index(index)) if index else ""
    facts = _("{what}{where} is {number}, expected {wanted}").format(
        what=what, where=where, number=_number(got[index]), wanted=_number(expected[index])
    )
    if got.numel() > 1:
        facts += _(" ({sum} of {numel} elements differ; allowed: {allowed})").format(
            sum=int(wrong.sum()), numel=got.numel(), allowed=allowed
        )
    if 1 < got.numel() <= _SHOWN_ELEMENTS:
        facts += _(". Received {values}, expected {wanted}").format(
            values=_values(got), wanted=_values(expected)
        )
    cause = ""
    if expected.dtype == torch.float64:
        cause = explain(got, expected, allowance, factors)
    raise CheckFailed(facts + ".", cause)


def explain(got: Tensor, expected: Tensor, rtol: float, factors: Mapping[str, float]) -> str:
    """The mistake that the numbers give away, as a sentence; empty where they do not.

    Args:
        got, expected: float64 and of one shape.
        factors: named numbers; a result that is off by one of them, or by its inverse, is told by its name.
    """
    if not torch.isfinite(got).all():
        kind = "NaN" if got.isnan().any() else "infinity"
        return _(
            "It holds {kind}: a logarithm of 0, a division by 0 or an overflow on the way."
        ).format(kind=kind)
    scale = expected.abs().max().item()
    if scale == 0:
        return ""
    # looser than the comparison: this asks what the mistake is, not whether there is one
    bound = max(100 * rtol, 1e-6) * scale

    def close(one: Tensor, other: Tensor) -> bool:
        return bool(((one - other).abs() <= bound).all())

    if not got.any():
        return _("It is zero everywhere: it was never computed, or never stored.")
    if close(got, -expected):
        return _("The sign is the wrong way round.")
    factor = (got * expected).sum().item() / (expected * expected).sum().item()
    if factor and close(got, factor * expected):
        # one number is always some multiple of another: there only a factor that has a name says something
        return _explain_factor(factor, factors, any_factor=expected.numel() > 1)
    if got.dim() == 2 and got.shape[0] == got.shape[1] and close(got, expected.T):
        return _("It is transposed.")
    if expected.numel() > 1 and close(got - (got - expected).mean(), expected):
        return _("Every element is off by the same amount: a term is missing or added.")
    return ""


def _explain_factor(factor: float, factors: Mapping[str, float], any_factor: bool) -> str:
    sign = _("The sign is the wrong way round, and it is") if factor < 0 else _("It is exactly")
    for name, value in factors.items():
        if value in (0, 1):
            continue
        if math.isclose(abs(factor), value, rel_tol=1e-4):
            return _("{sign} {name} times too large: a division by {name} is missing.").format(
                sign=sign, name=name
            )
        if math.isclose(abs(factor), 1 / value, rel_tol=1e-4):
            return _(
                "{sign} {name} times too small: there is a division by {name} too many."
            ).format(sign=sign, name=name)
    for value, told in (
        (2.0, _("twice as large as it should be")),
        (0.5, _("half of what it should be")),
    ):
        if math.isclose(abs(factor), value, rel_tol=1e-4):
            return f"{sign} {told}."
    told = f"{abs(factor):.6g}"
    return (
        _("{sign} {told} times what it should be.").format(sign=sign, told=told)
        if any_factor and told != "1"
        else ""
    )


def _expect_kind(holds: bool, what: str, kind: str, actual: Any, hint: str = "") -> None:
    expect(
        holds,
        _("{what} is {kind}, expected {wanted}.{hint}").format(
            what=what, kind=_kind(actual), wanted=kind, hint=hint
        ),
    )


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, Received | Tensor):
        tensor = value.tensor if isinstance(value, Received) else value
        return _("a tensor of shape {shape}").format(shape=_shape(tensor))
    if isinstance(value, Opaque):
        return _("a {type}").format(type=value.type)
    name = type(value).__name__
    return (
        _("an {name}").format(name=name) if name[0] in "aeiou" else _("a {name}").format(name=name)
    )


def _shown(value: Any) -> str:
    return _kind(value) if isinstance(value, Received | Opaque | dict) else repr(value)[:200]


def _shape(tensor: Tensor) -> str:
    return _index(tuple(tensor.shape))


def _index(index: tuple[int, ...]) -> str:
    return f"({index[0]},)" if len(index) == 1 else f"({', '.join(map(str, index))})"


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _number(element: Tensor) -> str:
    return f"{element.item():.7g}" if element.is_floating_point() else str(element.item())


def _values(tensor: Tensor) -> str:
    def nested(part: Tensor) -> str:
        if part.dim() == 0:
            return f"{part.item():.4g}"
        return f"[{', '.join(nested(row) for row in part)}]"

    return nested(tensor)


def _scalar(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)
