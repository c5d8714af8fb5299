"""Mutants that are no mistake, as a course lists them in `tests/submissions/equivalent.toml`, each with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeVar

from ..course.catalog import Course
from ..course.toml_file import read_toml
from ..errors import CourseError


@dataclass(frozen=True)
class Equivalent:
    """A mutant that does what the solution does, and why: a table `[[mutant]]`."""

    exercise: str
    original: str
    mutated: str
    reason: str


@dataclass(frozen=True)
class EquivalentBehaviour:
    """A mistake that is none by the contract, and why: a table `[[behaviour]]`.

    `*` stands for any text in `function` and in `mistake`.
    """

    exercise: str
    function: str
    mistake: str
    reason: str

    def fits(self, function: str, mistake: str) -> bool:
        """Whether it is about this mistake in this entry point."""
        return fnmatchcase(function, self.function) and fnmatchcase(mistake, self.mistake)


Entry = TypeVar("Entry", Equivalent, EquivalentBehaviour)


def submissions_folder(course: Course) -> Path:
    """Where the submissions that are known to be right or wrong lie, if the course has any."""
    return course.folder / "tests" / "submissions"


def read_equivalents(course: Course) -> tuple[Equivalent, ...]:
    """The mutants that are known to be equivalent.

    Raises:
        CourseError: if `equivalent.toml` is not as it should be, with the place.
    """
    return tuple(_entries(course, "mutant", Equivalent))


def read_equivalent_behaviours(course: Course) -> tuple[EquivalentBehaviour, ...]:
    """The behaviours that are known to be no mistake.

    Raises:
        CourseError: if `equivalent.toml` is not as it should be, with the place.
    """
    return tuple(_entries(course, "behaviour", EquivalentBehaviour))


def _entries(course: Course, head: str, kind: type[Entry]) -> Iterator[Entry]:
    path = submissions_folder(course) / "equivalent.toml"
    if not path.is_file():
        return
    entries = read_toml(path, CourseError).get(head, [])
    if not isinstance(entries, list):
        raise CourseError(f"{path}: `{head}` has to be tables, each headed [[{head}]].")
    for number, entry in enumerate(entries, 1):
        yield _entry(entry, kind, f"{path}, [[{head}]] {number}")


def _entry(entry: object, kind: type[Entry], where: str) -> Entry:
    keys = [field.name for field in fields(kind)]
    if not isinstance(entry, dict) or set(entry) != set(keys):
        raise CourseError(f"{where}: it has to say {', '.join(keys)}, and nothing else.")
    for key, value in entry.items():
        if not isinstance(value, str):
            raise CourseError(f"{where}: `{key}` has to be a text in quotes.")
    return kind(**entry)
