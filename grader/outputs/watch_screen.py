"""The screen of `grader watch`: a function of what is known at the moment, and how it is put on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.console import Console
from rich.markdown import Markdown
from rich.padding import Padding
from rich.rule import Rule
from rich.syntax import Syntax
from rich.text import Text

from ..language import N_, _
from ..report import ExerciseResult
from . import progress
from .progress import ProgressEntry
from .terminal import render_exercise
from .wording import checks_passed

_HINT = N_("Hint {number} of {total}")
_MORE = N_("{count} more below; `grader check {name}` shows all of it.")


@dataclass(frozen=True)
class Hint:
    """One of an exercise's hints, in Markdown."""

    number: int
    total: int
    text: str


@dataclass(frozen=True)
class Screen:
    """What there is to see.

    Attributes:
        notices: sentences about what has just happened, oldest first, each with its style.
        result: the last grading of the current exercise; `None` before the first.
        advice: the one thing to do next.
        example: Python that shows what is wrong.
        listing: whether the list of the exercises stands in place of the result.
        keys: what the keys do, in words; empty where no keys are read.
        brief: whether there is little room: of the result, the first check that is not right alone.
    """

    title: str
    entries: tuple[ProgressEntry, ...]
    notices: tuple[tuple[str, str], ...] = ()
    result: ExerciseResult | None = None
    advice: str = ""
    hint: Hint | None = None
    listing: bool = False
    example: str = ""
    keys: tuple[tuple[str, str], ...] = ()
    brief: bool = False


def render(screen: Screen, console: Console) -> None:
    """Prints the screen, from the whole course down to the next key."""
    console.print(Text(screen.title, style="dim"))
    console.print(progress.bar(screen.entries, console.width))
    console.print()
    for notice, style in screen.notices:
        console.print(Text(notice, style=style))
    if screen.notices:
        console.print()
    if screen.listing:
        console.print(progress.table(screen.entries))
        console.print()
    elif screen.result:
        _render_result(screen.result, console, screen.brief)
    else:
        for entry in screen.entries:
            if entry.current:
                console.print(Text.assemble((entry.name, "bold"), "  ", (entry.title, "dim")))
                console.print()
    if screen.hint and not screen.listing:
        head = _(_HINT).format(number=screen.hint.number, total=screen.hint.total)
        console.print(Text(head, style="bold cyan"))
        console.print(Padding(Markdown(screen.hint.text), (0, 0, 1, 2)))
    if screen.example and not screen.listing:
        console.print(Syntax(screen.example, "python", background_color="default", word_wrap=True))
    if screen.advice:
        console.print(Text(screen.advice))
    if screen.keys:
        console.print(Rule(style="dim"))
        keys = [Text.assemble((key, "bold"), " ", (does, "dim")) for key, does in screen.keys]
        console.print(Text("   ").join(keys))


def _render_result(result: ExerciseResult, console: Console, brief: bool) -> None:
    """The exercise with all its checks, and in full only the first that is not right: one thing at a time."""
    checks, more = [], 0
    for check in result.checks:
        if check.went_wrong:
            more += 1
            if more > 1:
                check = replace(check, message="", cause="", place="", detail="", printed="")
        if not brief or (check.went_wrong and more == 1):
            checks.append(check)
    render_exercise(replace(result, checks=tuple(checks)), console)
    if brief and result.checks:
        passed = _("{passed} of {total} checks passed.")
        passed = passed.format(passed=checks_passed(result), total=len(result.checks))
        console.print(Text(passed, style="dim"))
    if more > 1:
        console.print(Text(_(_MORE).format(count=more - 1, name=result.name), style="dim"))
        console.print()


def painted(lines: Sequence[str], fits: bool, fresh: bool) -> str:
    """What to write so that the terminal shows `lines` and nothing else.

    Lines are written over those that are there, which does not flicker. The screen is cleared first where something
    else may be on it (`fresh`), or where not all of the lines fit: then the end stays in sight, and the beginning can
    be scrolled to.
    """
    home, clear, rest_of_line, below = "\x1b[H", "\x1b[2J", "\x1b[K", "\x1b[J"
    body = "".join(f"{line}{rest_of_line}\n" for line in lines)
    return (clear if fresh or not fits else "") + home + body + below
