"""System calls that a child is refused, and the few that the driver of a GPU needs."""

from __future__ import annotations

import errno
import json
import struct
import subprocess
import sys

import pytest

from grader.sandbox import Sandbox
from grader.sandbox.isolation import seccomp
from grader.sandbox.isolation.seccomp import SeccompError, restrict
from tests.children import told_by
from tests.conftest import ROOT

pytestmark = pytest.mark.xdist_group("cuda_child")


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


def test_a_local_socket_can_be_listened_on(cuda_sandbox: Sandbox) -> None:
    assert told_by(cuda_sandbox, LOCAL) is True


def test_nothing_goes_through_a_socket(cuda_sandbox: Sandbox) -> None:
    told = told_by(cuda_sandbox, TRAFFIC)
    assert len(told) == 8
    assert set(told.values()) == {"EPERM"}, told


def test_no_other_domain_is_there(cuda_sandbox: Sandbox) -> None:
    told = told_by(cuda_sandbox, DOMAINS)
    assert [domain for domain, what in told.items() if what != "EPERM"] == ["1"]


def test_a_large_answer_comes_back(cuda_sandbox: Sandbox) -> None:
    """The child's own connection is written to, where nothing may be sent."""
    answer = told_by(cuda_sandbox, "import torch\ndef f():\n    return torch.ones(1 << 22)\n")
    assert answer.sum().item() == 1 << 22


def test_a_child_for_the_cpu_has_no_sockets(sandbox: Sandbox) -> None:
    assert told_by(sandbox, LOCAL)["type"] == "PermissionError"
    assert set(told_by(sandbox, DOMAINS).values()) == {"EPERM"}


@pytest.mark.cuda
def test_with_the_gpu_in_use_the_rest_stays_closed(cuda_sandbox: Sandbox) -> None:
    if why := cuda_sandbox.absent("cuda"):
        pytest.skip(f"no cuda here: {why}")
    start = "def f():\n    assert torch.ones(2, device='cuda').sum() == 2\n"
    told = told_by(
        cuda_sandbox, "import torch\n" + TRAFFIC.replace("def f():\n", start), ["torch._dynamo"]
    )
    assert set(told.values()) == {"EPERM"}, told


# the filter itself, for each architecture, run as the kernel runs it

ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
PID = 4711
THREAD = 0x00010000  # CLONE_THREAD


def decision(program: bytes, number: int, argument: int, architecture: int) -> int:
    """What the kernel's interpreter of classic BPF makes of a system call: loads, three jumps and a return."""
    data = struct.pack("<IIQQ", number, architecture, 0, argument)
    at = loaded = 0
    while True:
        code, if_true, if_false, value = struct.unpack_from("<HBBI", program, 8 * at)
        at += 1
        if code == 0x06:
            return int(value)
        if code == 0x20:
            loaded = struct.unpack_from("<I", data, value)[0]
        else:
            holds = {0x15: loaded == value, 0x45: bool(loaded & value), 0x35: loaded >= value}[code]
            at += if_true if holds else if_false


@pytest.fixture(params=["x86_64", "aarch64"])
def machine(request: pytest.FixtureRequest) -> seccomp._Machine:
    return seccomp._MACHINES[request.param]


class Filter:
    """The filter of a machine and device, asked by the names of calls."""

    def __init__(self, machine: seccomp._Machine, device: str = "cpu") -> None:
        self.machine = machine
        self.numbers = machine.calls | seccomp._COMMON | machine.sockets
        self.program = seccomp._program(machine, PID, device)

    def allows(self, name: str, argument: int = 0) -> bool:
        told = decision(self.program, self.numbers[name], argument, self.machine.architecture)
        assert told in (ALLOW, REFUSE | errno.EPERM)
        return told == ALLOW


def test_every_call_of_the_table_is_refused(machine: seccomp._Machine) -> None:
    asked = Filter(machine)
    apart = {"clone", "clone3", "kill", "tgkill", *seccomp._SELF_OR_ZERO}
    names = set(machine.calls | seccomp._COMMON) - apart
    assert len(names) >= 45
    assert {name for name in names if asked.allows(name, 1)} == set()


def test_every_other_call_is_allowed(machine: seccomp._Machine) -> None:
    asked = Filter(machine)
    refused = set((machine.calls | seccomp._COMMON).values())
    for number in set(range(500)) - refused:
        assert decision(asked.program, number, 1, machine.architecture) == ALLOW


