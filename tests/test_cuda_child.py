"""Children that are made for a GPU: what its driver needs is open to them, and nothing beside it. Most needs no GPU.

Where there is none, such children are made all the same, and a stand-in does what the driver was seen to do.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from grader import grade
from grader.cli import main
from grader.machines import Machines
from grader.report import CheckResult
from grader.sandbox import Sandbox
from grader.sandbox import sandbox as sandbox_module
from grader.sandbox.isolation import gpu_diagnosis
from grader.sandbox.isolation.confinement import LANDLOCK, PRIVILEGES, SECCOMP
from grader.sandbox.isolation.gpu_diagnosis import LAYERS, explain
from grader.submission import Submission

from .conftest import ROOT
from .test_sandbox import call

pytestmark = pytest.mark.xdist_group("cuda_child")


@pytest.fixture(scope="module")
def box(sandbox: Sandbox) -> Iterator[Sandbox]:
    if off := [layer.name for layer in sandbox.layers() if not layer.on]:
        pytest.skip(f"this machine lacks layers: {', '.join(off)}")
    with Sandbox(device="cuda") as running:
        assert running.layers() == sandbox.layers()
        yield running


def told_by(box: Sandbox, source: str, preload: Collection[str] = ()) -> Any:
    """What `f()` gives in a child."""
    child = box.open([*preload])
    try:
        header = child.load("exercise", [("exercise.py", source)])
        assert "error" not in header, header
        return call(child)
    finally:
        child.close()


# sockets

LOCAL = """
import os, socket
def f():
    with socket.socket(socket.AF_UNIX) as local:
        local.bind("\\0grader-test-%d" % os.getpid())
        local.listen(1)
        return local.getsockname() != ""
"""
TRAFFIC = """
import ctypes, errno, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def f():
    address = "\\0grader-test-%d" % os.getpid()
    local = socket.socket(socket.AF_UNIX)
    local.bind(address)
    local.listen(1)
    local.setblocking(False)
    raw = b"\\1\\0" + address.encode()
    calls = {
        "connect": (raw, len(raw)), "accept": (None, None), "accept4": (None, None, 0), "sendmsg": (None, 0),
        "sendto": (b"x", 1, 0, raw, len(raw)), "send": (b"x", 1, 0), "sendmmsg": (None, 0, 0),
    }
    told = {}
    for name, arguments in calls.items():
        other = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        end = local if name.startswith("accept") else other
        ctypes.set_errno(0)
        getattr(libc, name)(end.fileno(), *arguments)
        told[name] = errno.errorcode.get(ctypes.get_errno(), "done")
    ctypes.set_errno(0)
    libc.socketpair(1, 1, 0, (ctypes.c_int * 2)())
    told["socketpair"] = errno.errorcode.get(ctypes.get_errno(), "done")
    return told
"""
DOMAINS = """
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
def f():
    told = {}
    for domain in range(64):
        ctypes.set_errno(0)
        libc.socket(domain, 1, 0)
        told[str(domain)] = errno.errorcode.get(ctypes.get_errno(), "done")
    return told
"""


def test_a_local_socket_can_be_listened_on(box: Sandbox) -> None:
    assert told_by(box, LOCAL) is True


def test_nothing_goes_through_a_socket(box: Sandbox) -> None:
    told = told_by(box, TRAFFIC)
    assert len(told) == 8
    assert set(told.values()) == {"EPERM"}, told


def test_no_other_domain_is_there(box: Sandbox) -> None:
    told = told_by(box, DOMAINS)
    assert [domain for domain, what in told.items() if what != "EPERM"] == ["1"]


def test_a_large_answer_comes_back(box: Sandbox) -> None:
    """The child's own connection is written to, where nothing may be sent."""
    answer = told_by(box, "import torch\ndef f():\n    return torch.ones(1 << 22)\n")
    assert answer.sum().item() == 1 << 22


def test_a_child_for_the_cpu_has_no_sockets(sandbox: Sandbox) -> None:
    assert told_by(sandbox, LOCAL)["type"] == "PermissionError"
    assert set(told_by(sandbox, DOMAINS).values()) == {"EPERM"}


# /proc

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


def test_threads_can_be_named(box: Sandbox) -> None:
    assert told_by(box, NAMES) == ["of-the-driver"] * 2


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
def test_nothing_else_can_be_written(box: Sandbox, path: str) -> None:
    path = path.replace("{parent}", "%(parent)d")
    source = (
        "import os\n"
        "def f():\n"
        f"    os.close(os.open({path!r} % {{'parent': os.getppid()}}, os.O_WRONLY))\n"
    )
    assert told_by(box, source)["type"] == "PermissionError"


