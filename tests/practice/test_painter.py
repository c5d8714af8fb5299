"""What `grader watch` puts onto a terminal, and what it prints where there is none."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from grader.outputs.progress import ProgressEntry
from grader.outputs.watch_screen import Screen
from grader.practice.painter import Painter
from tests.hostile import of_every_status

CLEARED = "\x1b[2J"
SCREEN = Screen(
    title="Basics",
    entries=(ProgressEntry("one", "First", "", "not_attempted", 0, 10, current=True),),
    notices=(("[bold]noticed", "yellow"),),
    result=None,
    advice="Next: open one.py.",
    hint=None,
    listing=False,
    keys=(),
)


def painter(terminal: bool, height: int = 40) -> tuple[Painter, StringIO]:
    out = StringIO()
    console = Console(
        file=out, force_terminal=terminal, width=60, height=height, _environ={"TERM": "xterm"}
    )
    return Painter(console), out


def taken(out: StringIO) -> str:
    """What was written since the last time."""
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text


class TestOnATerminal:
    def test_the_same_screen_is_painted_once(self) -> None:
        paint, out = painter(terminal=True)
        paint.show(SCREEN)
        first = taken(out)
        assert "Next: open one.py." in first
        assert "[bold]noticed" in first  # what is told is no markup
        paint.show(SCREEN)
        assert taken(out) == ""
        paint.show(replace(SCREEN, advice="Grading one …"), final=False)
        assert "Grading one …" in taken(out)

    def test_after_something_else_was_shown_all_is_cleared(self) -> None:
        paint, out = painter(terminal=True)
        paint.show(SCREEN)
        assert CLEARED in taken(out)
        paint.show(replace(SCREEN, advice="Next: two."))
        assert CLEARED not in taken(out)
        paint.forget()
        paint.show(replace(SCREEN, advice="Next: two."))
        assert CLEARED in taken(out)

    def test_lines_that_are_wrapped_count_as_several(self, monkeypatch: pytest.MonkeyPatch) -> None:
        fits: list[bool] = []

        def seen(lines: list[str], fit: bool, fresh: bool) -> str:
            fits.append(fit)
            return ""

        monkeypatch.setattr("grader.practice.painter.painted", seen)
        for height in (6, 60):
            paint, _ = painter(terminal=True, height=height)
            paint.show(replace(SCREEN, advice="word " * 100))
        assert fits == [False, True]


class TestWithoutATerminal:
    def test_what_is_new_is_printed_and_what_is_passing_is_not(self) -> None:
        paint, out = painter(terminal=False)
        paint.show(replace(SCREEN, advice="Starting …"), final=False)
        assert taken(out) == ""
        paint.show(SCREEN)
        assert taken(out).splitlines() == ["[bold]noticed", "Next: open one.py."]
        paint.show(SCREEN)
        assert taken(out) == ""
        paint.show(replace(SCREEN, advice="Next: open two.py."))
        assert taken(out) == "Next: open two.py.\n"
        paint.show(replace(SCREEN, notices=(("again", "red"),), advice="Next: open two.py."))
        assert taken(out) == "again\n"


def test_a_screen_that_does_not_fit_is_made_brief() -> None:
    screen = replace(SCREEN, result=of_every_status().exercises[1])
    for height, checks in ((60, 6), (14, 1)):
        paint, out = painter(terminal=True, height=height)
        paint.show(screen)
        assert taken(out).count("asked partial") == checks
