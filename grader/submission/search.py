"""Which file of a submission is an exercise's answer: one order, for a student's own folder and for a class's hand-ins.

What lies higher goes first, and a folder `exercises/` counts as none; then the last of Teams' folders `Version 2/`;
then the file's own name before that of a browser's second download, `my_linear (1).py`; then a Python file before a
notebook; then what lies beside `exercises/` before what lies in it. A stub that was left beside a file that was filled
in is not the answer. Where there is none of these, or nothing but the stub, one file whose name is nearly right is
taken.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..course.catalog import Course, Exercise
from ..course.translated_stub import stub_texts
from ..errors import UnreadableError
from ..language import _
from ..text import MESSAGE_LENGTH, clean
from .decode import MAX_NOTEBOOK_BYTES, MAX_SOURCE_BYTES, notebook_of_bytes, source_of_bytes
from .files import EXERCISES, MAX_DEPTH, SKIPPED, Files
from .submission import Cell, Source

SUFFIXES = (".py", ".ipynb")
MAX_BYTES = 256 << 20  # of all files that are read of one submission
_MAX_CANDIDATES = 8  # files that are read for one exercise
_DOWNLOADED_AGAIN = re.compile(r" ?\(\d+\)(?=\.\w+$)")
_NEARLY = re.compile(r"(.{1,200}?)\.(?:py|ipynb)(?:\.txt)?", re.IGNORECASE)
_VERSION = re.compile(
    r"Version (\d{1,9})"
)  # the folder that Teams keeps what was handed in again in
_SIGNS = re.compile(r"[\W_]+")
_COPY_OF = re.compile(r"^copy_?of_?")
_ADDED = re.compile(r"_?(?:copy|v|final|new|fixed|done|solution|submission|answer|\d+)$")


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
    names = [*filter(is_looked_at, files.names())]
    found, meant = candidates(names, exercises), nearly(names, exercises, course.names)
    answers = {
        name: _best([(path, read_source(rationed, path)) for path in paths], course[name])
        for name, paths in found.items()
    }
    for name, paths in meant.items():
        answer = answers.get(name)
        if answer is None:
            answers[name] = _nearly(paths, rationed, name)
        elif len(paths) == 1 and is_stub(answer.source, course[name]):
            other = _nearly(paths, rationed, name)
            if other.source.cells and not is_stub(other.source, course[name]):
                answers[name] = other
    return {name: answers[name] for name in exercises if name in answers}


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
    own = read[:1]
    if len(read) > 1:
        own = [pair for pair in read if not is_stub(pair[1], exercise)] or own
    path, source = own[0]
    others = tuple(path for path, other in own[1:] if other.text != source.text)
    return Answer(path, source, others)


def _nearly(paths: Sequence[str], files: Files, exercise: str) -> Answer:
    """The answer in the one file that has nearly the right name; where there are several, there is none."""
    right = exercise + (".ipynb" if _is_notebook(paths[0]) else ".py")
    if len(paths) > 1:
        sentence = _(
            "There is no {file}, and several files may be it: {names}. Give one of them that name."
        )
        shown = ", ".join(on_one_line(path, 80) for path in paths[:_MAX_CANDIDATES])
        problem = sentence.format(file=right, names=shown)
        source = Source(on_one_line(paths[0]), problem=problem, problem_kind="name")
        return Answer(paths[0], source)
    source = read_source(files, paths[0])
    sentence = _("{path} was taken for {file}. Give it that name.")
    note = sentence.format(path=on_one_line(paths[0]), file=right)
    return Answer(paths[0], replace(source, notes=(note, *source.notes)))


def nearly(
    names: Iterable[str], exercises: Collection[str], course: Collection[str] = ()
) -> dict[str, list[str]]:
    """Exercise → the files whose names are nearly its own, such as `My_Linear.py` or `my_linear copy.py`.

    Of several, those that lie highest; a folder `exercises/` counts as none.

    Args:
        course: the names of all its exercises. `bug_hunt_2 copy.py` is no `bug_hunt`, also where that alone is wanted.
    """
    known, found = {*exercises, *course}, dict[str, list[str]]()
    for path in names:
        name = path.rpartition("/")[2]
        if exercise_of(name, known):
            continue
        exercise = nearly_exercise_of(name, known)
        if exercise and exercise not in exercises and not name.lower().startswith(exercise):
            exercise = nearly_exercise_of(name, exercises)  # `bug_hunt 2.py`, as macOS has it
        if exercise and exercise in exercises:
            found.setdefault(exercise, []).append(path)
    for exercise, paths in found.items():
        highest = min(_order(path)[0] for path in paths)
        found[exercise] = [path for path in paths if _order(path)[0] == highest]
    return found


def nearly_exercise_of(filename: str, exercises: Collection[str]) -> str | None:
    """The exercise that a file's name nearly stands for: other case, other signs between words, what copying adds."""
    named = _NEARLY.fullmatch(filename)
    if named is None:
        return None
    own = {squeezed(exercise): exercise for exercise in exercises}
    words = _COPY_OF.sub("", _SIGNS.sub("_", named[1].lower()).strip("_"))
    # one word after another, as the 2 of `bug_hunt_2 copy.py` may be the exercise's own
    while squeezed(words) not in own and (added := _ADDED.search(words)):
        words = words[: added.start()]
    return own.get(squeezed(words))


