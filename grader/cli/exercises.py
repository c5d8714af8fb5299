"""A student's commands: the exercises, their statements, a workspace."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click

from .. import language
from ..course.catalog import Exercise
from ..language import N_, _, see
from .common import (
    console_for,
    course_option,
    lang_option,
    named_or_current,
    open_course,
    refuse,
    writing,
)
from .completion import exercises_named
from .online_option import online_option, online_start

_NEXT = N_(
    "Next: {name}. `grader show {name}` prints what it asks, `grader check {name}` grades it."
)
_ALL_DONE = N_("All exercises here are done.")
_NO_WORK = N_("`grader init DIR` makes a folder to work in.")
_MADE = N_("Exercises made in {folder}: {count}.")
_KEPT = N_(
    "Files that were there already: {count}. They are as they were; `grader reset NAME` makes one anew."
)
_NOT_REMEMBERED = N_(
    "The folder's course cannot be remembered ({reason}): name it with each command, by --course."
)
_START = N_("Next: {command}")
_README = N_(
    "# {title}\n\nExercises: {count}. Each is one file, such as `{file}`: the text at "
    "its top says what is asked, and you write\nwhat is missing.\n\n| | |\n|---|---|\n| "
    "`grader list` | the exercises, how far you are, and what comes next |\n| `grader "
    "show {name}` | what an exercise asks |\n| `grader watch` | grades an exercise "
    "whenever you save it; the key q ends it |\n| `grader check {name}` | grades it "
    "once; without a name, all of them |\n| `grader hint {name}` | a hint: first a "
    "nudge, the third is nearly the answer |\n| `grader reset {name}` | the empty "
    "exercise anew; your file is kept beside it |\n\nRun them in this folder. A "
    'function that you have not written yet is not a mistake: it is "not started".\n'
)
_WRITE = N_("What you write in {name}.py, for {points} points:")
_GRADE = N_("`grader check {name}` grades it.")
_HELP = N_("`grader hint {name}` helps.")


@click.command("list")
@course_option
@lang_option
def list_exercises(folder: Path | None) -> None:
    """Shows the exercises in their order, how far each is in this folder, and what comes next."""
    from ..course.translation import title_of
    from ..outputs.progress import ProgressEntry, bar, table
    from ..practice.workspace import Workspace, upcoming

    course = open_course(folder, Path())
    standings = Workspace(Path(), course).standings()
    coming = upcoming(standings)
    entries = [
        ProgressEntry(
            name=one.exercise.name,
            title=title_of(one.exercise),
            unit=_(one.exercise.unit),
            state=one.state,
            score=one.score,
            points=one.exercise.points,
            current=one is coming,
        )
        for one in standings
    ]
    console = console_for()
    console.print(table(entries))
    console.print()
    if all(one.state == "missing" for one in standings):
        click.echo(_(_NO_WORK))
        return
    console.print(bar(entries, console.width))
    click.echo(_(_NEXT).format(name=coming.exercise.name) if coming else _(_ALL_DONE))


@click.command()
@click.argument("name", required=False, shell_complete=exercises_named)
@course_option
@lang_option
def show(name: str | None, folder: Path | None) -> None:
    """Shows the statement of the exercise NAME.

    Without NAME, of the first exercise in this folder that is not done.
    """
    from rich.markdown import Markdown
    from rich.text import Text

    from ..course.translation import statement_of

    exercise = named_or_current(open_course(folder, Path()), name)
    title, _break, text = statement_of(exercise).partition("\n")
    console = console_for()
    console.print(Text(title, style="bold underline"))
    console.print()
    label = see().removesuffix("{links}")
    # formulas are plain Unicode; the dollar signs are for the notebook
    body, found, links = text.replace("$", "").rpartition("\n" + label)
    console.print(Markdown(body if found else links))
    console.print()
    if found:
        # one unbroken line, so that it can be clicked and copied
        console.print(Text(see().format(links=links.strip())), soft_wrap=True)
    console.print()
    click.echo(_(_WRITE).format(points=exercise.points, name=exercise.name))
    console.print(Text(", ".join(exercise.entry_points), style="bold"))
    click.echo(_(_GRADE).format(name=exercise.name))
    click.echo(_(_HELP).format(name=exercise.name))


@click.command()
@click.argument("target", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option("--notebooks", is_flag=True, help="Notebooks instead of Python files.")
@online_option
@course_option
@lang_option
def init(target: Path, notebooks: bool, online: bool, folder: Path | None) -> None:
    """Makes a workspace in the folder DIR: the stub of every exercise. What is there already stays."""
    from ..practice.remembered_course import remember_course
    from ..practice.stubs import stub_of
    from ..practice.workspace import make_place

    course = open_course(folder, target)
    start = online_start(course, notebooks) if online else None
    made = kept = 0
    with writing(target):
        target.mkdir(parents=True, exist_ok=True)
        make_place(target)
        for exercise in course.exercises:
            path = target / f"{exercise.name}{_suffix(notebooks)}"
            stub = stub_of(exercise, notebooks, start)
            if not os.path.lexists(path):
                path.write_bytes(stub)
                made += 1
            else:
                kept += 1
            _give(exercise, target)
        if not os.path.lexists(target / "README.md"):
            name = course.names[0] if course.names else "NAME"
            file = f"{name}{_suffix(notebooks)}"
            text = _(_README).format(
                title=_(course.title), count=len(course.exercises), file=file, name=name
            )
            (target / "README.md").write_text(text, encoding="utf-8")
    asked: list[str] = []
    try:
        remember_course(target, course)
    except OSError as error:
        asked = ["--course", str(course.folder.absolute())]
        click.echo(_(_NOT_REMEMBERED).format(reason=error.strerror or error), err=True)
    # where the language was asked for by hand, the next command asks for it as well
    speak = "" if language.current() == language.preferred() else f" --lang {language.current()}"
    here = target.resolve() == Path().resolve()
    click.echo(_(_MADE).format(count=made, folder=target.absolute() if here else target))
    if kept:
        click.echo(_(_KEPT).format(count=kept))
    command = shlex.join(["grader", "watch", *asked]) + speak
    command = command if here else f"cd {shlex.quote(str(target))} && {command}"
    click.echo(_(_START).format(command=command))


@click.command()
@click.argument("name", required=False, shell_complete=exercises_named)
@course_option
@lang_option
def reset(name: str | None, folder: Path | None) -> None:
    """Puts the empty exercise NAME back into this folder; your old file is kept beside it.

    Without NAME, the first exercise in this folder that is not done.
    """
    from ..practice.stubs import put_anew, stub_of

    exercise = named_or_current(open_course(folder, Path()), name)
    name = exercise.name
    places = [Path(), Path("exercises")]
    there = [
        place / f"{name}{suffix}"
        for place in places
        for suffix in (".py", ".ipynb")
        if os.path.lexists(place / f"{name}{suffix}")
    ]
    for path in there or [Path(f"{name}.py")]:
        stub = stub_of(exercise, path.suffix == ".ipynb")
        if path.is_symlink() or (path in there and not path.is_file()):
            refuse(
                _("{path} is not a regular file. Move it away, then reset again.").format(path=path)
            )
        with writing(path):
            click.echo(put_anew(path, stub, name))
        with writing(path.parent):
            _give(exercise, path.parent)


def _give(exercise: Exercise, folder: Path) -> None:
    """Writes what the exercise's students get beside the stub; what is there already stays."""
    from ..course.given_files import contents_of

    for name, data in contents_of(exercise.given).items():
        path = folder / name
        if not os.path.lexists(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def _suffix(notebooks: bool) -> str:
    return ".ipynb" if notebooks else ".py"
