"""A student at work: hints, and grading on each save."""

from __future__ import annotations

import signal
from pathlib import Path

import click

from ..course.catalog import Exercise
from ..language import N_, _
from .common import (
    console_for,
    course_option,
    device_option,
    lang_option,
    named_in,
    named_or_current,
    open_course,
    refuse,
    work_option,
)
from .completion import exercises_named

_HINT = N_("{name}: hint {number} of {total}")
_MORE = N_("`grader hint {name}` shows the next one.")
_LAST = N_("That was the last hint. `grader hint {name} --all` shows all of them again.")
_NONE_SHOWN = N_("No hint for {name} was shown yet. `grader hint {name}` shows the first.")
_NOT_KEPT = N_("(It could not be kept in {folder} that this hint was shown.)")


@click.command()
@click.argument("name", required=False, shell_complete=exercises_named)
@click.option("--all", "everything", is_flag=True, help="All hints at once.")
@click.option("--again", is_flag=True, help="Show again the hints you have seen.")
@course_option
@lang_option
def hint(name: str | None, everything: bool, again: bool, folder: Path | None) -> None:
    """Shows the next hint for the exercise NAME: first a nudge, last nearly the answer.

    Without NAME, for the first exercise in this folder that is not done.
    """
    from ..practice.workspace import HINTS_OFF, NO_HINTS, Workspace

    course = open_course(folder, Path())
    workspace = Workspace(Path(), course)
    exercise = named_or_current(course, name)
    if not workspace.hints_allowed():
        refuse(_(HINTS_OFF))
    total, shown = len(exercise.hints), workspace.hints_shown(exercise)
    if not total:
        refuse(_(NO_HINTS).format(name=exercise.name))
    if again and not everything and not shown:
        refuse(_(_NONE_SHOWN).format(name=exercise.name))
    first = 1 if everything or again else min(shown + 1, total)
    last = total if everything else shown if again else first
    for number in range(first, last + 1):
        _print_hint(exercise, number)
    click.echo((_(_MORE) if last < total else _(_LAST)).format(name=exercise.name))
    if last > shown and not workspace.remember_hints(exercise, last):
        click.echo(_(_NOT_KEPT).format(folder=workspace.folder.absolute()), err=True)


def _print_hint(exercise: Exercise, number: int) -> None:
    from rich.markdown import Markdown
    from rich.padding import Padding
    from rich.text import Text

    from ..course.translation import hints_of

    console = console_for()
    sentence = _(_HINT).format(name=exercise.name, number=number, total=len(exercise.hints))
    console.print(Text(sentence, style="bold cyan"))
    console.print(Padding(Markdown(hints_of(exercise)[number - 1]), (0, 0, 1, 2)))


@click.command()
@click.argument("name", required=False, shell_complete=exercises_named)
@work_option
@device_option
@course_option
@lang_option
def watch(name: str | None, path: Path, devices: tuple[str, ...], folder: Path | None) -> None:
    """Grades an exercise whenever it is saved, and shows what to do next.

    Begins with the exercise NAME, or the first one that is not done. Keys: h for a hint, l for the list, s to skip
    the exercise, r to grade it again, q to quit.
    """
    from ..practice.workspace import Workspace
    from ..submission import read_submission

    if path.exists() and not path.is_dir():
        refuse(
            _("{path} is a file. Give the folder that it is in: `grader watch --from DIR`.").format(
                path=path
            )
        )
    course = open_course(folder, path)
    start = named_in(course, [name])[0] if name else None
    read_submission(path, course, [name] if name else [])
    from ..machines import DEVICES, Machines
    from ..practice.watch import watch as run

    try:
        with Machines(course, devices or DEVICES) as machines:
            if devices:
                machines.require_devices()
            try:
                run(Workspace(path, course), machines, console_for(), start)
            finally:
                # what comes now takes a moment; a second Ctrl-C would break it off halfway
                signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:
        pass
