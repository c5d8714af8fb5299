"""What `grader grade` says in the end: how many were graded, and whom to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .common import counted

if TYPE_CHECKING:
    from ..classroom.gradebook.reader import Gradebook
    from ..classroom.run.grade_class import RunSummary

_SHOWN = 10


def tell(gradebook: Gradebook, summary: RunSummary, where: str) -> None:
    """Prints what a run did, and what there is to look at.

    Args:
        where: the gradebook's file or URL; a password in it is not shown.
    """
    from statistics import mean, median

    absent, strangers, noted, waiting = [], [], [], []
    scores: list[int] = []
    for record in gradebook.records():
        who = record.student.id + (f" ({record.student.name})" if record.student.name else "")
        if record.state == "not graded" and record.student.id not in summary.faults:
            waiting.append(f"{who}: {record.problem.splitlines()[0]}")
        if record.student.on_roster:
            scores += [] if record.score is None else [record.score]
            if record.state == "nothing handed in":
                absent.append(who)
        else:
            strangers.append(who)
        if looked_at := (*record.notes, *record.remarks):
            noted.append(f"{who}: {' '.join(looked_at)}")
    lines = [
        f"{summary.handed_in} handed in: {summary.graded} graded now, {summary.graded_before} graded before.",
        f"Exercises: {', '.join(gradebook.exercises)}. {exercises_told(summary)}".rstrip(),
    ]
    if scores:
        lines.append(
            f"Of {gradebook.max_score} points: mean {mean(scores):.1f}, median {median(scores):g}, "
            f"of {counted(len(scores), 'student')}."
        )
    click.echo("\n".join(lines))
    _list("Handed in nothing", absent)
    _list("Handed in, but not on the roster", strangers)
    _list(
        "Nothing to grade in it", [f"{who}: {why}" for who, why in summary.unreadable.items()], True
    )
    _list("Removed from this gradebook by hand, and passed over", summary.removed)
    _list("To look at", noted, True)
    _list("Not graded before, and not handed in this time", waiting, True)
    _list_faults(summary)
    click.echo(f"Gradebook: {_without_password(where)}")


def exercises_told(summary: RunSummary) -> str:
    """How many exercises were run, and how many results stood; nothing where there is no result."""
    run, stood = summary.exercises_run, summary.exercises_kept
    if not run + stood:
        return ""
    return f"Of {counted(run + stood, 'result')} of one exercise each, {run:,} were run and {stood:,} stood."


def _list_faults(summary: RunSummary) -> None:
    """Whom the grader or the course failed, and why: what is the same for many is told once."""
    from ..classroom.run.trouble import shared

    if not summary.faults:
        return
    count = counted(len(summary.faults), "student")
    click.echo(f"Not graded, through no fault of theirs: {count}. The same command tries again.")
    for one in shared(summary.faults)[:_SHOWN]:
        click.echo("\n".join(f"  {line}" for line in one.text(summary.handed_in).splitlines()))
    _list("They are", [*summary.faults])


def _list(what: str, entries: list[str], below: bool = False) -> None:
    if not entries:
        return
    more = [f"and {len(entries) - _SHOWN} more"] if len(entries) > _SHOWN else []
    shown = [*entries[:_SHOWN], *more]
    text = "".join(f"\n  {entry}" for entry in shown) if below else " " + ", ".join(shown)
    click.echo(f"{what} ({len(entries)}):{text}")


def _without_password(where: str) -> str:
    if "://" not in where:
        return where
    from sqlalchemy.engine import make_url

    return make_url(where).render_as_string(hide_password=True)
