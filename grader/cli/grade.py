"""A whole class: `grader grade`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import console_for, course_option, device_option, open_course, opened, refuse
from .formats import open_assigned
from .gradebook import who_says_so
from .preview import counting_of, tell_changes
from .run_summary import tell, tell_as_json, tell_beyond

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console

    from ..classroom.gradebook.late import LatePolicy
    from ..classroom.run.grade_class import Progress


@click.command()
@click.argument("submissions", type=click.Path(path_type=Path))
@click.option(
    "--gradebook",
    "where",
    required=True,
    metavar="FILE|URL",
    help="Where results are kept: a file, or the URL of a PostgreSQL database. It is made if it is not there.",
)
@click.option(
    "--roster",
    "roster_file",
    type=click.Path(path_type=Path),
    metavar="CSV",
    help="The class list: GitHub Classroom's roster, Classroom 50's, Canvas' gradebook, Moodle's participants or "
    "grading worksheet, a list from Blackboard, Brightspace or Gradescope, or a table with a column such as `id`.",
)
@click.option(
    "--id",
    "identifier",
    default="",
    metavar="COLUMN",
    help='The roster\'s column that identifies a student, such as "Student ID" or 학번. Default: its header tells.',
)
@click.option(
    "--exercise",
    "exercises",
    multiple=True,
    metavar="NAME",
    help="An exercise to grade; may be given more than once. Default: those that were handed in at the first call.",
)
@course_option
@click.option(
    "--assignment",
    "assignment_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The assignment: exercises, points, deadline, what a day late costs, and checks that students do not have.",
)
@click.option(
    "--protected",
    "digests_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The digests that `grader release --classroom` wrote: files that a student has changed are noted.",
)
@click.option(
    "--jobs", type=click.IntRange(1, 1024), help="Worker processes. Default: one for each core."
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="The scheduler of a Dask cluster whose workers grade: tcp://host:8786, or the path of the scheduler's file.",
)
@click.option(
    "--deadline",
    metavar="TIME",
    help="When submissions are due: 2026-11-20T23:59, in this machine's time zone, or 2026-11-20T23:59+01:00. Of a "
    "repository, the last commit before it counts.",
)
@click.option(
    "--late-penalty", metavar="POINTS|PERCENT%", help="Taken for each day late that has begun."
)
@click.option("--free-days", type=click.IntRange(0), help="Days late that cost nothing.")
@click.option(
    "--accept-days",
    type=click.IntRange(0),
    help="Work more than this many days late earns nothing. Of a repository, the last commit before then counts.",
)
@click.option(
    "--collected",
    default="",
    metavar="NAME",
    help="Which of nbgrader's assignments is graded, where students have handed in several.",
)
@click.option(
    "--title",
    default="",
    help="The assignment's title. Default: what --assignment says, or else the folder's name.",
)
@click.option(
    "--force", is_flag=True, help="Grade again what was graded before; the old results are kept."
)
@click.option(
    "--change",
    is_flag=True,
    help="Grade with other exercises, points, deadline and so on than the gradebook was made with.",
)
@device_option
@click.option(
    "--seed",
    type=click.IntRange(0, 2**48 - 1),
    help="The seed of the inputs. Default: one is drawn at random for each call; the reports name it.",
)
@click.option(
    "--verbose", "-v", is_flag=True, help="List everybody in the end, and not only the first ten."
)
@click.option(
    "--preview",
    is_flag=True,
    help="Grade without counting it, and show who changes and by how much; `--accept` then makes it count.",
)
@click.option("--accept", is_flag=True, help="Make the preview count that the same command made.")
@click.option(
    "--who", default="", help="Who previews, accepts or changes. Default: your name here."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "csv", "json"]),
    default="text",
    help="How the summary, or the changes of a preview, are written; `csv` is for changes alone.",
)
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the changes of a preview to this file: changes.csv, changes.json.",
)
def grade(
    submissions: Path,
    where: str,
    roster_file: Path | None,
    identifier: str,
    exercises: tuple[str, ...],
    folder: Path | None,
    assignment_file: Path | None,
    digests_file: Path | None,
    jobs: int | None,
    scheduler: str | None,
    deadline: str | None,
    late_penalty: str | None,
    free_days: int | None,
    accept_days: int | None,
    collected: str,
    title: str,
    force: bool,
    change: bool,
    devices: tuple[str, ...],
    seed: int | None,
    verbose: bool,
    preview: bool,
    accept: bool,
    who: str,
    form: str,
    target: Path | None,
) -> None:
    """Grades a class: a folder with a folder, repository, archive or file for each student, into a gradebook.

    What `gh classroom clone student-repos`, `gh teacher download`, Gradescope, Canvas, Moodle, Blackboard, Brightspace
    and nbgrader leave is known, unpacked or as the zip or .tar.gz that it comes in. Called again, it goes on where it
    was stopped, and grades only what is new or has changed.

    Exit status: 0 everything was graded, 1 something could not be (see the list), 2 the call or the input was wrong.
    """
    from dataclasses import asdict

    from ..submission.protected import read_digests

    if jobs and scheduler:
        refuse("--jobs is for this machine; with --scheduler the cluster has its workers.")
    counting = counting_of(preview, accept, force, who, form, target)
    if identifier and not roster_file:
        refuse("--id names a column of a roster. Give the roster too, with --roster.")
    course = open_course(folder)
    until = _time(deadline)
    # an assignment file is named here, so it is the instructor's own
    assigned = (
        open_assigned(assignment_file, submissions, course, instructor=True)
        if assignment_file
        else None
    )
    protected = read_digests(digests_file) if digests_file else None
    with opened(where, create=counting.at_once) as gradebook:
        from ..classroom.gradebook.late import LatePolicy
        from ..classroom.gradebook.settings import GradebookSettings
        from ..classroom.handin.choice import knows
        from ..classroom.handin.roster import read_roster
        from ..classroom.handin.unpacking import gathered
        from ..classroom.run.conditions import GradingConditions
        from ..classroom.run.pool import workers_of

        terms = gradebook.policy
        if gradebook.new and assigned:  # what an option leaves open, the assignment says
            terms = LatePolicy(**asdict(assigned.assignment.late))
        policy = _policy(terms, late_penalty, free_days, accept_days)
        devices = devices or (gradebook.made_with.devices if gradebook.made_with else ())
        console = console_for(stderr=True)
        try:
            roster = read_roster(roster_file, identifier) if roster_file else None
            workers = workers_of(scheduler, jobs, course, devices, console.print)
            students = [entry.student for entry in roster or ()] or gradebook.students()
            with (
                gathered(submissions, course.names, knows(students)) as there,
                _progress(console) as progress,
            ):
                if gradebook.new and not assigned:  # else the assignment has one
                    title = title or collected or there.name
                summary = counting.grade(
                    there.folder,
                    gradebook,
                    GradebookSettings(title, exercises, until, policy),
                    GradingConditions(seed=seed, devices=devices),
                    course=course,
                    assigned=assigned,
                    protected=protected,
                    roster=roster,
                    collected=collected,
                    workers=workers,
                    force=force,
                    change=change,
                    who=counting.who or (who_says_so(who) if change else ""),
                    progress=progress,
                )
                summary.left_out = there.left_out
        except KeyboardInterrupt:
            click.echo("\ngrader: Stopped. The same command goes on from here.", err=True)
            # at once: the workers see that this process is gone and end by themselves
            os._exit(130)
        if counting.changes:
            tell_changes(counting, summary)
            if form == "text":
                tell_beyond(gradebook, summary)
        elif form == "json":
            tell_as_json(gradebook, summary, where)
        else:
            tell(gradebook, summary, where, verbose)
    sys.exit(1 if summary.faults else 0)


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    from ..classroom.handin.roster import read_time

    try:
        return read_time(text)
    except ValueError:
        refuse(
            f"--deadline {text!r} is no time. Write it as 2026-11-20T23:59, or with a zone: …+01:00."
        )


def _policy(
    now: LatePolicy, penalty: str | None, free_days: int | None, accept_days: int | None
) -> LatePolicy | None:
    """The gradebook's policy with what was given changed; `None` where nothing was given."""
    from dataclasses import replace

    if penalty is None and free_days is None and accept_days is None:
        return None
    new = now
    if penalty is not None:
        number = penalty.removesuffix("%").strip()
        if not number.isascii() or not number.isdigit():
            refuse(f"--late-penalty {penalty!r} is neither points (2) nor a percentage (10%).")
        new = replace(new, points=int(number), percent=penalty.endswith("%"))
    if free_days is not None:
        new = replace(new, free_days=free_days)
    if accept_days is not None:
        new = replace(new, accepted_days=accept_days)
    return new  # also where it is as before: an assignment that says otherwise by now does not go before it


@contextmanager
def _progress(console: Console) -> Iterator[Progress]:
    """A bar with the time that is left; where nobody looks at a terminal, a line for each tenth."""
    from ..classroom.run.grade_class import Progress

    if not console.is_terminal:
        yield _lines()
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        "Grading",
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def done(student: str) -> None:
            bar.update(task, advance=1, description=student)

        yield Progress(total=lambda count: bar.update(task, total=count), done=done)


def _lines() -> Progress:
    from ..classroom.run.grade_class import Progress

    counted, most = 0, 1

    def total(count: int) -> None:
        nonlocal most
        most = max(count, 1)

    def done(_: str) -> None:
        nonlocal counted
        counted += 1
        if counted * 10 // most != (counted - 1) * 10 // most:
            click.echo(f"{counted} of {most}", err=True)

    return Progress(total=total, done=done)
