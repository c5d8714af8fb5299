"""The sandbox: it starts a zygote, has it fork children, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from grader.errors import SandboxLost
from grader.sandbox import Limits, Sandbox
from grader.sandbox import sandbox as sandbox_module
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
        folder = box._folder.path
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


def test_one_child_at_a_time(strict_sandbox: Sandbox) -> None:
    first, _ = load(strict_sandbox, GOOD)
    second, _ = load(strict_sandbox, GOOD)
    assert not first.alive
    assert call(second) == 7
    second.close()


def test_children_share_no_files(strict_sandbox: Sandbox) -> None:
    source = "import os\ndef f():\n    found = os.listdir('.')\n    open('a', 'w').close()\n    return found\n"
    for _ in range(2):
        child, _ = load(strict_sandbox, source)
        assert call(child) == []
        child.close()


def test_a_lost_zygote_is_a_fault_of_ours() -> None:
    with Sandbox() as box:
        load(box, GOOD)
        os.kill(zygote_of(box), signal.SIGKILL)
        with pytest.raises(SandboxLost, match="first process"):
            box.open()


def test_one_whose_zygote_is_lost_can_be_closed() -> None:
    with Sandbox() as box:
        child, _ = load(box, GOOD)
        os.kill(zygote_of(box), signal.SIGKILL)
        folder = box._folder.path
    assert not child.alive
    assert not folder.exists()


def test_its_last_words_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_module, "_BOOT", "import sys; sys.exit('no luck {root}')")
    with Sandbox() as box, pytest.raises(SandboxLost, match=r"ended\. no luck /"):
        box.open()


def test_where_python_does_not_start_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "nowhere"))
    with pytest.raises(SandboxLost, match="cannot be started: .*nowhere"):
        Sandbox()
    assert list(tmp_path.iterdir()) == []


def test_why_a_device_is_absent(strict_sandbox: Sandbox) -> None:
    assert strict_sandbox.absent("cpu") == ""
    assert strict_sandbox.absent("sim") == ""
    assert strict_sandbox.absent("cuda") == "its children are others"
