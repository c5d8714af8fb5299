"""The layers around a child: what they refuse, and what they leave."""

from __future__ import annotations

import errno
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grader.machines import Machines
from grader.sandbox import Sandbox
from grader.sandbox.isolation import landlock, seccomp
from grader.sandbox.isolation.confinement import (
    LANDLOCK,
    PRIVILEGES,
    SECCOMP,
    Confinement,
    Layer,
    as_data,
    offered,
)
from grader.sandbox.isolation.system_calls import REFUSED
from tests.children import call, load, told_by
from tests.conftest import ROOT, Grade
from tests.ordinary_user import OrdinaryUser

REACHING_OUT = [
    # what is to be read
    "open('/etc/passwd').read()",
    f"open({str(ROOT / 'solutions' / 'my_linear.py')!r}).read()",
    f"open({str(ROOT / 'grader' / 'checks' / 'my_linear.py')!r}).read()",
    "open('/proc/%d/environ' % os.getppid()).read()",
    "os.listdir('/')",
    "os.listdir('..')",
    # what is to be written, outside and among the folders of all children
    "open('/tmp/grader-test-of-writing', 'w')",
    "open('/dev/shm/grader-test-of-writing', 'w')",
    "open('../stash', 'w')",
    "os.mkdir('../7')",
    "os.makedirs('../7/deep')",
    "os.rmdir('../' + os.path.basename(os.getcwd()))",
    "os.rename('../' + os.path.basename(os.getcwd()), '../8')",
    "os.symlink('/', '../9')",
    "open('mine', 'w').close(), os.link('mine', '../mine')",
    "open('mine', 'w').close(), os.rename('mine', '/tmp/grader-test-of-moving')",
    "os.mkfifo('../pipe')",
    "os.truncate(os.__file__, 10**6)",
    "os.open(os.__file__, os.O_RDONLY | os.O_TRUNC)",
    # owner, mode, times and attributes of files
    "os.chmod('..', 0)",
    "os.chmod('/tmp', 0o777)",
    "os.chmod(os.__file__, 0o644)",
    "os.fchmod(os.open(os.__file__, os.O_RDONLY), 0o644)",
    "os.utime(os.__file__)",
    "os.utime(os.open(os.__file__, os.O_RDONLY), (1, 1))",
    "os.chown('..', os.getuid(), os.getgid())",
    "os.lchown('/tmp', os.getuid(), os.getgid())",
    "os.setxattr('..', 'user.grader', b'x')",
    "os.removexattr(os.__file__, 'user.grader')",
    # devices
    "os.mknod('disk', stat.S_IFBLK | 0o600, os.stat('/').st_dev)",
    "os.mknod('memory', stat.S_IFCHR | 0o600, os.makedev(1, 1))",
    # other processes
    "os.fork()",
    "os.execv('/bin/true', ['true'])",
    "os.posix_spawn('/bin/true', ['true'], {})",
    "os.kill(os.getppid(), 0)",
    "os.kill(1, 0)",
    "os.kill(0, 0)",
    "os.kill(-1, 0)",
    "fcntl.fcntl(os.pipe()[0], fcntl.F_SETOWN, os.getppid())",
    "fcntl.fcntl(os.pipe()[0], fcntl.F_SETSIG, 9)",
    "resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))",
    "os.sched_setaffinity(os.getppid(), {0})",
    "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))",
    "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
    "os.pidfd_open(os.getppid())",
    "os.setsid()",
    # the network
    "socket.socket()",
    "socket.socket(socket.AF_UNIX)",
    "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)",
    # the machine
    "os.memfd_create('x')",
    "os.chroot('.')",
    "socket.sethostname(socket.gethostname())",
    "time.clock_settime(time.CLOCK_REALTIME, time.time())",
    "os.setuid(os.getuid())",
]
IMPORTS = "import fcntl, os, resource, socket, stat, time\n"


@pytest.mark.parametrize("attempt", REACHING_OUT)
def test_the_kernel_refuses(strict_sandbox: Sandbox, attempt: str) -> None:
    if off := {layer.name: layer.why for layer in strict_sandbox.layers() if not layer.on}:
        # a hole, and no old kernel
        assert not [why for why in off.values() if why.startswith("a child could still")]
        pytest.skip(f"this machine lacks {', '.join(off)}")
    child, _ = load(strict_sandbox, f"{IMPORTS}def f():\n    {attempt}\n")
    error = call(child)
    child.close()
    assert error["type"] == "PermissionError"


THEIRS = """
import json, os, sys
from grader.sandbox import Limits, Sandbox
from tests.children import told_by
told = {}
imports = sys.stdin.readline()
with Sandbox(Limits(call_seconds=3)) as box:
    for attempt in json.load(sys.stdin):
        answer = told_by(box, imports + "def f():\\n    " + attempt + "\\n")
        told[attempt] = answer["type"] if isinstance(answer, dict) else "done"
    off = {layer.name: layer.why for layer in box.layers() if not layer.on}
print(json.dumps([os.getuid(), off, told]))
"""


