"""The CSV and the page of totals: every number explained, and text as text."""

from __future__ import annotations

import csv
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from grader.classroom.records import Enrolled
from grader.classroom.totals.scheme import Scheme
from grader.classroom.totals.total import StudentTotal, totals_of
from grader.classroom.totals.totals_folder import (
    page,
    plain_totals,
    rules,
    totals_table,
    write_totals,
)
from grader.errors import OutputError
from tests.classes_of_marks import LATER, book, mark
from tests.reports import Tags
from tests.synthetic import HOSTILE

SCHEME = Scheme("Term", drop_lowest=1, late_days=3, letters={"A": Fraction(90), "F": Fraction(0)})


def course(scheme: Scheme = SCHEME) -> list[StudentTotal]:
    """Ada has a total; Bob's work in the second assignment is not graded."""
    ada, bob = Enrolled("ada", "Ada Lind", "ada@x.org"), Enrolled("bob")
    good, bad = replace(mark(10), student=ada), replace(mark(5), student=ada)
    waits = replace(mark(0), student=bob, standing="not graded")
    books = [
        book("Lab 1", {"ada": good, "bob": replace(mark(8), student=bob)}),
        book("Lab 2", {"ada": bad, "bob": waits}, weight=2, week=1),
    ]
    return totals_of(scheme, books)


def test_the_table_has_a_line_for_each_student(tmp_path: Path) -> None:
    write_totals(SCHEME, course(), tmp_path / "out", LATER)
    with (tmp_path / "out" / "totals.csv").open(encoding="utf-8", newline="") as file:
        ada, bob = csv.DictReader(file)
    assert (ada["total"], ada["letter"], ada["not_final"]) == ("100.0", "A", "")
    assert (ada["Lab 1: use"], ada["Lab 2: use"]) == ("counts", "dropped")
    assert (ada["Lab 2: points"], ada["Lab 2: of"]) == ("5", "10")
    assert ada["Lab 1: days from the bank"] == "0"
    assert (bob["total"], bob["letter"], bob["so_far"]) == ("", "", "80.0")
    assert bob["not_final"] == "Lab 2 is not graded."
    assert (bob["Lab 2: points"], bob["Lab 2: use"]) == ("", "waits")


def test_columns_are_there_for_what_the_scheme_has() -> None:
    plain = Scheme()
    head, *_ = totals_table(plain, course(plain))
    assert "letter" not in head
    assert "Lab 1: days from the bank" not in head
    assert list(totals_table(plain, []))[1:] == []


def test_the_page_explains_every_number() -> None:
    shown = Tags(page(SCHEME, course(), LATER))
    for sentence in (
        "Total: 100 × (1 × 10/10) / 1 = 100.0: A.",
        "Lab 2 is dropped, as the lowest: 5 of 10.",
        "So far: 100 × (1 × 8/10) / 1 = 80.0.",
        "Lab 2 is not graded.",
        *rules(SCHEME),
    ):
        assert sentence in shown.text
    names = {name for name, _attributes in shown.tags}
    assert not names & {"script", "form", "img", "iframe"}


def test_rules_are_told_as_they_are() -> None:
    told = " ".join(rules(SCHEME))
    assert "The assignment with the lowest share does not count." in told
    assert "A bank pays for 3 days late" in told
    assert "A from 90, F from 0" in told
    assert "is left out. What a student" in " ".join(rules(Scheme(not_handed_in="left out")))
    assert "bank" not in " ".join(rules(Scheme()))


def test_hostile_names_are_text(tmp_path: Path) -> None:
    marks = {
        text: replace(mark(5), student=Enrolled(text, text, text, text, text)) for text in HOSTILE
    }
    scheme = Scheme(HOSTILE[1])
    found = totals_of(scheme, [book("Lab <b>", marks)])
    shown = Tags(page(scheme, found, LATER))
    assert not {"script", "img", "svg", "b"} & {name for name, _attributes in shown.tags}
    assert HOSTILE[0] in shown.text
    write_totals(scheme, found, tmp_path / "out", LATER)
    with (tmp_path / "out" / "totals.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            assert not [cell for cell in row if cell.startswith(("=", "+", "@"))]


def test_plain_data_says_the_same() -> None:
    ada, bob = plain_totals(SCHEME, course())
    assert (ada["total"], bob["total"], bob["so_far"]) == ("100.0", None, "80.0")
    assert "Lab 2 is dropped, as the lowest: 5 of 10." in str(ada["explained"])


def test_another_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    with pytest.raises(OutputError):
        write_totals(SCHEME, course(), tmp_path, LATER)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
