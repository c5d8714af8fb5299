"""An audit as a table: for the terminal, and in Markdown for the README."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rich.console import Console
from rich.table import Table
from rich.text import Text

_HEADS = ("exercise", "right", "wrong", "mutants", "killed", "equivalent", "survived", "rate")


class _Survivor(Protocol):
    @property
    def diff(self) -> str: ...


class AuditLike(Protocol):
    """What a table needs to know of an audit."""

    @property
    def exercise(self) -> str: ...
    @property
    def right(self) -> int: ...
    @property
    def wrong(self) -> int: ...
    @property
    def killed(self) -> int: ...
    @property
    def equivalent(self) -> int: ...
    @property
    def survivors(self) -> Sequence[_Survivor]: ...
    @property
    def rate(self) -> float: ...
    @property
    def problems(self) -> Sequence[str]: ...
    @property
    def faults(self) -> Sequence[str]: ...


def _row(audit: AuditLike) -> list[str]:
    survived = len(audit.survivors)
    mutants = audit.killed + audit.equivalent + survived
    numbers = (audit.right, audit.wrong, mutants, audit.killed, audit.equivalent, survived)
    return [audit.exercise, *map(str, numbers), _rate(audit.rate, bool(audit.faults))]


def _rate(share: float, faulty: bool) -> str:
    """Words where a check failed by itself: of what was not graded, no share says how good the checks are."""
    return "not audited" if faulty else f"{share:.1%}"


def _total(audits: Sequence[AuditLike]) -> list[str]:
    sums = [sum(int(_row(audit)[column]) for audit in audits) for column in range(1, 7)]
    killed, survived = sums[3], sums[5]
    rate = killed / (killed + survived) if killed + survived else 1.0
    return ["all", *map(str, sums), _rate(rate, any(audit.faults for audit in audits))]


def render(audits: Sequence[AuditLike], console: Console) -> None:
    """Prints the table, each survivor's diff, the problems and the faults."""
    table = Table(*_HEADS)
    for audit in audits:
        table.add_row(*_row(audit))
    if len(audits) > 1:
        table.add_section()
        table.add_row(*_total(audits))
    console.print(table)
    for audit in audits:
        for survivor in audit.survivors:
            console.print(Text(f"{audit.exercise}, {survivor.diff}\n"))
        for problem in audit.problems:
            console.print(Text(f"{audit.exercise}: {problem}", style="red"))
        for fault in audit.faults:
            console.print(Text(f"{audit.exercise}: {fault}", style="magenta"))


def markdown(audits: Sequence[AuditLike]) -> str:
    """The table in Markdown."""
    rows = [list(_HEADS), ["---"] + ["---:"] * (len(_HEADS) - 1), *map(_row, audits)]
    if len(audits) > 1:
        rows.append([f"**{cell}**" for cell in _total(audits)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"
