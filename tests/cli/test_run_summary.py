"""What `grader grade` says in the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.classroom.gradebook.writer import GradebookWriter
from grader.classroom.run.grade_class import RunSummary
from grader.classroom.run.trouble import Trouble, trouble_of
from grader.cli.run_summary import _list, _without_password, tell
from tests.gradebooks import graded, received, small_gradebook, submitted

BROKEN = Trouble(
    *("NameError: name 'undefined_name' is not defined", "my_linear", "test_mine", "course"),
    ('File "h/my_linear.py", line 7, in test_mine', "  undefined_name"),
)


def test_a_long_list_is_cut_short(capsys: pytest.CaptureFixture[str]) -> None:
    _list("Nobody", [], 10)
    assert capsys.readouterr().out == ""
    _list("Some", ["a", "b"], 10)
    assert capsys.readouterr().out == "Some (2): a, b\n"
    _list("Many", [str(number) for number in range(13)], 10, below=True)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Many (13):"
    assert lines[-2:] == ["  9", "  and 3 more"]


def test_a_summary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with small_gradebook(tmp_path / "g.db") as book:
        summary = RunSummary(handed_in=3, graded=2, graded_before=1)
        summary.unreadable["bob"] = "b.zip is no zip."
        summary.faults["cy"] = (trouble_of("The sandbox failed:\x1b[2J", ""),)
        tell(book, summary, "postgresql://me:secret@host/grades")
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


def test_a_broken_check_is_told_once_for_all_whom_it_met(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with small_gradebook(tmp_path / "g.db") as book:
        summary = RunSummary(handed_in=60)
        summary.faults = {f"s{number:02}": (BROKEN,) for number in range(60)}
        tell(book, summary, "g.db")
    told = capsys.readouterr().out
    assert (
        "Not graded, through no fault of theirs: 60 students. The same command tries again.\n"
        "  The check test_mine of my_linear failed for all 60 students: NameError: name 'undefined_name' is not "
        'defined\n    File "h/my_linear.py", line 7, in test_mine\n      undefined_name\n'
        "They are (60): s00, s01,"
    ) in told
    assert told.count("NameError") == 1


def test_what_is_not_graded_is_in_no_mean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with small_gradebook(tmp_path / "g.db") as book:
        graded(book, "ada", "one", 8)
        writer = GradebookWriter.begin(book, {}, False)
        received(writer, "bob", submitted("two"), "key")
        writer.store_fault("bob", "key", BROKEN.text)
        tell(book, RunSummary(handed_in=1, graded=1), "g.db")
        told = capsys.readouterr().out
        assert "mean 8.0, median 8, of 1 student." in told
        # it was met in another run
        assert (
            "Not graded before, and not handed in this time (1):\n"
            "  bob: The check test_mine of my_linear failed: NameError: name 'undefined_name' is not defined\n"
        ) in told
        tell(book, RunSummary(handed_in=1, faults={"bob": (BROKEN,)}), "g.db")
        told = capsys.readouterr().out
    assert "not handed in this time" not in told
    assert "failed for bob: NameError" in told
