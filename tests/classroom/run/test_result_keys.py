"""What a result follows from has a part in its key, and what a check is worth has none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from grader.classroom.run.result_keys import (
    exercise_digests,
    own_points,
    report_of,
    result_key,
    with_own_points,
    without_assignment,
)
from grader.course.assignment_file import read_assignment
from grader.course.catalog import Course, load_course
from grader.report import CheckResult, Environment, ExerciseResult, Report, Violation
from grader.submission import Source
from tests.synthetic_course import CHECKS, make_course

HERE = Environment("3.11", "2.13", ("cpu",), ("limits",))
SECOND = '''

@points(5)
def test_zero(student: Student, draw: Draw) -> None:
    """`double(0)` is 0."""
    expect_close(student.run(apply, x=draw.normal(3) * 0), draw.normal(3) * 0, "double(0)")
'''


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """One exercise, with two checks of ten and five points."""
    course = load_course(make_course(tmp_path / "course"))
    course["double"].checks.write_text(CHECKS + SECOND, encoding="utf-8")
    return course


def digest(course: Course) -> str:
    return exercise_digests(course, ("double",))["double"]


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("name", ["checks", "stub", "solution"])
def test_each_file_of_an_exercise_counts(course: Course, name: str) -> None:
    before = digest(course)
    assert digest(course) == before
    path = getattr(course["double"], name)
    path.write_text(path.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    assert digest(course) != before
    path.unlink()
    assert digest(course) != before


def test_points_do_not_count_and_are_read_instead(course: Course) -> None:
    before, path = digest(course), course["double"].checks
    assert own_points(course["double"]) == {"double": 10, "zero": 5}
    change(path, "@points(10)", "@points(7)")
    assert (digest(course), own_points(course["double"])) == (before, {"double": 7, "zero": 5})
    # a number anywhere else does
    change(path, "draw.normal(3)", "draw.normal(4)")
    assert digest(course) != before


def test_points_that_are_not_written_out_count(course: Course) -> None:
    path = course["double"].checks
    change(path, "@points(10)", "@points(5 * 2)")
    before = digest(course)
    assert own_points(course["double"]) is None
    change(path, "@points(5 * 2)", "@points(5 * 3)")
    assert digest(course) != before


def test_of_an_assignment_count_the_checks_that_run(course: Course, tmp_path: Path) -> None:
    file = tmp_path / "assignment.toml"

    def assigned(text: str) -> str:
        file.write_text(f'title = "t"\n[[exercise]]\nname = "double"\n{text}')
        found = read_assignment(file).on(course, instructor=True)
        return exercise_digests(found.course, ("double",), found)["double"]

    # all of them, whatever they are worth and whoever sees them, are as without an assignment
    assert assigned("") == assigned("points = 40") == digest(course)
    assert assigned('visibility = { zero = "instructor" }') == digest(course)
    one = assigned("checks = { double = 3 }")
    assert one == assigned("checks = { double = 4 }") != digest(course)
    mine = tmp_path / "mine" / "double.py"
    mine.parent.mkdir()
    mine.write_text(CHECKS.replace("test_double", "test_more"), encoding="utf-8")
    more = assigned('instructor_checks = "mine/double.py"')
    assert more not in (one, digest(course))
    change(mine, "@points(10)", "@points(1)")
    assert assigned('instructor_checks = "mine/double.py"') == more
    change(mine, "draw.normal(3)", "draw.normal(2)")
    assert assigned('instructor_checks = "mine/double.py"') != more


def test_all_that_a_student_may_be_told_of_is_in_the_key() -> None:
    source = Source.of_text("a.py", "x = 1")
    sources = [
        None,
        source,
        Source.of_text("b.py", "x = 1"),
        Source.of_text("a.py", "x = 2"),
        replace(source, notes=("It was found.",)),
        replace(source, notebook=True),
        replace(source, session=True),
        replace(source, problem="It is no text."),
    ]
    keys = [result_key("one", each, "checks", {"seed": 1}) for each in sources]
    assert len(set(keys)) == len(sources)
    assert result_key("one", Source.of_text("a.py", "x = 1"), "checks", {"seed": 1}) == keys[1]
    others = [("two", "checks", 1), ("one", "other", 1), ("one", "checks", 2)]
    for name, checks, seed in others:
        assert result_key(name, source, checks, {"seed": seed}) not in keys


def result(*statuses: str, points: int = 2) -> ExerciseResult:
    checks = tuple(
        CheckResult(f"c{at}", "", status, points, points * (status == "passed"))  # type: ignore[arg-type]
        for at, status in enumerate(statuses)
    )
    score, most = sum(each.score for each in checks), points * len(checks)
    status = "passed" if score == most else "partial" if score else "failed"
    return ExerciseResult("one", "One", score, most, status, checks=checks)  # type: ignore[arg-type]


def test_points_are_given_anew_for_how_each_check_ended() -> None:
    mixed = result("passed", "failed", "passed")
    again = with_own_points(mixed, {"c0": 7, "c1": 5, "c2": 0})
    assert [(each.score, each.points) for each in again.checks] == [(7, 7), (0, 5), (0, 0)]
    assert (again.score, again.max_score, again.status) == (7, 12, "partial")
    assert with_own_points(again, {"c0": 2, "c1": 2, "c2": 2}) == mixed
    # what passed and is worth nothing now makes no part of the points
    nothing = with_own_points(mixed, {"c0": 0, "c1": 5, "c2": 0})
    assert (nothing.score, nothing.status, nothing.message) == (0, "failed", "")
    assert with_own_points(nothing, {"c0": 2, "c1": 2, "c2": 2}) == mixed
    broken = replace(mixed, violations=(Violation(1, "by hand", "It is not allowed.", ("c1",)),))
    told = with_own_points(broken, {"c0": 0, "c1": 5, "c2": 0}).message
    assert told == "No points: It is not allowed."
    for status in ("error", "not_attempted", "missing", "passed"):
        kept = replace(mixed, status=status, message="m")
        changed = with_own_points(kept, {"c0": 0, "c1": 5, "c2": 0})
        assert (changed.status, changed.message) == (status, "m")


@pytest.mark.parametrize("points", [None, {"c0": 1}])
def test_where_points_are_not_known_a_result_stays_as_it_is(points: dict[str, int] | None) -> None:
    mixed = result("passed", "failed")
    assert with_own_points(mixed, points) == mixed


def test_a_report_is_put_together_and_given_the_assignments_points(
    course: Course, tmp_path: Path
) -> None:
    file = tmp_path / "assignment.toml"
    file.write_text('title = "t"\n[[exercise]]\nname = "double"\npoints = 30\n')
    assigned = read_assignment(file).on(course, instructor=True)
    checks = tuple(
        CheckResult(name, "", "passed", points, points)
        for name, points in (("double", 10), ("zero", 5))
    )
    alone = Report("", (ExerciseResult("double", "", 15, 15, "passed", checks=checks),), HERE)
    own = {"double": own_points(course["double"])}
    plain = report_of("ada", {"double": alone}, own, None)
    assert (plain.submission, plain.score, plain.environment) == ("ada", 15, HERE)
    given = report_of("ada", {"double": alone}, own, assigned)
    assert [each.score for each in given.checks] == [20, 10]
    # what comes from a worker has these points already, and is kept with its own
    assert without_assignment(given, own) == plain
    assert report_of("ada", {"double": given}, own, assigned) == given
