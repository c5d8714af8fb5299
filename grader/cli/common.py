"""What the commands share: options, the course, the sandbox, and how a wrong call is told."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from .. import language
from ..course.catalog import Course, Exercise, load_course
from ..errors import OutputError
from ..language import _
from ..outputs.narrow_encoding import ERRORS
from ..text import clean
from . import click_words

if TYPE_CHECKING:
    from rich.console import Console

    from ..classroom.gradebook.reader import Gradebook
    from ..machines import Machines

ALL_POINTS, POINTS_MISSING, WRONG_INPUT = 0, 1, 2
FAULT = 2  # ours or the course's: as after a wrong call, there is no verdict

course_option = click.option(
    "--course",
    "folder",
    type=click.Path(path_type=Path),
    help="The folder of another course: course.toml, exercises/, solutions/, checks/. In a folder that `grader init "
    "--course` made, the default is its course.",
)
device_option = click.option(
    "--device",
    "devices",
    multiple=True,
    type=click.Choice(["cpu", "sim", "cuda"]),
    help="Where to run besides the CPU: `sim` is the simulated accelerator, `cuda` a GPU. May be given more than once. "
    "Default: sim.",
)

submission_option = click.option(
    "--from",
    "path",
    type=click.Path(path_type=Path),
    default=Path(),
    help="A file, or a folder that holds NAME.py or exercises/NAME.py. Default: this folder.",
)
work_option = click.option(
    "--from",
    "path",
    type=click.Path(path_type=Path),
    default=Path(),
    help="The folder with the exercises. Default: this folder.",
)
seed_option = click.option(
    "--seed",
    type=click.IntRange(0, 2**48 - 1),
    help="The seed of the inputs. Default: it follows from the file's text, so that a result can be repeated.",
)


def speak(
    context: click.Context, parameter: click.Parameter | None = None, value: str | None = None
) -> None:
    """The group's option or the environment decides; a command's own option has the last word."""
    asked = os.environ.get("GRADER_LANG", "")
    is_completing = context.resilient_parsing  # our words would stand in the shell's line
    if not value and asked and asked not in language.languages() and not is_completing:
        known = ", ".join(language.languages())
        refuse(f"GRADER_LANG is {asked!r}, which is none of the languages here: {known}.")
    # neither Korean nor ŷ is in every encoding that a terminal may have
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=ERRORS)
    if value or context.parent is None:
        language.use(value or language.preferred())
        click_words.speak(language.current())
        _translate_help(context.find_root())


def speaks(command: click.Command) -> bool:
    """Whether a command speaks the student's language; an instructor's speak English, whoever runs them."""
    return any(option.name == "lang" for option in command.params)


_english: dict[click.Command | click.Option, str] = {}


def _translate_help(root: click.Context) -> None:
    """Help is written before the language is known, so it is translated when it is."""
    group = root.command
    inner = group.commands.values() if isinstance(group, click.Group) else ()
    commands: list[click.Command] = [group, *(command for command in inner if speaks(command))]
    options = [option for c in commands for option in c.params if isinstance(option, click.Option)]
    items: list[click.Command | click.Option] = [*commands, *options]
    for item in items:
        text = _english.setdefault(item, inspect.cleandoc(item.help or ""))
        item.help = language.translated(text)
    for command in commands:
        if option := command.get_help_option(root):  # click makes it once
            option.help = _("Show this message and exit.")


lang_option = click.option(
    "--lang",
    type=click.Choice(language.languages()),
    is_eager=True,
    expose_value=False,
    callback=speak,
    help="The language of all texts. Default: what GRADER_LANG says, or else the locale.",
)


def names_in(course: Course, names: Sequence[str]) -> tuple[str, ...]:
    """The names of the exercises that are meant; where one was written in another way, that is told.

    Raises:
        SubmissionError: if one of them is none.
    """
    from ..course.meant import meant

    found = []
    for name in names:
        exercise = meant(course, name)
        if exercise not in (name, Path(name).stem):
            tell(_("{name} is taken for {exercise}.").format(name=name, exercise=exercise))
        found.append(exercise)
    return tuple(dict.fromkeys(found))


def named_in(course: Course, names: Sequence[str]) -> list[Exercise]:
    """The exercises of these names, in the course's order; all where none is named.

    Raises:
        SubmissionError: if the course has no exercise of one of the names.
    """
    names = names_in(course, names)
    return [exercise for exercise in course.exercises if not names or exercise.name in names]


def named_or_current(course: Course, name: str | None, folder: Path = Path()) -> Exercise:
    """The exercise of a name; without one, the first in `folder` that is not done. Where there is none, the call ends.

    Raises:
        SubmissionError: if the course has no exercise of that name.
    """
    from ..practice.workspace import Workspace, upcoming

    if name is not None:
        return named_in(course, [name])[0]
    standings = Workspace(folder, course).standings()
    standing = upcoming(standings)
    if all(each.state == "missing" for each in standings):
        told = _(
            "There is no exercise in {folder}. `grader init work` makes a folder with all of them."
        )
        refuse(told.format(folder=clean(str(folder.resolve()))))
    if standing is None:
        refuse(_("Nothing is left to do here. Name an exercise; `grader list` shows them."))
    return standing.exercise


def open_course(folder: Path | None, workspace: Path | None = None) -> Course:
    """The course in `folder`, its own translations included.

    Args:
        workspace: a student's folder; without `folder`, the course that it is for is opened.

    Raises:
        CourseError: if it cannot be opened.
        WorkspaceError: if the student's folder is for a course that is not to be used, or is not there.
    """
    if folder is None and workspace is not None:
        from ..practice.remembered_course import remembered_course

        folder = remembered_course(workspace)
    course = load_course(folder)
    language.learn(course.folder)
    return course


@contextmanager
def opened(where: str, create: bool = False) -> Iterator[Gradebook]:
    """A gradebook: a file, or the URL of a database; made if it is not there and `create` is given.

    A file that was made so is taken away again where the call fails before anything is stored in it.

    Raises:
        GradebookError: if it cannot be opened, or turns out to be damaged.
    """
    from ..classroom.gradebook.database import damage_is_told
    from ..classroom.gradebook.reader import open_gradebook
    from ..classroom.gradebook.taken_back import taken_back

    with (
        taken_back(where) if create else nullcontext(),
        damage_is_told(where),
        open_gradebook(where, create=create) as gradebook,
    ):
        yield gradebook


def counted(number: int, what: str) -> str:
    """A number and its noun, such as "1 student" and "2,000 students"."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def refuse(message: str) -> NoReturn:
    """One sentence on standard error, and the status for wrong input."""
    tell(" ".join(message.splitlines()))
    sys.exit(WRONG_INPUT)


