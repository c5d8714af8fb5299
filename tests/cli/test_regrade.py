"""`grader regrade-request`: asked, shown and answered."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader.cli import main
from tests.gradebooks import small_gradebook


@pytest.fixture
def book(tmp_path: Path) -> str:
    with small_gradebook(tmp_path / "g.db"):
        pass
    return str(tmp_path / "g.db")


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["regrade-request", *arguments])


def test_a_request_goes_all_its_way(book: str) -> None:
    assert call(book).output == "No request is open.\n"
    asked = call(book, "ada-l", "--why", "It is right!", "--exercise", "my_linear")
    assert asked.output == "ada: request 1 is open.\n"
    shown = call(book).output
    assert "ada (my_linear)" in shown
    assert shown.endswith("1 request open.\n")
    assert call(book, "--answer", "1", "So it is.").output == "ada: request 1 is answered.\n"
    assert call(book).output == "No request is open.\n"
    assert "So it is." in call(book, "ada", "--all").output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--why", "x"], "Name the student who asks"),
        (["eve", "--why", "x"], "no student is called 'eve'"),
        (["--answer", "4", "x"], "no regrade request 4"),
        (["ada", "--answer", "4", "x"], "is all that an answer needs"),
        (["ada", "--why", "x", "--exercise", "losses"], "no exercise 'losses'"),
    ],
)
def test_a_wrong_call_is_told_in_a_sentence(book: str, arguments: list[str], told: str) -> None:
    result = call(book, *arguments)
    assert result.exit_code == 2
    assert told in result.stderr
    assert result.stderr.count("\n") == 1