def test_an_ordinary_user_is_refused_the_same(another_user: OrdinaryUser) -> None:
    given = IMPORTS + json.dumps(REACHING_OUT)
    user, off, told = json.loads(another_user.run(THEIRS, text=given))
    assert user == another_user.number
    assert off == {}
    assert told == dict.fromkeys(REACHING_OUT, "PermissionError")


def test_each_call_that_is_on_the_list_is_refused(sandbox: Sandbox) -> None:
    """Made as it is, without the C library: the kernel refuses before it looks at the arguments."""
    on_arm = os.uname().machine == "aarch64"
    numbers = {
        name: pair[on_arm]
        for group in REFUSED.values()
        for name, pair in group.items()
        if pair[on_arm] is not None
    }
    source = (
        "import ctypes, errno\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "def f():\n"
        "    told = {}\n"
        f"    for name, number in {numbers}.items():\n"
        "        libc.syscall(number, *[ctypes.c_long(-1)] * 6)\n"
        "        told[name] = errno.errorcode[ctypes.get_errno()]\n"
        "    return told\n"
    )
    told = told_by(sandbox, source)
    assert told == dict.fromkeys(numbers, "EPERM")


@pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
@pytest.mark.parametrize(
    "attack",
    [
        "for n in range(400):\n    try: os.mkdir(f'../{n}')\n    except OSError: pass\n",
        "os.chmod('..', 0)\n",
        "os.rename('.', '../gone')\n",
    ],
)
def test_a_submission_leaves_the_next_one_alone(
    graded: Grade, strict_machines: Machines, attack: str
) -> None:
    """One line once cost every later student of a class all points."""
    honest = (ROOT / "solutions" / "my_linear.py").read_text(encoding="utf-8")
    graded("my_linear", f"import os\n{attack}{honest}", on=strict_machines, seed=1)
    result = graded("my_linear", honest, on=strict_machines, seed=1)
    assert result.score == result.max_score


@pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
def test_what_another_child_left_is_not_seen(sandbox: Sandbox) -> None:
    source = (
        "import os\n"
        "def told(attempt, *arguments):\n"
        "    try:\n"
        "        return str(attempt(*arguments))\n"
        "    except OSError as error:\n"
        "        return type(error).__name__\n"
        "def f():\n"
        "    there = '../left-by-another'\n"
        "    return [told(os.listdir, there), told(open, there + '/answer'), told(os.remove, there + '/answer')]\n"
    )
    child, _ = load(sandbox, source)
    own = Path(call(child, "def go(student):\n    return student.os.getcwd()\n"))
    left = own.parent / "left-by-another"
    left.mkdir()
    (left / "answer").write_text("7")
    told = call(child)
    (left / "answer").unlink()
    left.rmdir()
    child.close()
    assert told == ["PermissionError"] * 3


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


FILES = """
import os, shelve, shutil, sqlite3, tarfile, tempfile, zipfile
from pathlib import Path
import numpy as np, torch
def f():
    Path("deep/er").mkdir(parents=True)
    Path("deep/a").write_text("text")
    done = []
    for copy in (shutil.copy, shutil.copy2, shutil.copyfile):
        done.append(Path(copy("deep/a", copy.__name__)).read_text())
    done.append(Path(shutil.copytree("deep", "tree"), "a").read_text())
    done.append(Path(shutil.move("tree/a", "deep/er/moved")).read_text())
    os.replace("deep/er", "er")
    with tarfile.open("deep.tar", "w") as archive:
        archive.add("deep")
    with tarfile.open("deep.tar") as archive:
        archive.extractall("untarred")
    done.append(Path("untarred/deep/a").read_text())
    done.append(Path(shutil.make_archive("deep", "zip", "deep")).name)
    with zipfile.ZipFile("deep.zip") as archive:
        archive.extractall("unzipped")
    done.append(Path("unzipped/a").read_text())
    Path("deep/a").touch()
    Path("fresh").touch()
    os.chmod("fresh", 0o600)
    os.utime("fresh")
    os.truncate("fresh", 3)
    np.save("array.npy", np.ones(3))
    done.append(float(np.load("array.npy", mmap_mode="r+").sum()))
    torch.save(torch.ones(3), "tensor.pt")
    done.append(torch.load("tensor.pt", mmap=True).sum().item())
    with sqlite3.connect("base.db") as base:
        base.execute("pragma journal_mode=wal")
        base.execute("create table t(a)")
    base.close()
    with shelve.open("shelf") as shelf:
        shelf["a"] = 1
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a").write_text("text")
    shutil.rmtree("deep")
    return done
"""


def test_a_solution_works_with_files_of_its_own(sandbox: Sandbox) -> None:
    """Much of it copies modes and times, which no child may change."""
    told = told_by(sandbox, FILES)
    assert told == [*["text"] * 6, "deep.zip", "text", 3.0, 3.0]


def test_without_landlock_the_reason_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landlock, "version", lambda: 0)
    made = Confinement(tmp_path, [], wanted=True)
    assert made.reasons == {LANDLOCK: "this kernel has no Landlock"}
    assert made.descriptors == []


