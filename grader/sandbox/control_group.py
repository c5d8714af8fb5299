"""The kernel's own bound on what a zygote's children take together, where this process may set one (cgroups v2).

    <the group that the grader was started in>     its own: systemd-run --user --scope -p Delegate=yes grader …
        grader-trusted/     the grader, with what it starts
        grader-<pid>-<n>/   a zygote and its child

The kernel keeps it at each page and each fork, where looks from outside (`usage.py`) come by the clock. All of it is as
the kernel's Documentation/admin-guide/cgroup-v2.rst has it.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from itertools import count
from pathlib import Path

from .isolation.limits import Limits

_PROC = Path("/proc/self")
_OURS = "grader-trusted"
_CONTROLLERS = {"memory", "pids"}
_END_SECONDS = 1.0  # until the kernel lets a group go whose last process has ended
_numbers = count()


class ControlGroup:
    """Around one zygote and its child; without a group of the grader's own it does nothing.

    Args:
        wanted: whether there is to be one.

    Attributes:
        path: where the kernel shows it; `None` where there is none.
    """

    def __init__(self, wanted: bool = True) -> None:
        self.path: Path | None = None
        self._holds = False
        if wanted and (above := enter()):
            path = above / f"grader-{os.getpid()}-{next(_numbers)}"
            with suppress(OSError):
                path.mkdir()
                self.path = path

    def hold(self, zygote: int, child: int, limits: Limits) -> None:
        """Bounds what is taken from now on: `memory_bytes` and `folder_bytes` together, and `processes`.

        Args:
            zygote: its process id. What it has taken before it was held does not count.
            child: the process id of one that has read nothing of a student's yet.
        """
        path = self.path
        if not path:
            return
        with suppress(OSError, ValueError):  # one that has just ended is told of by whoever asks it
            if not self._holds:
                for process in (zygote, child):
                    _write(path / "cgroup.procs", process)
                self._holds = True
                with suppress(OSError):  # where there is no swap
                    _write(path / "memory.swap.max", 0)
            memory = limits.memory_bytes + limits.folder_bytes
            _write(path / "memory.max", _number(path / "memory.current") + memory)
            _write(path / "pids.max", _number(path / "pids.current") + limits.processes)

    def times_full(self) -> int:
        """How often memory was at the bound of this group, so that the kernel ended a process of it."""
        with suppress(OSError, ValueError):
            if self.path:
                events = (self.path / "memory.events").read_text(encoding="ascii").split()
                return int(events[events.index("oom") + 1])  # `oom_kill` counts the machine's too
        return 0

    def remove(self) -> None:
        """Gives it up, once all that was in it has ended."""
        deadline = time.monotonic() + _END_SECONDS
        while self.path and time.monotonic() < deadline:
            try:
                self.path.rmdir()
                self.path = None
            except FileNotFoundError:
                self.path = None
            except OSError:
                time.sleep(0.01)


def enter() -> Path | None:
    """The group in which this process may make others, which it leaves for one beneath it; `None` where there is none.

    To be asked for before others are started: it has to be this process's alone at first, because a group with groups
    beneath it has no processes of its own.
    """
    with suppress(OSError, ValueError, IndexError):
        group = _group_of_this_process()
        if group.name == _OURS and _words(group.parent / "cgroup.subtree_control") >= _CONTROLLERS:
            return group.parent
        if not _words(group / "cgroup.controllers") >= _CONTROLLERS:
            return None
        if _words(group / "cgroup.procs") != {str(os.getpid())}:
            return None
        ours = group / _OURS
        ours.mkdir(exist_ok=True)
        _write(ours / "cgroup.procs", os.getpid())
        try:
            _write(group / "cgroup.subtree_control", " ".join(f"+{each}" for each in _CONTROLLERS))
        except OSError:
            _write(group / "cgroup.procs", os.getpid())
            ours.rmdir()
            raise
        return group
    return None


def _group_of_this_process() -> Path:
    """Where the kernel shows it, as cgroups(7) and proc(5) tell.

    Raises:
        OSError, ValueError, IndexError: if there are no cgroups v2 here.
    """
    lines = (_PROC / "cgroup").read_text(encoding="utf-8").splitlines()
    [name] = [line.removeprefix("0::") for line in lines if line.startswith("0::")]
    for line in (_PROC / "mountinfo").read_text(encoding="utf-8").splitlines():
        fields = line.split()
        if fields[fields.index("-") + 1] == "cgroup2":
            return Path(fields[4]) / Path(name).relative_to(fields[3])
    raise ValueError("no cgroup2 is mounted")


def _words(file: Path) -> set[str]:
    return set(file.read_text(encoding="ascii").split())


def _number(file: Path) -> int:
    return int(file.read_text(encoding="ascii"))


def _write(file: Path, what: object) -> None:
    file.write_text(str(what), encoding="ascii")
