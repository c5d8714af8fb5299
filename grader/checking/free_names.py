"""The names that a piece of code looks up in its module: those that are no function's own.

A name is a function's own where the function, or one inside it, has a parameter of that name or gives it a value, and
none of them says `global`. What a function holds is joined from the smaller sets into the largest one, so that code of
n nodes takes n log n steps however deeply its functions stand in each other.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from .dotted_names import children


@dataclass
class _Found:
    """What is in a piece of code. Attributes: names: those that may be the module's."""

    names: set[str] = field(default_factory=set)
    local: set[str] = field(default_factory=set)
    shared: set[str] = field(default_factory=set)  # by `global`

    def __len__(self) -> int:
        return len(self.names) + len(self.local) + len(self.shared)


@dataclass
class _Scope:
    """A function, or what stands outside of all functions: what is in it itself, and in the functions within."""

    is_function: bool
    outer: _Scope | None = None
    own: _Found = field(default_factory=_Found)
    inner: list[_Found] = field(default_factory=list)

    def joined(self) -> _Found:
        """All of it as one; used up by this."""
        parts = [self.own, *self.inner]
        most = max(parts, key=len)
        asked = list(most.names) if most is self.own else []
        for part in parts:
            if part is not most:
                new = part.local - most.local
                most.shared |= part.shared
                most.local |= new
                most.names |= part.names
                asked += [*new, *part.names]
        if self.is_function:
            most.names.difference_update(
                [name for name in asked if name in most.local and name not in most.shared]
            )
        return most


def free_names(statement: ast.AST) -> set[str]:
    """The names that a statement, or an expression, looks up in its module."""
    top = _Scope(is_function=False)
    scopes = [top]
    waiting: list[tuple[ast.AST, _Scope]] = [(statement, top)]
    while waiting:
        node, scope = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            scope = _Scope(is_function=True, outer=scope)
            scopes.append(scope)
        _note(node, scope.own)
        waiting += [(child, scope) for child in children(node)]
    for scope in reversed(scopes[1:]):  # what is within comes after what is around it
        assert scope.outer
        scope.outer.inner.append(scope.joined())
    return top.joined().names


def _note(node: ast.AST, found: _Found) -> None:
    if isinstance(node, ast.Name):
        found.names.add(node.id)
        if isinstance(node.ctx, ast.Store):
            found.local.add(node.id)
    elif isinstance(node, ast.arg):
        found.local.add(node.arg)
    elif isinstance(node, ast.Global):
        found.shared.update(node.names)
