"""The zygote: imports torch once, then forks a child whenever it is asked to.

It is started in a fresh interpreter before the grader reads a check, holds no reference and no other submission,
and runs no student code itself. It keeps one thread and stays away from `torch.cuda`: neither survives a fork.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import site
import socket
import sys
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import torch_dynamo

if TYPE_CHECKING:
    import resource
    from types import SimpleNamespace

    from ..isolation.confinement import Confinement
    from .steps import Step

_END_SECONDS = 5.0  # to end what a child has left behind
_PACKAGE = __name__.rsplit(".", 2)[0]
# what a student's code is to find no way to, each after those that it imports
_APART = (
    "inside.steps",
    "inside.concealed",
    "wire.private_names",
    "wire.messages",
    "wire.values",
    "inside.operator_trace",
    "inside.call_trace",
    "inside.forbidden",
    "inside.trace",
    "inside.manners",
    "inside.programs",
    "inside.told_errors",
    "inside.server",
)
_TIDY_AT = 3  # forks: what makes further ones cheaper takes 0.3 s, and is for those who have many
Packages = tuple[tuple[str, ...], tuple[str, ...]]  # as `PackageFolders`


def main(
    control: int, root: str, packages: Packages, folder: str, confined: bool, device: str
) -> Step:
    """Serves requests on the descriptor `control` until it is closed. Returns in a child alone, with what is its work.

    So none of what is here is beneath the student's code when that runs.

    Args:
        root: the folder that the package lies in, at the head of `sys.path`.
        packages: folders of packages to look into before and after Python's own.
        folder: where the children's private folders are made.
        confined: whether the children give up what the kernel lets them give up.
        device: `cpu`, for children that have the CPU and the simulated accelerator, or `cuda`.
    """
    hidden, absent = prepare(root, packages, device)
    shown = [Path(entry) for entry in chain(*packages)]
    return serve(socket.socket(fileno=control), folder, hidden, confined, device, absent, shown)


def prepare(root: str, packages: Packages, device: str) -> tuple[list[Path], dict[str, str]]:
    """Makes this process ready to fork: what children are not to read, and why devices are not there."""
    del sys.path[0]
    first, last = packages
    own = site.getsitepackages()
    at = next((at for at, entry in enumerate(sys.path) if entry in own), len(sys.path))
    sys.path[:] = [*sys.path[:at], *first, *sys.path[at:], *last]
    hidden = [Path(__file__).resolve().parents[2]]
    if root not in map(os.path.realpath, (*first, *own, *last)):
        # a checkout: solutions lie beside the package, and nothing that a student needs
        hidden.append(Path(root).resolve())
        sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry) != root]

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the trusted process's to handle
    return hidden, _import_all(device)


def serve(
    channel: socket.socket,
    folder: str,
    hidden: list[Path],
    confined: bool,
    device: str,
    absent: dict[str, str],
    shown: list[Path],
) -> Step:
    """Serves requests on `channel` until it is closed. Returns in a child alone, as `main` does.

    Args:
        hidden: what children are not to read.
        shown: folders of packages that they may read, besides Python's own.
    """
    from ..isolation.confinement import Confinement, as_data
    from ..isolation.limits import adopt_orphans
    from ..isolation.privileges import lock
    from ..isolation.tries import observe
    from ..wire.private_names import why_not
    from .device_setup import why_no_cuda
    from .server import new

    adopt_orphans()
    if confined and sys.platform == "linux":
        lock()
    own = new()
    me = os.getpid()
    confinement = Confinement(Path(folder), hidden, confined, device, shown)
    layers = as_data(observe(confinement))
    children: set[int] = set()
    forks, tidy_at = 0, _TIDY_AT
    try:
        while True:
            message, descriptors, _, _ = socket.recv_fds(channel, 65536, 4)
            if not message:
                break
            request = json.loads(message)
            # others are still there where a request was interrupted, and whoever asked knows nothing of them
            endings = _end(children - {*request["keep"]}, request["keep"])
            # the numbers of those that have ended may be others' from now on
            children = children.intersection(request["keep"]) - endings.keys()
            if unsupported := why_not():
                for descriptor in descriptors:
                    os.close(descriptor)
                answer: dict[str, Any] = {"unsupported": unsupported}
            elif request["op"] == "fork":
                if _preload(request["preload"]):
                    tidy_at = max(tidy_at, forks + _TIDY_AT)
                work, child = _fork(request, descriptors, channel, confinement, own, children)
                if work:
                    return work
                forks += 1
                answer = {"pid": child, "zygote": me, "layers": layers, "absent": absent}
            elif request["op"] == "try device":
                answer = {"why": why_no_cuda(confinement)}
            else:
                answer = endings.get(request["child"], {"status": None})
            channel.sendall(json.dumps(answer).encode() + b"\n")
            if forks == tidy_at and request["op"] == "fork":  # while the child is at work
                _tidy(() if device == "cuda" else ["cpu"] if absent["sim"] else ["cpu", "sim"])
    finally:
        _end(children, ())
    os._exit(0)  # no teardown of torch: it takes 200 ms, and somebody waits


def _import_all(device: str) -> dict[str, str]:
    """Imports what children need; the devices that are not there, each with the reason."""
    gc.disable()  # importing makes no garbage, and looking for it takes a sixth of the time
    import numpy.random  # noqa: F401  # students' files import it, and each child seeds it
    import torch.utils.data  # noqa: F401

    from . import file_metadata, loader_workers, no_debugger, one_process
    from .concealed import import_apart
    from .device_setup import set_up

    file_metadata.tolerate()
    one_process.tolerate()
    no_debugger.refuse()
    loader_workers.keep_in_this_process()
    import_apart([f"{_PACKAGE}.{name}" for name in _APART])
    torch_dynamo.put_off()
    absent = {"sim": set_up(device), "cuda": "its children are others"}
    gc.freeze()  # no child copies pages only to look for garbage in them
    gc.enable()
    return absent


def _preload(names: list[str]) -> bool:
    """Imports modules, so that no child has to; whether one was new. What this torch does not have is passed over."""
    new = [name for name in names if not torch_dynamo.has_imported(name)]
    if not new:
        return False
    before = len(sys.modules)
    # some of torch's keep a copy of `sys.modules`, in which a student's code would find ours
    ours = {name: sys.modules.pop(name) for name in _own_modules(before)}
    try:
        for name in new:
            with suppress(ModuleNotFoundError):
                torch_dynamo.import_now(name)
    finally:
        sys.modules.update(ours)
    return len(sys.modules) > before


def _tidy(devices: Sequence[str]) -> None:
    """Makes the children that follow cheaper, on these devices."""
    from .huge_pages import collapse
    from .warm_up import warm_up

    if devices:
        warm_up(devices)
    gc.collect()
    collapse()


def _fork(
    request: dict[str, Any],
    descriptors: list[int],
    channel: socket.socket,
    confinement: Confinement,
    own: SimpleNamespace,
    children: set[int],
) -> tuple[Step | None, int]:
    """In the child, what is its work; here, the child's process id, which is also added to `children`."""
    from ..isolation.limits import Limits
    from .concealed import keep_forever
    from .server import serve as serve_child

    start: Callable[[], bool] = partial(bool, True)
    if request["start"]:
        from .device_start import start_device

        start = partial(start_device, confinement.device, Limits(**request["limits"]))

    gc.freeze()
    names = _own_modules(len(sys.modules))
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        children.clear()  # they are the zygote's to end, whatever happens to this one
        channel.close()
        # a submission that imports the grader finds nothing
        keep_forever([sys.modules.pop(name) for name in names])
        sys.modules["grader"] = None  # type: ignore[assignment]
        limits = Limits(**request["limits"])
        connection, output, stack, inputs = descriptors
        ends = connection, output, stack, inputs
        folder, threads = request["folder"], request["threads"]
        work = serve_child(own, parent, *ends, folder, limits, threads, confinement, start)
        return work, 0
    children.add(pid)
    for descriptor in descriptors:
        os.close(descriptor)
    return None, pid


