"""What an exception means, by its words and by what the line that raised had in hand.

The words are torch's or Python's (`torch_errors`); what names stood for is told by the child (`Facts`), and decides
where the words fit several mistakes. The text of a line is asked only which of these names stand on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...text import clean
from ..outcome import Cause
from .torch_errors import OTHER_DEVICE, meaning_of, meaning_on, with_index

_MOST = 60
_LONGEST = 200
NOT_IMPORTED = Cause("raised-name", "`{name}` is not imported: write `{statement}` at the top.")
MEANT = Cause("raised-name", "There is no `{name}`; perhaps `{near}` is meant.")
NOT_MOVED = Cause(
    "raised-not-moved",
    "`{name}` is still where it came from, on {place}: `{name} = {name}.to(device)`, with the device of the other "
    "tensors (`next(model.parameters()).device`).",
)
RESULT_DROPPED = Cause(
    "raised-not-moved",
    "`{name}` is still on {place}: `{name}.to(…)` gives a new tensor and leaves the old one where it is, so write "
    "`{name} = {name}.to(…)`.",
)
MADE_ELSEWHERE = Cause(
    "raised-device",
    "`{name}` is on {place}, and the inputs are on {device}: make it where they are (`device=x.device`, `zeros_like`, "
    "`new_zeros`), or move it there.",
)
PLAIN_NUMBER = Cause(
    "raised-number",
    "`{name}` may be a Python number, and a `{kind}` has no `.{attribute}`; `torch.as_tensor({name})` takes both.",
)
NEEDS_NO_GRAD = Cause(
    "raised-input-needs-none",
    "`{name}` does not require gradients, so nothing is recorded: work on `{name}.detach().clone().requires_grad_()`.",
)
MISSPELT = Cause(
    "raised-name", "`{name}.{odd}` is a new attribute that does nothing; perhaps `{near}` is meant."
)
NON_LEAF = Cause(
    "raised-non-leaf",
    "`{name}` is the result of an operation, and `backward()` fills the `.grad` of leaves alone: make a leaf of it "
    "(`.detach().requires_grad_()`), use `torch.autograd.grad`, or ask for the `.grad` of what it was made of.",
)
NO_GRAD_YET = Cause(
    "raised-none",
    "`{name}.grad` is None: no `backward()` has come to `{name}`. Where that may be at first, ask for it before; if "
    "one has run, its result was made of other tensors than `{name}`, such as a copy.",
)
IS_NONE = Cause(
    "raised-none",
    "`{name}` is None there: look at where it comes from. Where it may be None, ask `{name} is not None` first.",
)
NO_CLASSES = Cause(
    "raised-one-hot",
    "`F.one_hot` makes as many columns as the largest label asks for: give it the number of classes.",
)
PASSED_OVER = Cause(
    "raised-local",
    "`{name}` has no value there: the lines above that would give it one were passed over, as by an `if` that did not "
    "hold, a loop without a turn, a `continue`, or an exception in a `try`. See why, or give `{name}` a value before.",
)
COMES_LATER = Cause(
    "raised-local",
    "`{name}` is asked for before it has a value: the function assigns to it further down, or in this very line, which "
    "asks first (as `+=` does). Give `{name}` a value before, and outside of the loop if it is to last.",
)
HIDDEN = Cause(
    "raised-local",
    "The function assigns to `{name}`, so that is its own name all through it, and hides the `{name}` outside: give "
    "what is assigned another name.",
)
MADE_LOCAL = Cause(
    "raised-local",
    "An assignment in a function, `+=` too, makes `{name}` that function's own, and it has no value there yet: "
    "`.append(…)` and `x[0] = …` change what stands outside, and `{word} {name}` lets the name be that outside.",
)
TAKEN_AWAY = Cause(
    "raised-local",
    "`{name}` has no value there: note that `del`, and the end of `except … as {name}:`, take one away.",
)
NO_ITERATOR = Cause(
    "raised-no-iterator",
    "`__iter__` gives back an iterator: `iter(…)` makes one of a list, and `yield` in it makes one of the method.",
)
MODULO_ZERO = Cause(
    "raised-modulo",
    "`%` has 0 on its right here, as `index % len(self)` has where there are no items.",
)
DIVIDED_BY_ZERO = Cause(
    "raised-division",
    "What stands behind `/` is 0 there: nothing was counted. Where a loop before it has no turn, perhaps what it goes "
    "through is empty, or used up: an iterator (`iter(…)`, `zip(…)`, a generator) can be gone through once.",
)
QUOTED = Cause(
    "raised-float",
    "The quotes around a field are no part of it: `csv.reader` takes them off, and a split at the commas does not.",
)
STACKED_SIDEWAYS = Cause(
    "raised-shapes",
    "Print the shapes, first that of `stack(…, dim={dim})`: of n tensors of shape (m,) `dim=0` makes (n, m), and "
    "`dim=1` (m, n); of tensors with more dimensions, `dim=-1` puts the new one last.",
)
# names that people use without an import, and what they write for it
_IMPORTS = {
    "torch": "import torch",
    "nn": "from torch import nn",
    "F": "import torch.nn.functional as F",
    "Tensor": "from torch import Tensor",
    "optim": "from torch import optim",
    "Dataset": "from torch.utils.data import Dataset",
    "DataLoader": "from torch.utils.data import DataLoader",
    "np": "import numpy as np",
    "pd": "import pandas as pd",
    "Path": "from pathlib import Path",
    "partial": "from functools import partial",
} | {
    name: f"import {name}"
    for name in ("math", "os", "csv", "copy", "itertools", "random", "numpy", "sys", "re", "time")
}
# what a tensor has, and a number has not, without a gradient in it
_OF_TENSORS = (
    "to",
    "cpu",
    "cuda",
    "device",
    "dtype",
    "clone",
    "shape",
    "size",
    "dim",
    "numel",
    "item",
    "reshape",
)


@dataclass(frozen=True)
class Held:
    """What a name stood for where a line raised.

    Attributes:
        kind: "tensor", "module", or the name of its type.
        words: what else is known, such as `given`: the very object that the check handed in.
        values: such as the device.
    """

    name: str
    kind: str
    words: frozenset[str] = frozenset()
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """What a child told of an exception beside its text and lines.

    Attributes:
        lacks: what had no such attribute.
        name: the name that is not there.
        near: names that are.
        held: what names stood for, the innermost function's first.
        unbound: a local name without a value; its kind is where the function assigns to it, its word what has that name
            outside.
    """

    lacks: str = ""
    name: str = ""
    near: tuple[str, ...] = ()
    held: tuple[Held, ...] = ()
    unbound: Held | None = None


def facts_in(told: Any) -> Facts:
    """What a child told; whatever is not of the right form is dropped."""
    texts: dict[str, list[str]] = {}
    for entry in told[:_MOST] if isinstance(told, list) else ():
        if isinstance(entry, list) and [type(part) for part in entry] == [str, str]:
            texts.setdefault(entry[0], []).append(clean(entry[1], _LONGEST))
    return Facts(
        "".join(texts.get("lacks", [])[:1]),
        "".join(texts.get("name", [])[:1]),
        tuple(texts.get("near", [])[:2]),
        tuple(_held(text) for text in texts.get("value", [])),
        *(_held(text) for text in texts.get("unbound", [])[:1]),
    )


def _held(text: str) -> Held:
    name, *words = text.split("|")
    pairs = dict(word.split("=", 1) for word in words if "=" in word)
    plain = [word for word in words if "=" not in word]
    return Held(name, "".join(plain[:1]), frozenset(plain[1:]), pairs)


def cause_of(
    kind: str, message: str, line: str, body: str, facts: Facts, device: str
) -> Cause | None:
    """The mistake behind an exception; `None` where it is not known.

    Args:
        kind: the name of its class.
        message: its text.
        line: the student's line that raised; empty where none did.
        body: the text of the function around that line.
        facts: what was seen there.
        device: where the inputs were.
    """
    if named := _name(kind, message, facts):
        return named
    if "iter() returned non-iterator" in message:
        return NO_ITERATOR
    if kind == "ZeroDivisionError":
        return MODULO_ZERO if "modulo" in message else DIVIDED_BY_ZERO
    known = meaning_on(device, kind, message) or meaning_of(message, kind, bool(line))
    if known is None or not line:
        return known
    on_the_line = [each for each in facts.held if _stands_on(each.name, line)]
    finer = {
        "raised-device": lambda: _device(known, on_the_line, body, device),
        "raised-graph-cut": lambda: _cut(on_the_line, facts, body),
        "raised-number": lambda: _number(message, on_the_line),
        "raised-local": lambda: _local(facts.unbound),
        "raised-none": lambda: _none(on_the_line, line),
        "raised-shapes": lambda: NO_CLASSES if _one_hot_alone(body) else _stacked(body),
        "raised-float": lambda: QUOTED if re.search(r"float: '[^']*\"", message) else None,
        "raised-index": lambda: _stacked(body) if "for dimension" in message else None,
    }.get(known.id)
    return (finer and finer()) or known


def _stands_on(name: str, line: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", line) is not None


def _name(kind: str, message: str, facts: Facts) -> Cause | None:
    """A name that is misspelt, or not imported."""
    if kind == "NameError" and facts.name in _IMPORTS:
        return NOT_IMPORTED.of(name=facts.name, statement=_IMPORTS[facts.name])
    if kind in ("NameError", "AttributeError", "ImportError") and facts.near:
        if facts.name.startswith("_") and not facts.name.startswith("__in"):
            return None
        if facts.lacks in ("NoneType", "float", "int", "bool"):
            return None
        return MEANT.of(name=facts.name, near=facts.near[0])
    return None


def _device(known: Cause, on_the_line: list[Held], body: str, device: str) -> Cause | None:
    """Who is where: what came from elsewhere and was not moved, or what was made elsewhere."""
    if known != OTHER_DEVICE:
        return None
    away = [
        each
        for each in on_the_line
        if each.kind == "tensor"
        and with_index(each.values.get("device", device)) != with_index(device)
        and each.values.get("shape")  # one number may lie anywhere
    ]
    for each in sorted(away, key=lambda held: "given" not in held.words):
        place = f"`{each.values['device']}`"
        if "given" not in each.words:
            there = dict(known.of_case)["device"]
            return MADE_ELSEWHERE.of(name=each.name).in_case(place=place, device=there)
        dropped = re.search(rf"(?:^|[;\n])\s*{re.escape(each.name)}\.(to|cuda)\(", body)
        return (RESULT_DROPPED if dropped else NOT_MOVED).of(name=each.name).in_case(place=place)
    return None


def _cut(on_the_line: list[Held], facts: Facts, body: str) -> Cause | None:
    """Nothing requires gradients: what was handed in does not, or an attribute is misspelt."""
    tensors = [each for each in facts.held if each.kind == "tensor"]
    for each in tensors:
        if odd := each.values.get("odd"):
            name, near = odd.split(",", 1)
            return MISSPELT.of(name=each.name, odd=name, near=near)
    # what asks for gradients there loses them again
    if any("requires_grad" in each.words for each in tensors) or "requires_grad" in body:
        return None
    given = [each for each in tensors if {"given", "leaf"} <= each.words]
    asked = [each for each in given if each in on_the_line] or given
    is_float = asked and asked[0].values.get("dtype", "").startswith(("float", "bfloat"))
    return NEEDS_NO_GRAD.of(name=asked[0].name) if is_float and len(given) == 1 else None


def _number(message: str, on_the_line: list[Held]) -> Cause | None:
    lacking = re.search(r"'(float|int)' object has no attribute '(\w+)'", message)
    if lacking is None or lacking[2] not in _OF_TENSORS:
        return None
    numbers = [each for each in on_the_line if each.kind == lacking[1]]
    if len(numbers) != 1 or "argument" not in numbers[0].words:
        return None
    return PLAIN_NUMBER.of(name=numbers[0].name, kind=lacking[1], attribute=lacking[2])


def _local(unbound: Held | None) -> Cause | None:
    """Why a local name has no value."""
    if unbound is None:
        return None
    if unbound.kind == "deleted":
        return TAKEN_AWAY.of(name=unbound.name)
    if unbound.kind == "above":
        return PASSED_OVER.of(name=unbound.name)
    if "function" in unbound.words:
        return HIDDEN.of(name=unbound.name)
    for outside, word in (("enclosing", "nonlocal"), ("global", "global")):
        if outside in unbound.words:
            return MADE_LOCAL.of(name=unbound.name, word=word)
    return COMES_LATER.of(name=unbound.name)


def _none(on_the_line: list[Held], line: str) -> Cause | None:
    """Whose `.grad` is None, and why; or which name stands for None."""
    for each in on_the_line:
        if each.kind == "tensor" and re.search(rf"(?<![\w.]){re.escape(each.name)}\.grad\b", line):
            if "leaf" not in each.words and "requires_grad" in each.words:
                return NON_LEAF.of(name=each.name)
            return NO_GRAD_YET.of(name=each.name)
    nothing = [each.name for each in on_the_line if each.kind == "NoneType"]
    return IS_NONE.of(name=nothing[0]) if len(nothing) == 1 else None


def _stacked(body: str) -> Cause | None:
    """Whether tensors were stacked in another dimension than the first."""
    for each in _arguments_of("stack", body):
        if found := re.search(r"(?:dim|axis)\s*=\s*(-?[1-9])|,\s*(-?[1-9])\s*,?\s*$", each):
            return STACKED_SIDEWAYS.of(dim=found[1] or found[2])
    return None


def _one_hot_alone(body: str) -> bool:
    """Whether every `one_hot` there has one argument."""
    found = list(_arguments_of("one_hot", body))
    return bool(found) and not any("," in each or "num_classes" in each for each in found)


def _arguments_of(name: str, body: str) -> Iterator[str]:
    """What stands between the parentheses of each call, without what is in inner ones."""
    for call in re.finditer(rf"\b{name}\(", body):
        depth, outer = 1, ""
        for letter in body[call.end() : call.end() + 300]:
            depth += (letter in "([{") - (letter in ")]}")
            if depth == 0:
                break
            outer += letter if depth == 1 else ""
        yield outer
