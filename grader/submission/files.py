"""The files of one submission, in a folder, a zip or a commit. No link in them is followed."""

from __future__ import annotations

import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from ..errors import UnreadableError

MAX_DEPTH = 6
MAX_FILES = 20_000
# what tools leave in a folder, and no student wrote
SKIPPED = frozenset(
    {".git", ".ipynb_checkpoints", ".venv", "__MACOSX", "__pycache__", "node_modules", "venv"}
)


class Files(ABC):
    """Paths with slashes, and their bytes. A context manager."""

    @abstractmethod
    def names(self) -> Iterator[str]:
        """Every file's path."""

    @abstractmethod
    def read(self, name: str, most: int) -> bytes:
        """A file's bytes; one more than `most` at the most.

        Raises:
            UnreadableError: if it is a link, or damaged.
        """

    def close(self) -> None:  # noqa: B027  # not every kind has something open
        """Lets go of what is open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class FolderFiles(Files):
    """The files in a folder; links are named, and not followed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> Iterator[str]:
        count = 0
        for path, folders, names in os.walk(self._folder):
            inner = os.path.relpath(path, self._folder)
            depth = 0 if inner == "." else inner.count(os.sep) + 1
            # a link to a folder stays among `folders`, and `os.walk` does not go there
            folders[:] = sorted(set(folders) - SKIPPED) if depth < MAX_DEPTH else []
            for name in sorted(names):
                count += 1
                if count > MAX_FILES:
                    raise UnreadableError(f"There are more than {MAX_FILES:,} files.")
                yield (name if inner == "." else f"{inner}/{name}").replace(os.sep, "/")

    def read(self, name: str, most: int) -> bytes:
        return read_plain(self._folder / name, name, most)


class ListedFiles(Files):
    """Some files, each under the name that it is to have."""

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self._paths = paths

    def names(self) -> Iterator[str]:
        yield from self._paths

    def read(self, name: str, most: int) -> bytes:
        return read_plain(self._paths[name], name, most)


def open_plain(path: Path, shown: str) -> BinaryIO:
    """A regular file: neither a link (it could lead to another's file) nor a pipe (it would wait for ever)."""
    try:
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        descriptor = os.open(path, flags)
    except OSError as error:
        if path.is_symlink():
            raise UnreadableError(
                f"{shown} is a symbolic link. Hand in the file itself."
            ) from error
        raise UnreadableError(f"{shown} cannot be read: {error.strerror}.") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnreadableError(f"{shown} is not a regular file. Hand in a Python file.")
    return os.fdopen(descriptor, "rb")


def read_plain(path: Path, shown: str, most: int) -> bytes:
    """A regular file's bytes; one more than `most` at the most."""
    with open_plain(path, shown) as file:
        return file.read(most + 1)
