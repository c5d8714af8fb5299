"""`grader rubric`: made, renamed, given and taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader.cli import main
from tests.gradebooks import graded, small_gradebook


@pytest.fixture
def book(tmp_path: Path) -> str:
    with small_gradebook(tmp_path / "g.db") as opened:
        graded(opened, "ada", "x = 1\n", 4)
    return str(tmp_path / "g.db")


def call(command: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["rubric", command, *arguments])


def test_an_item_goes_all_its_way(book: str) -> None:
    assert call("list", book).output.startswith("There is no rubric yet.")
    made = call("add", book, "no docstring", "-1", "--exercise", "my_linear")
    assert made.output == "Item 1: -1 in my_linear: no docstring.\n"
    assert call("apply", book, "1", "ada-l", "bob").output == (
        "ada: now 3 of 10.\nbob: now 0 of 10.\n"
    )
    assert call("rename", book, "1", "no docstrings").output.endswith("2 students have it.\n")
    assert "-2 in my_linear" in call("points", book, "1", "-2").output
    assert call("apply", book, "1", "bob", "--undo").exit_code == 0
    assert call("retire", book, "1").output.endswith("no docstrings, retired. 1 student has it.\n")
    assert call("list", book).output.startswith("There is no rubric yet.")
    assert "no docstrings (retired)" in call("list", book, "--all").output
    versions = call("list", book, "--item", "1").output
    assert [word for word in ("-1", "-2", "no docstring ") if word not in versions] == []
    told = CliRunner().invoke(main, ["history", book, "ada"]).output
    assert told.startswith("ada (Ada Lovelace): 2 of 10\n")
    assert "item 1 given by" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["add", "x", "half"], "'half' is no number of points"),
        (["add", "x", "0.5"], "half_points = true"),
        (["add", "x", "1", "--exercise", "losses"], "no exercise 'losses'"),
        (["apply", "1", "ada"], "There is no rubric item 1. `grader rubric list` shows them"),
        (["apply", "1", "ada", "eve"], "no student is called 'eve'"),
        (["rename", "1", "x"], "There is no rubric item 1"),
        (["list", "--item", "1"], "There is no rubric item 1"),
    ],
)
def test_a_wrong_call_is_told_in_a_sentence(book: str, arguments: list[str], told: str) -> None:
    command, *rest = arguments
    result = call(command, book, *rest)
    assert result.exit_code == 2
    assert told in result.stderr
    assert result.stderr.count("\n") == 1
