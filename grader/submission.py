"""Reads what a student handed in into source text per exercise. Nothing of it is run, imported or followed."""

from __future__ import annotations

import codecs
import hashlib
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .catalog import Course

MAX_SOURCE_BYTES = 1 << 20


class SubmissionError(Exception):
    """There is nothing to grade; the message says why and what to do."""


@dataclass(frozen=True)
class Source:
    """One exercise's text.

    Attributes:
        filename: the file's path as the student knows it, for messages.
        text: the source; `None` where the file cannot be used.
        problem: why it cannot, as a sentence that names the file.
    """

    filename: str
    text: str | None
    problem: str = ""

    @property
    def digest(self) -> str:
        return hashlib.sha256((self.text or "").encode()).hexdigest()


@dataclass(frozen=True)
class Submission:
    """A student's work: a name to show, and a source for each exercise that was found."""

    name: str
    sources: dict[str, Source]
    wanted: tuple[str, ...] = field(default=())

    @classmethod
    def of_text(cls, exercise: str, text: str, name: str = "submission") -> Submission:
        """A submission of one exercise from text that is already at hand."""
        return cls(name, {exercise: Source(f"{exercise}.py", text)}, (exercise,))


def read_submission(path: Path, course: Course, names: Sequence[str] = ()) -> Submission:
    """Reads a file, or a folder that holds `<name>.py` or `exercises/<name>.py`.

    Args:
        names: the exercises to read; without any, every exercise that is found. One that is named and not found is
            in `wanted` and not in `sources`.

    Raises:
        SubmissionError: if a name is unknown, the path does not exist, or nothing to grade is there.
    """
    for name in names:
        if name not in course.names:
            raise SubmissionError(
                f"There is no exercise {name!r}. `grader list` shows them: {', '.join(course.names)}."
            )
    if path.is_dir():
        return _read_folder(path, course, names)
    if not os.path.lexists(path):
        raise SubmissionError(f"{path} does not exist. Give a file or a folder with `--from`.")
    return _read_single(path, course, names)


def _read_single(path: Path, course: Course, names: Sequence[str]) -> Submission:
    if len(names) > 1:
        raise SubmissionError(
            f"{path} is one file, so name one exercise, or give the folder with `--from`."
        )
    name = names[0] if names else path.stem
    if name not in course.names:
        raise SubmissionError(
            f"{path} is not named after an exercise. Say which one it is: "
            f"`grader check NAME --from {path}` with a NAME of {', '.join(course.names)}."
        )
    return Submission(str(path), {name: _read_source(path, str(path))}, (name,))


def _read_folder(folder: Path, course: Course, names: Sequence[str]) -> Submission:
    sources = {}
    for name in names or course.names:
        for inner in (f"{name}.py", f"exercises/{name}.py"):
            if os.path.lexists(folder / inner):
                sources[name] = _read_inside(folder, inner)
                break
    if not sources:
        expected = names[0] if names else course.names[0]
        raise SubmissionError(
            f"{folder} holds no exercise to grade: expected a file such as {expected}.py or "
            f"exercises/{expected}.py. `grader list` shows the names."
        )
    return Submission(str(folder), sources, tuple(names) or tuple(sources))


def _read_inside(folder: Path, inner: str) -> Source:
    """A file of a folder; it must not lead out of it."""
    path = folder / inner
    if not path.parent.resolve().is_relative_to(folder.resolve()):
        return Source(
            inner,
            None,
            f"{inner} leads out of the submission's folder. Copy the file itself there.",
        )
    return _read_source(path, inner)


def _read_source(path: Path, shown: str) -> Source:
    try:
        # neither a link (it could point to someone else's file) nor a pipe (it would wait for ever)
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        descriptor = os.open(path, flags)
    except OSError as error:
        if path.is_symlink():
            return Source(shown, None, f"{shown} is a symbolic link. Hand in the file itself.")
        return Source(shown, None, f"{shown} cannot be read: {error.strerror}.")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return Source(shown, None, f"{shown} is not a regular file. Hand in a Python file.")
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(MAX_SOURCE_BYTES + 1)
    return source_of_bytes(data, shown)


def source_of_bytes(data: bytes, shown: str) -> Source:
    """A Python file's bytes as text; UTF-8 and no larger than `MAX_SOURCE_BYTES`."""
    if len(data) > MAX_SOURCE_BYTES:
        return Source(
            shown,
            None,
            f"{shown} is larger than {MAX_SOURCE_BYTES >> 20} MiB. Hand in the exercise alone.",
        )
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Source(shown, None, f"{shown}, line {line}: not UTF-8 text. Save the file as UTF-8.")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        return Source(
            shown, None, f"{shown}, line {line}: a NUL byte. Save the file as plain UTF-8 text."
        )
    if not text.strip():
        return Source(
            shown, None, f"{shown} is empty. Copy the stub of the exercise anew and fill it in."
        )
    return Source(shown, text)
