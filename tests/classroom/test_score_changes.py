"""Who has other points in a second grading, student by student and check by check."""

from __future__ import annotations

from dataclasses import replace

from grader.classroom.records import Adjustment, Enrolled, Record
from grader.classroom.score_changes import (
    CheckStanding,
    ClassChanges,
    ScoreStanding,
    changes_between,
)
from tests.gradebooks import report
from tests.synthetic import START, made_class, not_graded, with_statuses


def between(before: list[Record], after: list[Record]) -> ClassChanges:
    return changes_between({each.student.id: ScoreStanding.of(each) for each in before}, after)


def test_the_same_class_has_no_changes() -> None:
    records = [*made_class(40, exercises=3), not_graded("zoe")]
    changes = between(records, records)
    assert (changes.students, changes.size) == ((), 41)
    assert changes.before == changes.after
    assert changes.to_dict()["unchanged"] == 41


def test_each_check_that_ends_otherwise_is_told_with_its_points() -> None:
    before = [with_statuses("passed", "failed", "failed"), with_statuses("failed", who="b")]
    after = [with_statuses("failed", "passed", "passed"), with_statuses("failed", who="b")]
    changes = between(before, after)
    [ada] = changes.students
    assert (ada.points, ada.changes_score) == (2, True)
    assert [(each.check, each.points) for each in ada.checks] == [
        ("check0", -2),
        ("check1", 2),
        ("check2", 2),
    ]
    assert ada.checks[0].after == CheckStanding("failed", 0, 2)
    assert [len(several) for several in changes.by_check().values()] == [1, 1, 1]
    assert (len(changes.gain), len(changes.lose)) == (1, 0)
    assert (changes.before, changes.after) == (1, 2)
    assert changes.rows()[1:] == [
        ("a", "", "", "", 2, 4, 2, "graded", "graded"),
        ("a", "", "one", "check0", 2, 0, -2, "passed", "failed"),
        ("a", "", "one", "check1", 0, 2, 2, "failed", "passed"),
        ("a", "", "one", "check2", 0, 2, 2, "failed", "passed"),
    ]


def test_a_check_can_change_without_the_score_and_the_score_without_a_check() -> None:
    passed = with_statuses("failed", "passed")
    other = between([passed], [with_statuses("passed", "failed")])
    assert [(each.points, each.changes_score) for each in other.students] == [(0, False)]
    assert len(other.students[0].checks) == 2
    late = replace(passed, penalty=1, late_days=1)
    [student] = between([passed], [late]).students
    assert (student.points, student.checks, student.changes_score) == (-1, (), True)


def test_a_check_that_is_new_or_gone_counts_from_nothing() -> None:
    [student] = between([with_statuses("passed")], [with_statuses("passed", "passed")]).students
    [check] = student.checks
    assert (check.before, check.points) == (None, 2)
    [student] = between([with_statuses("passed", "passed")], [with_statuses("passed")]).students
    [check] = student.checks
    assert (check.after, check.points) == (None, -2)


def test_who_is_not_graded_gains_and_loses_nothing() -> None:
    graded, waiting = with_statuses("passed", who="zoe"), not_graded("zoe")
    for before, after in ((graded, waiting), (waiting, graded)):
        changes = between([before], [after])
        [student] = changes.students
        assert (student.points, student.changes_score) == (None, True)
        assert changes.gain == changes.lose == []
        assert changes.by_check() == {}
        assert {changes.before, changes.after} == {2, None}


def test_who_is_new_and_who_is_gone_are_told() -> None:
    changes = between([with_statuses("passed")], [with_statuses("passed", who="b")])
    new, gone = changes.students
    assert (new.id, new.before, gone.id, gone.after) == ("b", None, "a", None)
    assert changes.size == 1
    data = changes.to_dict()
    assert data["unchanged"] == 0
    assert [each["before"] and each["before"]["score"] for each in data["students"]] == [None, 2]


def test_points_by_hand_count_on_both_sides() -> None:
    given = (Adjustment("", 3, "me", START, "kind"),)
    before, after = with_statuses("failed"), with_statuses("passed")
    [student] = between(
        [replace(before, adjustments=given)], [replace(after, adjustments=given)]
    ).students
    assert student.before
    assert student.after
    assert (student.before.score, student.after.score, student.points) == (3, 5, 2)


def test_who_has_no_score_has_none_of_other_points_either() -> None:
    before = [Record(Enrolled("ada"), None, 10), Record(Enrolled("bob"), report(5), 10)]
    after = [replace(before[0], max_score=20), replace(before[1], max_score=20)]
    changed = {each.id: each.changes_score for each in between(before, after).students}
    assert not changed.get("ada", False)
    assert changed["bob"]