def test_a_child_for_the_cpu_names_no_threads(sandbox: Sandbox) -> None:
    source = "def f():\n    open('/proc/self/task/%d/comm' % __import__('os').getpid(), 'w')\n"
    assert told_by(sandbox, source)["type"] == "PermissionError"


def test_root_has_no_privileges_there(box: Sandbox) -> None:
    """Beneath `task` lie `oom_score_adj` and the like, which root could set at others' expense."""
    source = (
        "def f():\n"
        "    lines = [line.split() for line in open('/proc/self/status') if line.startswith('Cap')]\n"
        "    return {name: int(value, 16) for name, value in lines}\n"
    )
    held = told_by(box, source)
    to_reach_files = 0b110
    assert held["CapEff:"] & ~to_reach_files == held["CapPrm:"] & ~to_reach_files == 0
    assert held["CapInh:"] == held["CapAmb:"] == 0


# the user's name, and what torch imports late


@pytest.fixture(params=["cpu", "cuda"])
def either(request: pytest.FixtureRequest) -> Sandbox:
    running = request.getfixturevalue("box" if request.param == "cuda" else "sandbox")
    assert isinstance(running, Sandbox)
    return running


def test_the_user_has_a_name(either: Sandbox) -> None:
    source = "import getpass, os\ndef f():\n    return [getpass.getuser(), os.environ['USER']]\n"
    assert told_by(either, source) == ["student", "student"]
    hidden = "def f():\n    open('/etc/passwd')\n"
    assert told_by(either, hidden)["type"] == "PermissionError"


def test_torch_imports_its_compiler_in_a_child(either: Sandbox) -> None:
    packages = Path(torch.__file__).resolve()
    own = [Path(prefix).resolve() for prefix in (sys.prefix, sys.base_prefix)]
    if not any(map(packages.is_relative_to, own)):
        pytest.skip("torch lies outside of this Python's folders, where children do not read")
    source = "import torch._dynamo\ndef f():\n    return torch._dynamo.__name__\n"
    assert told_by(either, source) == "torch._dynamo"


def test_what_is_imported_before_the_fork_leaves_cuda_alone(box: Sandbox) -> None:
    source = (
        "import sys, torch\n"
        "def f():\n"
        "    imported = 'torch._dynamo' in sys.modules\n"
        "    return [imported, torch.cuda.is_initialized(), torch.cuda._is_in_bad_fork()]\n"
    )
    assert told_by(box, source, ["torch._dynamo"]) == [True, False, False]


def test_both_children_of_an_exercise_find_the_same_imports(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[list[str]] = []

    def run(_checks: object, sessions: Any, *_: object) -> tuple[CheckResult]:
        opened.extend([*each._preload] for each in (sessions.main, sessions.cuda))
        return (CheckResult("a", "", "passed", 1, 1),)

    monkeypatch.setattr("grader.checking.run.run_checks", run)
    monkeypatch.setattr(
        "grader.grading._collect", lambda *_: {"a": CheckResult("a", "", "passed", 1, 1)}
    )
    text = (ROOT / "solutions" / "optimizers.py").read_text(encoding="utf-8")
    with_gpu = machines.on(devices=("cpu", "cuda"))
    monkeypatch.setattr(with_gpu.sandbox(), "absent", lambda device: "")
    with_gpu._sandboxes = with_gpu._sandboxes | {"cuda": with_gpu.sandbox()}
    grade(Submission.of_text("optimizers", text), machines=with_gpu)
    assert opened[0] == opened[1]
    assert "torch._dynamo" in opened[0]


# what is in the way

Pretend = Callable[[str], Sandbox]


@pytest.fixture
def pretend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pretend]:
    """A sandbox on a machine that seems to have a GPU; its driver does at its start what the text says."""
    script = tmp_path / "driver.py"
    boot = sandbox_module._BOOT.replace(
        "from grader", f"exec(open({str(script)!r}).read()); from grader"
    )
    monkeypatch.setattr(sandbox_module, "_BOOT", boot)
    running = []

    def start(driver: str) -> Sandbox:
        script.write_text(DRIVER.replace("pass", driver), encoding="utf-8")
        running.append(Sandbox(device="cuda"))
        return running[-1]

    yield start
    for sandbox in running:
        sandbox.close()


DRIVER = """
import os, resource, socket, threading
from pathlib import Path
import torch
import grader.sandbox.isolation.gpu_diagnosis as there
ones = torch.ones
def on_gpu(*size, device=None, **rest):
    if device == "cuda":
        local = socket.socket(socket.AF_UNIX)
        address = "\\0grader-test-%d" % os.getpid()
        local.bind(address)
        local.listen(1)
        with open("/proc/self/task/%d/comm" % threading.get_native_id(), "w") as file:
            file.write("of-the-driver")
        pass
    return ones(*size, **rest)
torch.ones = on_gpu
torch.version.cuda = "13.0"
there.devices = lambda: [Path("/dev/null")]
"""


