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
from .wording import Told, again, no_score, printed_in, told_in, total, verdict, worth

_INDENT = 4


def render(report: Report, console: Console, verbose: bool = False) -> None:
    """Prints each exercise with its checks, and the total, in the report's language; `verbose`: with every detail."""
    with speaking(report.language):
        if console.is_terminal:
            _render(cleaned(report), console, verbose)
            return
        with console.capture() as capture:
            _render(cleaned(report), console, verbose)
        # Rich fills lines up with blanks, which nobody wants in a file
        for line in capture.get().splitlines():
            console.out(line.rstrip(), highlight=False)


def _render(report: Report, console: Console, verbose: bool) -> None:
    for number, exercise in enumerate(report.exercises):
        _render_exercise(exercise, console, verbose)
        after = report.exercises[number + 1 : number + 2]
        if not (_takes_a_line(exercise) and all(map(_takes_a_line, after)) and after):
            console.print()
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
    console.print()


def _takes_a_line(exercise: ExerciseResult) -> bool:
    """Whether there is nothing to say of it but that nothing was done."""
    return not exercise.was_attempted


def _render_exercise(exercise: ExerciseResult, console: Console, verbose: bool = False) -> None:
    mark, style = MARKS[exercise.status][:2]
    title = exercise.title if exercise.title != exercise.name else ""
    head = Text.assemble(
        (f"{mark} ", style), (exercise.name, "bold"), (f"  {worth(exercise)}", style)
    )
    if _takes_a_line(exercise):
        head.append(f"  {exercise.explanation or title}", "dim")
        console.print(head, soft_wrap=True)
        return
    head.append(f"  {title}", "dim")
    console.print(head, soft_wrap=True)
    if exercise.explanation:
        _paragraph(exercise.explanation, console, style="dim" if exercise.could_be_graded else "")
    if exercise.could_be_graded:
        for check, what in told_in(exercise):
            _render_check(check, what, console, verbose)
    if printed := printed_in(exercise):
        _printed(printed, console, _INDENT)
    if any(check.went_wrong for check in exercise.checks):
        _paragraph(again(exercise), console, style="dim")


def _render_check(check: CheckResult, what: Told, console: Console, verbose: bool) -> None:
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
    for text, style in (
        (what.cause, "yellow"),
        (what.message, "dim" if check.same_as else ""),
        (what.detail if verbose else "", "dim"),
        (what.place, "dim"),
    ):
        if text:
            _paragraph(text, console, indent=_INDENT + 2, style=style)
    if what.printed:
        _printed(what.printed, console, _INDENT + 2)


def _printed(text: str, console: Console, indent: int) -> None:
    _paragraph(_("Your code printed:"), console, indent=indent, style="dim")
    _paragraph("\n".join(f"│ {line}" for line in text.splitlines()), console, indent=indent)


def _paragraph(text: str, console: Console, indent: int = _INDENT, style: str = "") -> None:
    """A student's text goes through `Text`, so that nothing in it is read as Rich's markup."""
    console.print(Padding(Text(text, style=style), (0, 0, 0, indent), expand=False))
