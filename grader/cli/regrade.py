"""Regrade requests, from the command line: `grader regrade-request`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .common import console_for, counted, opened, refuse
from .gradebook import gradebook_argument, who_option, who_says_so

if TYPE_CHECKING:
    from ..classroom.gradebook.regrade_requests import RegradeRequest


@click.command("regrade-request")
@gradebook_argument
@click.argument("student", required=False)
@click.option("--why", default="", help="Why the student asks for another look.")
@click.option("--exercise", default="", metavar="NAME", help="The exercise that it is about.")
@click.option(
    "--answer",
    nargs=2,
    type=(int, str),
    metavar="NUMBER TEXT",
    help="Answer this request; it is open no more.",
)
@click.option("--all", "everything", is_flag=True, help="Show the answered ones, too.")
@who_option
def regrade_request(
    gradebook: str,
    student: str | None,
    why: str,
    exercise: str,
    answer: tuple[int, str] | None,
    everything: bool,
    who: str,
) -> None:
    """Writes down that STUDENT asks for another look; without --why, shows the requests that are open.

    `grader regrade-request grades.db ada --why "…" --exercise my_linear`, and later
    `grader regrade-request grades.db --answer 3 "…"`.
    """
    with opened(gradebook) as book:
        from ..classroom.gradebook.regrade_requests import (
            answer_request,
            ask_for_regrade,
            regrade_requests,
        )

        if answer is not None:
            if student or why:
                refuse("--answer NUMBER TEXT is all that an answer needs.")
            given = answer_request(book, answer[0], answer[1], who=who_says_so(who))
            click.echo(f"{given.student}: request {given.number} is answered.")
            return
        if why:
            if not student:
                refuse("Name the student who asks.")
            made = ask_for_regrade(book, student, why, who=who_says_so(who), exercise=exercise)
            click.echo(f"{made.student}: request {made.number} is open.")
            return
        found = regrade_requests(book, book.identifier(student) if student else None)
    _show([each for each in found if everything or each.is_open])


def _show(requests: list[RegradeRequest]) -> None:
    from rich.table import Table
    from rich.text import Text

    if not requests:
        click.echo("No request is open.")
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for each in requests:
        where = f" ({each.exercise})" if each.exercise else ""
        told = f"{each.why}" if each.is_open else f"{each.why}\n{each.answered_by}: {each.answer}"
        when = f"{each.when.astimezone():%Y-%m-%d %H:%M}"
        table.add_row(str(each.number), when, Text(f"{each.student}{where}"), Text(told))
    console_for().print(table)
    click.echo(f"{counted(sum(each.is_open for each in requests), 'request')} open.")
