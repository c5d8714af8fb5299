"""Where in a student's file to look for what a check is about."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from ...errors import UnreadableError
from ...language import _
from ...submission import Source
from ...submission.bounded import bounded
from ...text import tree_of

_LONGEST_NAME = 100  # no check names a longer one


def place_of(source: Source, description: str) -> str:
    """Where the first thing that a check's sentence names is defined: `my_linear.py, line 12`, or a notebook's cell.

    Args:
        source: the student's file.
        description: the check's sentence; what it puts in backticks is looked for, in its order. Where a class has
            not the method that is named, the class is found.

    Returns:
        The place in words; empty where nothing of this is defined, or where the source cannot be read.
    """
    defined = definitions_of(source.programs)
    for name in re.findall(r"`(\w+(?:\.\w+)?)", description):
        for known in (name, name.partition(".")[0]):
            if known in defined:
                cell, line = defined[known]
                place = source.cells[cell].place
                return _("{file}, line {line}").format(file=place, line=line)
    return ""


@lru_cache(2)  # each check that failed asks for the same source
def definitions_of(programs: tuple[str, ...]) -> dict[str, tuple[int, int]]:
    """Name → cell and line of its last definition, which is the one that counts."""
    try:
        found = bounded(definitions_in, programs)
    except UnreadableError:
        return {}
    return {name: (cell, line) for name, cell, line in found}


def definitions_in(texts: Sequence[str]) -> list[tuple[str, int, int]]:
    """Functions, classes and methods of texts, the latter also with the name of their class: name, text, line.

    The last definition of a name alone is told. A text that cannot be read has none.
    """
    found: dict[str, tuple[int, int]] = {}
    for number, text in enumerate(texts):
        try:
            tree = tree_of(text)
        except (RecursionError, MemoryError):
            continue
        for within, name, line in _definitions(tree) if tree else ():
            if max(len(within), len(name)) <= _LONGEST_NAME:
                found[within + name] = found[name] = number, line
    return [(name, *place) for name, place in found.items()]


def _definitions(tree: ast.Module) -> Iterator[tuple[str, str, int]]:
    """Functions, classes and methods in the order of the text: the class's name and a dot, the name, the line."""
    waiting: list[tuple[ast.AST, str]] = [(tree, "")]
    while waiting:
        node, within = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield within, node.name, node.lineno
            within = f"{node.name}."
        if isinstance(node, ast.Module | ast.ClassDef | ast.If | ast.Try | ast.With):
            inner = list(ast.iter_child_nodes(node))
            waiting += [(child, within) for child in reversed(inner)]
