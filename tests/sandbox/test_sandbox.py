"""The sandbox: it starts and ends its zygote, and nothing stays behind."""

from __future__ import annotations

import os
from pathlib import Path

from grader.sandbox import Limits, Sandbox
from tests.children import GOOD, call, load
from tests.conftest import ROOT


def processes() -> set[int]:
    return {int(entry) for entry in os.listdir("/proc") if entry.isdigit()}


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


def zygote_of(box: Sandbox) -> int:
    assert box._process
    return box._process.pid


def _is_child_of_ours(pid: int, box: Sandbox) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return False
    return int(stat[1]) == zygote_of(box)


def test_the_zygote_ends_with_the_grader() -> None:
    with Sandbox(Limits()) as box:
        child, _ = load(box, GOOD)
        pids = {zygote_of(box), child._pid}
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
    assert not any(Path(entry) == ROOT for entry in path)
