"""What stands in a gradebook: `grader adjust`, `history`, `gradebook check`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .common import console_for, counted, opened, refuse

if TYPE_CHECKING:
    from ..classroom.records import Record

Command = TypeVar("Command", bound=Callable[..., Any])
gradebook_argument = click.argument("gradebook", metavar="GRADEBOOK")


class Points(click.ParamType[float]):
    """Points as a person writes them: whole or half, with a sign where some are taken."""

    name = "points"

    def convert(
        self, value: object, parameter: click.Parameter | None, context: click.Context | None
    ) -> float:
        from ..classroom.points import parse_points

        return parse_points(str(value))


class PointsCommand(click.Command):
    """A command whose last argument is points: where some are taken, `-2` is no option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As every command does, with points below 0 as if they stood behind `--`."""
        takes_value = {
            name
            for option in self.params
            if isinstance(option, click.Option) and not option.is_flag
            for name in option.opts
        }
        before = args[: args.index("--")] if "--" in args else args
        taken = [
            place
            for place, text in enumerate(before)
            if re.fullmatch(r"-\d+([.,]\d*)?", text)
            and before[max(place - 1, 0)] not in takes_value
        ]
        if taken:
            rest = [text for place, text in enumerate(args) if place not in taken]
            mark = [] if "--" in rest else ["--"]
            args = [*rest, *mark, *(args[place] for place in taken)]
        return super().parse_args(ctx, args)


def who_option(command: Command) -> Command:
    """The option `--who`."""
    told = "Who does this. Default: your name on this machine."
    return click.option("--who", default="", help=told)(command)


def who_says_so(who: str) -> str:
    """`who`, or else the name of whoever calls; without one, the call ends."""
    from getpass import getuser

    try:
        return who or getuser()
    except (KeyError, OSError):
        refuse("Your name on this machine is not known. Give it with --who.")


def now(record: Record) -> str:
    """What a student has after points were given by hand."""
    if record.state == "excused":
        return "excused: it counts where the excuse is taken back"
    if record.score is None:
        return f"{record.state}: it counts once there is a result"
    return f"now {_score(record)}"


@click.command(cls=PointsCommand)
@gradebook_argument
@click.argument("student", required=False)
@click.argument("points", type=Points(), required=False)
@click.option("--why", default="", help="The reason. It is kept, and the student sees it.")
@click.option(
    "--exercise",
    default="",
    metavar="NAME",
    help="The exercise that the points are for. Default: the assignment as a whole.",
)
@click.option(
    "--from",
    "table",
    type=click.Path(path_type=Path),
    metavar="CSV",
    help="Give many students points: a table with the columns student, points, why, and exercise where it is wanted.",
)
@who_option
def adjust(
    gradebook: str,
    student: str | None,
    points: float | None,
    why: str,
    exercise: str,
    table: Path | None,
    who: str,
) -> None:
    """Gives STUDENT points by hand, or takes some: `grader adjust grades.db ada -2 --why "…"`.

    To undo an adjustment, make the opposite one; nothing is ever deleted. With --from, either every line of the table
    is applied or none. A line counts once: the same table applied again gives nothing, and one to which lines were
    added gives what is new.
    """
    if table is not None:
        if student is not None or why or exercise:
            refuse("--from brings students, points and reasons. Leave the others out.")
        _adjust_from(gradebook, table, who)
        return
    if student is None or points is None:
        refuse("Name the student and the points, or a table with --from.")
    if not why.strip():
        refuse("Give the reason with --why. It is kept, and the student sees it.")
    with opened(gradebook) as book:
        made = book.adjust(student, points, why=why, who=who_says_so(who), exercise=exercise)
        record = book.record(student)
    what = f" in {made.exercise}" if made.exercise else ""
    click.echo(f"{record.student.id}: {made.points:+}{what}, {now(record)}.")


def _adjust_from(gradebook: str, table: Path, who: str) -> None:
    from ..classroom.gradebook.bulk_points import adjust_from

    with opened(gradebook) as book:
        result = adjust_from(book, table, who=who_says_so(who))
    students = len({line.student for line in result.made})
    click.echo(
        f"{counted(len(result.made), 'adjustment')} made, for {counted(students, 'student')}."
    )
    if result.before:
        numbers = [str(line.number) for line in result.before]
        lines = ", ".join(numbers[:20]) + (", …" if len(numbers) > 20 else "")
        click.echo(
            f"{counted(len(numbers), 'line')} gave their points before and {'was' if len(numbers) == 1 else 'were'} "
            f"left out: {lines}."
        )


def _score(record: Record) -> str:
    return record.state if record.score is None else f"{record.score} of {record.max_score}"


@click.command()
@gradebook_argument
@click.argument("student")
def history(gradebook: str, student: str) -> None:
    """Shows all that STUDENT handed in, every result, and every adjustment; what counts is marked."""
    from rich.table import Table
    from rich.text import Text

    with opened(gradebook) as opened_gradebook:
        record = opened_gradebook.record(student)
        events = opened_gradebook.history(student)
    name = f" ({record.student.name})" if record.student.name else ""
    click.echo(f"{record.student.id}{name}: {_score(record)}")
    for note in filter(None, [record.problem, *record.notes]):
        click.echo(note)
    if record.penalty:
        click.echo(
            f"{counted(record.penalty, 'point')} less for {counted(record.late_days, 'day')} late."
        )
    table = Table(box=None, pad_edge=False, show_header=False)
    for event in events:
        mark = "•" if event.counts else ""
        when = f"{event.when.astimezone():%Y-%m-%d %H:%M:%S}"
        table.add_row(mark, when, event.kind, Text(event.text))
    console_for().print(table)


@click.group("gradebook")
def gradebook_group() -> None:
    """Looks after a gradebook."""


@gradebook_group.command("check")
@gradebook_argument
def check_gradebook(gradebook: str) -> None:
    """Checks that everything in GRADEBOOK fits together.

    Exit status: 0 it does, 1 it does not, 2 it cannot be opened.
    """
    with opened(gradebook) as opened_gradebook:
        found = opened_gradebook.check()
        count = len(opened_gradebook.students())
    for problem in found:
        click.echo(problem)
    if found:
        sys.exit(1)
    click.echo(f"{counted(count, 'student')}; everything fits together.")
