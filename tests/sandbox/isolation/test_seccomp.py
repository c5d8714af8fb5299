"""System calls that a child is refused, and the few that the driver of a GPU needs."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import platform
import struct
import subprocess
import sys
from collections.abc import Sequence

import pytest

from grader.sandbox import Sandbox
from grader.sandbox.isolation import seccomp
from grader.sandbox.isolation.seccomp import SeccompError
from grader.sandbox.isolation.system_calls import DECIDED, NEWEST, REFUSED
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
@pytest.mark.parametrize("ahead", [None, 1])
def test_with_the_gpu_in_use_the_rest_stays_closed(ahead: int | None) -> None:
    """Whether a child starts CUDA itself when it is used, or ahead."""
    with Sandbox(device="cuda", ahead=ahead) as running:
        if why := running.absent("cuda"):
            pytest.skip(f"no cuda here: {why}")
        assert [layer for layer in running.layers() if not layer.on] == []
        start = "def f():\n    assert torch.ones(2, device='cuda').sum() == 2\n"
        told = told_by(
            running, "import torch\n" + TRAFFIC.replace("def f():\n", start), ["torch._dynamo"]
        )
        assert set(told.values()) == {"EPERM"}, told
        assert [
            domain for domain, what in told_by(running, DOMAINS).items() if what != "EPERM"
        ] == ["1"]


# a pair of streams is a pipe in both directions; what has an address leaves the box

PAIRS = """
import socket
def told(attempt):
    try:
        return attempt()
    except OSError as error:
        return type(error).__name__
def f():
    one, other = socket.socketpair()
    one.send(b"to the other")
    def pair(kind):
        return lambda: len(socket.socketpair(socket.AF_UNIX, kind))
    datagrams = socket.SOCK_DGRAM, socket.SOCK_SEQPACKET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC
    return [
        other.recv(20).decode(),
        told(pair(socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)),
        *(told(pair(kind)) for kind in datagrams),
        told(lambda: one.sendto(b"x", "/tmp/grader-nobody")),
        told(lambda: one.sendmsg([b"x"])),
        told(lambda: one.bind("here")),
        told(lambda: one.listen()),
        told(lambda: one.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)),
    ]
"""


def test_a_pair_of_streams_leads_nowhere_else(sandbox: Sandbox) -> None:
    assert told_by(sandbox, PAIRS) == ["to the other", 2, *["PermissionError"] * 8]


def test_asyncio_runs(sandbox: Sandbox) -> None:
    source = (
        "import asyncio\n"
        "async def work():\n"
        "    return await asyncio.get_running_loop().run_in_executor(None, lambda: 7)\n"
        "def f():\n"
        "    return asyncio.run(work())\n"
    )
    assert told_by(sandbox, source) == 7


# the filter itself, for each architecture, run as the kernel runs it

ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
PID = 4711
THREAD = 0x00010000  # CLONE_THREAD
DEVICES = ("cpu", "cuda")


def decision(program: bytes, number: int, arguments: Sequence[int], architecture: int) -> int:
    """What the kernel's interpreter of classic BPF makes of a system call: loads, jumps, a mask and a return."""
    data = struct.pack("<IIQ6Q", number, architecture, 0, *arguments, *(0,) * (6 - len(arguments)))
    at = loaded = 0
    while True:
        code, if_true, if_false, value = struct.unpack_from("<HBBI", program, 8 * at)
        at += 1
        if code == 0x06:
            return int(value)
        if code == 0x20:
            loaded = struct.unpack_from("<I", data, value)[0]
        elif code == 0x54:
            loaded &= value
        elif code == 0x05:
            at += value
        else:
            holds = {0x15: loaded == value, 0x45: bool(loaded & value), 0x35: loaded >= value}[code]
            at += if_true if holds else if_false


@pytest.fixture(params=["x86_64", "aarch64"])
def machine(request: pytest.FixtureRequest) -> seccomp._Machine:
    return seccomp._MACHINES[request.param]


