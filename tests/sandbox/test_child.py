"""A child: it answers, or what became of it is told for what it is."""

from __future__ import annotations

import time

import pytest

from grader.errors import NoAnswer
from grader.sandbox import Limits, Sandbox
from tests.children import GOOD, call, load


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
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "died"),
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
    assert time.monotonic() - start < strict_sandbox.limits.call_seconds + 1
    assert not child.alive
    other, _ = load(strict_sandbox, GOOD)
    assert call(other) == 7
    other.close()


def test_the_line_of_a_hang_is_known(strict_sandbox: Sandbox) -> None:
    child, _ = load(strict_sandbox, "def f():\n    x = 0\n    while True:\n        x += 1\n")
    with pytest.raises(NoAnswer) as caught:
        call(child)
    assert caught.value.place in ((0, 3), (0, 4))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            "import mmap; m = mmap.mmap(-1, 6 << 30)\n    while True: m.write(bytes(1 << 24))",
            "memory",
        ),
        ("for i in range(10 ** 6): open(str(i), 'wb').write(b'x' * (1 << 20))", "files"),
    ],
)
def test_what_the_kernels_limits_miss_is_bounded(body: str, told: str) -> None:
    limits = Limits(call_seconds=20, memory_bytes=512 << 20, folder_bytes=64 << 20)
    with Sandbox(limits) as box:
        child, _ = load(box, f"def f():\n    {body}\n")
        with pytest.raises(NoAnswer, match=told) as caught:
            call(child)
    assert caught.value.reason == "excess"
