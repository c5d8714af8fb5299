"""The sandbox: what goes wrong costs its own probe, leaves nothing behind, and is told for what it is."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from grader.errors import NoAnswer
from grader.sandbox import Child, Limits, Sandbox
from grader.sandbox.wire.values import code_of, decode

GOOD = "def f():\n    return 7\n"
CALL = "def go(student):\n    return student.f()\n"


def load(box: Sandbox, source: str) -> tuple[Child, dict[str, Any]]:
    child = box.open()
    return child, child.load("exercise", [("exercise.py", source)])


def call(child: Child, source: str = CALL, **request: Any) -> Any:
    base = {
        "probe": "go",
        "code": code_of(source),
        "arguments": {"dict": []},
        "seed": 1,
        "device": "cpu",
    }
    header, block, _ = child.call(base | request, b"")
    return header.get("error") or decode(header["value"], block, lambda tensor, facts: tensor)


def processes() -> set[int]:
    return {int(entry) for entry in os.listdir("/proc") if entry.isdigit()}


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
    "body",
    [
        "bytearray(8 << 30)",
        "import torch; torch.ones(1 << 31)",
        "import torch; x = []\n    while True: x.append(torch.empty(1 << 26))",
    ],
)
def test_memory_is_bounded(strict_sandbox: Sandbox, body: str) -> None:
    child, _ = load(strict_sandbox, f"def f():\n    {body}\n")
    error = call(child)
    assert error["type"] in ("MemoryError", "RuntimeError")
    child.close()


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


def test_nothing_is_left_behind() -> None:
    """Where the kernel does not refuse new processes, they are ended all the same."""
    with Sandbox(confined=False) as box:
        _test_nothing_is_left_behind(box)


def _test_nothing_is_left_behind(box: Sandbox) -> None:
    before = processes()
    source = (
        "import os, time\n"
        "def f():\n"
        "    for _ in range(4):\n"
        "        if os.fork() == 0:\n"
        "            os.setsid()\n"
        "            if os.fork():\n"
        "                os._exit(0)\n"
        "            time.sleep(1000)\n"
        "    time.sleep(0.1)\n"
        "    open('left.txt', 'w').write('here')\n"
        "    return os.getcwd()\n"
    )
    child, _ = load(box, source)
    folder = Path(call(child))
    assert folder.is_dir()
    child.close()
    assert not folder.exists()
    assert not {pid for pid in processes() - before if _is_child_of_ours(pid, box)}


def warm_pid(box: Sandbox) -> int:
    assert box._process
    return box._process.pid


def _is_child_of_ours(pid: int, box: Sandbox) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return False
    return int(stat[1]) == warm_pid(box)


def test_the_warm_process_ends_with_the_grader() -> None:
    with Sandbox(Limits()) as box:
        child, _ = load(box, GOOD)
        pids = {warm_pid(box), child._pid}
        folder = box._folder
    assert not pids & processes()
    assert not folder.exists()


def test_the_child_sees_neither_the_grader_nor_the_environment(strict_sandbox: Sandbox) -> None:
    os.environ["GRADER_TEST_TOKEN"] = "secret"
    source = (
        "import os, sys\n"
        "def f():\n"
        "    try:\n"
        "        import grader.checks.my_linear\n"
        "        found = 'grader'\n"
        "    except ImportError:\n"
        "        found = 'nothing'\n"
        "    return [found, sorted(os.environ), os.listdir('.'), sys.path]\n"
    )
    child, _ = load(strict_sandbox, source)
    found, environment, folder, path = call(child)
    child.close()
    assert found == "nothing"
    assert "GRADER_TEST_TOKEN" not in environment
    assert folder == []
    assert not any(Path(entry) == Path(__file__).parents[1] for entry in path)


@pytest.mark.parametrize(
    "attempt",
    [
        "open('/etc/passwd').read()",
        f"open({str(Path(__file__).parents[1] / 'solutions' / 'my_linear.py')!r}).read()",
        f"open({str(Path(__file__).parents[1] / 'grader' / 'checks' / 'my_linear.py')!r}).read()",
        "open('/proc/%d/environ' % os.getppid()).read()",
        "os.listdir(os.path.expanduser('~root'))",
        "open('/tmp/grader-test-of-writing', 'w')",
        "open('/dev/shm/grader-test-of-writing', 'w')",
        "os.fork()",
        "os.execv('/bin/true', ['true'])",
        "os.kill(os.getppid(), 0)",
        "os.kill(1, 0)",
        "socket.socket()",
        "socket.socket(socket.AF_UNIX)",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
        "resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))",
        "os.sched_setaffinity(os.getppid(), {0})",
        "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
        "os.memfd_create('x')",
        "os.pidfd_open(os.getppid())",
        "os.setsid()",
    ],
)
def test_the_kernel_refuses(strict_sandbox: Sandbox, attempt: str) -> None:
    layers = {layer.name: layer for layer in strict_sandbox.layers()}
    for name in ("files hidden", "no network"):
        if not layers[name].on:
            pytest.skip(f"{name}: {layers[name].why}")
    child, _ = load(strict_sandbox, f"import os, socket, resource\ndef f():\n    {attempt}\n")
    error = call(child)
    child.close()
    assert error["type"] == "PermissionError"


def test_layers_that_are_off_are_told() -> None:
    with Sandbox(confined=False) as box:
        layers = {layer.name: layer for layer in box.layers()}
    assert layers["wall clock"].on
    assert not layers["files hidden"].on
    assert layers["files hidden"].why == layers["no network"].why == "switched off"


def test_what_a_solution_needs_is_left(strict_sandbox: Sandbox) -> None:
    source = (
        "import os, tempfile, threading, torch\n"
        "def f():\n"
        "    with tempfile.NamedTemporaryFile() as file:\n"
        "        file.write(b'x')\n"
        "    threads = [threading.Thread(target=print) for _ in range(3)]\n"
        "    [t.start() for t in threads]\n"
        "    [t.join() for t in threads]\n"
        "    torch.set_num_threads(2)\n"
        "    torch.randn(300, 300) @ torch.randn(300, 300)\n"
        "    torch.save({'a': torch.ones(2)}, 'a.pt')\n"
        "    import statistics, fractions, sqlite3\n"
        "    return torch.load('a.pt')['a'].sum().item()\n"
    )
    child, _ = load(strict_sandbox, source)
    assert call(child) == 2.0
    child.close()


def test_what_a_probe_sets_is_undone(strict_sandbox: Sandbox) -> None:
    source = (
        "import torch, random\n"
        "def f():\n"
        "    seen = [str(torch.get_default_dtype()), torch.is_grad_enabled(), random.random(), torch.rand(1).item()]\n"
        "    torch.set_default_dtype(torch.float64)\n"
        "    torch.set_grad_enabled(False)\n"
        "    return seen\n"
    )
    child, _ = load(strict_sandbox, source)
    first, second, other = call(child), call(child), call(child, seed=2)
    child.close()
    assert first == second
    assert first[:2] == ["torch.float32", True]
    assert other[2:] != first[2:]


def test_a_main_block_does_not_run(strict_sandbox: Sandbox) -> None:
    child, header = load(strict_sandbox, "if __name__ == '__main__':\n    raise ValueError\n")
    child.close()
    assert "error" not in header


@pytest.mark.parametrize(
    ("source", "kind", "line"),
    [
        ("x = 1\ny = = 2\n", "SyntaxError", 2),
        ("x = 1\nraise ValueError('no')\n", "ValueError", 2),
        ("import sys\nsys.exit(0)\n", "SystemExit", 2),
        ("import nothing_of_that_name\n", "ModuleNotFoundError", 1),
        ("class E(Exception):\n    def __str__(self): raise E\nraise E\n", "Exception", None),
        ("raise KeyboardInterrupt\n", "KeyboardInterrupt", 1),
    ],
)
def test_an_import_that_raises(
    strict_sandbox: Sandbox, source: str, kind: str, line: int | None
) -> None:
    child, header = load(strict_sandbox, source)
    child.close()
    assert header["error"]["type"] == kind
    lines = [entry[1] for entry in header["error"]["lines"]]
    assert lines[-1:] == ([line] if line else [])
