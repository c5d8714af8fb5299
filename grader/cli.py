"""The command line: thin, a function per command. What a command needs is imported when it runs."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from . import __version__
from .catalog import Course, CourseError, Exercise, load_course

if TYPE_CHECKING:
    from rich.console import Console

    from .report import Report
    from .sandbox import Sandbox
    from .submission import Submission

ALL_POINTS, POINTS_MISSING, WRONG_INPUT = 0, 1, 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="grader")
def main() -> None:
    """Exercises in PyTorch basics, and the grader that checks them against autograd."""


course_option = click.option(
    "--course",
    "folder",
    type=click.Path(path_type=Path),
    help="The folder of another course: course.toml, exercises/, solutions/, checks/.",
)


@main.command("list")
@course_option
def list_exercises(folder: Path | None) -> None:
    """Shows the exercises, in the order in which they are worked on."""
    from rich.table import Table

    course = _course(folder)
    console = _console()
    table = Table(box=None, pad_edge=False, show_header=False)
    unit = None
    for exercise in course.exercises:
        if exercise.unit != unit:
            unit = exercise.unit
            table.add_row(f"[bold]{unit}[/bold]" if unit else "", "")
        table.add_row(f"  {exercise.name}", exercise.title)
    console.print(table)


@main.command()
@click.argument("name")
@course_option
def show(name: str, folder: Path | None) -> None:
    """Shows the statement of the exercise NAME."""
    from rich.markdown import Markdown

    [exercise] = _named(_course(folder), [name])
    title, _, text = exercise.statement.partition("\n")
    # formulas are plain Unicode; the dollar signs are for the notebook
    console = _console()
    console.print(Markdown(f"# {title}\n{text.replace('$', '')}"))


@main.command()
@click.argument("target", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option("--notebooks", is_flag=True, help="Notebooks instead of Python files.")
@course_option
def init(target: Path, notebooks: bool, folder: Path | None) -> None:
    """Makes a workspace: the stub of every exercise, in the folder DIR. What is there already stays."""
    course = _course(folder)
    made = 0
    try:
        target.mkdir(parents=True, exist_ok=True)
        for exercise in course.exercises:
            stub = exercise.stub.with_suffix(".ipynb") if notebooks else exercise.stub
            path = target / stub.name
            if not stub.is_file():
                _refuse(f"{stub} does not exist. `grader release` makes it from its solution.")
            if not path.exists():
                path.write_bytes(stub.read_bytes())
                made += 1
    except OSError as error:
        _refuse(f"{target} cannot be written: {error.strerror}.")
    first = course.exercises[0].name if course.exercises else "NAME"
    click.echo(f"{made} exercises in {target}. Next: cd {target} && grader check {first}")


@main.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@course_option
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
    from .submission import SubmissionError, read_submission

    course = _course(folder)
    try:
        submission = read_submission(path, course, names)
    except SubmissionError as error:
        _refuse(str(error))
    if output and not output.absolute().parent.is_dir():
        _refuse(
            f"{output.parent} does not exist. Make the folder first, or choose another --output."
        )
    with _started_sandbox() as sandbox:
        if require_isolation:
            missing = [layer for layer in sandbox.layers() if not layer.on]
            if missing:
                told = ", ".join(f"{layer.name} ({layer.why})" for layer in missing)
                _refuse(f"Not graded, because this machine lacks: {told}.")
        report = _grade_with_progress(submission, course, sandbox, seed)
    _write(report, form, output)
    sys.exit(_exit_status(report))


@main.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder to write to. Default: the course's exercises/.",
)
@click.option("--notebooks", is_flag=True, help="Notebooks instead of Python files.")
@course_option
def release(
    names: tuple[str, ...], output: Path | None, notebooks: bool, folder: Path | None
) -> None:
    """Makes the stubs of the exercises NAME... (default: all) from their solutions."""
    from .authoring.release import ReleaseError
    from .authoring.release import release as write_stub

    for exercise in _named(_course(folder), names):
        try:
            click.echo(write_stub(exercise, output or exercise.stub.parent, notebooks))
        except (ReleaseError, OSError) as error:
            _refuse(str(error))


@main.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@course_option
@click.option("--lint", "lint_only", is_flag=True, help="Only look at the content, run nothing.")
@click.option(
    "--seeds", default=0, help="Grade each solution so many more times, with other inputs."
)
@click.option("--jobs", default=os.cpu_count() or 1, help="Exercises at a time.")
@click.option("--markdown", is_flag=True, help="The table in Markdown.")
def audit(
    names: tuple[str, ...],
    folder: Path | None,
    lint_only: bool,
    seeds: int,
    jobs: int,
    markdown: bool,
) -> None:
    """Shows that the checks tell right from wrong: solutions, stubs, known submissions, and mutants.

    Exit status: 0 if nothing is amiss, 1 if a mutant survived or a submission got what it does not deserve, 2 if the
    call was wrong.
    """
    from .authoring.audit import audit_course
    from .authoring.lint import lint
    from .outputs import audit as output

    course = _course(folder)
    wanted = [exercise.name for exercise in _named(course, names)]
    for exercise in (course[name] for name in wanted):
        if not exercise.solution.is_file():
            _refuse(f"{exercise.solution} does not exist: the audit needs the solutions.")
    if lint_only:
        problems = lint(course)
        click.echo("\n".join(problems) or f"{len(course.exercises)} exercises, nothing amiss.")
        sys.exit(POINTS_MISSING if problems else ALL_POINTS)
    try:
        audits = list(audit_course(folder, wanted, seeds, jobs))
    except ValueError as error:
        _refuse(str(error))
    if markdown:
        click.echo(output.markdown(audits), nl=False)
    else:
        output.render(audits, _console())
    amiss = any(one.problems or one.survivors for one in audits)
    sys.exit(POINTS_MISSING if amiss else ALL_POINTS)


@main.command()
def doctor() -> None:
    """Shows what this machine offers: versions, and each layer of isolation, on or off, and why."""
    from rich.table import Table

    from .grading import environment

    with _started_sandbox() as sandbox:
        here, layers = environment(sandbox), sandbox.layers()
    console = _console()
    console.print(f"Python {here.python}, torch {here.torch}, devices: {', '.join(here.devices)}")
    table = Table("layer", "", "why not")
    for layer in layers:
        table.add_row(layer.name, "[green]on[/green]" if layer.on else "[red]off[/red]", layer.why)
    console.print(table)


def _named(course: Course, names: Sequence[str]) -> list[Exercise]:
    """The exercises of these names, in the course's order; all where none is named."""
    for name in names:
        if name not in course.names:
            _refuse(
                f"There is no exercise {name!r}. `grader list` shows them: {', '.join(course.names)}."
            )
    return [exercise for exercise in course.exercises if not names or exercise.name in names]


