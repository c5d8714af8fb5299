"""A student's commands: the exercises, their statements, a workspace."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click

from ..catalog import Exercise
from .common import console_for, course_option, named_in, open_course, refuse

_NEXT = "Next: {name}. `grader show {name}` prints what it asks, `grader check {name}` grades it."
_ALL_DONE = "All exercises here are done."
_NO_WORK = "`grader init DIR` makes a folder to work in."
_MADE = "{count} exercises in {folder}. Next: cd {quoted} && grader watch"
_RESET = "{file} is the stub again. What was there is in {kept}."
_RESET_NEW = "{file} is the stub of {name}."
_IS_STUB = "{file} is the stub already; nothing was changed."
_README = """# {title}

{count} exercises. Each is one file, such as `{file}`: the text at its top says what is asked, and you write
what is missing.

| | |
|---|---|
| `grader list` | the exercises, how far you are, and what comes next |
| `grader show {name}` | what an exercise asks |
| `grader watch` | grades an exercise whenever you save it; the key q ends it |
| `grader check {name}` | grades it once; without a name, all of them |
| `grader hint {name}` | a hint: first a nudge, the third is nearly the answer |
| `grader reset {name}` | the empty exercise anew; your file is kept beside it |

Run them in this folder. A function that you have not written yet is not a mistake: it is "not started".
"""
_WRITE = "What you write in {name}.py, for {points} points:"
_GRADE = "`grader check {name}` grades it."
_HELP = "`grader hint {name}` helps."


@click.command("list")
@course_option
def list_exercises(folder: Path | None) -> None:
    """Shows the exercises in their order, how far each is in this folder, and what comes next."""
    from ..outputs.progress import Entry, bar, table
    from ..workspace import Workspace, upcoming

    course = open_course(folder)
    standings = Workspace(Path(), course).standings()
    coming = upcoming(standings)
    entries = [
        Entry(
            name=one.exercise.name,
            title=one.exercise.title,
            unit=one.exercise.unit,
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
        click.echo(_NO_WORK)
        return
    console.print(bar(entries, console.width))
    click.echo(_NEXT.format(name=coming.exercise.name) if coming else _ALL_DONE)


@click.command()
@click.argument("name")
@course_option
def show(name: str, folder: Path | None) -> None:
    """Shows the statement of the exercise NAME."""
    from rich.markdown import Markdown
    from rich.text import Text

    [exercise] = named_in(open_course(folder), [name])
    title, _, text = exercise.statement.partition("\n")
    console = console_for()
    console.print(Text(title, style="bold underline"))
    console.print()
    # formulas are plain Unicode; the dollar signs are for the notebook
    body, see, links = text.replace("$", "").rpartition("\nSee: ")
    console.print(Markdown(body if see else links))
    console.print()
    if see:
        # one unbroken line, so that it can be clicked and copied
        console.print(Text(f"See: {links.strip()}"), soft_wrap=True)
    console.print()
    click.echo(_WRITE.format(points=exercise.points, name=exercise.name))
    console.print(Text(", ".join(exercise.entry_points), style="bold"))
    click.echo(_GRADE.format(name=exercise.name))
    click.echo(_HELP.format(name=exercise.name))


@click.command()
@click.argument("target", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option("--notebooks", is_flag=True, help="Notebooks instead of Python files.")
@course_option
def init(target: Path, notebooks: bool, folder: Path | None) -> None:
    """Makes a workspace in the folder DIR: the stub of every exercise. What is there already stays."""
    from ..workspace import make_place

    course = open_course(folder)
    made = 0
    try:
        target.mkdir(parents=True, exist_ok=True)
        make_place(target)
        for exercise in course.exercises:
            path = target / f"{exercise.name}{_suffix(notebooks)}"
            stub = _stub(exercise, notebooks)
            if not os.path.lexists(path):
                path.write_bytes(stub)
                made += 1
        if not os.path.lexists(target / "README.md"):
            name = course.names[0] if course.names else "NAME"
            file = f"{name}{_suffix(notebooks)}"
            text = _README.format(
                title=course.title, count=len(course.exercises), file=file, name=name
            )
            (target / "README.md").write_text(text, encoding="utf-8")
    except OSError as error:
        refuse(f"{target} cannot be written: {error.strerror or error}.")
    click.echo(_MADE.format(count=made, folder=target, quoted=shlex.quote(str(target))))


@click.command()
@click.argument("name")
@course_option
def reset(name: str, folder: Path | None) -> None:
    """Puts the stub of the exercise NAME in this folder anew; the old file is kept beside it."""
    [exercise] = named_in(open_course(folder), [name])
    places = [Path(), Path("exercises")]
    there = [
        place / f"{name}{suffix}"
        for place in places
        for suffix in (".py", ".ipynb")
        if os.path.lexists(place / f"{name}{suffix}")
    ]
    for path in there or [Path(f"{name}.py")]:
        stub = _stub(exercise, path.suffix == ".ipynb")
        if path.is_symlink() or (path in there and not path.is_file()):
            refuse(f"{path} is not a regular file. Move it away, then reset again.")
        try:
            if path in there and path.read_bytes() == stub:
                click.echo(_IS_STUB.format(file=path))
            elif path in there:
                kept = _kept_beside(path)
                path.write_bytes(stub)
                click.echo(_RESET.format(file=path, kept=kept))
            else:
                path.write_bytes(stub)
                click.echo(_RESET_NEW.format(file=path, name=name))
        except OSError as error:
            refuse(f"{path} cannot be written: {error.strerror}.")


def _kept_beside(path: Path) -> Path:
    """Moves a file to a name that is free, and returns it."""
    number = 1
    while True:
        kept = path.with_name(f"{path.stem}.old-{number}{path.suffix}")
        try:
            # unlike a rename, this never takes the place of another file
            with open(kept, "xb") as file:
                file.write(path.read_bytes())
        except FileExistsError:
            number += 1
            continue
        return kept


def _suffix(notebooks: bool) -> str:
    return ".ipynb" if notebooks else ".py"


def _stub(exercise: Exercise, notebooks: bool) -> bytes:
    stub = exercise.stub.with_suffix(_suffix(notebooks))
    if not stub.is_file():
        refuse(f"{stub} does not exist. `grader release` makes it from its solution.")
    return stub.read_bytes()
