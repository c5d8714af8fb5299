"""The sandboxes that a course is graded on, device by device, with their limits and what is imported beforehand.

    cpu, sim ──▶ one sandbox     cuda ──▶ another, whose children start CUDA themselves, ahead of their work

Whoever grades (`check`, `grade`, `watch`, `%%check`, `audit`) gets them from here, so that a course's `[limits]` hold
everywhere.
"""

from __future__ import annotations

import atexit
import gc
import math
import os
import platform
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Self

from .course.catalog import Course, Exercise, load_course
from .course.packages import folders_of
from .course.python_files import text_of
from .errors import CourseError, DeviceError
from .language import _
from .report import Environment
from .sandbox import Limits, Sandbox
from .sandbox.ahead import how_many_wait
from .sandbox.gpu import smallest_gpu_bytes
from .sandbox.package_folders import package_folders
from .submission import Source

# what every machine has; `cuda` is there to be asked for
DEVICES = ("cpu", "sim")
_CGROUP = Path("/sys/fs/cgroup")
_CUDA_SECONDS = 5  # to load cuDNN, say, while others do so
_LARGEST_LIMIT = 1 << 50  # seconds or bytes; the kernel takes no more than 63 bits
# what torch imports when something is used for the first time: 1 s for `torch.func`, 0.2 s for a backward pass that
# starts from given gradients; a name in quotes is no use. What is not found so is imported in the child, and no child
# loses by it (`checking/session.py`). What an optimizer would import is put off (`torch_dynamo.py`)
_LATE_IMPORTS = {
    "torch._dynamo": re.compile(
        r"(?<![\"'`])\btorch\.(func\.\w+|compile)\(|\bfrom torch\.func import\b"
    ),
    "torch.fx.experimental.symbolic_shapes": re.compile(
        r"\bgrad_outputs\b|\.backward\((g\)|grad|torch\.)"
    ),
}


