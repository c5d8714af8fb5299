"""The folder that a sandbox's children write in: made, measured and emptied from outside, whatever they make of it.

All of it goes through descriptors and names of one part: no path grows long, however deep the folders are, no link is
followed, and what was renamed or made unreadable is reached all the same.
"""

from __future__ import annotations

import math
import os
import secrets
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from ..errors import SandboxLost

_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_REMOVE_SECONDS = 30.0  # a slow disk needs some milliseconds for each folder


class Contents(NamedTuple):
    """What lies in a folder: bytes on the disk, the number of files and folders, how deep the folders lie."""

    size: int
    entries: int
    depth: int


class PrivateFolder:
    """A folder with a name that nobody can guess, for this user alone.

    Args:
        within: the folder to make it in; by default that for temporary files.

    Attributes:
        path: where it was made.

    Raises:
        SandboxLost: if it cannot be made.
    """

    def __init__(self, within: Path | None = None) -> None:
        try:
            self.path = Path(tempfile.mkdtemp(prefix="grader-", dir=within))
        except OSError as error:
            raise SandboxLost(f"The sandbox's folder cannot be made: {error}") from error
        try:
            self._descriptor = os.open(self.path, _OPEN)
        except OSError as error:
            self.path.rmdir()
            raise SandboxLost(f"The sandbox's folder cannot be opened: {error}") from error

    def new(self) -> Path:
        """Makes an empty folder for one child, which finds nothing beside it.

        Raises:
            SandboxLost: if it cannot be made: this folder is gone, is not empty, cannot be used any more, or the disk
                is full.
        """
        if not self._is_empty():
            self.empty()  # once more: somebody was interrupted at it
            if not self._is_empty():
                raise SandboxLost("The sandbox's folder cannot be emptied.")
        name = secrets.token_hex(8)
        try:
            os.mkdir(name, stat.S_IRWXU, dir_fd=self._descriptor)
        except OSError as error:
            raise SandboxLost(f"The sandbox's folder cannot be used: {error}") from error
        return self.path / name

    def _is_empty(self) -> bool:
        return next(_entries(self._descriptor), None) is None

    def has(self, inner: Path) -> bool:
        """Whether a folder that `new` made is still there."""
        try:
            return stat.S_ISDIR(
                os.stat(inner.name, dir_fd=self._descriptor, follow_symlinks=False).st_mode
            )
        except OSError:
            return False

    def contents(self, most: Contents) -> Contents:
        """What lies in it and in what is in it. The count ends as soon as one of the `most` is passed."""
        return _contents(self._descriptor, most)

    def empty(self) -> None:
        """Removes all that lies in it, as far as that is done in half a minute; `new` tells of what is left."""
        _empty(self._descriptor)

    def remove(self) -> None:
        """Removes it with all that lies in it; it is not to be used any more. Raises nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor < 0:
            return
        _empty(descriptor)
        os.close(descriptor)
        with suppress(OSError):  # it was renamed, or is gone
            self.path.rmdir()


class OneChildsFolder(PrivateFolder):
    """One in another private folder, for a child beside which others wait: it is measured, and ends, alone."""

    def empty(self) -> None:
        """Removes it: no other child comes."""
        self.remove()


def _contents(folder: int, most: Contents) -> Contents:
    size = entries = deepest = 0
    linked: set[tuple[int, int]] = set()
    # a descriptor for each folder on the way down, and what is left to look at in it
    way = [(os.dup(folder), _entries(folder))]
    try:
        while way:
            above, rest = way[-1]
            entry = next(rest, None)
            if entry is None:
                os.close(way.pop()[0])
                continue
            entries += 1
            with suppress(OSError):  # it has just been removed
                facts = entry.stat(follow_symlinks=False)
                folded = stat.S_ISDIR(facts.st_mode)
                if folded or facts.st_nlink == 1 or (facts.st_dev, facts.st_ino) not in linked:
                    size += facts.st_blocks * 512
                if folded:
                    deepest = max(deepest, len(way))
                elif facts.st_nlink > 1:
                    linked.add((facts.st_dev, facts.st_ino))
                if folded and deepest <= most.depth:
                    inner = _opened(entry.name, above)
                    way.append((inner, _entries(inner)))
            if size > most.size or entries > most.entries or deepest > most.depth:
                break
    finally:
        for descriptor, _ in way:
            os.close(descriptor)
    return Contents(size, entries, deepest)


def _entries(folder: int, deadline: float = math.inf) -> Iterator[os.DirEntry[str]]:
    """What lies in an open folder, as it is read, until `deadline`; nothing where the folder has been removed."""
    with suppress(OSError), os.scandir(folder) as entries:
        yield from takewhile(lambda _: time.monotonic() < deadline, entries)


def _opened(name: str, above: int) -> int:
    """A descriptor of the folder `name` in the open folder `above`. Its owner may do everything in it from then on.

    Raises:
        OSError: if it is no folder, or is not this user's.
    """
    try:
        folder = os.open(name, _OPEN, dir_fd=above)
    except PermissionError:
        _make_usable(name, above)
        folder = os.open(name, _OPEN, dir_fd=above)
    if os.fstat(folder).st_mode & stat.S_IRWXU != stat.S_IRWXU:
        with suppress(OSError):
            os.fchmod(folder, stat.S_IRWXU)
    return folder


def _make_usable(name: str, above: int) -> None:
    if os.chmod in os.supports_follow_symlinks:
        os.chmod(name, stat.S_IRWXU, dir_fd=above, follow_symlinks=False)
        return
    pinned = os.open(name, os.O_PATH | _OPEN, dir_fd=above)
    try:
        os.chmod(f"/proc/self/fd/{pinned}", stat.S_IRWXU)
    finally:
        os.close(pinned)


def _empty(top: int) -> None:
    """Removes what lies in `top`. Folders inside a folder are lifted to the top, so that none is ever deep."""
    with suppress(OSError):
        os.fchmod(top, stat.S_IRWXU)
    deadline, going_on = time.monotonic() + _REMOVE_SECONDS, True
    while going_on:
        going_on = False
        for entry in _entries(top, deadline):
            if _removed(entry, top) or _hollowed(entry.name, top, deadline):
                going_on = True


def _hollowed(name: str, top: int, deadline: float) -> bool:
    """Takes what lies in the folder `name` out of it, and removes it; whether anything has gone."""
    gone = False
    with suppress(OSError):
        folder = _opened(name, top)
        try:
            for entry in _entries(folder, deadline):
                gone |= _removed(entry, folder) or _lifted(entry.name, folder, top)
        finally:
            os.close(folder)
        os.rmdir(name, dir_fd=top)
        gone = True
    return gone


def _removed(entry: os.DirEntry[str], above: int) -> bool:
    """Removes a file, a link or an empty folder; whether it has gone."""
    try:
        if entry.is_dir(follow_symlinks=False):
            os.rmdir(entry.name, dir_fd=above)
        else:
            os.unlink(entry.name, dir_fd=above)
    except OSError:
        return False
    return True


def _lifted(name: str, folder: int, top: int) -> bool:
    """Moves a folder to the top, under a name that is not taken; whether it has gone from where it was."""
    for prepare in (None, _make_usable):
        with suppress(OSError):
            if prepare:
                prepare(name, folder)  # who moves a folder must be allowed to write in it
            os.rename(name, secrets.token_hex(8), src_dir_fd=folder, dst_dir_fd=top)
            return True
    return False
