"""Reads the file of a course of several assignments.

    title = "Gradients by hand, autumn 2026"
    drop_lowest = 1                # of each student, the assignment with the lowest percentage does not count
    late_days = 5                  # a bank for the whole course, in place of each gradebook's own free days
    late_days_each = 2             # at most so many of them for one assignment
    not_handed_in = "zero"         # or "left out"
    out_of = 100                   # the total of who has all points
    decimals = 1
    rounding = "half up"           # or "down", "up"

    [[assignment]]
    gradebook = "lab1.db"          # from this file's folder; or the URL of a database
    weight = 2                     # default: 1

    [[assignment]]
    gradebook = "exam.db"
    name = "Exam"                  # default: the title in the gradebook
    weight = 5
    may_be_dropped = false

    [letters]                      # the least total of each; one of them begins at 0
    A = 90
    B = 75
    F = 0

A message about a mistake says where in the file it is and what belongs there.
"""

from __future__ import annotations

from dataclasses import fields
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

from ...course.toml_file import read_toml
from ...errors import TotalsError
from ...text import clean
from .scheme import NOT_HANDED_IN, ROUNDINGS, Scheme, WeightedBook

_KEYS = (
    *("title", "drop_lowest", "late_days", "late_days_each", "not_handed_in"),
    *("out_of", "decimals", "rounding", "letters", "assignment"),
)
_BOOK_KEYS = tuple(each.name for each in fields(WeightedBook))
_MOST_DAYS, _MOST_DECIMALS, _MOST = 1000, 6, 1_000_000
Table = dict[str, Any]


def read_scheme(path: Path) -> Scheme:
    """Reads the rules of a course's total.

    Raises:
        TotalsError: if the file cannot be read, or something in it is not as it should be.
    """
    return _SchemeReader(path).scheme(read_toml(path, TotalsError))


class _SchemeReader:
    def __init__(self, path: Path) -> None:
        self.path = path

    def scheme(self, settings: Table) -> Scheme:
        if "exercise" in settings or "exercises" in settings or "checks" in settings:
            self.fail(
                next(iter(settings)),
                "looks like a course's or an assignment's own file. Give a file that names gradebooks, "
                'under `[[assignment]]`, `gradebook = "…"`',
            )
        self.known(settings, _KEYS, "")
        entries = settings.get("assignment", [])
        if not isinstance(entries, list) or not entries:
            self.fail(
                "assignment",
                'is missing: name gradebooks, under `[[assignment]]`, `gradebook = "…"`',
            )
        out_of = self.amount(settings, "out_of", "", Fraction(100))
        scheme = Scheme(
            title=self.text(settings, "title", "", self.path.stem),
            books=tuple(self.book(entry, index) for index, entry in enumerate(entries, 1)),
            drop_lowest=self.count(settings, "drop_lowest", _MOST_DAYS) or 0,
            late_days=self.count(settings, "late_days", _MOST_DAYS),
            late_days_each=self.count(settings, "late_days_each", _MOST_DAYS),
            not_handed_in=self.choice(settings, "not_handed_in", NOT_HANDED_IN),
            out_of=out_of,
            decimals=self.decimals(settings),
            rounding=self.choice(settings, "rounding", ROUNDINGS),
            letters=self.letters(settings.get("letters", {}), out_of),
        )
        if scheme.late_days_each is not None and scheme.late_days is None:
            self.fail(
                "late_days_each", "needs `late_days`, the bank that these days are taken from"
            )
        if scheme.drop_lowest and scheme.drop_lowest >= len(scheme.books):
            self.fail("drop_lowest", f"has to leave one of the {len(scheme.books)} assignments")
        return scheme

    def book(self, entry: object, index: int) -> WeightedBook:
        where = f"assignment {index}: "
        if not isinstance(entry, dict):
            self.fail("assignment", 'has to be tables: `[[assignment]]`, then `gradebook = "…"`')
        self.known(entry, _BOOK_KEYS, where)
        gradebook = self.text(entry, "gradebook", where, "")
        if not gradebook:
            self.fail(
                f"{where}gradebook", "is missing: a gradebook's file, or the URL of a database"
            )
        if "://" not in gradebook:
            gradebook = str(self.path.parent / gradebook)
        may_be_dropped = entry.get("may_be_dropped", True)
        if not isinstance(may_be_dropped, bool):
            self.fail(f"{where}may_be_dropped", "has to be true or false, without quotes")
        weight = self.amount(entry, "weight", where, Fraction(1))
        return WeightedBook(gradebook, self.text(entry, "name", where, ""), weight, may_be_dropped)

    def letters(self, table: object, out_of: Fraction) -> dict[str, Fraction]:
        if not isinstance(table, dict):
            self.fail("letters", "has to be a table: `[letters]`, then `A = 90`")
        found = {name: self.amount(table, name, "letters: ", None, 0) for name in table}
        if any(least > out_of for least in found.values()):
            self.fail("letters", f"has a letter that begins above {out_of}, which `out_of` says")
        if len(set(found.values())) < len(found):
            self.fail("letters", "has two letters that begin at the same total")
        if found and min(found.values()):
            self.fail("letters", "has no letter for the lowest totals: one has to begin at 0")
        return found

    # values

    def text(self, table: Table, key: str, where: str, default: str) -> str:
        value = table.get(key, default)
        if not isinstance(value, str) or any(not each.isprintable() for each in value):
            self.fail(f"{where}{key}", "has to be a text of one line, in quotes")
        return value

    def amount(
        self, table: Table, key: str, where: str, default: Fraction | None, least: int = 1
    ) -> Fraction:
        """A number as it is written: 0.1 is a tenth. With `least` 1 it has to be above 0."""
        value: Any = table.get(key, default)
        right = isinstance(value, int | float | Fraction) and not isinstance(value, bool)
        if not right or not (0 < value <= _MOST or (value == 0 and least == 0)):
            lowest = "above 0" if least else "from 0"
            self.fail(f"{where}{key}", f"has to be a number {lowest}, to {_MOST:,} at most")
        return value if isinstance(value, Fraction) else Fraction(str(value))

    def count(self, table: Table, key: str, most: int) -> int | None:
        value = table.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            self.fail(key, f"has to be a whole number from 0 to {most:,}")
        return value

    def decimals(self, table: Table) -> int:
        given = self.count(table, "decimals", _MOST_DECIMALS)
        return Scheme.decimals if given is None else given

    def choice(self, table: Table, key: str, known: tuple[Any, ...]) -> Any:
        value = table.get(key, known[0])
        if value not in known:
            self.fail(key, f"is one of {', '.join(f'“{each}”' for each in known)}, in quotes")
        return value

    def known(self, table: Table, keys: tuple[str, ...], where: str) -> None:
        for key in table:
            if key not in keys:
                self.fail(f"{where}{key}", f"is not known here. There are {', '.join(keys)}")

    def fail(self, where: str, problem: str) -> NoReturn:
        where = clean(" ".join(where.split()), 80)
        raise TotalsError(f"{clean(str(self.path))}: `{where}` {problem}.")
