"""`grader check`: grades a submission and writes its report."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .. import language
from ..course.assignment_file import FILENAME
from ..course.catalog import Course
from ..errors import InputError
from ..language import _
from .common import (
    ALL_POINTS,
    FAULT,
    POINTS_MISSING,
    WRONG_INPUT,
    console_for,
    course_option,
    device_option,
    lang_option,
    names_in,
    open_course,
    refuse,
    seed_option,
    started_machines,
    submission_option,
    tell,
)
from .completion import exercises_named
from .formats import FORMATS, nothing_of, open_assigned, refuse_unready, write

if TYPE_CHECKING:
    from ..course.assignment import AssignedCourse
    from ..machines import Machines
    from ..report import Report
    from ..submission import Submission

_MOST_JOBS = 8
_JOB_BYTES = 1 << 30  # of memory that is free: for the process, and for its children


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=exercises_named)
@course_option
@lang_option
@submission_option
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How the report is written; docs/ci.md tells what each is for.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the report to this file instead of the terminal. With --format github, also write the report as JSON, "
    "to this file.",
)
@click.option(
    "--assignment",
    "assignment_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The assignment that says what runs and what it is worth. Default: assignment.toml in this folder, if that is "
    "where the submission is.",
)
@click.option(
    "--instructor", is_flag=True, help="Run the checks that the assignment keeps back as well."
)
@click.option(
    "--exit-zero",
    is_flag=True,
    help="Exit status 0 whenever the grading itself worked, whatever the points; also where a file cannot be loaded.",
)
@click.option(
    "--untouched-zero",
    is_flag=True,
    help="Exit status 0 also where nothing is written yet: every exercise is as it was given out.",
)
@click.option(
    "--require-isolation",
    is_flag=True,
    help="Refuse to grade where a layer of isolation is missing; `grader doctor` shows them.",
)
@click.option(
    "--verbose",
    is_flag=True,
    help="Show how exact each result has to be; where the grader or the course failed, the traceback.",
)
@device_option
@seed_option
def check(
    names: tuple[str, ...],
    folder: Path | None,
    path: Path,
    form: str,
    output: Path | None,
    assignment_file: Path | None,
    instructor: bool,
    exit_zero: bool,
    untouched_zero: bool,
    require_isolation: bool,
    verbose: bool,
    devices: tuple[str, ...],
    seed: int | None,
) -> None:
    """Grades the exercises NAME..., or every exercise that is found.

    Exit status: 0 all points, 1 some are missing, 2 the call or the input was wrong (nothing to grade, or a file that
    cannot be loaded), or the grader or the course failed.
    """
    from ..errors import SubmissionError
    from ..outputs.wording import repeated_with
    from ..submission import read_submission

    course = open_course(folder, None if instructor else Path())
    names = names_in(course, names)
    assigned = open_assigned(assignment_file, path, course, instructor)
    if assigned:
        course = assigned.course
        for name in names:
            if name not in course.names:
                refuse(
                    _("{path} has no exercise {name!r}: {names}.").format(
                        path=assigned.assignment.path, name=name, names=", ".join(course.names)
                    )
                )
        if path.is_dir():
            # of an assignment, what was not handed in is a result, too
            names = names or assigned.names
    try:
        submission = read_submission(path, course, names)
    except SubmissionError:
        if not (assigned and path.is_dir()):
            raise
        submission = nothing_of(path, names)
    refuse_unready(form, output)
    try:
        jobs = _jobs(submission, devices)
        with started_machines(course, devices, jobs) as machines:
            if require_isolation:
                _require_isolation(machines)
            report = _grade_with_progress(submission, machines, seed, assigned, jobs)
    except (InputError, BrokenPipeError):
        raise
    except (
        Exception
    ) as error:  # ours, whatever it is: Python's own status for it, 1, would be a verdict
        report = _nothing_graded(submission, course, error)
    if path == Path() and seed is None:
        _remember(report, submission, course)
    options = options_of(folder, path, devices, assignment_file, instructor)
    # a service's result is told to a student, whose files lie elsewhere
    options = [] if form in ("classroom50", "gradescope") else options
    with repeated_with(options):
        write(report, form, output, submission, assigned, verbose)
    _tell_of_faults(report, verbose, shown=form == "github" or (form == "text" and not output))
    sys.exit(exit_status(report, exit_zero or (untouched_zero and report.is_untouched)))


def options_of(
    folder: Path | None,
    path: Path,
    devices: Sequence[str],
    assignment_file: Path | None = None,
    instructor: bool = False,
) -> list[str]:
    """What a call was given that the command which repeats it needs as well."""
    options = [] if path == Path() else ["--from", str(path)]
    options += ["--course", str(folder)] if folder else []
    if assignment_file and assignment_file != Path(FILENAME):
        options += ["--assignment", str(assignment_file)]
    options += ["--instructor"] if instructor else []
    for device in devices:
        options += ["--device", device]
    return options


def _require_isolation(machines: Machines) -> None:
    missing = [layer for layer in machines.sandbox().layers() if not layer.on]
    if missing:
        layers = ", ".join(f"{layer.name} ({layer.why})" for layer in missing)
        refuse(_("Not graded, because this machine lacks: {layers}.").format(layers=layers))


def _jobs(submission: Submission, devices: Sequence[str]) -> int:
    """How many processes grade: one a core, as far as there are exercises, and memory; on a GPU it is one."""
    from ..machines import cores, free_memory
    from ..sandbox import can_fork_zygotes

    # where torch is there already, it may have worked, with threads that a fork does not take along
    if not can_fork_zygotes() or "cuda" in devices or "torch" in sys.modules:
        return 1
    room = min(free_memory() / _JOB_BYTES, _MOST_JOBS)
    return max(1, min(cores(), len(submission.sources), int(room)))


def _grade_with_progress(
    submission: Submission,
    machines: Machines,
    seed: int | None,
    assigned: AssignedCourse | None,
    jobs: int,
) -> Report:
    from ..grading import grade

    run = partial(
        grade,
        submission,
        submission.wanted,
        assigned=assigned,
        machines=machines,
        seed=seed,
        jobs=jobs,
    )
    console = console_for(stderr=True)
    if not console.is_terminal:
        return run()
    with console.status(_("Starting …")) as status:
        return run(progress=lambda name: status.update(_("Grading {name} …").format(name=name)))


def _remember(report: Report, submission: Submission, course: Course) -> None:
    """In a student's own workspace, for `grader list`; a folder that was handed in is left as it is."""
    from ..practice.workspace import Workspace

    workspace = Workspace(Path(), course)
    if workspace.remembers:
        workspace.remember(report.exercises, submission.sources)


