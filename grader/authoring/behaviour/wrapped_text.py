"""The text of a behavioural mutant: the solution as it stands, and below it code that puts a wrong wrapper in place."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

from .entry_points import EntryPoint
from .mistakes import WrongWrapper

_IMPORTS = {
    "inspect": "import inspect",
    "Any": "from typing import Any",
    "Path": "from pathlib import Path",
    "np": "import numpy as np",
    "random": "import random",
    "torch": "import torch",
}


def wrapped_text(solution: str, entry: EntryPoint, mistake: WrongWrapper) -> str:
    """A solution with one of its entry points wrapped in a mistake.

    All that the wrapper needs stands within one function, so that no name of the solution changes its meaning.
    """
    name = mistake.wrapper.__name__
    options = ", ".join(f"{key}={value!r}" for key, value in mistake.options.items())
    body = [*_pieces(mistake.wrapper), *_statements(f"return {name}(function, {options})")]
    made = ast.parse("def _mistaken(function): pass").body[0]
    assert isinstance(made, ast.FunctionDef)
    made.body = [*_imports(body), *body]
    place = f"{entry.shown} = "
    wrapped = f"_mistaken({entry.shown})"
    placed = place + (f"staticmethod({wrapped})" if entry.static else wrapped)
    code = ast.unparse(ast.fix_missing_locations(made))
    return f"{solution}\n\n{code}\n\n\n{placed}\n"


def _statements(text: str) -> list[ast.stmt]:
    """The statements of a function's body."""
    [function] = ast.parse(f"def _():\n    {text}").body
    assert isinstance(function, ast.FunctionDef)
    return function.body


def _imports(body: list[ast.stmt]) -> list[ast.stmt]:
    """The imports of the names that a body uses."""
    nodes = [node for statement in body for node in ast.walk(statement)]
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    lines = [line for name, line in _IMPORTS.items() if name in used]
    return [statement for line in lines for statement in ast.parse(line).body]


class _Bare(ast.NodeTransformer):
    """Takes the annotations off, whose names are not known where the text is put."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.returns = None
        self.generic_visit(node)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(node.arg)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        if node.value is None:
            return ast.Pass()
        return ast.Assign([node.target], node.value)


@cache
def _pieces(wrapper: Callable[..., Any]) -> tuple[ast.stmt, ...]:
    """The definition of a wrapper after those of the functions that it uses."""
    found: dict[str, ast.stmt] = {}
    _gather(wrapper, found)
    return tuple(found.values())


def _gather(function: Callable[..., Any], found: dict[str, ast.stmt]) -> None:
    definition = ast.parse(inspect.getsource(function)).body[0]
    assert isinstance(definition, ast.FunctionDef)
    scope = inspect.getmodule(function).__dict__
    for node in ast.walk(definition):
        other = scope.get(node.id) if isinstance(node, ast.Name) else None
        if inspect.isfunction(other) and other is not function and other.__name__ not in found:
            if other.__module__.startswith(__package__):
                _gather(other, found)
    found[function.__name__] = _Bare().visit(definition)
