"""Whom an identifier means: one student, or a sentence."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from grader.classroom.gradebook.identifiers import identifier_of
from grader.classroom.gradebook.models import StudentRow
from grader.classroom.gradebook.reader import Gradebook
from grader.errors import GradebookError


def found(gradebook: Gradebook, text: str) -> str:
    with gradebook.engine.connect() as connection:
        return identifier_of(connection, text)


def test_a_student_is_found_by_all_that_the_roster_has(gradebook: Gradebook) -> None:
    for who, ids in {
        "ada": [["SIS User ID", "S1"], ["Other", "x"]],
        "bob": [["Other", "X"]],
    }.items():
        gradebook.write(
            lambda session: session.execute(
                update(StudentRow).where(StudentRow.id == who).values(ids=ids)  # noqa: B023
            )
        )
    for text in ("ada", "ADA", "ada-L", "Ada@X.org", "s1"):
        assert found(gradebook, text) == "ada"
    for text in ("Ada Lovelace", "lovelace, ada", "Lovelace Ada"):
        assert found(gradebook, text) == "ada"
    with pytest.raises(GradebookError, match=r"called 'x': ada, bob\. Give one"):
        found(gradebook, "x")
    with pytest.raises(GradebookError, match="no student is called 'Other'"):
        found(gradebook, "Other")