def test_without_a_table_of_calls_the_reason_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    made = Confinement(tmp_path, [], wanted=True)
    assert made.reasons == {SECCOMP: "no table of system calls for riscv64"}
    for descriptor in made.descriptors:
        os.close(descriptor)


def test_on_another_system_there_are_no_layers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    made = Confinement(tmp_path, [], wanted=True)
    assert made.reasons == dict.fromkeys((LANDLOCK, SECCOMP, PRIVILEGES), "not on darwin")
    made.apply(tmp_path)  # which does nothing: this process can open what it could
    Path("/etc/passwd").read_bytes()


@pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
def test_the_rules_stay_open_until_they_are_applied(tmp_path: Path) -> None:
    made = Confinement(tmp_path, [], wanted=True)
    assert len(made.descriptors) > 5
    for descriptor in made.descriptors:
        os.close(descriptor)  # which raises where it is not open


@pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
def test_what_is_hidden_among_the_packages_is_not_read(tmp_path: Path) -> None:
    """As where the grader is installed beside torch, and not run from a checkout."""
    modules = (importlib.import_module(name) for name in ("rich", "click"))
    hidden, beside = (Path(module.__file__ or "").resolve() for module in modules)
    own = tmp_path / "own"
    own.mkdir()
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from grader.sandbox.isolation.confinement import Confinement\n"
        "folder, hidden, *files = map(Path, sys.argv[1:])\n"
        "Confinement(folder, [hidden], wanted=True).apply(folder / 'own')\n"
        "for file in files:\n"
        "    try:\n"
        "        print(len(file.read_bytes()) > 0)\n"
        "    except PermissionError:\n"
        "        print('refused')\n"
    )
    arguments = map(str, (tmp_path, hidden.parent, hidden, beside))
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == ["refused", "True"], done.stderr


@pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
@pytest.mark.parametrize("without", [(), (LANDLOCK,), (SECCOMP,), (PRIVILEGES,)])
def test_layers_are_left_out_by_name(tmp_path: Path, without: tuple[str, ...]) -> None:
    """As where it is found out which of them keeps a child from the GPU."""
    told = in_a_fork(tmp_path, without)
    assert told["read"] == ("done" if LANDLOCK in without else "EACCES")
    assert told["socket"] == ("done" if SECCOMP in without else "EPERM")
    privileged = os.getuid() == 0 and PRIVILEGES in without
    assert told["privileged"] == privileged
    assert told["left open"] == 0


def in_a_fork(folder: Path, without: tuple[str, ...]) -> dict[str, Any]:
    """What a process can do with the layers but those in `without`."""
    program = (
        "import errno, json, os, socket, sys\n"
        "from pathlib import Path\n"
        "from grader.sandbox.isolation.confinement import Confinement\n"
        "from grader.sandbox.isolation.privileges import held\n"
        "folder, *without = sys.argv[1:]\n"
        "own = Path(folder, 'own')\n"
        "own.mkdir()\n"
        "made = Confinement(Path(folder), [], wanted=True)\n"
        "descriptors = made.descriptors\n"
        "made.apply(own, without)\n"
        "def told(attempt):\n"
        "    try:\n"
        "        attempt()\n"
        "        return 'done'\n"
        "    except OSError as error:\n"
        "        return errno.errorcode[error.errno]\n"
        "left = [each for each in descriptors if told(lambda each=each: os.fstat(each)) == 'done']\n"
        "print(json.dumps({'read': told(lambda: open('/etc/passwd')), 'socket': told(socket.socket),\n"
        "                  'privileged': held() != 0, 'left open': len(left)}))\n"
    )
    command = [sys.executable, "-c", program, str(folder), *without]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_what_the_machine_lacks_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel may take a table of calls and refuse the filter, or refuse to drop what is held."""

    def refuse(*_: object) -> None:
        raise seccomp.SeccompError("this kernel refuses a filter")

    def fail(*_: object) -> None:
        raise OSError(errno.EPERM, "capset")

    monkeypatch.setattr(landlock, "version", lambda: 0)
    made = Confinement(tmp_path, [], wanted=True)
    monkeypatch.setattr(made._filter, "install", refuse)
    monkeypatch.setattr(made._privileges, "give_up", fail)
    made.apply(tmp_path)


def test_layers_as_the_wire_carries_them() -> None:
    layer = Layer("no network", False, "switched off")
    assert as_data([layer]) == [{"name": "no network", "on": False, "why": "switched off"}]
    assert Layer(**as_data([layer])[0]) == layer


def test_what_a_machine_offers_is_told_without_a_try(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(device: str = "cpu") -> None:
        raise seccomp.SeccompError("no table of system calls for sparc")

    monkeypatch.setattr(seccomp, "Filter", refuse)
    monkeypatch.setattr(landlock, "version", lambda: 0)
    assert offered() == {
        LANDLOCK: "this kernel has no Landlock",
        SECCOMP: "no table of system calls for sparc",
        PRIVILEGES: "",
    }
    monkeypatch.setattr(landlock, "version", lambda: 4)
    assert offered()[LANDLOCK] == ""
    monkeypatch.setattr(sys, "platform", "darwin")
    assert {*offered().values()} == {"not on darwin"}
