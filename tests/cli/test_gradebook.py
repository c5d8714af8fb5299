"""`grader adjust` and `history`: points by hand, and what is told of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.classroom.gradebook.writer import GradebookWriter
from grader.cli import main
from tests.gradebooks import received, small_gradebook, submitted


def test_points_by_hand_are_given_by_someone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> str:
        raise KeyError("uid 4711 has no name")

    book = str(tmp_path / "g.db")
    with small_gradebook(book):
        pass
    call = ["adjust", book, "ada", "2", "--why", "kind"]
    monkeypatch.setattr("getpass.getuser", nobody)
    refused = CliRunner().invoke(main, call)
    assert refused.exit_code == 2
    assert refused.stderr == (
        "grader: Your name on this machine is not known. Give it with --who.\n"
    )
    assert CliRunner().invoke(main, [*call, "--who", "me"]).output == "ada: +2, now 2 of 10.\n"


def test_points_by_hand_wait_for_a_result(tmp_path: Path) -> None:
    book = str(tmp_path / "g.db")
    with small_gradebook(book) as opened:
        writer = GradebookWriter.begin(opened, {}, False)
        received(writer, "ada", submitted("one"), "key")
    given = CliRunner().invoke(main, ["adjust", book, "ada", "2", "--why", "kind", "--who", "me"])
    assert given.output == "ada: +2, not graded: it counts once there is a result.\n"
    told = CliRunner().invoke(main, ["history", book, "ada"]).output
    assert told.startswith("ada (Ada Lovelace): not graded\n")
