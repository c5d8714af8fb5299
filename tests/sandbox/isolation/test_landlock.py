"""What a child may read and write: a list of paths, with a GPU a few more."""

from __future__ import annotations

import ctypes
import json
import struct
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


# both rulesets, in a process of its own

RULES = """
import errno, json, os, sys
from pathlib import Path
from grader.sandbox.isolation.landlock import OwnRules, SharedRules
top = Path(sys.argv[1])
shared = SharedRules(top / "children")
shared.allow_reading(top / "read", [top / "read" / "hidden", top / "elsewhere"])
shared.allow_reading(top / "absent")
shared.allow_reading(top / "hidden", [top / "hidden"])
shared.allow_reading(top / "one" / "file")
shared.allow_reading(top / "two")
shared.allow_reading(Path("/dev/null"))
own = OwnRules()
for name in ("read", "absent", "hidden", "one/file"):
    own.allow_reading(top / name)
own.allow_writing(Path("/dev/null"))
shared.enforce()
own.enforce(top / "children" / "own")
os.chdir(top / "children" / "own")
def told(attempt, *arguments):
    try:
        attempt(*arguments)
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"
def read(name):
    (top / name).read_text()
def write(name):
    (top / name).write_text("x")
def empty(name):
    os.close(os.open(top / name, os.O_WRONLY | os.O_TRUNC))
def remove(name):
    os.remove(top / name)
def listed(name):
    os.listdir(top / name)
print(json.dumps({" ".join((act.__name__, *map(str, names))): told(act, *names) for act, *names in (
    *((read, name) for name in (
        "read/a", "read/deep/b", "read/hidden/c", "hidden/d", "one/file", "one/other", "two/x", "children/own/link",
        "children/own/e", "children/other/o", "f")),
    *((listed, name) for name in ("read", "read/hidden", "two", "children/own", "children/other", "children", ".")),
    *((write, name) for name in (
        "read/a", "read/new", "children/own/e", "children/own/new", "children/new", "children/other/o", "f", "new")),
    *((empty, name) for name in ("read/a", "children/own/e", "children/other/o")),
    *((remove, name) for name in ("read/a", "children/other/o")),
    (os.mkdir, "../new"), (os.mkdir, "deep"), (os.mkdir, "deep/er"), (os.rmdir, "../other"), (os.rmdir, "../empty"),
    (os.symlink, "/", "../new"), (os.symlink, "/", "soft"),
    (os.rename, "e", "../e"), (os.rename, "e", "../other/e"), (os.rename, "../other", "../another"),
    (os.rename, "../other/o", "o"), (os.rename, "e", "deep/e"), (os.rename, "deep/e", "e"),
    (os.link, "e", "../hard"), (os.link, "../other/o", "hard"), (os.link, "e", "hard"),
    (os.mkfifo, "pipe"), (os.mkfifo, "../pipe"),
    (os.remove, "e"), (os.rmdir, "deep/er"), (os.execv, "new", ["new"]), (os.rmdir, "../own"),
    (Path("/dev/null").write_text, "x"), (Path("/dev/zero").read_text,),
)}))
"""
FILES = (
    "read/a", "read/deep/b", "read/hidden/c", "hidden/d", "one/file", "one/other", "two/x", "f", "children/own/e",
    "children/other/o",
)  # fmt: skip
OPEN = {
    "read read/a", "read read/deep/b", "read one/file", "listed read", "listed read/hidden",
    "read children/own/e", "listed children/own", "write children/own/e", "write children/own/new",
    "empty children/own/e", "mkdir deep", "mkdir deep/er", "symlink / soft", "rename e deep/e", "rename deep/e e",
    "link e hard", "remove e", "rmdir deep/er", "write_text x",
}  # fmt: skip
MOVES = {"rename e deep/e", "rename deep/e e"}  # which the first version refuses everywhere


@pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
def test_a_child_reads_what_is_listed_and_writes_in_its_own_folder(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("text")
    (tmp_path / "children" / "empty").mkdir()
    (tmp_path / "children" / "own" / "link").symlink_to(tmp_path / "f")
    command = [sys.executable, "-c", RULES, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    expected = OPEN - MOVES if landlock.version() == 1 else OPEN
    assert {what for what, how in told.items() if how == "done"} == expected
    assert {how for how in told.values() if how != "done"} <= {"EACCES", "EXDEV"}
    left = ("read/a", "f", "children/other/o")
    assert [(tmp_path / name).read_text() for name in left] == ["text"] * 3
    assert {entry.name for entry in (tmp_path / "children").iterdir()} == {"own", "other", "empty"}


LINKS = """
import json, sys
from pathlib import Path
from grader.sandbox.isolation.landlock import SharedRules
top = Path(sys.argv[1])
rules = SharedRules(top / "children")
rules.allow_reading(top / "env", [top / "env" / "lib" / "hidden", top / "secret"])
rules.enforce()
def told(name):
    try:
        return (top / name).read_text()
    except PermissionError:
        return "refused"
print(json.dumps([{name: told(name) for name in sys.argv[2:]}, *map(str, rules.behind_links)]))
"""
LINKED = {
    "env/lib/other/a": "text",
    "env/lib64/other/a": "text",
    "env/lib/hidden/b": "refused",
    "env/lib64/hidden/b": "refused",
    "env/up/lib/hidden/b": "refused",
    "env/beside/c": "refused",
    "env/lib/outside/d": "text",
    "env/lib/round/lib/hidden/b": "refused",
    "secret/c": "refused",
    "elsewhere/d": "text",
    "f": "refused",
}


@pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
def test_no_link_leads_to_what_is_hidden(tmp_path: Path) -> None:
    """A virtual environment has `lib64`, a link to `lib`: by that name nothing is less hidden."""
    for name in (
        "env/lib/other/a",
        "env/lib/hidden/b",
        "secret/c",
        "elsewhere/d",
        "f",
        "children/x",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("text")
    links = {
        "env/lib64": "lib", "env/up": "../env", "env/beside": "../secret", "env/lib/outside": "../../elsewhere",
        "env/lib/round": "..", "env/broken": "nowhere",
    }  # fmt: skip
    for name, target in links.items():
        (tmp_path / name).symlink_to(target)
    command = [sys.executable, "-c", LINKS, str(tmp_path.resolve()), *LINKED]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [LINKED, str(tmp_path.resolve() / "elsewhere")]


def test_a_kernel_without_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> int:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(landlock, "system_call", refuse)
    assert landlock.version() == 0
    for make in (landlock.OwnRules, lambda: landlock.SharedRules(Path("/"))):
        with pytest.raises(landlock.LandlockError, match="this kernel has no Landlock"):
            make()


@pytest.mark.parametrize(
    ("abi", "known", "size"),
    [
        *((1, 1 << 12, 8), (2, 1 << 13, 8), (3, 1 << 14, 8), (4, 1 << 14, 16)),
        *((5, 1 << 15, 16), (6, 1 << 15, 24), (9, 1 << 15, 24)),
    ],
)
def test_each_kernel_is_asked_for_what_it_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abi: int, known: int, size: int
) -> None:
    """A right, or a length, that is newer than the kernel makes it refuse everything."""
    sizes = []

    def kernel(number: int, *arguments: int) -> int:
        if number == 444 and arguments[0]:  # a ruleset is made
            attributes = ctypes.string_at(arguments[0], arguments[1])
            [rights] = struct.unpack("<Q", attributes[:8])
            assert rights < 2 * known
            sizes.append(arguments[1])
        elif number == 445:  # a rule is added
            [rights] = struct.unpack("<Q", ctypes.string_at(arguments[2], 8))
            assert 0 < rights < 2 * known
        return abi

    monkeypatch.setattr(landlock, "system_call", kernel)
    monkeypatch.setattr(landlock, "no_new_privileges", lambda: None)
    monkeypatch.setattr("os.close", lambda _: None)
    shared, own = landlock.SharedRules(tmp_path), landlock.OwnRules()
    for path in (tmp_path, Path("/dev/null")):
        shared.allow_reading(path)
        own.allow_reading(path)
        own.allow_device(path)
    own.allow_writing(Path("/dev/null"))
    own.enforce(tmp_path, naming_threads=True)
    assert sizes == [size, 8]
