"""What a function is to leave as it was, looked for around a probe: what it handed out earlier, inputs, settings.

The same probe can run twice: first, as its *rehearsal*, on other values in the same tensors, then on the values that
are asked for. What the rehearsal gives is held against nothing, and what it raises is ignored. But a function that
keeps something from one call to the next gives itself away: the second answer is wrong, or lies where the first does.

    vary ─▶ rehearsal ─▶ restore ─▶ reset ─▶ the probe ─▶ `told`

This is ours: it runs when the student's code has returned. What runs between two calls of it stands in `beneath.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product
from typing import Any

from torch import Tensor

from ..wire.values import WireError, describe
from . import beneath
from .steps import Step

_Base: Any = Tensor.__base__
# as they were before a student's code could put others in their place
_shape, _dtype = _Base.shape.__get__, _Base.dtype.__get__
_stride, _address, _detach = _Base.stride, _Base.data_ptr, _Base.detach
Span = tuple[int, int]
Outcome = tuple[Any, BaseException | None]


def beside(value: Any) -> Any:
    """For each tensor another one on the same memory."""
    if isinstance(value, Tensor):
        return _detach(value)
    if isinstance(value, dict):
        return {key: beside(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [beside(entry) for entry in value]
    return None


def rehearsal(
    kind: str,
    seed: int,
    arguments: dict[str, Any],
    kept: dict[str, Any],
    needing: Sequence[Tensor],
    call: Any,
) -> dict[str, Step]:
    """The steps of a rehearsal, by name.

    Args:
        kind: "plain", or "otherwise": with gradients off and float64 as the default dtype, which are to be left so.
        arguments: of the probe; `kept` has for each tensor another one on the same memory.
        needing: the tensors among `arguments` that require gradients.
        call: calls the probe with the arguments that it is given.
    """
    values: list[Tensor] = []
    steps: dict[str, Step] = {
        "first reset": partial(beneath.reset, seed, "cpu"),
        "vary": partial(beneath.vary, values, kept),
    }
    if kind == "otherwise":
        steps["set"] = beneath.set_otherwise
    steps["rehearse"] = partial(call, _anew(arguments))
    if kind == "otherwise":
        steps["left first"] = partial(beneath.left, seed, *beneath.OTHERWISE)
    steps["restore"] = partial(beneath.restore, values, kept, arguments, needing)
    return steps


def looks(seed: int, arguments: dict[str, Any], needing: Sequence[Tensor]) -> dict[str, Step]:
    """The steps after a probe that look at what it has left."""
    return {
        "left": partial(beneath.left, seed, *beneath.USUAL),
        "touched": partial(beneath.touched, arguments, needing),
    }


def _anew(value: Any) -> Any:
    """The same tensors in lists and dicts of their own."""
    if type(value) is dict:
        return {key: _anew(entry) for key, entry in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(_anew, value))
    return value


def told(outcomes: dict[str, Outcome], kept: dict[str, Any]) -> dict[str, list[str]]:
    """What was not left as it was, by kind; a kind with nothing to tell is left out.

    "set": settings of the whole process; "touched": inputs whose `.grad` or `requires_grad` is another one; "shared":
    inputs on whose memory a result lies; "again": whether a result lies where one of the rehearsal does.

    Args:
        kept: for each argument other tensors on the memory that it was given.
    """
    inputs = {name: _spans(value) for name, value in kept.items()}
    results = _spans(outcomes["call"][0])
    shared = [name for name, spans in inputs.items() if _overlap(results, spans)]
    among = [span for name in shared for span in inputs[name]]
    own = [span for span in results if not _overlap([span], among)]
    earlier = _spans(outcomes["rehearse"][0]) if "rehearse" in outcomes else []
    left = _texts(outcomes["left"]) + _texts(outcomes.get("left first", (None, None)))
    kinds = {
        "set": [*dict.fromkeys(left)],
        "touched": _texts(outcomes["touched"]),
        "shared": shared,
        "again": ["yes"] if _overlap(own, earlier) else [],
    }
    return {kind: names for kind, names in kinds.items() if names}


def _texts(outcome: Outcome) -> list[str]:
    """What the student's side tells, of plain types alone: others have methods of their own."""
    names, _ = outcome
    return [name for name in names if type(name) is str] if type(names) is list else []


def _spans(value: Any) -> list[Span]:
    """From where to where in this process' memory each tensor of a value lies."""
    try:
        _, placed = describe(value, keep_layout=True)
    except WireError:
        return []
    return [*_spans_of([each.tensor for each in placed if not each.elsewhere])]


def _spans_of(tensors: Sequence[Tensor]) -> Iterator[Span]:
    for tensor in tensors:
        shape, start = _shape(tensor), _address(tensor)
        if 0 not in shape:
            steps = zip(shape, _stride(tensor), strict=True)
            extent = 1 + sum((size - 1) * step for size, step in steps)
            yield start, start + extent * _dtype(tensor).itemsize


def _overlap(some: Sequence[Span], others: Sequence[Span]) -> bool:
    return any(one[0] < other[1] and other[0] < one[1] for one, other in product(some, others))
