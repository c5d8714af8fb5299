"""The layers around a child: what they are made of, and how a child puts them on. `tries` sees what they do."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from . import landlock, seccomp
from .privileges import Privileges

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
_MOST_HOLDERS = 16
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
        folder: the folder of the children's folders.
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
        self.folder = folder
        self.hidden = hidden
        self.shown = [path.resolve() for path in shown]
        self.device = device
        self._rules: tuple[landlock.SharedRules, landlock.OwnRules] | None = None
        self._filter: seccomp.Filter | None = None
        self._privileges: Privileges | None = None
        self.reasons: dict[str, str] = {}
        if not wanted or sys.platform != "linux":
            why = f"not on {sys.platform}" if wanted else "switched off"
            self.reasons = dict.fromkeys((LANDLOCK, SECCOMP, PRIVILEGES), why)
            return
        self._privileges = Privileges()
        try:
            self._rules = _rules(folder, hidden, device, self.shown)
        except (landlock.LandlockError, OSError) as error:
            self.reasons[LANDLOCK] = str(error)
        try:
            self._filter = seccomp.Filter(device)
        except seccomp.SeccompError as error:
            self.reasons[SECCOMP] = str(error)

    def moved(self, folder: Path) -> Confinement:
        """The same for children whose folders lie in another folder."""
        other = copy(self)
        other.folder = folder
        if self._rules:
            other._rules = _rules(folder, self.hidden, self.device, self.shown)
        return other

    @property
    def kept_capabilities(self) -> int:
        """What a child of root does not give up, a bit for each capability."""
        return self._privileges.kept if self._privileges else 0

    @property
    def descriptors(self) -> list[int]:
        """What has to stay open until `apply`."""
        if not self._rules:
            return []
        shared, own = self._rules
        return [shared.descriptor, *own.descriptors]

    def apply(self, folder: Path, without: Collection[str] = (), *, threads: bool = True) -> None:
        """Binds the calling process. What the machine lacks is left out; `tries.observe` tells.

        Args:
            folder: the process's own, in the folder of the children's folders: the only place that it can write.
            without: layers to leave out, by name, where a throwaway child finds out which one is in the way.
            threads: whether it may start threads.

        Raises:
            OSError: if the kernel refuses rules that it took before.
        """
        if self._rules and LANDLOCK not in without:
            shared, own = self._rules
            shared.enforce()
            own.enforce(folder, naming_threads=self.device == "cuda")
        for descriptor in self.descriptors:
            os.close(descriptor)
        if self._privileges and PRIVILEGES not in without:
            with suppress(OSError):
                self._privileges.give_up()
        if self._filter and SECCOMP not in without:
            with suppress(seccomp.SeccompError):
                self._filter.install(os.getpid())
                if not threads:
                    seccomp.forbid_threads()


def _readable(device: str) -> set[Path]:
    """What children read, but for what is hidden; links are followed, what lies in another entry is left out."""
    prefixes = {Path(prefix).resolve() for prefix in (sys.prefix, sys.base_prefix)} - {Path("/usr")}
    names = (*_SYSTEM, *_CUDA) if device == "cuda" else _SYSTEM
    paths = {
        path for path in (*prefixes, *(Path(name).resolve() for name in names)) if path.exists()
    }
    return {path for path in paths if not paths.intersection(path.parents)}


def _rules(
    folder: Path, hidden: list[Path], device: str, shown: Sequence[Path]
) -> tuple[landlock.SharedRules, landlock.OwnRules]:
    shared = _shared_rules(folder, hidden, device, shown)
    return shared, _own_rules(device, [*shared.behind_links, *_holders(shown, folder)])


def _shared_rules(
    folder: Path, hidden: list[Path], device: str, shown: Sequence[Path]
) -> landlock.SharedRules:
    rules = landlock.SharedRules(folder.resolve())
    for path in (*_readable(device), *shown, *_linked(shown), Path("/dev/null")):
        rules.allow_reading(path, hidden)
    if device == "cuda":
        for path in Path("/dev").glob(_CUDA_DEVICES):
            rules.allow_reading(path)
    return rules


def _own_rules(device: str, more: list[Path]) -> landlock.OwnRules:
    rules = landlock.OwnRules()
    for path in (*_readable(device), *more):
        rules.allow_reading(path)
    rules.allow_writing(Path("/dev/null"))
    if device == "cuda":
        for path in Path("/dev").glob(_CUDA_DEVICES):
            rules.allow_device(path)
    return rules


def _linked(folders: Sequence[Path]) -> list[Path]:
    """The packages that an installer has linked into these folders from elsewhere: where they lie."""
    entries = chain.from_iterable(folder.iterdir() for folder in folders)
    return [entry.resolve() for entry in entries if _is_linked_package(entry)]


def _is_linked_package(entry: Path) -> bool:
    installed = entry.suffix in (".libs", ".dist-info") or entry.name == "nvidia"
    package = installed or entry.is_file() or (entry / "__init__.py").is_file()
    return package and entry.is_symlink()


def _holders(folders: Sequence[Path], apart: Path) -> set[Path]:
    """Few folders that hold all packages: a child has a descriptor for each, and the shared rules say what it reads.

    Args:
        apart: the folder of the children's folders, which none of them may hold.
    """
    apart = apart.resolve()
    parents = {
        path if apart.is_relative_to(path.parent) else path.parent for path in _linked(folders)
    }
    return {*folders, *sorted(parents)[:_MOST_HOLDERS]}


def offered() -> dict[str, str]:
    """What the layers are made of, each with why this machine lacks it; empty where it has it. It tries none."""
    if sys.platform != "linux":
        return dict.fromkeys((LANDLOCK, SECCOMP, PRIVILEGES), f"not on {sys.platform}")
    why = {LANDLOCK: "" if landlock.version() else "this kernel has no Landlock", SECCOMP: ""}
    try:
        seccomp.Filter()
    except seccomp.SeccompError as error:
        why[SECCOMP] = str(error)
    return why | {PRIVILEGES: ""}


def as_data(layers: list[Layer]) -> list[dict[str, Any]]:
    """The layers as the wire carries them."""
    return [asdict(layer) for layer in layers]
