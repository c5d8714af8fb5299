"""The sandbox: it starts a zygote, has it fork children, and leaves nothing behind."""

from __future__ import annotations

import os
import random
import select
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.errors import SandboxLost
from grader.sandbox import Child, Limits, Sandbox, ZygoteServer
from grader.sandbox import sandbox as sandbox_module
from grader.sandbox.private_folder import PrivateFolder
from grader.sandbox.zygote_channel import ZygoteChannel
from tests.children import GOOD, call, load
from tests.conftest import ROOT
from tests.processes import alive, children_of, within


@pytest.fixture(scope="module")
def unconfined(zygote_server: ZygoteServer) -> Iterator[Sandbox]:
    """As where the kernel does not refuse new processes."""
    with Sandbox(confined=False, zygote_server=zygote_server.address) as running:
        yield running


def test_nothing_is_left_behind(unconfined: Sandbox) -> None:
    source = (
        "import os, time\n"
        "def f():\n"
        "    for _ in range(4):\n"
        "        if os.fork() == 0:\n"
        "            os.setsid()\n"
        "            if os.fork():\n"
        "                os._exit(0)\n"
        "            time.sleep(1000)\n"
        "    for _ in range(4):\n"
        "        os.wait()\n"
        "    open('left.txt', 'w').write('here')\n"
        "    return os.getcwd()\n"
    )
    child, _ = load(unconfined, source)
    folder = Path(call(child))
    assert folder.is_dir()
    assert len([pid for pid in children_of(unconfined._zygote) if alive(int(pid))]) == 5
    child.close()
    assert not folder.exists()
    assert children_of(unconfined._zygote) == []


def test_those_that_start_another_and_end_are_caught(unconfined: Sandbox) -> None:
    """They are never there for long; after ten seconds they would end by themselves."""
    source = (
        "import os, time\n"
        "def f():\n"
        "    end = time.monotonic() + 10\n"
        "    for _ in range(2):\n"
        "        if os.fork() == 0:\n"
        "            os.setsid()\n"
        "            while time.monotonic() < end and os.fork() == 0:\n"
        "                pass\n"
        "            os._exit(0)\n"
        "        os.wait()\n"
        "    return 7\n"
    )
    child, _ = load(unconfined, source)
    assert call(child) == 7
    assert children_of(unconfined._zygote) != [str(child.pid)]
    child.close()
    assert children_of(unconfined._zygote) == []


def zygote_of(box: Sandbox) -> int:
    assert box._process
    return box._process.pid


def test_the_zygote_ends_with_the_grader() -> None:
    with Sandbox(Limits()) as box:
        child, _ = load(box, GOOD)
        assert box._zygote == zygote_of(box)
        pids = {zygote_of(box), child.pid}
        folder = box._folder.path
    assert not any(map(alive, pids))
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


def test_what_is_to_be_done_meanwhile_is_done_before_the_child_is_there(
    strict_sandbox: Sandbox,
) -> None:
    done: list[object] = []
    strict_sandbox.open(meanwhile=lambda: done.append(strict_sandbox._child))
    [at_that_time] = done
    assert at_that_time is not strict_sandbox._child


def test_where_that_fails_the_sandbox_can_be_used_on(strict_sandbox: Sandbox) -> None:
    with pytest.raises(ZeroDivisionError):
        strict_sandbox.open(meanwhile=lambda: 1 / 0)
    assert call(load(strict_sandbox, GOOD)[0]) == 7


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


def test_one_whose_folder_is_gone_is_lost(zygote_server: ZygoteServer) -> None:
    """As where somebody tidies up in /tmp; a new one is as good as any."""
    with Sandbox(zygote_server=zygote_server.address) as box:
        child, _ = load(box, GOOD)
        shutil.rmtree(box._folder.path)
        assert call(child) == 7  # it wanted none
        with pytest.raises(SandboxLost, match=r"folder cannot be used: .*No such file"):
            box.open()
    with Sandbox(zygote_server=zygote_server.address) as box:
        child, _ = load(box, GOOD)
        assert call(child) == 7


def test_its_last_words_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_module, "_BOOT", "import sys; sys.exit('no luck {root}')")
    with Sandbox() as box, pytest.raises(SandboxLost, match=r"ended\. no luck /"):
        box.open()


