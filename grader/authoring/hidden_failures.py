"""Checks that pass whatever happens, or are not run at all: they catch their own failure, or skip themselves.

How a check fails is an exception (`expect`, `expect_close`, `student.run` and a plain `assert` raise it). A check that
catches it pays all its points to everybody, and no run of the solution shows that.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from ..course.python_files import module_of

# what a failure is caught by; a check of ours raises classes that derive from `Exception`
_BROAD = ("Exception", "BaseException", "AssertionError", "Failed")
# in these the student's code is at work, and what it raises may be what is asked for
_OVER_THERE = ("probe", "helper")
_SKIPS = ("skip", "skipif", "importorskip", "xfail", "exit")


def hidden_failures(path: Path) -> Iterator[str]:
    """Where a file of checks catches what a check fails by, or leaves checks out, a sentence each.

    Raises:
        CourseError: if the file cannot be read or is no Python.
    """
    for function in module_of(path).body:
        if not isinstance(function, ast.FunctionDef) or _runs_over_there(function):
            continue
        for node in (
            each for part in (*function.decorator_list, *function.body) for each in ast.walk(part)
        ):
            where = f"{path}, line {getattr(node, 'lineno', 0)}: {function.name}"
            if _catches(node):
                yield f"{where} catches its own failure, and so pays its points to everybody. Let it raise."
            elif name := _skips(node):
                yield f"{where} skips itself by pytest's `{name}`: nobody can earn its points. Take that out."


def _runs_over_there(function: ast.FunctionDef) -> bool:
    return any(_name(each) in _OVER_THERE for each in function.decorator_list)


def _catches(node: ast.AST) -> bool:
    match node:
        case ast.Try() | ast.TryStar():
            caught = [each for each in node.handlers if _is_broad(each.type)]
            return _can_fail(node.body) and any(not _raises(each.body) for each in caught)
        case ast.With():
            return _can_fail(node.body) and any(
                isinstance(each.context_expr, ast.Call)
                and _name(each.context_expr) in ("suppress", "raises")
                and any(map(_is_broad, each.context_expr.args))
                for each in node.items
            )
    return False


def _is_broad(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(map(_is_broad, caught.elts))
    return caught is None or _name(caught) in _BROAD


def _can_fail(body: list[ast.stmt]) -> bool:
    """Whether a failure may be raised in it: an `assert`, or a call of whatever function."""
    return any(isinstance(node, ast.Assert | ast.Call) for each in body for node in ast.walk(each))


def _raises(body: list[ast.stmt]) -> bool:
    """Whether something is raised in it, or said to fail."""
    nodes = [node for each in body for node in ast.walk(each)]
    told = ("expect", "expect_close", "fail")
    return any(
        isinstance(node, ast.Raise | ast.Assert)
        or (isinstance(node, ast.Call) and _name(node) in told)
        for node in nodes
    )


def _skips(node: ast.AST) -> str:
    """The name of what of pytest's leaves a check out; empty if this is none."""
    match node:
        case ast.Attribute(ast.Name("pytest"), name) if name in _SKIPS:
            return f"pytest.{name}"
        case ast.Attribute(ast.Attribute(ast.Name("pytest"), "mark"), name) if name in _SKIPS:
            return f"pytest.mark.{name}"
    return ""


def _name(node: ast.expr) -> str:
    """The last part of a name, also of one that is called."""
    match node:
        case ast.Call(function):
            return _name(function)
        case ast.Name(name) | ast.Attribute(_, name):
            return name
    return ""
