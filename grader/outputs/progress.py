"""How far a student is: the exercises of a course with their states, as a table and as a bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..language import N_, _
from .terminal import MARKS

# what stands in place of the points where there are none to tell
_WORDS = {"changed": N_("changed"), "unknown": N_("not checked"), "missing": N_("no file")}
_OWN_MARKS = {"changed": ("◌", "yellow"), "unknown": ("◌", "yellow"), "missing": ("", "dim")}
_PASSED = N_("{done} of {number} exercises")
_POINTS = N_("{score}/{most} points")


@dataclass(frozen=True)
class ProgressEntry:
    """One exercise in the list.

    Attributes:
        state: that of an exercise in a report, or `changed` (since it was graded), `unknown` (never graded),
            `missing` (no file).
        current: whether it is the one that is worked on.
    """

    name: str
    title: str
    unit: str
    state: str
    score: int
    points: int
    current: bool = False


def table(entries: Sequence[ProgressEntry]) -> Group:
    """The exercises by unit, each with its state; where no file is there at all, with what they are worth."""
    started = any(entry.state != "missing" for entry in entries)
    width = max((len(entry.name) for entry in entries), default=0)
    parts: list[RenderableType] = []
    for unit, members in groupby(entries, key=lambda entry: entry.unit):
        if parts:
            parts.append("")
        if unit:
            parts.append(Text(unit, style="bold"))
        grid = Table.grid(padding=(0, 1), expand=True)
        grid.add_column(width=1)
        grid.add_column(width=1)
        grid.add_column(width=width + 1)
        grid.add_column(ratio=1)
        grid.add_column(no_wrap=True, justify="right")
        for entry in members:
            mark, style = _OWN_MARKS.get(entry.state) or MARKS[entry.state]
            points = f"{entry.score}/{entry.points}"
            grid.add_row(
                "▸" if entry.current else "",
                Text(mark, style=style),
                Text(entry.name, style="bold" if entry.current else ""),
                Text(entry.title, style="dim"),
                Text(_(_WORDS[entry.state]) if entry.state in _WORDS else points, style=style)
                if started
                else str(entry.points),
            )
        parts.append(grid)
    return Group(*parts)


def bar(entries: Sequence[ProgressEntry], width: int = 80) -> Text:
    """A piece for each exercise that is there, and how many are done."""
    there = [entry for entry in entries if entry.state != "missing"]
    done = sum(entry.state == "passed" for entry in there)
    score = sum(entry.score for entry in there)
    told = " · ".join(
        (
            _(_PASSED).format(done=done, number=len(there)),
            _(_POINTS).format(score=score, most=sum(entry.points for entry in there)),
        )
    )
    pieces = Text()
    if len(there) + len(told) + 2 <= width:
        for entry in there:
            style = (_OWN_MARKS.get(entry.state) or MARKS[entry.state])[1]
            pieces.append("▰" if entry.state == "passed" else "▱", style=style)
        pieces.append("  ")
    return pieces + Text(told, style="bold")
