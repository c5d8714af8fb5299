"""How hard checks were and whether strong students pass them: by the textbooks' formulas."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grader.classroom.records import Enrolled, Record
from grader.classroom.report.item_analysis import (
    Discrimination,
    check_items,
    discrimination,
    distribution,
    doubts,
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
    assert (second.tried, second.passed) == (2, 0)
    assert first.rate == pytest.approx(2 / 3)


@pytest.mark.parametrize("status", ["not_attempted", "missing"])
def test_who_wrote_nothing_has_tried_no_check(status: str) -> None:
    """Whatever came of the checks: one may be skipped on this machine, one may wait for another."""
    record = with_statuses("failed", "not_reached", "passed")
    assert record.report
    stub = replace(record.report.exercises[0], status=status)  # type: ignore[arg-type]
    untouched = replace(record, report=replace(record.report, exercises=(stub,)))
    summary = summed([untouched, with_statuses("passed", "passed", "passed")])
    assert [(item.tried, item.passed) for item in check_items(summary)] == [(1, 1)] * 3
    assert exercise_items(summary)[0].tried == 1


def test_a_file_that_cannot_be_loaded_is_tried_and_its_checks_are_not() -> None:
    record = with_statuses("not_reached", "not_reached")
    assert record.report
    broken = replace(record.report.exercises[0], status="error")
    summary = summed([replace(record, report=replace(record.report, exercises=(broken,)))])
    assert [item.tried for item in check_items(summary)] == [0, 0]
    assert exercise_items(summary)[0].tried == 1


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
                    if result.status == "not_reached":
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


def judged(passed: int, failed: int) -> str:
    """What is said of a check that the strongest pass, in a class of so many."""
    ones = np.array([1.0] * passed + [0.0] * failed)
    found = discrimination(ones, np.arange(float(passed + failed))[::-1])
    assert found
    return found.verdict


def test_a_discrimination_is_judged_only_where_it_means_something() -> None:
    """From twenty students on, of whom at least five are apart from the rest."""
    assert judged(10, 10) == "very good"
    assert judged(5, 15) == "very good"
    assert judged(10, 9) == ""
    assert judged(4, 30) == ""
    assert judged(30, 4) == ""


@pytest.mark.parametrize(
    ("r", "low", "high", "verdict"),
    [
        (-0.5, -0.7, -0.1, "negative"),
        (-0.2, -0.5, 0.1, "poor"),
        (0.1, -0.2, 0.3, ""),
        (0.45, 0.1, 0.7, ""),
        (0.45, 0.2, 0.7, "very good"),
        (0.35, 0.25, 0.4, ""),
    ],
)
def test_the_whole_interval_has_to_say_so(r: float, low: float, high: float, verdict: str) -> None:
    assert Discrimination(r, low, high, is_spread=True).verdict == verdict
    assert Discrimination(r, low, high).verdict == ""


def doubted(*records: Record) -> list[tuple[str, str]]:
    summary = summed(records)
    return [(doubt.check, doubt.kind) for doubt in doubts(summary, check_items(summary))]


def test_a_check_that_nobody_or_everybody_passes_is_to_doubt() -> None:
    three = [with_statuses("passed", "failed", who=f"s{n}") for n in range(3)]
    assert doubted(*three) == [("check1", "nobody passed"), ("check0", "everybody passed")]
    assert doubted(*three, with_statuses("failed", "passed")) == []
    assert doubted(*three[:2]) == []
    # those who wrote nothing do not make it more
    assert doubted(*three[:2], with_statuses("not_started", "not_reached")) == []


def test_a_check_that_ran_for_nobody_is_to_doubt() -> None:
    several = [with_statuses("passed", "skipped", who=f"s{n}") for n in range(2)]
    apart = with_statuses("failed", "not_reached")
    assert doubted(*several, apart) == [("check1", "nobody ran")]


def test_a_check_that_failed_itself_is_to_doubt_first() -> None:
    three = [with_statuses("passed", "failed", who=f"s{n}") for n in range(3)]
    fault = not_graded("eve", "The check test_check0 of one failed: NameError: x")
    found = doubts(summed([*three, fault]), check_items(summed([*three, fault])))
    assert (found[0].check, found[0].kind, found[0].number) == ("check0", "fault", 0)
    assert found[0].text == "It failed itself, for 1 student."
    unknown = not_graded("eve", "The check test_new of other failed: NameError: x")
    assert doubted(unknown) == [("new", "fault")]


def test_a_check_that_the_strong_fail_is_to_doubt() -> None:
    weak = [with_statuses("passed", *["failed"] * 4, who=f"w{n}") for n in range(10)]
    strong = [with_statuses("failed", *["passed"] * 4, who=f"s{n}") for n in range(10)]
    assert doubted(*weak, *strong) == [("check0", "negative")]


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
