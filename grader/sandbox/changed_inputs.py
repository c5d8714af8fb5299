"""Which inputs of a probe a student's code has changed, seen in the memory that it shares with the trusted side."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .wire.messages import Message
from .wire.values import decode


def changed_names(arguments: Any, before: bytes, after: bytes) -> list[str]:
    """The arguments whose values differ between two blocks; `arguments` as `encode` gave them."""
    names = [name for name, _ in arguments["dict"]]
    if len(before) != len(after):
        return names
    old, new = (decode(arguments, block, lambda tensor, _: tensor) for block in (before, after))
    return [name for name in names if not _same(old[name], new[name])]


def with_changed(answer: Message, names: list[str]) -> Message:
    """An answer that tells also of what was found changed here, as if the child had told of it."""
    if not names or "value" not in answer.header:
        return answer
    told = answer.header.get("changed")
    both = names + [name for name in (told if isinstance(told, list) else []) if name not in names]
    header = {**answer.header, "changed": both}
    return answer._replace(header=header, text=answer.text + b"\0" + "\0".join(names).encode())


def _same(old: Any, new: Any) -> bool:
    """Whether the tensors in two values of one structure have the same numbers; NaN is the same as NaN."""
    if isinstance(old, Tensor):
        if torch.equal(old, new):
            return True
        return bool(((old == new) | ((old != old) & (new != new))).all())
    if isinstance(old, dict):
        return all(map(_same, old.values(), new.values()))
    if isinstance(old, list | tuple):
        return all(map(_same, old, new))
    return True
