"""A course of several assignments: `grader totals`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import console_for, counted, opened, refuse, writing

if TYPE_CHECKING:
    from ..classroom.totals.scheme import Scheme, WeightedBook
    from ..classroom.totals.total import StudentTotal

_MOST_TOLD = 10


@click.command()
@click.argument("sources", metavar="COURSE.toml | GRADEBOOK…", nargs=-1, required=True)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="The folder for totals.csv and a page that explains every number; totals that it holds are replaced.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "csv", "json"]),
    default="text",
    show_default=True,
    help="How the totals are written here.",
)
def totals(sources: tuple[str, ...], output: Path | None, form: str) -> None:
    """Works out each student's total over several gradebooks.

    COURSE.toml names the gradebooks, their weights, how many of the lowest are dropped, and the bank of late days;
    gradebooks that are given by themselves count the same. Students are matched by their identifier alone.

    Exit status: 0 every total is final, 1 some are not (it is said why), 2 something was wrong with the call.
    """
    now = datetime.now(UTC)
    scheme, found = _worked_out(sources, now)
    if output:
        from ..classroom.totals.totals_folder import write_totals

        with writing(output):
            write_totals(scheme, found, output, now)
    _FORMS[form](scheme, found)
    waiting = sum(each.total is None for each in found)
    if output and form == "text":
        click.echo(f"{counted(len(found), 'student')} in {output}: totals.csv and index.html.")
    sys.exit(1 if waiting else 0)


def _worked_out(sources: Sequence[str], now: datetime) -> tuple[Scheme, list[StudentTotal]]:
    from ..classroom.totals.assignment_marks import read_marks
    from ..classroom.totals.scheme import Scheme, WeightedBook
    from ..classroom.totals.scheme_file import read_scheme
    from ..classroom.totals.total import totals_of

    files = [source for source in sources if source.endswith(".toml")]
    if files and len(sources) > 1:
        refuse("Give one COURSE.toml, or gradebooks, and not both.")
    if files:
        scheme = read_scheme(Path(files[0]))
    else:
        scheme = Scheme("Totals", tuple(WeightedBook(source) for source in sources))
    books = []
    for given in scheme.books:
        with opened(given.gradebook) as gradebook:
            books.append(read_marks(gradebook, given, scheme.late_days, now))
    _expect_several(scheme.books, [book.name for book in books])
    return scheme, totals_of(scheme, books)


def _expect_several(books: Sequence[WeightedBook], names: Sequence[str]) -> None:
    paths = [book.gradebook for book in books]
    places = [path if "://" in path else str(Path(path).resolve()) for path in paths]
    for place, book in zip(places, books, strict=True):
        if places.count(place) > 1:
            refuse(f"The gradebook {book.shown} is named twice. Name each gradebook once.")
    for name in names:
        if names.count(name) > 1:
            refuse(
                f"Two gradebooks are called {name!r}. Give one of them another `name` in a COURSE.toml."
            )


def _text(scheme: Scheme, found: Sequence[StudentTotal]) -> None:
    from rich.table import Table
    from rich.text import Text

    from ..classroom.sanitize import name_of
    from ..classroom.totals.scheme import short

    table = Table("student", "total", *(("letter",) if scheme.letters else ()))
    for line in found[0].lines if found else ():
        table.add_column(Text(name_of(line.book.name)), justify="right")
    for each in found:
        cells = [
            {"waits": "waits", "excused": "excused", "left out": "–"}.get(line.use)
            or f"{short(line.points or line.out_of * 0)}/{short(line.out_of)}"
            + (" dropped" if line.use == "dropped" else "")
            for line in each.lines
        ]
        total = "not final" if each.total is None else scheme.written(each.total)
        letter = (each.letter,) if scheme.letters else ()
        table.add_row(Text(name_of(each.student.name or each.student.id)), total, *letter, *cells)
    console_for().print(table)
    waiting = [each for each in found if each.total is None]
    if waiting:
        click.echo(f"Not final: {counted(len(waiting), 'student')}.")
    told = [(each, what) for each in found for what in (*each.waits, *each.notes)]
    for each, what in told[:_MOST_TOLD]:
        click.echo(name_of(f"  {each.student.id}: {what}"))
    if len(told) > _MOST_TOLD:
        click.echo(f"  … and {len(told) - _MOST_TOLD} more, which --output and --format json show.")


def _csv(scheme: Scheme, found: Sequence[StudentTotal]) -> None:
    import csv

    from ..classroom.totals.totals_folder import totals_table
    from ..outputs.escape import cell

    writer = csv.writer(sys.stdout)
    writer.writerows(map(cell, row) for row in totals_table(scheme, found))


def _json(scheme: Scheme, found: Sequence[StudentTotal]) -> None:
    from ..classroom.totals.totals_folder import plain_totals

    click.echo(json.dumps(plain_totals(scheme, found), indent=2, ensure_ascii=False))


_FORMS = {"text": _text, "csv": _csv, "json": _json}
