"""A course's Python files are read and never run; what is wrong in one is told with file and line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grader.course.python_files import (
    assigned_in,
    checks_in,
    literal_of,
    module_of,
    points_in,
    syntax_of,
    text_of,
)
from grader.errors import CourseError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "checks.py"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"x = 1\ny = '\xff'\n", "checks.py, line 2: not UTF-8 text"),
        (b"x = 1\n\ndef f(:\n", "checks.py, line 3: "),
        (b"x = 1\0\n", "checks.py is no Python: |checks.py, line 1: |checks.py: source"),
        (b"-" * 200_000 + b"1", "checks.py is nested too deeply|checks.py, line 1: too many"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(file: Path, data: bytes, told: str) -> None:
    file.write_bytes(data)
    with pytest.raises(CourseError, match=told) as caught:
        module_of(file)
    assert str(caught.value).startswith(str(file))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there(file: Path, tmp_path: Path) -> None:
    for path in (file, tmp_path):
        with pytest.raises(CourseError, match=r"cannot be read: (No such file|Is a directory)"):
            text_of(path)
        with pytest.raises(CourseError, match="cannot be read"):
            module_of(path)


def test_a_text_has_the_name_that_is_given() -> None:
    with pytest.raises(CourseError, match=r"^solutions/a\.py, line 1: "):
        syntax_of("def", Path("solutions/a.py"))


def test_a_file_is_parsed_again_when_it_changes(file: Path) -> None:
    file.write_text("x = 1\n")
    first = module_of(file)
    assert module_of(file) is first
    file.write_text("y = 2\nz = 3\n")
    os.utime(file, (1, 1))  # whatever the clock's steps are
    assert len(module_of(file).body) == 2


CHECKS = """import grader
from grader import points

raise SystemExit("It is run.")


@points(3)
def test_one(student):
    @points(100)
    def test_inner(): ...


@grader.points(2)
@other(5)
def test_two(student): ...


def test_three(student): ...


@points(7)
def helper(): ...
"""


def test_checks_and_their_points(file: Path) -> None:
    file.write_text(CHECKS)
    assert [check.name for check in checks_in(file)] == ["test_one", "test_two", "test_three"]
    assert points_in(file) == {"one": 3, "two": 2, "three": 0}


@pytest.mark.parametrize(
    "given", ["N", "2.5", "True", '"2"', "-1", "2, 3", "number=2", "*N", "", "1 + 1"]
)
def test_points_have_to_be_written_out(file: Path, given: str) -> None:
    file.write_text(CHECKS.replace("@points(3)", f"@points({given})"))
    with pytest.raises(CourseError, match=r"checks\.py, line 7: `@points` needs a whole number"):
        points_in(file)


def test_points_without_brackets(file: Path) -> None:
    file.write_text(CHECKS.replace("@points(3)", "@points"))
    with pytest.raises(CourseError, match=r"checks\.py, line 7: `@points` needs a whole number"):
        points_in(file)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A = (1, 'x')\n", (1, "x")),
        ("A: dict = {'a': []}\n", {"a": []}),
        ("A = 1\nA = 2\n", 1),
        ("A: int\nA = 3\n", 3),
        ("B = A = 4\n", None),
        ("def f():\n    A = 5\n", None),
        ("", None),
    ],
)
def test_what_is_assigned(file: Path, text: str, value: object) -> None:
    file.write_text(text)
    found = assigned_in(file, "A")
    assert (None if found is None else literal_of(file, found, "A")) == value


@pytest.mark.parametrize("text", ["f()", "{[]: 1}", "x", "[y for y in ()]", "1 + x"])
def test_what_is_no_literal(file: Path, text: str) -> None:
    file.write_text(f"\nA = {text}\n")
    value = assigned_in(file, "A")
    assert value is not None
    with pytest.raises(CourseError, match=r"checks\.py, line 2: `A` has to be written out"):
        literal_of(file, value, "A")
