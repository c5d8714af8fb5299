"""Tar files, packed by gzip or plain, that anybody may have made: read in one go, within bounds.

A tar has no directory. It is walked through once, forwards, and what may be an answer is kept in memory. Nothing is
written to a disk.
"""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Iterator
from typing import IO, Any, BinaryIO

from ..errors import UnreadableError
from .files import Files
from .zip_files import MAX_ENTRIES, MAX_RATIO, MAX_ZIP_BYTES, inside, why_passed_over

_KEPT = (".py", ".ipynb", ".txt", ".zip")  # what is read of a submission
_SMALL_BYTES = 1 << 20  # so much may a few bytes unfold to
_GZIP = b"\x1f\x8b"


class TarFiles(Files):
    """The files in a tar.

    Raises:
        UnreadableError: if it is none, or is larger than anything that a student writes.
    """

    def __init__(self, file: BinaryIO, shown: str) -> None:
        """Takes `file`, also to close it."""
        self._read: dict[str, bytes] = {}
        self._problems: dict[str, UnreadableError] = {}
        with file:
            for name, problem, stream in entries(file, shown):
                if not name:
                    continue
                self._read[name] = b""
                self._problems.pop(name, None)  # of two of a name, the later one counts
                if problem:
                    self._problems[name] = problem
                elif stream and name.lower().endswith(_KEPT):
                    self._read[name] = stream.read()

    def names(self) -> Iterator[str]:
        yield from self._read

    def read(self, name: str, most: int) -> bytes:
        if name in self._problems:
            raise self._problems[name]
        return self._read[name][: most + 1]


def entries(
    file: BinaryIO, shown: str, times: int = 1
) -> Iterator[tuple[str, UnreadableError | None, IO[bytes] | None]]:
    """Of each file in a tar its path, why it cannot be read, and what it is read from until the next one is asked for.

    The path is empty where it leads out.

    Args:
        times: how many times as large as a student's it may be; one of a whole class is larger.

    Raises:
        UnreadableError: if it is none, is damaged, or is too large.
    """
    bounded = _Bounded(file, shown, times)
    try:
        # as a stream, since a forged size must never lead backwards
        with tarfile.open(fileobj=bounded, mode="r|", errorlevel=0) as archive:  # type: ignore[call-overload]
            for count, member in enumerate(archive):
                if count >= times * MAX_ENTRIES:
                    raise UnreadableError(
                        f"{shown} holds far too many files. Hand in the exercises alone."
                    )
                if member.isdir():
                    continue
                if not (name := inside(member.name)):
                    yield "", UnreadableError(why_passed_over(member.name)), None
                elif member.isreg() and not member.issparse():
                    yield name, None, archive.extractfile(member)
                else:
                    sentence = f"{name} is a link or no file. Hand in the file itself."
                    yield name, UnreadableError(sentence, "link"), None
    except UnreadableError:
        raise
    except Exception as error:  # tarfile and zlib have a dozen kinds for what is broken
        raise UnreadableError(
            f"{shown} is not a tar file that can be read. Make it anew."
        ) from error


class _Bounded:
    """What a file unfolds to; so much of it and no more, and not much more than the file itself."""

    def __init__(self, file: BinaryIO, shown: str, times: int) -> None:
        packed = file.read(len(_GZIP)) == _GZIP
        file.seek(0)
        self._file = file
        self._stream: Any = gzip.GzipFile(fileobj=file) if packed else file
        self._shown = shown
        self._most = times * MAX_ZIP_BYTES
        self._length = 0

    def read(self, size: int) -> bytes:
        data: bytes = self._stream.read(size)
        self._length += len(data)
        folded = max(self._file.tell() * MAX_RATIO, _SMALL_BYTES)
        if self._length > min(self._most, folded):
            raise UnreadableError(
                f"{self._shown} is far too large once it is unpacked. Hand in the exercises alone."
            )
        return data
