"""A student's commands: the exercises, their statements, a workspace."""

from __future__ import annotations

from pathlib import Path

import click

from .. import language
from ..language import _
from .common import console_for, course_option, lang_option, named_in, open_course, refuse


@click.command("list")
@course_option
@lang_option
def list_exercises(folder: Path | None) -> None:
    """Shows the exercises, in the order in which they are worked on."""
    from rich.table import Table

    course = open_course(folder)
    console = console_for()
    table = Table(box=None, pad_edge=False, show_header=False)
    unit = None
    for exercise in course.exercises:
        if exercise.unit != unit:
            unit = exercise.unit
            table.add_row(f"[bold]{_(unit)}[/bold]" if unit else "", "")
        table.add_row(f"  {exercise.name}", _(exercise.title))
    console.print(table)


@click.command()
@click.argument("name")
@course_option
@lang_option
def show(name: str, folder: Path | None) -> None:
    """Shows the statement of the exercise NAME."""
    from rich.markdown import Markdown

    from ..translation import statement_of

    [exercise] = named_in(open_course(folder), [name])
    title, _break, text = statement_of(exercise).partition("\n")
    # formulas are plain Unicode; the dollar signs are for the notebook
    console = console_for()
    console.print(Markdown(f"# {title}\n{text.replace('$', '')}"))


@click.command()
@click.argument("target", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option("--notebooks", is_flag=True, help="Notebooks instead of Python files.")
@course_option
@lang_option
def init(target: Path, notebooks: bool, folder: Path | None) -> None:
    """Makes a workspace: the stub of every exercise, in the folder DIR. What is there already stays."""
    from ..translation import stub_text

    course = open_course(folder)
    made = 0
    try:
        target.mkdir(parents=True, exist_ok=True)
        for exercise in course.exercises:
            stub = exercise.stub
            path = target / (f"{exercise.name}.ipynb" if notebooks else stub.name)
            if not stub.is_file():
                told = _("{path} does not exist. `grader release` makes it from its solution.")
                refuse(told.format(path=stub))
            if not path.exists():
                text = stub_text(stub.read_text(encoding="utf-8"))
                if notebooks:
                    from ..authoring.notebook import notebook_of

                    text = notebook_of(exercise.name, text)
                path.write_text(text, encoding="utf-8", newline="\n")
                made += 1
    except OSError as error:
        refuse(_("{path} cannot be written: {reason}.").format(path=target, reason=error.strerror))
    first = course.exercises[0].name if course.exercises else "NAME"
    # where the language was asked for by hand, the next command asks for it as well
    speak = "" if language.current() == language.preferred() else f" --lang {language.current()}"
    told = _("{count} exercises in {folder}. Next: cd {folder} && grader check {name}{option}")
    click.echo(told.format(count=made, folder=target, name=first, option=speak))
