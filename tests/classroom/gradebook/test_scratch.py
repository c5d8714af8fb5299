"""A gradebook to try something on: what is tried on it does not reach the original, or reaches it as a whole."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from grader.classroom.gradebook.enrolment import enrol
from grader.classroom.gradebook.kept import keep, kept
from grader.classroom.gradebook.reader import Gradebook
from grader.classroom.gradebook.scratch import copied, in_one_transaction
from grader.classroom.gradebook.settings import GradebookSettings, write_settings
from grader.classroom.records import Enrolled
from tests.gradebooks import graded, report


def test_a_copy_says_the_same_and_is_one_of_its_own(gradebook: Gradebook) -> None:
    graded(gradebook, "ada", "one", 5).finish()
    gradebook.adjust("ada", 2, why="é 🐍", who="me")
    keep(gradebook, {"key": report(5, "")})
    with copied(gradebook) as copy:
        assert list(copy.records()) == list(gradebook.records())
        assert copy.history("ada") == gradebook.history("ada")
        assert (copy.title, copy.deadline) == (gradebook.title, gradebook.deadline)
        assert copy.policy == gradebook.policy
        assert copy.check() == []
        # results of single exercises stay where they are
        assert kept(copy, ["key"]) == {}
        graded(copy, "ada", "two", 9).finish()
        graded(copy, "bob", "one", 3).finish()
        assert copy.record("ada").score == 11
    assert gradebook.record("ada").score == 7
    assert gradebook.record("bob").report is None


def tried(trial: Gradebook) -> None:
    """All that grading a class does."""
    write_settings(trial, GradebookSettings(title="Another"))
    enrol(trial, None, [Enrolled("eve")])
    writer = graded(trial, "ada", "two", 9)
    writer.add_note("ada", "look here")
    writer.finish()
    assert trial.title == "Another"
    assert [each.score for each in trial.records() if each.report] == [9]
    assert [each.id for each in trial.students()] == ["bob", "ada", "eve"]


def test_what_was_tried_counts_as_a_whole(gradebook: Gradebook) -> None:
    with in_one_transaction(gradebook) as trial:
        tried(trial)
    assert gradebook.title == "Another"
    assert gradebook.record("ada").score == 9
    assert gradebook.record("ada").notes == ("look here",)
    assert len(gradebook.students()) == 3
    assert gradebook.check() == []


def test_or_it_does_not_count_at_all(gradebook: Gradebook) -> None:
    before = [*gradebook.records()]

    def in_vain() -> None:
        with in_one_transaction(gradebook) as trial:
            tried(trial)
            raise KeyError

    with pytest.raises(KeyError):
        in_vain()
    assert gradebook.title == "Lab 1"
    assert [*gradebook.records()] == before
    with gradebook.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM run")) == 0
    # and it can be written into as before
    graded(gradebook, "ada", "one", 5).finish()
    assert gradebook.record("ada").score == 5


def test_a_row_that_is_there_already_ends_it(sqlite_gradebook: Gradebook) -> None:
    twice = text("INSERT INTO student SELECT * FROM student")

    def in_vain() -> None:
        with in_one_transaction(sqlite_gradebook) as trial:
            tried(trial)
            trial.write(lambda session: session.execute(twice))

    with pytest.raises(IntegrityError):
        in_vain()
    assert sqlite_gradebook.title == "Lab 1"
