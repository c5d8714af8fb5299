"""What a call would change of a gradebook is told, with whom it concerns; what it leaves out is as it was."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from grader import load_course
from grader.classroom.gradebook.changes import completed, refuse_changes, settings_changed
from grader.classroom.gradebook.late import LatePolicy
from grader.classroom.gradebook.made_with import MadeWith
from grader.classroom.gradebook.reader import Gradebook
from grader.classroom.gradebook.settings import GradebookSettings, write_settings
from grader.classroom.gradebook.writer import GradebookWriter
from grader.course.assignment import AssignedCourse
from grader.course.assignment_file import read_assignment
from grader.errors import ChangeError
from tests.gradebooks import NOON, graded, received, report, submitted

COURSE = load_course()
NOTHING = GradebookSettings()
ASSIGNMENT = """
title = "Layers"
deadline = 2026-11-20T12:00:00+00:00
[late]
points = 2
free_days = 1
[[exercise]]
name = "my_linear"
points = 20
visibility = { gradients = "instructor" }
"""


@pytest.fixture
def made(sqlite_gradebook: Gradebook) -> Gradebook:
    """Ada has handed in two days late: 7 points, and one day costs 2 of them."""
    write_settings(sqlite_gradebook, NOTHING, MadeWith.of(COURSE, None, ("my_linear",), ()))
    late = submitted("one", NOON + timedelta(hours=30))
    writer = GradebookWriter.begin(sqlite_gradebook, {}, False)
    assert received(writer, "ada", late, "key")
    writer.store_result("ada", "key", late.digest, report(7), 0.5)
    assert sqlite_gradebook.record("ada").score == 5
    return sqlite_gradebook


def told(
    gradebook: Gradebook,
    given: GradebookSettings = NOTHING,
    assigned: AssignedCourse | None = None,
    devices: tuple[str, ...] = (),
) -> str:
    """What such a call is refused with; empty where it passes."""
    course = assigned.course if assigned else COURSE
    settings = completed(given, gradebook, assigned)
    made_with = MadeWith.of(course, assigned, settings.exercises, devices)
    try:
        refuse_changes(gradebook, settings, made_with)
    except ChangeError as error:
        return str(error)
    return ""


def test_what_is_left_out_or_the_same_passes(made: Gradebook) -> None:
    assert told(made) == ""
    same = GradebookSettings("Lab 1", ("my_linear",), NOON, LatePolicy(points=2, free_days=1))
    assert told(made, same) == ""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (GradebookSettings(title="Lab 2"), "Title: it was 'Lab 1', and would be 'Lab 2'."),
        (
            GradebookSettings(exercises=("line_fit",)),
            "they were my_linear, and would be line_fit; 1 student would lose points in my_linear: "
            "Ada Lovelace −7; line_fit would be graded of 1 student.",
        ),
        (
            GradebookSettings(deadline=NOON + timedelta(days=1)),
            "1 student would have another score: Ada Lovelace 5 → 7; of repositories",
        ),
        (
            GradebookSettings(policy=LatePolicy(points=50, percent=True)),
            "they cost 2 points a day after 1 free, and would cost 50% a day; 1 student would have another score: "
            "Ada Lovelace 5 → 0.",
        ),
        (GradebookSettings(policy=LatePolicy(free_days=5)), "Ada Lovelace 5 → 7."),
        (
            GradebookSettings(policy=LatePolicy(2, free_days=1, accepted_days=9)),
            "nobody would have",
        ),
    ],
)
def test_another_setting_is_told_with_whom_it_concerns(
    made: Gradebook, given: GradebookSettings, expected: str
) -> None:
    sentences = told(made, given)
    assert expected in sentences
    assert sentences.endswith(
        "Give --change if it is meant; else give what the gradebook was made with."
    )
    assert "\n" not in sentences
    assert made.record("ada").score == 5


def test_who_is_excused_or_absent_is_not_concerned(made: Gradebook) -> None:
    made.excuse("ada", why="ill", who="me")
    changed = told(made, GradebookSettings(policy=LatePolicy(points=5)))
    assert "nobody would have another score" in changed


def test_of_many_the_first_are_named(made: Gradebook) -> None:
    from grader.classroom.gradebook.enrolment import enrol
    from grader.classroom.records import Enrolled

    enrol(made, None, [Enrolled(f"s{number}") for number in range(8)])
    for number in range(8):
        graded(made, f"s{number}", "x", 3)
    text = told(made, GradebookSettings(exercises=("my_linear", "losses")), devices=("cpu",))
    assert "losses would be graded of 9 students" in text
    assert "Devices: they were the usual ones, and would be cpu; 9 students would be" in text
    assert text.count(", s") == 4
    assert "and 4 more" in text


def test_a_gradebook_that_nobody_has_handed_in_to_may_change(sqlite_gradebook: Gradebook) -> None:
    assert told(sqlite_gradebook, GradebookSettings("x", ("losses",), policy=LatePolicy(9))) == ""


def test_another_course_is_told_before_its_exercises(made: Gradebook) -> None:
    other = MadeWith.of(replace(COURSE, title="Other"), None, ("my_linear",), ())
    with pytest.raises(
        ChangeError, match=r"Course: it was .* and would be 'Other'; 1 student would"
    ):
        refuse_changes(made, completed(NOTHING, made, None), other)


def assignment(folder: Path, text: str = ASSIGNMENT) -> AssignedCourse:
    (folder / "assignment.toml").write_text(text)
    return read_assignment(folder / "assignment.toml").on(COURSE, instructor=True)


def test_an_assignment_that_is_left_out_or_says_otherwise(made: Gradebook, tmp_path: Path) -> None:
    assert "Assignment: there was none" in told(made, assigned=assignment(tmp_path))
    first = assignment(tmp_path)
    write_settings(
        made,
        completed(GradebookSettings(title="Mine"), made, first),
        MadeWith.of(first.course, first, first.names, ()),
    )
    # what was given beside it is kept while the assignment says the same
    assert (made.title, told(made, assigned=first)) == ("Mine", "")
    left_out = told(made)
    assert "this call names none" in left_out
    assert "its checks that are kept back would count no more" in left_out
    assert "1 student would be graded anew: Ada Lovelace" in left_out
    for old, new, expected in (
        (
            "points = 20",
            "points = 25",
            "my_linear was worth 20 points, and would be worth 25; 1 stud",
        ),
        ('{ gradients = "instructor" }', "{}", "those of my_linear are other ones"),
        ("points = 2\n", "points = 3\n", "would cost 3 points a day after 1 free"),
        ("20T12", "21T12", "Deadline: it was"),
        ('"my_linear"', '"line_fit"', "would be line_fit"),
        ('"Layers"', '"Lines"', "would be 'Lines'"),
    ):
        text = ASSIGNMENT.replace(old, new)
        if "line_fit" in new:
            text = text.replace("visibility", "# visibility")
        assert expected in told(made, assigned=assignment(tmp_path, text)), new


def test_an_older_gradebook_takes_what_it_is_given(made: Gradebook, tmp_path: Path) -> None:
    """It does not know what assignment and title it was made with; its deadline and exercises it does."""
    from sqlalchemy import text

    made.write(lambda session: session.execute(text("UPDATE gradebook SET made_with = NULL")))
    made.refresh()
    assert made.made_with is None
    ten = ASSIGNMENT.replace("points = 20", "points = 10")
    assert told(made, assigned=assignment(tmp_path, ten)) == ""
    assert told(made, devices=("cpu",)) == ""
    asked = told(made, assigned=assignment(tmp_path))
    assert "my_linear was worth 10 points, and would be worth 20; 1 student" in asked
    assert "Exercises" in told(made, GradebookSettings(exercises=("losses",)))


def test_what_nobody_has_a_result_of_is_not_asked(
    sqlite_gradebook: Gradebook, tmp_path: Path
) -> None:
    """A check of the instructor's failed for everybody, and was mended."""
    first = assignment(tmp_path)
    made_with = MadeWith.of(first.course, first, first.names, ())
    write_settings(sqlite_gradebook, completed(NOTHING, sqlite_gradebook, first), made_with)
    writer = GradebookWriter.begin(sqlite_gradebook, {}, False)
    assert received(writer, "ada", submitted("one"), "key")
    writer.store_fault("ada", "key", "The check failed.")
    for old, new in (("points = 20", "points = 25"), ("gradients", "forward")):
        assert (
            told(sqlite_gradebook, assigned=assignment(tmp_path, ASSIGNMENT.replace(old, new)))
            == ""
        )
    assert told(sqlite_gradebook, assigned=first, devices=("cpu",)) == ""
    left_out = told(sqlite_gradebook)
    assert "nobody has a result yet. Give --assignment" in left_out


