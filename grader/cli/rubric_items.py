"""Rubric items, from the command line: `grader rubric`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .common import console_for, counted, opened
from .gradebook import Points, PointsCommand, gradebook_argument, now, who_option, who_says_so

if TYPE_CHECKING:
    from ..classroom.gradebook.rubric import RubricChange, RubricItem

item_argument = click.argument("item", type=int)


@click.group("rubric")
def rubric_group() -> None:
    """Reasons for points that are written once and used for many students.

    What an item says can be changed at any time, and changes for all who have it. Every version is kept.
    """


@rubric_group.command("list")
@gradebook_argument
@click.option("--all", "everything", is_flag=True, help="Show what is offered no more, too.")
@click.option("--item", type=int, help="Show all versions of this item.")
def list_items(gradebook: str, everything: bool, item: int | None) -> None:
    """Lists the items with their points, and how many students have each."""
    from rich.table import Table
    from rich.text import Text

    with opened(gradebook) as book:
        from ..classroom.gradebook.rubric import item_versions, rubric_items

        versions = item_versions(book, item) if item is not None else []
        items = versions or rubric_items(book, with_retired=everything)
    if not items:
        click.echo("There is no rubric yet. `grader rubric add` makes an item.")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("item", "points", "exercise", "reason", "students" if item is None else "by"):
        table.add_column(name)
    for each in items:
        who = f"{each.who}, {each.when.astimezone():%Y-%m-%d %H:%M}"
        last = Text(str(each.uses) if item is None else who)
        text = Text(each.text + (" (retired)" if each.retired else ""))
        table.add_row(str(each.number), f"{each.points:+}", Text(each.exercise), text, last)
    console_for().print(table)


@rubric_group.command("add", cls=PointsCommand)
@gradebook_argument
@click.argument("text")
@click.argument("points", type=Points())
@click.option("--exercise", default="", metavar="NAME", help="The exercise that it is for.")
@who_option
def add(gradebook: str, text: str, points: float, exercise: str, who: str) -> None:
    """Makes an item: `grader rubric add grades.db "no docstring" -1 --exercise my_linear`."""
    with opened(gradebook) as book:
        from ..classroom.gradebook.rubric import add_item

        _tell(add_item(book, text, points, who=who_says_so(who), exercise=exercise))


@rubric_group.command("rename")
@gradebook_argument
@item_argument
@click.argument("text")
@who_option
def rename(gradebook: str, item: int, text: str, who: str) -> None:
    """Gives ITEM another text, for all who have it."""
    from ..classroom.gradebook.rubric import RubricChange

    _change(gradebook, item, RubricChange(text=text), who)


@rubric_group.command("points", cls=PointsCommand)
@gradebook_argument
@item_argument
@click.argument("points", type=Points())
@who_option
def change_points(gradebook: str, item: int, points: float, who: str) -> None:
    """Gives ITEM other points, for all who have it: `grader rubric points grades.db 3 -2`."""
    from ..classroom.gradebook.rubric import RubricChange

    _change(gradebook, item, RubricChange(points=points), who)


@rubric_group.command("retire")
@gradebook_argument
@item_argument
@click.option("--undo", is_flag=True, help="Offer it again.")
@who_option
def retire(gradebook: str, item: int, undo: bool, who: str) -> None:
    """Offers ITEM no more; who has it keeps it."""
    from ..classroom.gradebook.rubric import RubricChange

    _change(gradebook, item, RubricChange(retired=not undo), who)


@rubric_group.command("apply")
@gradebook_argument
@item_argument
@click.argument("students", nargs=-1, required=True)
@click.option("--undo", is_flag=True, help="Take it back.")
@who_option
def apply(gradebook: str, item: int, students: tuple[str, ...], undo: bool, who: str) -> None:
    """Gives STUDENTS the points of ITEM; who has it already keeps it once."""
    with opened(gradebook) as book:
        from ..classroom.gradebook.rubric import give_item

        by = who_says_so(who)
        identifiers = [book.identifier(student) for student in students]  # all are there, or none
        for student in identifiers:
            give_item(book, student, item, who=by, given=not undo)
            click.echo(f"{student}: {now(book.record(student))}.")


def _change(gradebook: str, item: int, change: RubricChange, who: str) -> None:
    with opened(gradebook) as book:
        from ..classroom.gradebook.rubric import change_item

        _tell(change_item(book, item, change, who=who_says_so(who)))


def _tell(item: RubricItem) -> None:
    where = f" in {item.exercise}" if item.exercise else ""
    retired = ", retired" if item.retired else ""
    users = f" {counted(item.uses, 'student')} have it." if item.uses else ""
    users = users.replace("1 student have", "1 student has")
    text = " ".join(item.text.split())
    click.echo(f"Item {item.number}: {item.points:+}{where}: {text}{retired}.{users}")
