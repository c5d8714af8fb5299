"""How far a student is: the exercises of a course with their states, as a table and as a bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..language import N_, _
from .marks import MARKS, Mark
from .wording import total

# in place of the points, where there are none
_WORDS = {
    "changed": N_("changed"),
    "unknown": N_("not checked"),
    "missing": N_("no file"),
    "fault": N_("not graded"),
}


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

    @property
    def mark(self) -> Mark:
        """That of its state; where there is no file there is nothing to judge, so it is blank."""
        return MARKS["no_file" if self.state == "missing" else self.state]

    @property
    def worth(self) -> str:
        """Its points, or a word where there are none."""
        return _(_WORDS[self.state]) if self.state in _WORDS else f"{self.score}/{self.points}"


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
            style = entry.mark.style
            grid.add_row(
                "▸" if entry.current else "",
                Text(entry.mark.text, style=style),
                Text(entry.name, style="bold" if entry.current else ""),
                Text(entry.title, style="dim"),
                Text(entry.worth, style=style) if started else str(entry.points),
            )
        parts.append(grid)
    return Group(*parts)


def bar(entries: Sequence[ProgressEntry], width: int = 80) -> Text:
    """A piece for each exercise that is there, how many are done, and the points of those that could be graded."""
    there = [entry for entry in entries if entry.state != "missing"]
    done = sum(entry.state == "passed" for entry in there)
    passed = _("{done} of {number} exercises").format(done=done, number=len(there))
    scored = [entry for entry in there if entry.state != "fault"]
    score, points = sum(entry.score for entry in scored), sum(entry.points for entry in scored)
    sums = f"{passed} · {total(score, points)}"
    if faults := len(there) - len(scored):
        sums += " · " + _("{count} not graded").format(count=faults)
    pieces = Text()
    if len(there) + len(sums) + 2 <= width:
        for entry in there:
            pieces.append("▰" if entry.state == "passed" else "▱", style=entry.mark.style)
        pieces.append("  ")
    return pieces + Text(sums, style="bold")
