"""Owner, mode and times of files: the kernel refuses to change any, and in a child's own folder that goes unnoticed.

A filter of system calls does not see which file a call is about, so all are refused. Code that copies files, such as
`shutil.copy`, also copies their mode: in the child's own folder, where it matters to nobody, the functions of `os` then
do nothing instead of raising. Elsewhere they raise `PermissionError`.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

_NAMES = ("chmod", "fchmod", "chown", "fchown", "lchown", "utime")
_own = ""


def tolerate() -> None:
    """Puts the tolerant functions into `os`. For the zygote, once; until `in_folder` they change nothing."""
    replaced = {name: _tolerant(getattr(os, name)) for name in _NAMES}
    for name, tolerant in {**replaced, "truncate": _truncate(os.truncate)}.items():
        given = getattr(os, name)
        setattr(os, name, tolerant)
        for which in (os.supports_fd, os.supports_dir_fd, os.supports_follow_symlinks):
            if given in which:
                which.add(tolerant)


def in_folder(folder: str) -> None:
    """Tells which folder is this process's own."""
    global _own
    _own = os.path.realpath(folder)


def _tolerant(change: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(change)
    def run(path: Any, *arguments: Any, **options: Any) -> None:
        try:
            change(path, *arguments, **options)
        except PermissionError:
            if options.get("dir_fd") is not None or not _is_own(path):
                raise

    return run


def _truncate(by_name: Callable[..., None]) -> Callable[..., None]:
    """It is refused by name, as an old kernel's Landlock does not look at it; of an open file it is allowed."""

    @functools.wraps(by_name)
    def run(path: Any, length: int) -> None:
        try:
            by_name(path, length)
        except PermissionError:
            descriptor = os.open(path, os.O_WRONLY)
            try:
                os.ftruncate(descriptor, length)
            finally:
                os.close(descriptor)

    return run


def _is_own(path: Any) -> bool:
    """Whether it is this process's own folder, or lies in it.

    Raises:
        FileNotFoundError: if there is no such file.
    """
    os.stat(path)
    name = f"/proc/self/fd/{path}" if isinstance(path, int) else os.fsdecode(path)
    real = os.path.realpath(name)
    return bool(_own) and (real == _own or real.startswith(_own + os.sep))