class Machines:
    """The sandboxes for a course on some devices. A context manager.

    Making it returns at once: torch is imported over there while this process goes on.

    Args:
        course: by default the built-in one.
        devices: where to run: `cpu` always, and `sim` (the simulated accelerator) and `cuda` where they are named and
            there.
        limits: bounds on the student's code; by default the course's.
        zygote_server: the address of a process that forks the sandboxes' own; without one they are started anew.
        confined: whether children give up what the kernel lets them give up.
        workers: how many processes of this machine grade at once, each with machines of its own.

    Raises:
        CourseError: if the course's `[limits]` are not as they should be.
        SandboxLost: if a sandbox cannot be started.
    """

    def __init__(
        self,
        course: Course | None = None,
        devices: Sequence[str] = DEVICES,
        *,
        limits: Limits | None = None,
        zygote_server: str = "",
        confined: bool = True,
        workers: int = 1,
    ) -> None:
        self.course = course or load_course()
        self.devices = tuple(dict.fromkeys(devices))
        self.limits = limits or limits_of(self.course)
        self._zygote_server = zygote_server
        self._confined = confined
        self._workers = workers
        self._environment: Environment | None = None
        self._has_cuda = "cuda" in self.devices
        self._sandboxes = self._started()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends all of them."""
        for sandbox in self._sandboxes.values():
            sandbox.close()

    def restart(self) -> None:
        """Ends all of them and starts new ones: the way back from a `SandboxLost`. It holds for all that `on` gave.

        Raises:
            SandboxLost: if they cannot be started.
        """
        self.close()
        self._environment = None
        # in place: who made them, and whoever got them by `on`, have the same ones
        self._sandboxes.update(self._started())

    def on(self, course: Course | None = None, devices: Sequence[str] | None = None) -> Self:
        """The same sandboxes, for another course or for fewer devices; limits stay, and who made them closes them."""
        other = copy(self)
        other.course = course or self.course
        other.devices = tuple(devices or self.devices)
        other._environment = None
        return other

    def another(self) -> Self:
        """Machines like these, for another process that grades at the same time.

        Raises:
            SandboxLost: if a sandbox cannot be started.
        """
        return type(self)(
            self.course,
            self.devices,
            limits=self.limits,
            zygote_server=self._zygote_server,
            confined=self._confined,
            workers=self._workers,
        )

    def sandbox(self, device: str = "cpu") -> Sandbox:
        """The one whose children have `device`."""
        return self._sandboxes["cuda" if device == "cuda" else "cpu"]

    @property
    def environment(self) -> Environment:
        """Where this process grades, what the sandbox was seen to keep, and which of the devices are there.

        Raises:
            SandboxLost: if a sandbox does not start.
        """
        if self._environment is None:
            self._environment = self._seen()
        return self._environment

    def require_devices(self) -> None:
        """For devices that were asked for by name.

        Raises:
            DeviceError: if one of them is not there, with the reason.
        """
        if absent := self.environment.absent:
            sentence = _("This machine lacks a device that was asked for. {devices}.")
            raise DeviceError(sentence.format(devices="; ".join(absent)))

    def _started(self) -> dict[str, Sandbox]:
        packages = folders_of(self.course.packages)
        # a server's zygotes look where torch is, and nowhere else
        elsewhere = packages and package_folders(packages) != package_folders()
        server = "" if elsewhere else self._zygote_server
        cpu = Sandbox(self.limits, self._confined, zygote_server=server, packages=packages)
        started = {"cpu": cpu}
        if self._has_cuda:
            waiting = how_many_wait(
                cores(), self._workers, self.limits.gpu_fraction, smallest_gpu_bytes()
            )
            started["cuda"] = Sandbox(
                _longer(self.limits),
                self._confined,
                device="cuda",
                ahead=waiting,
                packages=packages,
            )
        return started

    def begin(self, preload: Sequence[str], meanwhile: Callable[[], object]) -> None:
        """Has the first child made, with these modules in it, and calls `meanwhile` while that goes on.

        Raises:
            SandboxLost, UnsupportedVersion: as `Sandbox.open`.
        """
        self.sandbox().open(preload, meanwhile=meanwhile).close()

    @property
    def has_begun(self) -> bool:
        """Whether children have been made, so that what is the same for all of them is there."""
        return self._environment is not None

    def prepare(self, preload: Sequence[str]) -> None:
        """Has the sandboxes whose children start ahead import modules for them. Does not wait.

        Raises:
            SandboxLost: if one of them cannot be used.
        """
        for sandbox in self._sandboxes.values():
            sandbox.prepare(preload)

    def _seen(self) -> Environment:
        import torch

        from .version import __version__

        with _cuda_starts_here() if self._has_cuda else nullcontext():
            absent = {each: self._why_absent(each) for each in self.devices if each != "cpu"}
        return Environment(
            python=platform.python_version(),
            # of torch's own class, which a report is not to bring along
            torch=str(torch.__version__),
            devices=("cpu", *(device for device, why in absent.items() if not why)),
            isolation=tuple(layer.name for layer in self.sandbox().layers() if layer.on),
            absent=tuple(f"{device}: {why}" for device, why in absent.items() if why),
            grader=__version__,
        )

    def _why_absent(self, device: str) -> str:
        if device not in (*DEVICES, "cuda"):
            return _("there is no such device")
        return self.sandbox(device).absent(device)


def _longer(limits: Limits) -> Limits:
    """For children on a GPU: CUDA has started before their time does, and brings other libraries when they are used."""
    return replace(
        limits,
        import_seconds=limits.import_seconds + _CUDA_SECONDS,
        call_seconds=limits.call_seconds + _CUDA_SECONDS,
        exercise_seconds=limits.exercise_seconds + 2 * _CUDA_SECONDS,
    )


@contextmanager
def _cuda_starts_here() -> Iterator[None]:
    """Meanwhile this process starts CUDA as well, in which it works out references."""
    thread = threading.Thread(target=_start_cuda_here, daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _start_cuda_here() -> None:
    import torch

    with suppress(RuntimeError, AssertionError):  # where there is none, a child tells why
        if torch.cuda.is_available():
            weight = torch.ones(3, 2, device="cuda", requires_grad=True)
            (torch.ones(4, 3, device="cuda") @ weight).mean().backward()


def cores() -> int:
    """The cores that this process may use: of a container that has a share of them, no more than that."""
    count: float = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        count = len(os.sched_getaffinity(0))
    for quota, period in _in_cgroup(
        ("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")
    ):
        if quota > 0:  # -1 is no bound
            count = min(count, quota / period)
    return max(1, int(count))


def free_memory() -> float:
    """Bytes that processes can have here beside those that run; infinite where nothing tells."""
    free = math.inf
    with suppress(OSError, AttributeError):
        told = Path("/proc/meminfo").read_text(encoding="ascii")
        free = 1024.0 * int(re.search(r"MemAvailable: *(\d+)", told)[1])  # type: ignore[index]
    names = "memory.limit_in_bytes", "memory.usage_in_bytes"
    for most, used in _in_cgroup(
        ("memory.max", "memory.current"), tuple(f"memory/{name}" for name in names)
    ):
        free = min(free, most - used)
    return free


def _in_cgroup(*alternatives: tuple[str, ...]) -> Iterator[tuple[float, float]]:
    """The two numbers that files of this container's control group hold, of version 2 or 1; `max` is infinite."""
    for names in alternatives:
        with suppress(OSError, ValueError):
            texts = [(_CGROUP / name).read_text(encoding="ascii") for name in names]
            first, second = (
                math.inf if each == "max" else float(each) for each in " ".join(texts).split()
            )
            yield first, second


def limits_of(course: Course) -> Limits:
    """The default limits, with what the course's `[limits]` says instead.

    Raises:
        CourseError: if it names something else, or gives no positive number.
    """
    known = vars(Limits())
    for name, value in course.limits.items():
        if name not in known:
            sentence = _("[limits] has no {name!r}. It may have: {known}").format(
                name=name, known=", ".join(known)
            )
        elif isinstance(known[name], int) and (type(value) is not int or value <= 0):
            sentence = _("[limits] {name} must be a positive whole number").format(name=name)
        elif type(value) not in (int, float) or not 0 < value < math.inf:
            sentence = _("[limits] {name} must be a positive number").format(name=name)
        elif value > _LARGEST_LIMIT:
            sentence = _("[limits] {name} is larger than any machine can keep").format(name=name)
        else:
            continue
        raise CourseError(f"{course.folder / 'course.toml'}: {sentence}.")
    return Limits(**{name: type(known[name])(value) for name, value in course.limits.items()})


def preload_for(exercise: Exercise, source: Source) -> tuple[str, ...]:
    """Modules that an exercise's probes, or the student's code, have torch import in every child otherwise."""
    return late_imports(text_of(exercise.checks), *source.programs)


def late_imports(*texts: str) -> tuple[str, ...]:
    """Modules that torch imports when what these texts use is used for the first time."""
    return tuple(name for name, use in _LATE_IMPORTS.items() if any(map(use.search, texts)))


def warm_up() -> None:
    """Imports what the first grading would import, torch above all; a sandbox that starts meanwhile does the same."""
    gc.disable()  # importing makes no garbage, and looking for it takes a sixth of the time
    from .checking import collect, run  # noqa: F401

    gc.freeze()
    gc.enable()
    atexit.register(gc.freeze)  # nor does the end of the process look through all of torch: 0.3 s
