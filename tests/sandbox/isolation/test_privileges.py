"""Capabilities: a child has none, and no program that it runs could give it any."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grader.sandbox import Sandbox
from grader.sandbox.isolation import privileges
from tests.children import told_by
from tests.conftest import ROOT

pytestmark = [
    pytest.mark.xdist_group("cuda_child"),
    pytest.mark.skipif(sys.platform != "linux", reason="capabilities are Linux's"),
]
AS_ROOT = pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0, reason="only root has any to lose"
)


def in_a_process(program: str, *arguments: str) -> Any:
    """What a program prints as JSON, with `held`, `sets` and the module's names at hand."""
    given = (
        "import json, os, sys\n"
        "from pathlib import Path\n"
        "from grader.sandbox.isolation import privileges\n"
        "from grader.sandbox.isolation.privileges import *\n"
        "def sets():\n"
        "    lines = Path('/proc/self/status').read_text().splitlines()\n"
        "    told = dict(line.split(':\\t') for line in lines if line.startswith(('Cap', 'NoNewPrivs')))\n"
        "    return {name: int(value, 16) for name, value in told.items()}\n"
    )
    command = [sys.executable, "-c", given + program, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_is_held_is_what_the_kernel_says() -> None:
    held, sets = in_a_process("print(json.dumps([held(), sets()]))")
    assert held == sets["CapEff"] | sets["CapPrm"]


def test_a_child_holds_none(either: Sandbox) -> None:
    """Seen from outside: its own word counts for nothing."""
    child = either.open()
    child.load("exercise", [("exercise.py", "")])
    told = Path(f"/proc/{child.pid}/status").read_text()
    child.close()
    lines = dict(line.split(":\t") for line in told.splitlines() if ":\t" in line)
    gained = {name: int(lines[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}
    assert set(gained.values()) == {0}
    assert lines["NoNewPrivs"] == "1"
    if os.getuid() == 0:
        assert int(lines["CapBnd"], 16) == 0


def test_a_child_gets_none_back(sandbox: Sandbox) -> None:
    source = (
        "import ctypes, os\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "def f():\n"
        "    header, every = bytes.fromhex('22050820') + bytes(4), b'\\xff' * 24\n"
        "    told = [libc.capset(header, every)]\n"
        "    for change in (os.setuid, os.setgid, lambda who: os.setgroups([who])):\n"
        "        try:\n"
        "            change(0)\n"
        "        except PermissionError:\n"
        "            told.append(-1)\n"
        "    return told\n"
    )
    assert told_by(sandbox, source) == [-1] * 4


@AS_ROOT
def test_what_is_locked_stays_held_and_nothing_more_is_gained() -> None:
    before, after, can = in_a_process(
        "before = sets()\nlock()\nprint(json.dumps([before, sets(), can_gain()]))\n"
    )
    assert after["CapEff"] == before["CapEff"] != 0
    assert after["CapBnd"] == after["CapAmb"] == 0
    assert after["NoNewPrivs"] == 1
    assert can is False


@AS_ROOT
def test_what_root_gains_by_being_root_is_locked_off() -> None:
    """No program gets capabilities because its user is root, and nothing turns that on again."""
    program = (
        "import ctypes\n"
        "lock()\n"
        "get, put = 27, 28\n"
        "told = [ctypes.CDLL(None).prctl(get), ctypes.CDLL(None).prctl(put, 0)]\n"
        "print(json.dumps(told))\n"
    )
    no_root, no_fixup, keep, no_raise = 1 << 0, 1 << 2, 1 << 4, 1 << 6
    bits, unlocked = in_a_process(program)
    assert bits == (no_root | no_fixup | no_raise) | (no_root | no_fixup | keep | no_raise) << 1
    assert unlocked == -1


@AS_ROOT
def test_a_program_that_root_runs_from_there_has_none() -> None:
    program = "lock()\nos.execv('/bin/grep', ['grep', 'CapEff', '/proc/self/status'])\n"
    command = [
        sys.executable,
        "-c",
        "import os\nfrom grader.sandbox.isolation.privileges import *\n" + program,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(done.stdout.split()[1], 16) == 0


def test_to_lock_takes_no_privilege() -> None:
    """An ordinary user has nothing to lose, and is not stopped for it; to do it again does no harm."""
    give_all_up = "Privileges().give_up()\nlock()\nlock()\n"
    told, can = in_a_process(give_all_up + "print(json.dumps([held(), can_gain()]))\n")
    assert (told, can) == (0, False)


def test_before_it_is_locked_a_program_can_gain() -> None:
    if privileges.can_gain():
        assert in_a_process("print(json.dumps(can_gain()))") is True
    else:
        pytest.skip("these tests run where no program gives any")


SECRET = """
folder = Path(sys.argv[1])
sys.path.insert(0, str(folder))
import another_users_module
before = held()
kept = Privileges()
after_the_look = held()
kept.give_up()
def reads():
    try:
        return (folder / "another_users_module.py").read_text()
    except PermissionError:
        return "refused"
def writes():
    try:
        (folder / "another_users_module.py").write_text("")
    except PermissionError:
        return "refused"
print(json.dumps([before == after_the_look, kept.kept, held(), reads(), writes()]))
"""


@AS_ROOT
@pytest.mark.parametrize("mode", [0o755, 0o700])
def test_one_is_kept_where_packages_cannot_be_read_without_it(tmp_path: Path, mode: int) -> None:
    """As where root grades with packages in a home directory. It reads there, and writes nothing."""
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "another_users_module.py").write_text("x = 1\n")
    for path in (packages / "another_users_module.py", packages):
        path.chmod(mode)
        os.chown(path, 65534, 65534)
    undisturbed, kept, held, reads, writes = in_a_process(SECRET, str(packages))
    assert undisturbed
    to_read = 1 << 2  # CAP_DAC_READ_SEARCH
    assert kept == held == (to_read if mode == 0o700 else 0)
    assert (reads, writes) == ("x = 1\n", "refused")


def test_where_there_are_none_none_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert privileges.held() == 0
