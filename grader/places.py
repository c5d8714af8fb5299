"""Where in a student's file to look for what a check is about."""

from __future__ import annotations

import ast
import re

from .submission import Source


def place_of(source: Source, description: str) -> str:
    """The line where the first thing that a check's sentence names is defined; empty where it is not found."""
    defined: dict[str, str] = {}
    for cell in source.cells:
        try:
            tree = ast.parse(cell.text)
        except (SyntaxError, ValueError, RecursionError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                # the last definition of a name is the one that counts
                defined[node.name] = f"{cell.place}, line {node.lineno}"
    for name in re.findall(r"`(\w+)", description):
        if name in defined:
            return defined[name]
    return ""
