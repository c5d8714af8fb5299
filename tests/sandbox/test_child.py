"""A child: it answers, or what became of it is told for what it is."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from grader.errors import NoAnswer
from grader.sandbox import Limits, Sandbox
from grader.sandbox.child import _how_it_died
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


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("while True: pass", "did not finish within 1 seconds"),
        ("os._exit(0)", "ended its process (exit status 0) before it answered"),
        ("os._exit(3)", "ended its process (exit status 3) before it answered"),
        ("os.kill(os.getpid(), 11)", "crashed (SIGSEGV)"),
        ("os.kill(os.getpid(), 24)", "used too much processor time"),
        ("os.kill(os.getpid(), 9)", "was killed (SIGKILL), as happens when it uses too much memory or time"),
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
    answer = _how_it_died(status)
    assert answer.reason == "died"
    assert str(answer).startswith(told)
