"""What students get beside a stub: which files a course may name, and that their code finds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader import grade, load_course
from grader.authoring.release.shared import copy_course
from grader.course import given_files
from grader.course.given_files import contents_of
from grader.errors import CourseError
from grader.machines import Machines
from grader.submission import Submission
from tests.synthetic_course import make_course

GIVEN = '[[exercise]]\nname = "double"\nfiles = ["helping.py", "data/two.txt"]\n'
TEXT = """
from pathlib import Path
from helping import factor


def double(x):
    beside = Path(__file__).parent / "data" / "two.txt"
    return x * factor(beside.read_text(), open("data/two.txt").read())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "exercises" / "data").mkdir(parents=True)
    (tmp_path / "exercises" / "helping.py").write_text(
        "def factor(one, other):\n    return float(one) / 2 + float(other) / 2\n"
    )
    (tmp_path / "exercises" / "data" / "two.txt").write_text("2")
    return make_course(tmp_path, GIVEN)


def test_they_are_read(folder: Path) -> None:
    exercise = load_course(folder)["double"]
    assert list(exercise.given) == ["helping.py", "data/two.txt"]
    assert contents_of(exercise.given)["data/two.txt"] == b"2"
    assert contents_of({}) == {}


def test_the_code_finds_them_while_it_is_graded(folder: Path, machines: Machines) -> None:
    """The course's, in every child that the code runs in; and no other exercise's code does."""
    course = load_course(folder)
    on = machines.on(course)
    assert grade(Submission.of_text("double", TEXT), machines=on).score == 10
    loses_a_child = TEXT + "\nimport os\nopen('data/two.txt', 'w').write('3')\nos._exit(0)\n"
    assert grade(Submission.of_text("double", loses_a_child), machines=on).score == 10
    (folder / "course.toml").write_text('title = "Mine"\n')
    [without] = grade(
        Submission.of_text("double", TEXT), machines=machines.on(load_course(folder))
    ).exercises
    assert without.score == 0
    assert "helping" in f"{without.message} {without.checks[0].message}"


def test_they_go_along_with_the_course(folder: Path, tmp_path: Path) -> None:
    copy_course(load_course(folder), tmp_path / "copy")
    copy = load_course(tmp_path / "copy")["double"]
    assert contents_of(copy.given) == contents_of(load_course(folder)["double"].given)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "Write the path of a file"),
        ("/etc/passwd", "Write the path of a file"),
        ("data//two.txt", "Write the path of a file"),
        ("data\\\\two.txt", "Write the path of a file"),
        ("../course.toml", "lies outside"),
        ("link.txt", "lies outside"),
        (".hidden", "is hidden"),
        ("data", "there is no file"),
        ("nothing.csv", "there is no file .*exercises/nothing.csv. Put it there"),
        ("double.py", "the file of an exercise"),
        ("README.md", "a name that the grader gives"),
    ],
)
def test_a_name_that_cannot_be_given(folder: Path, name: str, told: str) -> None:
    (folder / "exercises" / "link.txt").symlink_to(folder / "course.toml")
    (folder / "exercises" / "README.md").touch()
    text = f'title = "Mine"\n[[exercise]]\nname = "double"\nfiles = ["{name}"]\n'
    (folder / "course.toml").write_text(text)
    with pytest.raises(CourseError, match=told):
        load_course(folder)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("exercise = 3", "has to be a list"),
        ("[[exercise]]\nname = 'double'", "has a `name` and `files`, and no more"),
        ("[[exercise]]\nname = 'none'\nfiles = []", "'none', which is none of double"),
        ("[[exercise]]\nname = 'double'\nfiles = [3]", "paths in quotes"),
        (GIVEN + GIVEN, "two tables"),
    ],
)
def test_a_table_that_cannot_be_read(folder: Path, text: str, told: str) -> None:
    (folder / "course.toml").write_text(text)
    with pytest.raises(CourseError, match=told):
        load_course(folder)


def test_what_has_gone_or_is_too_large(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = load_course(folder)["double"].given
    monkeypatch.setattr(given_files, "MOST_BYTES", 50)
    with pytest.raises(CourseError, match="larger than"):
        contents_of(given)
    given["data/two.txt"].unlink()
    with pytest.raises(CourseError, match=r"two\.txt cannot be read: No such file"):
        contents_of(given)