def _course(folder: Path | None) -> Course:
    try:
        return load_course(folder)
    except CourseError as error:
        _refuse(str(error))


def _refuse(message: str) -> NoReturn:
    """One sentence on standard error, and the status for wrong input."""
    from .text import clean

    click.echo(f"grader: {clean(message, 2000)}", err=True)
    sys.exit(WRONG_INPUT)


@contextmanager
def _started_sandbox() -> Iterator[Sandbox]:
    """A sandbox; its import of torch and this process's run side by side."""
    from .sandbox import Sandbox

    with Sandbox() as sandbox:
        gc.disable()  # importing makes no garbage, and looking for it takes a sixth of the time
        from . import plugin  # noqa: F401

        gc.freeze()
        gc.enable()
        yield sandbox


def _grade_with_progress(
    submission: Submission, course: Course, sandbox: Sandbox, seed: int | None
) -> Report:
    from .grading import grade
    from .outcome import CourseFault

    console = _console(stderr=True)
    try:
        if not console.is_terminal:
            return grade(submission, course=course, sandbox=sandbox, seed=seed)
        with console.status("Starting …") as status:
            return grade(
                submission,
                course=course,
                sandbox=sandbox,
                seed=seed,
                progress=lambda name: status.update(f"Grading {name} …"),
            )
    except (CourseFault, RuntimeError) as error:
        _refuse(f"The grader itself failed, not your code: {error}")


def _write(report: Report, form: str, output: Path | None) -> None:
    from .outputs import json, terminal

    if form == "json":
        text = json.render(report)
    elif output:
        from io import StringIO

        from rich.console import Console

        buffer = StringIO()
        terminal.render(report, Console(file=buffer, width=100))
        text = buffer.getvalue()
    else:
        terminal.render(report, _console())
        return
    if not output:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        _refuse(f"{output} cannot be written: {error.strerror}.")


def _exit_status(report: Report) -> int:
    if any(exercise.status == "error" for exercise in report.exercises):
        return WRONG_INPUT
    return ALL_POINTS if report.score == report.max_score else POINTS_MISSING


def _console(stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)
