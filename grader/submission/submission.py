"""Reads what a student handed in into source text per exercise. Nothing of it is run, imported or followed."""

from __future__ import annotations

import codecs
import hashlib
import logging
import os
import stat
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ..course.catalog import Course, Exercise
from ..course.translation import stub_texts
from ..errors import SubmissionError
from ..language import _
from ..text import clean
from .cell_syntax import python_of

MAX_SOURCE_BYTES = 1 << 20
MAX_NOTEBOOK_BYTES = 128 << 20  # pictures in the outputs
MAX_CELLS = 2000


@dataclass(frozen=True)
class Cell:
    """A piece of source: a whole Python file, or a code cell of a notebook.

    Attributes:
        place: where it is, as the student knows it: `my_linear.py`, or `my_linear.ipynb, cell 4`.
        text: the source, as it was handed in.
    """

    place: str
    text: str


@dataclass(frozen=True)
class Source:
    """One exercise's source.

    Attributes:
        filename: the file's path as the student knows it, for messages.
        cells: one for a Python file, the code cells of a notebook; empty where the file cannot be used.
        problem: why it cannot, as a sentence that names the file.
        notebook: whether it is a notebook: magics are passed over, and an error in one cell leaves the others.
    """

    filename: str
    cells: tuple[Cell, ...] = ()
    problem: str = ""
    notebook: bool = False

    @property
    def text(self) -> str:
        return "\n".join(cell.text for cell in self.cells)

    @cached_property
    def programs(self) -> tuple[str, ...]:
        """Each cell's Python, line for line: what is read for the rules and what is run."""
        return tuple(python_of(cell.text) if self.notebook else cell.text for cell in self.cells)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class Submission:
    """A student's work: a name to show, and a source for each exercise that was found."""

    name: str
    sources: dict[str, Source]
    wanted: tuple[str, ...] = field(default=())

    @classmethod
    def of_text(cls, exercise: str, text: str, name: str = "submission") -> Submission:
        """A submission of one exercise from text that is already at hand."""
        return cls(name, {exercise: _python(f"{exercise}.py", text)}, (exercise,))


def _python(filename: str, text: str) -> Source:
    return Source(filename, (Cell(filename, text),))


def _unusable(filename: str, problem: str) -> Source:
    return Source(filename, problem=problem)


def read_submission(path: Path, course: Course, names: Sequence[str] = ()) -> Submission:
    """Reads a file, or a folder that holds `<name>.py`, `<name>.ipynb`, or either in `exercises/`.

    Args:
        names: the exercises to read; without any, every exercise that is found. One that is named and not found is
            in `wanted` and not in `sources`.

    Raises:
        SubmissionError: if a name is unknown, the path does not exist, or nothing to grade is there.
    """
    for name in names:
        if name not in course.names:
            told = _("There is no exercise {name!r}. `grader list` shows them: {names}.")
            raise SubmissionError(told.format(name=name, names=", ".join(course.names)))
    if path.is_dir():
        return _read_folder(path, course, names)
    if not os.path.lexists(path):
        told = _("{path} does not exist. Give a file or a folder with `--from`.")
        raise SubmissionError(told.format(path=clean(str(path))))
    return _read_single(path, course, names)


def _read_single(path: Path, course: Course, names: Sequence[str]) -> Submission:
    shown = clean(str(path))
    if len(names) > 1:
        told = _("{path} is one file, so name one exercise, or give the folder with `--from`.")
        raise SubmissionError(told.format(path=shown))
    name = names[0] if names else path.stem
    if name not in course.names:
        told = _(
            "{path} is not named after an exercise. Say which one it is: "
            "`grader check NAME --from {path}` with a NAME of {names}."
        )
        raise SubmissionError(told.format(path=shown, names=", ".join(course.names)))
    return Submission(shown, {name: _read_source(path, shown)}, (name,))


def _read_folder(folder: Path, course: Course, names: Sequence[str]) -> Submission:
    sources = {}
    for name in names or course.names:
        found = [
            _read_inside(folder, inner)
            for inner in (
                f"{name}.py",
                f"exercises/{name}.py",
                f"{name}.ipynb",
                f"exercises/{name}.ipynb",
            )
            if os.path.lexists(folder / inner)
        ]
        if found:
            # a stub that was left alone beside the notebook that was filled in is not the answer
            sources[name] = next(
                (source for source in found if not is_stub(source, course[name])), found[0]
            )
    if not sources:
        expected = names[0] if names else course.names[0]
        told = _(
            "{path} holds no exercise to grade: expected a file such as {name}.py, {name}.ipynb or "
            "exercises/{name}.py. `grader list` shows the names."
        )
        raise SubmissionError(told.format(path=clean(str(folder)), name=expected))
    return Submission(clean(str(folder)), sources, tuple(names) or tuple(sources))


