"""Totals: known ones, and what holds of every one."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.classroom.gradebook.late import LatePolicy
from grader.classroom.totals.assignment_marks import BookMarks, Standing
from grader.classroom.totals.scheme import Scheme
from grader.classroom.totals.total import StudentTotal, explained, totals_of
from tests.classes_of_marks import book, late_mark, mark

EXACT = Scheme(decimals=6)
TWO_A_DAY = LatePolicy(points=2)


def total(scheme: Scheme, *books: BookMarks) -> StudentTotal:
    [found] = totals_of(scheme, books)
    return found


def uses(found: StudentTotal) -> list[str]:
    return [line.use for line in found.lines]


def waiting(name: str, standing: Standing, **more: Any) -> BookMarks:
    return book(name, replace(mark(0), standing=standing), **more)


def test_a_total_is_the_weighted_mean_of_shares() -> None:
    found = total(Scheme(), book("Lab 1", mark(10), 2), book("Lab 2", mark(5, 20)))
    assert found.total == Fraction(750, 10)  # 100 · (2·1 + 1·¼) / 3
    assert list(explained(Scheme(), found)) == ["Total: 100 × (2 × 10/10 + 1 × 5/20) / 3 = 75.0."]


def test_the_lowest_share_is_dropped_and_not_the_fewest_points() -> None:
    books = [book("Lab 1", mark(4, 4)), book("Lab 2", mark(5, 10)), book("Lab 3", mark(9, 10))]
    found = total(Scheme(drop_lowest=1), *books)
    assert uses(found) == ["counts", "dropped", "counts"]
    assert found.total == 95
    assert "Lab 2 is dropped, as the lowest: 5 of 10." in list(explained(Scheme(), found))


def test_of_equal_shares_the_weightiest_is_dropped() -> None:
    books = [book("a", mark(5), 1), book("b", mark(5), 3), book("c", mark(10), 1)]
    found = total(Scheme(drop_lowest=1), *books)
    assert uses(found) == ["counts", "dropped", "counts"]
    assert found.total == 75


def test_one_assignment_remains() -> None:
    books = [book("a", mark(5)), book("b", mark(6)), waiting("c", "excused")]
    assert uses(total(Scheme(drop_lowest=2), *books)) == ["dropped", "counts", "excused"]


def test_an_exam_is_not_dropped_and_no_loss_lowers_a_total() -> None:
    exam = book("Exam", mark(1), may_be_dropped=False)
    found = total(Scheme(drop_lowest=1), book("Lab", mark(9)), exam)
    assert uses(found) == ["counts", "counts"]
    assert found.total == 50


def test_what_was_not_handed_in_counts_as_the_scheme_says() -> None:
    books = [book("a", mark(8)), waiting("b", "not handed in")]
    assert total(Scheme(), *books).total == 40
    assert total(Scheme(not_handed_in="left out"), *books).total == 80
    assert "b counts 0: nothing was handed in." in list(
        explained(Scheme(), total(Scheme(), *books))
    )


@pytest.mark.parametrize("standing", ["not graded", "not due yet"])
def test_what_waits_makes_a_total_not_final(standing: Standing) -> None:
    found = total(Scheme(letters={"F": Fraction(0)}), book("a", mark(8)), waiting("b", standing))
    assert (found.total, found.letter) == (None, "")
    assert found.so_far == 80
    assert found.waits == (f"b is {standing}.",)
    assert next(explained(Scheme(), found)) == "So far: 100 × (1 × 8/10) / 1 = 80.0."


def test_who_is_missing_in_a_roster_waits() -> None:
    found = total(Scheme(), book("a", mark(8)), book("b", {}))
    assert found.total is None
    assert found.waits == ("b does not have ada on its roster: enrol or excuse them there.",)
    unlisted = total(Scheme(), book("a", mark(8)), book("b", {}, has_roster=False))
    assert unlisted.total == 40  # without a roster, who handed in nothing stands nowhere


def test_who_is_excused_from_all_has_no_total() -> None:
    found = total(Scheme(), waiting("a", "excused"))
    assert (found.total, found.so_far) == (None, None)
    assert found.waits == ("There is no assignment that counts.",)


def test_who_may_be_somebody_else_has_no_total() -> None:
    one = replace(mark(8), student=replace(mark(8).student, email="a@x.org"))
    books = [
        book("Lab 1", {"ada": one}, has_roster=False),
        book("Lab 2", {"7": replace(one, student=replace(one.student, id="7"))}, has_roster=False),
    ]
    found = totals_of(Scheme(), books)
    assert [(each.total, each.so_far, len(each.waits)) for each in found] == [(None, None, 1)] * 2


def test_the_bank_pays_in_the_order_of_deadlines() -> None:
    """Three days: two for the first deadline, one of two for the second; the other costs two points."""
    scheme = Scheme(late_days=3)
    second = book("Lab 2", late_mark(10, 2, TWO_A_DAY, 2, 3), week=2)
    first = book("Lab 1", late_mark(10, 2, TWO_A_DAY, 1, 3), week=1)
    found = total(scheme, second, first)
    assert [line.points for line in found.lines] == [8, 10]
    assert [(line.from_bank, line.left) for line in found.lines] == [(1, 0), (2, 1)]
    told = list(explained(scheme, found))
    assert "Lab 1: 2 days late, 2 from the bank, which has 1 left." in told
    assert "Lab 2: 2 days late, 1 from the bank, which has 0 left; that costs 2 points." in told


def test_what_being_late_costs_is_told_without_a_bank() -> None:
    found = total(Scheme(), book("Lab 1", late_mark(10, 1, LatePolicy(points=1))))
    assert "Lab 1: 1 day late; that costs 1 point." in list(explained(Scheme(), found))


def test_one_assignment_takes_no_more_days_than_it_may() -> None:
    found = total(
        Scheme(late_days=5, late_days_each=1), book("a", late_mark(10, 3, TWO_A_DAY, 0, 5))
    )
    assert (found.lines[0].from_bank, found.lines[0].left) == (1, 4)
    assert found.lines[0].points == 6


@pytest.mark.parametrize(
    ("score", "late", "policy"),
    [
        (0, 2, TWO_A_DAY),  # nothing to save
        (10, 2, LatePolicy()),  # days late cost nothing
        (10, 4, LatePolicy(points=2, accepted_days=3)),  # not accepted any more
        (1, 5, TWO_A_DAY),  # four days save nothing, and there are no more
    ],
)
def test_a_day_that_saves_nothing_is_not_taken(score: int, late: int, policy: LatePolicy) -> None:
    found = total(Scheme(late_days=4), book("a", late_mark(score, late, policy, 0, 4)))
    assert (found.lines[0].from_bank, found.lines[0].left) == (0, 4)


def test_points_by_hand_may_go_above_what_can_be_reached() -> None:
    assert total(Scheme(), book("a", mark(12))).total == 120


# what holds of every course

quick = settings(max_examples=30, deadline=None)

drawn_scores = st.fractions(0, 12, max_denominator=2)


@st.composite
def courses(draw: st.DrawFn) -> list[BookMarks]:
    """Up to six assignments of one student, of any standing, some late, in any order."""
    books = []
    for place in range(draw(st.integers(1, 6))):
        week, weight = draw(st.integers(0, 3)), draw(st.integers(1, 5))
        policy = LatePolicy(
            points=draw(st.integers(0, 5)),
            percent=draw(st.booleans()),
            free_days=draw(st.integers(0, 2)),
            accepted_days=draw(st.none() | st.integers(0, 3)),
        )
        made = late_mark(draw(st.integers(0, 10)), draw(st.integers(0, 4)), policy, week, 4)
        standing: Standing = draw(
            st.sampled_from(["counts", "counts", "counts", "excused", "not handed in"])
        )
        made = replace(made, standing=standing)
        if standing != "counts":
            made = replace(made, scores=(Fraction(0),), late_days=0)
        books.append(book(f"Lab {place}", made, weight, week, may_be_dropped=draw(st.booleans())))
    return books


schemes = st.builds(
    Scheme,
    drop_lowest=st.integers(0, 3),
    late_days=st.just(4),
    late_days_each=st.none() | st.integers(0, 3),
    not_handed_in=st.sampled_from(["zero", "left out"]),
    decimals=st.just(6),
)


def shown(found: StudentTotal) -> dict[str, object]:
    lines = {
        line.book.name: (line.use, line.points, line.from_bank, line.left) for line in found.lines
    }
    return {"total": found.total, "lines": lines}


@quick
@given(courses(), schemes, st.randoms())
def test_the_order_of_gradebooks_changes_nothing(books: Any, scheme: Scheme, random: Any) -> None:
    shuffled = random.sample(books, len(books))
    assert shown(total(scheme, *books)) == shown(total(scheme, *shuffled))


@quick
@given(courses(), schemes, st.fractions(Fraction(1, 10), 10))
def test_weights_count_by_their_ratio(books: Any, scheme: Scheme, factor: Fraction) -> None:
    scaled = [replace(each, weight=each.weight * factor) for each in books]
    assert shown(total(scheme, *books)) == shown(total(scheme, *scaled))


@quick
@given(courses(), schemes)
def test_dropping_more_never_lowers_a_total(books: Any, scheme: Scheme) -> None:
    less, more = (
        total(replace(scheme, drop_lowest=number), *books).total
        for number in (scheme.drop_lowest, scheme.drop_lowest + 1)
    )
    assert (less is None) == (more is None)
    assert less is None or more is None or more >= less


@quick
@given(courses(), schemes, st.integers(1, 5), st.integers(0, 3))
def test_an_excuse_is_neutral(books: Any, scheme: Scheme, weight: int, week: int) -> None:
    without = total(scheme, *books)
    excused = waiting("Excused", "excused", weight=weight, week=week)
    assert total(scheme, excused, *books).total == without.total


@quick
@given(courses(), schemes, st.integers(0, 4))
def test_the_bank_costs_nobody_points_and_is_never_overdrawn(
    books: Any, scheme: Scheme, days: int
) -> None:
    without = total(replace(scheme, late_days=0), *books)
    paid = total(replace(scheme, late_days=days), *books)
    for before, after in zip(without.lines, paid.lines, strict=True):
        assert (after.points or 0) >= (before.points or 0)
        assert after.left is not None
        assert after.left >= 0
        assert (after.points == before.points) == (after.from_bank == 0)
    assert sum(line.from_bank for line in paid.lines) <= days


@quick
@given(courses(), schemes)
def test_a_total_is_within_the_shares_that_count(books: Any, scheme: Scheme) -> None:
    found = total(scheme, *books)
    shares = [line.share for line in found.lines if line.use == "counts"]
    if found.total is not None:
        step = Fraction(1, 10**scheme.decimals)
        assert 100 * min(shares) - step <= found.total <= 100 * max(shares) + step
        assert all(isinstance(sentence, str) for sentence in explained(scheme, found))
