"""An assignment's file: what it may say, and what is said of one that says something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.course.assignment_file import read_assignment
from grader.errors import AssignmentError
from tests.assignments import EXERCISE, HIDDEN, read


def test_everything_that_a_file_may_say(tmp_path: Path) -> None:
    (tmp_path / "my_linear.py").write_text(HIDDEN)
    given = read(
        tmp_path,
        """
title = "Layers"
deadline = 2026-12-01T23:59:00+09:00
hints = false
notebooks = true
half_points = true
[late]
points = 10
percent = true
free_days = 1
accepted_days = 3
[ci]
grader = "git+https://example.org/grader@0123456789abcdef0123456789abcdef01234567"
torch = "2.12.1"
python = "3.13"
minutes = 20
reporter = true
[[exercise]]
name = "my_linear"
points = 20
visibility = { gradients = "instructor", forward = "students" }
instructor_checks = "my_linear.py"
[[exercise]]
name = "train_step"
""",
    )
    assert given.title == "Layers"
    assert given.deadline is not None
    assert given.deadline.isoformat() == "2026-12-01T23:59:00+09:00"
    assert (given.hints, given.notebooks, given.half_points) == (False, True, True)
    assert (given.late.points, given.late.percent, given.late.free_days) == (10, True, 1)
    assert given.late.accepted_days == 3
    assert given.ci.reporter
    assert (given.ci.torch, given.ci.python, given.ci.minutes) == ("2.12.1", "3.13", 20)
    assert given.parts[0].kept_back == {"gradients"}
    assert [part.name for part in given.parts] == ["my_linear", "train_step"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "`exercise` is missing"),
        ("x = ", "is not TOML"),
        ("exercise = 3", "`exercise` is missing"),
        ("exercise = [1]", "`exercise` has to be tables"),
        ("[[exercise]]\n", "`exercise 1: name` is missing"),
        (EXERCISE * 2, "names 'my_linear' twice"),
        ("titel = 1\n" + EXERCISE, "`titel` is not known here. There are title, deadline"),
        ("title = 1\n" + EXERCISE, "`title` has to be a text"),
        ('title = "a\\nb"\n' + EXERCISE, "`title` has to be a text of one line"),
        ('hints = "no"\n' + EXERCISE, "`hints` has to be true or false"),
        ("deadline = 2026-12-01\n" + EXERCISE, "offset from UTC"),
        ("deadline = 2026-12-01T10:00:00\n" + EXERCISE, "offset from UTC"),
        ('deadline = "tomorrow"\n' + EXERCISE, "offset from UTC"),
        ("late = 3\n" + EXERCISE, "`late` has to be a table"),
        ("[late]\npoints = 0.5\n" + EXERCISE, "`late: points` has to be a whole number"),
        ("[late]\npoints = 101\npercent = true\n" + EXERCISE, "percentage here, of 100 at most"),
        ("[late]\ndays = 1\n" + EXERCISE, "`late: days` is not known"),
        ('[ci]\ngrader = "git+https://x.org/a@main"\n' + EXERCISE, "40 hexadecimal digits"),
        ("[ci]\ngrader = \"git+https://x.org/a';id'@" + "0" * 40 + '"\n' + EXERCISE, "40 hex"),
        ('[ci]\ngrader = "newest"\n' + EXERCISE, "wheel's path, a version, or git+https"),
        ('[ci]\nindex = "http://a.org"\n' + EXERCISE, "`ci: index` is an address"),
        ('[ci]\nindex = "https://me:secret@a.org/simple"\n' + EXERCISE, "without a password"),
        ("[ci]\nindex = \"https://a.org/';id'\"\n" + EXERCISE, "`ci: index` is an address"),
        ('[ci]\ntorch = "2.13.0 --index-url x"\n' + EXERCISE, "`ci: torch` is a version"),
        ('[ci]\npython = "3.9"\n' + EXERCISE, "3.11 at least"),
        ('[ci]\nimage = "ghcr.io/us/lab:latest"\n' + EXERCISE, "names an image by its digest"),
        ('[ci]\nimage = "a.b/c;id@sha256:' + "0" * 64 + '"\n' + EXERCISE, "by its digest"),
        ("[ci]\nminutes = 0\n" + EXERCISE, "`ci: minutes` has to be a whole number from 1"),
        (EXERCISE + "points = 0\n", "`my_linear: points` has to be a whole number from 1"),
        (EXERCISE + "points = 2.5\n", "`my_linear: points` has to be a whole number"),
        (EXERCISE + "points = true\n", "`my_linear: points` has to be a whole number"),
        (EXERCISE + 'visibility = "hidden"\n', 'is "instructor", "students", or a table'),
        (EXERCISE + "visibility = { forward = 1 }\n", "another value"),
        (EXERCISE + "checks = { forward = 1 }\npoints = 3\n", "leave out `points`"),
        (EXERCISE + "checks = 3\n", "`my_linear: checks` has to be a table"),
        (EXERCISE + 'instructor_checks = "hidden.py"\n', "has to be a file called my_linear.py"),
        (EXERCISE + 'instructor_checks = "no/my_linear.py"\n', "there is no"),
        ("x = [" * 3000, "is not TOML"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_place(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(AssignmentError) as caught:
        read(tmp_path, text)
    assert "assignment.toml" in str(caught.value)
    assert told in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.toml"):
        with pytest.raises(AssignmentError, match="cannot be read"):
            read_assignment(path)
    (tmp_path / "a.toml").write_bytes(b"\xff")
    with pytest.raises(AssignmentError, match="is not TOML"):
        read_assignment(tmp_path / "a.toml")
