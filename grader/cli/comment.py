"""Comments on a student's work, from the command line: `grader comment`."""

from __future__ import annotations

import click

from .common import opened, refuse
from .gradebook import gradebook_argument, who_option, who_says_so


@click.command()
@gradebook_argument
@click.argument("student")
@click.argument("text", required=False)
@click.option("--exercise", default="", metavar="NAME", help="The exercise that it is about.")
@click.option("--line", type=int, help="The line of the exercise's file that it is about.")
@click.option(
    "--cell", default="", metavar="NUMBER", help="The cell of a notebook that the line is in."
)
@click.option(
    "--for-colleagues",
    is_flag=True,
    help="A question to those who grade, which the student never sees. The desk lists it until it is answered.",
)
@click.option("--answer", type=int, metavar="NUMBER", help="The question that this answers.")
@click.option("--change", type=int, metavar="NUMBER", help="The comment that this is instead of.")
@click.option("--take-back", type=int, metavar="NUMBER", help="The comment to take back.")
@who_option
def comment(
    gradebook: str,
    student: str,
    text: str | None,
    exercise: str,
    line: int | None,
    cell: str,
    for_colleagues: bool,
    answer: int | None,
    change: int | None,
    take_back: int | None,
    who: str,
) -> None:
    """Comments on what STUDENT handed in: `grader comment grades.db ada "…" --exercise my_linear --line 12`.

    The student reads it with the feedback. Without TEXT, the comments that there are are shown. Nothing is ever
    deleted: what was changed or taken back stays in the history.
    """
    if text is None and take_back is None:
        if line is not None or for_colleagues or answer is not None or change is not None:
            refuse("Give the comment's text, in quotes.")
        _show(gradebook, student)
        return
    if line is not None and not exercise:
        refuse("--line is a line of an exercise. Name it with --exercise.")
    if len([each for each in (answer, change, take_back) if each is not None]) > 1:
        refuse("Give one of --answer, --change and --take-back.")
    with opened(gradebook) as book:
        from ..classroom.gradebook.comments import (
            Spot,
            add_comment,
            all_comments,
            change_comment,
            take_comment_back,
        )

        by = who_says_so(who)
        identifier = book.identifier(student)
        for number in (change, take_back):
            if number is not None and number not in [
                each.number for each in all_comments(book, identifier)
            ]:
                refuse(f"{identifier} has no comment {number}. `grader comment` shows them.")
        if take_back is not None:
            if text is not None:
                refuse("--take-back needs no text. To write another one, use --change.")
            made = take_comment_back(book, take_back, who=by)
            click.echo(f"{identifier}: comment {take_back} is taken back.")
            return
        if change is not None:
            made = change_comment(book, change, text or "", who=by)
        else:
            made = add_comment(
                book,
                identifier,
                text or "",
                who=by,
                spot=Spot(exercise, line, cell),
                for_colleagues=for_colleagues,
                answers=answer,
            )
    click.echo(
        f"{identifier}: comment {made.number}{_where(made.exercise, made.place, made.line)}."
    )


def _show(gradebook: str, student: str) -> None:
    from rich.table import Table
    from rich.text import Text

    from .common import console_for

    with opened(gradebook) as book:
        from ..classroom.gradebook.comments import all_comments

        found = all_comments(book, book.identifier(student))
    if not found:
        click.echo("There are no comments.")
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for each in found:
        where = _where(each.exercise, each.place, each.line).strip() or "on the whole"
        notes = [note for note, holds in (("earlier hand-in", each.earlier),) if holds]
        if each.for_colleagues:
            notes.append(f"answers {each.answers}" if each.answers else "for colleagues")
        kind = f" ({', '.join(notes)})" if notes else ""
        table.add_row(str(each.number), Text(f"{where}{kind}"), Text(f"{each.who}: {each.text}"))
    console_for().print(table)


def _where(exercise: str, place: str, line: int | None) -> str:
    if line is not None:
        return f" at {place}, line {line}"
    return f" on {exercise}" if exercise else ""
