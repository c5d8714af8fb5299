"""`grader grade --preview` and `--accept`: what they say and write, and which calls are wrong."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.classroom.gradebook.reader import open_gradebook
from grader.classroom.run import pool
from grader.cli import main
from tests.classroom.run.test_grade_class import StandIn, hand_in
from tests.synthetic_course import make_course


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A class of three, graded; then Ada hands in another text."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pool, "workers_of", lambda *_: StandIn().workers)
    make_course(tmp_path / "course")
    for student, points in (("ada", 3), ("bob", 5), ("=eve", 5)):
        hand_in(tmp_path / "lab", student, double=f"# {points}")
    call(status=0)
    hand_in(tmp_path / "lab", "ada", double="# 7")
    hand_in(tmp_path / "lab", "=eve", double="# 4")
    return tmp_path


def call(*options: str, status: int = 0) -> str:
    arguments = ["grade", "lab", "--gradebook", "g.db", "--course", "course", *options]
    result = CliRunner().invoke(main, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == status, result.output
    return result.output if status else result.stdout


def scores() -> dict[str, float | None]:
    with open_gradebook("g.db") as gradebook:
        assert gradebook.check() == []
        return {each.student.id: each.score for each in gradebook.records()}


def test_who_would_change_is_shown_and_then_counts(lab: Path) -> None:
    printed = " ".join(call("--preview", "--who", "Prof. Curie").split())
    assert "ada 3/10 7/10 +4 double: right 3 → 7 (passed)" in printed
    assert "=eve 5/10 4/10 -1" in printed
    assert "bob" not in printed
    assert "double: right 2 +3" in printed
    assert "2 of 3 students would have another score: 1 gain, 1 lose." in printed
    assert "Mean of all scores: 4.33 before, 5.33 after." in printed
    assert "`--accept` instead of `--preview`" in printed
    assert scores() == {"ada": 3, "bob": 5, "=eve": 5}
    assert "2 graded now, 1 graded before" in call("--accept", "--who", "Prof. Noether")
    assert scores() == {"ada": 7, "bob": 5, "=eve": 4}
    history = CliRunner().invoke(main, ["history", "g.db", "ada"]).output
    assert "3 → 7, by a preview that Prof. Noether accepted" in " ".join(history.split())


def test_changes_are_written_as_data(lab: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(call("--preview", "--format", "csv"))))
    assert [row["student"] for row in rows] == ["'=eve", "'=eve", "ada", "ada"]
    assert [(row["check"], row["change"]) for row in rows[2:]] == [("", "4"), ("right", "4")]
    data = json.loads(call("--preview", "--format", "json"))
    assert (data["unchanged"], data["gain"], data["lose"]) == (1, 1, 1)
    assert [each["change"] for each in data["students"]] == [-1, 4]
    for name in ("changes.csv", "changes.json"):
        assert f"The changes are in {name}." in call("--preview", "--to", name)
    assert json.loads((lab / "changes.json").read_text(encoding="utf-8")) == data
    assert len((lab / "changes.csv").read_text(encoding="utf-8").splitlines()) == 5


def test_what_the_call_changes_is_told_and_other_points_alone_are_no_change(lab: Path) -> None:
    hand_in(lab / "lab", "ada", double="# 0")
    hand_in(lab / "lab", "=eve", double="# 5")
    call()
    file = lab / "assignment.toml"
    file.write_text('title = "Lab"\n[[exercise]]\nname = "double"\npoints = 5\n')
    printed = " ".join(call("--preview", "--assignment", str(file)).split())
    assert "Other than what the gradebook was made with: " in printed
    assert "double was worth 10 points, and would be worth 5; " in printed
    assert re.search(r"ada 0/10 0/\d \+0 bob", printed)  # no check of hers ends otherwise
    assert "not_" not in printed
    assert "Other than" not in call("--preview")


def test_nothing_to_show_is_said_too(lab: Path) -> None:
    call()
    printed = call("--preview")
    assert "0 of 3 students would have another score: 0 gain, 0 lose." in printed
    assert "Results of one exercise each: 0 run, 3 kept." in printed


def test_whoever_cannot_be_graded_is_told(lab: Path) -> None:
    hand_in(lab / "lab", "bob", double="broken")
    printed = call("--preview", status=1)
    assert "Not graded, through no fault of theirs: 1 student. Such a preview cannot" in printed
    assert "The check test_mine of double failed for bob: NameError" in printed
    told = call("--accept", status=2)
    assert "the work of 1 could not be graded (bob)" in told
    assert scores() == {"ada": 3, "bob": 5, "=eve": 5}


def test_a_wrong_call_is_told(lab: Path) -> None:
    for options, told in (
        ("--accept", "There is no preview to accept"),
        ("--preview --accept", "Give `--preview` first"),
        ("--preview --force", "leave `--force` out"),
        ("--accept --force", "leave `--force` out"),
        ("--to x.csv", "give `--preview` as well"),
        ("--format csv", "give `--preview` as well"),
        ("--preview --to x.xlsx", "end its name in .csv, .json or .txt"),
        ("--preview --to none/x.csv", "Make the folder first"),
        ("--preview --gradebook none.db", "There is no gradebook none.db"),
    ):
        printed = call(*options.split(), status=2)
        assert told in " ".join(printed.split()), options
        assert not (lab / "none.db").exists()
    assert scores() == {"ada": 3, "bob": 5, "=eve": 5}
