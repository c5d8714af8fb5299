"""How many mistakes are named, and how many wrongly: a table for the terminal, and in Markdown for docs/trials.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rich.console import Console
from rich.table import Table
from rich.text import Text

_HEADS = (
    "exercise",
    "wrong submissions",
    "shown by the numbers",
    "named rightly",
    "share",
    "named wrongly",
    "share",
)


class TallyLike(Protocol):
    """A row of the table."""

    @property
    def exercise(self) -> str: ...
    @property
    def submissions(self) -> int: ...
    @property
    def shows(self) -> int: ...
    @property
    def right(self) -> int: ...
    @property
    def wrong(self) -> int: ...
    @property
    def right_share(self) -> float: ...
    @property
    def wrong_share(self) -> float: ...


class VerdictLike(Protocol):
    """What was named for one submission."""

    @property
    def exercise(self) -> str: ...
    @property
    def submission(self) -> str: ...
    @property
    def stated(self) -> frozenset[str]: ...
    @property
    def named(self) -> frozenset[str]: ...
    @property
    def shows(self) -> bool: ...
    @property
    def right(self) -> bool: ...
    @property
    def wrong(self) -> bool: ...


def _row(tally: TallyLike) -> list[str]:
    return [
        tally.exercise,
        str(tally.submissions),
        str(tally.shows),
        str(tally.right),
        f"{tally.right_share:.0%}",
        str(tally.wrong),
        f"{tally.wrong_share:.1%}",
    ]


def render(tallies: Sequence[TallyLike], verdicts: Sequence[VerdictLike], console: Console) -> None:
    """Prints the table, and each submission whose mistake is not named, or wrongly."""
    table = Table(*_HEADS)
    for tally in tallies:
        table.add_row(*_row(tally))
    console.print(table)
    for verdict in verdicts:
        if verdict.wrong or (verdict.shows and not verdict.right):
            stated = ", ".join(sorted(verdict.stated))
            named = ", ".join(sorted(verdict.named)) or "nothing"
            line = f"{verdict.exercise}/{verdict.submission}: {stated}; named: {named}"
            console.print(Text(line, style="red" if verdict.wrong else ""))


def markdown(tallies: Sequence[TallyLike]) -> str:
    """The table in Markdown; the last row is that of all."""
    *rows, total = map(_row, tallies)
    lines = [list(_HEADS), ["---"] + ["---:"] * (len(_HEADS) - 1), *rows]
    lines.append([f"**{cell}**" for cell in total])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
