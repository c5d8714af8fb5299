"""What a child may use: the numbers in one place, and how the kernel is told."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from dataclasses import dataclass

from .confinement import Layer

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Bounds on one child; a real solution needs a hundredth of each.

    Wall time is by the clock. Where Linux tells for how long a child was ready to run while other processes did, that
    does not count, up to nine times the bound.

    Args:
        import_seconds: wall time for importing the student's file (module-level training loops exist).
        call_seconds: wall time for one probe.
        exercise_seconds: wall time for all of an exercise's checks together.
        memory_bytes: memory on top of what the zygote has, shared memory too.
        processes: number of processes and threads.
        file_bytes: size of one file.
        folder_bytes: all files in the child's private folder, and open ones that were removed.
        folder_entries: number of files and folders in it.
        folder_depth: how many folders may lie in each other there.
        open_files: number of file descriptors.
        output_bytes: what the student's code may print during one import or probe.
        answer_bytes: size of one answer.
        gpu_fraction: share of a GPU's memory that a child may take; several workers share one GPU, so that this times
            their number stays below 1.
    """

    import_seconds: float = 10.0
    call_seconds: float = 5.0
    exercise_seconds: float = 30.0
    memory_bytes: int = 4096 * MIB
    processes: int = 512
    file_bytes: int = 64 * MIB
    folder_bytes: int = 256 * MIB
    folder_entries: int = 10_000
    folder_depth: int = 32
    open_files: int = 128
    output_bytes: int = 1 * MIB
    answer_bytes: int = 64 * MIB
    gpu_fraction: float = 0.1


_MORE_ADDRESSES = 8192 * MIB  # for stacks of threads, and what an allocator sets aside


def apply_limits(limits: Limits, device: str = "cpu") -> None:
    """Bounds the calling process, for good. Wall time and output are kept by the trusted process."""
    try:
        import resource
    except ImportError:  # not a Unix: the trusted process still keeps the wall clock
        return
    seconds = cpu_seconds(limits)
    mapped, data = _mapped()
    wanted = {
        # soft below hard: a child that ignores SIGXCPU is killed a second later
        "RLIMIT_CPU": (seconds, seconds + 1),
        "RLIMIT_DATA": (data + limits.memory_bytes,) * 2,
        # address space is wider than what is used; this bounds shared mappings and the number of threads
        "RLIMIT_AS": (mapped + limits.memory_bytes + _MORE_ADDRESSES,) * 2,
        "RLIMIT_FSIZE": (limits.file_bytes, limits.file_bytes),
        "RLIMIT_NOFILE": (limits.open_files, limits.open_files),
        "RLIMIT_CORE": (0, 0),
    }
    if device == "cuda":
        # CUDA maps far more addresses than it uses; the trusted process watches what is resident
        del wanted["RLIMIT_AS"], wanted["RLIMIT_DATA"]
    # the first to go where a machine has no memory left
    with (
        contextlib.suppress(OSError),  # not Linux
        open("/proc/self/oom_score_adj", "w", encoding="ascii") as file,
    ):
        file.write("1000")
    for name, (soft, hard) in wanted.items():
        kind = getattr(resource, name, None)
        if kind is None:
            continue
        ceiling = resource.getrlimit(kind)[1]
        if ceiling != resource.RLIM_INFINITY:
            soft, hard = min(soft, ceiling), min(hard, ceiling)
        with contextlib.suppress(OSError, ValueError):  # macOS refuses RLIMIT_DATA
            resource.setrlimit(kind, (soft, hard))


def cpu_seconds(limits: Limits) -> int:
    """Of a processor, for all that a child does; a second less than this process may have itself (`ulimit -t`)."""
    seconds = int(limits.import_seconds + limits.exercise_seconds) + 5
    try:
        import resource

        ceiling = resource.getrlimit(resource.RLIMIT_CPU)[1]
    except ImportError:
        return seconds
    return seconds if ceiling == resource.RLIM_INFINITY else min(seconds, max(ceiling - 1, 1))


def _mapped() -> tuple[int, int]:
    """What this process has mapped already, and how much of it is data, in bytes: a torch with CUDA maps gigabytes."""
    try:
        import resource

        with open("/proc/self/statm", encoding="ascii") as file:
            pages = [int(each) for each in file.read().split()]
        return pages[0] * resource.getpagesize(), pages[5] * resource.getpagesize()
    except (ImportError, OSError, ValueError, IndexError):  # not Linux
        return 0, 0


_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def die_with_parent(parent: int) -> None:
    """Linux: the kernel kills this process when its parent ends, however that happens."""
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before we asked
            os._exit(1)


def adopt_orphans() -> None:
    """Linux: descendants that lose their parent come to this process, so that it can end them."""
    if sys.platform == "linux":
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


# what holds wherever this runs, because the trusted process sees to it
PORTABLE = tuple(
    Layer(name, True)
    for name in (
        "separate process",
        "wall clock",
        "output cap",
        "clean environment",
        *(("resource limits", "group kill") if os.name == "posix" else ()),
        *(("orphan reaping",) if sys.platform == "linux" else ()),
    )
)
