"""Which functions of a student's never give anything back, where the solution's do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from ..errors import UnreadableError
from ..submission.bounded import bounded
from ..text import tree_of
from .outcome import CaseEnd


def with_no_return(
    end: CaseEnd, texts: tuple[str, ...], solution: tuple[str, ...], asked: Iterable[str]
) -> CaseEnd:
    """The end of a case in which None came where something else is asked, with the function that gave it, if one did.

    Args:
        end: of a case that failed.
        texts: the student's.
        solution: the exercise's.
        asked: names that stand in what the case asked for.
    """
    from .explain import (
        NO_RETURN,
    )  # it imports torch, which the process that reads large texts has not

    causes = [cause for cause in end.causes if cause != NO_RETURN]
    was_none = len(causes) < len(end.causes) or any(cause.id == "raised-none" for cause in causes)
    if end.status == "failed" and (was_none or not causes):
        silent = silent_functions(texts, solution)
        called = [name for name in silent if re.search(rf"\b{name}\(", end.message)]
        named = [name for name in silent if re.search(rf"\b{name}\b", end.message)]
        known = set(asked) & silent if was_none and not named else set()
        for name in sorted(called) or sorted(named) or sorted(known):
            return replace(end, causes=(NO_RETURN.of(name=name),))
    return replace(end, causes=tuple(causes)) if len(causes) < len(end.causes) else end


@lru_cache(4)
def silent_functions(texts: tuple[str, ...], solution: tuple[str, ...]) -> frozenset[str]:
    """Names of functions and methods without a `return` of a value, whose namesakes in the solution have one."""
    try:
        own = dict(bounded(giving, texts))
    except UnreadableError:
        return frozenset()
    wanted = dict(giving(solution))
    return frozenset(name for name, gives in own.items() if not gives and wanted.get(name))


def giving(texts: Sequence[str]) -> list[tuple[str, bool]]:
    """Each function and method of texts, and whether it gives something back; the last definition of a name counts."""
    found: dict[str, bool] = {}
    for text in texts:
        try:
            tree = tree_of(text)
        except (RecursionError, MemoryError):
            continue
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and len(node.name) <= 100:
                found[node.name] = any(map(_gives, _own(node)))
    return list(found.items())


def _gives(node: ast.AST) -> bool:
    if isinstance(node, ast.Return):
        return not (node.value is None or _is_none(node.value))
    # one that is not written yet gives nothing, and is told as that
    return isinstance(node, ast.Yield | ast.YieldFrom | ast.Raise)


def _is_none(value: ast.expr) -> bool:
    """Whether it is None, or what `print` gives."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        return value.func.id == "print"
    return isinstance(value, ast.Constant) and value.value is None


def _own(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions within it."""
    todo = list(ast.iter_child_nodes(function))
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            todo += ast.iter_child_nodes(node)
