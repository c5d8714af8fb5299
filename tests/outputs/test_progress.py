"""The list of a student's exercises and the bar, for every state."""

from __future__ import annotations

from typing import get_args

import pytest

from grader.language import speaking
from grader.outputs.progress import ProgressEntry, bar, table
from grader.practice.workspace import State
from tests.hostile import printed


def entry(state: str, unit: str = "", score: int = 0, current: bool = False) -> ProgressEntry:
    return ProgressEntry(f"an_{state}", f"Title of {state}", unit, state, score, 10, current)


STATES = [*(state for state in get_args(State) if state != "fault"), "fault"]
EVERY = [entry(state, score=10 if state == "passed" else 3) for state in STATES]


def test_every_state_has_its_line() -> None:
    lines = [line.split() for line in printed(table(EVERY), 60).splitlines()]
    assert [(line[0], line[-1] if "/" in line[-1] else " ".join(line[5:])) for line in lines] == [
        ("✓", "10/10"),
        ("◐", "3/10"),
        ("✗", "3/10"),
        ("!", "3/10"),
        ("·", "3/10"),
        ("an_missing", "file"),  # no mark
        ("◌", "changed"),
        ("◌", "not checked"),
        ("‼", "not graded"),
    ]
    assert "no file" in printed(table(EVERY), 60)


def test_where_nothing_is_there_it_says_what_they_are_worth() -> None:
    text = printed(table([entry("missing")]), 60)
    assert "no file" not in text
    assert text.split()[-1] == "10"
    assert printed(table([])).strip() == ""


def test_units_have_a_head_and_the_current_one_an_arrow() -> None:
    entries = [entry("passed", "One"), entry("failed", "Two", current=True), entry("error", "Two")]
    lines = [line.rstrip() for line in printed(table(entries), 60).splitlines()]
    assert [line for line in lines if line in ("One", "Two", "")] == ["One", "", "Two"]
    assert [line for line in lines if line.startswith("▸")] == [
        line for line in lines if "an_failed" in line
    ]


def test_the_bar_has_a_piece_for_each_that_is_there() -> None:
    text = bar(EVERY, 80)
    # what could not be graded has no part in the points
    assert text.plain == "▰▱▱▱▱▱▱▱  1 of 8 exercises · 28/70 points · 1 not graded"
    styles = [str(span.style) for span in text.spans]
    assert styles[:7] == ["green", "yellow", "red", "magenta", "dim", "yellow", "yellow"]
    assert styles[7] == "magenta"
    assert bar(EVERY[:-1], 80).plain == "▰▱▱▱▱▱▱  1 of 7 exercises · 28/70 points"


def test_a_bar_without_room_is_words() -> None:
    words = "1 of 8 exercises · 28/70 points · 1 not graded"
    assert bar(EVERY, len(words) + 10).plain == f"▰▱▱▱▱▱▱▱  {words}"
    assert bar(EVERY, len(words) + 9).plain == words
    assert bar([]).plain.strip() == "0 of 0 exercises · 0/0 points"


@pytest.mark.parametrize("state", STATES)
def test_no_title_is_markup(state: str) -> None:
    hostile = ProgressEntry("[red]a", "[link=http://x]b[/link]", "[bold]unit", state, 0, 1)
    text = printed(table([hostile]))
    for part in ("[red]a", "[link=http://x]b[/link]", "[bold]unit"):
        assert part in text


def test_in_korean() -> None:
    with speaking("ko"):
        text = printed(table(EVERY), 60)
        words = bar(EVERY).plain
    for english in ("changed", "not checked", "no file", "not graded"):
        assert english not in text.replace("Title of changed", "").replace("an_changed", "")
    assert "28/70점" in words
