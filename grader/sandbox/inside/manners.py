"""What a function is to leave as it was, looked for around a probe: what it handed out earlier, inputs, settings.

The same probe can run twice: first, as its *rehearsal*, on other values in the same tensors, then on the values that
are asked for. What the rehearsal gives is held against nothing, and what it raises is ignored. But a function that
keeps something from one call to the next gives itself away: the second answer is wrong, or changes the first.

    vary ─▶ rehearsal ─▶ note, restore ─▶ reset ─▶ the probe ─▶ `told`

This is ours: it runs when the student's code has returned. What runs between two calls of it stands in `beneath.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from typing import Any

import torch
from torch import Tensor

from ..wire.values import Placed, WireError, describe, without_functions
from . import beneath
from .steps import Step

_Base: Any = Tensor.__base__
# as they were before a student's code could put others in their place
_frombuffer = torch.frombuffer
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
    default: str,
    arguments: dict[str, Any],
    kept: dict[str, Any],
    needing: Sequence[Tensor],
    block: Span,
    results: list[Any],
    call: Callable[[dict[str, Any]], Any],
) -> tuple[dict[str, Step], dict[str, Step]]:
    """The steps of a rehearsal, by name, and those that look back at it when the probe has run.

    Args:
        kind: "plain", with numbers nearby, or "otherwise": with gradients off and float64 as the default dtype, which
            are to be left so, and with other numbers.
        default: torch's default dtype while the probe runs.
        arguments: of the probe; `kept` has for each tensor another one on the same memory, which is `block`.
        needing: the tensors among `arguments` that require gradients.
        call: calls the probe with the arguments that it is given, and adds what that gives to `results`.
    """
    values: list[Tensor] = []
    noted: list[tuple[Tensor, Tensor]] = []
    plain: list[str] = []
    steps: dict[str, Step] = {
        "first reset": partial(beneath.reset, seed, "cpu", default),
        "vary": partial(beneath.vary, values, kept, kind == "plain"),
    }
    if kind == "otherwise":
        steps["set"] = beneath.set_otherwise
    steps["rehearse"] = partial(call, _anew(arguments))
    if kind == "otherwise":
        steps["left first"] = partial(beneath.left, seed, *beneath.OTHERWISE)
    steps["note"] = partial(beneath.note, noted, plain, results, arguments, block)
    steps["print anew"] = beneath.print_anew
    steps["restore"] = partial(beneath.restore, values, kept, arguments, needing)
    return steps, {
        "stands": partial(beneath.stands, noted, plain, results),
        "seeded": partial(beneath.seeded, seed),
    }


def look(
    seed: int, default: str, arguments: dict[str, Any], needing: Sequence[Tensor]
) -> dict[str, Step]:
    """The steps after a probe that look at what it has left; `default` is torch's default dtype while it runs."""
    return {
        "left": partial(beneath.left, seed, default, True),
        "touched": partial(beneath.touched, arguments, needing),
        "marked": partial(beneath.marked, arguments, needing),
    }


def _anew(value: Any) -> Any:
    """The same tensors in lists and dicts of their own."""
    if type(value) is dict:
        return {key: _anew(entry) for key, entry in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(_anew, value))
    return value


def told(
    outcomes: dict[str, Outcome],
    placed: Sequence[Placed],
    arguments: dict[str, Any],
    kept: dict[str, Any],
    block: Span,
) -> dict[str, list[str]]:
    """What was not left as it was, by kind; a kind with nothing to tell is left out.

    "set": settings of the whole process; "touched": inputs whose `.grad` or `requires_grad` is another one; "marked":
    those of them that require gradients, or have one, and should not; "shared": inputs on whose memory a result lies,
    unless it is the input itself; "earlier": that what the rehearsal gave has changed since.

    Args:
        placed: the tensors of the answer.
        arguments: the probe's; `kept` has for each other tensors on the memory that it was given.
        block: where all inputs lie.
    """
    found: dict[str, list[str]] = {"set": _texts(outcomes["left"])}
    for name in ("left first", "seeded"):
        found["set"] += _texts(outcomes[name]) if name in outcomes else []
    if "stands" in outcomes and outcomes["stands"][0] is False:
        found["earlier"] = ["changed"]
    found["touched"] = _texts(outcomes["touched"])
    found["marked"] = _texts(outcomes["marked"])
    if _overlap(_spans(placed), [block]):
        given = {id(each.tensor) for each in _placed_in(arguments)}
        made = _spans([each for each in placed if id(each.tensor) not in given])
        at = {name: _spans(_placed_in(value)) for name, value in kept.items()}
        found["shared"] = [name for name, spans in at.items() if _overlap(made, spans)]
    return {kind: names for kind, names in found.items() if names}


def _texts(outcome: Outcome) -> list[str]:
    """What the student's side tells, of plain types alone: others have methods of their own."""
    names, _ = outcome
    return [name for name in names if type(name) is str] if type(names) is list else []


def _placed_in(value: Any) -> list[Placed]:
    try:
        return describe(value, keep_layout=True)[1]
    except WireError:
        return []


def _spans(placed: Sequence[Placed]) -> list[Span]:
    """From where to where in this process' memory each tensor lies; nowhere, if it has no elements or is elsewhere."""
    with without_functions():  # none of a subclass's own methods has a say in where it lies
        return [_span_of(each.tensor) for each in placed if each.extent and not each.elsewhere]


def span_of(block: Any) -> Span:
    """From where to where in this process' memory a block of bytes lies."""
    if not len(block):
        return 0, 0
    start = _address(_frombuffer(block, dtype=torch.uint8, count=1))
    return start, start + len(block)


def _span_of(tensor: Tensor) -> Span:
    """From where to where in this process' memory a tensor with elements lies."""
    start, steps = _address(tensor), zip(_shape(tensor), _stride(tensor), strict=True)
    extent = 1 + sum((size - 1) * step for size, step in steps)
    return start, start + extent * _dtype(tensor).itemsize


def _overlap(some: Sequence[Span], others: Sequence[Span]) -> bool:
    return any(one[0] < other[1] and other[0] < one[1] for one, other in product(some, others))