class Asked:
    """The filter of a machine and device, asked by the names of calls."""

    def __init__(self, machine: seccomp._Machine, device: str = "cpu") -> None:
        self.machine = machine
        program = seccomp._program(machine, device)
        self.program = program.replace(struct.pack("<I", seccomp._PID), struct.pack("<I", PID))

    def told(self, name: str, *arguments: int) -> int:
        number = self.machine.calls[name]
        return decision(self.program, number, arguments, self.machine.architecture)

    def allows(self, name: str, *arguments: int) -> bool:
        told = self.told(name, *arguments)
        assert told in (ALLOW, REFUSE | errno.EPERM)
        return told == ALLOW


@pytest.mark.parametrize("device", DEVICES)
def test_every_call_of_the_list_is_refused(machine: seccomp._Machine, device: str) -> None:
    asked = Asked(machine, device)
    names = {name for group in REFUSED.values() for name in group} & set(machine.calls)
    assert len(names) >= 120
    assert {name for name in names if asked.allows(name, 1)} == set()


@pytest.mark.parametrize("device", DEVICES)
def test_every_other_call_is_allowed_up_to_the_newest(
    machine: seccomp._Machine, device: str
) -> None:
    program = Asked(machine, device).program
    for number in set(range(NEWEST + 1)) - set(machine.calls.values()):
        assert decision(program, number, (1,), machine.architecture) == ALLOW
    for number in (NEWEST + 1, 0x40000000, 0x40000000 + 57, 0x7FFFFFFF, 0xFFFFFFFF):
        assert decision(program, number, (), machine.architecture) == REFUSE | errno.ENOSYS


def test_each_call_that_is_decided_has_a_decision() -> None:
    for device in DEVICES:
        assert seccomp._decisions(device).keys() == DECIDED.keys()


def test_threads_can_be_started_and_processes_not(machine: seccomp._Machine) -> None:
    asked = Asked(machine)
    assert asked.allows("clone", THREAD | 0xF00)
    assert asked.allows("clone", 0x3D0F00)  # as glibc starts one
    assert not asked.allows("clone", 0x11)
    assert not asked.allows("clone", THREAD | 0xB00)  # one with a table of open files of its own
    # with flags that no filter sees: libc is told that there is no such call, and uses the older one
    for name in ("clone3", "openat2", "sendfile", "splice"):
        assert asked.told(name) == REFUSE | errno.ENOSYS


def test_room_on_the_disk_is_taken_by_writing_alone(sandbox: Sandbox) -> None:
    """What only reserves it would be quicker than the watch. What asks for it gets it all the same."""
    source = (
        "import ctypes, os\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "def f():\n"
        "    with open('a', 'wb') as file:\n"
        "        refused = libc.fallocate(file.fileno(), 0, ctypes.c_long(0), ctypes.c_long(9999))\n"
        "        told = ctypes.get_errno()\n"
        "        os.posix_fallocate(file.fileno(), 0, 9999)\n"
        "    return [refused, told, os.path.getsize('a')]\n"
    )
    assert told_by(sandbox, source) == [-1, errno.EOPNOTSUPP, 9999]


KEPT = """
import ctypes, os, shutil, struct
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def refused(number, *arguments):
    ctypes.set_errno(0)
    libc.syscall(number, *arguments)
    return ctypes.get_errno()
def f():
    with open("a", "wb") as file:
        file.write(b"a" * 100_000)
    shutil.copyfile("a", "b")
    rights = ctypes.create_string_buffer(struct.pack("<Q", 4), 8)
    one, other = os.pipe()
    with open("a", "rb") as file:
        return [
            os.path.getsize("b"), refused(444, rights, ctypes.c_long(8), 0),
            refused(SENDFILE, other, file.fileno(), None, ctypes.c_long(9)),
        ]
"""


@pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"), reason="no table of calls")
def test_nothing_but_what_is_counted_keeps_a_removed_file(sandbox: Sandbox) -> None:
    """Neither a rule of Landlock's, nor a thread that waits in a copy to a full pipe. Files are copied all the same."""
    number = {"x86_64": 0, "aarch64": 1}[platform.machine()]
    source = KEPT.replace("SENDFILE", str(DECIDED["sendfile"][number]))
    assert told_by(sandbox, source) == [100_000, errno.EPERM, errno.ENOSYS]


def test_a_process_may_do_to_itself_what_it_may_not_to_others(machine: seccomp._Machine) -> None:
    plain, for_gpu = Asked(machine), Asked(machine, "cuda")
    pids = (PID, 0, PID + 1, 1, 2**32 - 1, seccomp._PID)
    for name, argument in seccomp._SIGNALS.items():
        for signal, allowed in ((0, True), (2, True), (9, False), (19, True), (64, True)):
            between = [PID] * (argument - 1)
            assert [plain.allows(name, pid, *between, signal) for pid in pids] == [
                allowed,
                *[False] * 5,
            ]
    for limit, told in ((0, REFUSE | 0), (7, ALLOW)):  # an error of 0 is none: told that it is done
        assert [plain.told("prlimit64", pid, limit, 1) for pid in pids[:2]] == [told, told]
        assert not any(plain.allows("prlimit64", pid, limit, 1) for pid in pids[2:])
        assert plain.allows("prlimit64", 0, limit, 0)
        assert plain.told("setrlimit", limit) == told
    assert [asked.allows("timer_create") for asked in (plain, for_gpu)] == [False, True]
    for name in seccomp._SELF_OR_ZERO:
        assert [plain.allows(name, pid) for pid in pids] == [True, True, *[False] * 4]
    for name in seccomp._SCHEDULING:
        assert [plain.allows(name, pid) for pid in pids] == [False] * 6
        assert [for_gpu.allows(name, pid) for pid in pids] == [True, True, *[False] * 4]


def test_sockets_of_a_child_for_a_gpu(machine: seccomp._Machine) -> None:
    plain, for_gpu = Asked(machine), Asked(machine, "cuda")
    assert [domain for domain in range(64) if for_gpu.allows("socket", domain)] == [1]
    assert [domain for domain in range(64) if plain.allows("socket", domain)] == []
    for name in ("bind", "listen", "setsockopt"):
        assert for_gpu.allows(name)
        assert not plain.allows(name)
    for name in ("connect", "accept", "accept4", "sendto", "sendmsg", "sendmmsg", "socketpair"):
        assert not for_gpu.allows(name, 1, 1)


def test_pairs_of_streams_and_no_address(machine: seccomp._Machine) -> None:
    asked = Asked(machine)
    flags = (0, 0o2000000, 0o4000, 0o2004000)
    allowed = {
        (domain, kind | flag)
        for domain in range(48)
        for kind in range(1, 11)
        for flag in flags
        if asked.allows("socketpair", domain, kind | flag)
    }
    assert allowed == {(1, 1 | flag) for flag in flags}
    for address in (1, 1 << 32, 0x7FFF_0000_0000, 0x1000):
        assert not asked.allows("sendto", 3, 0x1000, 5, 0, address, 16)
    assert asked.allows("sendto", 3, 0x1000, 5, 0, 0, 0)


def test_no_file_is_emptied_that_is_not_opened_for_writing(machine: seccomp._Machine) -> None:
    """Which Landlock's first versions do not see; nor does any see what is opened for neither."""
    asked = Asked(machine)
    opening = [("openat", (0,)), *([("open", ())] if "open" in machine.calls else [])]
    for name, before in opening:
        for other in (0, os.O_CREAT, os.O_CLOEXEC | os.O_NOFOLLOW, 1 << 40):
            access = {mode: asked.allows(name, *before, 0x1000, mode | other) for mode in range(4)}
            assert access == {0: True, 1: True, 2: True, 3: False}
            empty = {m: asked.allows(name, *before, 0x1000, m | 0o1000 | other) for m in range(4)}
            assert empty == {0: False, 1: True, 2: True, 3: False}


