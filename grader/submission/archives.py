"""Which kind of archive a file is: its first bytes say it, whatever its name is."""

from __future__ import annotations

from typing import BinaryIO, Literal

from ..errors import UnreadableError
from .files import Files
from .tar_files import TarFiles
from .zip_files import ZipFiles

SUFFIXES = (".zip", ".tar.gz", ".tgz", ".tar")  # of those that are read
_TAR_MARK, _TAR_PLACE = b"ustar", 257
_OTHERS = {
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"BZh": "packed by bzip2",
    b"\xfd7zXZ\x00": "packed by xz",
}


def open_archive(file: BinaryIO, shown: str) -> Files:
    """The files in an archive; `file` is taken, also to close it.

    Raises:
        UnreadableError: if it is none that can be read; the message says what to hand in instead.
    """
    if kind_of(file, shown) == "tar":
        return TarFiles(file, shown)
    return ZipFiles(file, shown)


def kind_of(file: BinaryIO, shown: str) -> Literal["zip", "tar"]:
    """What a file is read as; what is neither is called a zip, and found to be none when it is read.

    Raises:
        UnreadableError: if it is an archive of another kind; the file is closed then.
    """
    head = file.read(_TAR_PLACE + len(_TAR_MARK))
    file.seek(0)
    for mark, what in _OTHERS.items():
        if head.startswith(mark):
            file.close()
            raise UnreadableError(f"{shown} is {what}, which is not read. Make a zip of it.")
    return "tar" if head.startswith(b"\x1f\x8b") or head.endswith(_TAR_MARK) else "zip"


def is_archive(name: str) -> bool:
    """Whether a file's name is that of an archive that is read."""
    return name.lower().endswith(SUFFIXES)
