"""Titles, statements and hints in another language; what is not translated stays English."""

from __future__ import annotations

import re

import pytest

from grader import language, load_course
from grader.course.catalog import Course
from grader.course.translation import hints_of, statement_of, title_of

NAMES = load_course().names
HANGUL = re.compile("[가-힣]")


@pytest.mark.parametrize("name", NAMES)
def test_title_and_statement(course: Course, name: str) -> None:
    language.learn(course.folder)
    exercise = course[name]
    assert (title_of(exercise), statement_of(exercise)) == (exercise.title, exercise.statement)
    with language.speaking("ko"):
        title, statement = title_of(exercise), statement_of(exercise)
    assert HANGUL.search(title)
    assert statement.startswith(title)
    # formulas and code are the same in every language
    assert set(re.findall(r"`[^`]+`", statement)) == set(re.findall(r"`[^`]+`", exercise.statement))


def test_hints_are_translated_one_by_one(course: Course) -> None:
    language.learn(course.folder)
    exercise = course["derivative"]
    assert hints_of(exercise) == exercise.hints
    with language.speaking("ko"):
        korean = hints_of(exercise)
    assert len(korean) == len(exercise.hints)
    assert all(map(HANGUL.search, korean))
