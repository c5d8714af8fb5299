"""The totals of a course as files: one CSV, and one page that explains every number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from fractions import Fraction
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader

from ..own_folder import own_folder
from ..report.exports import write_csv
from ..report.own_sheet import Value
from ..report.templating import asset, environment
from ..sanitize import name_of, plain
from .scheme import Scheme, short
from .total import StudentTotal, TotalLine, explained

_ABOUT = """Made by grader totals

totals.csv   a line for each student: the total, and what each assignment is in it
index.html   the same as a page, with every number explained; it needs no network

These files hold personal data. The next `grader totals` into this folder replaces all of it.
"""


def write_totals(
    scheme: Scheme, totals: Sequence[StudentTotal], folder: Path, now: datetime
) -> None:
    """Writes `totals.csv` and `index.html` into `folder`, which is replaced where this wrote it before.

    Raises:
        OutputError: if `folder` holds something else.
        OSError: if it cannot be written.
    """
    with own_folder(folder, _ABOUT) as made:
        write_csv(made / "totals.csv", totals_table(scheme, totals))
        (made / "index.html").write_text(page(scheme, totals, now), encoding="utf-8")


def totals_table(scheme: Scheme, totals: Sequence[StudentTotal]) -> Iterator[Sequence[Value]]:
    """The lines of the CSV. A total that is not final is an empty cell, and `not_final` says why."""
    names = [line.book.name for line in totals[0].lines] if totals else []
    yield (
        *("student", "name", "email", "login", "section", "total"),
        *(("letter",) if scheme.letters else ()),
        *("so_far", "not_final", "notes"),
        *(f"{name}: {what}" for name in names for what in _columns(scheme)),
    )
    for found in totals:
        student = found.student
        yield (
            *(student.id, student.name, student.email, student.login, student.section),
            _written(scheme, found.total),
            *((found.letter,) if scheme.letters else ()),
            _written(scheme, found.so_far),
            " ".join(found.waits),
            " ".join(found.notes),
            *(cell for line in found.lines for cell in _cells(scheme, line)),
        )


def _columns(scheme: Scheme) -> Sequence[str]:
    bank = () if scheme.late_days is None else ("days from the bank",)
    return ("points", "of", "use", "days late", *bank)


def _cells(scheme: Scheme, line: TotalLine) -> Iterator[Value]:
    yield None if line.points is None else short(line.points)
    yield short(line.out_of)
    yield line.use
    yield line.late_days
    if scheme.late_days is not None:
        yield line.from_bank


def _written(scheme: Scheme, total: Fraction | None) -> str:
    return "" if total is None else scheme.written(total)


def plain_totals(scheme: Scheme, totals: Sequence[StudentTotal]) -> list[dict[str, object]]:
    """The totals as plain data. Points and totals are texts, exact to their last decimal."""
    return [
        {
            "student": found.student.id,
            "name": found.student.name,
            "total": _written(scheme, found.total) or None,
            "letter": found.letter,
            "so_far": _written(scheme, found.so_far) or None,
            "not_final": list(found.waits),
            "notes": list(found.notes),
            "explained": list(explained(scheme, found)),
            "assignments": [
                {
                    "name": line.book.name,
                    "points": None if line.points is None else short(line.points),
                    "of": short(line.out_of),
                    "weight": short(line.book.weight),
                    "use": line.use,
                    "days_late": line.late_days,
                    "days_from_the_bank": line.from_bank,
                }
                for line in found.lines
            ],
        }
        for found in totals
    ]


def page(scheme: Scheme, totals: Sequence[StudentTotal], now: datetime) -> str:
    """One page without scripts, which takes nothing from elsewhere."""
    final = [found for found in totals if found.total is not None]
    return (
        _environment()
        .get_template("totals.html")
        .render(
            title=name_of(scheme.title) or "Totals",
            scheme=scheme,
            totals=totals,
            books=[line.book for line in totals[0].lines] if totals else [],
            final=final,
            letters=Counter(found.letter for found in final),
            rules=list(rules(scheme)),
            explained=lambda found: map(plain, explained(scheme, found)),
            who=lambda found: name_of(found.student.name or found.student.id),
            plain=name_of,
            written=scheme.written,
            short=short,
            when=f"{now.astimezone():%Y-%m-%d %H:%M}",
            style=asset("style.css"),
            own_style=files(__package__).joinpath("page", "totals.css").read_text(encoding="utf-8"),
        )
    )


def _environment() -> Environment:
    return environment().overlay(loader=PackageLoader("grader.classroom.totals", "page"))


def rules(scheme: Scheme) -> Iterator[str]:
    """The rules by which the totals were made, in sentences."""
    to = f"{scheme.decimals} decimal{'' if scheme.decimals == 1 else 's'}"
    how = "rounded" if scheme.rounding == "half up" else f"rounded {scheme.rounding}"
    halves = ", and up where it is exactly between two" if scheme.rounding == "half up" else ""
    yield (
        f"A total is out of {short(scheme.out_of)}: the mean of the shares, each with its assignment's weight, "
        f"{how} to {to}{halves}."
    )
    if scheme.drop_lowest:
        many = f"The {scheme.drop_lowest} assignments with the lowest shares do"
        one = "The assignment with the lowest share does"
        yield f"{one if scheme.drop_lowest == 1 else many} not count."
    if scheme.late_days is not None:
        most = (
            ""
            if scheme.late_days_each is None
            else f", at most {scheme.late_days_each} for one assignment"
        )
        yield (
            f"A bank pays for {scheme.late_days} days late over the whole course{most}, in the order of the deadlines "
            "and only where that saves points. It stands in the place of free days; days beyond it cost what the "
            "assignment's own policy says."
        )
    zero = "counts 0" if scheme.not_handed_in == "zero" else "is left out"
    yield f"What was not handed in {zero}. What a student is excused from is left out."
    yield "While something is not graded, not due yet or in doubt, a total is not final: there is none."
    if scheme.letters:
        in_order = sorted(scheme.letters.items(), key=lambda each: -each[1])
        yield f"Letters: {', '.join(f'{letter} from {short(least)}' for letter, least in in_order)}."
