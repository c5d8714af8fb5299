"""A course's Python files as text and as trees: checks, stubs and solutions are read, and never run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

from ..errors import CourseError


def text_of(path: Path) -> str:
    """The text of a file.

    Raises:
        CourseError: if it cannot be read or is not UTF-8, with the line.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise CourseError(f"{path}, line {line}: not UTF-8 text. Save it as UTF-8.") from error
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}.") from error


def syntax_of(text: str, name: object) -> ast.Module:
    """The tree of a text.

    Args:
        name: the file's, for the message.

    Raises:
        CourseError: if it is no Python, with the line.
    """
    try:
        return ast.parse(text)
    except SyntaxError as error:
        line = f", line {error.lineno}" if error.lineno else ""
        raise CourseError(f"{name}{line}: {error.msg}.") from error
    except ValueError as error:  # a NUL, before Python 3.12
        raise CourseError(f"{name} is no Python: {error}.") from error
    except (RecursionError, MemoryError) as error:
        raise CourseError(f"{name} is nested too deeply to be read.") from error


def module_of(path: Path) -> ast.Module:
    """The tree of a file, parsed once for as long as it does not change: a class has the same few read over and over.

    Raises:
        CourseError: if it cannot be read or is no Python, with the line.
    """
    try:
        changed = path.stat().st_mtime_ns
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}.") from error
    return _module(path, changed)


@lru_cache(256)
def _module(path: Path, changed: int) -> ast.Module:
    return syntax_of(text_of(path), path)


def checks_in(path: Path) -> Iterator[ast.FunctionDef]:
    """The checks of a file: its functions called `test_<name>`.

    Raises:
        CourseError: if the file cannot be read or is no Python.
    """
    for node in module_of(path).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node


def points_in(path: Path) -> dict[str, int]:
    """The checks of a file, without `test_`, and what each is worth: the n of its `@points(n)`, 0 without one.

    Raises:
        CourseError: if the file cannot be read or is no Python, or if an n is not a whole number that is written out.
    """
    return {check.name.removeprefix("test_"): _points(check, path) for check in checks_in(path)}


def _points(check: ast.FunctionDef, path: Path) -> int:
    decorator = points_decorator(check)
    if decorator is None:
        return 0
    match decorator:
        case ast.Call(args=[ast.Constant(int(number))], keywords=[]) if number is not True:
            return number
    fail(path, decorator, "`@points` needs a whole number, written out, as in `@points(2)`")


def points_decorator(check: ast.FunctionDef) -> ast.expr | None:
    """The `@points(…)` of a check, whatever stands in it; `None` without one."""
    for decorator in check.decorator_list:
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        match function:
            case ast.Name("points") | ast.Attribute(attr="points"):
                return decorator
    return None


def assigned_in(path: Path, name: str) -> ast.expr | None:
    """What a file assigns to `name` outside of functions and classes, if it does; the first time counts.

    Raises:
        CourseError: if the file cannot be read or is no Python.
    """
    for node in module_of(path).body:
        match node:
            case ast.Assign([ast.Name(target)], value) | ast.AnnAssign(ast.Name(target), _, value):
                if target == name and value is not None:
                    return value
    return None


def literal_of(path: Path, value: ast.expr, name: str) -> object:
    """The object that a literal stands for.

    Raises:
        CourseError: if it is no literal.
    """
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError, RecursionError, MemoryError):
        fail(path, value, f"`{name}` has to be written out: texts, numbers, lists and tables alone")


def fail(path: Path, node: ast.expr, problem: str) -> NoReturn:
    """Says what is wrong at a place of a file.

    Raises:
        CourseError: always.
    """
    raise CourseError(f"{path}, line {node.lineno}: {problem}.")
