"""The screen of `grader watch`, as a function of what is known, and how it is put on the terminal."""

from __future__ import annotations

import re
from dataclasses import replace

import pyte
import pytest

from grader.language import speaking
from grader.outputs.progress import ProgressEntry
from grader.outputs.watch_screen import Hint, Screen, painted, render
from grader.report import ExerciseResult
from tests.hostile import (
    ATTACKS,
    a_fault,
    console,
    hostile_fault,
    of_every_status,
    shows_nothing_hidden,
)

ENTRIES = (
    ProgressEntry("first", "The first", "", "passed", 10, 10),
    ProgressEntry("second", "The second", "", "failed", 0, 10, current=True),
)
PARTLY = of_every_status().exercises[1]


def text_of(screen: Screen) -> str:
    paper, out = console()
    render(screen, paper)
    return out.getvalue()


def test_before_the_first_result_the_current_exercise_is_named() -> None:
    text = text_of(Screen("Course", ENTRIES))
    lines = [line for line in text.splitlines() if line]
    assert lines == ["Course", "▰▱  1 of 2 exercises · 10/20 points", "second  The second"]


def test_from_the_course_down_to_the_next_key() -> None:
    screen = Screen(
        "Course",
        ENTRIES,
        notices=(("[red]something happened", "green"),),
        result=PARTLY,
        advice="Do this.",
        hint=Hint(1, 3, "Think of **2**."),
        keys=(("n", "next"), ("q", "ends")),
    )
    text = text_of(screen)
    parts = ["Course", "1 of 2", "[red]something", "an_partial", "Hint 1 of 3", "Think of 2."]
    parts += ["Do this.", "n next   q ends"]
    order = [text.index(part) for part in parts]
    assert order == sorted(order)
    assert "second  The second" not in text
    assert "next" not in text_of(replace(screen, keys=()))


def test_of_what_went_wrong_only_the_first_is_told() -> None:
    text = text_of(Screen("Course", ENTRIES, result=PARTLY))
    assert re.findall(r"message (\S+)", text) == ["partial/failed", "partial/skipped"]
    assert re.findall(r"cause (\S+)", text) == ["partial/failed"]
    assert len(re.findall("asked partial", text)) == 6
    assert "1 more below; `grader check an_partial` shows all of it." in text


def test_a_fault_is_told_as_ours() -> None:
    text = text_of(Screen("Course", ENTRIES, result=a_fault()))
    assert "‼ a_fault  not graded  Title of a_fault" in text
    assert "the check is broken, not your code" in text
    assert "more below" not in text
    assert "SECRET" not in text


@pytest.mark.parametrize("number", [0, 2, 3, 4])
def test_nothing_more_is_below_where_one_thing_went_wrong(number: int) -> None:
    result = of_every_status().exercises[number]
    assert "more below" not in text_of(Screen("Course", ENTRIES, result=result))


def test_the_list_stands_in_place_of_result_and_hint() -> None:
    text = text_of(
        Screen("Course", ENTRIES, result=PARTLY, hint=Hint(1, 3, "Think."), listing=True)
    )
    assert "The first" in text
    assert "an_partial" not in text
    assert "Hint" not in text


@pytest.mark.parametrize("text", ATTACKS)
def test_a_hostile_result_is_shown_and_not_obeyed(text: str) -> None:
    for result in hostile_fault(text).exercises:
        shown = text_of(Screen("Course", ENTRIES, result=result))
        assert shows_nothing_hidden(shown)
        assert len(shown) < 20_000


def test_in_korean() -> None:
    result: ExerciseResult = of_every_status("ko").exercises[1]
    with speaking("ko"):
        text = text_of(Screen("강의", ENTRIES, result=result, hint=Hint(2, 3, "생각하세요.")))
    for english in ("Hint", "more below", "exercises", "points", "Look at"):
        assert english not in text
    assert "10/20점" in text


def on_screen(*written: str, rows: int = 6) -> list[str]:
    screen = pyte.Screen(20, rows)
    pyte.Stream(screen).feed("".join(written).replace("\n", "\r\n"))
    return [line.rstrip() for line in screen.display]


def test_what_is_painted_is_all_that_there_is() -> None:
    first = painted(["a long line", "another", "third"], fits=True, fresh=True)
    assert on_screen("rubbish\n" * 3, first) == ["a long line", "another", "third", "", "", ""]
    second = painted(["short", "b"], fits=True, fresh=False)
    assert on_screen(first, second) == ["short", "b", "", "", "", ""]


def test_it_is_cleared_only_where_it_has_to_be() -> None:
    clear = "\x1b[2J"
    assert clear not in painted(["a"], fits=True, fresh=False)
    assert clear in painted(["a"], fits=True, fresh=True)
    assert clear in painted(["a"], fits=False, fresh=False)
    assert on_screen(painted(list("abcdefgh"), fits=False, fresh=False))[:-1] == list("defgh")


def test_where_there_is_little_room_the_first_failure_is_all_that_is_shown_of_the_checks() -> None:
    text = text_of(Screen("Course", ENTRIES, result=PARTLY, brief=True))
    assert re.findall(r"message (\S+)", text) == ["partial/failed"]
    assert len(re.findall("asked partial", text)) == 1
    assert "1 of 6 checks passed." in text
