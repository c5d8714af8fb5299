"""`grader adjust` and `history`: points by hand, and what is told of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.classroom.gradebook.settings import GradebookSettings, write_settings
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


def test_points_for_many_from_a_table(tmp_path: Path) -> None:
    book, table = str(tmp_path / "g.db"), tmp_path / "quiz.csv"
    with small_gradebook(book) as opened:
        write_settings(opened, GradebookSettings(half_points=True))
    table.write_text("student,points,why\nada,1.5,quiz\nbob,2,quiz\n")
    call = ["adjust", book, "--from", str(table), "--who", "me"]
    assert CliRunner().invoke(main, call).output == "2 adjustments made, for 2 students.\n"
    assert CliRunner().invoke(main, call).output == (
        "0 adjustments made, for 0 students.\n2 lines gave their points before and were left out: 2, 3.\n"
    )
    given = CliRunner().invoke(main, ["adjust", book, "ada", "--why", "x", "--", "-0.5"])
    assert given.output == "ada: -0.5, now 1 of 10.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["ada", "-2", "--why", "late"],
        ["--why", "late", "ada", "-2"],
        ["ada", "--why", "late", "--", "-2"],
        ["-2", "ada", "--why=late"],  # points are the last argument wherever they stand
    ],
)
def test_points_below_0_are_no_option(tmp_path: Path, arguments: list[str]) -> None:
    book = str(tmp_path / "g.db")
    with small_gradebook(book):
        pass
    CliRunner().invoke(main, ["adjust", book, "ada", "5", "--why", "-1", "--who", "-3"])
    given = CliRunner().invoke(main, ["adjust", "--who", "me", book, *arguments])
    assert given.output == "ada: -2, now 3 of 10.\n"
    told = CliRunner().invoke(main, ["history", book, "Lovelace, Ada"]).output
    assert "+5 by -3: -1" in told
    wrong = CliRunner().invoke(main, ["adjust", book, "ada", "-2x", "--why", "late"])
    assert (wrong.exit_code, "No such option" in wrong.output) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["ada", "2"], "Give the reason with --why"),
        (["ada", "--why", "x"], "Name the student and the points"),
        (["--why", "x"], "Name the student and the points"),
        (["ada", "2", "--from", "x.csv"], "Leave the others out"),
        (["--from", "none.csv"], "none.csv cannot be read"),
        (["ada", "0.5", "--why", "x"], "half_points = true"),
        (["ada", "1e3", "--why", "x"], "is no number of points"),
    ],
)
def test_a_wrong_adjustment_is_told_in_a_sentence(
    tmp_path: Path, arguments: list[str], told: str
) -> None:
    with small_gradebook(tmp_path / "g.db"):
        pass
    result = CliRunner().invoke(main, ["adjust", str(tmp_path / "g.db"), *arguments])
    assert result.exit_code == 2
    assert told in result.stderr
    assert result.stderr.count("\n") == 1
