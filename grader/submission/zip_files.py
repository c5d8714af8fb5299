"""Zip files that anybody may have made: read in memory, within bounds. Nothing is written to a disk."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from ..errors import UnreadableError
from .files import Files

MAX_ZIP_BYTES = 256 << 20
MAX_DIRECTORY_BYTES = 8 << 20
MAX_ENTRIES = 20_000
MAX_RATIO = 200  # source text shrinks to a third, a bomb to a thousandth
_PART_BYTES = 1 << 20
_UTF_8 = 1 << 11  # the flag of an entry whose name is in UTF-8
_END = b"PK\x05\x06"
_END_BYTES = 22


class ZipFiles(Files):
    """The files in a zip.

    Args:
        times: how many times as large as a student's it may be; one of a whole class is larger.

    Attributes:
        passed_over: of each file that is not among them, why.

    Raises:
        UnreadableError: if it is none, or is larger than anything that a student writes.
    """

    def __init__(self, file: BinaryIO, shown: str, times: int = 1) -> None:
        """Takes `file`, also to close it."""
        self._file = file
        try:
            size = file.seek(0, os.SEEK_END)
            if size > times * MAX_ZIP_BYTES:
                raise UnreadableError(
                    f"{shown} is larger than {times * MAX_ZIP_BYTES >> 20} MiB. Hand in the exercises alone."
                )
            _expect_small_directory(file, size, times)
            # what says how large the directory is may stand in more places than one
            self._zip = zipfile.ZipFile(_InSmallParts(file, times * MAX_DIRECTORY_BYTES))
            if len(self._zip.filelist) > times * MAX_ENTRIES:
                raise _TooMany
        except UnreadableError:
            file.close()
            raise
        except _TooMany:
            file.close()
            raise UnreadableError(_too_many(shown)) from None
        except Exception as error:  # zipfile has a dozen kinds for what is broken
            file.close()
            raise UnreadableError(
                f"{shown} is not a zip file that can be read. Make it anew."
            ) from error
        self._entries: dict[str, zipfile.ZipInfo] = {}
        self.passed_over: list[str] = []
        for info in self._zip.infolist():
            if info.filename.endswith("/"):  # a folder
                continue
            name = inside(_name(info))
            if not name:
                self.passed_over.append(why_passed_over(_name(info)))
                continue
            if name in self._entries:
                self.passed_over.append(f"{name} is in the archive twice; the last one was taken.")
            self._entries[name] = info

    def names(self) -> Iterator[str]:
        yield from self._entries

    def read(self, name: str, most: int) -> bytes:
        info = self._entries[name]
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind and not stat.S_ISREG(kind):
            raise UnreadableError(f"{name} is a link or no file. Hand in the file itself.", "link")
        if info.flag_bits & 1:
            raise UnreadableError(
                f"{name} is encrypted. Make the zip without a password.", "encrypted"
            )
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnreadableError(f"{name} is packed in an unusual way. Make the zip anew.")
        # what the zip says of its sizes may be a lie, so the reading is bounded as well
        if info.file_size > most + 1 or info.file_size > MAX_RATIO * max(info.compress_size, 5000):
            raise UnreadableError(f"{name} is far too large for an exercise.")
        try:
            with self._zip.open(info) as stream:
                data = bytearray()
                while len(data) <= most:
                    part = stream.read(min(_PART_BYTES, most + 1 - len(data)))
                    if not part:
                        break
                    data += part
                return bytes(data)
        except Exception as error:  # so have zipfile and zlib together
            raise UnreadableError(f"{name} cannot be unpacked. Make the zip anew.") from error

    def close(self) -> None:
        self._zip.close()
        self._file.close()


def _name(info: zipfile.ZipInfo) -> str:
    """An entry's name; where the flag for UTF-8 is missing, `zipfile` guesses, and rarely well."""
    if not info.flag_bits & _UTF_8:
        for encoding in ("utf-8", "cp949"):
            with suppress(UnicodeError):
                return info.filename.encode("cp437").decode(encoding)
    return info.filename


def inside(name: str) -> str:
    """The path of an entry as plain parts; empty where it has none, or leads out, or could on some system."""
    path = PurePosixPath(name.replace("\\", "/"))
    if not path.parts or path.is_absolute() or ".." in path.parts or ":" in name or "\0" in name:
        return ""
    return path.as_posix()


def why_passed_over(name: str) -> str:
    """What is told of an entry whose name `inside` does not take."""
    return f"{name} is no name that is unpacked: it leads out of the archive, or has a colon."


def _expect_small_directory(file: BinaryIO, size: int, times: int) -> None:
    """`zipfile` reads all of a zip's directory into memory: a hundred MiB of it would be gigabytes."""
    file.seek(max(0, size - _END_BYTES - 65535))  # a comment of up to 65,535 bytes may follow
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_BYTES:
        raise zipfile.BadZipFile
    entries, directory = struct.unpack_from("<HI", tail, at + 10)
    if entries > times * MAX_ENTRIES or directory > times * MAX_DIRECTORY_BYTES:
        raise _TooMany


def _too_many(shown: str) -> str:
    return f"{shown} holds far too many files. Hand in the exercises alone."


class _TooMany(Exception):
    """A zip's directory is larger than that of any submission."""


class _InSmallParts:
    """A file of which nobody reads more at once than a zip's directory may hold."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file = file
        self._most = most

    def read(self, size: int = -1) -> bytes:
        if size > self._most:
            raise _TooMany
        data = self._file.read(self._most + 1 if size < 0 else size)
        if len(data) > self._most:
            raise _TooMany
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
