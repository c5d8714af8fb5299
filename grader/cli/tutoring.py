"""What a tutor, human or not, helps with: `grader explain`, and the same and more as tools, `grader mcp`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

from ..import_path import leave_current_folder
from ..language import _
from .common import (
    FAULT,
    course_option,
    device_option,
    lang_option,
    named_or_current,
    open_course,
    refuse,
    seed_option,
    started_machines,
    submission_option,
    work_option,
)
from .completion import exercises_named
from .formats import open_assigned


@click.command()
@click.argument("name", required=False, shell_complete=exercises_named)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="As data for another program, by grader/explanation.schema.json.",
)
@submission_option
@seed_option
@device_option
@course_option
@lang_option
def explain(
    name: str | None,
    as_json: bool,
    path: Path,
    seed: int | None,
    devices: tuple[str, ...],
    folder: Path | None,
) -> None:
    """Explains what went wrong in the exercise NAME: for each mistake the call, what came back, and the cause.

    Nothing of the solution is in it, so that it can be given to a tutor. Without NAME, of the first exercise in this
    folder that is not done. Exit status: 0 where it was graded, whatever the points, and 2 where it was not.
    """
    from ..outputs.wording import repeated_with
    from ..practice.explained import explained
    from ..submission import read_submission
    from .check import options_of

    course = open_course(folder, Path())
    assigned = open_assigned(None, path, course, instructor=False)
    course = assigned.course if assigned else course
    where = path if path.is_dir() else Path()
    exercise = named_or_current(course, name, where)
    submission = read_submission(path, course, [exercise.name])
    with started_machines(course, devices) as machines:
        told = explained(
            submission, exercise.name, machines, folder=where, assigned=assigned, seed=seed
        )
    with repeated_with(options_of(folder, path, devices)):
        if as_json:
            click.echo(json.dumps(told.data, ensure_ascii=False, indent=2))
        else:
            click.echo(told.text, nl=False)
    if told.report.faults:
        sys.exit(FAULT)


@click.command()
@work_option
@device_option
@course_option
@lang_option
def mcp(path: Path, devices: tuple[str, ...], folder: Path | None) -> None:
    """Offers the exercises of a folder to another program as tools, by the Model Context Protocol.

    The program starts this command itself, and talks to it over its input and output; docs/programs.md says how to
    configure it. The tools list the exercises, show statements, grade in the sandbox, and explain mistakes without the
    solution.
    """
    if not path.is_dir():
        refuse(
            _("{path} is no folder. Give the one with the exercises: `--from DIR`.").format(
                path=path
            )
        )
    folder = folder.absolute() if folder else None
    # such a program starts it anywhere
    os.chdir(path)
    leave_current_folder()
    course = open_course(folder, Path())
    assigned = open_assigned(None, Path(), course, instructor=False)
    from ..machines import DEVICES
    from ..practice.tool_server import serve

    serve(Path(), assigned.course if assigned else course, assigned, devices or DEVICES)
