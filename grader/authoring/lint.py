"""Lints a course's content: what an author forgot is told in a sentence that names the file."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..course.catalog import Course, Exercise
from ..course.python_files import checks_in, module_of, points_decorator, points_in, text_of
from ..errors import ReleaseError
from .equivalents import submissions_folder
from .hidden_failures import hidden_failures
from .stub import stub_of

_POINTS = 10
_RIGHT, _WRONG = 6, 12
_HINTS = 3


def lint(course: Course) -> list[str]:
    """What is wrong with the content of a course, a sentence each; nothing is run.

    Raises:
        CourseError: if a file cannot be read, or says what it may not.
    """
    return [problem for exercise in course.exercises for problem in _lint(exercise, course)]


def _lint(exercise: Exercise, course: Course) -> Iterator[str]:
    yield from _lint_checks(exercise)
    yield from _lint_solution(exercise)
    folder = submissions_folder(course)
    if folder.is_dir():
        for kind, least in (("right", _RIGHT), ("wrong", _WRONG)):
            count = len(list((folder / exercise.name / kind).glob("*.py")))
            if count < least and course.built_in:  # how many others have is their authors' business
                yield f"{folder / exercise.name / kind} needs at least {least} submissions; it has {count}."


def _lint_checks(exercise: Exercise) -> Iterator[str]:
    for path in (exercise.checks, *exercise.more_checks):
        yield from hidden_failures(path)
        for check in checks_in(path):
            where = f"{path}, line {check.lineno}: {check.name}"
            if points_decorator(check) is None:
                yield f"{where} has no `@points(n)`."
            if not (ast.get_docstring(check) or "").strip():
                yield f"{where} has no docstring for the student."
    total = sum(points_in(exercise.checks).values())
    if total != _POINTS:
        yield f"{exercise.checks}: the points add up to {total}, not to {_POINTS}."
    for rule, options in exercise.forbidden.items():
        for name in set(options.get("except", ())) - set(exercise.entry_points):
            yield f"{exercise.checks}: `FORBIDDEN` excepts {name} from {rule!r}, and the stub has none."
    if len(exercise.hints) not in (0, _HINTS):
        yield f"{exercise.checks}: `HINTS` needs {_HINTS} hints, or none; it has {len(exercise.hints)}."
    for number, hint in enumerate(exercise.hints, 1):
        if not hint.strip():
            yield f"{exercise.checks}: hint {number} is empty."


def _lint_solution(exercise: Exercise) -> Iterator[str]:
    if not exercise.solution.is_file():
        yield f"{exercise.solution} does not exist."
        return
    yield from _lint_statement(exercise)
    solution = text_of(exercise.solution)
    try:
        stub = stub_of(solution, str(exercise.solution))
    except ReleaseError as error:
        yield str(error)
        return
    if "raise NotImplementedError" not in stub and "### BEGIN STUB" not in solution:
        yield f"{exercise.solution} has no `### BEGIN SOLUTION`: its stub is the solution."
    if not exercise.stub.is_file() or text_of(exercise.stub) != stub:
        yield f"{exercise.stub} is not what the solution gives. Run `grader release {exercise.name}`."


def _lint_statement(exercise: Exercise) -> Iterator[str]:
    docstring = ast.get_docstring(module_of(exercise.solution)) or ""
    title, _, text = docstring.partition("\n")
    if not title.strip():
        yield f"{exercise.solution} has no statement: its docstring is missing."
    elif not text.strip():
        yield f"{exercise.solution} has a title, and no statement below it."
    elif "See: https://" not in text:
        yield f"{exercise.solution} has no `See: https://…`, the page of PyTorch's documentation."
