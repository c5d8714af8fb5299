"""The content is linted like code: what an author forgets is told in a sentence that names the file."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..course.catalog import Course, Exercise, points_of, syntax_of, text_of
from ..errors import ReleaseError
from .audit import submissions_folder
from .stub import stub_of

_POINTS = 10
_RIGHT, _WRONG = 6, 12
_HINTS = 3


def lint(course: Course) -> list[str]:
    """What is wrong with the content of a course; the stubs' points are the audit's to find."""
    return [problem for exercise in course.exercises for problem in _lint(exercise, course)]


def _lint(exercise: Exercise, course: Course) -> Iterator[str]:
    yield from _lint_checks(exercise)
    if not exercise.solution.is_file():
        yield f"{exercise.solution} does not exist."
        return
    yield from _lint_statement(exercise)
    try:
        stub = stub_of(text_of(exercise.solution), str(exercise.solution))
    except ReleaseError as error:
        yield str(error)
        return
    if "raise NotImplementedError" not in stub and "### BEGIN STUB" not in (
        text_of(exercise.solution)
    ):
        yield f"{exercise.solution} has no `### BEGIN SOLUTION`: its stub is the solution."
    if not exercise.stub.is_file() or text_of(exercise.stub) != stub:
        yield f"{exercise.stub} is not what the solution gives. Run `grader release {exercise.name}`."
    folder = submissions_folder(course)
    if folder.is_dir():
        for kind, least in (("right", _RIGHT), ("wrong", _WRONG)):
            count = len(list((folder / exercise.name / kind).glob("*.py")))
            if count < least:
                yield f"{folder / exercise.name / kind} has {count} submissions; {least} are wanted."


def _lint_checks(exercise: Exercise) -> Iterator[str]:
    tree = syntax_of(text_of(exercise.checks), exercise.checks)
    total = 0
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
            continue
        worth = points_of(node)
        if worth is None:
            yield f"{exercise.checks}, line {node.lineno}: {node.name} has no `@points(n)`, n a whole number."
        else:
            total += worth
        if not (ast.get_docstring(node) or "").strip():
            yield f"{exercise.checks}, line {node.lineno}: {node.name} has no docstring for the student."
    if total != _POINTS:
        yield f"{exercise.checks}: the points add up to {total}, not to {_POINTS}."
    if len(exercise.hints) not in (0, _HINTS):
        yield f"{exercise.checks}: `HINTS` has {len(exercise.hints)} hints; {_HINTS} are wanted, or none."
    for number, hint in enumerate(exercise.hints, 1):
        if not hint.strip():
            yield f"{exercise.checks}: hint {number} is empty."


def _lint_statement(exercise: Exercise) -> Iterator[str]:
    tree = syntax_of(text_of(exercise.solution), exercise.solution)
    title, _, text = (ast.get_docstring(tree) or "").partition("\n")
    if not title.strip():
        yield f"{exercise.solution} has no statement: its docstring is missing."
    elif not text.strip():
        yield f"{exercise.solution} has a title, and no statement below it."
    elif "See: https://" not in text:
        yield f"{exercise.solution} has no `See: https://…`, the page of PyTorch's documentation."
