"""Which functions of a student's never give anything back, where the solution's do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from ...errors import UnreadableError
from ...submission.bounded import bounded
from ...text import tree_of
from ..outcome import CaseEnd

# methods that Python calls where nobody writes their names
_UNNAMED = ("__getitem__", "__len__", "__iter__")


def with_no_return(
    end: CaseEnd, texts: tuple[str, ...], solution: tuple[str, ...], asked: Iterable[str]
) -> CaseEnd:
    """The end of a case in which None came where something else is asked, with the function that gave it, if one did:
    it has no `return`, or returns a `.grad` that nobody filled.

    Args:
        end: of a case that failed.
        texts: the student's.
        solution: the exercise's.
        asked: names that stand in what the case asked for.
    """
    # it imports torch, which the process that reads large texts has not
    from .explain import GRAD_IS_NONE, NO_RETURN

    causes = [cause for cause in end.causes if cause != NO_RETURN]
    was_none = len(causes) < len(end.causes) or any(cause.id == "raised-none" for cause in causes)
    if end.status == "failed" and (was_none or not causes):
        silent = silent_functions(texts, solution)
        called = [name for name in silent if re.search(rf"\b{name}\(", end.message)]
        named = [name for name in silent if re.search(rf"\b{name}\b", end.message)]
        known = {*asked, *_UNNAMED} & silent if was_none and not named else set()
        for name in sorted(called) or sorted(named) or sorted(known):
            return replace(end, causes=(NO_RETURN.of(name=name),))
        if len(causes) < len(end.causes):
            for name in sorted(functions_of_grads(texts)):
                if re.search(rf"\b{name}\(", end.message):
                    return replace(end, causes=(GRAD_IS_NONE.of(name=name),))
    return replace(end, causes=tuple(causes)) if len(causes) < len(end.causes) else end


@lru_cache(4)
def silent_functions(texts: tuple[str, ...], solution: tuple[str, ...]) -> frozenset[str]:
    """Names of functions and methods without a `return` of a value, whose namesakes in the solution have one."""
    try:
        own = dict(bounded(giving, texts))
    except UnreadableError:
        return frozenset()
    wanted = dict(giving(solution))
    # that of a class gives nothing, and one that raises in the solution is no exception
    silent = (name for name, gives in own.items() if not gives and wanted.get(name))
    return frozenset(name for name in silent if name != "__init__")


@lru_cache(4)
def functions_of_grads(texts: tuple[str, ...]) -> frozenset[str]:
    """Names of functions whose every `return` gives the `.grad` of something, or several of them."""
    try:
        return frozenset(bounded(giving_grads, texts))
    except UnreadableError:
        return frozenset()


def giving_grads(texts: Sequence[str]) -> list[str]:
    """The same, of texts that may be large; the last definition of a name counts."""
    found: dict[str, bool] = {}
    for node in _functions(texts):
        given = [each.value for each in _own(node) if isinstance(each, ast.Return)]
        found[node.name] = bool(given) and all(map(_is_grad, given))
    return [name for name, gives in found.items() if gives]


def _is_grad(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Tuple | ast.List):
        return bool(value.elts) and all(map(_is_grad, value.elts))
    return isinstance(value, ast.Attribute) and value.attr == "grad"


def _functions(texts: Sequence[str]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for text in texts:
        try:
            tree = tree_of(text)
        except (RecursionError, MemoryError):
            continue
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and len(node.name) <= 100:
                yield node


def giving(texts: Sequence[str]) -> list[tuple[str, bool]]:
    """Each function and method of texts, and whether it gives something back; the last definition of a name counts."""
    return list({node.name: any(map(_gives, _own(node))) for node in _functions(texts)}.items())


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
