"""The tables of what is written by hand: what refers to nothing is refused, and some rows are there once."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from grader.classroom.gradebook.mark_models import (
    RegradeAnswerRow,
    RegradeRequestRow,
    RubricItemRow,
    RubricVersionRow,
)
from grader.classroom.gradebook.reader import Gradebook
from tests.gradebooks import NOON


def test_a_request_has_one_answer(sqlite_gradebook: Gradebook) -> None:
    def ask(session: Session) -> None:
        about = {"student_id": "ada", "exercise": "", "why": "?", "who": "me", "made": NOON}
        session.add(RegradeRequestRow(id=1, **about))

    def answer(session: Session) -> None:
        session.add(RegradeAnswerRow(request_id=1, text="no", who="me", made=NOON))

    with pytest.raises(IntegrityError):
        sqlite_gradebook.write(answer)  # to nothing
    sqlite_gradebook.write(ask)
    sqlite_gradebook.write(answer)
    with pytest.raises(IntegrityError):
        sqlite_gradebook.write(answer)


def test_a_version_is_there_once(sqlite_gradebook: Gradebook) -> None:
    def put(session: Session, version: int) -> None:
        session.merge(RubricItemRow(id=1))
        says = {"exercise": "", "text": "x", "halves": 1, "retired": False, "who": "me"}
        session.add(RubricVersionRow(item_id=1, version=version, made=NOON, **says))

    sqlite_gradebook.write(lambda session: put(session, 1))
    sqlite_gradebook.write(lambda session: put(session, 2))
    with pytest.raises(IntegrityError):
        sqlite_gradebook.write(lambda session: put(session, 2))
    with sqlite_gradebook.engine.connect() as connection:
        assert connection.scalars(select(RubricVersionRow.version)).all() == [1, 2]
