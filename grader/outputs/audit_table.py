"""An audit as a table: for the terminal, and in Markdown for docs/trials.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from rich.console import Console
from rich.table import Table
from rich.text import Text

# heads of columns, each with the attribute of an audit that it counts
Columns = dict[str, str]

SUBMISSIONS_AND_MUTANTS: Columns = {"right": "right", "wrong": "wrong"}
BEHAVIOURS: Columns = {"functions": "functions"}


class _Survivor(Protocol):
    @property
    def diff(self) -> str: ...


class AuditLike(Protocol):
    """What a table needs to know of an audit, besides its first columns."""

    @property
    def exercise(self) -> str: ...
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


def _heads(columns: Columns) -> list[str]:
    return ["exercise", *columns, "mutants", "killed", "equivalent", "survived", "rate"]


def _numbers(audit: AuditLike, columns: Columns) -> list[int]:
    survived = len(audit.survivors)
    mutants = audit.killed + audit.equivalent + survived
    first: list[Any] = [getattr(audit, attribute) for attribute in columns.values()]
    return [*first, mutants, audit.killed, audit.equivalent, survived]


def _row(audit: AuditLike, columns: Columns) -> list[str]:
    rate = _rate(audit.rate, bool(audit.faults))
    return [audit.exercise, *map(str, _numbers(audit, columns)), rate]


def _rate(share: float, faulty: bool) -> str:
    """Words where a check failed by itself: of what was not graded, no share says how good the checks are."""
    return "not audited" if faulty else f"{share:.1%}"


def _total(audits: Sequence[AuditLike], columns: Columns) -> list[str]:
    sums = [sum(numbers) for numbers in zip(*(_numbers(a, columns) for a in audits), strict=True)]
    _mutants, killed, _equivalent, survived = sums[-4:]
    rate = killed / (killed + survived) if killed + survived else 1.0
    return ["all", *map(str, sums), _rate(rate, any(audit.faults for audit in audits))]


def render(
    audits: Sequence[AuditLike], console: Console, columns: Columns = SUBMISSIONS_AND_MUTANTS
) -> None:
    """Prints the table, and what is amiss."""
    table = Table(*_heads(columns))
    for audit in audits:
        table.add_row(*_row(audit, columns))
    if len(audits) > 1:
        table.add_section()
        table.add_row(*_total(audits, columns))
    console.print(table)
    tell_amiss(audits, console)


def tell_amiss(audits: Sequence[AuditLike], console: Console) -> None:
    """Prints each survivor's diff, the problems and the faults."""
    for audit in audits:
        for survivor in audit.survivors:
            console.print(Text(f"{audit.exercise}, {survivor.diff}\n"))
        for problem in audit.problems:
            console.print(Text(f"{audit.exercise}: {problem}", style="red"))
        for fault in audit.faults:
            console.print(Text(f"{audit.exercise}: {fault}", style="magenta"))


def markdown(audits: Sequence[AuditLike], columns: Columns = SUBMISSIONS_AND_MUTANTS) -> str:
    """The table in Markdown."""
    heads = _heads(columns)
    rules = ["---"] + ["---:"] * (len(heads) - 1)
    rows = [heads, rules, *(_row(audit, columns) for audit in audits)]
    if len(audits) > 1:
        rows.append([f"**{cell}**" for cell in _total(audits, columns)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"
