"""Days late, and what they cost."""

from __future__ import annotations

from datetime import timedelta

from grader.classroom.gradebook.late import LatePolicy, late_days
from tests.hand_ins import NOON


def test_days_late_and_what_they_cost() -> None:
    assert late_days(NOON, NOON) == late_days(None, NOON) == late_days(NOON, None) == 0
    assert late_days(NOON + timedelta(seconds=1), NOON) == 1
    assert late_days(NOON + timedelta(days=1), NOON) == 1
    assert late_days(NOON + timedelta(days=1, seconds=1), NOON) == 2
    policy = LatePolicy(points=2, free_days=1, accepted_days=3)
    assert [policy.penalty(days, 20, 30) for days in range(5)] == [0, 0, 2, 4, 20]
    assert LatePolicy(points=10, percent=True).penalty(1, 20, 25) == 2
    assert LatePolicy(points=50).penalty(3, 20, 30) == 20
    assert policy.closes(NOON) == NOON + timedelta(days=3)
    assert LatePolicy().closes(NOON) == NOON