@pytest.mark.parametrize("said", [True, False])
def test_half_points_are_the_assignments(made: Gradebook, tmp_path: Path, said: bool) -> None:
    assert completed(NOTHING, made, None).half_points is None
    file = tmp_path / "assignment.toml"
    file.write_text(f"half_points = {str(said).lower()}\n{ASSIGNMENT.strip()}")
    assigned = read_assignment(file).on(COURSE, instructor=True)
    assert completed(NOTHING, made, assigned).half_points is said


def test_a_deadline_that_the_assignment_has_no_more_is_none(
    made: Gradebook, tmp_path: Path
) -> None:
    first = assignment(tmp_path)
    write_settings(
        made, completed(NOTHING, made, first), MadeWith.of(first.course, first, first.names, ())
    )
    without = assignment(tmp_path, re.sub("deadline = .*", "", ASSIGNMENT))
    assert "and would be none; 1 student would have another score: Ada Lovelace 5 → 7" in told(
        made, assigned=without
    )
    later = GradebookSettings(deadline=NOON + timedelta(days=9))
    assert completed(later, made, without).deadline == later.deadline
    write_settings(
        made, completed(NOTHING, made, without), MadeWith.of(without.course, without, (), ())
    )
    assert made.deadline is None
    # one that was given beside an assignment that never had one is kept
    write_settings(made, completed(later, made, without))
    assert completed(NOTHING, made, without).deadline == later.deadline


