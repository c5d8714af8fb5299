"""`grader excuse`: given, taken back, and told in the history."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from grader.cli import main
from tests.gradebooks import graded, small_gradebook


def test_an_excuse_is_given_and_taken_back(tmp_path: Path) -> None:
    book = str(tmp_path / "g.db")
    with small_gradebook(book) as opened:
        graded(opened, "ada", "one", 7)

    def call(*arguments: str) -> str:
        return CliRunner().invoke(main, [*arguments]).output

    excuse = ("excuse", book, "ada", "--who", "me", "--why")
    assert call(*excuse, "ill") == "ada: excused, no score.\n"
    given = call("adjust", book, "ada", "1", "--why", "kind", "--who", "me")
    assert given == "ada: +1, excused: it counts where the excuse is taken back.\n"
    assert call("history", book, "ada").startswith("ada (Ada Lovelace): excused\n")
    assert call(*excuse, "a mistake", "--undo") == "ada: graded, 8 of 10.\n"
    told = call("history", book, "ada")
    assert "by me: ill" in told
    assert "no longer excused" in told


def test_an_excuse_that_is_none_is_refused(tmp_path: Path) -> None:
    book = str(tmp_path / "g.db")
    with small_gradebook(book):
        pass
    for student, more in (("eve", ()), ("ada", ("--undo",))):
        called = CliRunner().invoke(main, ["excuse", book, student, "--why", "x", *more])
        assert called.exit_code == 2
        assert called.stderr.startswith("grader: ")
        assert called.stderr.count("\n") == 1
