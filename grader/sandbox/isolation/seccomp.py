"""seccomp: system calls that no solution needs are refused with EPERM (Linux on x86-64 and 64-bit Arm).

The filter is a classic BPF program over `struct seccomp_data` (number, architecture, arguments), as the kernel's
`Documentation/userspace-api/seccomp_filter.rst` describes. It is a list of what is refused, because what torch, OpenMP
and Python's own start use differs from machine to machine: `docs/security.md` has the figures. Calls that are newer
than the list are unknown to a child, as they are to an older kernel.
"""

from __future__ import annotations

import errno
import platform
import struct
from ctypes import Array, addressof, c_char, create_string_buffer
from dataclasses import dataclass

from .kernel import system_call
from .privileges import no_new_privileges
from .system_calls import DECIDED, NEWEST, REFUSED

_SET_MODE_FILTER = 1
_ALL_THREADS = 1  # SECCOMP_FILTER_FLAG_TSYNC
# CLONE_THREAD, SIGHAND, FILES, FS and VM, which every thread of a C library has: one that kept open files of its own
# would keep them from who counts them
_THREAD = 0x00010F00

# opcodes: load a word of the data, keep some of its bits, jump always, if equal, if at least; return
_LOAD, _AND, _JUMP, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x54, 0x05, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16

# a stretch of a program, each way through which returns
Body = tuple[bytes, ...]


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)


_ALLOW: Body = (_step(_RETURN, 0x7FFF0000),)
_KILL: Body = (_step(_RETURN, 0x80000000),)


def _error(number: int) -> Body:
    return (_step(_RETURN, 0x00050000 | number),)


_REFUSE, _UNKNOWN, _DO_NOTHING = _error(errno.EPERM), _error(errno.ENOSYS), _error(0)

_PID = 0x7FFFFFFE  # stands in a program for the process's own id, which no process can have
# allowed for the process itself: what it may signal, and by which argument; whose place on the processors it may change
_SIGNALS = {"kill": 1, "tgkill": 2}
_SIGKILL = 9  # not even to itself: who is killed was killed by others
_RLIMIT_CPU = 0  # whose hard limit kills; who sets one is told that it is set, and is held by ours
_SELF_OR_ZERO = ("sched_setaffinity", "get_robust_list", "migrate_pages", "move_pages")
_SCHEDULING = ("sched_setscheduler", "sched_setattr", "sched_setparam")

# a GPU's driver listens on an abstract address of this domain at its start, and is content if nobody can connect
_AF_UNIX = 1
# a pair of connected streams, as `asyncio` has one; a pair for datagrams could send to any path
_STREAMS = tuple(1 | closed | waiting for closed in (0, 0o2000000) for waiting in (0, 0o4000))

# FIOCLEX, FIONCLEX, FIONBIO, FIONREAD; TCGETS and TIOCGWINSZ, which a terminal would answer; FICLONE, to copy a file
_HARMLESS_CONTROLS = (0x5451, 0x5450, 0x5421, 0x541B, 0x5401, 0x5413, 0x40049409)
# FIOSETOWN and SIOCSPGRP, for signals to others; flags, versions, projects, encryption and verity of files
_FILE_CONTROLS = (
    0x8901, 0x8902, 0x40086602, 0x40046602, 0x40087602, 0x40047602, 0x401C5820, 0x800C6613, 0x40806685,
)  # fmt: skip
# F_SETOWN, F_SETSIG, F_SETOWN_EX: signals to others. F_SETLEASE, F_NOTIFY, F_SETDELEG: to make others wait, to watch
# them. F_SET_RW_HINT and F_SET_FILE_RW_HINT: attributes of a file
_FILE_COMMANDS = (8, 10, 15, 1024, 1026, 1040, 1036, 1038)
# PR_SET_PDEATHSIG, to outlive the zygote; PR_SET_DUMPABLE, to hide from who watches; PR_SET_SECCOMP, PR_SET_MM,
# PR_SET_CHILD_SUBREAPER, PR_SCHED_CORE
_PROCESS_CONTROLS = (1, 4, 22, 35, 36, 62)
_READ_ONLY, _ACCESS_MODE, _O_TRUNC = 0, 3, 0o1000


class SeccompError(Exception):
    """The kernel or the machine does not do it; the message says why."""


@dataclass(frozen=True)
class _Machine:
    architecture: int
    calls: dict[str, int]  # the number of each call in the tables that this machine has


def _calls(column: int) -> dict[str, int]:
    every = [table.items() for table in (DECIDED, *REFUSED.values())]
    numbers = {name: pair[column] for table in every for name, pair in table}
    return {name: number for name, number in numbers.items() if number is not None}


