"""What is broken in a gradebook is found, and named with the student."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from grader.classroom.gradebook.integrity import problems
from grader.classroom.gradebook.kept import keep
from grader.classroom.gradebook.previews import Preview, write_accepted, write_preview
from grader.classroom.gradebook.reader import Gradebook
from tests.gradebooks import NOON, graded, report, small_gradebook


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE grading SET score = 10", "its report says 5 of 10"),
        ("UPDATE check_result SET score = 9", "do not add up"),
        ("DELETE FROM check_result", "do not add up"),
        ("UPDATE submission SET digest = 'x'", "not what was handed in"),
        ("UPDATE submission SET sources = '{}'", "not what was handed in"),
        ("UPDATE grading SET report = '{}'", "cannot be read"),
        ("UPDATE standing SET problem = 'x'", "both a result and a problem"),
        ("UPDATE grading SET student_id = 'bob'", "is bob's"),
        ("UPDATE submission SET student_id = 'bob'", "handed in by bob"),
        ("UPDATE grading SET digest = 'x'", "of another submission"),
        ("DELETE FROM standing WHERE student_id = 'bob'", "bob has no row in the table `standing`"),
        ("UPDATE grading SET score = 11, max_score = 10", "is out of bounds"),
    ],
)
def test_what_does_not_fit_is_found(gradebook: Gradebook, statement: str, expected: str) -> None:
    graded(gradebook, "ada", "one", 5)
    assert list(problems(gradebook.engine)) == []
    gradebook.write(lambda session: session.execute(text(statement)))
    assert expected in " ".join(problems(gradebook.engine))


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("DELETE FROM submission", "A row of standing refers to a row of submission"),
        ("DELETE FROM submission", "What counts for ada was handed in by nobody."),
        ("DELETE FROM grading", "The result that counts for ada is nobody's."),
        (
            'UPDATE grading SET report = replace(report, \'"score": 5, "max\', \'"score": 4, "max\')',
            "The score of my_linear in result 1 (ada) is not the sum of its checks.",
        ),
        (
            "UPDATE grading SET report = replace(report, '\"partial\"', '\"fault\"')",
            "The result 1 (ada) has a fault in it and is no verdict.",
        ),
    ],
)
def test_what_another_program_has_broken_is_found(
    tmp_path: Path, statement: str, expected: str
) -> None:
    """SQLite keeps to foreign keys only where it is asked to."""
    with small_gradebook(tmp_path / "grades.db") as gradebook:
        graded(gradebook, "ada", "one", 5)
        with closing(sqlite3.connect(tmp_path / "grades.db")) as connection:
            assert connection.execute(statement).rowcount == 1
            connection.commit()
        assert expected in " ".join(problems(gradebook.engine))


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE kept_result SET exercise = 'losses'", "of losses is of my_linear. Empty"),
        ("UPDATE adjustment SET half = 2", "ada has points that are neither whole nor half"),
        ("UPDATE adjustment SET half = -1", "neither whole nor half"),
        ("UPDATE preview SET accepted = NULL", "Several previews wait"),
    ],
)
def test_what_is_beside_the_results_is_looked_at_too(
    sqlite_gradebook: Gradebook, statement: str, expected: str
) -> None:
    gradebook = sqlite_gradebook
    keep(gradebook, {"key": report(5)})
    gradebook.adjust("ada", 1, why="kind", who="me")
    for _ in range(2):
        write_preview(gradebook, Preview(NOON, "me", "", {}, ()))
        write_accepted(gradebook, "me")
    assert gradebook.check() == []
    gradebook.write(lambda session: session.execute(text(statement)))
    [found] = gradebook.check()
    assert expected in found


def test_a_kept_result_that_does_not_add_up_is_found(sqlite_gradebook: Gradebook) -> None:
    [result] = report(5).exercises
    keep(sqlite_gradebook, {"key": replace(report(5), exercises=(replace(result, score=6),))})
    [found] = sqlite_gradebook.check()
    assert "is not the sum of its checks" in found
