"""What `grader grade` says in the end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader.classroom.gradebook.writer import GradebookWriter
from grader.classroom.handin.oddities import Oddity
from grader.classroom.run.grade_class import RunSummary
from grader.classroom.run.trouble import Trouble, trouble_of
from grader.cli.run_summary import (
    SCHEMA,
    _list,
    _without_password,
    summary_as_data,
    tell,
    tell_as_json,
)
from grader.report import Environment, ExerciseResult, Report
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


def test_whose_earlier_result_stands_is_told_once_for_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with small_gradebook(tmp_path / "g.db") as book:
        summary = RunSummary(outdated={"bob": "it is old", "ada": "it is old"})
        tell(book, summary, "g.db")
        data = summary_as_data(book, summary, "g.db")
    both = (
        "Not in this folder, so the earlier result stands: it is old (2): bob, ada (Ada Lovelace)"
    )
    assert both in capsys.readouterr().out
    assert data["outdated"][0] == {"student": "bob", "reason": "it is old"}


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


def not_loaded(writer: GradebookWriter, student: str) -> None:
    handed = submitted("def f(:")
    received(writer, student, handed, "key")
    message = "my_linear.py, line 1: SyntaxError: invalid syntax.\nMore."
    result = ExerciseResult("my_linear", "A layer", 0, 10, "error", message)
    environment = Environment("3.11", "2.13", ("cpu",), ("limits",))
    writer.store_result(student, "key", handed.digest, Report(student, (result,), environment), 0.1)


ENCODING = Oddity("encoding", "my_linear", "my_linear: a.py was read as CP949.")


def test_what_cannot_be_loaded_or_was_read_with_a_guess_is_listed_by_kind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with small_gradebook(tmp_path / "g.db") as book:
        writer = GradebookWriter.begin(book, {}, False)
        not_loaded(writer, "bob")
        graded(book, "ada", "one", 8)
        writer.add_note("ada", ENCODING.text)
        writer.add_note("ada", "Handed in 1 day after the deadline.")
        summary = RunSummary(handed_in=2, graded=2, oddities={"ada": (ENCODING,)})
        tell(book, summary, "g.db")
        told = capsys.readouterr().out
        data = summary_as_data(book, summary, "g.db")
    assert (
        "Files that cannot be loaded (1):\n"
        "  bob: my_linear: my_linear.py, line 1: SyntaxError: invalid syntax.\n"
        "Text that is not UTF-8 (1):\n"
        "  ada (Ada Lovelace): my_linear: a.py was read as CP949.\n"
        "To look at (1):\n"
        "  ada (Ada Lovelace): Handed in 1 day after the deadline.\n"
    ) in told
    assert [each["kind"] for each in data["oddities"]] == ["unloadable", "encoding"]


def test_of_a_file_that_is_not_read_it_is_told_once(tmp_path: Path) -> None:
    with small_gradebook(tmp_path / "g.db") as book:
        not_loaded(GradebookWriter.begin(book, {}, False), "bob")
        link = Oddity("link", "my_linear", "my_linear: my_linear.py is a symbolic link.")
        data = summary_as_data(book, RunSummary(oddities={"bob": (link,)}), "g.db")
    assert [each["kind"] for each in data["oddities"]] == ["link"]


def test_who_handed_in_nothing_is_in_no_mean(tmp_path: Path) -> None:
    with small_gradebook(tmp_path / "g.db") as book:
        graded(book, "ada", "one", 8)
        data = summary_as_data(book, RunSummary(handed_in=1, graded=1), "g.db")
    assert data["scores"] == {"count": 1, "mean": 8, "median": 8}
    assert data["nothing_handed_in"] == [{"student": "bob", "name": ""}]


def test_verbose_lists_everybody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary = RunSummary(left_out=tuple(f"{number}.py is encrypted." for number in range(12)))
    with small_gradebook(tmp_path / "g.db") as book:
        tell(book, summary, "g.db")
        short = capsys.readouterr().out
        tell(book, summary, "g.db", verbose=True)
        whole = capsys.readouterr().out
    assert "and 2 more" in short
    assert "--verbose lists everybody" in short
    assert "11.py is encrypted." in whole
    assert "more" not in whole
    assert "--verbose" not in whole


def test_the_summary_as_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with small_gradebook(tmp_path / "g.db") as book:
        summary = RunSummary(handed_in=3, graded=1, faults={"ada": (BROKEN,)})
        summary.unreadable["bob"] = "b.zip is no zip."
        tell_as_json(book, summary, "postgresql://me:secret@host/x")
    text = capsys.readouterr().out
    data = json.loads(text)
    assert "secret" not in text
    assert (data["schema"], data["title"], data["exercises"]) == (SCHEMA, "Lab 1", ["my_linear"])
    assert (data["handed_in"], data["graded"], data["max_score"]) == (3, 1, 10)
    assert data["scores"] == {"count": 0, "mean": None, "median": None}
    assert data["nothing_to_grade"] == [{"student": "bob", "reason": "b.zip is no zip."}]
    [trouble] = data["not_graded"]
    assert (trouble["check"], trouble["kind"]) == ("test_mine", "course")


def test_what_is_not_graded_because_it_came_later_is_told_with_what_to_give(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with small_gradebook(tmp_path / "g.db") as book:
        summary = RunSummary(handed_in=2, beyond={"line_fit": ["ada", "bob"], "losses": ["ada"]})
        tell(book, summary, "g.db")
        data = summary_as_data(book, summary, "g.db")
    told = capsys.readouterr().out
    assert "without (2): line_fit (2 students), losses (1 student)\n" in told
    assert "--exercise my_linear --exercise line_fit --exercise losses --change\n" in told
    assert data["exercises_not_graded"][1] == {"exercise": "losses", "students": ["ada"]}
