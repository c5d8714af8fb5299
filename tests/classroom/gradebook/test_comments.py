"""Comments: where they belong, who sees them, and that one who writes never runs over another."""

from __future__ import annotations

from datetime import timedelta

import pytest

from grader.classroom.gradebook.comments import (
    Spot,
    add_comment,
    all_comments,
    change_comment,
    code_lines,
    open_questions,
    take_comment_back,
)
from grader.classroom.gradebook.reader import Gradebook
from grader.classroom.gradebook.writer import GradebookWriter, ReceivedHandIn
from grader.classroom.handin.read import Submitted
from grader.errors import ChangedMeanwhileError, GradebookError
from grader.submission import Cell, Source
from tests.gradebooks import NOON, graded

LINE = Spot("my_linear", 2)


def test_a_comment_is_in_the_record_where_it_belongs(gradebook: Gradebook) -> None:
    graded(gradebook, "ada", "x = 1\ny = 2\n", 4)
    add_comment(gradebook, "ADA-L", "on\r\nline two", who="me", spot=LINE)
    add_comment(gradebook, "ada", "on the exercise", who="you", spot=Spot("my_linear"))
    add_comment(gradebook, "ada", "on the whole", who="you")
    found = gradebook.record("ada").comments
    assert [(each.exercise, each.place, each.line, each.text, each.who) for each in found] == [
        ("", "", None, "on the whole", "you"),
        ("my_linear", "", None, "on the exercise", "you"),
        ("my_linear", "my_linear.py", 2, "on\nline two", "me"),
    ]
    assert not any(each.earlier for each in found)
    assert gradebook.record("bob").comments == ()
    assert gradebook.record("ada").score == 4


def test_another_hand_in_leaves_a_comment_behind(sqlite_gradebook: Gradebook) -> None:
    graded(sqlite_gradebook, "ada", "x = 1\n", 4)
    add_comment(sqlite_gradebook, "ada", "well", who="me", spot=Spot("my_linear", 1))
    graded(sqlite_gradebook, "ada", "x = 2\n", 5)
    add_comment(sqlite_gradebook, "ada", "better", who="me", spot=Spot("my_linear", 1))
    found = sqlite_gradebook.record("ada").comments
    assert [(each.text, each.earlier) for each in found] == [("well", True), ("better", False)]


@pytest.mark.parametrize(
    ("spot", "told"),
    [
        (Spot("losses"), "no exercise 'losses'"),
        (Spot("my_linear", 3), "my_linear.py has 2 lines, and no line 3"),
        (Spot("my_linear", 0), "no line 0"),
        (Spot("", 1), "no source text of no exercise"),
        (Spot("my_linear", 1, "7"), "no cell '7'"),
    ],
)
def test_a_spot_that_is_none(sqlite_gradebook: Gradebook, spot: Spot, told: str) -> None:
    graded(sqlite_gradebook, "ada", "x = 1\ny = 2\n", 4)
    with pytest.raises(GradebookError, match=told):
        add_comment(sqlite_gradebook, "ada", "x", who="me", spot=spot)
    assert all_comments(sqlite_gradebook, "ada") == []


def test_of_who_handed_in_nothing_there_is_no_line(sqlite_gradebook: Gradebook) -> None:
    add_comment(sqlite_gradebook, "bob", "Come and see me.", who="me")
    with pytest.raises(GradebookError, match="Leave the line out"):
        add_comment(sqlite_gradebook, "bob", "x", who="me", spot=LINE)


def test_a_line_of_a_notebook_is_in_a_cell(sqlite_gradebook: Gradebook) -> None:
    cells = (Cell("my_linear.ipynb, cell 2", "x = 1"), Cell("my_linear.ipynb, cell 4", "y = 1\nz"))
    source = Source("my_linear.ipynb", cells, notebook=True)
    writer = GradebookWriter.begin(sqlite_gradebook, {}, False)
    handed = Submitted({"my_linear": source}, when=NOON - timedelta(days=1))
    writer.receive([ReceivedHandIn("ada", handed, NOON, "key")])
    with pytest.raises(GradebookError, match=r"Name the one that line 2 is in: 2, 4\."):
        add_comment(sqlite_gradebook, "ada", "x", who="me", spot=LINE)
    for place in ("4", "my_linear.ipynb, cell 4"):
        made = add_comment(sqlite_gradebook, "ada", "x", who="me", spot=Spot("my_linear", 2, place))
        assert (made.place, made.line) == ("my_linear.ipynb, cell 4", 2)
    with pytest.raises(GradebookError, match="has 1 lines, and no line 2"):
        add_comment(sqlite_gradebook, "ada", "x", who="me", spot=Spot("my_linear", 2, "2"))


def test_who_changes_what_was_changed_is_told(gradebook: Gradebook) -> None:
    first = add_comment(gradebook, "ada", "one", who="me")
    second = change_comment(gradebook, first.number, "two", who="you")
    with pytest.raises(ChangedMeanwhileError, match=f"you has changed comment {first.number}.*two"):
        change_comment(gradebook, first.number, "mine", who="me")
    assert [each.text for each in gradebook.record("ada").comments] == ["two"]
    take_comment_back(gradebook, second.number, who="me")
    with pytest.raises(ChangedMeanwhileError, match="is taken back"):
        change_comment(gradebook, second.number, "mine", who="you")
    assert gradebook.record("ada").comments == ()
    told = " ".join(event.text for event in gradebook.history("ada"))
    assert "by me: one" in told
    assert f"instead of comment {first.number} by you: two" in told
    assert "taken back" in told


@pytest.mark.parametrize("number", [0, 99])
def test_a_comment_that_is_none(sqlite_gradebook: Gradebook, number: int) -> None:
    with pytest.raises(GradebookError, match=f"no comment {number}"):
        take_comment_back(sqlite_gradebook, number, who="me")


def test_questions_stay_among_colleagues(gradebook: Gradebook) -> None:
    asked = add_comment(gradebook, "ada", "Is that copied?", who="me", for_colleagues=True)
    assert open_questions(all_comments(gradebook, "ada")) == [asked]
    with pytest.raises(GradebookError, match="no question about bob"):
        add_comment(gradebook, "bob", "No.", who="you", answers=asked.number)
    answer = add_comment(gradebook, "ada", "No.", who="you", answers=asked.number)
    assert open_questions(all_comments(gradebook, "ada")) == []
    with pytest.raises(GradebookError, match="is no question"):
        add_comment(gradebook, "ada", "Thanks.", who="me", answers=answer.number)
    assert len(all_comments(gradebook, "ada")) == 2
    assert gradebook.record("ada").comments == ()


def test_lines_are_pythons() -> None:
    assert code_lines("a\nb\r\nc\rd\n") == ["a", "b", "c", "d"]
    assert code_lines("a\x0cb\u2028c") == ["a\x0cb\u2028c"]
    assert code_lines("") == [""]
