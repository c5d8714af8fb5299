"""Of checks that are kept back, a student gets the points and nothing else."""

from __future__ import annotations

from dataclasses import replace

from grader.classroom.records import Comment, Record
from grader.classroom.report.for_student import (
    shown_comments,
    shown_exercises,
    with_kept_back,
)
from grader.report import CheckResult, ExerciseResult, Report, Violation
from tests.synthetic import HERE, START, with_statuses


def record_of(exercise: ExerciseResult, *hidden: str) -> Record:
    record = with_statuses("passed")
    kept_back = {exercise.name: frozenset(hidden)} if hidden else {}
    return replace(record, report=Report("a", (exercise,), HERE), kept_back=kept_back)


def failed(name: str, **fields: str) -> CheckResult:
    return CheckResult(name, f"{name} is right", "failed", 3, 0, **fields)  # type: ignore[arg-type]


def test_nothing_is_kept_back() -> None:
    record = with_statuses("passed", "failed")
    assert record.report
    [shown] = shown_exercises(record)
    assert (shown.result, shown.hidden_points) == (record.report.exercises[0], 0)


def test_a_check_that_is_kept_back_leaves_its_points_alone() -> None:
    checks = (CheckResult("seen", "is right", "passed", 2, 2), failed("secret", message="SECRET"))
    whole = ExerciseResult("one", "One", 2, 5, "partial", checks=checks)
    [shown] = shown_exercises(record_of(whole, "secret"))
    assert [check.name for check in shown.result.checks] == ["seen"]
    assert (shown.hidden_score, shown.hidden_points) == (0, 3)
    assert (shown.result.score, shown.result.max_score) == (2, 5)
    assert "SECRET" not in repr(shown)


def test_a_mistake_that_only_a_hidden_check_told_is_told_by_the_next() -> None:
    checks = (
        failed("secret", message="m"),
        failed("first", message="m", same_as="secret"),
        failed("second", message="m", same_as="secret"),
        failed("other", message="n"),
        failed("third", message="n", same_as="other"),
    )
    whole = ExerciseResult("one", "One", 0, 15, "failed", checks=checks)
    [shown] = shown_exercises(record_of(whole, "secret"))
    assert [(check.name, check.same_as) for check in shown.result.checks] == [
        ("first", ""),
        ("second", "first"),
        ("other", ""),
        ("third", "other"),
    ]


def test_a_rule_that_cost_hidden_points_alone_is_not_told() -> None:
    rules = (
        Violation(3, "by hand", "SECRET", ("secret",)),
        Violation(4, "by hand", "seen", ("seen", "secret")),
    )
    checks = (failed("seen"), failed("secret"))
    whole = ExerciseResult("one", "One", 0, 6, "failed", violations=rules, checks=checks)
    [shown] = shown_exercises(record_of(whole, "secret"))
    assert [(each.message, each.checks) for each in shown.result.violations] == [
        ("seen", ("seen",))
    ]


def test_why_a_check_failed_itself_may_be_about_one_that_is_kept_back() -> None:
    fault = ExerciseResult("one", "One", 0, 6, "fault", "SECRET", traceback="SECRET")
    [shown] = shown_exercises(record_of(fault, "secret"))
    assert "SECRET" not in repr(shown)
    assert shown.result.is_fault


def test_what_is_for_instructors_is_left_out() -> None:
    whole = ExerciseResult("one", "One", 0, 6, "failed", remarks=("line 3",), traceback="x")
    [shown] = shown_exercises(record_of(whole))
    assert (shown.result.remarks, shown.result.traceback) == ((), "")


def test_who_has_no_result_has_no_exercise() -> None:
    assert shown_exercises(replace(with_statuses("passed"), report=None)) == []


def test_further_checks_are_kept_back_too() -> None:
    record = record_of(ExerciseResult("one", "One", 0, 0, "failed"), "a")
    more = {"one": frozenset({"b"}), "two": frozenset({"c"})}
    assert with_kept_back(record, more).kept_back == {
        "one": frozenset({"a", "b"}),
        "two": frozenset({"c"}),
    }
    assert with_kept_back(record, {}).kept_back == record.kept_back


def test_comments_for_colleagues_are_not_the_students() -> None:
    def said(number: int, exercise: str, **fields: object) -> Comment:
        return Comment(number, exercise, "", None, "text", "me", START, **fields)  # type: ignore[arg-type]

    several = (
        said(1, ""),
        said(2, "one"),
        said(3, "one", for_colleagues=True),
        said(4, "one", answers=3),
    )
    record = replace(with_statuses("passed"), comments=several)
    assert [each.number for each in shown_comments(record)] == [1]
    assert [each.number for each in shown_comments(record, "one")] == [2]
