"""How a child ended: what is told of it, and that a machine without memory costs nobody a point."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from grader import grade
from grader.course.catalog import Course
from grader.errors import NoAnswer, SandboxLost
from grader.machines import Machines
from grader.sandbox import Limits, Sandbox, ZygoteServer
from grader.sandbox.ended import Ended, ended_of, how_it_died, was_killed_by_others
from grader.sandbox.isolation.limits import MIB
from grader.submission import Submission
from tests.children import GOOD, call, load
from tests.conftest import ROOT

KILLED = int(signal.SIGKILL)
WAITS = "import time\nkept = bytearray(b'x') * {taken}\ndef f():\n    time.sleep(60)\n"


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (signal.SIGKILL, "was killed (SIGKILL), as happens when"),
        (signal.SIGXCPU, "used too much processor time"),
        (signal.SIGSEGV, "crashed (SIGSEGV)"),
        (signal.SIGRTMIN + 3, f"crashed ({signal.SIGRTMIN + 3})"),  # one that has no name
        (3 << 8, "ended its process (exit status 3)"),
        (None, "ended before it answered"),
    ],
)
def test_how_a_child_died_is_told(status: int | None, told: str) -> None:
    answer = how_it_died(status)
    assert answer.reason == "died"
    assert str(answer).startswith(told)


@pytest.mark.parametrize(
    ("ended", "by_others"),
    [
        (Ended(KILLED, 400 * MIB, 2.0), True),
        (Ended(KILLED, 700 * MIB, 2.0), True),
        (Ended(KILLED, 1200 * MIB, 2.0), False),  # it may be why there was no memory
        (Ended(KILLED, 400 * MIB, 44.1), False),  # the limit on a processor's time
        (Ended(int(signal.SIGSEGV), 400 * MIB, 2.0), False),
        (Ended(9 << 8, 400 * MIB, 2.0), False),
        (Ended(0, 400 * MIB, 2.0), False),
        (Ended(), False),
    ],
)
def test_who_killed_it_follows_from_what_it_took(ended: Ended, by_others: bool) -> None:
    assert was_killed_by_others(ended, 300 * MIB, Limits()) is by_others


@pytest.mark.parametrize(
    "answer", [{}, {"status": "9"}, {"status": True}, {"status": 9, "peak_bytes": 1.5}, {"status": 9, "seconds": None}]
)  # fmt: skip
def test_an_answer_that_tells_of_no_end(answer: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no end"):
        ended_of(answer)


@contextmanager
def killed_soon(pid: int, seconds: float = 0.3) -> Iterator[None]:
    """Kills a process from outside, as the kernel does where there is no memory left."""
    killer = threading.Timer(seconds, os.kill, (pid, signal.SIGKILL))
    killer.start()
    try:
        yield
    finally:
        killer.cancel()
        killer.join()


def test_what_others_kill_is_lost_and_not_wrong(strict_sandbox: Sandbox) -> None:
    child, _ = load(strict_sandbox, WAITS.format(taken=1 << 20))
    with killed_soon(child.pid), pytest.raises(SandboxLost, match="no memory left"):
        call(child)
    assert call(load(strict_sandbox, GOOD)[0]) == 7


def test_who_takes_much_has_brought_it_about(zygote_server: ZygoteServer) -> None:
    with Sandbox(zygote_server=zygote_server.address) as box:
        child, _ = load(box, WAITS.format(taken=900 << 20))
        with killed_soon(child.pid), pytest.raises(NoAnswer, match=r"killed \(SIGKILL\)"):
            call(child)


def test_who_closes_the_connection_is_not_killed_by_others(strict_sandbox: Sandbox) -> None:
    child, _ = load(
        strict_sandbox, "import os, time\ndef f():\n    os.closerange(0, 99)\n    time.sleep(9)\n"
    )
    with pytest.raises(NoAnswer, match=r"killed \(SIGKILL\)"):
        call(child)


def test_without_the_layer_nobody_knows_who_did_it(zygote_server: ZygoteServer) -> None:
    with Sandbox(confined=False, zygote_server=zygote_server.address) as unconfined:
        child, _ = load(unconfined, "import os\ndef f():\n    os.kill(os.getpid(), 9)\n")
        with pytest.raises(NoAnswer, match=r"killed \(SIGKILL\)"):
            call(child)


@pytest.mark.parametrize(
    "body",
    [
        "os.kill(os.getpid(), 9)",
        "os.kill(0, 9)",
        "os.killpg(os.getpgrp(), 9)",
        "signal.raise_signal(9)",
        "signal.pthread_kill(threading.get_ident(), 9)",
    ],
)
def test_a_child_cannot_kill_itself(strict_sandbox: Sandbox, body: str) -> None:
    source = f"import os, resource, signal, threading\ndef f():\n    {body}\n"
    child, _ = load(strict_sandbox, source)
    assert "not permitted" in str(call(child)) or "not allowed" in str(call(child))
    assert child.alive


def test_a_timer_does_not_kill_it_either(strict_sandbox: Sandbox) -> None:
    source = (
        "import ctypes, time\n"
        "def f():\n"
        "    libc = ctypes.CDLL(None, use_errno=True)\n"
        "    event = (ctypes.c_int * 16)(0, 0, 9, 0)  # sigev_signo = SIGKILL, SIGEV_SIGNAL\n"
        "    timer, span = ctypes.c_void_p(), (ctypes.c_long * 4)(0, 0, 0, 1000)\n"
        "    made = libc.timer_create(1, event, ctypes.byref(timer))\n"
        "    libc.timer_settime(timer, 0, span, None) if made == 0 else None\n"
        "    time.sleep(0.2)\n"
        "    return made\n"
    )
    assert call(load(strict_sandbox, source)[0]) == -1


@pytest.mark.parametrize(
    "body",
    [
        "resource.setrlimit(resource.RLIMIT_CPU, (1, 1))",
        "resource.prlimit(0, resource.RLIMIT_CPU, (1, 1))",
        "resource.prlimit(os.getpid(), resource.RLIMIT_CPU, (1, 1))",
    ],
)
def test_a_limit_on_its_time_is_ours(strict_sandbox: Sandbox, body: str) -> None:
    """Who sets one goes on, as anywhere else, and is not killed by it."""
    source = (
        "import os, resource\n"
        "def f():\n"
        "    before = resource.getrlimit(resource.RLIMIT_CPU)\n"
        f"    {body}\n"
        "    return before == resource.getrlimit(resource.RLIMIT_CPU)\n"
    )
    assert call(load(strict_sandbox, source)[0]) is True


def test_an_inherited_limit_on_time_is_the_students_too() -> None:
    """`ulimit -t` ends a child that works on and on, and SIGKILL was the first that it heard of it."""
    program = (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_CPU, (8, 8))\n"
        "from grader.errors import NoAnswer\n"
        "from grader.sandbox import Limits, Sandbox\n"
        "from tests.children import call, load\n"
        "with Sandbox(Limits(call_seconds=100.0)) as box:\n"
        "    child, _ = load(box, 'def f():\\n    while True: pass\\n')\n"
        "    try:\n"
        "        call(child)\n"
        "    except NoAnswer as error:\n"
        "        print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=110
    )
    assert done.stdout.strip() == "used too much processor time", done.stderr


def test_other_limits_are_its_own(strict_sandbox: Sandbox) -> None:
    """Files that load much data lower and read limits on open files."""
    source = (
        "import resource\n"
        "def f():\n"
        "    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)\n"
        "    resource.setrlimit(resource.RLIMIT_NOFILE, (soft - 1, hard))\n"
        "    return resource.getrlimit(resource.RLIMIT_CPU)[0] > 0\n"
    )
    assert call(load(strict_sandbox, source)[0]) is True


def test_a_right_submission_whose_process_is_killed_has_all_points(
    course: Course, strict_sandbox: Sandbox
) -> None:
    """Once in each of three gradings, while it is at work."""
    text = (ROOT / "solutions/derivative.py").read_text(encoding="utf-8")
    slow = (
        f"{text}\nimport time\n_quick = forward_difference\n"
        "def forward_difference(*a, **k):\n    time.sleep(0.1)\n    return _quick(*a, **k)\n"
    )
    with Machines(course) as machines:
        for _ in range(3):
            children: list[int] = []
            stop = threading.Event()
            killer = threading.Thread(target=kill_the_next, args=(machines, children, stop))
            killer.start()
            report = grade(Submission.of_text("derivative", slow), course=course, machines=machines)
            stop.set()
            killer.join()
            assert children
            assert (report.score, report.faults) == (10, ()), report.exercises[0].message


def kill_the_next(machines: Machines, killed: list[int], stop: threading.Event) -> None:
    """Ends the first child that is there for a while."""
    while not stop.is_set():
        zygote = machines.sandbox()._zygote
        with suppress(OSError):
            listed = Path(f"/proc/{zygote}/task/{zygote}/children").read_text().split()
            if zygote and listed:
                time.sleep(0.5)
                os.kill(int(listed[-1]), signal.SIGKILL)
                killed.append(int(listed[-1]))
                return
        time.sleep(0.02)
