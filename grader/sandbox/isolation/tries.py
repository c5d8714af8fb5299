"""What each layer around a child is seen to do on this machine: a throwaway child tries everything that it is to stop.

A try counts where it works as long as nothing is confined. A layer is on when every try that counts then fails with
EACCES or EPERM, as the kernel's refusals do, and there is at least one; any other error may have another cause.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import resource
import socket
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from . import privileges
from .confinement import LANDLOCK, PRIVILEGES, SECCOMP, Confinement, Layer

# a layer, and what it is made of
MADE_OF = {
    "files hidden": LANDLOCK,
    "files read-only": LANDLOCK,
    "file metadata": SECCOMP,
    "no network": SECCOMP,
    "no new processes": SECCOMP,
    "no signals to others": SECCOMP,
    "no capabilities": PRIVILEGES,
}
_WORKED = 0
_TOLD = 4  # of what gets through


@dataclass(frozen=True)
class Try:
    """Something that a layer is there to stop.

    Args:
        layer: the layer's name.
        name: what is tried, as in "a child could still …".
        attempt: does it, and undoes it.
        unconfined: the error number that it ends with as long as nothing is confined, if it means anything on this
            machine; 0 for none, and `None` where it always counts.
        refused: the error numbers that it ends with where the layer stops it.
    """

    layer: str
    name: str
    attempt: Callable[[], Any]
    unconfined: int | None = _WORKED
    refused: tuple[int, ...] = (errno.EACCES, errno.EPERM)


@dataclass(frozen=True)
class _Scene:
    """What the tries are about, made by the zygote: a folder of the child's own, a sibling's, one outside of both.

    Args:
        descriptor: of the file outside, open for reading.
        stream, datagrams: paths of sockets outside that somebody listens on.
    """

    own: Path
    sibling: Path
    outside: Path
    descriptor: int
    stream: str
    datagrams: str


def observe(confinement: Confinement) -> list[Layer]:
    """Forks a throwaway child that tries what the layers forbid, first unconfined, then confined."""
    if confinement.reasons.keys() >= {LANDLOCK, SECCOMP, PRIVILEGES}:
        return [Layer(name, False, confinement.reasons[part]) for name, part in MADE_OF.items()]
    # not in the children's folder, which the trusted process looks after meanwhile
    with _scene(confinement.folder.parent) as scene:
        moved = confinement.moved(scene.own.parent)
        tries = [*_tries(scene, moved)]
        before, after = _in_a_child(tries, moved, scene.own)
        for descriptor in moved.descriptors:
            os.close(descriptor)
    return [_layer(name, tries, before, after, confinement.reasons) for name in MADE_OF]


def _layer(
    name: str, tries: list[Try], before: list[int | None], after: list[int], reasons: dict[str, str]
) -> Layer:
    """What is told of a layer, by the error numbers that its tries ended with."""
    counted = [
        (each, confined)
        for each, free, confined in zip(tries, before, after, strict=True)
        if each.layer == name and each.unconfined == free
    ]
    through = [each.name for each, confined in counted if confined not in each.refused]
    if counted and not through:
        return Layer(name, True)
    found = "nothing to try it on here"
    if through:
        more = f" and {len(through) - _TOLD} more" if len(through) > _TOLD else ""
        found = f"a child could still {', '.join(through[:_TOLD])}{more}"
    return Layer(name, False, reasons.get(MADE_OF[name], found))


def _in_a_child(
    tries: list[Try], confinement: Confinement, own: Path
) -> tuple[list[int | None], list[int]]:
    """The error numbers of `tries` in one process, before and after it is confined. If it ends, all got through."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        before: list[int | None] = []
        after: list[int] = []
        try:
            os.setsid()
            os.chdir(own)
            before = [None if each.unconfined is None else _error_of(each) for each in tries]
            confinement.apply(own)
            after = [_error_of(each) for each in tries]
        finally:
            os.write(writer, json.dumps([before, after]).encode())
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        before, after = json.loads(pipe.read() or b"[[], []]")
    os.waitpid(pid, 0)
    return before or [each.unconfined for each in tries], after or [_WORKED] * len(tries)


def _error_of(each: Try) -> int:
    try:
        each.attempt()
    except OSError as error:
        return error.errno or -1
    return _WORKED


