"""Who is who in a gradebook: `grader gradebook merge`, `rename` and `remove`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from .common import opened
from .gradebook import gradebook_argument, who_says_so


def _noted(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say who does it and why."""
    who = click.option("--who", default="", help="Who does it. Default: your name on this machine.")
    return click.option("--why", required=True, help="The reason. It is kept.")(who(command))


@click.command("merge")
@gradebook_argument
@click.argument("student")
@click.argument("into")
@_noted
def merge_students(gradebook: str, student: str, into: str, why: str, who: str) -> None:
    """Makes STUDENT and INTO one: both are the same person, and INTO is who remains.

    All that was handed in, graded and adjusted goes along; the later hand-in counts.
    """
    from ..classroom.gradebook.identities import merge

    with opened(gradebook) as book:
        old, new = merge(book, student, into, why=why, who=who_says_so(who))
        record = book.record(new)
    score = record.state if record.score is None else f"{record.score} of {record.max_score}"
    click.echo(f"{old} is {new} now: {score}.")


@click.command("rename")
@gradebook_argument
@click.argument("student")
@click.argument("new")
@_noted
def rename_student(gradebook: str, student: str, new: str, why: str, who: str) -> None:
    """Gives STUDENT another identifier, NEW. Hand-ins and rosters that still have the old one are theirs."""
    from ..classroom.gradebook.identities import rename

    with opened(gradebook) as book:
        old = rename(book, student, new, why=why, who=who_says_so(who))
    click.echo(f"{old} is called {new} now.")


@click.command("remove")
@gradebook_argument
@click.argument("student")
@click.option("--undo", is_flag=True, help="Put a student back who was removed.")
@_noted
def remove_student(gradebook: str, student: str, undo: bool, why: str, who: str) -> None:
    """Takes STUDENT out of all exports, pages and means, whatever rosters say later. All that there is, is kept."""
    from ..classroom.gradebook.identities import remove

    with opened(gradebook) as book:
        found = remove(book, student, why=why, who=who_says_so(who), back=undo)
    click.echo(f"{found} is {'put back' if undo else 'removed'}.")
