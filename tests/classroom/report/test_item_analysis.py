"""How hard checks were and whether strong students pass them: by the textbooks' formulas."""

from __future__ import annotations

import numpy as np
import pytest

from grader.classroom.records import Enrolled, Record
from grader.classroom.report.item_analysis import (
    Discrimination,
    check_items,
    discrimination,
    distribution,
    exercise_items,
)
from tests.synthetic import made_class, not_graded, summed, with_statuses


def test_rates_count_those_who_tried() -> None:
    records = [
        with_statuses("passed", "failed"),
        with_statuses("passed", "timeout"),
        with_statuses("failed", "not_reached"),
        with_statuses("not_started", "skipped"),
        with_statuses("skipped", "not_started"),
        Record(Enrolled("absent"), None, 4),
    ]
    first, second = check_items(summed(records))
    assert (first.tried, first.passed) == (3, 2)
    assert (second.tried, second.passed) == (3, 0)
    assert first.rate == pytest.approx(2 / 3)


def test_discrimination_is_the_point_biserial_with_the_rest() -> None:
    """Against the textbook's formula (M1 − M0) / s · √(p q), worked out from the records themselves."""
    records = list(made_class(200, exercises=4))
    summary = summed(records)
    for number, item in enumerate(check_items(summary)):
        check = summary.checks[number]
        name = summary.exercises[check.exercise].name
        passed, rest = [], []
        for record in records:
            for exercise in record.report.exercises if record.report else ():
                for result in exercise.checks:
                    if (exercise.name, result.name) != (name, check.name):
                        continue
                    assert record.report
                    passed.append(result.status == "passed")
                    rest.append(record.report.score - result.score)
        assert item.tried == len(passed)
        assert item.passed == sum(passed)
        ones = np.array(passed)
        scores = np.array(rest, dtype=float)
        p = ones.mean()
        expected = (
            (scores[ones].mean() - scores[~ones].mean()) / scores.std() * np.sqrt(p * (1 - p))
        )
        assert item.discrimination
        assert item.discrimination.r == pytest.approx(expected)
        assert item.discrimination.low < expected < item.discrimination.high


def test_a_check_of_luck_does_not_discriminate_and_one_of_skill_does() -> None:
    summary = summed(list(made_class(400, exercises=6)))
    by_name: dict[str, list[float]] = {}
    for check, item in zip(summary.checks, check_items(summary), strict=True):
        assert item.discrimination
        by_name.setdefault(check.name, []).append(item.discrimination.r)
    assert max(by_name["empty"]) < 0.35 < 0.4 < min(by_name["backward"])
    assert all(
        item.discrimination and item.discrimination.word == "very good"
        for item in exercise_items(summary)
    )


def test_no_discrimination_from_too_few_or_from_all_the_same() -> None:
    ones, scores = np.ones(20), np.arange(20.0)
    assert discrimination(ones, scores) is None
    assert discrimination(scores, ones) is None
    assert discrimination(scores[:9], scores[:9]) is None
    exact = discrimination(scores, scores)
    assert exact
    assert exact.r == pytest.approx(1)
    assert exact.high <= 1


def test_interval_is_fishers() -> None:
    """r = 0.5 with n = 50: 0.257 to 0.684, as tables of Fisher's transformation have it."""
    a = np.array([1.0, -1.0] * 25)
    b = np.array([1.0, 1.0, -1.0, -1.0] * 12 + [1.0, 1.0])
    b -= a * (a @ b) / (a @ a)
    b -= b.mean()
    a -= a.mean()
    b *= np.linalg.norm(a) / np.linalg.norm(b)
    found = discrimination(a, 0.5 * a + np.sqrt(0.75) * b)
    assert found
    assert found.r == pytest.approx(0.5, abs=1e-3)
    assert found.low == pytest.approx(0.257, abs=2e-3)
    assert found.high == pytest.approx(0.684, abs=2e-3)


@pytest.mark.parametrize("size", [1, 2, 30, 200])
def test_bins_hold_every_score_once(size: int) -> None:
    summary = summed(list(made_class(size)))
    told = distribution(summary)
    scores = sorted(summary.scores())
    assert sum(height for _, _, height in told.bins) == told.graded == len(scores)
    for low, high, height in told.bins:
        assert height == sum(low <= score <= high for score in scores)
    assert len(told.bins) <= 20
    assert told.bins[0][0] == 0
    assert told.bins[-1][1] == 180
    assert (told.least, told.most) == (scores[0], scores[-1])
    assert told.quartiles == pytest.approx(np.quantile(scores, [0.25, 0.5, 0.75]))


@pytest.mark.parametrize(
    ("r", "word"),
    [(-0.01, "negative"), (0.0, "poor"), (0.19, "poor"), (0.2, "fair"), (0.4, "very good")],
)
def test_what_a_discrimination_is_called(r: float, word: str) -> None:
    assert Discrimination(r, -1, 1).word == word


def test_exercises_count_the_mean_share_of_their_points() -> None:
    records = [
        with_statuses("passed", "failed"),
        with_statuses("passed", "passed"),
        with_statuses("failed", "failed"),
        Record(Enrolled("absent"), None, 4),
    ]
    [item] = exercise_items(summed(records))
    assert (item.tried, item.passed) == (3, 1)
    assert item.mean == pytest.approx((2 + 4 + 0) / 3 / 4)
    assert item.rate == pytest.approx(1 / 3)


def test_nobody_tried() -> None:
    summary = summed([with_statuses("skipped", "skipped")])
    assert [(item.tried, item.rate, item.mean) for item in check_items(summary)] == [
        (0, None, None)
    ] * 2


def test_a_class_of_one_has_no_deviation() -> None:
    alone = distribution(
        summed([with_statuses("passed", "failed"), Record(Enrolled("b"), None, 4)])
    )
    assert (alone.students, alone.graded, alone.mean, alone.deviation) == (2, 1, 2.0, 0.0)
    nobody = distribution(summed([Record(Enrolled("b"), None, 4)]))
    assert (nobody.students, nobody.graded, nobody.bins) == (1, 0, ())
    two = distribution(
        summed([with_statuses("passed", "failed"), with_statuses("passed", "passed")])
    )
    assert two.deviation == pytest.approx(np.std([2, 4], ddof=1))


def test_what_is_not_graded_is_in_no_number() -> None:
    records = [with_statuses("passed", "failed", who=f"s{n}") for n in range(6)]
    records += [with_statuses("passed", "passed", who=f"t{n}") for n in range(6)]
    without, with_them = summed(records), summed([*records, not_graded("eve"), not_graded("bob")])
    assert check_items(with_them) == check_items(without)
    assert exercise_items(with_them) == exercise_items(without)
    told, before = distribution(with_them), distribution(without)
    assert (told.students, told.graded) == (14, 12)
    assert (told.mean, told.quartiles, told.bins) == (before.mean, before.quartiles, before.bins)