@contextmanager
def _scene(folder: Path) -> Iterator[_Scene]:
    """Made in a folder of its own in `folder`."""
    with ExitStack() as stack:
        made = tempfile.TemporaryDirectory(
            prefix="grader-try-", dir=folder, ignore_cleanup_errors=True
        )
        top = Path(stack.enter_context(made))
        own, sibling, outside = top / "children/own", top / "children/other", top / "outside"
        for place in (own, sibling, outside):
            place.mkdir(parents=True)
            (place / "file").write_text("x", encoding="utf-8")
        file = stack.enter_context((outside / "file").open("rb"))
        paths = str(outside / "stream"), str(outside / "datagrams")
        for path, kind in zip(paths, (socket.SOCK_STREAM, socket.SOCK_DGRAM), strict=True):
            listener = stack.enter_context(socket.socket(socket.AF_UNIX, kind))
            with suppress(OSError):  # the path is too long for an address: the tries do not count
                listener.bind(path)
                if kind == socket.SOCK_STREAM:
                    listener.listen(8)
        yield _Scene(own, sibling, outside, file.fileno(), *paths)


def _tries(scene: _Scene, confinement: Confinement) -> Iterator[Try]:
    yield from _reads(scene, confinement.hidden)
    yield from _writes(scene.outside, scene.outside / "file", scene.own, "outside")
    yield from _writes(scene.own.parent, scene.sibling / "file", scene.own, "beside its folder")
    # asked for now: a confined child, which cannot read /etc/passwd, does not know it
    home = os.path.expanduser("~")
    yield Try("files read-only", "write in the home folder", partial(_unnamed_file, home))
    yield Try("files read-only", "make a device", partial(_device, scene.own / "new"))
    yield from _metadata(scene)
    yield from _network(scene)
    yield from _processes()
    yield from _signals(os.getpid())
    yield from _capabilities(confinement.kept_capabilities)


def _reads(scene: _Scene, hidden: list[Path]) -> Iterator[Try]:
    files: list[Path | str] = [
        "/etc/passwd",
        f"/proc/{os.getpid()}/environ",
        scene.outside / "file",
        scene.sibling / "file",
    ]
    files += [entry for folder in hidden for entry in sorted(folder.iterdir()) if entry.is_file()][
        :2
    ]
    for file in files:
        yield Try("files hidden", f"read {file}", partial(_opened, file, os.O_RDONLY))
    for folder in ("/", os.path.expanduser("~"), scene.outside, scene.own.parent, scene.sibling):
        yield Try("files hidden", f"list {folder}", partial(os.listdir, folder))


def _writes(folder: Path, file: Path, own: Path, where: str) -> Iterator[Try]:
    """In `folder`, and to `file`, which is in it or in a folder there."""
    new, other, mine = folder / "new", file.with_name("other"), own / "file"

    def write_anew() -> None:
        os.unlink(file)
        file.write_text("x", encoding="utf-8")

    def there_and_back(old: Path, new: Path) -> None:
        os.rename(old, new)
        os.rename(new, old)

    attempts: dict[str, Callable[[], Any]] = {
        "make a file": _in_turn(
            partial(_opened, new, os.O_WRONLY | os.O_CREAT), partial(os.unlink, new)
        ),
        "make a folder": _in_turn(partial(os.mkdir, new), partial(os.rmdir, new)),
        "make a symbolic link": _in_turn(partial(os.symlink, "/", new), partial(os.unlink, new)),
        "make a pipe": _in_turn(partial(os.mkfifo, new), partial(os.unlink, new)),
        "write to a file": partial(_opened, file, os.O_WRONLY),
        "shorten a file": partial(os.truncate, file, 1),
        "empty a file": partial(_opened, file, os.O_RDONLY | os.O_TRUNC),
        "rename a file": partial(there_and_back, file, other),
        "remove a file": write_anew,
    }
    for name, attempt in attempts.items():
        yield Try("files read-only", f"{name} {where}", attempt)
    # Landlock's first version lets nothing go from folder to folder, with an error of its own
    refused = (errno.EACCES, errno.EPERM, errno.EXDEV)
    moves: dict[str, Callable[[], Any]] = {
        "move a file": partial(there_and_back, mine, new),
        "link a file": _in_turn(partial(os.link, mine, new), partial(os.unlink, new)),
    }
    for name, attempt in moves.items():
        yield Try("files read-only", f"{name} {where}", attempt, refused=refused)


