"""What everything by hand has in common: texts that are kept as they were meant, and points that are given."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.classroom.gradebook.by_hand import (
    MOST_CHARACTERS,
    add_adjustment,
    expect_adjustment,
    expect_exercise,
    expect_points,
    lock_student,
    name_by_hand,
    points_columns,
    text_by_hand,
)
from grader.classroom.gradebook.reader import Gradebook, open_gradebook
from grader.errors import ChangedMeanwhileError, GradebookError
from tests.gradebooks import graded


def test_a_text_is_kept_without_what_a_terminal_obeys() -> None:
    assert text_by_hand("  one\r\ntwo\rthree \x1b[31m 🐍 한국어\n", "A comment") == (
        "one\ntwo\nthree \\x1b[31m 🐍 한국어"
    )
    assert text_by_hand("x" * MOST_CHARACTERS, "A comment") == "x" * MOST_CHARACTERS


@pytest.mark.parametrize(
    ("text", "told"), [(" \r\n ", "A comment needs a text"), ("x" * 10_001, "10,001 characters")]
)
def test_a_text_that_is_none(text: str, told: str) -> None:
    with pytest.raises(GradebookError, match=told):
        text_by_hand(text, "A comment")


def test_who_it_was() -> None:
    assert name_by_hand(" Prof.\n Curie ") == "Prof. Curie"
    with pytest.raises(GradebookError, match="who does this"):
        name_by_hand(" ")


def test_exercises() -> None:
    expect_exercise("", ["one"])
    expect_exercise("one", ["one"])
    with pytest.raises(GradebookError, match="no exercise 'two' in this gradebook, but: one"):
        expect_exercise("two", ["one"])


def test_half_points_only_where_the_assignment_says_so() -> None:
    assert expect_points(-1.5, True) == -3
    assert expect_points(2, False) == 4
    with pytest.raises(GradebookError, match="half_points = true"):
        expect_points(0.5, False)
    with pytest.raises(GradebookError, match=r"Give 0\.5 to"):
        expect_adjustment(0, "why", "me", "", (), True)


@given(st.integers(-(10**6), 10**6))
def test_whole_and_half_have_one_sign(halves: int) -> None:
    columns = points_columns(halves)
    assert 2 * columns["points"] + columns["half"] == halves
    assert columns["half"] in (-1, 0, 1)
    assert columns["points"] * columns["half"] >= 0


def test_the_hand_in_that_counts(gradebook: Gradebook) -> None:
    assert gradebook.write(lambda session: lock_student(session, "ada")) is None
    graded(gradebook, "ada", "x = 1\n", 4)
    assert gradebook.write(lambda session: lock_student(session, "ada")) is not None


def test_who_has_not_seen_other_points_is_told(gradebook: Gradebook) -> None:
    gradebook.adjust("ada", 2, why="b", who="me", seen=0)
    with pytest.raises(ChangedMeanwhileError, match="points of ada were changed meanwhile"):
        gradebook.adjust("ada-l", 2, why="b", who="you", seen=0)
    made = gradebook.write(lambda s: add_adjustment(s, "ada", -3, "", " a ", " me ", 1))
    assert (made.points, made.why, made.who) == (-1.5, "a", "me")
    assert gradebook.record("ada").by_hand == 0.5


def test_of_several_at_the_same_moment_one_is_first(gradebook: Gradebook, where: str) -> None:
    """Each has seen no adjustment: one is made, and the others are told of it."""

    def give(number: int) -> bool:
        with open_gradebook(where) as own:
            try:
                own.adjust("ada", 1, why="the same", who=f"grader {number}", seen=0)
            except ChangedMeanwhileError:
                return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(give, range(4))) == 1
    assert gradebook.record("ada").by_hand == 1
