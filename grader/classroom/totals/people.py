"""Who is who over several gradebooks: the same identifier is the same student, and nothing else is.

What looks like one student under two identifiers, or like two under one, is told, and has no total until it is settled.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ..names import spellings
from ..records import Enrolled
from .assignment_marks import BookMarks


@dataclass
class Person:
    """A student of the course.

    Attributes:
        student: as the gradebook with the last deadline has it.
        doubts: why the marks may not all be this student's, as sentences; where there are any, there is no total.
        notes: what else differs between the gradebooks, as sentences.
    """

    student: Enrolled
    doubts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def people_of(books: Sequence[BookMarks]) -> list[Person]:
    """Everybody in the gradebooks, in the order of the last one's roster; who is not in it comes after.

    Args:
        books: the one with the last deadline comes last.
    """
    found: dict[str, Person] = {}
    for book in reversed(books):
        for student, mark in book.marks.items():
            found.setdefault(student, Person(mark.student))
    for person in found.values():
        _compare_names(person, books)
    _compare_identifiers(found, books)
    return list(found.values())


def _compare_names(person: Person, books: Sequence[BookMarks]) -> None:
    """Another name alone is a new name; with another mail address or login, it may be somebody else."""
    latest = person.student
    for book in books:
        mark = book.marks.get(latest.id)
        if mark is None or _same_name(mark.student.name, latest.name):
            continue
        others = [
            f"{kind} {getattr(mark.student, kind)}"
            for kind in ("email", "login")
            if not _same(getattr(mark.student, kind), getattr(latest, kind))
        ]
        said = f"In {book.name}, {latest.id} is called {mark.student.name}, not {latest.name}"
        if others:
            person.doubts.append(
                f"{said}, and has another {others[0]}: they may be two students. Mend the rosters."
            )
        else:
            person.notes.append(f"{said}.")


def _same(one: str, other: str) -> bool:
    """Whether two texts do not differ; what is not known differs from nothing."""
    return not one or not other or _folded(one) == _folded(other)


def _same_name(one: str, other: str) -> bool:
    return _same(one, other) or bool(spellings(one) & spellings(other))


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _compare_identifiers(people: dict[str, Person], books: Sequence[BookMarks]) -> None:
    """Two identifiers that no gradebook has both of, and that share a login, a mail address or a name."""
    within = {who: {book.name for book in books if who in book.marks} for who in people}
    sharing: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for who in people:
        for key in dict.fromkeys(_keys(who, books)):
            sharing[key].append(who)
    told = set()
    for (kind, _value), several in sharing.items():
        for one, other in _pairs(several[:20]):  # the more share a name, the less it says
            if within[one] & within[other] or (one, other) in told:
                continue
            told.add((one, other))
            for this, that in ((one, other), (other, one)):
                there = ", ".join(sorted(within[that]))
                people[this].doubts.append(
                    f"{this} may be {that} in {there}: they have the same {kind}. If they are one student, give both "
                    "gradebooks the same identifier: `grader gradebook rename` for one of them, another roster or "
                    "`--id COLUMN` for all. If they are two, put both on both rosters."
                )


def _keys(who: str, books: Iterable[BookMarks]) -> Iterator[tuple[str, str]]:
    """By what a student may be known elsewhere. An identifier is often a login or a mail address."""
    yield "identifier or login", _folded(who)
    for book in books:
        if mark := book.marks.get(who):
            if mark.student.login:
                yield "identifier or login", _folded(mark.student.login)
            if mark.student.email:
                yield "mail address", _folded(mark.student.email)
                yield "identifier or login", _folded(mark.student.email)
            for _column, text in mark.student.ids:
                yield "identifier or login", _folded(text)
            if mark.student.name:
                yield from (("name", written) for written in spellings(mark.student.name))


def _pairs(several: Sequence[str]) -> Iterator[tuple[str, str]]:
    for place, one in enumerate(several):
        for other in several[place + 1 :]:
            yield one, other
