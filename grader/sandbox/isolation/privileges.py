"""Capabilities: what makes root more than an ordinary user is given up before student code runs (Linux).

The numbers are those of the kernel's `include/uapi/linux/capability.h`, `securebits.h` and `prctl.h`; `capabilities(7)`
says what each does.
"""

from __future__ import annotations

import os
import struct
import sys
import threading
from contextlib import suppress
from ctypes import create_string_buffer, get_errno

from .kernel import control, libc

_VERSION_3 = 0x20080522
_HEADER = create_string_buffer(struct.pack("<Ii", _VERSION_3, 0))  # of the calling thread
_READ_ANY = 1 << 2  # CAP_DAC_READ_SEARCH
_SETPCAP = 1 << 8

_PR_CAPBSET_DROP, _PR_SET_SECUREBITS, _PR_CAP_AMBIENT = 24, 28, 47
_PR_SET_NO_NEW_PRIVS, _PR_GET_NO_NEW_PRIVS = 38, 39
_CLEAR_ALL = 4
# NOROOT, NO_SETUID_FIXUP and NO_CAP_AMBIENT_RAISE, each locked; KEEP_CAPS locked off
_SECURE = 0b11_10_11_11


def held() -> int:
    """The capabilities in effect, a bit for each; 0 for an ordinary user, and where there are none."""
    if sys.platform != "linux":
        return 0
    data = create_string_buffer(24)
    if libc().capget(_HEADER, data) != 0:
        return 0
    # effective, permitted and inheritable: 32 bits each, then 32 more
    low, permitted, _, high, permitted_high, _ = struct.unpack("<6I", data.raw)
    return int(low | permitted | (high | permitted_high) << 32)


def lock() -> None:
    """Nothing that this process or a descendant runs from here on gains a capability. What is held stays.

    For the zygote: its children inherit it. It takes a privilege, and who has none has nothing to lose.
    """
    no_new_privileges()
    if not held() & _SETPCAP:
        return
    control(_PR_SET_SECUREBITS, _SECURE)
    with suppress(OSError):  # Linux before 4.3 has no ambient set
        control(_PR_CAP_AMBIENT, _CLEAR_ALL)
    with suppress(OSError):  # EINVAL: the number after the last one
        for number in range(64):
            control(_PR_CAPBSET_DROP, number)


class Privileges:
    """What a child gives up: every capability, but for one where this Python's packages could not be read without it.

    Root may read files that are another user's and closed to others, such as packages in a home directory. A child
    that imports what the zygote has not imported has to read them as well; which files that are, Landlock says.
    """

    def __init__(self) -> None:
        self.kept = _READ_ANY if held() & _READ_ANY and not _can_read_modules_without() else 0
        self._kept = create_string_buffer(struct.pack("<6I", self.kept, self.kept, 0, 0, 0, 0))

    def give_up(self) -> None:
        """Root, too, may afterwards do no more than an ordinary user.

        Raises:
            OSError: if the kernel refuses.
        """
        if libc().capset(_HEADER, self._kept) != 0:
            raise OSError(get_errno(), "capset")


def _can_read_modules_without() -> bool:
    """Whether what has been imported can be read by who has no capability: a file of each folder is tried.

    By a thread, since capabilities are a thread's own, and to fork takes longer.
    """
    paths = [path for file in _imported_files() for path in (os.path.dirname(file), file)]
    readable = []

    def read() -> None:
        libc().capset(_HEADER, create_string_buffer(24))
        with suppress(OSError):
            for path in paths:
                os.close(os.open(path, os.O_RDONLY))
            readable.append(True)

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    return bool(readable)


def _imported_files() -> list[str]:
    """One file for each folder that a module was imported from."""
    # not by `getattr`, at which a module that is imported lazily would be
    found = (
        vars(module).get("__file__")
        for module in list(sys.modules.values())
        if hasattr(module, "__dict__")
    )
    files = {os.path.dirname(file): file for file in found if file}
    return [file for file in files.values() if os.path.isfile(file)]


def no_new_privileges() -> None:
    """A program that is run from here on gains nothing from a set-user-id bit; Landlock and seccomp ask for it."""
    control(_PR_SET_NO_NEW_PRIVS, 1)


def can_gain() -> bool:
    """Whether a program that is run from here on can have more privileges than this process."""
    return control(_PR_GET_NO_NEW_PRIVS) == 0
