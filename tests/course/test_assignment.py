"""An assignment laid on a course: whole points from any number, and checks that are kept back."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import grade
from grader.course.assignment import AssignedCourse, AssignedExercise, share
from grader.course.assignment_file import read_assignment
from grader.course.catalog import Course
from grader.course.python_files import points_in
from grader.errors import AssignmentError, CourseError
from grader.grading import grade as grade_assigned
from grader.machines import Machines
from grader.outputs import github, json, terminal, wording
from grader.report import Report, Violation
from tests.assignments import EXERCISE, HIDDEN, read
from tests.conftest import ROOT
from tests.hostile import plain_report, with_violation


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (10, [2, 1, 1, 2, 1, 1, 1, 1], [2, 1, 1, 2, 1, 1, 1, 1]),
        (20, [3, 3, 1], [9, 8, 3]),  # quotas 8.57, 8.57, 2.86
        (10, [1, 1, 1], [4, 3, 3]),  # among equals, the first
        (2, [1, 1, 1], [1, 1, 0]),
        (7, [0, 5], [0, 7]),
    ],
)
def test_points_are_shared_by_the_largest_remainder(
    total: int, weights: list[int], parts: list[int]
) -> None:
    assert share(total, weights) == parts


@settings(deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(0, 50), min_size=1, max_size=30))
def test_shares_are_whole_fair_and_complete(total: int, weights: list[int]) -> None:
    if not sum(weights):
        with pytest.raises(ValueError, match="nothing to share"):
            share(total, weights)
        return
    parts = share(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1


@pytest.mark.parametrize(
    ("text", "instructor", "told"),
    [
        ('[[exercise]]\nname = "nothing"\n', False, "the exercise 'nothing', which this course"),
        (EXERCISE + 'visibility = { nothing = "instructor" }\n', False, "the check 'nothing'"),
        (EXERCISE + "checks = { nothing = 1 }\n", False, "It has parameters, sizes"),
        (EXERCISE + "held_back = 3\n", True, "is the students' copy"),
    ],
)
def test_an_assignment_must_fit_its_course(
    course: Course, tmp_path: Path, text: str, instructor: bool, told: str
) -> None:
    with pytest.raises(AssignmentError) as caught:
        read(tmp_path, text).on(course, instructor)
    assert told in str(caught.value)


def test_a_check_of_the_same_name_in_two_files(course: Course, tmp_path: Path) -> None:
    (tmp_path / "my_linear.py").write_text(HIDDEN.replace("test_with_ones", "test_forward"))
    given = read(tmp_path, EXERCISE + 'instructor_checks = "my_linear.py"\n')
    with pytest.raises(AssignmentError, match="has a check 'forward', and so has"):
        given.on(course)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An assignment that keeps back one check of the grader's own and a file of others."""
    folder = tmp_path_factory.mktemp("assignment")
    (folder / "hidden").mkdir()
    (folder / "hidden" / "my_linear.py").write_text(HIDDEN)
    (folder / "assignment.toml").write_text(
        EXERCISE
        + 'points = 26\nvisibility = { parameters = "instructor" }\n'
        + 'instructor_checks = "hidden/my_linear.py"\n'
        + '[[exercise]]\nname = "derivative"\nvisibility = "instructor"\n'
        + '[[exercise]]\nname = "train_step"\npoints = 5\n'
    )
    return folder


def run(folder: Path, course: Course, machines: Machines, source: str, instructor: bool) -> Report:
    assigned = read_assignment(folder / "assignment.toml").on(course, instructor)
    return grade_assigned(ROOT / source, assigned=assigned, machines=machines)


def test_what_is_kept_back_runs_for_the_instructor_alone(
    folder: Path, course: Course, machines: Machines
) -> None:
    everything = run(folder, course, machines, "examples/partly", instructor=True)
    assert [exercise.held_back for exercise in everything.exercises] == [0, 0, 0]
    names = [check.name for check in everything.exercises[0].checks]
    assert {"parameters", "with_ones"} <= set(names)
    assert [exercise.max_score for exercise in everything.exercises] == [26, 10, 5]
    # all but `without_bias`, of 1 in 13
    assert everything.exercises[0].score == 24
    # not handed in, and in the report all the same
    assert everything.exercises[1].status == "missing"

    public = run(folder, course, machines, "examples/partly", instructor=False)
    assert [exercise.held_back for exercise in public.exercises] == [8, 10, 0]
    assert [exercise.max_score for exercise in public.exercises] == [18, 0, 5]
    assert public.exercises[0].score == 16
    assert (public.exercises[0].status, public.exercises[0].message) == ("partial", "")
    shown = json.render(public) + github.summary(public) + github.log(public)
    for secret in ("with_ones", "Secret", "registered parameters", '"parameters"'):
        assert secret not in shown
    assert "18 more points are for checks that only your instructor runs" in shown

    # what CI would have said follows from the instructor's report alone
    students = read_assignment(folder / "assignment.toml").on(course)
    again = students.apply(everything)
    assert [each.status for each in again.exercises] == [each.status for each in public.exercises]
    assert (again.score, again.max_score) == (public.score, public.max_score)
    assert [each.held_back for each in again.exercises] == [8, 10, 0]


def test_nothing_says_all_where_something_is_kept_back(
    folder: Path, course: Course, machines: Machines
) -> None:
    import io

    from rich.console import Console

    public = run(folder, course, machines, "examples/right", instructor=False)
    assert public.score == public.max_score == 23
    out = io.StringIO()
    terminal.render(public, Console(file=out, width=100))
    for text in (out.getvalue(), github.summary(public), json.render(public)):
        assert "All public checks passed." in text
    assert "All points" not in out.getvalue() + github.summary(public)
    assert public.exercises[0].message == "All public checks passed."