def squeezed(name: str) -> str:
    """A name without what may be written otherwise: capitals, and signs between words."""
    return _SIGNS.sub("", name.lower())


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
    """Whether a student may have put this file there: not too deep, and not made by a tool.

    macOS puts a file `._NAME` beside NAME in zips and on foreign disks.
    """
    *folders, name = path.split("/")
    return len(folders) <= MAX_DEPTH and SKIPPED.isdisjoint(folders) and not name.startswith("._")


def exercise_of(filename: str, exercises: Collection[str]) -> str | None:
    """The exercise that a file's name, without its folders, stands for."""
    stem, dot, suffix = _DOWNLOADED_AGAIN.sub("", filename).rpartition(".")
    return stem if dot + suffix in SUFFIXES and stem in exercises else None


def _order(path: str) -> tuple[int, int, bool, bool, bool, str]:
    *folders, name = path.split("/")
    inside = folders[-1:] == [EXERCISES]
    again = _DOWNLOADED_AGAIN.search(name) is not None
    version = max(
        (int(found[1]) for each in folders if (found := _VERSION.fullmatch(each))), default=0
    )
    return len(folders) - inside, -version, again, path.endswith(".ipynb"), inside, path


def read_source(files: Files, path: str) -> Source:
    """A file's source; whatever is wrong with it is told in its `problem`."""
    shown = on_one_line(path)
    try:
        if _is_notebook(path):
            return notebook_of_bytes(files.read(path, MAX_NOTEBOOK_BYTES), shown)
        return source_of_bytes(files.read(path, MAX_SOURCE_BYTES), shown)
    except UnreadableError as error:
        return Source(shown, problem=on_one_line(str(error)), problem_kind=error.kind)


def _is_notebook(path: str) -> bool:
    return path.lower().removesuffix(".txt").endswith(".ipynb")


def on_one_line(text: str, length: int = MESSAGE_LENGTH) -> str:
    """`clean`, for a text with a path in it: the name of a file may hold line breaks, too."""
    return clean(text, length).replace("\n", "\\x0a")


def is_stub(source: Source, exercise: Exercise) -> bool:
    """Whether this is the exercise's stub, as it was given out in any language; with a notebook's commands or without.

    Some of its code has to be there: what holds nothing but commands and comments is no stub.
    """
    if not source.cells or not exercise.stub.is_file():
        return False
    given = [*filter(_has_code, map(_without_commands, source.cells))]
    if not given:
        return False
    return any(all(text.strip() in stub for text in given) for stub in stub_texts(exercise))


def _without_commands(cell: Cell) -> str:
    lines = cell.text.splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith(("%", "!")))


def _has_code(text: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines())
