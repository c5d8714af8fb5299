"""A child: it answers, or what became of it is told for what it is."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.errors import NoAnswer, SandboxLost
from grader.sandbox import Child, Limits, Sandbox, ZygoteServer
from grader.sandbox.ended import Ended
from grader.sandbox.ends import Ends
from grader.sandbox.private_folder import PrivateFolder
from grader.sandbox.wire.messages import NOT_STARTED, READY
from grader.sandbox.wire.values import code_of
from tests.children import CALL, GOOD, call, load


def test_a_call(strict_sandbox: Sandbox) -> None:
    child, header = load(strict_sandbox, GOOD)
    assert header["names"] == ["f"]
    assert call(child) == 7
    assert call(child) == 7
    child.close()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("while True: pass", "timeout"),
        ("import time; time.sleep(1000)", "timeout"),
        ("import torch; a = torch.randn(9000, 9000); return (a @ a @ a @ a).sum().item()", "timeout"),
        (
            "import signal\n"
            "    for n in range(1, 65):\n"
            "        try: signal.signal(n, signal.SIG_IGN)\n"
            "        except (OSError, ValueError): pass\n"
            "    while True:\n"
            "        try: pass\n"
            "        except BaseException: pass",
            "timeout",
        ),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", "timeout"),
        ("import os; os._exit(0)", "died"),
        ("import os; os._exit(3)", "died"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "died"),
        ("import ctypes; ctypes.string_at(0)", "died"),
        ("import os; os.closerange(0, 4096)", "died"),
        ("while True: print('spam' * 1000)", "excess"),
        ("import os\n    for n in range(3, 64):\n        try: os.write(n, b'x' * 64)\n        except OSError: pass",
         "malformed"),
    ],
)  # fmt: skip
def test_a_child_that_gives_no_answer(strict_sandbox: Sandbox, body: str, reason: str) -> None:
    child, _ = load(strict_sandbox, f"def f():\n    {body}\n")
    start = time.monotonic()
    with pytest.raises(NoAnswer) as caught:
        call(child)
    assert caught.value.reason == reason
    # not the thousand seconds, however busy this machine is
    assert time.monotonic() - start < strict_sandbox.limits.call_seconds + 20
    assert not child.alive
    other, _ = load(strict_sandbox, GOOD)
    assert call(other) == 7
    other.close()


def test_the_line_of_a_hang_is_known(strict_sandbox: Sandbox) -> None:
    child, _ = load(strict_sandbox, "def f():\n    x = 0\n    while True:\n        x += 1\n")
    with pytest.raises(NoAnswer) as caught:
        call(child)
    assert caught.value.place in ((0, 3), (0, 4))


SMALL = Limits(
    import_seconds=60,  # none is to end by it
    memory_bytes=512 << 20,
    processes=32,
    folder_bytes=32 << 20,
    folder_entries=500,
    folder_depth=16,
)


@pytest.fixture(scope="module")
def small(zygote_server: ZygoteServer) -> Iterator[Sandbox]:
    with Sandbox(SMALL, zygote_server=zygote_server.address) as running:
        yield running


@pytest.fixture(scope="module")
def small_alone(zygote_server: ZygoteServer) -> Iterator[Sandbox]:
    """As on a platform whose kernel has no layers to offer."""
    with Sandbox(SMALL, confined=False, zygote_server=zygote_server.address) as running:
        yield running


SHARED = "m = mmap.mmap(-1, 6 << 30)\nwhile True: m.write(bytes(1 << 24))"
TRICKLED = "m = mmap.mmap(-1, 6 << 30)\nwhile True: os.write(1, b'.'); m.write(bytes(1 << 20))"
FILES = "for i in range(10 ** 6): open(str(i), 'wb').write(bytes(1 << 20))"
TRICKLED_FILES = (
    "for i in range(10 ** 6): os.write(1, b'.'); open(str(i), 'wb').write(bytes(1 << 20))"
)
UNNAMED = (
    "k = []\nwhile True: k.append(open('a', 'wb')); os.unlink('a'); k[-1].write(bytes(1 << 24))"
)
MANY = "for i in range(10 ** 6): open(str(i), 'wb').close()"
FOLDERS = "for i in range(10 ** 6): os.mkdir(str(i))"
DEEP = "while True: os.mkdir('a'); os.chdir('a')"
THREADS = "for _ in range(40): threading.Thread(target=time.sleep, args=(99,), daemon=True).start()"
IMPORTS = "import mmap, os, threading, time\n"


def expect_room_for_the_next(sandbox: Sandbox) -> None:
    """The next child finds nothing beside it, also where a slow disk left something to remove before it came."""
    child = sandbox.open()
    assert list(sandbox._folder.path.iterdir()) == [child._home]
    child.close()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (SHARED, "used more than 512 MiB of memory"),
        (TRICKLED, "used more than 512 MiB of memory"),
        (FILES, "wrote more than 32 MiB of files"),
        (TRICKLED_FILES, "wrote more than 32 MiB of files"),
        (UNNAMED, "wrote more than 32 MiB of files"),
        (MANY, "made more than 500 files and folders"),
        (FOLDERS, "made more than 500 files and folders"),
        (DEEP, "put folders more than 16 deep into each other"),
        (THREADS + "\nwhile True: pass", "started more than 32 processes and threads"),
    ],
)
def test_what_the_kernels_limits_miss_is_bounded(small: Sandbox, body: str, told: str) -> None:
    """Whether the child is silent or not, and in all that is at most a look too late."""
    child = small.open()
    with pytest.raises(NoAnswer) as caught:
        child.load("exercise", [("exercise.py", IMPORTS + body)])
    assert caught.value.reason == "excess"
    assert str(caught.value) == told
    expect_room_for_the_next(small)


BESIDE = "for i in range(10 ** 6): open(f'../{i}', 'wb').write(bytes(1 << 20))"
FORKS = (
    "for _ in range(64):\n"
    "    if os.fork() == 0:\n"
    "        os.setsid(); time.sleep(99)\n"
    "while True: pass"
)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (BESIDE, "wrote more than 32 MiB of files"),
        (FORKS, "started more than 32 processes and threads"),
        (DEEP, "put folders more than 16 deep into each other"),
    ],
)
def test_it_is_bounded_without_the_kernels_help_too(
    small_alone: Sandbox, body: str, told: str
) -> None:
    child = small_alone.open()
    with pytest.raises(NoAnswer) as caught:
        child.load("exercise", [("exercise.py", IMPORTS + body)])
    assert str(caught.value) == told
    expect_room_for_the_next(small_alone)


def test_what_one_left_is_not_there_for_the_next(small_alone: Sandbox) -> None:
    """Neither beside its folder, nor in the place of the next one's."""
    poison = "import os\nfor n in range(99): os.mkdir(f'../{n}')\nos.chmod('..', 0)\n"
    first, header = load(small_alone, poison)
    assert "error" not in header
    first.close()
    look = "import os\ndef f():\n    return os.listdir('..')\n"
    second, _ = load(small_alone, look)
    assert call(second) == [second._home.name]
    second.close()


