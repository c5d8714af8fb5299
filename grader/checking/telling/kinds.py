"""What it means that a result is another kind of thing than is asked: a number for a tensor, a filter for a list."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from ...sandbox.wire.values import Opaque, Received
from ..outcome import Cause

NUMBER = Cause(
    "kind",
    "It is a plain number, and no tensor: `torch.tensor(…)` makes one. Where it was one, `.item()`, `float()` or "
    "`.tolist()` has taken the number out: leave that out.",
)
ONE_OF_A_TUPLE = Cause(
    "kind",
    "It stands alone in a tuple, as `torch.autograd.grad` gives it: take the entry `[0]`.",
)
SEVERAL = Cause(
    "kind",
    "A list is no tensor: `torch.stack(…)` makes one of tensors, and `torch.tensor(…)` of numbers.",
)
ARRAY = Cause("kind", "It is a NumPy array: `torch.from_numpy(…)` makes a tensor of it.")
ITEM = Cause(
    "kind", "It is a tensor, and a plain number is asked: `.item()` gives that, or `int(…)`."
)
BOOL = Cause("kind", "A `bool` is asked: a comparison gives one, and `bool(…)` makes one.")
ONCE = Cause("kind", "It can be gone through once, and has no length: `list(…)` makes a list.")
_ONCE = ("generator", "filter", "map", "zip")


def cause_of_kind(actual: Any, expected: Any) -> Cause | None:
    """The mistake behind another kind of thing; `None` where the sentence that tells of both kinds says all.

    Args:
        actual: what came back, of another kind than `expected`.
        expected: the reference.
    """
    if isinstance(expected, Tensor):
        return _for_a_tensor(actual, expected)
    if isinstance(expected, bool):
        return BOOL if isinstance(actual, int | Received | Opaque) else None
    if isinstance(expected, int):
        is_one = isinstance(actual, Received) and actual.tensor.numel() == 1
        return ITEM if is_one else None
    if isinstance(expected, list) and isinstance(actual, Opaque):
        return ONCE if actual.type in _ONCE else None
    return None


def _for_a_tensor(actual: Any, expected: Tensor) -> Cause | None:
    if isinstance(actual, bool | int | float):
        return NUMBER if expected.numel() == 1 else None
    if isinstance(actual, Opaque):
        return ARRAY if "ndarray" in actual.type else None
    if not isinstance(actual, list | tuple) or not actual:
        return None
    first = actual[0]
    if len(actual) == 1 and isinstance(first, Received) and first.tensor.shape == expected.shape:
        return ONE_OF_A_TUPLE
    return SEVERAL if expected.dim() and len(actual) == expected.shape[0] else None
