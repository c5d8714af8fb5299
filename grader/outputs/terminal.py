"""The report for a person at a terminal, through Rich."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..language import _, speaking
from ..report import CheckResult, Environment, ExerciseResult, Report
from .escape import cleaned, cleaned_exercise
from .marks import MARKS
from .wording import again, look_at, no_score, total, verdict, worth

_INDENT = 4


def render(report: Report, console: Console) -> None:
    """Prints each exercise with its checks, and the total, in the report's language."""
    with speaking(report.language):
        _render(cleaned(report), console)


def _render(report: Report, console: Console) -> None:
    for exercise in report.exercises:
        _render_exercise(exercise, console)
    _render_total(report, console)
    for absent in report.environment.absent:
        template = _("Not tried on {device}. Mistakes with devices may have gone unseen.")
        console.print(Text(template.format(device=absent), style="dim"), soft_wrap=True)
    if report.held_back and not report.faults:
        console.print(Text(verdict(report)))
    if len(report.faults) == len(report.exercises) > 0:
        return  # nothing ran, so nothing is to be said of where
    for remark in _missing_from(report.environment):
        console.print(Text(remark, style="dim"))


def _render_total(report: Report, console: Console) -> None:
    """Of a single exercise, its own line says all."""
    if len(report.exercises) < 2:
        return
    if report.faults:
        console.print(Text(no_score(report), style=f"bold {MARKS['fault'].style}"))
    else:
        console.print(Text(total(report.score, report.max_score), style="bold"))


def _missing_from(environment: Environment) -> Iterator[str]:
    """What every machine could have, and this one has not."""
    if environment.devices == ("cpu",) and not environment.absent:
        yield _("On the CPU alone: mistakes with devices go unseen.")
    if "files hidden" not in environment.isolation or "no network" not in environment.isolation:
        yield _("Isolation: limits only. Grade strangers' code in a container.")


def render_exercise(exercise: ExerciseResult, console: Console) -> None:
    """Prints one exercise with its checks, in the language in use."""
    _render_exercise(cleaned_exercise(exercise), console)


def _render_exercise(exercise: ExerciseResult, console: Console) -> None:
    mark, style = MARKS[exercise.status][:2]
    head = Text.assemble(
        (f"{mark} ", style),
        (exercise.name, "bold"),
        ("  " + exercise.title if exercise.title != exercise.name else "", "dim"),
        (f"  {worth(exercise)}", style),
    )
    console.print(head, soft_wrap=True)
    if exercise.explanation:
        style = "dim" if exercise.could_be_graded or exercise.status == "missing" else ""
        _paragraph(exercise.explanation, console, style=style)
    if exercise.was_attempted and exercise.could_be_graded:
        for check in exercise.checks:
            _render_check(check, console)
    if any(check.went_wrong for check in exercise.checks):
        _paragraph(again(exercise), console, style="dim")
    console.print()


def _render_check(check: CheckResult, console: Console) -> None:
    mark, style = MARKS[check.status][:2]
    line = Table.grid(padding=(0, 1), expand=True)
    line.add_column(width=1, no_wrap=True)
    line.add_column(ratio=1, overflow="fold")  # Rich cuts wide characters at the edge otherwise
    line.add_column(justify="right", no_wrap=True)
    line.add_row(
        Text(mark, style=style),
        Text(check.description, style="" if check.was_tried else "dim"),
        Text(f"{check.score}/{check.points}", style=style),
    )
    console.print(Padding(line, (0, 0, 0, 2)))
    if check.is_told and check.message:
        _paragraph(check.message, console, indent=_INDENT + 2)
        if check.cause:
            _paragraph("→ " + check.cause, console, indent=_INDENT + 2, style="yellow")
        if place := look_at(check):
            _paragraph(place, console, indent=_INDENT + 2, style="dim")


def _paragraph(text: str, console: Console, indent: int = _INDENT, style: str = "") -> None:
    """A student's text goes through `Text`, so that nothing in it is read as Rich's markup."""
    console.print(Padding(Text(text, style=style), (0, 0, 0, indent)))
