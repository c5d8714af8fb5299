"""seccomp: system calls that no solution needs are refused with EPERM (Linux on x86-64 and 64-bit Arm).

The filter is a classic BPF program over `struct seccomp_data` (number, architecture, arguments), as the kernel's
`Documentation/userspace-api/seccomp_filter.rst` describes. It is a list of what is refused, because torch, OpenMP and
Python's own start use more calls than can be listed.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
from dataclasses import dataclass

from .landlock import no_new_privileges

_SET_MODE_FILTER = 1
_ALL_THREADS = 1  # SECCOMP_FILTER_FLAG_TSYNC
_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_CLONE_THREAD = 0x00010000

# opcodes: load a word of the data, jump if equal / any bit set / at least, return
_LOAD, _EQUAL, _ANY, _AT_LEAST, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENT_0 = 0, 4, 16


@dataclass(frozen=True)
class _Machine:
    architecture: int
    seccomp: int  # the number of the call by which a filter is set
    calls: dict[str, int]
    sockets: dict[str, int]
    x32: int = 0  # first number of a second set of calls, under other numbers


# the same numbers on every architecture
_COMMON = {
    "io_uring_setup": 425, "open_tree": 428, "move_mount": 429, "fsopen": 430, "pidfd_send_signal": 424,
    "pidfd_open": 434, "clone3": 435, "pidfd_getfd": 438, "process_madvise": 440, "memfd_secret": 447,
}  # fmt: skip
_MACHINES = {
    "x86_64": _Machine(
        0xC000003E,
        317,
        {
            "socket": 41, "clone": 56, "fork": 57, "vfork": 58, "execve": 59, "kill": 62, "shmget": 29, "semget": 64,
            "msgget": 68, "ptrace": 101, "setpgid": 109, "setsid": 112, "rt_sigqueueinfo": 129, "personality": 135,
            "setpriority": 141, "sched_setparam": 142, "sched_setscheduler": 144, "pivot_root": 155, "chroot": 161,
            "acct": 163, "mount": 165, "umount2": 166, "swapon": 167, "reboot": 169, "init_module": 175, "tkill": 200,
            "sched_setaffinity": 203, "tgkill": 234, "mq_open": 240, "kexec_load": 246, "add_key": 248,
            "request_key": 249, "keyctl": 250, "ioprio_set": 251, "unshare": 272, "rt_tgsigqueueinfo": 297,
            "perf_event_open": 298, "prlimit64": 302, "open_by_handle_at": 304, "setns": 308, "process_vm_readv": 310,
            "process_vm_writev": 311, "kcmp": 312, "finit_module": 313, "sched_setattr": 314, "memfd_create": 319,
            "bpf": 321, "execveat": 322, "userfaultfd": 323,
        },
        {
            "connect": 42, "accept": 43, "sendto": 44, "sendmsg": 46, "socketpair": 53, "accept4": 288,
            "sendmmsg": 307,
        },
        x32=0x40000000,
    ),
    "aarch64": _Machine(
        0xC00000B7,
        277,
        {
            "socket": 198, "clone": 220, "execve": 221, "kill": 129, "shmget": 194, "semget": 190, "msgget": 186,
            "ptrace": 117, "setpgid": 154, "setsid": 157, "rt_sigqueueinfo": 138, "personality": 92,
            "setpriority": 140, "sched_setparam": 118, "sched_setscheduler": 119, "pivot_root": 41, "chroot": 51,
            "acct": 89, "mount": 40, "umount2": 39, "swapon": 224, "reboot": 142, "init_module": 105, "tkill": 130,
            "sched_setaffinity": 122, "tgkill": 131, "mq_open": 180, "kexec_load": 104, "add_key": 217,
            "request_key": 218, "keyctl": 219, "ioprio_set": 30, "unshare": 97, "rt_tgsigqueueinfo": 240,
            "perf_event_open": 241, "prlimit64": 261, "open_by_handle_at": 265, "setns": 268, "process_vm_readv": 270,
            "process_vm_writev": 271, "kcmp": 272, "finit_module": 273, "sched_setattr": 274, "memfd_create": 279,
            "bpf": 280, "execveat": 281, "userfaultfd": 282,
        },
        {
            "socketpair": 199, "accept": 202, "connect": 203, "sendto": 206, "sendmsg": 211, "accept4": 242,
            "sendmmsg": 269,
        },
    ),
}  # fmt: skip
# allowed for the process itself: what it may signal, and whose limits and place on the processors it may change
_SELF_ONLY = ("kill", "tgkill")
_SELF_OR_ZERO = (
    "prlimit64",
    "sched_setaffinity",
    "sched_setscheduler",
    "sched_setattr",
    "sched_setparam",
)
# a GPU's driver listens on an abstract address of this domain at its start, and is content if nobody can connect
_AF_UNIX = 1


class SeccompError(Exception):
    """The kernel or the machine does not do it; the message says why."""


def restrict(pid: int, device: str = "cpu") -> None:
    """Binds the calling process, whose id is `pid`, for good.

    With `cuda` for a device it may open, bind and listen on local sockets, but neither connect, accept nor send.

    Raises:
        SeccompError: if this machine has none.
    """
    machine = _machine()
    _install(machine, _program(machine, pid, device))


def forbid_threads() -> None:
    """Binds the calling process and all of its threads, for good: none of them starts another.

    Threads that run already go on. A thread that is asked for is refused: Python raises `RuntimeError: can't start new
    thread`. It works before `restrict` and after it.

    Raises:
        SeccompError: if this machine has none.
    """
    machine = _machine()
    _install(machine, _thread_program(machine))


def _machine() -> _Machine:
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        raise SeccompError(f"no table of system calls for {platform.machine()}")
    return machine


def _install(machine: _Machine, program: bytes) -> None:
    """Puts a filter on every thread of this process; filters of before stay, and the strictest answer counts."""
    buffer = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: a count, padding, a pointer
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer))
    fprog = ctypes.create_string_buffer(header, len(header))
    no_new_privileges()
    libc = ctypes.CDLL(None, use_errno=True)
    address = ctypes.c_void_p(ctypes.addressof(fprog))
    number = ctypes.c_long(machine.seccomp)
    if libc.syscall(number, _SET_MODE_FILTER, _ALL_THREADS, address) != 0:
        raise SeccompError("this kernel refuses a filter")


def _program(machine: _Machine, pid: int, device: str = "cpu") -> bytes:
    calls = machine.calls | _COMMON
    refuse = _step(_RETURN, 0x00050000 | errno.EPERM)
    unknown = _step(_RETURN, 0x00050000 | errno.ENOSYS)
    allow = _step(_RETURN, _ALLOW)

    def by_argument(name: str, test: list[bytes]) -> list[bytes]:
        """If the call is `name`, `test` decides by its first argument; each way through it returns."""
        body = [_step(_LOAD, _ARGUMENT_0), *test]
        return [_step(_EQUAL, calls[name], 0, len(body)), *body]

    program = _start(machine, unknown)
    # clone3 keeps its flags behind a pointer that a filter cannot follow; without it, libc uses clone
    program += [_step(_EQUAL, calls["clone3"], 0, 1), unknown]
    program += by_argument("clone", [_step(_ANY, _CLONE_THREAD, 0, 1), allow, refuse])
    for name in _SELF_ONLY:
        program += by_argument(name, [_step(_EQUAL, pid, 0, 1), allow, refuse])
    for name in _SELF_OR_ZERO:
        own = [_step(_EQUAL, 0, 1, 0), _step(_EQUAL, pid, 0, 1), allow, refuse]
        program += by_argument(name, own)
    decided = {"clone", "clone3", *_SELF_ONLY, *_SELF_OR_ZERO}
    if device == "cuda":
        program += by_argument("socket", [_step(_EQUAL, _AF_UNIX, 0, 1), allow, refuse])
        decided.add("socket")
        calls |= machine.sockets  # other children have no socket that reaches anybody
    for name, number in calls.items():
        if name not in decided:
            program += [_step(_EQUAL, number, 0, 1), refuse]
    return b"".join([*program, allow])


def _thread_program(machine: _Machine) -> bytes:
    refuse = _step(_RETURN, 0x00050000 | errno.EPERM)
    unknown = _step(_RETURN, 0x00050000 | errno.ENOSYS)  # libc turns to clone, as in `_program`
    program = _start(machine, unknown)
    program += [_step(_EQUAL, _COMMON["clone3"], 0, 1), unknown]
    program += [_step(_EQUAL, machine.calls["clone"], 0, 1), refuse]
    return b"".join([*program, _step(_RETURN, _ALLOW)])


def _start(machine: _Machine, unknown: bytes) -> list[bytes]:
    """The head of each filter: calls by other sets of numbers are closed, and the call's number is loaded."""
    program = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_EQUAL, machine.architecture, 1, 0),
        _step(_RETURN, _KILL),  # a call by another architecture's numbers
        _step(_LOAD, _NUMBER),
    ]
    if machine.x32:
        program += [_step(_AT_LEAST, machine.x32, 0, 1), unknown]
    return program


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)
