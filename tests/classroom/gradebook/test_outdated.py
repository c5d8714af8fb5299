"""Whose result would be another one by now, of whom nothing was graded."""

from __future__ import annotations

from grader.classroom.gradebook.identities import remove
from grader.classroom.gradebook.outdated import OTHER_RULES, OTHER_TIME, outdated
from grader.classroom.gradebook.reader import Gradebook
from tests.gradebooks import graded


def test_a_result_of_another_key_is_told(sqlite_gradebook: Gradebook) -> None:
    for student in ("ada", "bob"):
        graded(sqlite_gradebook, student, "x", 5)
    key = "key of x"
    assert outdated(sqlite_gradebook, [], lambda digest: key, []) == {}
    both = {"bob": OTHER_RULES, "ada": OTHER_RULES}
    assert outdated(sqlite_gradebook, [], lambda digest: "other", []) == both
    assert outdated(sqlite_gradebook, ["ada"], lambda digest: "other", []) == {"bob": OTHER_RULES}
    # the commit that counts was chosen by another deadline
    assert outdated(sqlite_gradebook, [], lambda digest: key, ["ada"]) == {"ada": OTHER_TIME}
    remove(sqlite_gradebook, "bob", why="left", who="me")
    assert outdated(sqlite_gradebook, [], lambda digest: "other", []) == {"ada": OTHER_RULES}