def is_stub(source: Source, exercise: Exercise) -> bool:
    """Whether this is the exercise's stub, as it was given out in any language."""
    if not source.cells or not exercise.stub.is_file():
        return False
    given = [cell.text for cell in source.cells if not cell.text.lstrip().startswith(("%", "!"))]
    return any(all(text.strip() in stub for text in given) for stub in stub_texts(exercise))


def _read_inside(folder: Path, inner: str) -> Source:
    """A file of a folder; it must not lead out of it."""
    path = folder / inner
    if not path.parent.resolve().is_relative_to(folder.resolve()):
        told = _("{file} leads out of the submission's folder. Copy the file itself there.")
        return _unusable(inner, told.format(file=inner))
    return _read_source(path, inner)


def _read_source(path: Path, shown: str) -> Source:
    try:
        # neither a link (it could point to someone else's file) nor a pipe (it would wait for ever)
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        descriptor = os.open(path, flags)
    except OSError as error:
        if path.is_symlink():
            told = _("{file} is a symbolic link. Hand in the file itself.")
            return _unusable(shown, told.format(file=shown))
        told = _("{file} cannot be read: {reason}.")
        return _unusable(shown, told.format(file=shown, reason=error.strerror))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        told = _("{file} is not a regular file. Hand in a Python file.")
        return _unusable(shown, told.format(file=shown))
    notebook = path.suffix == ".ipynb"
    with os.fdopen(descriptor, "rb") as file:
        data = file.read((MAX_NOTEBOOK_BYTES if notebook else MAX_SOURCE_BYTES) + 1)
    return notebook_of_bytes(data, shown) if notebook else source_of_bytes(data, shown)


def source_of_bytes(data: bytes, shown: str) -> Source:
    """A Python file's bytes as source; UTF-8 and no larger than `MAX_SOURCE_BYTES`."""
    if len(data) > MAX_SOURCE_BYTES:
        return _too_large(shown, MAX_SOURCE_BYTES)
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        told = _("{file}, line {line}: not UTF-8 text. Save the file as UTF-8.")
        return _unusable(shown, told.format(file=shown, line=line))
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        told = _("{file}, line {line}: a NUL byte. Save the file as plain UTF-8 text.")
        return _unusable(shown, told.format(file=shown, line=line))
    if not text.strip():
        told = _("{file} is empty. Copy the stub of the exercise anew and fill it in.")
        return _unusable(shown, told.format(file=shown))
    return _python(shown, text)


def notebook_of_bytes(data: bytes, shown: str) -> Source:
    """A notebook's code cells; outputs, widgets and metadata are not looked at."""
    if len(data) > MAX_NOTEBOOK_BYTES:
        return _too_large(shown, MAX_NOTEBOOK_BYTES)
    import nbformat  # a tenth of a second that only notebooks need

    logging.getLogger("traitlets").setLevel(
        logging.CRITICAL
    )  # validation is not what is asked here
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            cells = nbformat.reads(data.decode("utf-8"), as_version=4)["cells"]
        code = [
            # JSON can hold half a surrogate pair, which no UTF-8 text can
            Cell(
                _("{file}, cell {number}").format(file=shown, number=number),
                str(cell["source"]).encode(errors="replace").decode(),
            )
            for number, cell in enumerate(cells, 1)
            if cell["cell_type"] == "code"
        ]
    except Exception:  # whatever it is: nbformat has a dozen kinds of exceptions for bad notebooks
        told = _("{file} is not a Jupyter notebook. Open it in Jupyter and save it again.")
        return _unusable(shown, told.format(file=shown))
    if sum(len(cell.text) for cell in code) > MAX_SOURCE_BYTES or len(code) > MAX_CELLS:
        return _too_large(shown, MAX_SOURCE_BYTES)
    if not any(cell.text.strip() for cell in code):
        told = _("{file} has no code cells. Take the exercise's notebook anew and fill it in.")
        return _unusable(shown, told.format(file=shown))
    return Source(shown, tuple(code), notebook=True)


def _too_large(shown: str, most: int) -> Source:
    told = _("{file} is larger than {most} MiB of code. Hand in the exercise alone.")
    return _unusable(shown, told.format(file=shown, most=most >> 20))
