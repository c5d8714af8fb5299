"""Which file of a submission is an exercise's answer: one order, for a student's own folder and for a class's hand-ins.

What lies higher goes first, and a folder `exercises/` counts as none; then the file's own name before that of a
browser's second download, `my_linear (1).py`; then a Python file before a notebook; then what lies beside `exercises/`
before what lies in it. A stub that was left beside a file that was filled in is not the answer.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..course.catalog import Course, Exercise
from ..course.translated_stub import stub_texts
from ..errors import UnreadableError
from ..language import _
from ..text import MESSAGE_LENGTH, clean
from .decode import MAX_NOTEBOOK_BYTES, MAX_SOURCE_BYTES, notebook_of_bytes, source_of_bytes
from .files import EXERCISES, MAX_DEPTH, SKIPPED, Files
from .submission import Source

SUFFIXES = (".py", ".ipynb")
MAX_BYTES = 256 << 20  # of all files that are read of one submission
_MAX_CANDIDATES = 8  # files that are read for one exercise
_DOWNLOADED_AGAIN = re.compile(r" ?\(\d+\)(?=\.\w+$)")


@dataclass(frozen=True)
class Answer:
    """An exercise's answer.

    Attributes:
        path: that of the file that counts.
        source: what is in it.
        others: the paths of files that could have been it, and say something else.
    """

    path: str
    source: Source
    others: tuple[str, ...] = ()


def find_answers(files: Files, course: Course, exercises: Sequence[str]) -> dict[str, Answer]:
    """Exercise → its answer, for those of which there is a file.

    No more than `MAX_BYTES` are read of all of them together.

    Raises:
        UnreadableError: if there are too many files. What is wrong with one is told in its source.
    """
    rationed = _Rationed(files)
    return {
        name: _best([(path, read_source(rationed, path)) for path in paths], course[name])
        for name, paths in candidates(files.names(), exercises).items()
    }


class _Rationed(Files):
    """Files of which so much is read in all: an archive may hold the same bytes under many names."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._left = MAX_BYTES

    def names(self) -> Iterator[str]:
        return self._files.names()

    def read(self, name: str, most: int) -> bytes:
        if self._left <= 0:
            sentence = _("{file} is not read, because the files before it are too large.")
            raise UnreadableError(sentence.format(file=on_one_line(name)))
        data = self._files.read(name, most)
        self._left -= len(data)
        return data


def _best(read: Sequence[tuple[str, Source]], exercise: Exercise) -> Answer:
    own = [pair for pair in read if not is_stub(pair[1], exercise)] or read[:1]
    path, source = own[0]
    others = tuple(path for path, other in own[1:] if other.text != source.text)
    return Answer(path, source, others)


def candidates(names: Iterable[str], exercises: Sequence[str]) -> dict[str, list[str]]:
    """Exercise → the paths that may be it, best first; in the order of `exercises`."""
    found: dict[str, list[str]] = {}
    for path in filter(is_looked_at, names):
        if exercise := exercise_of(path.rpartition("/")[2], exercises):
            found.setdefault(exercise, []).append(path)
    return {
        name: sorted(found[name], key=_order)[:_MAX_CANDIDATES]
        for name in exercises
        if name in found
    }


def is_looked_at(path: str) -> bool:
    """Whether a student may have put this file there: not too deep, and not in a folder that a tool made."""
    folders = path.split("/")[:-1]
    return len(folders) <= MAX_DEPTH and SKIPPED.isdisjoint(folders)


def exercise_of(filename: str, exercises: Collection[str]) -> str | None:
    """The exercise that a file's name, without its folders, stands for."""
    stem, dot, suffix = _DOWNLOADED_AGAIN.sub("", filename).rpartition(".")
    return stem if dot + suffix in SUFFIXES and stem in exercises else None


def _order(path: str) -> tuple[int, bool, bool, bool, str]:
    *folders, name = path.split("/")
    inside = folders[-1:] == [EXERCISES]
    again = _DOWNLOADED_AGAIN.search(name) is not None
    return len(folders) - inside, again, path.endswith(".ipynb"), inside, path


def read_source(files: Files, path: str) -> Source:
    """A file's source; whatever is wrong with it is told in its `problem`."""
    shown = on_one_line(path)
    try:
        if path.endswith(".ipynb"):
            return notebook_of_bytes(files.read(path, MAX_NOTEBOOK_BYTES), shown)
        return source_of_bytes(files.read(path, MAX_SOURCE_BYTES), shown)
    except UnreadableError as error:
        return Source(shown, problem=on_one_line(str(error)))


def on_one_line(text: str, length: int = MESSAGE_LENGTH) -> str:
    """`clean`, for a text with a path in it: the name of a file may hold line breaks, too."""
    return clean(text, length).replace("\n", "\\x0a")


def is_stub(source: Source, exercise: Exercise) -> bool:
    """Whether this is the exercise's stub, as it was given out in any language."""
    if not source.cells or not exercise.stub.is_file():
        return False
    given = [cell.text for cell in source.cells if not cell.text.lstrip().startswith(("%", "!"))]
    return any(all(text.strip() in stub for text in given) for stub in stub_texts(exercise))
