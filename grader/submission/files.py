"""The files of one submission, in a folder, a zip or a commit, and the one way in which a file of a student is opened.

No link is followed out of a submission, whoever has made it.
"""

from __future__ import annotations

import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Self

from ..errors import UnreadableError
from ..language import _

MAX_DEPTH = 6
MAX_FILES = 20_000
EXERCISES = "exercises"  # the folder that a course's stubs are given out in
# what tools leave in a folder, and no student wrote
SKIPPED = frozenset(
    {".git", ".ipynb_checkpoints", ".venv", "__MACOSX", "__pycache__", "node_modules", "venv"}
)


class Files(ABC):
    """Paths with slashes, and their bytes. A context manager."""

    @abstractmethod
    def names(self) -> Iterator[str]:
        """Every file's path.

        Raises:
            UnreadableError: if there are too many.
        """

    @abstractmethod
    def read(self, name: str, most: int) -> bytes:
        """A file's bytes; one more than `most` at the most.

        Raises:
            UnreadableError: if it is a link, leads out, or is damaged.
        """

    def close(self) -> None:  # noqa: B027  # not every kind has something open
        """Lets go of what is open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class FolderFiles(Files):
    """The files in a folder, down to `MAX_DEPTH` folders deep; links are named, and not followed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._outside: dict[Path, bool] = {}

    def names(self) -> Iterator[str]:
        count = 0
        waiting = [""]
        while waiting:
            inner = waiting.pop()
            folders: list[os.DirEntry[str]] = []
            names: list[os.DirEntry[str]] = []
            for entry in _entries(self._folder / inner):
                count += 1  # folders as well: a million empty ones take as long
                if count > MAX_FILES:
                    sentence = _("There are more than {most} files.")
                    raise UnreadableError(sentence.format(most=f"{MAX_FILES:,}"))
                (folders if entry.is_dir() else names).append(entry)
            yield from sorted(inner + entry.name for entry in names)
            if inner.count("/") < MAX_DEPTH:
                below = [
                    entry.name
                    for entry in folders
                    if entry.name not in SKIPPED and not entry.is_symlink()
                ]
                waiting += [f"{inner}{name}/" for name in sorted(below, reverse=True)]

    def read(self, name: str, most: int) -> bytes:
        path = self._folder / name
        above = path.parent
        if (
            above not in self._outside
        ):  # each folder is followed once; nothing of a student's runs there
            self._outside[above] = _lies_outside(self._folder, above)
        if _is_no_name(path) or self._outside[above]:
            sentence = _("{file} leads out of the submission's folder. Copy the file itself there.")
            raise UnreadableError(sentence.format(file=name), "link")
        return read_plain(path, name, most)


class TopFiles(FolderFiles):
    """What lies at the top of a folder and in its `exercises/`, however much lies deeper.

    A student's own folder may hold a virtual environment and a data set. `exercises` may be a link there; what lies
    behind one that leads out is named, and not read.
    """

    def names(self) -> Iterator[str]:
        for inner in ("", f"{EXERCISES}/"):
            with suppress(OSError):
                yield from (inner + name for name in sorted(os.listdir(self._folder / inner)))


class ListedFiles(Files):
    """Some files, each under the name that it is to have."""

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self._paths = paths

    def names(self) -> Iterator[str]:
        yield from self._paths

    def read(self, name: str, most: int) -> bytes:
        return read_plain(self._paths[name], name, most)


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """What is in a folder, without reading all of it first; nothing where it cannot be read."""
    with suppress(OSError), os.scandir(folder) as entries:
        yield from entries


def open_plain(path: Path, shown: str) -> BinaryIO:
    """A regular file, opened to be read: neither a link (it could lead to another's file) nor a pipe (it would wait).

    Args:
        shown: what a message calls the file.

    Raises:
        UnreadableError: if it is no such file, or cannot be opened.
    """
    if os.path.islink(path):
        sentence = _("{file} is a symbolic link. Hand in the file itself.")
        raise UnreadableError(sentence.format(file=shown), "link")
    try:
        # the flag is for a link that was not there a moment ago
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        descriptor = os.open(path, flags)
    except (OSError, ValueError) as error:
        raise _unreadable(shown, error) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        sentence = _("{file} is not a regular file. Hand in a Python file.")
        raise UnreadableError(sentence.format(file=shown))
    return os.fdopen(descriptor, "rb")


def read_plain(path: Path, shown: str, most: int) -> bytes:
    """A regular file's bytes; one more than `most` at the most. Raises as `open_plain` does."""
    with open_plain(path, shown) as file:
        try:
            return file.read(most + 1)
        except OSError as error:  # of a disk or a network
            raise _unreadable(shown, error) from error


def leads_out(folder: Path, path: Path) -> bool:
    """Whether the folder that `path` lies in is neither `folder` nor inside it, once links are followed."""
    return _is_no_name(path) or _lies_outside(folder, path.parent)


def _is_no_name(path: Path) -> bool:
    return path.name in ("", "..")


def _lies_outside(folder: Path, other: Path) -> bool:
    try:
        there = os.path.realpath(other)
    except ValueError:  # no name of a file
        return True
    return not Path(there).is_relative_to(os.path.realpath(folder))


def _unreadable(shown: str, error: OSError | ValueError) -> UnreadableError:
    reason = error.strerror if isinstance(error, OSError) else error
    return UnreadableError(_("{file} cannot be read: {reason}.").format(file=shown, reason=reason))