_MACHINES = {
    "x86_64": _Machine(0xC000003E, _calls(0)),
    "aarch64": _Machine(0xC00000B7, _calls(1)),
}


class Filter:
    """The filter of all children for one device: made once, and installed by each of them.

    Args:
        device: with `cuda` a child may open, bind and listen on local sockets, but neither connect, accept nor send.

    Raises:
        SeccompError: if this machine has none.
    """

    def __init__(self, device: str = "cpu") -> None:
        self._machine = _machine()
        program = _program(self._machine, device)
        self._buffer = create_string_buffer(program, len(program))
        self._own = [
            at for at in range(4, len(program), 8) if program[at : at + 4] == _WORD.pack(_PID)
        ]

    def install(self, pid: int) -> None:
        """Binds the calling process, whose id is `pid`, for good, with all of its threads.

        Raises:
            SeccompError: if the kernel refuses.
        """
        for at in self._own:
            _WORD.pack_into(self._buffer, at, pid)
        _install(self._machine, self._buffer)


_WORD = struct.Struct("<I")


def forbid_threads() -> None:
    """Binds the calling process and all of its threads, for good: none of them starts another.

    Threads that run already go on. A thread that is asked for is refused: Python raises `RuntimeError: can't start new
    thread`. It works before a `Filter` and after it.

    Raises:
        SeccompError: if this machine has none.
    """
    machine = _machine()
    program = _thread_program(machine)
    _install(machine, create_string_buffer(program, len(program)))


def _machine() -> _Machine:
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        raise SeccompError(f"no table of system calls for {platform.machine()}")
    return machine


