"""What stands in a gradebook: `grader adjust`, `history`, `gradebook check`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from .common import console_for, counted, opened, refuse

if TYPE_CHECKING:
    from ..classroom.records import Record

gradebook_argument = click.argument("gradebook", metavar="GRADEBOOK")


def who_says_so(who: str) -> str:
    """`who`, or else the name of whoever calls; without one, the call ends."""
    from getpass import getuser

    try:
        return who or getuser()
    except (KeyError, OSError):
        refuse("Your name on this machine is not known. Give it with --who.")


@click.command()
@gradebook_argument
@click.argument("student")
@click.argument("points", type=int)
@click.option("--why", required=True, help="The reason. It is kept, and the student sees it.")
@click.option(
    "--exercise",
    default="",
    metavar="NAME",
    help="The exercise that the points are for. Default: the assignment as a whole.",
)
@click.option("--who", default="", help="Who gives the points. Default: your name on this machine.")
def adjust(gradebook: str, student: str, points: int, why: str, exercise: str, who: str) -> None:
    """Gives STUDENT points by hand, or takes some: `grader adjust grades.db ada --why "…" -- -2`.

    To undo an adjustment, make the opposite one; nothing is ever deleted.
    """
    with opened(gradebook) as opened_gradebook:
        who = who_says_so(who)
        made = opened_gradebook.adjust(student, points, why=why, who=who, exercise=exercise)
        record = opened_gradebook.record(student)
    what = f" in {made.exercise}" if made.exercise else ""
    now = f"now {_score(record)}"
    if record.score is None:
        now = "excused: it counts where the excuse is taken back"
    if record.state == "not graded":
        now = "not graded: it counts once there is a result"
    click.echo(f"{record.student.id}: {made.points:+d}{what}, {now}.")


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
