"""Who is excused, since when, by whom; and that taking an excuse back deletes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.classroom.gradebook.excuses import add_excuse, excuses_of
from grader.classroom.gradebook.reader import Gradebook
from grader.errors import GradebookError
from tests.gradebooks import graded, small_gradebook


def test_an_excused_student_has_no_score_and_gets_it_back(gradebook: Gradebook) -> None:
    graded(gradebook, "ada", "one", 7)
    made = gradebook.excuse("ADA-L", why="  ill ", who="Prof. Curie")
    record = gradebook.record("ada")
    assert (record.state, record.score, record.excused) == ("excused", None, made)
    assert (made.who, made.why) == ("Prof. Curie", "ill")
    assert record.report is not None  # what was graded is kept
    assert [each.state for each in gradebook.records()] == ["nothing handed in", "excused"]
    gradebook.unexcuse("ada", why="a mistake", who="me")
    assert (gradebook.record("ada").state, gradebook.record("ada").score) == ("graded", 7)
    events = [(each.kind, each.text, each.counts) for each in gradebook.history("ada")[-2:]]
    assert events == [
        ("excused", "by Prof. Curie: ill", False),
        ("no longer excused", "by me: a mistake", True),
    ]
    assert gradebook.check() == []


@pytest.mark.parametrize(
    ("student", "why", "who", "told"),
    [
        ("ada", " ", "me", "needs a reason"),
        ("ada", "ill", "", "needs a reason and the name"),
        ("eve", "ill", "me", "no student is called 'eve'"),
    ],
)
def test_an_excuse_that_cannot_be_given(
    sqlite_gradebook: Gradebook, student: str, why: str, who: str, told: str
) -> None:
    for change in (sqlite_gradebook.excuse, sqlite_gradebook.unexcuse):
        with pytest.raises(GradebookError, match=told):
            change(student, why=why, who=who)
    assert {record.state for record in sqlite_gradebook.records()} == {"nothing handed in"}


def test_there_is_nothing_to_take_back(sqlite_gradebook: Gradebook) -> None:
    with pytest.raises(GradebookError, match="ada is not excused"):
        sqlite_gradebook.unexcuse("ada", why="x", who="me")


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["ada", "bob"]), st.booleans()), max_size=8))
def test_the_latest_row_says_what_holds(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, bool]]
) -> None:
    holds = dict.fromkeys(["ada", "bob"], False)
    with small_gradebook(tmp_path_factory.mktemp("excuses") / "g.db") as book:
        for student, excused in steps:
            if excused or holds[student]:
                book.write(lambda session: add_excuse(session, student, excused, "x", "me"))  # noqa: B023
                holds[student] = excused
        found = book.write(lambda session: excuses_of(session, [*holds]))
    assert set(found) == {student for student, excused in holds.items() if excused}