def test_what_the_driver_does_is_let_through(pretend: Pretend) -> None:
    assert pretend("pass").absent("cuda") == ""


@pytest.mark.parametrize(
    ("driver", "layer"),
    [
        ("socket.socket(socket.AF_UNIX).connect(address)", SECCOMP),
        ("open('/proc/self/comm', 'w').close()", LANDLOCK),
        ("assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 128", gpu_diagnosis.LIMITS),
    ],
)
def test_the_layer_in_the_way_is_found_by_trying(
    box: Sandbox, pretend: Pretend, driver: str, layer: str
) -> None:
    told = pretend(driver).absent("cuda")
    assert f"The sandbox is the cause: without {layer} it works. Please report" in told


def test_what_is_not_the_sandboxs_fault_is_told(pretend: Pretend) -> None:
    said = "The NVIDIA driver on your system is too old (found version 11040)."
    told = pretend(f"raise RuntimeError({said!r})").absent("cuda")
    assert told.startswith(f"RuntimeError: {said}")
    assert "it is the same with none of its layers. Update the driver, or install a torch" in told


GPU = [Path("/dev/null")]


@pytest.mark.parametrize(
    ("in_the_way", "told"),
    [
        ([{SECCOMP}], "without seccomp it works"),
        ([{LANDLOCK}, {SECCOMP}], "Landlock and seccomp each stop it"),
        ([{LANDLOCK, SECCOMP}], "without Landlock or seccomp it works"),
        ([{LANDLOCK, SECCOMP}, {SECCOMP, PRIVILEGES}, {LANDLOCK, PRIVILEGES}], "several together"),
    ],
)  # fmt: skip
def test_layers_in_the_way(in_the_way: list[set[str]], told: str) -> None:
    """Each set of layers stops the GPU while all of them are on."""

    def attempt(without: Collection[str]) -> str:
        on = set(LAYERS) - set(without)
        return "broken" if any(together <= on for together in in_the_way) else ""

    assert told in explain("broken", attempt, GPU, "2.13.0", "13.0")


@pytest.mark.parametrize(
    ("nodes", "build", "told"),
    [
        ([], "13.0", "no device file of an NVIDIA GPU"),
        (GPU, None, "torch 2.13.0+cpu is built without CUDA. Install"),
        ([Path("/dev/grader-none")], "13.0", "this user may not open /dev/grader-none."),
    ],
)
def test_what_can_be_seen_without_a_try(nodes: list[Path], build: str | None, told: str) -> None:
    def attempt(without: Collection[str]) -> str:
        raise AssertionError("not to be tried")

    assert told in explain("broken", attempt, nodes, "2.13.0+cpu", build)


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("Error 304: OS call failed", "See what nvidia-smi says"),
        ("No CUDA GPUs are available", "CUDA_VISIBLE_DEVICES"),
    ],
)
def test_outside_the_sandbox_the_advice_fits_the_error(said: str, advice: str) -> None:
    assert advice in explain(said, lambda _: said, GPU, "2.13.0", "13.0")


def test_doctor_says_in_one_sentence_that_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    start = Sandbox.__init__

    def counted(self: Sandbox, *given: Any, **named: Any) -> None:
        started.append(named.get("device", "cpu"))
        start(self, *given, **named)

    monkeypatch.setattr(Sandbox, "__init__", counted)
    monkeypatch.setattr("grader.sandbox.isolation.gpu_diagnosis.devices", list)
    run = CliRunner().invoke(main, ["doctor"])
    assert run.exit_code == 0, run.output
    assert f"No cuda: {gpu_diagnosis.NO_DEVICE}." in run.output
    assert started == ["cpu"]


# on a GPU


@pytest.mark.cuda
def test_a_gpu_that_is_there_is_reached() -> None:
    """Elsewhere a GPU that children cannot reach skips the tests; here it fails one."""
    if not torch.cuda.is_available():
        pytest.skip("this machine has no GPU that torch can use")
    with Sandbox(device="cuda") as running:
        assert running.absent("cuda") == ""
        assert [layer for layer in running.layers() if not layer.on] == []


@pytest.mark.cuda
def test_with_the_gpu_in_use_the_rest_stays_closed(box: Sandbox) -> None:
    if why := box.absent("cuda"):
        pytest.skip(f"no cuda here: {why}")
    start = "def f():\n    assert torch.ones(2, device='cuda').sum() == 2\n"
    told = told_by(box, "import torch\n" + TRAFFIC.replace("def f():\n", start), ["torch._dynamo"])
    assert set(told.values()) == {"EPERM"}, told