def _in_turn(*attempts: Callable[[], Any]) -> Callable[[], None]:
    def run() -> None:
        for attempt in attempts:
            attempt()

    return run


def _opened(path: Path | str, flags: int) -> None:
    os.close(os.open(path, flags, 0o600))


def _unnamed_file(folder: str) -> None:
    _opened(folder, os.O_TMPFILE | os.O_RDWR)


def _device(path: Path) -> None:
    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))
    os.unlink(path)


def _metadata(scene: _Scene) -> Iterator[Try]:
    me = os.getuid(), os.getgid()
    places: dict[str, Path | int] = {
        "a file": scene.outside / "file",
        "an open file": scene.descriptor,
        "the folder of all children": scene.own.parent,
    }
    for what, place in places.items():
        mode = stat.S_IMODE(os.stat(place).st_mode)
        attempts: dict[str, Callable[[], Any]] = {
            "change the mode of": partial(os.chmod, place, mode),
            "change the times of": partial(os.utime, place),
            "change the owner of": partial(os.chown, place, *me),
            "change an attribute of": partial(os.setxattr, place, "user.grader", b"1"),
        }
        for name, attempt in attempts.items():
            yield Try("file metadata", f"{name} {what}", attempt)


def _network(scene: _Scene) -> Iterator[Try]:
    families = {"INET": "IPv4", "INET6": "IPv6", "NETLINK": "netlink"}
    for family, name in families.items():
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            attempt = partial(_socket, getattr(socket, f"AF_{family}"), kind)
            yield Try("no network", f"open a socket for {name}", attempt)
    yield Try("no network", "connect to a local socket", partial(_connect, scene.stream))
    yield Try("no network", "send to a local socket", partial(_send, scene.datagrams))


def _socket(family: int, kind: int) -> None:
    socket.socket(family, kind).close()


def _connect(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as local:
        local.connect(path)


def _send(path: str) -> None:
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with one, other:
        one.sendto(b"x", path)


def _processes() -> Iterator[Try]:
    yield Try("no new processes", "fork", _fork, None)  # it works anywhere, and takes long
    yield Try("no new processes", "start a program", _start_a_program)
    absent = "/grader-no-such-program"
    become = partial(os.execv, absent, [absent])
    yield Try("no new processes", "become another program", become, errno.ENOENT)


def _fork() -> None:
    if not (pid := os.fork()):
        os._exit(0)
    os.waitpid(pid, 0)


def _start_a_program() -> None:
    os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)


def _signals(parent: int) -> Iterator[Try]:
    def own_pipe(command: int, value: int) -> None:
        ends = os.pipe()
        try:
            fcntl.fcntl(ends[0], command, value)
        finally:
            for end in ends:
                os.close(end)

    attempts: dict[str, Callable[[], Any]] = {
        "send a signal to the zygote": partial(os.kill, parent, 0),
        "send a signal to the first process": partial(os.kill, 1, 0),
        "send a signal to its group": partial(os.kill, 0, 0),
        "have a file send signals to the zygote": partial(own_pipe, fcntl.F_SETOWN, parent),
        "hold the zygote by a descriptor": lambda: os.close(os.pidfd_open(parent)),
        "limit the zygote": partial(resource.prlimit, parent, resource.RLIMIT_CPU),
        "place the zygote on a processor": lambda: os.sched_setaffinity(
            parent, os.sched_getaffinity(parent)
        ),
        "slow the zygote down": lambda: os.setpriority(
            os.PRIO_PROCESS, parent, os.getpriority(os.PRIO_PROCESS, parent)
        ),
    }
    for name, attempt in attempts.items():
        yield Try("no signals to others", name, attempt)


def _capabilities(kept: int) -> Iterator[Try]:
    """Of which an ordinary user has none to begin with; so there is no more to these than to look."""

    def use_one() -> None:
        if not privileges.held() & ~kept:
            raise PermissionError(errno.EPERM, "there is none")

    def gain_one() -> None:
        if not privileges.can_gain():
            raise PermissionError(errno.EPERM, "no program gives any")

    yield Try("no capabilities", "use a capability", use_one, None)
    yield Try("no capabilities", "gain one by a program", gain_one, None)
