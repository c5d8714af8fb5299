"""What would start another process, or share memory with one, is let pass: the kernel refuses both.

A grader has nothing to show to, and no process to share with. So a program that a demo starts has ended at once and
has said nothing, a lock between processes is one between threads, and memory that is to be shared stays where it is.
Where the kernel refuses nothing, all of it is as Python and torch have it.
"""

from __future__ import annotations

import functools
import subprocess
import threading
from typing import Any

import torch

_ENDS = slice(10, 16)  # of the pipes, among the arguments of `Popen._execute_child`


def tolerate() -> None:
    """Puts the tolerant functions into their modules. For the zygote, once."""
    import _multiprocessing  # type: ignore[import-not-found]

    names: Any = vars(_multiprocessing)
    names["SemLock"] = _lock_class(_multiprocessing.SemLock)
    popen: Any = subprocess.Popen
    popen._execute_child = _ended_at_once(popen._execute_child)
    storage: Any = torch.UntypedStorage
    storage.share_memory_ = _left_where_it_is(storage.share_memory_)
    storage._new_shared = classmethod(_made_here(storage._new_shared.__func__))


def _ended_at_once(start: Any) -> Any:
    @functools.wraps(start)
    def run(self: Any, *arguments: Any, **options: Any) -> None:
        try:
            start(self, *arguments, **options)
        except PermissionError:
            self._close_pipe_fds(*arguments[_ENDS])
            self.pid, self.returncode = 0, 0

    return run


def _left_where_it_is(share: Any) -> Any:
    @functools.wraps(share)
    def run(self: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return share(self, *arguments, **options)
        except RuntimeError as error:
            _raise_unless_refused(error)
            return self

    return run


def _made_here(make: Any) -> Any:
    """A worker of a `DataLoader` puts its batches together in shared memory."""

    @functools.wraps(make)
    def run(cls: Any, size: int, *arguments: Any, **options: Any) -> Any:
        try:
            return make(cls, size, *arguments, **options)
        except RuntimeError as error:
            _raise_unless_refused(error)
            return cls(size)

    return run


def _raise_unless_refused(error: RuntimeError) -> None:
    if "Permission denied" not in str(error):
        raise error


def _lock_class(given: Any) -> Any:
    """A class in the place of the lock `given`, which is one between threads where the kernel refuses `given`'s."""

    class SemLock:
        SEM_VALUE_MAX = given.SEM_VALUE_MAX
        _rebuild = getattr(given, "_rebuild", None)

        def __new__(cls, *arguments: Any, **options: Any) -> Any:
            try:
                return given(*arguments, **options)
            except PermissionError:
                return super().__new__(cls)

        def __init__(self, kind: int, value: int, maxvalue: int, name: str, unlink: bool) -> None:
            self.kind, self.maxvalue, self.name, self.handle = kind, maxvalue, None, 0
            self._value, self._owner, self._depth = value, 0, 0
            self._changed = threading.Condition()

        def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
            me, recursive = threading.get_ident(), self.kind == 0
            with self._changed:
                if not (recursive and self._depth and self._owner == me):
                    if not self._changed.wait_for(
                        lambda: self._value > 0, timeout if block else 0.0
                    ):
                        return False
                    self._value -= 1
                self._owner, self._depth = me, self._depth + 1
                return True

        def release(self) -> None:
            with self._changed:
                if self.kind == 0 and not self._is_mine():
                    raise AssertionError("attempt to release recursive lock not owned by thread")
                if self.kind != 0 and self._value >= self.maxvalue:
                    raise ValueError("semaphore or lock released too many times")
                self._depth -= 1
                if self.kind != 0 or not self._depth:
                    self._value += 1
                    self._changed.notify()

        def __enter__(self) -> bool:
            return self.acquire()

        def __exit__(self, *exception: object) -> None:
            self.release()

        def _is_mine(self) -> bool:
            return self._depth > 0 and self._owner == threading.get_ident()

        def _count(self) -> int:
            return self._depth

        def _get_value(self) -> int:
            return self._value

        def _is_zero(self) -> bool:
            return self._value == 0

        def _after_fork(self) -> None:
            pass

    return SemLock