def tell(message: str, length: int = 2000) -> None:
    """Something on standard error that is no part of a command's result, cut at `length` characters."""
    from ..outputs.escape import log_line
    from ..text import clean

    # it may name what a student wrote, and stand in a log that obeys commands
    lines = map(log_line, clean(message, length).splitlines())
    click.echo("grader: " + "\n".join(lines), err=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """For what writes `path`, a file or all that is in a folder.

    Raises:
        OutputError: if it cannot be written.
    """
    try:
        yield
    except OSError as error:
        sentence = _("{path} cannot be written: {reason}.")
        raise OutputError(sentence.format(path=path, reason=error.strerror or error)) from error


@contextmanager
def started_machines(
    course: Course | None = None, devices: Sequence[str] = (), jobs: int = 1
) -> Iterator[Machines]:
    """Machines for a course; their import of torch and this process's run side by side.

    Args:
        devices: those that were asked for by name, which then have to be there; none stands for the usual ones.
        jobs: how many processes will have such machines.
    """
    from ..machines import DEVICES, Machines, warm_up
    from ..sandbox import start_zygote_server

    with ExitStack() as stack:
        server = ""
        if jobs > 1:
            server = stack.enter_context(closing(start_zygote_server())).address
        machines = stack.enter_context(
            Machines(course, devices or DEVICES, zygote_server=server, workers=jobs)
        )
        warm_up()
        if devices:
            machines.require_devices()
        yield machines


def console_for(stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)