@lru_cache(1)
def _own_modules(loaded: int) -> tuple[str, ...]:
    """The grader's among the `loaded` modules; to go through them all for each child takes a page of each name."""
    return tuple(name for name in sys.modules if name.split(".")[0] == "grader")


def _end(children: Collection[int], keep: Collection[int]) -> dict[int, dict[str, float]]:
    """Kills children, their groups and whatever else they left behind; how all that have ended did so.

    Args:
        keep: the children that go on.
    """
    endings: dict[int, dict[str, float]] = {}
    for child in children:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)  # it may not have reached setsid
        with suppress(ChildProcessError):
            endings[child] = _ending(*os.wait4(child, 0)[1:])
    deadline = time.monotonic() + _END_SECONDS
    while children and _reap(keep, endings) and time.monotonic() < deadline:
        for orphan in _children():
            if orphan not in keep:
                with suppress(ProcessLookupError):
                    os.kill(orphan, signal.SIGKILL)
    return endings


def _ending(status: int, used: resource.struct_rusage) -> dict[str, float]:
    """As `ended.Ended` has it; getrusage(2) counts in KiB on Linux."""
    seconds = used.ru_utime + used.ru_stime
    return {"status": status, "peak_bytes": used.ru_maxrss * 1024, "seconds": seconds}


def _reap(keep: Collection[int], endings: dict[int, dict[str, float]]) -> bool:
    """Collects children that have ended, and how; whether any is left that is not to be kept."""
    try:
        while (ended := os.wait4(-1, os.WNOHANG))[0]:
            endings[ended[0]] = _ending(*ended[1:])
    except ChildProcessError:
        return False
    return not keep or not {*keep}.issuperset(_children())


def _children() -> list[int]:
    """Descendants that were re-parented to this process (Linux; none are seen elsewhere)."""
    try:
        # the kernel's own list, quick enough for those that start another and end at once
        with open(f"/proc/self/task/{os.getpid()}/children", "rb") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return _children_among_all()


def _children_among_all() -> list[int]:
    """The same where the kernel lists no children."""
    me, found = str(os.getpid()), []
    with suppress(FileNotFoundError):
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                with suppress(OSError), open(f"/proc/{entry}/stat") as stat:
                    state, parent = stat.read().rsplit(")", 1)[1].split()[:2]
                    if parent == me and state != "Z":
                        found.append(int(entry))
    return found