def test_threads_can_be_started_and_processes_not(machine: seccomp._Machine) -> None:
    asked = Filter(machine)
    assert asked.allows("clone", THREAD | 0xF00)
    assert not asked.allows("clone", 0x11)
    # with flags that no filter sees: libc is told that there is no such call, and uses the older one
    told = decision(asked.program, asked.numbers["clone3"], 0, machine.architecture)
    assert told == REFUSE | errno.ENOSYS


def test_a_process_may_do_to_itself_what_it_may_not_to_others(machine: seccomp._Machine) -> None:
    asked = Filter(machine)
    for name in ("kill", "tgkill"):
        assert [asked.allows(name, pid) for pid in (PID, PID + 1, 1, 0, 2**32 - 1)] == [
            True, False, False, False, False,
        ]  # fmt: skip
    for name in seccomp._SELF_OR_ZERO:
        assert [asked.allows(name, pid) for pid in (PID, 0, PID + 1, 1)] == [
            True,
            True,
            False,
            False,
        ]


def test_sockets_of_a_child_for_a_gpu(machine: seccomp._Machine) -> None:
    plain, for_gpu = Filter(machine), Filter(machine, "cuda")
    assert [domain for domain in range(64) if for_gpu.allows("socket", domain)] == [1]
    assert [domain for domain in range(64) if plain.allows("socket", domain)] == []
    assert {name for name in machine.sockets if for_gpu.allows(name)} == set()


def test_calls_by_the_numbers_of_another_architecture_end_the_process(
    machine: seccomp._Machine,
) -> None:
    others = {0x40000003, 0xC000003E, 0xC00000B7, 0} - {machine.architecture}
    for architecture in others:
        assert decision(Filter(machine).program, 0, 0, architecture) == KILL


def test_a_second_set_of_numbers_is_closed() -> None:
    machine = seccomp._MACHINES["x86_64"]
    for number in (0x40000000, 0x40000000 + 57, 0x7FFFFFFF):
        told = decision(Filter(machine).program, number, 0, machine.architecture)
        assert told == REFUSE | errno.ENOSYS


def test_a_machine_without_a_table_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(SeccompError, match="no table of system calls for riscv64"):
        restrict(PID)


def test_both_machines_refuse_the_same_calls() -> None:
    one, other = (seccomp._MACHINES[name] for name in ("x86_64", "aarch64"))
    assert set(one.calls) - set(other.calls) == {"fork", "vfork"}  # there `clone` does all of it
    assert set(other.calls) <= set(one.calls)
    assert set(one.sockets) == set(other.sockets)
    for machine in (one, other):
        numbers = [*machine.calls.values(), *machine.sockets.values(), *seccomp._COMMON.values()]
        assert len(numbers) == len(set(numbers))


def test_no_thread_can_be_started_where_none_may(machine: seccomp._Machine) -> None:
    program = seccomp._thread_program(machine)
    numbers = machine.calls | seccomp._COMMON

    def told(number: int, argument: int = 0) -> int:
        return decision(program, number, argument, machine.architecture)

    assert (
        told(numbers["clone"], THREAD | 0xF00)
        == told(numbers["clone"], 0x11)
        == REFUSE | errno.EPERM
    )
    assert told(numbers["clone3"]) == REFUSE | errno.ENOSYS
    rest = set(range(600)) - {numbers["clone"], numbers["clone3"]}
    assert {told(number) for number in rest} == {ALLOW}
    assert decision(program, 0, 0, 0x40000003) == KILL


THREADS = """
import json, sys, threading
from grader.sandbox.isolation.seccomp import forbid_threads
told = []
def start(which):
    try:
        threading.Thread(target=lambda: None).start()
        told.append(f"{which}: started")
    except RuntimeError as error:
        told.append(f"{which}: {error}")
allowed = threading.Event()
early = threading.Thread(target=lambda: (allowed.wait(), start("a thread of before")))
early.start()
start("before")
forbid_threads()
start("after")
allowed.set()
early.join()
forbid_threads()
print(json.dumps(told))
"""


def test_a_process_gives_up_starting_threads() -> None:
    """With all the threads that it has; and to ask again does no harm."""
    run = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, cwd=ROOT)
    assert json.loads(run.stdout) == [
        "before: started",
        "after: can't start new thread",
        "a thread of before: can't start new thread",
    ], run.stderr