def _nothing_graded(submission: Submission, course: Course, error: Exception) -> Report:
    """The report where nothing at all could be graded, so that it is written as any other."""
    from ..checking.faults import fault_result
    from ..report import Environment, Report

    names = submission.wanted or tuple(submission.sources)
    results = tuple(fault_result(course[name], error) for name in names)
    here = Environment(platform.python_version(), version("torch"), (), ())
    return Report(submission.name, results, here, language=language.current())


def _tell_of_faults(report: Report, verbose: bool, shown: bool) -> None:
    """Where the grader or the course failed, or how to see that; on standard error, whatever the form of the report.

    Args:
        shown: whether the report, with its messages, is on the terminal already.
    """
    for exercise in report.faults:
        if verbose:
            told = exercise.traceback or exercise.message
            tell(f"{exercise.name}:\n{told}", len(told) + 200)
        elif not shown:
            tell(" ".join(f"{exercise.name}: {exercise.message}".splitlines()))
    if report.faults and not verbose:
        tell(_("`--verbose` shows where the grader or the course failed."))


def exit_status(report: Report, exit_zero: bool) -> int:
    if report.faults:
        return FAULT
    if exit_zero or report.has_all_points:
        return ALL_POINTS
    unloadable = any(exercise.status == "error" for exercise in report.exercises)
    return WRONG_INPUT if unloadable else POINTS_MISSING
