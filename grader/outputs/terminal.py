"""The report for a person at a terminal, through Rich."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..language import _, speaking
from ..report import CheckResult, ExerciseResult, Report
from .escape import shown
from .wording import AGAIN, LOOK_AT, verdict

MARKS = {
    "passed": ("✓", "green"),
    "failed": ("✗", "red"),
    "timeout": ("⧖", "red"),
    "error": ("!", "magenta"),
    "not_started": ("·", "dim"),
    "not_reached": ("–", "dim"),
    "skipped": ("–", "dim"),
    "partial": ("◐", "yellow"),
    "missing": ("?", "red"),
    "not_attempted": ("·", "dim"),
}
_INDENT = 4


def render(report: Report, console: Console) -> None:
    """Prints each exercise with its checks, and the total, in the report's language."""
    with speaking(report.language):
        _render(shown(report), console)


def _render(report: Report, console: Console) -> None:
    for exercise in report.exercises:
        render_exercise(exercise, console)
    total = _("{score}/{most} points").format(score=report.score, most=report.max_score)
    if len(report.exercises) > 1:
        console.print(Text(total, style="bold"))
    for absent in report.environment.absent:
        told = _("Not tried on {device}. Mistakes with devices may have gone unseen.")
        console.print(Text(told.format(device=absent), style="dim"), soft_wrap=True)
    if report.held_back:
        console.print(Text(verdict(report)))
    if report.environment.devices == ("cpu",) and not report.environment.absent:
        told = _("On the CPU alone: mistakes with devices go unseen.")
        console.print(Text(told, style="dim"))
    isolation = report.environment.isolation
    if "files hidden" not in isolation or "no network" not in isolation:
        told = _("Isolation: limits only. Grade strangers' code in a container.")
        console.print(Text(told, style="dim"))


def render_exercise(exercise: ExerciseResult, console: Console) -> None:
    """Prints one exercise with its checks."""
    mark, style = MARKS[exercise.status]
    head = Text.assemble(
        (f"{mark} ", style),
        (exercise.name, "bold"),
        ("  " + exercise.title if exercise.title != exercise.name else "", "dim"),
        (f"  {exercise.score}/{exercise.max_score}", style),
    )
    console.print(head, soft_wrap=True)
    if exercise.message and exercise.status != "passed":
        _paragraph(exercise.message, console, style="" if exercise.status == "error" else "dim")
    for violation in exercise.violations:
        told = _("line {line}: {message}")
        told = told.format(line=violation.line, message=violation.message)
        _paragraph(told, console, style="red")
    if exercise.status not in ("missing", "not_attempted", "error"):
        _render_checks(exercise.checks, console)
    elif exercise.status == "error":
        _render_checks([check for check in exercise.checks if check.status == "error"], console)
    if any(check.status in ("failed", "timeout") for check in exercise.checks):
        told = _(AGAIN).format(name=exercise.name, seed=exercise.seed)
        _paragraph(told, console, style="dim")
    console.print()


def _render_checks(checks: tuple[CheckResult, ...] | list[CheckResult], console: Console) -> None:
    for check in checks:
        mark, style = MARKS[check.status]
        line = Table.grid(padding=(0, 1), expand=True)
        line.add_column(width=1, no_wrap=True)
        line.add_column(ratio=1, overflow="fold")  # Rich cuts wide characters at the edge otherwise
        line.add_column(justify="right", no_wrap=True)
        dim = "dim" if check.status in ("not_reached", "not_started", "skipped") else ""
        line.add_row(
            Text(mark, style=style),
            Text(check.description, style=dim),
            Text(f"{check.score}/{check.points}", style=style),
        )
        console.print(Padding(line, (0, 0, 0, 2)))
        if check.message and check.status in ("failed", "timeout", "error", "skipped"):
            _paragraph(check.message, console, indent=_INDENT + 2)
            if check.cause:
                _paragraph("→ " + check.cause, console, indent=_INDENT + 2, style="yellow")
            if check.place:
                told = _(LOOK_AT).format(place=check.place)
                _paragraph(told, console, indent=_INDENT + 2, style="dim")


def _paragraph(text: str, console: Console, indent: int = _INDENT, style: str = "") -> None:
    """Student text goes through `Text`, so that nothing in it is read as markup."""
    console.print(Padding(Text(text, style=style), (0, 0, 0, indent)))
