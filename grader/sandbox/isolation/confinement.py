"""The layers around a child, and what each was seen to do on this machine.

A layer counts as on when a throwaway child, with all layers applied, failed at what the layer is there to stop.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from . import landlock, seccomp

# what the dynamic linker, libc and torch read, outside Python's own folders
_SYSTEM = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/share/zoneinfo",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/dev/urandom",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/sys/vm/overcommit_memory",
    "/sys/devices/system/cpu",
)


# what a child needs to reach a GPU. Landlock keeps one process from looking into another's entries in /proc.
_CUDA = (
    "/proc",
    "/sys/bus/pci",
    "/sys/devices",
    "/sys/module",
    "/etc/nvidia",
    "/usr/local/cuda",
    "/usr/local/nvidia",
    "/usr/share/nvidia",
    "/dev/dri",
)
_CUDA_DEVICES = "nvidia*"
LANDLOCK, SECCOMP, PRIVILEGES = "Landlock", "seccomp", "the loss of privileges"


@dataclass(frozen=True)
class Layer:
    """One line of `grader doctor`: a layer, whether it holds here, and why not."""

    name: str
    on: bool
    why: str = ""


class Confinement:
    """What a child gives up, made ready once in the zygote.

    Args:
        folder: the private folder, the only place that can be written.
        hidden: folders that are not to be read although they lie among Python's packages.
        wanted: whether there is to be any.
        device: `cuda` for children that reach the GPU.
        shown: folders of packages that may be read, besides Python's own.
    """

    def __init__(
        self,
        folder: Path,
        hidden: list[Path],
        wanted: bool,
        device: str = "cpu",
        shown: Sequence[Path] = (),
    ) -> None:
        self.device = device
        self._ruleset: landlock.Ruleset | None = None
        self._filtered = wanted and sys.platform == "linux"
        self.reasons: dict[str, str] = {}
        if not self._filtered:
            why = f"not on {sys.platform}" if wanted else "switched off"
            self.reasons["landlock"] = self.reasons["seccomp"] = why
            return
        try:
            self._ruleset = _ruleset(folder, hidden, device, shown)
        except (landlock.LandlockError, OSError) as error:
            self.reasons["landlock"] = str(error)

    @property
    def descriptors(self) -> list[int]:
        """What has to stay open until `apply`."""
        return [self._ruleset.descriptor] if self._ruleset else []

    def apply(self, without: Collection[str] = ()) -> None:
        """Binds the calling process. What the machine lacks is left out; `observe` tells.

        Args:
            without: layers to leave out, by name, where a throwaway child finds out which one is in the way.
        """
        if self._ruleset and LANDLOCK not in without:
            if self.device == "cuda":
                self._ruleset.allow_naming_threads()
            self._ruleset.enforce()
            os.close(self._ruleset.descriptor)
        if self._filtered and self.device == "cuda" and PRIVILEGES not in without:
            landlock.give_up_privileges()
        if self._filtered and SECCOMP not in without:
            with suppress(seccomp.SeccompError):
                seccomp.restrict(os.getpid(), self.device)


def _ruleset(
    folder: Path, hidden: list[Path], device: str, shown: Sequence[Path]
) -> landlock.Ruleset:
    ruleset = landlock.Ruleset()
    for package in chain(shown, *map(_linked, shown)):
        ruleset.allow_reading(package.resolve(), hidden)
    prefixes = {Path(prefix).resolve() for prefix in (sys.prefix, sys.base_prefix)} - {Path("/usr")}
    for path in [*prefixes, *map(Path, _SYSTEM)]:
        ruleset.allow_reading(path.resolve(), hidden)
    ruleset.allow_writing(folder.resolve())
    ruleset.allow_writing(Path("/dev/null"))
    if device == "cuda":
        for path in map(Path, _CUDA):
            ruleset.allow_reading(path)
        for path in Path("/dev").glob(_CUDA_DEVICES):
            ruleset.allow_device(path)
    return ruleset


def _linked(folder: Path) -> Iterator[Path]:
    """Packages that an installer has linked into a folder from elsewhere."""
    for entry in folder.iterdir():
        installed = (
            entry.is_file() or entry.suffix in (".libs", ".dist-info") or entry.name == "nvidia"
        )
        if entry.is_symlink() and (installed or (entry / "__init__.py").is_file()):
            yield entry


def observe(confinement: Confinement) -> list[Layer]:
    """Forks a throwaway child that tries what the layers forbid."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        outcome = {}
        try:
            os.setsid()
            confinement.apply()
            outcome = {name: _stopped(attempt) for name, attempt in _attempts().items()}
        finally:
            os.write(writer, json.dumps(outcome).encode())
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        text = pipe.read()
    os.waitpid(pid, 0)
    stopped = json.loads(text)
    landlock_why = confinement.reasons.get("landlock", "a file could be read all the same")
    seccomp_why = confinement.reasons.get("seccomp", "this kernel or machine refuses the filter")
    whys = {
        "files hidden": landlock_why,
        "files read-only": landlock_why,
        "no network": seccomp_why,
        "no new processes": seccomp_why,
        "no signals to others": seccomp_why,
    }
    return [
        Layer(name, bool(stopped.get(name)), "" if stopped.get(name) else why)
        for name, why in whys.items()
    ]


def _attempts() -> dict[str, Callable[[], Any]]:
    def fork() -> None:
        if os.fork() == 0:
            os._exit(0)

    return {
        "files hidden": lambda: os.close(os.open("/etc/passwd", os.O_RDONLY)),
        "files read-only": lambda: os.close(
            os.open(os.path.expanduser("~"), os.O_TMPFILE | os.O_RDWR)
        ),
        "no network": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close(),
        "no new processes": fork,
        "no signals to others": lambda: os.kill(os.getppid(), 0),
    }


def _stopped(attempt: Callable[[], Any]) -> bool:
    try:
        attempt()
    except OSError:
        return True
    return False


def as_data(layers: list[Layer]) -> list[dict[str, Any]]:
    """The layers as the wire carries them."""
    return [asdict(layer) for layer in layers]
