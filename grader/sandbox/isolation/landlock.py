"""Landlock: a process gives up, for good, every path that is not on its list (Linux 5.13 and later, no root needed).

The system calls and structures are those of the kernel's `Documentation/userspace-api/landlock.rst`. A child enforces
two rulesets, and may do what both allow. The first is the same for all children and made once: what they read, with
exceptions, which can be hundreds of rules. The second is the child's own: what it writes.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Collection
from ctypes import Array, addressof, c_char, create_string_buffer
from pathlib import Path

from .kernel import system_call
from .privileges import no_new_privileges

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
_RULE_PATH_BENEATH = 1
_VERSION_FLAG = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_FILE, _MAKE_LINK = (
    1 << 4,
    1 << 5,
    1 << 7,
    1 << 8,
    1 << 12,
)
_REFER = 1 << 13  # to move from folder to folder; known to version 2; version 1 allows it nowhere
_TRUNCATE = (
    1 << 14
)  # known to version 3; before it, seccomp refuses what opens or names no file for writing
_IOCTL_DEVICE = 1 << 15  # known to version 5; before it nothing of the kind is refused
# how many kinds of access to files each version of the interface knows
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_READ = _READ_FILE | _READ_DIR | _EXECUTE  # shared libraries are mapped as executable
# all but what has no use there: programs, devices, sockets, and pipes with a name
_OWN = (
    _READ_FILE | _READ_DIR | _WRITE_FILE | _TRUNCATE | _REFER
    | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_FILE | _MAKE_LINK
)  # fmt: skip


Buffer = Array[c_char]  # what the kernel is given the address of


class LandlockError(Exception):
    """The kernel does not do it; the message says why."""


def version() -> int:
    """The version of the interface that this kernel has; 0 for none."""
    try:
        return system_call(_CREATE, 0, 0, _VERSION_FLAG)
    except OSError:
        return 0


class SharedRules:
    """What all children may read, and nothing of the network: made once, and enforced by each child.

    Args:
        folder: the folder of the children's folders; what is written there is for `OwnRules` to say.

    Raises:
        LandlockError: if this kernel has none.
    """

    def __init__(self, folder: Path) -> None:
        abi = version()
        if not abi:
            raise LandlockError("this kernel has no Landlock")
        self._rights = (_READ | _REFER) & _known(abi)
        network = 3 if abi >= 4 else 0  # TCP: bind and connect
        scope = 3 if abi >= 6 else 0  # abstract sockets and signals of processes outside
        attributes = struct.pack("<QQQ", self._rights, network, scope)
        self.descriptor = _create(_buffer(attributes[: 8 if abi < 4 else 16 if abi < 6 else 24]))
        self._allow(folder, _READ_FILE | _READ_DIR | _REFER)
        self.behind_links: list[Path] = []  # what is also read, because links lead there

    def allow_reading(self, path: Path, without: Collection[Path] = ()) -> None:
        """Lets `path` be read, and what lies in it, except the folders and files in `without`.

        A rule follows links. So where something is excepted, a link is let be that leads to it, or to what holds it.
        """
        if path in without or not path.exists():
            return
        if any(other.is_relative_to(path) for other in without):
            self._allow_around(path, path, without)
        else:
            self._allow(path, _READ)

    def _allow_around(self, folder: Path, top: Path, without: Collection[Path]) -> None:
        """Lets `folder` be read, which lies in `top` and holds some of `without`."""
        self._allow(folder, _READ_DIR)
        for entry in folder.iterdir():
            if entry.is_symlink():
                self._allow_behind(entry.resolve(), top, without)
            elif any(other.is_relative_to(entry) for other in without if other != entry):
                self._allow_around(entry, top, without)
            else:
                self.allow_reading(entry, without)

    def _allow_behind(self, target: Path, top: Path, without: Collection[Path]) -> None:
        """Lets what a link in `top` leads to be read, if it lies elsewhere; what lies in `top` is met there."""
        known = target.is_relative_to(top) or top.is_relative_to(target)
        if not known and not any(target.is_relative_to(other) for other in without):
            self.behind_links.append(target)
            self.allow_reading(target, without)

    def enforce(self) -> None:
        """Binds the calling process and its descendants."""
        no_new_privileges()
        system_call(_RESTRICT, self.descriptor, 0)

    def _allow(self, path: Path, rights: int) -> None:
        with _Place(path) as place:
            _add(self.descriptor, place.rule(rights & self._rights))


class OwnRules:
    """What one child may do: as `SharedRules` to what is read, and to write in its own folder alone.

    Each rule but that of the folder is made ready once, because a child has no time. Everything is refused that is not
    allowed here, so the folder of the children's folders can be neither written nor listed.

    Raises:
        LandlockError: if this kernel has none.
    """

    def __init__(self) -> None:
        abi = version()
        if not abi:
            raise LandlockError("this kernel has no Landlock")
        self._rights = _known(abi)
        self._attributes = _buffer(struct.pack("<Q", self._rights))
        self._places: list[_Place] = []
        self._rules: list[Buffer] = []

    @property
    def descriptors(self) -> list[int]:
        """What has to stay open until `enforce`."""
        return [place.descriptor for place in self._places]

    def allow_reading(self, path: Path) -> None:
        """Lets `path` be read, and what lies in it, as far as the shared rules do."""
        if path.exists():
            self._keep(path, _READ)

    def allow_writing(self, path: Path) -> None:
        """Lets a file be read and written."""
        self._keep(path, _READ_FILE | _WRITE_FILE)

    def allow_device(self, path: Path) -> None:
        """Lets a device file, or those of a folder, be read, written and controlled."""
        self._keep(path, _READ_FILE | _WRITE_FILE | _IOCTL_DEVICE | _READ_DIR)

    def enforce(self, folder: Path, naming_threads: bool = False) -> None:
        """Binds the calling process and its descendants.

        Args:
            folder: the child's own.
            naming_threads: whether it may write beneath its own `/proc/self/task`, where each thread's name is, in
                `comm`. A rule covers all that lies in a folder, and the threads to come have no numbers yet. So more
                than names can be written there, all of it the process's own: `mem`, its memory, which it can write
                anyhow; `oom_score_adj`, to be ended sooner when memory is short; `loginuid`, once, where nobody has
                logged in. To be ended later takes a privilege, which `Privileges.give_up` ends.
        """
        ruleset = _create(self._attributes)
        for rule in self._rules:
            _add(ruleset, rule)
        with _Place(folder) as place:
            _add(ruleset, place.rule(_OWN & self._rights))
        tasks = Path("/proc/self/task")
        if naming_threads and tasks.exists():
            with _Place(tasks) as place:
                _add(ruleset, place.rule((_WRITE_FILE | _TRUNCATE) & self._rights))
        no_new_privileges()
        system_call(_RESTRICT, ruleset, 0)
        os.close(ruleset)

    def _keep(self, path: Path, rights: int) -> None:
        place = _Place(path)
        self._places.append(place)
        self._rules.append(place.rule(rights & self._rights))


class _Place:
    """A file or folder, held open without being read."""

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        self._of_files = (
            0 if path.is_dir() else _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
        )

    def __enter__(self) -> _Place:
        return self

    def __exit__(self, *exception: object) -> None:
        os.close(self.descriptor)

    def rule(self, rights: int) -> Buffer:
        """A `struct landlock_path_beneath_attr`: those of `rights` that a file, or a folder, can have."""
        fitting = rights & self._of_files if self._of_files else rights
        return _buffer(struct.pack("<Qi", fitting, self.descriptor))


def _known(abi: int) -> int:
    return (1 << _FILE_RIGHTS[min(abi, max(_FILE_RIGHTS))]) - 1


def _buffer(data: bytes) -> Buffer:
    return create_string_buffer(data, len(data))


def _create(attributes: Buffer) -> int:
    return system_call(_CREATE, addressof(attributes), len(attributes), 0)


def _add(ruleset: int, rule: Buffer) -> None:
    system_call(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, addressof(rule), 0)
