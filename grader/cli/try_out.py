"""`grader try`: the simplest case that is wrong, as Python to run."""

from __future__ import annotations

from pathlib import Path

import click

from ..language import N_, _
from .common import (
    console_for,
    course_option,
    device_option,
    lang_option,
    named_or_current,
    open_course,
    seed_option,
    started_machines,
    submission_option,
)
from .completion import exercises_named
from .formats import open_assigned

_NOT_STARTED = N_(
    "{name} is not started yet, so there is nothing to try: `grader show {name}` says what it asks."
)
_NOTHING_WRONG = N_("{name}: nothing that runs is wrong. `grader check {name}` tells the rest.")
_RUN_IT = N_("Run these lines in the folder of your file:")
_STEPS = N_("What your lines set, one after the other:")
_NO_STEPS = N_("No line of yours ran.")


@click.command("try")
@click.argument("name", required=False, shell_complete=exercises_named)
@click.option(
    "--shapes",
    is_flag=True,
    help="Also show what each line of your code sets: shapes, dtypes and devices.",
)
@submission_option
@seed_option
@device_option
@course_option
@lang_option
def try_out(
    name: str | None,
    shapes: bool,
    path: Path,
    seed: int | None,
    devices: tuple[str, ...],
    folder: Path | None,
) -> None:
    """Shows the simplest case in which the exercise NAME is wrong, as a few lines of Python to run.

    Without NAME, of the first exercise in this folder that is not done.
    """
    from rich.syntax import Syntax
    from rich.text import Text

    from ..grading import example_of
    from ..submission import read_submission
    from ..submission.search import is_stub

    course = open_course(folder, Path())
    assigned = open_assigned(None, path, course, instructor=False)
    course = assigned.course if assigned else course
    exercise = named_or_current(course, name, path if path.is_dir() else Path())
    submission = read_submission(path, course, [exercise.name])
    if is_stub(submission.sources[exercise.name], exercise):
        click.echo(_(_NOT_STARTED).format(name=exercise.name))
        return
    with started_machines(course, devices) as machines:
        example = example_of(
            submission, exercise.name, machines, assigned=assigned, seed=seed, shapes=shapes
        )
    if example is None:
        click.echo(_(_NOTHING_WRONG).format(name=exercise.name))
        return
    console = console_for()
    # not among the lines themselves, which may go to a file
    click.echo(_(_RUN_IT), err=True)
    click.echo(err=True)
    if console.is_terminal:
        console.print(Syntax(example.script, "python", background_color="default", word_wrap=True))
    else:
        click.echo(example.script)
    if shapes:
        click.echo(_(_STEPS) if example.steps else _(_NO_STEPS))
        for place, line, what in example.steps:
            console.print(Text.assemble((place, "dim"), "  ", line), soft_wrap=True)
            console.print(Text(f"    {what}", style="cyan"), soft_wrap=True)
