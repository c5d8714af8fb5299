"""`grader check`: grades a submission and writes its report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..catalog import Course
from ..language import _
from .common import (
    ALL_POINTS,
    POINTS_MISSING,
    WRONG_INPUT,
    console_for,
    course_option,
    lang_option,
    open_course,
    refuse,
    started_sandbox,
)

if TYPE_CHECKING:
    from ..report import Report
    from ..sandbox import Sandbox
    from ..submission import Submission


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@course_option
@lang_option
@click.option(
    "--from",
    "path",
    type=click.Path(path_type=Path),
    default=Path(),
    help="A file, or a folder that holds NAME.py or exercises/NAME.py. Default: this folder.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the report is written.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the report to this file instead of the terminal.",
)
@click.option(
    "--require-isolation",
    is_flag=True,
    help="Refuse to grade where a layer of isolation is missing; `grader doctor` shows them.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**48 - 1),
    help="Of the inputs. Default: follows from the file's text, so that a result can be repeated.",
)
def check(
    names: tuple[str, ...],
    folder: Path | None,
    path: Path,
    form: str,
    output: Path | None,
    require_isolation: bool,
    seed: int | None,
) -> None:
    """Grades the exercises NAME..., or every exercise that is found.

    Exit status: 0 all points, 1 some are missing, 2 the call or the input was wrong (nothing to grade, or a file that
    cannot be loaded).
    """
    from ..submission import SubmissionError, read_submission

    course = open_course(folder)
    try:
        submission = read_submission(path, course, names)
    except SubmissionError as error:
        refuse(str(error))
    if output and not output.absolute().parent.is_dir():
        told = _("{folder} does not exist. Make the folder first, or choose another --output.")
        refuse(told.format(folder=output.parent))
    with started_sandbox() as sandbox:
        if require_isolation:
            missing = [layer for layer in sandbox.layers() if not layer.on]
            if missing:
                layers = ", ".join(f"{layer.name} ({layer.why})" for layer in missing)
                told = _("Not graded, because this machine lacks: {layers}.")
                refuse(told.format(layers=layers))
        report = _grade_with_progress(submission, course, sandbox, seed)
    _write(report, form, output)
    sys.exit(_exit_status(report))


def _grade_with_progress(
    submission: Submission, course: Course, sandbox: Sandbox, seed: int | None
) -> Report:
    from ..grading import grade
    from ..outcome import CourseFault

    console = console_for(stderr=True)
    try:
        if not console.is_terminal:
            return grade(submission, course=course, sandbox=sandbox, seed=seed)
        with console.status(_("Starting …")) as status:
            return grade(
                submission,
                course=course,
                sandbox=sandbox,
                seed=seed,
                progress=lambda name: status.update(_("Grading {name} …").format(name=name)),
            )
    except (CourseFault, RuntimeError) as error:
        refuse(_("The grader itself failed, not your code: {error}").format(error=error))


def _write(report: Report, form: str, output: Path | None) -> None:
    from ..outputs import json, terminal

    if form == "json":
        text = json.render(report)
    elif output:
        from io import StringIO

        from rich.console import Console

        buffer = StringIO()
        terminal.render(report, Console(file=buffer, width=100))
        text = buffer.getvalue()
    else:
        terminal.render(report, console_for())
        return
    if not output:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        refuse(_("{path} cannot be written: {reason}.").format(path=output, reason=error.strerror))


def _exit_status(report: Report) -> int:
    if any(exercise.status == "error" for exercise in report.exercises):
        return WRONG_INPUT
    return ALL_POINTS if report.score == report.max_score else POINTS_MISSING
