"""What the commands share: options, the course, the sandbox, and how a wrong call is told."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from ..catalog import Course, CourseError, Exercise, load_course

if TYPE_CHECKING:
    from rich.console import Console

    from ..sandbox import Sandbox

ALL_POINTS, POINTS_MISSING, WRONG_INPUT = 0, 1, 2

course_option = click.option(
    "--course",
    "folder",
    type=click.Path(path_type=Path),
    help="The folder of another course: course.toml, exercises/, solutions/, checks/.",
)


def named_in(course: Course, names: Sequence[str]) -> list[Exercise]:
    """The exercises of these names, in the course's order; all where none is named."""
    for name in names:
        if name not in course.names:
            refuse(
                f"There is no exercise {name!r}. `grader list` shows them: {', '.join(course.names)}."
            )
    return [exercise for exercise in course.exercises if not names or exercise.name in names]


def open_course(folder: Path | None) -> Course:
    try:
        return load_course(folder)
    except CourseError as error:
        refuse(str(error))


def refuse(message: str) -> NoReturn:
    """One sentence on standard error, and the status for wrong input."""
    from ..outputs.escape import log_line
    from ..text import clean

    # it may name what a student wrote, and stand in a log that obeys commands
    click.echo(f"grader: {log_line(clean(message, 2000))}", err=True)
    sys.exit(WRONG_INPUT)


@contextmanager
def started_sandbox() -> Iterator[Sandbox]:
    """A sandbox; its import of torch and this process's run side by side."""
    from ..sandbox import Sandbox

    with Sandbox() as sandbox:
        gc.disable()  # importing makes no garbage, and looking for it takes a sixth of the time
        from .. import plugin  # noqa: F401

        gc.freeze()
        gc.enable()
        yield sandbox


def console_for(stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)
