"""A whole class in one archive, as a service gives it out: unpacked into a folder that is gone afterwards.

The archive is the service's, and the files in it are students': names that lead out, links, and what is too large are
left out and told. An archive that a student has handed in stays as it is.
"""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

from ...errors import LayoutError, UnreadableError
from ...submission.archives import is_archive, kind_of, open_archive
from ...submission.files import open_plain
from ...submission.tar_files import entries
from ...submission.zip_files import MAX_ZIP_BYTES, ZipFiles
from ...text import clean
from .hand_in import Known, composed, nobody
from .wrapping import is_class, unwrapped

_TIMES = 64  # so many times as large as a student's archive may a class's be
_MOST_BYTES = 8 << 30  # of all that is unpacked
_LARGEST_BYTES = MAX_ZIP_BYTES  # of one file
_PART_BYTES = 1 << 20
_FULL = (errno.ENOSPC, errno.EDQUOT)  # the disk, or what one may have of it
_MOST_LOOKED_AT = 20_000  # names
_ONE_IN_ANOTHER = 3  # archives


@dataclass(frozen=True)
class Gathered:
    """Where a class's submissions lie.

    Attributes:
        folder: they lie in it, perhaps below folders that are seen through.
        name: what the folder or the archive was called.
        left_out: files of an archive that could not be unpacked, each with the reason.
    """

    folder: Path
    name: str
    left_out: tuple[str, ...] = ()


@contextmanager
def gathered(where: Path, exercises: Sequence[str], known: Known = nobody) -> Iterator[Gathered]:
    """The folder that a class's submissions lie in, for as long as they are read; archives of a class are unpacked.

    Args:
        where: a folder, or an archive.
        exercises: names that a file may have.
        known: whether a name is that of a student of the class.

    Raises:
        LayoutError: if an archive cannot be read, or it has to be said which part of a folder is meant.
    """
    if where.is_file() and not is_archive(where.name):
        raise LayoutError(
            f"{where} is neither a folder nor an archive that is read. Give the folder that holds a folder, "
            "repository, zip or file per student, or a service's zip or .tar.gz as it comes."
        )
    name = _stem(where.resolve().name)
    left_out: list[str] = []
    folder = where
    with ExitStack() as kept:
        for _ in range(_ONE_IN_ANOTHER):
            archive = _inside(folder, exercises, known)
            if not (archive.is_file() and is_archive(archive.name)):
                break
            if archive != where and not _holds_class(archive, exercises, known):
                break
            new = Path(kept.enter_context(tempfile.TemporaryDirectory(prefix="grader-class-")))
            folder = new / (_stem(archive.name) or "class")
            folder.mkdir()
            left_out += _unpacked(archive, folder)
        try:
            yield Gathered(folder, name, tuple(left_out))
        except LayoutError as error:
            # of what was given, rather than of a folder that is gone by then
            raise LayoutError(str(error).replace(str(folder), str(where))) from error


def _inside(folder: Path, exercises: Sequence[str], known: Known) -> Path:
    if not folder.is_dir():
        return folder
    try:
        return unwrapped(folder, exercises, known)
    except OSError as error:
        raise LayoutError(
            f"{error.filename or folder} cannot be read: {error.strerror}."
        ) from error


def _stem(name: str) -> str:
    lower = name.lower()
    for suffix in (".tar.gz", ".tgz", ".tar", ".zip"):
        if lower.endswith(suffix):
            return name[: -len(suffix)]
    return name


def _holds_class(archive: Path, exercises: Sequence[str], known: Known) -> bool:
    """Whether the one archive in a folder is a service's; a student's is read as a hand-in."""
    try:
        with open_archive(open_plain(archive, archive.name), archive.name) as files:
            names = islice(files.names(), _MOST_LOOKED_AT)
            return is_class(archive.name, names, exercises, known)
    except UnreadableError:
        return False


def _unpacked(archive: Path, folder: Path) -> list[str]:
    """Unpacks an archive into `folder`; the files that are left out, each with the reason.

    Raises:
        LayoutError: if it cannot be read as a whole.
    """
    target = _Target(folder)
    shown = clean(archive.name)
    try:
        file = open_plain(archive, shown)
        if kind_of(file, shown) == "tar":
            with file:
                for name, problem, stream in entries(file, shown, _TIMES):
                    if name:
                        target.put(name, _tar_parts(problem, stream))
                    else:
                        target.left_out.append(clean(str(problem)))
        else:
            with ZipFiles(file, shown, _TIMES) as files:
                for name in files.names():
                    target.put(name, _zip_parts(files, name))
                target.left_out += map(clean, files.passed_over)
    except UnreadableError as error:
        raise LayoutError(str(error)) from error
    if not target.count:
        why = f": {target.left_out[0]}" if target.left_out else "."
        raise LayoutError(f"{archive} holds no file that can be unpacked{why}")
    return target.left_out


def _zip_parts(files: ZipFiles, name: str) -> Callable[[], Iterator[bytes]]:
    def parts() -> Iterator[bytes]:
        yield files.read(name, _LARGEST_BYTES)

    return parts


def _tar_parts(
    problem: UnreadableError | None, stream: IO[bytes] | None
) -> Callable[[], Iterator[bytes]]:
    def parts() -> Iterator[bytes]:
        if problem:
            raise problem
        while stream and (part := stream.read(_PART_BYTES)):
            yield part

    return parts


class _Target:
    """The folder that is unpacked into. Attributes: count: of files that are there; left_out: those that are not."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._left = _MOST_BYTES
        self.count = 0
        self.left_out: list[str] = []

    def put(self, name: str, parts: Callable[[], Iterator[bytes]]) -> None:
        """Writes a file.

        Raises:
            UnreadableError: if all that is unpacked is too large.
        """
        path = self._folder / composed(name)
        size = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "xb") as file:
                for part in parts():
                    size += len(part)
                    if size > _LARGEST_BYTES:
                        raise UnreadableError(f"{name} is far too large for an exercise.")
                    self._left -= len(part)
                    if self._left < 0:
                        raise LayoutError(
                            f"The archive holds more than {_MOST_BYTES >> 30} GiB. Unpack it, and give the folder."
                        )
                    file.write(part)
            self.count += 1
        except UnreadableError as error:
            path.unlink(missing_ok=True)
            self.left_out.append(clean(str(error)))
        except FileExistsError:
            self.left_out.append(f"{clean(name)} is in the archive twice; the first one was taken.")
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno in _FULL:
                raise LayoutError(f"The archive cannot be unpacked: {error.strerror}.") from error
            reason = error.strerror if isinstance(error, OSError) else error
            self.left_out.append(f"{clean(name)} cannot be unpacked: {reason}.")
