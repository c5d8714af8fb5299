"""An exercise's stub, in the language in use, and how it is put back in the place of a student's file."""

from __future__ import annotations

import os
from pathlib import Path

from ..course.catalog import Exercise
from ..course.online import Online
from ..course.python_files import text_of
from ..course.translated_stub import stub_text
from ..errors import CourseError
from ..language import N_, _

_RESET = N_("{file} is the stub again. What was there is in {kept}.")
_RESET_NEW = N_("{file} is the stub of {name}.")
_IS_STUB = N_("{file} is the stub already; nothing was changed.")


def stub_of(exercise: Exercise, notebook: bool, online: Online | None = None) -> bytes:
    """The stub as a file's content; `notebook`: as a notebook's, which starts `online` if it is to.

    Raises:
        CourseError: if the course has none.
    """
    stub = exercise.stub
    if not stub.is_file():
        sentence = _("{path} does not exist. `grader release` makes it from its solution.")
        raise CourseError(sentence.format(path=stub))
    text = stub_text(text_of(stub), stub)
    if notebook:
        from ..course.stub_notebook import notebook_of  # it imports nbformat

        text = notebook_of(exercise.name, text, online)
    return text.encode()


def put_anew(path: Path, stub: bytes, name: str) -> str:
    """Makes the file `stub`, and returns the sentence that says so. What was there is kept beside it.

    Raises:
        OSError: if it cannot be written.
    """
    there = os.path.lexists(path)
    if there and path.read_bytes() == stub:
        return _(_IS_STUB).format(file=path)
    kept = _kept_beside(path) if there else None
    path.write_bytes(stub)
    if kept:
        return _(_RESET).format(file=path, kept=kept)
    return _(_RESET_NEW).format(file=path, name=name)


def _kept_beside(path: Path) -> Path:
    """Moves a file to a name that is free, and returns it."""
    number = 1
    while True:
        kept = path.with_name(f"{path.stem}.old-{number}{path.suffix}")
        try:
            # unlike a rename, this never takes the place of another file
            with open(kept, "xb") as file:
                file.write(path.read_bytes())
        except FileExistsError:
            number += 1
            continue
        return kept
