"""Makes the stubs from the solutions: the solution is the single source of an exercise.

The markers are those of nbgrader and otter. What stands between `### BEGIN SOLUTION` and `### END SOLUTION` becomes a
`raise NotImplementedError`. Where an exercise is to mend code, the region also holds that code, commented out, between
`### BEGIN STUB` and `### END STUB`; the stub then has this code, and no `raise`.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from ..course.catalog import Exercise
from ..course.online import Online
from ..course.python_files import syntax_of, text_of
from ..course.translated_stub import stub_text
from ..errors import ReleaseError

_MARKER = re.compile(r"^(?P<indent>\s*)### (?P<edge>BEGIN|END) (?P<kind>SOLUTION|STUB)\s*$")


def release(
    exercise: Exercise, folder: Path, notebook: bool = False, online: Online | None = None
) -> Path:
    """Writes the stub of `exercise` into `folder`, as a Python file or as a notebook, in the language in use.

    Args:
        online: what a notebook's first cell does where nothing is installed.

    Returns:
        The path of what was written.

    Raises:
        ReleaseError: if the solution is not there or its markers do not match.
        CourseError: if the solution cannot be read or is no Python.
    """
    if not exercise.solution.is_file():
        raise ReleaseError(
            f"{exercise.solution} does not exist. Stubs are made from solutions, which come with "
            "a checkout of the course, not with the installed grader."
        )
    stub = stub_text(stub_of(text_of(exercise.solution), str(exercise.solution)), exercise.solution)
    if notebook:
        from ..course.stub_notebook import notebook_of

        stub = notebook_of(exercise.name, stub, online)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{exercise.name}.{'ipynb' if notebook else 'py'}"
    path.write_text(stub, encoding="utf-8", newline="\n")
    return path


def stub_of(solution: str, filename: str) -> str:
    """The stub's text for a solution's text.

    Raises:
        ReleaseError: if a marker has no partner or stands in the wrong place.
        CourseError: if the solution is no Python.
    """
    functions = _functions(syntax_of(solution, filename))
    out: list[str] = []
    begun: int | None = None  # line of the region that is open
    given: list[str] | None = None  # the stub's own lines, once there are any
    in_stub = False
    for number, line in enumerate(solution.splitlines(), 1):
        marker = _MARKER.match(line)
        state = (marker["edge"], marker["kind"], begun is not None, in_stub) if marker else None
        match state:
            case None if begun is None:
                out.append(line)
            case None if in_stub and given is not None:
                given.append(re.sub(r"^(\s*)# ?", r"\1", line))
            case None:
                pass
            case ("BEGIN", "SOLUTION", False, _):
                begun, given = number, None
            case ("BEGIN", "STUB", True, False):
                given, in_stub = [], True
            case ("END", "STUB", True, True):
                in_stub = False
            case ("END", "SOLUTION", True, False):
                indent = marker["indent"] if marker else ""
                out += given or [
                    f"{indent}# YOUR CODE HERE",
                    f'{indent}raise NotImplementedError("{_enclosing(functions, number)} is not written yet")',
                ]
                begun = None
            case _:
                raise ReleaseError(f"{filename}, line {number}: `{line.strip()}` has no partner.")
    if begun is not None:
        raise ReleaseError(f"{filename}, line {begun}: `### BEGIN SOLUTION` is never ended.")
    return "\n".join(out) + "\n"


def _functions(tree: ast.AST, prefix: str = "") -> list[tuple[int, int, str]]:
    """First line, last line and dotted name of every function, inner ones after outer ones."""
    found = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            name = f"{prefix}{node.name}"
            found.append((node.lineno, node.end_lineno or node.lineno, name))
            if isinstance(node, ast.ClassDef):
                found += _functions(node, f"{name}.")
    return found


def _enclosing(functions: list[tuple[int, int, str]], line: int) -> str:
    # comments after the last statement lie behind the node's end, so the start decides
    names = [name for first, _, name in functions if first <= line]
    return names[-1] if names else "this"
