"""Holds what the student's code gave against the reference, and says in a sentence how they differ.

Form comes before values: kind, shape, dtype, device, then numbers. NaN fails. The tolerance depends on the reference
alone, so that no answer can widen it.

On other devices it is the same. `sim` runs the CPU's kernels. On `cuda` a result is held against autograd on the GPU
and against the CPU's reference, in float32 and in float64. The order of sums differs there, which moves a sum of n
terms by about √n·eps (the checks have n ≤ 100: some ten eps), and so do elementary functions (exp, log, tanh: a few
units in the last place, by the CUDA C++ programming guide, "Mathematical Functions"). Both are far below 2e-5 = 170
eps in float32 and 1e-9 = 4·10⁶ eps in float64. TF32, with its 10 bits of mantissa (1e-3), would not be, so it is off;
kernels that sum in a fixed order are chosen where there are some, so that a result can be repeated.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

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
    what: str = "the result",
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
        what: the name of the value in messages.
        rtol: relative tolerance, to the largest element of the reference; by default `RTOL` of the dtype.
        dtype: for floats: the dtype that they were computed in.
        requires_grad: what the tensors' `requires_grad` has to be, if anything.
        factors: named numbers (`{"m": 5}`) by which a mistaken result may be off.

    Raises:
        CheckFailed: with the first difference, and its cause where the numbers give it away.
    """
    again = partial(
        expect_close, rtol=rtol, dtype=dtype, requires_grad=requires_grad, factors=factors
    )
    if isinstance(expected, Tensor):
        _compare_tensor(actual, expected, what, rtol, requires_grad, factors or {})
    elif isinstance(expected, Mapping):
        _expect_kind(isinstance(actual, dict), what, "a dict", actual)
        for key, value in expected.items():
            expect(key in actual, f"{what} has no entry {key!r}.")
            again(actual[key], value, f'{what}["{key}"]')
    elif isinstance(expected, list | tuple):
        kind = "a list" if isinstance(expected, list) else "a tuple"
        _expect_kind(isinstance(actual, list | tuple), what, kind, actual)
        count = f"{what} has {len(actual)} entries, expected {len(expected)}."
        expect(len(actual) == len(expected), count)
        for index, (one, other) in enumerate(zip(actual, expected, strict=True)):
            again(one, other, f"{what}[{index}]")
    elif isinstance(expected, float):
        _compare_float(actual, expected, what, rtol or RTOL[dtype or torch.float64], factors or {})
    else:
        _expect_kind(type(actual) is type(expected), what, _kind(expected), actual)
        expect(actual == expected, f"{what} is {_shown(actual)}, expected {_shown(expected)}.")


def _compare_float(
    actual: Any, expected: float, what: str, rtol: float, factors: Mapping[str, float]
) -> None:
    hint = " Use `.item()`." if isinstance(actual, Received) and actual.tensor.numel() == 1 else ""
    _expect_kind(type(actual) is float, what, "a float", actual, hint)
    close = abs(actual - expected) <= rtol * max(abs(expected), _FLOOR)
    if not close:  # also for NaN
        cause = explain(_scalar(actual), _scalar(expected), rtol, factors)
        raise CheckFailed(f"{what} is {actual:.7g}, expected {expected:.7g}.", cause)


def _compare_tensor(
    actual: Any,
    expected: Tensor,
    what: str,
    rtol: float | None,
    requires_grad: bool | None,
    factors: Mapping[str, float],
) -> None:
    _expect_kind(isinstance(actual, Received), what, "a tensor", actual)
    expected = expected.detach().cpu()
    got = actual.tensor
    if got.shape != expected.shape:
        cause = ""
        if got.dim() == 2 == expected.dim() and got.shape == expected.T.shape:
            cause = "It is transposed."
        elif got.numel() > 1 and expected.numel() == 1:
            cause = "It was not reduced: a sum or a mean is missing."
        raise CheckFailed(f"{what} has shape {_shape(got)}, expected {_shape(expected)}.", cause)
    expect(
        got.dtype == expected.dtype,
        f"{what} has dtype {_dtype(got)}, expected {_dtype(expected)}.",
        "A dtype is fixed somewhere; results take that of the inputs.",
    )
    expect(
        actual.device == actual.home or actual.device.split(":")[0] == actual.home,
        f"{what} is on {actual.device}, expected on {actual.home}.",
        "A tensor is made on a fixed device; results stay on that of the inputs.",
    )
    if requires_grad is not None:
        wanted = "" if requires_grad else "not "
        expect(
            actual.requires_grad is requires_grad,
            f"{what} should {wanted}require gradients.",
        )
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
    where = f" at {_index(index)}" if index else ""
    facts = f"{what}{where} is {_number(got[index])}, expected {_number(expected[index])}"
    if got.numel() > 1:
        facts += f" ({int(wrong.sum())} of {got.numel()} elements differ; allowed: {allowed})"
    if 1 < got.numel() <= _SHOWN_ELEMENTS:
        facts += f". Received {_values(got)}, expected {_values(expected)}"
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
        return f"It holds {kind}: a logarithm of 0, a division by 0 or an overflow on the way."
    scale = expected.abs().max().item()
    if scale == 0:
        return ""
    # looser than the comparison: this asks what the mistake is, not whether there is one
    bound = max(100 * rtol, 1e-6) * scale

    def close(one: Tensor, other: Tensor) -> bool:
        return bool(((one - other).abs() <= bound).all())

    if not got.any():
        return "It is zero everywhere: it was never computed, or never stored."
    if close(got, -expected):
        return "The sign is the wrong way round."
    factor = (got * expected).sum().item() / (expected * expected).sum().item()
    if factor and close(got, factor * expected):
        # one number is always some multiple of another: there only a factor that has a name says something
        return _explain_factor(factor, factors, any_factor=expected.numel() > 1)
    if got.dim() == 2 and got.shape[0] == got.shape[1] and close(got, expected.T):
        return "It is transposed."
    if expected.numel() > 1 and close(got - (got - expected).mean(), expected):
        return "Every element is off by the same amount: a term is missing or added."
    return ""


def _explain_factor(factor: float, factors: Mapping[str, float], any_factor: bool) -> str:
    sign = "The sign is the wrong way round, and it is" if factor < 0 else "It is exactly"
    for name, value in factors.items():
        if value in (0, 1):
            continue
        if math.isclose(abs(factor), value, rel_tol=1e-4):
            return f"{sign} {name} times too large: a division by {name} is missing."
        if math.isclose(abs(factor), 1 / value, rel_tol=1e-4):
            return f"{sign} {name} times too small: there is a division by {name} too many."
    for value, told in (
        (2.0, "twice as large as it should be"),
        (0.5, "half of what it should be"),
    ):
        if math.isclose(abs(factor), value, rel_tol=1e-4):
            return f"{sign} {told}."
    told = f"{abs(factor):.6g}"
    return f"{sign} {told} times what it should be." if any_factor and told != "1" else ""


def _expect_kind(holds: bool, what: str, kind: str, actual: Any, hint: str = "") -> None:
    expect(holds, f"{what} is {_kind(actual)}, expected {kind}.{hint}")


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, Received | Tensor):
        tensor = value.tensor if isinstance(value, Received) else value
        return f"a tensor of shape {_shape(tensor)}"
    if isinstance(value, Opaque):
        return f"a {value.type}"
    name = type(value).__name__
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


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
