"""The plan of what Canvas is to be given: a table and comments to look at, and the leave to send just that."""

from __future__ import annotations

import csv
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from grader.classroom.giveback.canvas_folder import (
    described,
    expect_plan,
    note_sent,
    write_plan,
)
from grader.classroom.giveback.canvas_plan import CanvasHas, CanvasIntent, change_of
from grader.errors import GiveBackError
from tests.synthetic import HOSTILE

ADA = CanvasIntent("ada", "Ada Lind", ("ada",), "7", comment="Well done.")
DAN = CanvasIntent("dan", "", ("dan",), excuse=True)
NOWHERE = Path("/nowhere")
CHANGE = change_of(ADA, CanvasHas(70, "Ada Lind", frozenset({"ada"}), Fraction(6)))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_plan_says_who_is_given_what(tmp_path: Path) -> None:
    write_plan([ADA, DAN], [CHANGE], "digest", tmp_path, NOWHERE)
    ada, dan = rows(tmp_path / "plan.csv")
    assert list(ada.values()) == [
        *("ada", "Ada Lind", "7", "comments/ada.txt", "Ada Lind (70)", "6 → 7, a comment"),
    ]
    assert list(dan.values()) == ["dan", "", "excused", "", "", "not sent"]
    assert (tmp_path / "comments" / "ada.txt").read_text() == "Well done.\n"
    assert [path.name for path in (tmp_path / "comments").iterdir()] == ["ada.txt"]


def test_a_plan_without_canvas_says_nothing_of_it(tmp_path: Path) -> None:
    write_plan([ADA], None, "digest", tmp_path, NOWHERE)
    [ada] = rows(tmp_path / "plan.csv")
    assert (ada["user of Canvas"], ada["change there"]) == ("", "")


def test_hostile_names_stay_in_their_cells(tmp_path: Path) -> None:
    write_plan(
        [CanvasIntent(text, text, (text,), "1", comment=text) for text in HOSTILE],
        None,
        "d",
        tmp_path,
        NOWHERE,
    )
    found = rows(tmp_path / "plan.csv")
    assert len(found) == len(HOSTILE)
    assert not [each for each in found if each["student"].startswith("=")]
    assert len(list((tmp_path / "comments").iterdir())) == len(HOSTILE)


def test_what_was_looked_at_is_what_is_sent(tmp_path: Path) -> None:
    with pytest.raises(GiveBackError, match="has no plan"):
        expect_plan(tmp_path, "digest")
    write_plan([ADA], None, "digest", tmp_path, NOWHERE)
    expect_plan(tmp_path, "digest")
    with pytest.raises(GiveBackError, match="is another one than when"):
        expect_plan(tmp_path, "other")
    (tmp_path / "plan.json").write_text("[]")
    with pytest.raises(GiveBackError, match="is another one than when"):
        expect_plan(tmp_path, "digest")


def test_what_was_sent_is_put_down(tmp_path: Path) -> None:
    for _time in range(2):
        note_sent(tmp_path, CHANGE)
    found = rows(tmp_path / "sent.csv")
    assert [(each["student"], each["what"]) for each in found] == [("ada", "6 → 7, a comment")] * 2
    (tmp_path / "new").mkdir()
    write_plan([ADA], None, "digest", tmp_path / "new", tmp_path)
    assert rows(tmp_path / "new" / "sent.csv") == found
    nothing = replace(CHANGE, grade="", comment="")
    assert described(nothing) == "is there already"