def test_a_check_may_need_one_that_is_kept_back(
    course: Course, machines: Machines, tmp_path: Path
) -> None:
    given = read(
        tmp_path, '[[exercise]]\nname = "train_step"\nvisibility = { step = "instructor" }\n'
    )
    assigned = given.on(course)
    report = grade_assigned(ROOT / "examples" / "right", assigned=assigned, machines=machines)
    [exercise] = report.exercises
    assert {check.status for check in exercise.checks} == {"passed"}
    assert (exercise.score, exercise.held_back) == (9, 1)
    assert (exercise.status, exercise.message) == ("passed", "All public checks passed.")


def test_points_of_another_worth(course: Course, machines: Machines, tmp_path: Path) -> None:
    plain = grade(ROOT / "examples" / "partly", ["my_linear"], machines=machines)
    for points in (1, 10, 13, 7):
        assigned = read(tmp_path, EXERCISE + f"points = {points}\n").on(course)
        report = assigned.apply(plain)
        assert report.max_score == assigned.max_score == points
        [exercise] = report.exercises
        assert all(check.score in (0, check.points) for check in exercise.checks)
        failed = [check.points for check in exercise.checks if check.status != "passed"]
        assert report.score == points - sum(failed)
    weights = "{ forward = 4, without_bias = 0, sizes = 1 }"
    report = read(tmp_path, EXERCISE + f"checks = {weights}\n").on(course).apply(plain)
    assert (report.score, report.max_score) == (5, 5)
    assert wording.verdict(report) == "All points."


def test_a_check_that_its_file_gives_no_points(course: Course, tmp_path: Path) -> None:
    """The assignment may give it some; they are earned by passing."""
    given = read(tmp_path, '[[exercise]]\nname = "sums"\n')
    sums = AssignedExercise(replace(course["derivative"], name="sums"), {"check_0": 5}, frozenset())
    assigned = AssignedCourse(given, replace(course, exercises=(sums.exercise,)), (sums,))
    passed = plain_report([(0, 0)])
    assert assigned.apply(passed).score == 5
    assert assigned.apply(with_violation(passed, "no x")).score == 0


def test_a_violation_is_told_to_whom_its_check_is(
    course: Course, machines: Machines, tmp_path: Path
) -> None:
    """A rule costs the points of its checks, whatever they are worth, and no other."""
    plain = grade(ROOT / "examples" / "right", ["my_linear"], machines=machines)
    [exercise] = plain.exercises
    violations = tuple(Violation(1, "from scratch", "x", (name,)) for name in ("sizes", "forward"))
    checks = tuple(
        replace(check, score=0, status="failed") if check.name in ("sizes", "forward") else check
        for check in exercise.checks
    )
    broken = replace(exercise, checks=checks, violations=violations, status="partial")
    text = EXERCISE + 'points = 20\nvisibility = { sizes = "instructor" }'
    [told] = read(tmp_path, text).on(course).apply(replace(plain, exercises=(broken,))).exercises
    assert told.violations == violations[1:]
    lost = {check.name for check in told.checks if not check.score and check.points}
    assert (told.status, lost) == ("partial", {"forward"})


def test_an_assigned_exercise_knows_what_students_can_earn(course: Course) -> None:
    points = {"a": 3, "b": 2, "c": 0}
    given = AssignedExercise(course["derivative"], points, frozenset({"b"}), unknown_points=7)
    assert given.public_points == {"a": 3, "c": 0}
    assert given.held_back == 9


def test_the_exercises_are_those_of_the_assignment_in_its_order(
    course: Course, tmp_path: Path
) -> None:
    names = ("train_step", "derivative")
    text = "".join(f'[[exercise]]\nname = "{name}"\n' for name in names)
    assigned = read(tmp_path, text).on(course)
    assert assigned.names == tuple(each.exercise.name for each in assigned.exercises) == names
    assert assigned.course.folder == course.folder
    assert assigned.kept_back == {}
    assert assigned.checks("derivative") == set(points_in(course["derivative"].checks))
    assert assigned.max_score == 20


def test_checks_that_cannot_be_read(course: Course, tmp_path: Path) -> None:
    text = EXERCISE + 'instructor_checks = "my_linear.py"\n'
    for checks, told in (
        ("x = 1\ndef f(:\n", "line 2: "),
        (HIDDEN.replace("points(3)", "points(N)"), "line 18: `@points` needs a whole number"),
    ):
        (tmp_path / "my_linear.py").write_text(checks)
        given = read(tmp_path, text)
        with pytest.raises(CourseError, match=rf"my_linear\.py, {told}"):
            given.on(course)


def test_further_checks_run_for_the_instructor_alone(course: Course, tmp_path: Path) -> None:
    (tmp_path / "my_linear.py").write_text(HIDDEN)
    given = read(tmp_path, EXERCISE + 'instructor_checks = "my_linear.py"\n')
    students, instructors = given.on(course), given.on(course, instructor=True)
    assert instructors.checks("my_linear") - students.checks("my_linear") == {"with_ones"}
    assert students.kept_back == instructors.kept_back == {"my_linear": {"with_ones"}}
    assert students.course["my_linear"].more_checks == ()
    assert instructors.course["my_linear"].more_checks == (tmp_path / "my_linear.py",)
    assert (students.max_score, instructors.max_score) == (10, 13)
