"""The public names, from their signatures and docstrings."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from sphinx.errors import ExtensionError

import grader
from grader import Cause

_HEADS = {"Args:": "Arguments", "Attributes:": "Attributes", "Raises:": "Raises"}


class _Text:
    """An annotation or a default as it is to be written."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def written(block: str, *, plain: bool) -> str:
    """What is told of the names that a block imports from `grader`.

    Raises:
        ExtensionError: if it imports one that is not public.
    """
    names = [
        alias.name
        for node in ast.parse(block).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    if unknown := set(names) - set(grader.__all__):
        raise ExtensionError(f"Not public: {', '.join(sorted(unknown))}.")
    parts = ["" if plain else "```{py:currentmodule} grader\n```\n"]
    parts += [_entry(name, getattr(grader, name), plain) for name in names]
    return "\n".join(parts)


def _entry(name: str, value: Any, plain: bool) -> str:
    if isinstance(value, ModuleType):
        return _shown("data", name, _prose(value) + _causes(value), plain)
    if not isinstance(value, type):
        return _shown("function", name + _signature(value), _prose(value), plain)
    if issubclass(value, BaseException):
        return _shown("exception", name + _arguments(value), _prose(value), plain)
    members = [_member(*each, plain) for each in _members(value)]
    return _shown("class", name + _arguments(value), "\n".join([_prose(value), *members]), plain)


def _members(owner: type) -> Iterator[tuple[str, Any]]:
    for name, member in vars(owner).items():
        function = getattr(member, "__func__", getattr(member, "fget", member))
        if not name.startswith("_") and inspect.isfunction(function) and function.__doc__:
            yield name, member


def _member(name: str, member: Any, plain: bool) -> str:
    if isinstance(member, property):
        return _shown("property", name, _prose(member), plain, level=1)
    function = getattr(member, "__func__", member)
    text = _signature(function, bound=not isinstance(member, staticmethod))
    return _shown("method", name + text, _prose(function), plain, level=1)


def _shown(kind: str, signature: str, prose: str, plain: bool, level: int = 0) -> str:
    if plain:
        head = "#" * (3 + level)
        word = {"class": "class ", "data": "module ", "exception": "exception "}.get(kind, "")
        name = signature.partition("(")[0].partition(" ->")[0]
        text = textwrap.fill(
            word + signature, 100, subsequent_indent=" " * 4, break_on_hyphens=False
        )
        return f"{head} `{name}`\n\n```python\n{text}\n```\n\n{prose}"
    colons = ":" * (4 - level)
    return f"{colons}{{py:{kind}}} {signature}\n\n{prose}\n{colons}\n"


def _arguments(owner: type) -> str:
    if "__init__" not in vars(owner):
        return ""
    return _signature(vars(owner)["__init__"], bound=True, returns=False)


def _signature(function: Any, *, bound: bool = False, returns: bool = True) -> str:
    signature = inspect.signature(function)
    kept = [*signature.parameters.values()][bound:]
    parameters = [
        each.replace(annotation=_annotation(each.annotation), default=_default(each.default))
        for each in kept
    ]
    result = _annotation(signature.return_annotation) if returns else signature.empty
    return str(signature.replace(parameters=parameters, return_annotation=result))


def _annotation(annotation: Any) -> Any:
    return _Text(annotation) if isinstance(annotation, str) else annotation


def _default(default: Any) -> Any:
    """A long one, or one that no program could write, is three dots."""
    if default is inspect.Parameter.empty:
        return default
    text = repr(default)
    return default if text == "()" or not re.search(r"[<(]", text) else _Text("...")


def _prose(value: Any) -> str:
    """A docstring as Markdown: `Args:` and its like become lists."""
    text, head = "", ""
    items: list[str] = []
    for line in (inspect.getdoc(value) or "").splitlines():
        if line in _HEADS or line == "Returns:":
            text, head, items = text + _listed(head, items), line, []
        elif not head:
            text += f"{line}\n"
        elif line:
            items.append(line)
    return (text + _listed(head, items)).replace("\n\n\n", "\n\n")


def _listed(head: str, lines: list[str]) -> str:
    if not head:
        return ""
    if head == "Returns:":
        return f"\n**Returns**: {' '.join(line.strip() for line in lines)}\n"
    entries: list[str] = []
    for line in lines:
        if line.startswith("     "):
            entries[-1] += f" {line.strip()}"
        else:
            name, _, told = line.strip().partition(": ")
            entries.append(f"- `{name}`: {told}")
    return f"\n**{_HEADS[head]}**\n\n" + "\n".join(entries) + "\n"


def _causes(module: ModuleType) -> str:
    """The causes that a module names, for `expect_close(causes=…)`."""
    causes = [(name, value) for name, value in vars(module).items() if isinstance(value, Cause)]
    rows = [f"| `{name}` | {cause.template} |" for name, cause in causes if name.isupper()]
    return "\n| | what the student reads |\n|---|---|\n" + "\n".join(rows) + "\n" if rows else ""
