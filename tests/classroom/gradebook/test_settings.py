"""What a gradebook is of, as it is written and as it stays."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from grader.classroom.gradebook.late import LatePolicy
from grader.classroom.gradebook.reader import Gradebook, open_gradebook
from grader.classroom.gradebook.settings import (
    GradebookSettings,
    write_max_scores,
    write_settings,
)
from tests.gradebooks import NOON


def settings_of(gradebook: Gradebook) -> GradebookSettings:
    return GradebookSettings(
        gradebook.title, gradebook.exercises, gradebook.deadline, gradebook.policy
    )


def test_what_is_written_is_read_by_whoever_opens_it(gradebook: Gradebook, where: str) -> None:
    given = GradebookSettings("Lab 2", ("losses", "line_fit"), NOON, LatePolicy(points=5))
    write_settings(gradebook, given)
    assert settings_of(gradebook) == given
    with open_gradebook(where) as again:
        assert settings_of(again) == given


def test_what_is_not_given_stays_as_it_was(sqlite_gradebook: Gradebook) -> None:
    before = settings_of(sqlite_gradebook)
    write_settings(sqlite_gradebook, GradebookSettings())
    assert settings_of(sqlite_gradebook) == before
    later = NOON + timedelta(days=7)
    write_settings(sqlite_gradebook, GradebookSettings(deadline=later))
    assert settings_of(sqlite_gradebook) == GradebookSettings(
        before.title, before.exercises, later, before.policy
    )


def test_a_new_gradebook_is_empty_and_costs_nothing_for_late_days(tmp_path: Path) -> None:
    with open_gradebook(tmp_path / "grades.db", create=True) as opened:
        assert opened.new
        write_settings(opened, GradebookSettings(exercises=("losses",)))
        assert not opened.new
        assert settings_of(opened) == GradebookSettings("", ("losses",), None, LatePolicy())
        assert (opened.max_score, opened.max_scores_by, opened.has_roster) == (0, "", False)


def test_what_can_be_reached_is_by_the_checks_that_say_so(gradebook: Gradebook, where: str) -> None:
    write_max_scores(gradebook, {"my_linear": 12, "losses": 3}, "other checks")
    assert (gradebook.max_score, gradebook.max_scores_by) == (15, "other checks")
    with open_gradebook(where) as again:
        assert again.max_scores == {"my_linear": 12, "losses": 3}
        assert (again.max_score, again.max_scores_by) == (15, "other checks")
        assert again.record("bob").max_score == 15


def test_half_points_stay_until_an_assignment_says_otherwise(gradebook: Gradebook) -> None:
    assert not gradebook.half_points
    for given, expected in ((True, True), (None, True), (False, False)):
        write_settings(gradebook, GradebookSettings(half_points=given))
        assert gradebook.half_points is expected
