"""What a day late costs, and which moment is the last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from grader.classroom.gradebook.late import LatePolicy, late_days, late_note
from tests.gradebooks import NOON


@pytest.mark.parametrize(
    ("late", "days"),
    [
        (timedelta(0), 0),
        (timedelta(days=-3), 0),
        (timedelta(microseconds=1), 1),
        (timedelta(days=1), 1),
        (timedelta(days=1, seconds=1), 2),
    ],
)
def test_a_day_that_has_begun_is_a_whole_one(late: timedelta, days: int) -> None:
    assert late_days(NOON + late, NOON) == days


def test_what_is_not_known_is_not_late() -> None:
    assert late_days(None, NOON) == 0
    assert late_days(NOON, None) == 0


def test_the_zone_does_not_matter() -> None:
    seoul = timezone(timedelta(hours=9))
    assert late_days(datetime(2026, 11, 20, 21, tzinfo=seoul), NOON) == 0
    assert late_days(datetime(2026, 11, 20, 22, tzinfo=seoul), NOON) == 1


@pytest.mark.parametrize(
    ("policy", "days", "taken"),
    [
        (LatePolicy(), 5, 0),
        (LatePolicy(points=3), 2, 6),
        (LatePolicy(points=3), 9, 20),  # never more than was earned
        (LatePolicy(points=3, free_days=2), 2, 0),
        (LatePolicy(points=3, free_days=2), 3, 3),
        (LatePolicy(points=10, percent=True), 1, 3),  # of the 39 that could be reached, not of 20
        (LatePolicy(points=10, percent=True, free_days=1), 3, 7),
        (LatePolicy(accepted_days=2), 2, 0),
        (LatePolicy(accepted_days=2), 3, 20),
        (LatePolicy(points=3, free_days=5, accepted_days=2), 3, 20),
    ],
)
def test_what_is_taken(policy: LatePolicy, days: int, taken: int) -> None:
    assert policy.penalty(days, graded=20, max_score=39) == taken


def test_the_last_moment_at_which_a_commit_counts() -> None:
    assert LatePolicy(free_days=4).closes(NOON) == NOON
    assert LatePolicy(accepted_days=3).closes(NOON) == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert LatePolicy(accepted_days=3).closes(None) is None


def test_a_policy_comes_back_from_plain_data() -> None:
    policy = LatePolicy(points=5, percent=True, free_days=1, accepted_days=7)
    assert LatePolicy(**policy.to_dict()) == policy


def test_all_of_a_policy_together() -> None:
    policy = LatePolicy(points=2, free_days=1, accepted_days=3)
    assert [policy.penalty(days, 20, 30) for days in range(5)] == [0, 0, 2, 4, 20]
    assert LatePolicy(points=10, percent=True).penalty(1, 20, 25) == 2
    assert LatePolicy(points=50).penalty(3, 20, 30) == 20


def test_a_note_says_how_many_days() -> None:
    assert late_note(0) == ""
    assert late_note(1) == "Handed in 1 day after the deadline."
    assert late_note(3) == "Handed in 3 days after the deadline."
