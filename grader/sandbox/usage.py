"""What a child has taken of the machine, looked at from outside: memory, processes and threads, files and folders.

The kernel's own limits miss some of it: memory that is shared, files in great number, files that have no name any more.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress

from ..errors import NoAnswer
from .isolation.limits import MIB, Limits
from .private_folder import Contents, PrivateFolder

_LOOK_SECONDS = 0.05  # between two looks; what is quicker than this is not looked at
_SHARE = 5  # a look that took long is followed by so many times its length without one
_NO_FILE = "/dev/zero"  # what stands for the file of memory that is shared without one
_UNSEEN_BYTES = 256 * MIB  # what can be written to between two looks, and then be unmapped
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class Usage:
    """Looks at one child by the clock, whether it is silent or not.

    Args:
        pid: the child's.
        zygote: the zygote's process id, where the kernel lets children start processes; `None` where it does not.
        folder: what the child, or whatever it started, can write in.
        limits: how much it may take.
        beside: the process ids of other children of the zygote, which are not its own.

    Attributes:
        due: when the next look is to be, by `time.monotonic()`, in seconds.
        shared_bytes: what the child had in memory at its start: the zygote's, until it writes to it.
    """

    def __init__(
        self,
        pid: int,
        zygote: int | None,
        folder: PrivateFolder,
        limits: Limits,
        beside: Callable[[], Collection[int]] = tuple,
    ) -> None:
        self._pid = pid
        self._beside = beside
        self._zygote = zygote
        self._folder = folder
        self._limits = limits
        self.shared_bytes = _memory_and_threads(pid)[0]
        self.due = time.monotonic() + _LOOK_SECONDS

    def look(self) -> None:
        """Sees whether all of it is within bounds, at a cost that is bounded too.

        Raises:
            NoAnswer: if something is not; it names what.
        """
        start = time.monotonic()
        unnamed = self._expect_fair_processes()
        self._expect_fair_folder(unnamed)
        end = time.monotonic()
        self.due = end + max(_LOOK_SECONDS, _SHARE * (end - start))

    def _expect_fair_processes(self) -> int:
        """Adds up what the child and its descendants have; the bytes of files that have no name any more."""
        limits, memory, tasks = self._limits, 0, 0
        unnamed: dict[int, int] = {}
        for pid in self._processes():
            resident, threads = _memory_and_threads(pid)
            maps = _maps_of(pid)
            memory += max(resident - self.shared_bytes, _shared_memory(pid, maps), 0)
            tasks += threads
            if memory > limits.memory_bytes:
                raise too_much_memory(limits)
            if tasks > limits.processes:
                raise NoAnswer(
                    "excess",
                    "started more than {most:,} processes and threads",
                    most=limits.processes,
                )
            unnamed |= self._unnamed_files(pid, maps)
        return sum(unnamed.values())

    def _processes(self) -> Iterator[int]:
        yield self._pid
        if self._zygote is not None:
            apart = {self._pid, *self._beside()}
            yield from (pid for pid in _descendants(self._zygote) if pid not in apart)

    def _unnamed_files(self, pid: int, maps: str) -> dict[int, int]:
        """The files of a process that were removed, by number, each with its bytes on the disk.

        One that is mapped and not open has the most that a file can have, where only root can see how much it has.
        """
        found = _open_unnamed_files(pid)
        for number, span in _mapped_unnamed_files(maps, f"{self._folder.path.resolve()}/"):
            if number not in found:
                found[number] = _bytes_behind(pid, span, self._limits.file_bytes)
        return found

    def _expect_fair_folder(self, unnamed: int) -> None:
        limits = self._limits
        # the child's own folder is one in it
        most = Contents(limits.folder_bytes, limits.folder_entries + 1, limits.folder_depth + 1)
        found = self._folder.contents(most)
        if found.size + unnamed > most.size:
            size = limits.folder_bytes // MIB
            raise NoAnswer("excess", "wrote more than {most:,} MiB of files", most=size)
        if found.entries > most.entries:
            number = limits.folder_entries
            raise NoAnswer("excess", "made more than {most:,} files and folders", most=number)
        if found.depth > most.depth:
            depth = limits.folder_depth
            raise NoAnswer(
                "excess", "put folders more than {most:,} deep into each other", most=depth
            )


def too_much_memory(limits: Limits) -> NoAnswer:
    """What is told of a child that took more than its share."""
    most = limits.memory_bytes // MIB
    return NoAnswer("excess", "used more than {most:,} MiB of memory", most=most)


def _memory_and_threads(pid: int) -> tuple[int, int]:
    """The bytes of a process that are in memory, shared and locked ones among them, and the number of its threads.

    Fields 24 and 20 of `/proc/<pid>/stat`, as proc(5) counts them; zeros where there is no such file.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()  # the third field and those after it
        return int(fields[21]) * _PAGE, int(fields[17])
    except (OSError, IndexError):  # not Linux, or it has just ended
        return 0, 0


def _descendants(pid: int) -> Iterator[int]:
    """Those of a process, where the kernel lists children; whoever asks stops when there are too many."""
    waiting = [pid]
    while waiting:
        above = waiting.pop()
        with suppress(OSError), os.scandir(f"/proc/{above}/task") as tasks:
            for task in tasks:
                with suppress(OSError), open(f"{task.path}/children", "rb") as file:
                    for word in file.read().split():
                        waiting.append(int(word))
                        yield int(word)


def _open_unnamed_files(pid: int) -> dict[int, int]:
    """The open files of a process that were removed, by number, each with its bytes on the disk.

    A block of memory that behaves like a file is none of them: children can make none, and memory is looked at as such.
    """
    found = {}
    with suppress(OSError), os.scandir(f"/proc/{pid}/fd") as descriptors:
        for descriptor in descriptors:
            with suppress(OSError):
                facts = os.stat(descriptor.path)
                if stat.S_ISREG(facts.st_mode) and facts.st_nlink == 0:
                    if not os.readlink(descriptor.path).startswith("/memfd:"):
                        found[facts.st_ino] = facts.st_blocks * 512
    return found


def _shared_memory(pid: int, maps: str) -> int:
    """The bytes of memory that a process shares without a file, also of what it has unmapped of it."""
    spans = dict(_mapped_unnamed_files(maps, _NO_FILE))
    return sum(_bytes_behind(pid, span, _UNSEEN_BYTES) for span in spans.values())


def _maps_of(pid: int) -> str:
    """What a process has mapped, as proc(5) has it of `/proc/<pid>/maps`."""
    with suppress(OSError), open(f"/proc/{pid}/maps", errors="surrogateescape") as file:
        return file.read()
    return ""


def _mapped_unnamed_files(maps: str, start: str) -> Iterator[tuple[int, str]]:
    """The mapped files that were removed, and whose path began so: number, and where it is mapped.

    A file stays as long as one page of it is mapped.
    """
    beneath = f" {start}"
    for line in maps.splitlines() if beneath in maps else ():
        if beneath in line and line.endswith(" (deleted)"):
            span, _, _, _, number, _ = line.split(maxsplit=5)
            first, last = span.split("-")
            yield int(number), f"{int(first, 16):x}-{int(last, 16):x}"


def _bytes_behind(pid: int, span: str, unknown: int) -> int:
    """The bytes of what is mapped at `span`, also those that are not mapped; `unknown` where only root can see it."""
    with suppress(OSError):
        return os.stat(f"/proc/{pid}/map_files/{span}").st_blocks * 512
    return unknown


def process_id(number: object) -> int:
    """One that stands for a single process: signals go to it."""
    if type(number) is not int or number < 2:
        raise ValueError
    return number