def _install(machine: _Machine, program: Array[c_char]) -> None:
    """Puts a filter on every thread of this process; filters of before stay, and the strictest answer counts."""
    # struct sock_fprog: a count, padding, a pointer
    header = struct.pack("@HP", len(program) // 8, addressof(program))
    fprog = create_string_buffer(header, len(header))
    no_new_privileges()
    try:
        system_call(machine.calls["seccomp"], _SET_MODE_FILTER, _ALL_THREADS, addressof(fprog))
    except OSError as error:
        raise SeccompError("this kernel refuses a filter") from error


def _program(machine: _Machine, device: str = "cpu") -> bytes:
    bodies = {number: _REFUSE for name, number in machine.calls.items() if name not in DECIDED} | {
        machine.calls[name]: body
        for name, body in _decisions(device).items()
        if name in machine.calls
    }
    return _compiled(machine, bodies)


def _thread_program(machine: _Machine) -> bytes:
    # clone3: as in `_decisions`
    return _compiled(machine, {machine.calls["clone"]: _REFUSE, machine.calls["clone3"]: _UNKNOWN})


def _decisions(device: str) -> dict[str, Body]:
    """What becomes of the calls whose arguments, or the device, decide."""
    gpu = device == "cuda"
    decisions = {
        "clone": _if_all_of(0, _THREAD, _ALLOW, _REFUSE),
        # clone3 keeps its flags behind a pointer that a filter cannot follow; without it, libc uses clone
        "clone3": _UNKNOWN,
        "openat2": _UNKNOWN,  # for the same reason; libc does not use it
        # takes a gigabyte in a few milliseconds, before anybody looks; libc writes instead, as on other file systems
        "fallocate": _error(errno.EOPNOTSUPP),
        # a thread that waits in one keeps a file that is neither open nor mapped; whoever copies files goes on without
        "sendfile": _UNKNOWN,
        "splice": _UNKNOWN,
        "open": _unless_it_empties(1),
        "openat": _unless_it_empties(2),
        "fcntl": _if_one_of(1, _FILE_COMMANDS, _REFUSE, _ALLOW),
        "prctl": _if_one_of(0, _PROCESS_CONTROLS, _REFUSE, _ALLOW),
        # as `forbid_threads` uses it
        "seccomp": _if_one_of(
            0, (_SET_MODE_FILTER,), _if_one_of(1, (_ALL_THREADS,), _ALLOW, _REFUSE), _REFUSE
        ),
        "setrlimit": _if_one_of(0, (_RLIMIT_CPU,), _DO_NOTHING, _ALLOW),
        "prlimit64": _if_one_of(
            0,
            (0, _PID),
            _if_one_of(1, (_RLIMIT_CPU,), _if_null(2, _DO_NOTHING), _ALLOW),
            _REFUSE,
        ),
        "timer_create": _ALLOW if gpu else _REFUSE,  # a timer may kill
        "bind": _ALLOW if gpu else _REFUSE,
        "listen": _ALLOW if gpu else _REFUSE,
        "setsockopt": _ALLOW if gpu else _REFUSE,
        "socket": _if_one_of(0, (_AF_UNIX,), _ALLOW, _REFUSE) if gpu else _REFUSE,
        "socketpair": _REFUSE
        if gpu
        else _if_one_of(0, (_AF_UNIX,), _if_one_of(1, _STREAMS, _ALLOW, _REFUSE), _REFUSE),
        "sendto": _REFUSE if gpu else _if_null(4),
        # a GPU's driver has controls of its own
        "ioctl": _if_one_of(1, _FILE_CONTROLS, _REFUSE, _ALLOW)
        if gpu
        else _if_one_of(1, _HARMLESS_CONTROLS, _ALLOW, _error(errno.ENOTTY)),
    }
    for name, argument in _SIGNALS.items():
        gentle = _if_one_of(argument, (_SIGKILL,), _REFUSE, _ALLOW)
        decisions[name] = _if_one_of(0, (_PID,), gentle, _REFUSE)
    own_or_zero = _if_one_of(0, (0, _PID), _ALLOW, _REFUSE)
    decisions |= dict.fromkeys(_SELF_OR_ZERO, own_or_zero)
    return decisions | dict.fromkeys(_SCHEDULING, own_or_zero if gpu else _REFUSE)


def _load(argument: int, upper: bool = False) -> bytes:
    """Loads half of an argument, counted from 0; what a call takes for a 32-bit number is the lower one."""
    return _step(_LOAD, _ARGUMENTS + 8 * argument + 4 * upper)


def _if_one_of(argument: int, values: tuple[int, ...], then: Body, otherwise: Body) -> Body:
    """By whether an argument is one of `values`."""
    last = len(values) - 1
    tests = [_step(_EQUAL, value, last - at + len(otherwise)) for at, value in enumerate(values)]
    return (_load(argument), *tests, *otherwise, *then)


def _if_all_of(argument: int, bits: int, then: Body, otherwise: Body) -> Body:
    """By whether an argument has all of `bits`."""
    test = _step(_AND, bits), _step(_EQUAL, bits, len(otherwise))
    return (_load(argument), *test, *otherwise, *then)


def _if_null(argument: int, otherwise: Body = _REFUSE) -> Body:
    """Allows a call one of whose arguments is a null pointer."""
    lower = (_step(_EQUAL, 0, len(otherwise)), *otherwise)
    return (_load(argument), *lower, _load(argument, upper=True), *lower, *_ALLOW)


def _unless_it_empties(argument: int) -> Body:
    """Allows to open a file, unless it would be emptied and not written, or opened for neither reading nor writing.

    Landlock's first two versions look at what is opened for writing alone. The call's flags are the argument.
    """
    neither = (
        _load(argument),
        _step(_AND, _ACCESS_MODE),
        _step(_EQUAL, _ACCESS_MODE, 0, 1),
        *_REFUSE,
    )
    emptied = (
        _step(_AND, _ACCESS_MODE | _O_TRUNC),
        _step(_EQUAL, _READ_ONLY | _O_TRUNC, 0, 1),
        *_REFUSE,
    )
    return (*neither, _load(argument), *emptied, *_ALLOW)


def _compiled(machine: _Machine, bodies: dict[int, Body]) -> bytes:
    """A program that runs the body of a call's number, and allows the calls that have none.

    It finds the number by halving, as the kernel tries it on each of some 900 numbers when it is installed.
    """
    starts: list[tuple[int, Body]] = [(0, bodies.get(0, _ALLOW))]
    for number in range(1, NEWEST + 1):
        if (body := bodies.get(number, _ALLOW)) != starts[-1][1]:
            starts.append((number, body))
    # the numbers of x32, a second set of calls on x86-64, are among the unknown
    starts.append((NEWEST + 1, _UNKNOWN))
    head = (
        _step(_LOAD, _ARCHITECTURE),
        _step(_EQUAL, machine.architecture, 1),
        *_KILL,  # a call by another architecture's numbers
        _step(_LOAD, _NUMBER),
    )
    return b"".join(head + _halved(starts))


def _halved(starts: list[tuple[int, Body]]) -> Body:
    """The body that begins at the last of `starts` that is not above the loaded number."""
    if len(starts) == 1:
        return starts[0][1]
    half = len(starts) // 2
    below, above = _halved(starts[:half]), _halved(starts[half:])
    if len(below) < 256:  # as far as a jump with a condition goes
        return (_step(_AT_LEAST, starts[half][0], len(below)), *below, *above)
    return (_step(_AT_LEAST, starts[half][0], 0, 1), _step(_JUMP, len(below)), *below, *above)
