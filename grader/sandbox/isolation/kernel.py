"""Linux's calls for which Python has no function."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache


@cache
def libc() -> ctypes.CDLL:
    """The C library of this process. Loaded once, before a fork: in each child it would cost 0.2 ms."""
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    library.syscall.argtypes = [ctypes.c_long] * 7
    if sys.platform == "linux":
        library.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
    return library


def system_call(number: int, *arguments: int) -> int:
    """Makes a system call, with numbers and addresses of buffers for arguments.

    Raises:
        OSError: if it fails.
    """
    return _checked(libc().syscall(number, *arguments, *(0,) * (6 - len(arguments))))


def control(option: int, *arguments: int) -> int:
    """`prctl`, about the calling process.

    Raises:
        OSError: if it fails.
    """
    return _checked(libc().prctl(option, *arguments, *(0,) * (4 - len(arguments))))


def _checked(result: int) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result