def test_however_much_it_said_its_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reads what it says before it ends: it must not wait for that."""
    boot = "import sys; sys.stderr.write('x' * 1_000_000); sys.exit('no luck')"
    monkeypatch.setattr(sandbox_module, "_BOOT", boot)
    with Sandbox() as box, pytest.raises(SandboxLost, match=r"ended\. x+no luck$") as caught:
        box.open()
    assert len(str(caught.value)) < 3000


def test_the_signal_that_ended_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_module, "_BOOT", "import os; os.kill(os.getpid(), 9)")
    with Sandbox() as box, pytest.raises(SandboxLost, match=r"ended\. Signal 9 ended it\."):
        box.open()


def test_an_interrupted_fork_leaves_no_child(
    zygote_server: ZygoteServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The zygote has forked, and nobody heard of it."""
    with Sandbox(zygote_server=zygote_server.address) as box:

        def interrupted(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(sandbox_module, "Child", interrupted)
            with pytest.raises(KeyboardInterrupt):
                box.open()
        [unheard_of] = children_of(box._zygote)
        child, _ = load(box, GOOD)
        assert call(child) == 7
        assert children_of(box._zygote) == [str(child.pid)]
        assert not alive(int(unheard_of))


def test_a_closed_one_is_lost(zygote_server: ZygoteServer) -> None:
    with Sandbox(zygote_server=zygote_server.address) as box:
        child, _ = load(box, GOOD)
        box.close()
        assert not child.alive
        with pytest.raises(SandboxLost, match="was closed"):
            box.open()
        box.close()


@pytest.mark.parametrize("forked", [False, True])
def test_the_end_waits_for_nobody(
    zygote_server: ZygoteServer, monkeypatch: pytest.MonkeyPatch, forked: bool
) -> None:
    """A zygote that is stopped cannot end itself, nor its child."""
    monkeypatch.setattr(sandbox_module, "_END_SECONDS", 0.1)
    box = Sandbox(zygote_server=zygote_server.address if forked else "")
    child, _ = load(box, GOOD)
    pids = [box._zygote, child.pid]
    os.kill(box._zygote, signal.SIGSTOP)
    box.close()
    assert not box._folder.path.exists()
    assert within(60, lambda: not any(map(alive, pids)))


def test_what_a_forked_zygote_said_at_its_end_is_told(zygote_server: ZygoteServer) -> None:
    told = pytest.raises(SandboxLost, match=r"ended\. TypeError: .*'\.nothing'\nTraceback")
    with Sandbox(zygote_server=zygote_server.address) as box, told:
        box.open([".nothing"])  # which no import takes


class Killer:
    """Counts the steps of the trusted side, and kills the zygote at one of them."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.steps = 0
        self.zygote = 0

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.at:
            handle = os.pidfd_open(self.zygote)
            os.kill(self.zygote, signal.SIGKILL)
            select.select([handle], [], [], 60)
            os.close(handle)

    def at_calls_of(self, patch: pytest.MonkeyPatch, home: Any, *names: str) -> None:
        """A step before each call of these, and one after it."""
        for name in names:
            real = getattr(home, name)

            def stepping(*arguments: Any, real: Any = real, **others: Any) -> Any:
                self.step()
                try:
                    return real(*arguments, **others)
                finally:
                    self.step()

            patch.setattr(home, name, stepping)


def two_children(box: Sandbox) -> None:
    for _ in range(2):
        child, _ = load(box, GOOD)
        assert call(child) == 7
        assert call(child) == 7
        child.close()


STEPS = 80


@pytest.mark.skipif(sys.platform != "linux", reason="children end with their zygote on Linux")
@pytest.mark.parametrize("seed", range(4))
def test_a_zygote_that_is_killed_at_any_point_is_lost_and_nothing_else(
    zygote_server: ZygoteServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Before a fork, while a child answers, at its end: no other error, no process, no folder."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    lost = 0
    for at in random.Random(seed).sample(range(1, STEPS), 6):
        killer = Killer(at)
        with monkeypatch.context() as patch, Sandbox(zygote_server=zygote_server.address) as box:
            child = box.open()
            killer.zygote = box._zygote
            pids = [box._zygote, child.pid]
            killer.at_calls_of(patch, Sandbox, "_send", "_ask", "_end_zygote")
            killer.at_calls_of(patch, ZygoteChannel, "receive")
            killer.at_calls_of(patch, Child, "_exchange", "_wait", "_read", "_lost_by")
            killer.at_calls_of(patch, PrivateFolder, "new", "empty")
            try:
                two_children(box)
            except SandboxLost:
                lost += 1
            if box._child:
                pids.append(box._child.pid)
        assert within(60, lambda pids=pids: not any(map(alive, pids)))  # type: ignore[misc]
        assert list(tmp_path.iterdir()) == []
        assert killer.steps >= at or at > 60
    assert lost >= 3


def test_where_python_does_not_start_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "nowhere"))
    with pytest.raises(SandboxLost, match=r"cannot be started: .*nowhere"):
        Sandbox()
    assert list(tmp_path.iterdir()) == []


def test_why_a_device_is_absent(strict_sandbox: Sandbox) -> None:
    assert strict_sandbox.absent("cpu") == ""
    assert strict_sandbox.absent("sim") == ""
    assert strict_sandbox.absent("cuda") == "its children are others"
