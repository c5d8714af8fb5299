"""The platform's own file is given back: the same lines in the same order, with the scores in the right column."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.classroom.handin.roster import Roster, read_roster
from grader.classroom.records import Enrolled, Excuse, Record, RosterSheet
from grader.classroom.report.class_summary import ClassSummary
from grader.classroom.report.exports import write_exports
from grader.classroom.report.own_sheet import canvas_column, own_rows, told_of
from grader.errors import ReportError
from tests.gradebooks import NOON, report
from tests.reports import rows
from tests.synthetic import not_graded, summed

CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Lab 1 (4711),Lab 2 (4712),Final Score\n"
    ",,,,,Manual Posting,,\n"
    "    Points Possible,,,,,10.00,20.00,(read only)\n"
    '"Ray, Bob",70001,S2,bob,A,3,7,50\n'
    '"Lind, Ada",70000,S1,ada,A,,8,60\n'
    '"Lee, Cy",70002,,cy,B,,9,70\n'
    '"Eve, Eve",70003,,eve,B,,9,70\n'
    '"Student, Test",79999,,5e2d9c,A,,,\n'
)


def sheet_of(folder: Path, text: str) -> tuple[RosterSheet, Roster]:
    (folder / "roster.csv").write_text(text, encoding="utf-8")
    roster = read_roster(folder / "roster.csv")
    header, *lines = ((line.student, line.cells) for line in roster.lines)
    return RosterSheet(roster.kind, header[1], tuple(lines)), roster


def summary_of(roster: Roster, title: str) -> ClassSummary:
    """Ada has 7 points, Bob handed in nothing, Cy is excused, and Eve is not graded."""
    states = {
        "ada": lambda who: Record(who, report(7), 10),
        "bob": lambda who: Record(who, None, 10),
        "cy": lambda who: Record(who, report(9), 10, excused=Excuse("me", NOON, "ill")),
        "eve": lambda who: Record(who, None, 10, absence="not graded"),
    }
    known = [entry.student for entry in roster]
    summary = summed(
        [states[each.login or each.email.partition("@")[0]](each) for each in reversed(known)]
    )
    summary.title = title
    return summary


def test_canvas_gets_its_own_gradebook_back(tmp_path: Path) -> None:
    sheet, roster = sheet_of(tmp_path, CANVAS)
    write_exports(summary_of(roster, "Lab 1"), tmp_path, sheet)
    assert rows(tmp_path / "canvas.csv") == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Lab 1 (4711)"],
        ["", "", "", "", "", "Manual Posting"],
        ["    Points Possible", "", "", "", "", "10.00"],
        ["Ray, Bob", "70001", "S2", "bob", "A", ""],
        ["Lind, Ada", "70000", "S1", "ada", "A", "7"],
        ["Lee, Cy", "70002", "", "cy", "B", "EX"],
        ["Eve, Eve", "70003", "", "eve", "B", ""],
    ]
    # what comes out is a roster that goes in
    again = read_roster(tmp_path / "canvas.csv")
    assert list(again) == list(roster)
    # the others' files are as ever
    assert rows(tmp_path / "moodle.csv")[0][0] == "ID number"


@pytest.mark.parametrize(
    ("title", "named", "expected"),
    [
        ("Lab 1", "", "Lab 1 (4711)"),
        ("LAB  2", "", "Lab 2 (4712)"),
        ("Something else", "", None),  # Canvas makes a new one of it
        ("Lab 1", "Lab 2", "Lab 2 (4712)"),
        ("Lab 1", "lab 2 (4712)", "Lab 2 (4712)"),
    ],
)
def test_which_column_is_filled(
    tmp_path: Path, title: str, named: str, expected: str | None
) -> None:
    sheet, roster = sheet_of(tmp_path, CANVAS)
    place = canvas_column(sheet, title, named)
    assert (None if place is None else sheet.header[place]) == expected
    table = list(own_rows(sheet, summary_of(roster, title), named))
    assert table[0][-1] == (expected or title)
    if expected is None:
        assert [row[-1] for row in table[1:]] == ["", 10, None, 7, "EX", None]


def test_the_only_column_is_meant_whatever_it_is_called(tmp_path: Path) -> None:
    sheet, _ = sheet_of(tmp_path, 'Student,ID,Section,Lab (1) (4711)\n"Lind, Ada",70000,A,\n')
    assert canvas_column(sheet, "submissions") == 3


def test_a_column_that_is_not_clear_is_asked_for(tmp_path: Path) -> None:
    twice = CANVAS.replace("Lab 2", "Lab 1")
    sheet, roster = sheet_of(tmp_path, twice)
    with pytest.raises(ReportError, match=r"several columns called 'Lab 1': Lab 1 \(4711\), Lab 1"):
        canvas_column(sheet, "Lab 1")
    assert canvas_column(sheet, "Lab 1", "Lab 1 (4712)") == 6
    with pytest.raises(
        ReportError, match=r"no column 'Lab 3'. The columns of .* are: Lab 1 \(4711\)"
    ):
        write_exports(summary_of(roster, "x"), tmp_path, sheet, "Lab 3")


def test_what_an_import_would_not_do_is_told(tmp_path: Path) -> None:
    sheet, roster = sheet_of(tmp_path, CANVAS.replace("10.00", "100"))
    summary = summary_of(roster, "Lab 1")
    summary.add(Record(Enrolled("stranger"), report(3), 10))
    strangers, scale, gone = told_of(sheet, summary)
    assert strangers == (
        "Not in scores/canvas.csv, since they are not on its roster (1): stranger."
    )
    assert scale.startswith(
        "Canvas has 100 points possible for Lab 1 (4711), and this gradebook 10"
    )
    assert gone == (
        "scores/canvas.csv would change what the platform has and this gradebook lacks (1): 70001 (3 → nothing)."
    )
    assert told_of(None, summary) == []
    same, _ = sheet_of(tmp_path, CANVAS.replace("A,3,7", "A,,7"))
    assert told_of(same, summary_of(roster, "Lab 1")) == []


def test_where_no_column_has_the_title_it_is_told_where_the_scores_go(tmp_path: Path) -> None:
    sheet, roster = sheet_of(tmp_path, CANVAS)
    (new,) = told_of(sheet, summary_of(roster, "submissions"))
    assert "makes a new assignment of that name" in new
    assert new.endswith("name it with --canvas-column: Lab 1 (4711), Lab 2 (4712).")
    (goes,) = told_of(sheet, summary_of(roster, "submissions"), "Lab 1 (4711)")
    assert "would change what the platform has" in goes
    one, roster = sheet_of(
        tmp_path, 'Student,ID,SIS Login ID,Section,Midterm (9)\n"Lind, Ada",70000,ada,A,\n'
    )
    (only,) = told_of(one, summary_of(roster, "Lab 1"))
    assert only.startswith("The scores in scores/canvas.csv are in Canvas' column 'Midterm (9)'")
    assert told_of(one, summary_of(roster, "midterm")) == []
    none, roster = sheet_of(tmp_path, 'Student,ID,SIS Login ID,Section\n"Lind, Ada",70000,ada,A\n')
    assert told_of(none, summary_of(roster, "Lab 1")) == []


def test_moodle_s_worksheet_gets_its_grades(tmp_path: Path) -> None:
    text = (
        "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Feedback comments\n"
        "Participant 5001,Bob Ray,bob@x.org,No submission,3,10,\n"
        "Participant 5000,Ada Lind,ada@x.org,Submitted,-,10,good\n"
        "Participant 5002,Cy Lee,cy@x.org,No submission,,10,\n"
    )
    sheet, roster = sheet_of(tmp_path, text)
    write_exports(summary_of(roster, "Lab 1"), tmp_path, sheet)
    assert rows(tmp_path / "moodle.csv") == [
        text.split("\n", 1)[0].split(","),
        ["Participant 5001", "Bob Ray", "bob@x.org", "No submission", "", "10", ""],
        ["Participant 5000", "Ada Lind", "ada@x.org", "Submitted", "7", "10", "good"],
        ["Participant 5002", "Cy Lee", "cy@x.org", "No submission", "", "10", ""],
    ]
    [gone] = told_of(sheet, summary_of(roster, "Lab 1"))
    assert gone.startswith("scores/moodle.csv would change")
    assert "bob@x.org (3 → nothing)" in gone
    hundred, _ = sheet_of(tmp_path, text.replace(",10,", ',"100,00",'))
    assert told_of(hundred, summary_of(roster, "Lab 1"))[0].startswith(
        "Moodle has a maximum grade of 100,00, and this gradebook 10"
    )


@pytest.mark.parametrize(
    ("text", "file", "column"),
    [
        ("First name,Last name,Email address\nAda,Lind,ada@x.org\n", "moodle", "Lab 1"),
        (
            "Last Name,First Name,Username,Student ID,Lab 1 [Total Pts: 10 Score] |99\nLind,Ada,ada,007,\n",
            "blackboard",
            "Lab 1 [Total Pts: 10 Score] |99",
        ),
        ("Last Name,First Name,Username,Student ID\nLind,Ada,ada,007\n", "blackboard", "Lab 1"),
    ],
)
def test_other_lists_get_a_column(tmp_path: Path, text: str, file: str, column: str) -> None:
    sheet, roster = sheet_of(tmp_path, text)
    write_exports(summary_of(roster, "Lab 1"), tmp_path, sheet)
    header, ada = rows(tmp_path / f"{file}.csv")
    assert header[:2] == text.split(",")[:2]
    assert (header[-1], ada[-1]) == (column, "7")
    assert told_of(sheet, summary_of(roster, "Lab 1")) == []


def test_a_student_of_whom_the_gradebook_knows_nothing_has_an_empty_cell(tmp_path: Path) -> None:
    sheet, _ = sheet_of(tmp_path, CANVAS)
    summary = summed([not_graded("70000")])
    assert [row[-1] for row in own_rows(sheet, summary, "Lab 1")][3:] == ["", None, "", ""]
