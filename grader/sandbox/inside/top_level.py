"""Runs a student's file as an import does, and goes on where an import would end. Nothing here leads to the server.

A script stops at its first error, and so does an import. What is to be judged is what the file defines: a line of a
demo that raises costs nothing, and what is defined below it counts, as it does in the later cells of a notebook.
"""

from __future__ import annotations
import __future__

import ast
from collections.abc import Iterator, Sequence
from types import CodeType
from typing import Any

Failed = tuple[
    BaseException, list[str]
]  # what a statement raised, and the names that it would have bound
_ANNOTATIONS = __future__.annotations.compiler_flag
_DEFINES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def run_file(program: CodeType, source: str, tag: str, space: dict[str, Any]) -> list[Failed]:
    """Runs a whole file's program; where a statement raises, those below it run one by one.

    Below one that ends the program, such as `exit()`, only what binds a name that is not there yet has its turn.

    Args:
        source: the text that `program` was compiled from, under the name `tag`.

    Returns:
        The statements that failed, in their order.
    """
    try:
        exec(program, space)
        return []
    except BaseException as error:
        problem = error
    statements = [*_below(problem, program, ast.parse(source, tag).body)]
    failed = [(problem, bound(statements[0]) if statements else [])]
    for statement in statements[1:]:
        names = bound(statement)
        if is_text(statement):  # it would be taken for the module's docstring
            continue
        if any(isinstance(each, SystemExit) for each, _ in failed) and space.keys() >= {*names}:
            continue
        try:
            flags = program.co_flags & _ANNOTATIONS
            exec(compile(ast.Module([statement], []), tag, "exec", flags, True), space)
        except BaseException as error:
            failed.append((error, names))
    return failed


def _below(
    problem: BaseException, program: CodeType, statements: Sequence[ast.stmt]
) -> Sequence[ast.stmt]:
    """The statement that raised, and those below it; none where that is not known."""
    step = problem.__traceback__
    while step is not None and step.tb_frame.f_code is not program:
        step = step.tb_next
    if step is None:
        return []
    line, _end, column, _ = [*program.co_positions()][step.tb_lasti // 2]
    here = line or step.tb_lineno, column or 0
    begun = [index for index, each in enumerate(statements) if start(each) <= here]
    return statements[begun[-1] :] if begun else []


def start(statement: ast.stmt) -> tuple[int, int]:
    """The line and the column that it begins at, with its decorators."""
    begins: list[ast.stmt | ast.expr] = [statement]
    begins += statement.decorator_list if isinstance(statement, _DEFINES) else []
    return min((each.lineno, each.col_offset) for each in begins)


def is_text(statement: ast.stmt) -> bool:
    """Whether it is a text alone."""
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def bound(statement: ast.stmt) -> list[str]:
    """The names that a statement binds in its module."""
    return [*dict.fromkeys(_bound(statement))]


def _bound(node: ast.AST) -> Iterator[str]:
    if isinstance(node, _DEFINES):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((each.asname or each.name).partition(".")[0] for each in node.names)
    elif isinstance(node, ast.Name):
        if isinstance(node.ctx, ast.Store):
            yield node.id
    elif not isinstance(node, ast.Lambda):
        for each in ast.iter_child_nodes(node):
            yield from _bound(each)
