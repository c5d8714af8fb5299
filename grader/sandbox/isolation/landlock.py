"""Landlock: a process gives up, for good, every path that is not on its list (Linux 5.13 and later, no root needed).

The system calls and structures are those of the kernel's `Documentation/userspace-api/landlock.rst`.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
_RULE_PATH_BENEATH = 1
_VERSION_FLAG = 1
_PR_SET_NO_NEW_PRIVS = 38

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE = 1 << 14  # known to version 3
_IOCTL_DEVICE = 1 << 15  # known to version 5; before it nothing of the kind is refused
# how many kinds of access to files each version of the interface knows
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_READ = _READ_FILE | _READ_DIR | _EXECUTE  # shared libraries are mapped as executable


class LandlockError(Exception):
    """The kernel does not do it; the message says why."""


def version() -> int:
    """The version of the interface that this kernel has; 0 for none."""
    try:
        return _call(_CREATE, 0, 0, _VERSION_FLAG)
    except OSError:
        return 0


class Ruleset:
    """What a process may still reach. Built once; each child that enforces it is bound by it for good."""

    def __init__(self) -> None:
        abi = version()
        if not abi:
            raise LandlockError("this kernel has no Landlock")
        self._rights = (1 << _FILE_RIGHTS[min(abi, max(_FILE_RIGHTS))]) - 1
        network = 3 if abi >= 4 else 0  # TCP: bind and connect
        scope = 3 if abi >= 6 else 0  # abstract sockets and signals of processes outside
        attributes = struct.pack("<QQQ", self._rights, network, scope)
        size = 8 if abi < 4 else 16 if abi < 6 else 24
        buffer = ctypes.create_string_buffer(attributes[:size], size)
        self.descriptor = _call(_CREATE, ctypes.addressof(buffer), size, 0)

    def allow_reading(self, path: Path, without: Iterable[Path] = ()) -> None:
        """Lets `path` be read, and what lies in it, except the folders and files in `without`."""
        if not path.exists():
            return
        inside = [other for other in without if other.is_relative_to(path)]
        if path in inside:
            return
        if not inside:
            self._allow(path, _READ if path.is_dir() else _READ_FILE | _EXECUTE)
            return
        self._allow(path, _READ_DIR)
        for entry in path.iterdir():
            self.allow_reading(entry, inside)

    def allow_writing(self, path: Path) -> None:
        """Lets `path` be read and written, with all that lies in it."""
        self._allow(path, self._rights & ~_EXECUTE if path.is_dir() else _READ_FILE | _WRITE_FILE)

    def allow_device(self, path: Path) -> None:
        """Lets a device file, or those of a folder, be read, written and controlled."""
        rights = _READ_FILE | _WRITE_FILE | _IOCTL_DEVICE
        self._allow(path, rights | _READ_DIR if path.is_dir() else rights)

    def allow_naming_threads(self) -> None:
        """Lets the calling process write beneath its own `/proc/self/task`, where each thread's name is, in `comm`.

        A rule covers all that lies in a folder, and the threads to come have no numbers yet. So more than names can be
        written there, all of it the process's own: `mem`, its memory, which it can write anyhow; `oom_score_adj`, to
        be ended sooner when memory is short; `loginuid`, once, where nobody has logged in. To be ended later takes a
        privilege, which `give_up_privileges` ends.
        """
        folder = Path("/proc/self/task")
        if folder.exists():
            # the zygote's rules keep it, and it fits no later child: the kernel makes these folders anew
            self._allow(folder, _WRITE_FILE | _TRUNCATE)

    def _allow(self, path: Path, rights: int) -> None:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            rule = struct.pack("<Qi", rights & self._rights, descriptor)
            buffer = ctypes.create_string_buffer(rule, len(rule))
            address = ctypes.addressof(buffer)
            _call(_ADD_RULE, self.descriptor, _RULE_PATH_BENEATH, address, 0)
        finally:
            os.close(descriptor)

    def enforce(self) -> None:
        """Binds the calling process and its descendants."""
        no_new_privileges()
        _call(_RESTRICT, self.descriptor, 0)


def no_new_privileges() -> None:
    """A program that is run from here on gains nothing from a set-user-id bit; Landlock and seccomp ask for it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


# struct __user_cap_header_struct, and which capabilities may stay: a privileged user's packages may be another's files
_CAPABILITIES_3 = 0x20080522
_KEPT = 1 << 1 | 1 << 2  # to read and write files whoever owns them; Landlock says which


def give_up_privileges() -> None:
    """Root, too, may afterwards do no more than an ordinary user, except to files that Landlock leaves to it."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = ctypes.create_string_buffer(struct.pack("<Ii", _CAPABILITIES_3, 0))
    held = ctypes.create_string_buffer(
        24
    )  # effective, permitted and inheritable: 32 bits each, then 32 more
    if libc.capget(header, held) == 0:
        effective, permitted = struct.unpack("<II", held.raw[:8])
        kept = struct.pack("<6I", effective & _KEPT, permitted & _KEPT, 0, 0, 0, 0)
        if libc.capset(header, kept) == 0:
            return
    raise OSError(ctypes.get_errno(), "capset")


def _call(number: int, *arguments: int) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    result = libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return int(result)
