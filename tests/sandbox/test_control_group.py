"""The kernel's own bound on a zygote and its child. What needs a group of the tests' own is skipped without one:

systemd-run --scope -p Delegate=yes .venv/bin/pytest tests/sandbox/test_control_group.py
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.errors import NoAnswer
from grader.sandbox import Limits, Sandbox, ZygoteServer, usage
from grader.sandbox import control_group as control_group_module
from grader.sandbox.control_group import ControlGroup, enter
from grader.sandbox.isolation.limits import MIB
from tests.children import GOOD, call, load

LIMITS = Limits(memory_bytes=256 * MIB, folder_bytes=MIB, processes=20, call_seconds=60.0)
# a mapping that is shared is no data of the process, and the kernel lets a child map eight GiB more than it may use
GREEDY = (
    "import mmap\n"
    "def f():\n"
    "    kept = mmap.mmap(-1, 1 << 30)\n"
    "    for _ in range(1 << 10):\n"
    "        kept.write(bytes(1 << 20))\n"
    "    return 7\n"
)
MANY = (
    "import os, time\n"
    "def f():\n"
    "    started = 0\n"
    "    try:\n"
    "        for started in range(200):\n"
    "            if os.fork() == 0:\n"
    "                time.sleep(1000)\n"
    "    except BlockingIOError:\n"
    "        pass\n"
    "    return started\n"
)


@pytest.fixture(params=[False, True], ids=["own zygote", "forked zygote"])
def held(
    request: pytest.FixtureRequest, zygote_server: ZygoteServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sandbox]:
    """A sandbox whose children nobody looks at, so that nothing but the kernel bounds them."""
    if not enter():
        pytest.skip("this process has no control group of its own (cgroups v2)")
    monkeypatch.setattr(usage, "_LOOK_SECONDS", 1e6)
    address = zygote_server.address if request.param else ""
    with Sandbox(LIMITS, confined=False, zygote_server=address) as running:
        yield running


def test_memory_is_bounded_without_a_look(held: Sandbox) -> None:
    for _ in range(2):
        child, _ = load(held, GREEDY)
        with pytest.raises(NoAnswer, match="used more than 256 MiB of memory"):
            call(child)
        child, _ = load(held, GOOD)
        assert call(child) == 7


def test_processes_are_bounded_without_a_look(held: Sandbox) -> None:
    for _ in range(2):
        child, _ = load(held, MANY)
        assert 10 <= call(child) <= 20


def test_nothing_is_left_of_it(held: Sandbox) -> None:
    load(held, GOOD)
    path = held._group.path
    assert path
    assert (path / "cgroup.procs").read_text().split() == [
        str(held._zygote), str(held._child and held._child.pid)
    ]  # fmt: skip
    assert held.has_control_group
    held.close()
    assert not path.exists()


def test_it_is_told_that_this_process_is_among_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files stand for the kernel's: nothing is changed of a group that somebody else is in, too."""
    group = tmp_path / "mount" / "shell"
    shown(tmp_path, group, monkeypatch)
    (group / "cgroup.procs").write_text(f"1\n{os.getpid()}\n")
    before = texts(tmp_path)
    assert enter() is None
    assert ControlGroup().path is None
    assert texts(tmp_path) == before


@pytest.mark.parametrize("controllers", ["", "cpu io", "cpu memory", "pids"])
def test_both_controllers_are_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, controllers: str
) -> None:
    group = tmp_path / "mount" / "shell"
    shown(tmp_path, group, monkeypatch)
    (group / "cgroup.controllers").write_text(controllers)
    before = texts(tmp_path)
    assert enter() is None
    assert texts(tmp_path) == before


@pytest.mark.parametrize(
    ("group", "mounts"),
    [
        ("8:pids:/\n", "1 2 0:3 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"),
        ("0::/\n", ""),
        ("0::/a\n", "1 2 0:3 /b /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"),
        ("0::/../a\n", "1 2 0:3 / /nowhere rw - cgroup2 cgroup2 rw\n"),
        ("", "nonsense\n"),
        ("0::/\n", "a b -\n"),
    ],
)
def test_what_is_not_there_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: str, mounts: str
) -> None:
    (tmp_path / "cgroup").write_text(group)
    (tmp_path / "mountinfo").write_text(mounts)
    monkeypatch.setattr(control_group_module, "_PROC", tmp_path)
    assert enter() is None
    none = ControlGroup()
    none.hold(os.getpid(), os.getpid(), Limits())
    assert (none.path, none.times_full()) == (None, 0)
    none.remove()


def shown(proc: Path, group: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has this process see itself in `group`, alone and with both controllers."""
    mount = group.parent
    group.mkdir(parents=True)
    (proc / "cgroup").write_text(f"8:cpu:/other\n0::/{group.name}\n")
    (proc / "mountinfo").write_text(f"1 2 0:3 / {mount} rw shared:9 - cgroup2 cgroup2 rw\n")
    (group / "cgroup.controllers").write_text("cpu memory pids\n")
    (group / "cgroup.procs").write_text(f"{os.getpid()}\n")
    (group / "cgroup.subtree_control").write_text("")
    monkeypatch.setattr(control_group_module, "_PROC", proc)


def texts(folder: Path) -> dict[str, str]:
    return {str(path): path.read_text() for path in folder.rglob("*") if path.is_file()}
