"""`grader gradebook merge`, `rename` and `remove`: what they say, and that a wrong call changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.classroom.gradebook.reader import open_gradebook
from grader.cli import main
from tests.gradebooks import graded, small_gradebook


@pytest.fixture
def book(tmp_path: Path) -> str:
    with small_gradebook(tmp_path / "g.db") as opened:
        graded(opened, "ada", "one", 5)
    return str(tmp_path / "g.db")


def call(command: str, book: str, *students: str) -> str:
    arguments = ["gradebook", command, book, *students, "--why", "x", "--who", "me"]
    return CliRunner().invoke(main, arguments).output


def ids(book: str) -> list[str]:
    with open_gradebook(book) as opened:
        return [record.student.id for record in opened.records()]


def test_students_are_renamed_merged_and_removed(book: str) -> None:
    assert call("rename", book, "ada", "0042") == "ada is called 0042 now.\n"
    assert call("remove", book, "bob") == "bob is removed.\n"
    assert ids(book) == ["0042"]
    assert call("remove", book, "bob", "--undo") == "bob is put back.\n"
    assert call("merge", book, "ada", "bob") == "0042 is bob now: 5 of 10.\n"
    assert ids(book) == ["bob"]
    told = CliRunner().invoke(main, ["history", book, "bob"]).output
    assert "0042 is bob now, by me: x" in " ".join(told.split())
    checked = CliRunner().invoke(main, ["gradebook", "check", book])
    assert checked.output == "1 student; everything fits together.\n"


@pytest.mark.parametrize(
    ("command", "students", "told"),
    [
        ("merge", ("eve", "ada"), "no student is called 'eve'"),
        ("merge", ("ada", "ADA"), "the same student already"),
        ("rename", ("ada", "bob"), "Merge the two instead"),
        ("remove", ("ada", "--undo"), "ada is not removed"),
    ],
)
def test_a_wrong_call_is_told_and_changes_nothing(
    book: str, command: str, students: tuple[str, ...], told: str
) -> None:
    called = CliRunner().invoke(main, ["gradebook", command, book, *students, "--why", "x"])
    assert called.exit_code == 2
    assert told in called.stderr
    assert called.stderr.count("\n") == 1
    assert ids(book) == ["bob", "ada"]
