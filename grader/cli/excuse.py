"""Who need not hand in: `grader excuse`."""

from __future__ import annotations

import click

from .common import opened
from .gradebook import gradebook_argument, who_says_so


@click.command()
@gradebook_argument
@click.argument("student")
@click.option("--why", required=True, help="The reason. It is kept.")
@click.option("--undo", is_flag=True, help="Take the excuse back; both stay in the history.")
@click.option("--who", default="", help="Who excuses. Default: your name on this machine.")
def excuse(gradebook: str, student: str, why: str, undo: bool, who: str) -> None:
    """Excuses STUDENT: no score, in no mean, and `EX` in Canvas' file. What was graded is kept."""
    with opened(gradebook) as book:
        who = who_says_so(who)
        if undo:
            book.unexcuse(student, why=why, who=who)
        else:
            book.excuse(student, why=why, who=who)
        record = book.record(student)
    score = "no score" if record.score is None else f"{record.score} of {record.max_score}"
    click.echo(f"{record.student.id}: {record.state}, {score}.")