def test_points_by_hand_in_an_exercise_that_goes_are_told(made: Gradebook) -> None:
    made.adjust("ada", 2, why="a typo", who="me", exercise="my_linear")
    text = told(made, GradebookSettings(exercises=("line_fit",)))
    assert "1 student would keep what was given by hand in my_linear: Ada Lovelace +2" in text


def test_a_commit_that_would_be_too_late_is_not_told_as_points(made: Gradebook) -> None:
    """Ada's counts 30 hours after the deadline now."""
    write_settings(made, GradebookSettings(policy=LatePolicy(2, free_days=1, accepted_days=3)))
    closer = told(made, GradebookSettings(policy=LatePolicy(accepted_days=1)))
    assert "Ada Lovelace 5 → what was there on 2026-11-21" in closer


def test_what_a_call_changes_is_told_for_the_history(made: Gradebook, tmp_path: Path) -> None:
    def news(given: GradebookSettings, assigned: AssignedCourse | None = None) -> list[str]:
        now = completed(given, made, assigned)
        course = assigned.course if assigned else COURSE
        return settings_changed(made, now, MadeWith.of(course, assigned, now.exercises, ()))

    assert news(NOTHING) == []
    assert news(GradebookSettings("Lab 2", policy=LatePolicy(3))) == [
        "title: Lab 1 → Lab 2",
        "late days: 2 points a day after 1 free → 3 points a day",
    ]
    assigned = " ".join(news(NOTHING, assignment(tmp_path)))
    assert "assignment: none → " in assigned
    assert "points of my_linear: " in assigned
    assert "checks of my_linear that are kept back: none → some" in assigned
