"""Every status has a mark, and each is told from the others by what it is told beside."""

from __future__ import annotations

from typing import get_args

from rich.cells import cell_len
from rich.style import Style

from grader.outputs.marks import MARKS
from grader.practice.workspace import State
from grader.report import CheckStatus, ExerciseStatus


def test_every_status_has_one_and_nothing_else_has() -> None:
    statuses = {*get_args(CheckStatus), *get_args(ExerciseStatus), *get_args(State)}
    assert set(MARKS) == statuses | {"no_file"}


def test_a_mark_fits_where_it_stands() -> None:
    for status, mark in MARKS.items():
        assert cell_len(mark.text) <= 1
        Style.parse(mark.style)
        assert bool(mark.text) == bool(mark.emoji) == (status != "no_file")


def test_right_wrong_and_neither_are_three_marks() -> None:
    for kind in ("text", "emoji", "style"):
        seen = [getattr(MARKS[status], kind) for status in ("passed", "failed", "error", "skipped")]
        assert len(set(seen)) == 4
    # what is ours to mend is none of the student's marks
    for kind in ("text", "emoji", "overview"):
        others = [getattr(mark, kind) for status, mark in MARKS.items() if status != "fault"]
        assert getattr(MARKS["fault"], kind) not in others
    overview = [MARKS[status].overview for status in get_args(ExerciseStatus)]
    assert overview == ["✅", "🟡", "❌", "⬜", "⬜", "❌", "🔧"]
