"""What is odd about the files of a hand-in, by kind: read as something else than it seems to be, or not read at all."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Literal

from ...submission.search import Answer, exercise_of, nearly_exercise_of, on_one_line

Kind = Literal["encoding", "name", "link", "encrypted", "unreadable", "unloadable"]
# what is told of all of a kind, the worst for a student first
TITLES: Mapping[Kind, str] = {
    "unloadable": "Files that cannot be loaded",
    "encrypted": "Encrypted files, which are not read",
    "link": "Symbolic links, which are not followed",
    "unreadable": "Files that cannot be read",
    "name": "Names that are nearly an exercise's",
    "encoding": "Text that is not UTF-8",
}
_NO_SOURCE = (
    "pdf",
    "doc",
    "docx",
    "odt",
    "rtf",
    "html",
    "md",
    "pyc",
    "zip",
    "7z",
    "rar",
    "png",
    "jpg",
)
_NEAR = 0.8  # of two names: a letter missing, wrong or in the wrong place
_MOST = 5  # of a kind that no exercise bounds
_LENGTH = 200  # characters of a path
_KINDS: Mapping[str, Kind] = {
    "encoding": "encoding",
    "name": "name",
    "link": "link",
    "encrypted": "encrypted",
}


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something odd about a file.

    Attributes:
        exercise: empty where it is not about one.
        text: a sentence for the instructor.
    """

    kind: Kind
    exercise: str
    text: str


def oddities_of(answers: Mapping[str, Answer], exercises: Sequence[str]) -> Iterator[Oddity]:
    """What is odd about the files that were taken for exercises."""
    for name, answer in answers.items():
        source, path = answer.source, on_one_line(answer.path, _LENGTH)
        if source.problem:
            kind = _KINDS.get(source.problem_kind, "unreadable")
            yield Oddity(kind, name, f"{name}: {source.problem}")
        elif exercise_of(answer.path.rpartition("/")[2], exercises) != name:
            yield Oddity("name", name, f"{name}: {path} was taken for it.")
        if source.encoding:
            read = f"{path} is not UTF-8 text, and was read as {source.encoding}."
            yield Oddity("encoding", name, f"{name}: {read}")


def near_misses(
    paths: Iterable[str], found: Iterable[str], exercises: Sequence[str], course: Sequence[str]
) -> Iterator[Oddity]:
    """Files that are not read, and may have been meant for an exercise of which there is none.

    Args:
        course: the names of all its exercises: a file that has one of them was meant for that.
    """
    missing = sorted({*exercises} - {*found})
    if not missing:
        return
    seen = 0
    for path in paths:
        name = path.rpartition("/")[2]
        own = exercise_of(name, course) or nearly_exercise_of(name, course)
        near = "" if own else _meant(name, missing)
        if near:
            told = f"{near}: there is none, and {on_one_line(path, _LENGTH)}, which may be it, was not read."
            yield Oddity("name", near, told)
            seen += 1
            if seen == _MOST:
                return


def _meant(name: str, missing: Sequence[str]) -> str:
    """The exercise that a file may have been meant for: misspelt, with more around it, or of another kind."""
    stem, _, suffix = name.lower().rpartition(".")
    if len(stem) > _LENGTH:
        return ""
    if suffix not in ("py", "ipynb", "txt"):
        stem = stem.partition(".")[0]  # my_linear.py.pdf
        return stem if suffix in _NO_SOURCE and stem in missing else ""
    around = (
        each for each in missing if re.search(rf"(?<![a-z0-9]){re.escape(each)}(?![a-z0-9])", stem)
    )
    near = get_close_matches(stem, missing, 1, _NEAR)
    return next(iter(near), "") or max(around, key=len, default="")


def linked_folders(folder: Path) -> Iterator[Oddity]:
    """Links to folders at the top of a hand-in; what lies behind one is not looked at."""
    with suppress(OSError), os.scandir(folder) as entries:
        links = (entry.name for entry in entries if entry.is_symlink() and entry.is_dir())
        for name in sorted(islice(links, _MOST)):
            told = f"{on_one_line(name, _LENGTH)} is a symbolic link to a folder, which is not followed."
            yield Oddity("link", "", told)


def is_unusable(oddity: Oddity) -> bool:
    """Whether nothing of the file is graded, so that of its exercise nothing else needs to be told."""
    return bool(oddity.exercise) and oddity.kind in ("link", "encrypted", "unreadable")
