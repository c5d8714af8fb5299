"""What a child may read and write: a list of paths, with a GPU a few more, and no privileges."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from grader.sandbox import Sandbox
from grader.sandbox.isolation import landlock
from tests.children import told_by
from tests.conftest import ROOT

pytestmark = pytest.mark.xdist_group("cuda_child")


NAMES = """
import threading
def name(told):
    path = "/proc/self/task/%d/comm" % threading.get_native_id()
    with open(path, "w") as file:
        file.write("of-the-driver")
    told.append(open(path).read().strip())
def f():
    told = []
    thread = threading.Thread(target=name, args=(told,))
    thread.start()
    thread.join()
    name(told)
    return told
"""


def test_threads_can_be_named(cuda_sandbox: Sandbox) -> None:
    assert told_by(cuda_sandbox, NAMES) == ["of-the-driver"] * 2


@pytest.mark.parametrize(
    "path",
    [
        "/proc/sys/kernel/hostname",
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/vm/overcommit_memory",
        "/proc/self/comm",
        "/proc/self/mem",
        "/proc/self/oom_score_adj",
        "/proc/self/coredump_filter",
        "/proc/{parent}/comm",
        "/proc/{parent}/mem",
        "/proc/{parent}/task/{parent}/comm",
        "/proc/1/task/1/comm",
        "/proc/self/root/proc/sys/kernel/hostname",
        "/proc/self/task/../comm",
        "/etc/passwd",
    ],
)
def test_nothing_else_can_be_written(cuda_sandbox: Sandbox, path: str) -> None:
    path = path.replace("{parent}", "%(parent)d")
    source = (
        "import os\n"
        "def f():\n"
        f"    os.close(os.open({path!r} % {{'parent': os.getppid()}}, os.O_WRONLY))\n"
    )
    assert told_by(cuda_sandbox, source)["type"] == "PermissionError"


def test_a_child_for_the_cpu_names_no_threads(sandbox: Sandbox) -> None:
    source = "def f():\n    open('/proc/self/task/%d/comm' % __import__('os').getpid(), 'w')\n"
    assert told_by(sandbox, source)["type"] == "PermissionError"


def test_root_has_no_privileges_there(cuda_sandbox: Sandbox) -> None:
    """Beneath `task` lie `oom_score_adj` and the like, which root could set at others' expense."""
    source = (
        "def f():\n"
        "    lines = [line.split() for line in open('/proc/self/status') if line.startswith('Cap')]\n"
        "    return {name: int(value, 16) for name, value in lines}\n"
    )
    held = told_by(cuda_sandbox, source)
    to_reach_files = 0b110
    own = Path("/proc/self/status").read_text().partition("CapEff:")[2].split()[0]
    assert held["CapEff:"] == int(own, 16) & to_reach_files
    assert held["CapEff:"] & ~to_reach_files == held["CapPrm:"] & ~to_reach_files == 0
    assert held["CapInh:"] == held["CapAmb:"] == 0


# a ruleset of its own, in a process of its own

RULES = """
import errno, json, os, sys
from pathlib import Path
from grader.sandbox.isolation.landlock import Ruleset
top = Path(sys.argv[1])
rules = Ruleset()
rules.allow_reading(top / "read", [top / "read" / "hidden", top / "elsewhere"])
rules.allow_reading(top / "absent")
rules.allow_reading(top / "hidden", [top / "hidden"])
rules.allow_reading(top / "one" / "file")
rules.allow_writing(top / "write")
rules.enforce()
def told(attempt):
    try:
        attempt()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"
def make(name):
    return lambda: (top / name).write_text("x")
def read(name):
    return lambda: (top / name).read_text()
print(json.dumps({
    **{f"read {name}": told(read(name)) for name in (
        "read/a", "read/deep/b", "read/hidden/c", "write/link", "hidden/d", "one/file", "one/other", "write/e", "f")},
    **{f"list {name}": told(lambda: os.listdir(top / name)) for name in ("read", "read/hidden", "write", ".")},
    **{f"write {name}": told(make(name)) for name in ("read/a", "read/new", "write/e", "write/new", "f", "new")},
    "remove read/a": told(lambda: os.remove(top / "read" / "a")),
    "move out": told(lambda: os.rename(top / "write" / "e", top / "e")),
    "remove write/e": told(lambda: os.remove(top / "write" / "e")),
    "run": told(lambda: os.execv(top / "write" / "new", ["new"])),
}))
"""
FILES = ("read/a", "read/deep/b", "read/hidden/c", "hidden/d", "one/file", "one/other", "write/e", "f")  # fmt: skip
OPEN = {
    "read read/a", "read read/deep/b", "read one/file", "read write/e", "list read", "list read/hidden", "list write",
    "write write/e", "write write/new", "remove write/e",
}  # fmt: skip


@pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
def test_what_is_not_on_the_list_is_closed(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("text")
    (tmp_path / "write" / "link").symlink_to(tmp_path / "f")
    command = [sys.executable, "-c", RULES, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert {what for what, how in told.items() if how == "done"} == OPEN
    assert {how for how in told.values() if how != "done"} <= {"EACCES", "EXDEV"}
    assert (tmp_path / "read" / "a").read_text() == (tmp_path / "f").read_text() == "text"


def test_a_kernel_without_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> int:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(landlock, "_call", refuse)
    assert landlock.version() == 0
    with pytest.raises(landlock.LandlockError, match="this kernel has no Landlock"):
        landlock.Ruleset()
