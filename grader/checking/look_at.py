"""Where in a student's file to look for what a check is about."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ..language import _
from ..submission import Source
from ..text import tree_of


def place_of(source: Source, description: str) -> str:
    """Where the first thing that a check's sentence names is defined: `my_linear.py, line 12`, or a notebook's cell.

    Args:
        source: the student's file.
        description: the check's sentence; what it puts in backticks is looked for, in its order. Where a class has
            not the method that is named, the class is found.

    Returns:
        The place in words; empty where nothing of this is defined, or where the source cannot be read.
    """
    defined: dict[str, str] = {}
    for cell, program in zip(source.cells, source.programs, strict=True):
        try:
            tree = tree_of(program)
        except (RecursionError, MemoryError):
            continue
        for name, line in _definitions(tree, "") if tree else ():
            # the last definition of a name is the one that counts
            defined[name] = defined[name.rpartition(".")[2]] = _("{file}, line {line}").format(
                file=cell.place, line=line
            )
    for name in re.findall(r"`(\w+(?:\.\w+)?)", description):
        for known in (name, name.partition(".")[0]):
            if known in defined:
                return defined[known]
    return ""


def _definitions(node: ast.AST, within: str) -> Iterator[tuple[str, int]]:
    """Functions, classes and methods, the latter with the name of their class."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield within + child.name, child.lineno
        if isinstance(child, ast.ClassDef):
            yield from _definitions(child, f"{child.name}.")
        elif isinstance(child, ast.If | ast.Try | ast.With):
            yield from _definitions(child, within)
