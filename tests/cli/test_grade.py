"""`grader grade` and its neighbours: what is read off the command line, and what is said in the end."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from grader.classroom.gradebook.late import LatePolicy
from grader.classroom.run.grade_class import RunSummary
from grader.cli import main
from grader.cli.grade import _list, _policy, _progress, _summarize, _time, _without_password
from tests.gradebooks import small_gradebook


@pytest.mark.parametrize(
    ("penalty", "free", "accepted", "policy"),
    [
        (None, None, None, None),
        ("2", None, None, LatePolicy(points=2)),
        ("10%", 1, None, LatePolicy(points=10, percent=True, free_days=1)),
        (" 3 ", None, 0, LatePolicy(points=3, accepted_days=0)),
        ("0", None, None, None),  # as it is already
    ],
)
def test_a_policy_is_what_was_given_on_what_there_was(
    penalty: str | None, free: int | None, accepted: int | None, policy: LatePolicy | None
) -> None:
    assert _policy(LatePolicy(), penalty, free, accepted) == policy


@pytest.mark.parametrize("penalty", ["much", "-1", "1.5", "%", "10%%", "٣"])
def test_a_penalty_that_is_none(penalty: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        _policy(LatePolicy(), penalty, None, None)
    assert "neither points (2) nor a percentage (10%)" in capsys.readouterr().err


def test_a_deadline(capsys: pytest.CaptureFixture[str]) -> None:
    assert _time(None) is None
    assert _time("2026-11-20T23:59Z") == datetime(2026, 11, 20, 23, 59, tzinfo=UTC)
    with pytest.raises(SystemExit):
        _time("soon")
    assert "--deadline 'soon' is no time" in capsys.readouterr().err


def test_progress_without_a_terminal_is_a_line_for_each_tenth(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with _progress(Console(file=StringIO())) as progress:
        progress.total(40)
        for number in range(40):
            progress.done(str(number))
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"{count} of 40" for count in range(4, 41, 4)]


def test_progress_on_a_terminal_names_who_was_graded() -> None:
    out = StringIO()
    with _progress(Console(file=out, force_terminal=True, width=100)) as progress:
        progress.total(2)
        progress.done("ada [b]")
    assert "ada [b]" in out.getvalue()


def test_a_long_list_is_cut_short(capsys: pytest.CaptureFixture[str]) -> None:
    _list("Nobody", [])
    assert capsys.readouterr().out == ""
    _list("Some", ["a", "b"])
    assert capsys.readouterr().out == "Some (2): a, b\n"
    _list("Many", [str(number) for number in range(13)], below=True)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Many (13):"
    assert lines[-2:] == ["  9", "  and 3 more"]


def test_a_summary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with small_gradebook(tmp_path / "g.db") as book:
        summary = RunSummary(handed_in=3, graded=2, graded_before=1)
        summary.unreadable["bob"] = "b.zip is no zip."
        summary.faults["cy"] = "The sandbox failed:\x1b[2J"
        _summarize(book, summary, "postgresql://me:secret@host/grades")
    told = capsys.readouterr().out
    assert "Handed in nothing (2): bob, ada (Ada Lovelace)\n" in told
    assert "3 handed in: 2 graded now, 1 graded before." in told
    assert "bob: b.zip is no zip." in told
    assert "cy: The sandbox failed:" in told
    assert "\x1b" not in told
    assert "secret" not in told


def test_a_files_name_is_told_as_it_is() -> None:
    assert _without_password("a/g.db") == "a/g.db"
    assert "secret" not in _without_password("postgresql://me:secret@host/x")


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
