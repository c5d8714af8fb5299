"""An exercise's stub in another language: the same code, in which docstrings and comments alone differ."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from ..language import _, languages, learned, speaking, translated
from .catalog import Exercise
from .python_files import syntax_of, text_of

YOUR_CODE = "# YOUR CODE HERE"


def stub_text(text: str, file: Path) -> str:
    """A stub's text in the language in use: the same code, with other docstrings and comments.

    Args:
        text: the stub in English.
        file: where it stands, or the solution that it is made from.

    Raises:
        CourseError: if it is no Python.
    """
    lines = text.split("\n")
    for node, docstring in sorted(
        docstrings(syntax_of(text, file)), key=lambda pair: -pair[0].lineno
    ):
        spoken = translated(docstring)
        indent = lines[node.lineno - 1][: node.col_offset]
        # one that shares its line with code stays as it is
        if spoken != docstring and not indent.strip():
            lines[node.lineno - 1 : node.end_lineno] = _quoted(spoken, indent)
    comment = "# " + _("YOUR CODE HERE")
    return "\n".join(line.replace(YOUR_CODE, comment) for line in lines)


def stub_texts(exercise: Exercise) -> Iterator[str]:
    """The exercise's stub in each language.

    Raises:
        CourseError: if it cannot be read or is no Python.
    """
    text = text_of(exercise.stub)
    for language in languages():
        yield _stub_text_in(language, text, exercise.stub, learned())


@lru_cache(256)
def _stub_text_in(language: str, text: str, file: Path, catalogues: tuple[Path, ...]) -> str:
    """By these catalogues; kept, because every submission of a class is held against it."""
    with speaking(language):
        return stub_text(text, file)


def docstrings(tree: ast.AST) -> Iterator[tuple[ast.Expr, str]]:
    """The docstrings of a module and of all that it defines: the expression, and the text without its indentation."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            match node.body[:1]:
                case [ast.Expr(ast.Constant(str(text))) as expression]:
                    yield expression, inspect.cleandoc(text)


def _quoted(text: str, indent: str) -> list[str]:
    """A docstring's lines."""
    text = text.replace("\\", "\\\\").replace('"""', "'''")
    first, *others = text.split("\n")
    lines = [f'{indent}"""{first}', *(f"{indent}{line}" if line else "" for line in others)]
    if others:
        lines.append(f'{indent}"""')
    else:
        lines[0] += '"""'
    return lines
