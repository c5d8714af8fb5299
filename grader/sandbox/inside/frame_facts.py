"""What a student's line had in hand when it raised, as plain texts: what names stood for, and which are nearly right.

It is the student's own word, like all that is told of an exception: messages are made of it, and no verdict.
"""

from __future__ import annotations

import builtins
import difflib
import dis
import re
from collections.abc import Iterator, Mapping
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

from torch import Tensor, nn

_MOST = 40  # names that are told of
_NEAR = 0.75  # of difflib: `gard` is near `grad`, and `predict` is not near `dict`
_DEEPEST = 4  # lists and dicts in each other in which a probe's tensors are looked for
_MOST_ELEMENTS = 4096  # of a tensor that is looked at
_TENSOR = frozenset(dir(Tensor))


def facts_of(error: BaseException, tags: list[str]) -> list[tuple[str, str]]:
    """Pairs of a kind and a text.

    "near": a name that is there, beside the one that is not; "lacks": what had no such attribute; "unbound": a local
    name without a value, where one is assigned, and what has the same name outside; "value": a name of the line's
    surroundings, and after a "|" what it stood for, as `key=value` or words with "|" between them.

    Args:
        error: what was raised.
        tags: the names of the student's files.
    """
    own: list[FrameType] = []
    asked: FrameType | None = None  # the last frame before the student's
    line = 0
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename in tags:
            own.append(step.tb_frame)
            line = step.tb_lineno
        elif not own:
            asked = step.tb_frame
        step = step.tb_next
    found = [*_near(error, own), *_unbound(error, own, line)]
    if own:
        given = {id(tensor) for tensor in _tensors(dict(asked.f_locals))} if asked else set()
        found += [("value", text) for text in _values(own, given)]
    return found


def _near(error: BaseException, own: list[FrameType]) -> Iterator[tuple[str, str]]:
    name, known = getattr(error, "name", None), list[str]()
    if isinstance(error, AttributeError) and isinstance(name, str):
        thing: Any = error.obj
        is_module = isinstance(thing, ModuleType)
        yield "lacks", f"module {thing.__name__}" if is_module else type(thing).__name__
        known = dir(thing)
    elif isinstance(error, NameError) and isinstance(name, str) and own:
        known = [*own[-1].f_locals, *own[-1].f_globals, *dir(builtins)]
    if isinstance(name, str):
        yield "name", name
        for near in difflib.get_close_matches(name, known, 2, _NEAR):
            yield "near", near


def _unbound(error: BaseException, own: list[FrameType], line: int) -> Iterator[tuple[str, str]]:
    """A local name that had no value in a line, with two words: the first is where the function assigns to it.

    That is "above" the line, "below" (in it or after it), or "deleted" where a value is taken away somewhere. The
    second one is what has that name outside: "global", "enclosing", "function" for what nobody means to change, or
    nothing.
    """
    told = re.search(r"local variable '(\w+)'", str(error))
    if type(error) is not UnboundLocalError or not own or told is None:
        return
    name, code = told[1], own[-1].f_code
    done: dict[str, list[int]] = {}
    for each in dis.get_instructions(code):
        # one instruction may stand for two
        kinds = re.findall(r"(LOAD|STORE|DELETE)_(?:FAST|DEREF)", each.opname)
        names = each.argval if isinstance(each.argval, tuple) else (each.argval,)
        at = each.positions.lineno if each.positions else None
        for kind, other in zip(kinds, names, strict=False):
            if other == name:
                done.setdefault(kind, []).append(at or 0)
    where = "above" if any(at < line for at in done.get("STORE", [])) else "below"
    yield "unbound", f"{name}|{'deleted' if 'DELETE' in done else where}|{_outside(name, own)}"


def _outside(name: str, own: list[FrameType]) -> str:
    inner, known = own[-1], {**vars(builtins), **own[-1].f_globals}
    if any(name in (*code.co_varnames, *code.co_cellvars) for code in _around(inner)):
        return "enclosing"
    if name not in known:
        return ""
    is_function = callable(known[name]) or isinstance(known[name], ModuleType)
    return "function" if is_function else "global"


def _around(inner: FrameType) -> Iterator[CodeType]:
    """What a function was defined in, from the outside; none of it need be running any more, as of a hook."""
    first, *further = inner.f_code.co_qualname.split(".<locals>.")[:-1] or [""]
    found: Any = inner.f_globals.get(first.partition(".")[0])
    for name in first.split(".")[1:]:
        found = vars(found).get(name) if isinstance(found, type) else None
    code: Any = found.__code__ if isinstance(found, FunctionType) else None
    for name in [*further, ""]:
        if not isinstance(code, CodeType):
            return
        yield code
        inside = (each for each in code.co_consts if isinstance(each, CodeType))
        code = next((each for each in inside if each.co_name == name), None)


def _values(own: list[FrameType], given: set[int]) -> Iterator[str]:
    """What names stood for: those of the innermost function, and of the one that encloses an expression's own."""
    seen: dict[str, Any] = {}
    for frame in reversed(own):
        code = frame.f_code
        taken = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        for name, value in [*frame.f_locals.items()][:_MOST]:
            seen.setdefault(name, (value, name in taken))
            if name == "self":
                for attribute, part in _parts(value):
                    seen.setdefault(f"self.{attribute}", (part, False))
        if not code.co_name.startswith("<"):
            break
    for name, (value, is_argument) in [*seen.items()][:_MOST]:
        words = [name[:60], *_described(value, given)]
        yield "|".join([*words, "argument"] if is_argument else words)


def _parts(owner: Any) -> Iterator[tuple[str, Any]]:
    for names in (
        vars(owner),
        *(vars(owner).get(kind) or {} for kind in ("_parameters", "_buffers")),
    ):
        if isinstance(names, Mapping):
            yield from [(key, value) for key, value in names.items() if not key.startswith("_")]


def _described(value: Any, given: set[int]) -> Iterator[str]:
    if isinstance(value, nn.Module):
        yield "module"
        if "_modules" in vars(value):  # `nn.Module.__init__` has run
            yield from [f"device={parameter.device}" for parameter in value.parameters()][:1]
        return
    if not isinstance(value, Tensor):
        yield type(value).__name__
        return
    yield "tensor"
    yield f"device={value.device}"
    yield f"dtype={value.dtype}".replace("torch.", "")
    yield f"shape={','.join(map(str, value.shape))}"
    if value.requires_grad:
        yield "requires_grad"
    if value.is_leaf:
        yield "leaf"
    if id(value) in given:
        yield "given"
    for name in vars(value):  # an attribute that does nothing
        yield from [
            f"odd={name},{near}" for near in difflib.get_close_matches(name, _TENSOR, 1, 0.8)
        ]


def _tensors(value: Any, depth: int = 0) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif depth < _DEEPEST and isinstance(value, list | tuple | dict):
        for entry in value.values() if isinstance(value, dict) else value:
            yield from _tensors(entry, depth + 1)