TCGETS, FS_IOC_SETFLAGS, FIOSETOWN, OF_THE_DRIVER = 0x5401, 0x40086602, 0x8901, 0xC020462A


def test_controls_of_files(machine: seccomp._Machine) -> None:
    plain, for_gpu = Asked(machine), Asked(machine, "cuda")
    told = [plain.told("ioctl", 3, which) for which in (FS_IOC_SETFLAGS, FIOSETOWN, OF_THE_DRIVER)]
    assert told == [REFUSE | errno.ENOTTY] * 3
    assert plain.allows("ioctl", 3, TCGETS)
    assert for_gpu.allows("ioctl", 3, OF_THE_DRIVER)
    assert not for_gpu.allows("ioctl", 3, FS_IOC_SETFLAGS)
    assert not for_gpu.allows("ioctl", 3, FIOSETOWN)


def test_commands_that_reach_others(machine: seccomp._Machine) -> None:
    """By an open file, signals are sent to any process; and a process can outlive the one that watches it."""
    asked = Asked(machine)
    for command in (fcntl.F_SETOWN, fcntl.F_SETSIG, fcntl.F_SETLEASE, fcntl.F_NOTIFY):
        assert not asked.allows("fcntl", 3, command)
    for command in (fcntl.F_GETFL, fcntl.F_SETFL, fcntl.F_SETLK, fcntl.F_DUPFD_CLOEXEC):
        assert asked.allows("fcntl", 3, command)
    set_death_signal, set_name, set_seccomp, set_no_new_privileges = 1, 15, 22, 38
    assert not asked.allows("prctl", set_death_signal)
    assert not asked.allows("prctl", set_seccomp)
    assert asked.allows("prctl", set_name)
    assert asked.allows("prctl", set_no_new_privileges)
    assert [asked.allows("seccomp", 1, flags) for flags in (0, 1, 8)] == [False, True, False]


def test_calls_by_the_numbers_of_another_architecture_end_the_process(
    machine: seccomp._Machine,
) -> None:
    others = {0x40000003, 0xC000003E, 0xC00000B7, 0} - {machine.architecture}
    for program in (Asked(machine).program, seccomp._thread_program(machine)):
        assert {decision(program, 0, (), other) for other in others} == {KILL}


def test_the_kernel_takes_the_length(machine: seccomp._Machine) -> None:
    """At most 4,096 instructions, and few of them on the way to any number."""
    for device in DEVICES:
        assert len(Asked(machine, device).program) // 8 < 1000


def test_a_machine_without_a_table_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    for attempt in (seccomp.Filter, seccomp.forbid_threads):
        with pytest.raises(SeccompError, match="no table of system calls for riscv64"):
            attempt()


def test_a_kernel_without_filters_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> int:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(seccomp, "system_call", refuse)
    monkeypatch.setattr(seccomp, "no_new_privileges", lambda: None)
    with pytest.raises(SeccompError, match="this kernel refuses a filter"):
        seccomp.Filter().install(PID)


def test_no_thread_can_be_started_where_none_may(machine: seccomp._Machine) -> None:
    program = seccomp._thread_program(machine)
    numbers = machine.calls

    def told(number: int, argument: int = 0) -> int:
        return decision(program, number, (argument,), machine.architecture)

    assert (
        told(numbers["clone"], THREAD | 0xF00)
        == told(numbers["clone"], 0x11)
        == REFUSE | errno.EPERM
    )
    assert told(numbers["clone3"]) == REFUSE | errno.ENOSYS
    rest = set(range(NEWEST + 1)) - {numbers["clone"], numbers["clone3"]}
    assert {told(number) for number in rest} == {ALLOW}


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