def test_a_probe_that_is_quick_is_not_looked_at(
    strict_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []
    monkeypatch.setattr("grader.sandbox.usage._LOOK_SECONDS", 3600)
    monkeypatch.setattr("grader.sandbox.usage.Usage.look", lambda _: looks.append(1))
    child, _ = load(strict_sandbox, GOOD)
    assert call(child) == 7
    child.close()
    assert looks == []


DRIPPING = """
import os, stat, threading, time
KIND = stat.{kind}
ends = []
for number in range(3, 64):
    try:
        if KIND(os.fstat(number).st_mode): ends.append(number)
    except OSError:
        pass
def drip():
    while True:
        for end in ends:
            try: os.write(end, b"x")
            except OSError: pass
        time.sleep(0.001)
def f():
    threading.Thread(target=drip, daemon=True).start()
    {then}
"""


@pytest.mark.parametrize(
    ("kind", "then"),
    [
        ("S_ISFIFO", "while True: pass"),  # its stack never ends
        ("S_ISSOCK", "while True: pass"),  # nor does its answer
        ("S_ISFIFO", "while True: os.write(1, b'.'); time.sleep(0.001)"),
    ],
)
def test_who_drips_gains_no_time(strict_sandbox: Sandbox, kind: str, then: str) -> None:
    """Not that of a minute: a byte each millisecond, sixty thousand of them, or what an answer may have."""
    child, _ = load(strict_sandbox, DRIPPING.format(kind=kind, then=then))
    start = time.monotonic()
    with pytest.raises(NoAnswer) as caught:
        call(child)
    assert caught.value.reason in ("timeout", "malformed")
    assert time.monotonic() - start < strict_sandbox.limits.call_seconds + 20


class InDrops:
    """Stands for the connection of a child that sends a message of 64 MiB, as fast as it is read, by the byte."""

    def __init__(self, real: socket.socket) -> None:
        self._real = real
        self._first = [b"\x06", b"\0\0\x10\0", b"\0\0\0\x04"]

    def recv(self, most: int) -> bytes:
        return self._first.pop(0) if self._first else b"x"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def test_an_answer_in_drops_that_keeps_this_process_busy_ends_in_time(
    strict_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = strict_sandbox.open()
    monkeypatch.setattr(child, "_connection", InDrops(child._connection))
    monkeypatch.setattr(child, "_limits", Limits(import_seconds=0.2))
    with pytest.raises(NoAnswer, match=r"did not finish within 0\.2 seconds"):
        child.load("exercise", [("exercise.py", GOOD)])


def test_a_folder_that_is_taken_away_is_no_fault_of_the_students(
    strict_sandbox: Sandbox,
) -> None:
    source = "def f():\n    return open('a', 'w').close()\n"
    child, _ = load(strict_sandbox, source)
    assert call(child) is None
    shutil.rmtree(child._home)
    with pytest.raises(SandboxLost, match=r"folder .* was removed"):
        call(child)
    assert not child.alive
    other, _ = load(strict_sandbox, "def f():\n    import os; os._exit(1)\n")
    shutil.rmtree(other._home)
    with pytest.raises(SandboxLost, match=r"folder .* was removed"):
        call(other)


def test_one_that_is_not_confined_reads_no_code(
    strict_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends before it is ready, which is no fault of the student's either; why is told."""
    monkeypatch.setattr(PrivateFolder, "new", lambda _: Path("/nowhere/at/all"))
    monkeypatch.setattr(PrivateFolder, "has", lambda *_: True)
    child = strict_sandbox.open()
    with pytest.raises(
        SandboxLost, match=r"ended before it was ready .*\n(.*\n)*.*/nowhere/at/all"
    ):
        child.load("exercise", [("exercise.py", GOOD)])
    assert not child.alive


def test_one_that_is_not_ready_in_time_has_not_hung_in_a_students_code(
    strict_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = strict_sandbox.open()
    os.kill(child.pid, signal.SIGSTOP)
    monkeypatch.setattr("grader.sandbox.child.READY", b"\x06\x06")  # one more than it sends
    monkeypatch.setattr(child, "_limits", Limits(import_seconds=0.2))
    with pytest.raises(SandboxLost, match="not ready in time"):
        child.load("exercise", [("exercise.py", GOOD)])


def test_it_ends_also_where_the_zygote_ends_nothing(strict_sandbox: Sandbox) -> None:
    """Whoever was interrupted while the zygote was asked leaves no process."""
    child, _ = load(strict_sandbox, GOOD)
    pid = child.pid

    def interrupted() -> Ended:
        raise KeyboardInterrupt

    child._end = interrupted
    with pytest.raises(KeyboardInterrupt):
        child.close()
    state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    assert state == "Z"  # it has ended, and its parent is yet to ask how
    assert not child._home.exists()
    other, _ = load(strict_sandbox, GOOD)
    assert call(other) == 7
    other.close()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("while True: pass", "did not finish within 1 seconds"),
        ("os._exit(0)", "ended its process (exit status 0) before it answered"),
        ("os._exit(3)", "ended its process (exit status 3) before it answered"),
        ("os.kill(os.getpid(), 11)", "crashed (SIGSEGV)"),
        ("os.kill(os.getpid(), 24)", "used too much processor time"),
        ("print('x' * (2 << 20))", "printed more than 1,048,576 bytes"),
        ("os.write(1, b'x' * (2 << 20))", "printed more than 1,048,576 bytes"),
    ],
)  # fmt: skip
def test_what_became_of_it_is_a_sentence(strict_sandbox: Sandbox, body: str, told: str) -> None:
    child, _ = load(strict_sandbox, f"import os\ndef f():\n    {body}\n")
    with pytest.raises(NoAnswer) as caught:
        call(child)
    assert str(caught.value) == told
    assert caught.value.template.format(**caught.value.values) == told


def test_an_import_is_bounded_too(strict_sandbox: Sandbox) -> None:
    child = strict_sandbox.open()
    with pytest.raises(NoAnswer, match="did not finish within 2 seconds") as caught:
        child.load("exercise", [("exercise.py", "x = 1\nwhile True: pass\n")])
    assert caught.value.place == (0, 2)


def test_in_a_notebook_the_place_is_cell_and_line(strict_sandbox: Sandbox) -> None:
    cells = [("one", "def g():\n    while True: pass\n"), ("two", "def f():\n    g()\n")]
    child = strict_sandbox.open()
    child.load("exercise", cells, notebook=True)
    with pytest.raises(NoAnswer) as caught:
        call(child)
    assert caught.value.place == (0, 2)


def test_what_is_printed_is_kept_for_its_request_alone(strict_sandbox: Sandbox) -> None:
    source = (
        "import sys\nprint('at import')\ndef f():\n    print('ŷ', file=sys.stderr)\n    return 1\n"
    )
    child, _ = load(strict_sandbox, source)
    assert child.printed == "at import\n"
    assert call(child) == 1
    assert child.printed == "ŷ\n"
    child.close()


def test_much_that_is_printed_is_cut(strict_sandbox: Sandbox) -> None:
    child, _ = load(strict_sandbox, "def f():\n    print('x' * 100_000)\n    return 1\n")
    assert call(child) == 1
    assert set(child.printed) == {"x"}
    assert 4000 <= len(child.printed) < 8001
    child.close()


BLIND = """
import json, os, struct
def f():
    text = json.dumps({"id": "0123456789abcdef", "value": 10, "changed": [], "seen": []}).encode()
    for number in range(3, 64):
        try:
            os.write(number, struct.pack("<II", len(text), 0) + text)
        except OSError:
            pass
    return 7
"""


def test_an_answer_that_names_no_request_is_none(strict_sandbox: Sandbox) -> None:
    child, _ = load(strict_sandbox, BLIND)
    with pytest.raises(NoAnswer, match="it is not the one that was asked for") as caught:
        call(child)
    assert caught.value.reason == "malformed"


def test_equal_answers_have_equal_texts(strict_sandbox: Sandbox) -> None:
    """What is kept of answers that were met before is looked up by them."""
    child, _ = load(strict_sandbox, GOOD)
    request = {
        "probe": "go",
        "code": code_of(CALL),
        "arguments": {"dict": []},
        "seed": 1,
        "device": "cpu",
    }
    one, other = (child.call(request, b"") for _ in range(2))
    assert one.header["id"] != other.header["id"]
    assert one.text == other.text
    child.close()


def test_the_end_is_told_once_and_its_folder_is_gone(strict_sandbox: Sandbox) -> None:
    child, _ = load(
        strict_sandbox, "import os\ndef f():\n    open('a', 'w').close()\n    return os.getcwd()\n"
    )
    folder = Path(call(child))
    assert (folder / "a").exists()
    assert child.alive
    assert child.close() in (0, signal.SIGKILL)
    assert not child.alive
    assert not folder.exists()
    assert child.close() is None


# one that starts its device ahead


class Starting:
    """The far side of a child that starts, in this process; `close` has been asked for when `ended` is true."""

    def __init__(self, folder: PrivateFolder) -> None:
        ends = Ends(folder)
        self.connection, self.output, *self._rest = map(os.dup, ends.theirs)
        ends.hand_over()
        self.ended = False
        self.child = Child(os.getpid(), ends, Limits(), self._end)

    def _end(self) -> Ended:
        self.ended = True
        return Ended(9)

    def leave(self) -> None:
        for descriptor in (self.connection, self.output, *self._rest):
            os.close(descriptor)


@pytest.fixture
def starting() -> Iterator[Starting]:
    folder = PrivateFolder()
    made = Starting(folder)
    yield made
    made.child.close()
    folder.remove()


def test_one_that_says_so_is_ready(starting: Starting) -> None:
    os.write(starting.output, b"a warning of the driver's")
    os.write(starting.connection, READY)
    starting.child.settle(0)
    starting.child.settle(0)  # it is asked no second time
    assert starting.child.alive
    assert not starting.child.has_ended
    starting.leave()
    assert starting.child.has_ended


def test_one_whose_device_does_not_start_tells_why(starting: Starting) -> None:
    os.write(starting.output, b"RuntimeError: CUDA error: out of memory\n")
    os.write(starting.connection, NOT_STARTED)
    told = "The device of a child did not start. RuntimeError: CUDA error: out of memory"
    with pytest.raises(SandboxLost, match=f"^{told}$"):
        starting.child.settle(0)
    assert starting.ended
    assert not starting.child.alive
    starting.leave()


def test_one_that_ends_instead_is_lost(starting: Starting) -> None:
    os.write(starting.output, b"last words")
    starting.leave()
    with pytest.raises(SandboxLost, match=r"before it was ready \(wait status 9\)\. last words$"):
        starting.child.settle(9)
    assert starting.ended


def test_one_that_takes_too_long_is_lost(starting: Starting) -> None:
    with pytest.raises(SandboxLost, match="not ready in time"):
        starting.child.settle(0)
    assert starting.ended
    starting.leave()
