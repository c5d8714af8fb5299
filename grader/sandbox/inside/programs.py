"""Which programs a submission's source is run as, one after another, so that what fails leaves the rest.

Jupyter stops a cell at its first error, and the student goes on with the next one. Here every statement of a notebook
has its turn: a plot that fails in the cell that also defines the answer costs nothing. A Python file is one program,
and `top_level.py` goes on below what fails in it. Where the source could not be loaded in time, a new child leaves out
the statements that took it, and of those below, or of all, whatever only shows that the code works.
"""

from __future__ import annotations
import __future__

import ast
import linecache
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from .top_level import bound, is_text, run_file, start

_MAX_NAMES = 50
_ANNOTATIONS = __future__.annotations.compiler_flag


class Runnable(NamedTuple):
    """A step that runs a piece of source, and the names that it binds. Without a step, it is left out or no Python."""

    step: Callable[[], Any] | None
    names: list[str]
    problem: BaseException | None = None


class Wanted(NamedTuple):
    """What of a source is run.

    Attributes:
        left_out: lines at the top level, each with the number of its cell: the statements there are not run.
        definitions: whether only definitions are; below a statement that is left out nothing else is in any case.
    """

    left_out: list[tuple[int, int]]
    definitions: bool


def prepare(
    cells: Sequence[Sequence[str]], notebook: bool, space: dict[str, Any], wanted: Wanted
) -> list[Runnable]:
    """The programs to run one after another in the module's names `space`.

    Args:
        cells: pairs of a tag, by which tracebacks know the text, and the Python text.
    """
    pieces: list[_Piece] = []
    for number, (tag, source) in enumerate(cells):
        _remember(tag, source)
        try:
            if not notebook:  # some of what is no Python is seen only when all of it is compiled
                whole = compile(source, tag, "exec", dont_inherit=True)
                if not (wanted.left_out or wanted.definitions):
                    return [Runnable(partial(run_file, whole, source, tag, space), [])]
            pieces += [_Piece(tag, number, each) for each in ast.parse(source, tag).body]
        except BaseException as error:
            pieces.append(_Piece(tag, number, error))
    programs: list[Runnable] = []
    future = 0  # as in Jupyter, `from __future__ import annotations` holds for what follows, in other cells too
    for index, ((tag, _cell, part), chosen) in enumerate(_chosen(pieces, wanted)):
        if isinstance(part, BaseException):
            programs.append(Runnable(None, [], part))
            continue
        if not chosen:
            programs.append(Runnable(None, bound(part)))
            continue
        if index and is_text(part):  # it would be taken for the module's docstring
            continue
        try:
            program = compile(ast.Module([part], []), tag, "exec", future, dont_inherit=True)
        except BaseException as error:
            programs.append(Runnable(None, bound(part), error))
            continue
        programs.append(Runnable(partial(exec, program, space), bound(part)))
        future |= program.co_flags & _ANNOTATIONS
    return programs


def failed_of(
    parts: Sequence[Runnable], outcomes: Sequence[tuple[Any, BaseException | None]]
) -> list[tuple[BaseException, list[str]]]:
    """What failed, with the names that are missing for it.

    Args:
        outcomes: what each step of `parts` gave and raised, in their order; what they gave is the student's own word.
    """
    ran = iter(outcomes)
    failed: list[tuple[BaseException, list[str]]] = []
    for part in parts:
        if part.problem is not None:
            failed.append((part.problem, part.names))
        elif part.step:
            value, error = next(ran, (None, None))
            if error is not None:
                failed.append((error, part.names))
            for each in value if type(value) is list else []:  # of `run_file`
                # not `isinstance`, which asks a student's object for its class
                if type(each) is tuple and issubclass(type(each[0]), BaseException):
                    failed.append((each[0], _texts(each[1])))
    return failed


def _texts(values: Any) -> list[str]:
    entries = values[:_MAX_NAMES] if type(values) is list else []
    return [each[:80] for each in entries if type(each) is str]


def left_out_of(parts: Sequence[Runnable]) -> list[str]:
    """The names that what was not run would have bound."""
    return [name for each in parts if not (each.step or each.problem) for name in each.names]


class _Piece(NamedTuple):
    """A statement with the tag and the number of its cell, or why that cell cannot be read."""

    tag: str
    cell: int
    part: ast.stmt | BaseException


def _remember(tag: str, source: str) -> None:
    """Lets tracebacks and `inspect.getsource` find the text of what is compiled under `tag`."""
    linecache.cache[tag] = (len(source), None, source.splitlines(keepends=True), tag)


def _chosen(pieces: Sequence[_Piece], wanted: Wanted) -> Iterator[tuple[_Piece, bool]]:
    """The pieces, and whether each is run."""
    own = {
        name
        for _tag, _cell, part in pieces
        if isinstance(part, ast.FunctionDef | ast.ClassDef)
        for name in bound(part)
    }
    definitions = wanted.definitions
    for piece in pieces:
        part = piece.part
        chosen = True
        if isinstance(part, ast.stmt):
            chosen = not definitions or _defines(part, own)
            if any(_holds(piece.cell, part, each) for each in wanted.left_out):
                chosen, definitions = False, True
        yield piece, chosen


def _holds(cell: int, statement: ast.stmt, place: tuple[int, int]) -> bool:
    last = statement.end_lineno or statement.lineno
    return place[0] == cell and start(statement)[0] <= place[1] <= last


def _defines(statement: ast.stmt, own: set[str]) -> bool:
    """Whether it only defines something, and calls none of the functions and classes `own` on the way."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return True
        case ast.Import() | ast.ImportFrom():
            return True
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            called = (each.func for each in ast.walk(statement) if isinstance(each, ast.Call))
            return not any(isinstance(each, ast.Name) and each.id in own for each in called)
        case ast.If() | ast.With():
            inner = [*statement.body, *getattr(statement, "orelse", [])]
        case ast.Try():
            handlers = [each for handler in statement.handlers for each in handler.body]
            inner = [*statement.body, *handlers, *statement.orelse, *statement.finalbody]
        case _:
            return isinstance(statement, ast.Pass | getattr(ast, "TypeAlias", ast.Pass))
    return all(_defines(each, own) for each in inner)
