"""Of the mistakes that people ask about in public, nearly all are named, and none wrongly."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from grader.checking.collect import collect
from grader.checking.run import run_checks
from grader.checking.session import Session
from grader.checking.sessions import Sessions
from grader.course.catalog import Course
from grader.course.python_files import text_of
from grader.machines import preload_for
from grader.report import CheckResult
from grader.sandbox import Sandbox
from grader.submission.submission import Source
from tests.drawn import some


class Question(NamedTuple):
    """A mistake, where it is tried, and the name of its cause, which was written down before the grader was asked.

    In quotes stands a part of what is told, where the sentence itself says what is wrong.
    """

    title: str
    exercise: str
    check: str
    cause: str
    text: str


def question_of(block: str) -> Question:
    title, names, text = block.split("\n", 2)
    exercise, check, cause = names.split(" ", 2)
    return Question(title, exercise, check, cause, text.rstrip("\n"))


FILES = ("questions.txt", "second_questions.txt", "third_questions.txt")
TEXTS = [Path(__file__).with_name(name).read_text(encoding="utf-8") for name in FILES]
QUESTIONS = [question_of(block) for text in TEXTS for block in text.split("=====\n")[1:]]
# `make test-scores` asks them all
DRAWN = some(QUESTIONS, 1 / 8)
Asked = Callable[[Question], CheckResult]


def in_place_of(text: str, new: str) -> str:
    """A solution in which another function, class or text stands."""
    if "\n→\n" in new:
        old, new = new.split("\n→\n")
        assert old in text, old
        return text.replace(old, new, 1)
    name = ast.parse(new).body[0].name  # type: ignore[attr-defined]
    node = next(
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name
    )
    assert node.end_lineno
    lines = text.splitlines()
    lines[node.lineno - 1 : node.end_lineno] = [textwrap.indent(new, " " * node.col_offset)]
    return "\n".join(lines) + "\n"


@pytest.fixture
def asked(course: Course, sandbox: Sandbox) -> Asked:
    """What comes of the one check that a question is about."""

    def ask(question: Question) -> CheckResult:
        exercise = course[question.exercise]
        solution = text_of(exercise.solution)
        source = Source.of_text(f"{exercise.name}.py", in_place_of(solution, question.text))
        checks = collect((exercise.checks,), ("cpu", "sim"))
        # what its children would each import otherwise, for seconds
        preload = preload_for(exercise, source)
        known = exercise.parameters
        with closing(Session(exercise.name, source, sandbox, preload, parameters=known)) as session:
            right = Source.of_text(f"{exercise.name}.py", solution)
            sessions = Sessions(session, solution=lambda: right)
            ran = run_checks({question.check: checks[question.check]}, sessions, seed=18)
        return ran.checks[0]

    return ask


@pytest.mark.parametrize("question", DRAWN, ids=lambda question: question.title)
def test_what_people_ask_about_is_named(asked: Asked, question: Question) -> None:
    check = asked(question)
    assert check.status == "failed", check
    told = f"{check.message}\n{check.cause}"
    if question.cause.startswith('"'):
        assert question.cause.strip('"') in told
    else:
        assert check.cause_id == question.cause, told
