"""A student's page as data: what is drawn, what is kept back, and the code with its marks."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from grader.classroom.records import Comment, Enrolled, FileText, HandedIn, Record
from grader.classroom.report.class_summary import ClassSummary
from grader.classroom.report.student_data import code, details, drawn
from grader.report import Picture
from tests.synthetic import HOSTILE, START, made_class, with_code, with_statuses


def data_of(record: Record) -> tuple[dict[str, Any], dict[str, Any] | None]:
    summary = ClassSummary()
    summary.add(record)
    return details(record, summary), code(record, summary)


def handed(text: str, *, counts: bool = True, ago: int = 0) -> HandedIn:
    files = {"one": FileText("one.py", (("one.py", text),))}
    return HandedIn(START - timedelta(hours=ago), "c0ffee", counts, 2, 4, files)


def test_an_error_is_drawn_from_the_largest_and_a_curve_from_its_range() -> None:
    error = Picture("error", "dw", (1, 4), ((-0.5, 0.25, None, 0.0),))
    assert drawn(error) == ["error", "dw", [1, 4], [[-99, 50, None, 0]]]
    curves = Picture("curves", "the losses", (3,), ((3.0, 2.0, 1.0), (3.0, 1.0, None)))
    assert drawn(curves) == ["curves", "the losses", [3], [[99, 50, 0], [99, 0, None]]]
    flat = Picture("curves", "the losses", (2,), ((1.0, 1.0),))
    assert drawn(flat)[3] == [[0, 0]]


def test_which_checks_students_are_not_shown() -> None:
    record = replace(
        with_statuses("passed", "failed"), kept_back={"one": frozenset({"check1", "old"})}
    )
    told, _ = data_of(record)
    [exercise] = told["exercises"]
    assert exercise[8] == ["check1"]


def test_an_unknown_state_is_handed_on() -> None:
    told, _ = data_of(Record(Enrolled("a"), None, 4, absence="on leave"))  # type: ignore[arg-type]
    assert (told["state"], told["code"]) == ("on leave", 0)


def test_the_code_has_its_marks_and_what_was_before() -> None:
    record = next(with_code(each, 2) for each in made_class(9) if each.report)
    _, written = data_of(record)
    assert written
    assert record.report
    assert [entry[0] for entry in written["files"]] == [
        each.name for each in record.report.exercises
    ]
    marked = {
        (entry[0], check)
        for entry in written["files"]
        for cell in entry[3]
        for mark in cell[2]
        for check in mark[2]
    }
    assert marked == {
        (each.name, check.name)
        for each in record.report.exercises
        for check in each.checks
        if check.place
    }
    assert len(written["older"]) == 2
    when, commit, score, _, problem, differing = written["older"][0]
    assert (commit, score, problem) == ("c0ffee", 3, "")
    assert str(when).endswith(" UTC")
    assert len(differing) == len(record.report.exercises)


def test_what_the_instructor_should_look_at_is_marked() -> None:
    record = with_statuses("passed")
    assert record.report
    noted = replace(
        record.report.exercises[0], remarks=("one.py, line 2: `gc` reaches for others",)
    )
    marked = replace(record, report=replace(record.report, exercises=(noted,)))
    _, written = data_of(replace(marked, hand_ins=(handed("a\nb\n"),)))
    assert written
    assert written["files"][0][3][0][2] == [
        [2, "look", [], "one.py, line 2: `gc` reaches for others"]
    ]


def test_only_what_differs_is_written_of_an_earlier_hand_in() -> None:
    record = with_statuses("failed")
    same, other = handed("a\nb\n", counts=False, ago=1), handed("a\n", counts=False, ago=2)
    _, written = data_of(replace(record, hand_ins=(handed("a\nb\n"), same, other)))
    assert written
    assert [entry[5] for entry in written["older"]] == [
        [],
        [["one", "one.py", [("=", 1), ("+", 1)]]],
    ]


def test_who_has_no_text_has_no_file() -> None:
    assert data_of(with_statuses("passed"))[1] is None
    unread = HandedIn(START, "", True, None, None, {}, "It is no zip file.")
    record = Record(Enrolled("a"), None, 4, "It is no zip file.", hand_ins=(unread,))
    assert data_of(record)[1] == {"files": [], "older": []}


def test_a_file_without_a_result_is_shown_all_the_same() -> None:
    record = Record(Enrolled("a"), None, 4, "its worker was lost", hand_ins=(handed("x = 1\n"),))
    _, written = data_of(replace(record, absence="not graded"))
    assert written
    assert written["files"] == [["one", "one.py", "", [["one.py", ["x = 1"], []]]]]


def test_any_text_can_be_written() -> None:
    for text in HOSTILE:
        _, written = data_of(replace(with_statuses("failed"), hand_ins=(handed(text),)))
        assert json.loads(json.dumps(written))["files"][0][3][0][0] == "one.py"


def test_comments_are_with_the_code_or_above_it() -> None:
    here = Comment(1, "one", "one.py", 1, "why?", "me", START)
    whole = Comment(2, "", "", None, "well done", "me", START)
    record = replace(with_statuses("passed"), hand_ins=(handed("x = 1\n"),), comments=(here, whole))
    told, written = data_of(record)
    assert told["comments"] == [["", "", None, "me", "2026-11-01", "well done"]]
    assert written
    assert written["files"][0][3][0][2] == [[1, "comment", [], "why?"]]
