"""Whose a hand-in is: by whatever identifier of a student's it carries, or by the name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ..names import spellings
from ..records import Enrolled


class Matcher:
    """Finds the student that a submission belongs to, by whatever identifier it carries.

    Args:
        students: all of them.
        carried: the names that the submissions carry, each with its aliases. Where a text is one student's identifier
            in one column and another's in another, the column counts that more of the submissions use.
    """

    def __init__(self, students: Iterable[Enrolled], carried: Iterable[Sequence[str]] = ()) -> None:
        students, carried = list(students), list(carried)
        self._sure: dict[str, str] = {}
        self._likely: dict[str, str] = {}
        for known in _by_use(_identifiers(students), carried):
            self._sure |= known
        self._named: dict[str, str] = {}
        for student in students:
            likely = {student.email.partition("@")[0], student.name, _letters(student.name)}
            for known, values in (
                (self._likely, likely),
                (self._named, spellings(student.name)),
            ):
                for key in {value.casefold() for value in values} - {""}:
                    if known.setdefault(key, student.id) != student.id:
                        known[key] = ""  # two share it: it names nobody
        self._before: Counter[str] = Counter()
        for aliases in carried:
            keys = _keys(aliases)
            ends = (before for key in keys for before, _ in self._by_end(key))
            self._before["" if self._whole(keys) else next(ends, "")] += 1

    def find(self, aliases: Sequence[str], *, whole: bool = False) -> str | None:
        """The id of the student whom one of `aliases` names, the surest first.

        Args:
            whole: whether nothing stands before the name of the student, such as an assignment's.
        """
        keys = _keys(aliases)
        if found := self._whole(keys):
            return found
        if whole:
            return self._whole([re.sub(r"-\d+$", "", key) for key in keys])
        ends = (pair for key in keys for pair in self._by_end(key))
        # `john-smith` alone among others is not `smith`; an assignment's name is that of several
        usual = max(self._before.values(), default=0)
        return next((who for before, who in ends if self._before[before] >= min(usual, 2)), None)

    def _whole(self, keys: Sequence[str]) -> str | None:
        for known in (self._sure, self._likely):
            for key in keys:
                if known.get(key):
                    return known[key]
        for written in (written for key in keys for written in sorted(spellings(key))):
            if self._named.get(written):
                return self._named[written]
        return None

    def find_surely(self, aliases: Sequence[str]) -> str | None:
        """The id of the student of whom one of `aliases` is an identifier, login or mail address; no names."""
        keys = _keys(aliases)
        return next((self._sure[key] for key in keys if self._sure.get(key)), None)

    def _by_end(self, key: str) -> Iterator[tuple[str, str]]:
        """`<assignment>-<login>`, as classrooms name repositories; logins have hyphens, so the longest end counts.

        What stands before it, and whose it is.
        """
        for name in (key, re.sub(r"-\d+$", "", key)):
            parts = name.split("-")
            for start in range(1, len(parts)):
                if found := self._sure.get("-".join(parts[start:])):
                    yield "-".join(parts[:start]), found
                    return


def _keys(aliases: Iterable[str]) -> list[str]:
    return [alias.strip().casefold() for alias in aliases]


def _identifiers(students: Sequence[Enrolled]) -> dict[str, dict[str, str]]:
    """Column → text → student, of all that identifies; the identifier itself is last and goes before all."""
    columns: dict[str, dict[str, str]] = {"": {}}
    for student in students:
        for column, text in student.ids:
            columns.setdefault(column, {})[text.casefold()] = student.id
    for kind in ("login", "email", "id"):  # an identifier goes before a login of the same text
        texts = ((getattr(student, kind), student.id) for student in students)
        columns[f" {kind}"] = {text.casefold(): who for text, who in texts if text}
    return columns


def _by_use(
    columns: dict[str, dict[str, str]], carried: Iterable[Sequence[str]]
) -> list[dict[str, str]]:
    """The columns, those that more submissions use later; among equals, as they were."""
    used: Counter[str] = Counter()
    for aliases in carried:
        keys = {alias.strip().casefold() for alias in aliases}
        used.update(name for name, known in columns.items() if keys & known.keys())
    return [columns[name] for name in sorted(columns, key=lambda name: used[name])]


def _letters(name: str) -> str:
    """`Lovelace, Ada` and `Ada Lovelace` as Canvas writes them in file names: `lovelaceada`."""
    family, comma, given = name.partition(",")
    if not comma:
        given, _, family = name.rpartition(" ")
    return "".join(filter(str.isalnum, family + given)).casefold()
