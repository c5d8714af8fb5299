"""The files that learning platforms import, safe to open in a spreadsheet."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from grader.classroom.records import Enrolled, Excuse, Record
from grader.classroom.report.exports import (
    PLATFORMS,
    split_name,
    stamp,
    write_csv,
    write_exports,
)
from grader.classroom.report.own_sheet import Value
from tests.gradebooks import NOON
from tests.reports import rows
from tests.synthetic import HOSTILE, made_class, not_graded, summed


def test_scores_for_every_platform(folder: Path) -> None:
    first = next(made_class(1))
    canvas, moodle, blackboard, classroom50, plain = (
        rows(folder / "scores" / f"{name}.csv")
        for name in ("canvas", "moodle", "blackboard", "classroom50", "scores")
    )
    assert canvas[0][:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert canvas[1] == ["Points Possible", "", "", "", "", "180"]
    assert canvas[2][2:] == [first.student.id, first.student.login, "Lab 1", str(first.score)]
    assert moodle[1][:3] == [first.student.id, first.student.login, first.student.email]
    assert blackboard[0][2] == "Username"
    assert ",".join(classroom50[0]) == (
        "username,first_name,last_name,email,section,score,max_score,"
        "datetime,submission_tag,submitted_by,review_url,late,override"
    )
    assert classroom50[1][5:8] == [str(first.score), "180", f"{first.submitted:%Y-%m-%dT%H:%M:%SZ}"]
    assert [row[-2] for row in classroom50[1:8]] == ["false"] * 6 + ["true"]
    for table in (moodle, blackboard, classroom50, plain):
        assert len(table) == 1 + 60 + len(HOSTILE)


def test_no_cell_is_a_formula(folder: Path) -> None:
    for path in folder.rglob("*.csv"):
        for row in rows(path):
            for value in row:
                assert not re.match(r"\s*[=+@|%＝＋－＠\t\r]|\s*-(?!\d+(\.\d+)?$)", value), (
                    path,
                    value,
                )


@pytest.mark.parametrize("text", ["=1+1", " =1", "+1", "-1", "@SUM(A1)", "＝1", "|x", "%x"])
def test_a_formula_becomes_text(tmp_path: Path, text: str) -> None:
    write_csv(tmp_path / "x.csv", [[text]])
    assert rows(tmp_path / "x.csv") == [[f"'{text}"]]


def test_what_is_no_formula_stays(tmp_path: Path) -> None:
    values: list[Value] = ["Ada", "a=b", "", "김민준", -5, 1.5, None]
    write_csv(tmp_path / "x.csv", [values])
    assert rows(tmp_path / "x.csv") == [["Ada", "a=b", "", "김민준", "-5", "1.5", ""]]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Ada Lovelace", ("Ada", "Lovelace")),
        ("Lovelace, Ada", ("Ada", "Lovelace")),
        ("Ada King Lovelace", ("Ada King", "Lovelace")),
        ("김민준", ("", "김민준")),
        ("", ("", "")),
    ],
)
def test_names_are_split(name: str, parts: tuple[str, str]) -> None:
    assert split_name(name) == parts


def test_a_file_for_each_platform(tmp_path: Path) -> None:
    paths = write_exports(summed(made_class(3)), tmp_path)
    assert [path.stem for path in paths] == list(PLATFORMS)
    assert all(path.parent == tmp_path and path.is_file() for path in paths)


def test_an_empty_title_and_a_student_without_a_name(tmp_path: Path) -> None:
    summary = summed([Record(Enrolled("7"), None, 10)])
    summary.title = " \n "
    write_exports(summary, tmp_path)
    assert rows(tmp_path / "canvas.csv") == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Score"],
        ["Points Possible", "", "", "", "", "10"],
        ["7", "", "7", "", "", ""],
    ]
    # who has no login is found by the identifier
    assert rows(tmp_path / "blackboard.csv")[1] == ["", "", "7", "7", ""]


def test_text_with_quotes_and_lines_comes_back(tmp_path: Path) -> None:
    values = ['a "b", c', "two\nlines", "é🐍"]
    write_csv(tmp_path / "x.csv", [values])
    assert rows(tmp_path / "x.csv") == [values]


def test_instants_are_in_utc() -> None:
    seoul = timezone(timedelta(hours=9))
    assert stamp(datetime(2026, 11, 21, 8, 30, tzinfo=seoul)) == "2026-11-20T23:30:00Z"
    assert stamp(datetime(2026, 11, 21, 8, 30, 5, 7, tzinfo=UTC)) == "2026-11-21T08:30:05Z"
    assert stamp(datetime(2026, 11, 21, 8, 30)) == "2026-11-21T08:30:00"
    assert stamp(None) == ""


def test_what_has_no_score_has_no_zero_on_any_platform(tmp_path: Path) -> None:
    unread = Record(Enrolled("cy"), None, 4, absence="could not be read")
    excused = Record(Enrolled("dan"), None, 4, excused=Excuse("me", NOON, "ill"))
    class_of_four = [not_graded("eve"), Record(Enrolled("bob"), None, 4), unread, excused]
    write_exports(summed(class_of_four), tmp_path)
    for name in PLATFORMS:
        head, *lines = rows(tmp_path / f"{name}.csv")
        column = head.index("score") if "score" in head else -1
        found = [line[column] for line in lines[-4:]]
        assert found == ["", "", "0", "EX" if name == "canvas" else ""], name
    head, *lines = rows(tmp_path / "scores.csv")
    states = [line[head.index("state")] for line in lines]
    assert states == ["not graded", "nothing handed in", "could not be read", "excused"]
