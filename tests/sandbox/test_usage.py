"""What a process has taken, seen from outside by the clock. Processes of our own stand for children."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from grader.errors import NoAnswer
from grader.sandbox import usage
from grader.sandbox.isolation.limits import MIB, Limits
from grader.sandbox.private_folder import Contents, PrivateFolder
from grader.sandbox.usage import Usage

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@contextmanager
def at_work(folder: PrivateFolder, limits: Limits, program: str) -> Iterator[Usage]:
    """Looks at a process from its start on; it is given when `program` has printed a line."""
    command = f"import sys; sys.stdin.readline()\n{program}\nprint(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", command],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder.new(),
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stdout
        try:
            seen = Usage(process.pid, None, folder, limits)
            process.stdin.write(b"\n")
            process.stdin.flush()
            assert process.stdout.readline() == b"\n"
            yield seen
        finally:
            process.kill()


SHARED = "import mmap; kept = mmap.mmap(-1, 64 << 20); kept.write(bytes(64 << 20))"
UNMAPPED = (
    "import mmap; kept = mmap.mmap(-1, 64 << 20); kept.write(bytes(64 << 20)); kept.resize(4096)"
)
LET_GO = SHARED + "; kept.madvise(mmap.MADV_DONTNEED)"
PRIVATE = "kept = bytes(bytearray(b'x') * (64 << 20))"
THREADS = (
    "import threading, time\n"
    "for _ in range(9): threading.Thread(target=time.sleep, args=(99,), daemon=True).start()"
)
UNNAMED = (
    "import os; kept = open('a', 'wb'); os.unlink('a'); kept.write(bytes(8 << 20)); kept.flush()"
)
MAPPED = """
import ctypes, os
libc = ctypes.CDLL(None)
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
os.mkdir("d")
for n in range(3):
    with open("d/a", "wb") as file:
        file.write(bytes(3 << 20))
    with open("d/a", "rb") as file:
        libc.mmap(None, 4096, 1, 1, file.fileno(), 0)
    os.unlink("d/a")
os.rmdir("d")
"""
BLOCK = "import os; kept = os.memfd_create('a'); os.write(kept, bytes(8 << 20))"
FILES = "for n in range(30): open(str(n), 'wb').write(bytes(1 << 20))"
MANY = "for n in range(60): open(str(n), 'wb').close()"
FOLDERS = "import os\nfor n in range(60): os.mkdir(str(n))"
DEEP = "import os\nfor n in range(12): os.mkdir('a'); os.chdir('a')"
LIMITS = Limits(
    memory_bytes=48 * MIB, processes=8, folder_bytes=6 * MIB, folder_entries=50, folder_depth=10
)


@linux
@pytest.mark.parametrize(
    ("program", "told"),
    [
        (SHARED, "used more than 48 MiB of memory"),
        (UNMAPPED, "used more than 48 MiB of memory"),
        (LET_GO, "used more than 48 MiB of memory"),
        (PRIVATE, "used more than 48 MiB of memory"),
        (THREADS, "started more than 8 processes and threads"),
        (UNNAMED, "wrote more than 6 MiB of files"),
        (MAPPED, "wrote more than 6 MiB of files"),
        (FILES, "wrote more than 6 MiB of files"),
        (MANY, "made more than 50 files and folders"),
        (FOLDERS, "made more than 50 files and folders"),
        (DEEP, "put folders more than 10 deep into each other"),
    ],
)
def test_what_is_exceeded_is_named(folder: PrivateFolder, program: str, told: str) -> None:
    with at_work(folder, LIMITS, program) as seen, pytest.raises(NoAnswer) as caught:
        seen.look()
    assert caught.value.reason == "excess"
    assert str(caught.value) == told


@linux
@pytest.mark.parametrize(
    "program",
    ["", SHARED, UNMAPPED, LET_GO, PRIVATE, THREADS, UNNAMED, MAPPED, BLOCK, FILES, MANY, DEEP],
)
def test_what_is_within_bounds_may_go_on(folder: PrivateFolder, program: str) -> None:
    with at_work(folder, Limits(), program) as seen:
        seen.look()


@linux
def test_a_block_of_memory_that_is_like_a_file_is_no_file(folder: PrivateFolder) -> None:
    """The trusted side may hand one to a child."""
    with at_work(folder, LIMITS, BLOCK) as seen:
        seen.look()


@linux
def test_the_bounds_are_met_exactly(folder: PrivateFolder) -> None:
    program = "import os\nfor n in range(10): os.mkdir('a'); os.chdir('a')\nfor n in range(40): os.mkdir(str(n))"
    with at_work(folder, LIMITS, program.replace("os.mkdir(str(n))", "open(str(n), 'w')")) as seen:
        seen.look()
    folder.empty()
    with at_work(folder, LIMITS, program.replace("40", "41")) as seen, pytest.raises(NoAnswer):
        seen.look()


FORKS = """
import os, time
for _ in range(9):
    pid = os.fork()
    if pid == 0:
        os.setsid()
        if os.fork(): os._exit(0)
        time.sleep(99)
    os.waitpid(pid, 0)
"""


@linux
def test_what_a_child_started_is_counted_where_it_may_start_something(
    folder: PrivateFolder,
) -> None:
    """The orphans come to the zygote; here a process stands for it that adopts them."""
    program = (
        "from grader.sandbox.isolation.limits import adopt_orphans; adopt_orphans()\n"
        f"import os, sys\nif os.fork() == 0:\n    exec({FORKS!r}); print(flush=True); time.sleep(99)\n"
        "os.read(0, 1)\nos.killpg(0, 9)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        cwd=Path(usage.__file__).parents[2], start_new_session=True,
    ) as zygote:  # fmt: skip
        assert zygote.stdin
        assert zygote.stdout
        try:
            assert zygote.stdout.readline() == b"\n"
            [child, *others] = usage._descendants(zygote.pid)
            assert len(others) == 9
            with pytest.raises(NoAnswer, match="processes"):
                Usage(child, zygote.pid, folder, LIMITS).look()
            Usage(child, zygote.pid, folder, Limits()).look()
            Usage(child, None, folder, LIMITS).look()
        finally:
            for pid in usage._descendants(zygote.pid):
                os.kill(pid, 9)
            zygote.kill()


def test_one_that_has_ended_takes_nothing(folder: PrivateFolder) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    Usage(process.pid, process.pid, folder, Limits(memory_bytes=1, processes=1)).look()


def test_looks_are_taken_by_the_clock(
    folder: PrivateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not at once, and not so often that they would take the processor for themselves."""
    now = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    seen = Usage(os.getpid(), None, folder, Limits())
    assert seen.due == pytest.approx(now + 0.05)
    now += 0.05
    seen.look()
    assert seen.due == pytest.approx(now + 0.05)

    def slow(_: Contents) -> Contents:
        nonlocal now
        now += 0.2
        return Contents(0, 0, 0)

    monkeypatch.setattr(folder, "contents", slow)
    seen.look()
    assert seen.due == pytest.approx(now + 1.0)
