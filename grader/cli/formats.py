"""Where a report goes: the terminal, a file, or the places that a CI service reads."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..course.catalog import Course
from ..language import _
from .common import console_for, refuse, writing

if TYPE_CHECKING:
    from ..course.assignment import AssignedCourse
    from ..report import Report
    from ..submission import Submission

FORMATS = ("text", "json", "github", "classroom50", "gradescope", "junit")


def open_assigned(
    file: Path | None, submission: Path, course: Course, instructor: bool
) -> AssignedCourse | None:
    """The terms of an assignment: of `file`, or of the `assignment.toml` beside a submission in the current folder."""
    from ..course.assignment_file import FILENAME, read_assignment

    if file is None and instructor:
        # the checks that an assignment names are run: never those of a file that came with a submission
        refuse(
            _("--instructor needs --assignment FILE: yours, not one that lies with a submission.")
        )
    if file is None and submission == Path() and Path(FILENAME).is_file():
        file = Path(FILENAME)
    if file is None:
        return None
    return read_assignment(file).on(course, instructor)


def refuse_unready(form: str, output: Path | None) -> None:
    """Refuses, before anything is graded, where the report could not be written."""
    if output and not output.absolute().parent.is_dir():
        refuse(
            _("{folder} does not exist. Make the folder first, or choose another --output.").format(
                folder=output.parent
            )
        )
    if form == "classroom50":
        from ..outputs import classroom50_result

        classroom50_result.identity(os.environ)


def nothing_of(folder: Path, names: Sequence[str]) -> Submission:
    """A submission of none of `names`."""
    from ..submission import Submission
    from ..text import clean

    return Submission(clean(str(folder)), {}, tuple(names))


def write(
    report: Report,
    form: str,
    output: Path | None,
    submission: Submission,
    assigned: AssignedCourse | None,
    verbose: bool = False,
) -> None:
    """Writes the report in one of `FORMATS`; `verbose`: to a terminal with every detail."""
    from ..outputs import terminal

    if form == "github":
        _write_github(report, output, submission, assigned)
    elif form == "text" and not output:
        terminal.render(report, console_for(), verbose)
    else:
        if form == "classroom50":
            output = output or Path("result.json")
        _put(_text(report, form, output, assigned), output)
        if form == "gradescope" and output:
            # Gradescope shows the standard output to the instructor alone
            terminal.render(report, console_for())


def _text(report: Report, form: str, output: Path | None, assigned: AssignedCourse | None) -> str:
    from ..outputs import classroom50_result, gradescope_results, json, junit, terminal

    if form == "text":
        from io import StringIO

        from rich.console import Console

        buffer = StringIO()
        terminal.render(report, Console(file=buffer, width=100))
        return buffer.getvalue()
    if form == "classroom50":
        if output:
            _put(classroom50_result.body(report), output.with_name("release-body.md"))
        return classroom50_result.render(report, os.environ, datetime.now(UTC))
    if form == "gradescope":
        return gradescope_results.render(
            report, assigned.kept_back if assigned and assigned.instructor else None
        )
    return {"json": json.render, "junit": junit.render}[form](report)


def _put(text: str, output: Path | None) -> None:
    if not output:
        click.echo(text, nl=False)
        return
    with writing(output):
        output.write_text(text, encoding="utf-8", errors="replace")


def _write_github(
    report: Report, output: Path | None, submission: Submission, assigned: AssignedCourse | None
) -> None:
    """The log; the job summary and the step's output where the runner wants them; JSON where asked for."""
    from ..outputs import classroom_reporter, github, json

    # before anything is said that a file that cannot be written would make untrue
    if output:
        _put(json.render(report), output)
    _append(
        "GITHUB_STEP_SUMMARY", github.summary(report, assigned.assignment.title if assigned else "")
    )
    _append(
        "GITHUB_OUTPUT", f"result={classroom_reporter.encoded(classroom_reporter.result(report))}\n"
    )
    click.echo(github.log(report), nl=False)
    click.echo(github.remarks(report, _files(submission)), nl=False)
    click.echo(github.points(report), nl=False)


def _append(variable: str, text: str) -> None:
    """Adds to the file that a variable of the runner names; by hand there is none, and the part is left out."""
    place = os.environ.get(variable)
    if not place:
        click.echo(
            "grader: "
            + _("{variable} is not set, so that part is left out.").format(variable=variable),
            err=True,
        )
        return
    with writing(Path(place)), open(place, "a", encoding="utf-8", errors="replace") as file:
        file.write(text)


def _files(submission: Submission) -> dict[str, str]:
    """Each exercise's file, as a path from the current folder, which is the repository in a workflow."""
    folder = Path(submission.name)
    return {
        name: str(folder / source.filename) if folder.is_dir() else source.filename
        for name, source in submission.sources.items()
    }
