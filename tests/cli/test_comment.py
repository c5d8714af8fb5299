"""`grader comment`: written, changed, taken back and shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader.cli import main
from tests.gradebooks import graded, small_gradebook


@pytest.fixture
def book(tmp_path: Path) -> str:
    with small_gradebook(tmp_path / "g.db") as opened:
        graded(opened, "ada", "x = 1\ny = 2\n", 4)
    return str(tmp_path / "g.db")


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["comment", *arguments])


def test_a_comment_goes_all_its_way(book: str) -> None:
    at = ["--exercise", "my_linear", "--line", "2", "--who", "me"]
    made = call(book, "ADA-L", "why y?", *at)
    assert made.output == "ada: comment 1 at my_linear.py, line 2.\n"
    assert call(book, "ada", "better: z", "--change", "1").output == (
        "ada: comment 2 at my_linear.py, line 2.\n"
    )
    asked = call(book, "ada", "copied?", "--for-colleagues", "--who", "me")
    assert asked.output == "ada: comment 3.\n"
    call(book, "ada", "no", "--answer", "3", "--who", "you")
    shown = call(book, "ada").output
    assert "better: z" in shown
    assert "why y?" not in shown
    assert "(for colleagues)" in shown
    assert "(answers 3)" in shown
    assert call(book, "ada", "--take-back", "2").output == "ada: comment 2 is taken back.\n"
    assert "better" not in call(book, "ada").output
    assert call(book, "bob").output == "There are no comments.\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["ada", "--line", "1"], "Give the comment's text"),
        (["ada", "x", "--line", "1"], "Name it with --exercise"),
        (["ada", "x", "--exercise", "my_linear", "--line", "9"], "has 2 lines, and no line 9"),
        (["ada", "x", "--change", "7"], "ada has no comment 7"),
        (["ada", "--take-back", "7"], "ada has no comment 7"),
        (["ada", "x", "--change", "1", "--answer", "1"], "Give one of"),
        (["ada", " "], "A comment needs a text"),
        (["eve", "x"], "no student is called 'eve'"),
    ],
)
def test_a_wrong_call_is_told_in_a_sentence(book: str, arguments: list[str], told: str) -> None:
    result = call(book, *arguments)
    assert result.exit_code == 2
    assert told in result.stderr
    assert result.stderr.count("\n") == 1
