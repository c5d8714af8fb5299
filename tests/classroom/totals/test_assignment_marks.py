"""What a gradebook says for a total: every state of a record, and what each day from the bank makes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from grader.classroom.gradebook.late import LatePolicy
from grader.classroom.gradebook.reader import open_gradebook
from grader.classroom.gradebook.settings import GradebookSettings, write_settings
from grader.classroom.records import Adjustment, Record
from grader.classroom.totals.assignment_marks import Standing, mark_of, read_marks
from grader.classroom.totals.scheme import WeightedBook
from grader.errors import TotalsError
from tests.classes_of_marks import LATER, START, record
from tests.gradebooks import graded, small_gradebook

TWO_A_DAY = LatePolicy(points=2, free_days=1)


def of(given: Record, policy: LatePolicy = TWO_A_DAY, bank: int | None = None) -> Any:
    return mark_of(given, policy, 10, START, bank, LATER)


def test_a_gradebook_is_read(tmp_path: Path) -> None:
    with small_gradebook(tmp_path / "g.db") as gradebook:
        graded(gradebook, "ada", "x = 1\n", 7)
        found = read_marks(gradebook, WeightedBook("g.db"), None, LATER)
        named = read_marks(gradebook, WeightedBook("g.db", "Exam\n1"), None, LATER)
    assert (found.name, found.has_roster) == ("Lab 1", True)
    assert found.out_of == 10
    assert named.name == "Exam 1"
    assert list(found.marks) == ["bob", "ada"]
    assert (found.marks["ada"].standing, *found.marks["ada"].scores) == ("counts", Fraction(7))
    assert (found.marks["bob"].standing, *found.marks["bob"].scores) == (
        "not handed in",
        Fraction(0),
    )
    assert found.marks["ada"].deadline == found.deadline


def test_a_gradebook_without_points_is_told(tmp_path: Path) -> None:
    with open_gradebook(tmp_path / "g.db", create=True) as gradebook:
        write_settings(gradebook, GradebookSettings("Lab 1", ("my_linear",)))
        with pytest.raises(TotalsError, match="does not say yet what can be reached in Lab 1"):
            read_marks(gradebook, WeightedBook("g.db"), None, LATER)


def test_what_was_not_handed_in_is_due_at_its_deadline() -> None:
    nothing = record("ada", None)
    before = START - timedelta(seconds=1)
    assert mark_of(nothing, TWO_A_DAY, 10, START, None, before).standing == "not due yet"
    assert mark_of(nothing, TWO_A_DAY, 10, START, None, START).standing == "not handed in"
    assert mark_of(nothing, TWO_A_DAY, 10, None, None, START).standing == "not handed in"


@pytest.mark.parametrize(
    ("state", "standing"),
    [
        ("graded", "counts"),
        ("could not be read", "counts"),
        ("not graded", "not graded"),
        ("excused", "excused"),
        ("nothing handed in", "not handed in"),
    ],
)
def test_each_state_of_a_record_has_its_standing(state: str, standing: Standing) -> None:
    score = 5 if state == "graded" else None
    kind: Any = type("Known", (Record,), {"state": state, "score": score})
    found = of(kind(**vars(record("ada", 5))))
    assert found.standing == standing
    assert found.scores == ((5,) if state == "graded" else (0,))


def test_points_by_hand_count_without_a_submission() -> None:
    oral = Adjustment("", 6, "me", START, "oral exam")
    assert of(replace(record("ada", None), adjustments=(oral,))).scores == (6,)


def test_a_result_that_was_made_for_other_points_keeps_its_own() -> None:
    assert of(record("ada", 5, out_of=20)).out_of == 20
    assert of(record("ada", None, out_of=0)).out_of == 10


def test_without_a_bank_the_penalty_stands() -> None:
    late = record("ada", 9, late=3, penalty=4)
    assert of(late).scores == (5,)


def test_the_bank_stands_in_the_place_of_free_days() -> None:
    late = record("ada", 9, late=3, penalty=4)
    assert of(late, bank=5).scores == (3, 5, 7, 9)
    assert of(late, bank=1).scores == (3, 5)
    assert of(record("ada", 9), bank=5).scores == (9,)


def test_no_bank_prolongs_what_is_accepted() -> None:
    policy = LatePolicy(points=2, accepted_days=2)
    assert set(of(record("ada", 9, late=3, penalty=9), policy, 5).scores) == {0}


def test_a_hand_in_of_long_ago_makes_no_long_list() -> None:
    assert len(of(record("ada", 9, late=10**6, penalty=9), bank=3).scores) == 4


def test_points_by_hand_count_where_nothing_was_handed_in() -> None:
    given = Adjustment("", 3, "me", START, "an oral exam")
    oral = of(replace(record("ada", None), adjustments=(given,)))
    assert (oral.standing, oral.scores) == ("counts", (Fraction(3),))
