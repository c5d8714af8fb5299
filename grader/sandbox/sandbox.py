"""The trusted side's handle on the zygote and on the child that runs one exercise."""

from __future__ import annotations

import socket
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import asdict
from functools import partial
from typing import Any, Self

from ..errors import SandboxLost, UnsupportedVersion
from .ahead import Ahead
from .child import Child
from .control_group import ControlGroup
from .ended import Ended, ended_of
from .ends import Ends
from .gpu import trouble_seen_by
from .interpreter import PACKAGES, clean_environment, has_ended, last_words, start_python
from .isolation.confinement import Layer
from .isolation.limits import PORTABLE, Limits
from .package_folders import package_folders
from .private_folder import PrivateFolder
from .usage import process_id
from .zygote_channel import NONSENSE, ZygoteChannel
from .zygote_server_client import ask

_END_SECONDS = 5.0  # to end by itself
_KILLED_SECONDS = 30.0  # to end when the kernel says so, on a machine with much else to do
_BOOT = (
    "import sys; sys.path.insert(0, {root!r}); from grader.sandbox.inside.zygote import main; "
    "main({control}, {root!r}, {packages!r}, {folder!r}, confined={confined}, device={device!r})()"
)
Meanwhile = Callable[[], object]


class Sandbox:
    """A zygote that forks children. One child at a time; a context manager.

    Starting it returns at once: torch is imported over there while this process goes on.

    Args:
        limits: bounds on each child.
        confined: whether children give up what the kernel lets them give up; without, it is as where the kernel
            has no such layers.
        device: `cpu`, for children that have the CPU and the simulated accelerator `sim`; or `cuda`, for children
            that have a GPU and nothing warmed up.
        zygote_server: the address of a `ZygoteServer` that forks the zygote, for `cpu`; without one that answers, it is
            started anew.
        ahead: how many children are to wait, with the device started; a child that is opened is one of them. `None` for
            children whose device starts when it is first used.
        packages: entries of `sys.path` with other packages to import; a server's zygote has none of them.

    Raises:
        SandboxLost: if it cannot be started.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        confined: bool = True,
        device: str = "cpu",
        zygote_server: str = "",
        ahead: int | None = None,
        packages: Sequence[str] = (),
    ) -> None:
        self.limits = limits or Limits()
        self._device = device
        self._packages = packages
        self._process: subprocess.Popen[bytes] | None = None
        self._zygote = 0
        self._ahead: Ahead | None = None
        self._child: Child | None = None
        self._layers: tuple[Layer, ...] | None = None
        self._absent: dict[str, str] = {}
        self._why_absent: str | None = None  # known once the device was tried
        self._imported: set[str] = set()
        try:
            with ExitStack() as undo:
                self._folder = PrivateFolder()
                undo.callback(self._folder.remove)
                # those that start ahead are many, and take what their device takes
                self._group = ControlGroup(ahead is None)
                undo.callback(self._group.remove)
                # of no name, so that nothing but the zygote can write to it
                self._said = undo.enter_context(tempfile.TemporaryFile())
                self._channel = ZygoteChannel(self._last_words)
                undo.callback(self._channel.close)
                with self._channel.theirs as theirs:
                    self._start(theirs, confined, device, zygote_server)
                if ahead is not None:
                    self._ahead = Ahead(ahead, self._folder, self._send_fork, self._forked)
                    self._ahead.start()
                undo.pop_all()
        except OSError as error:
            sentence = f"The sandbox's first process cannot be started: {error}"
            raise SandboxLost(sentence) from error

    def _start(
        self, theirs: socket.socket, confined: bool, device: str, zygote_server: str
    ) -> None:
        folder, said = str(self._folder.path), self._said.fileno()
        if zygote_server:
            with suppress(OSError):
                ask(zygote_server, theirs, said, folder, confined)
                return
        boot = _BOOT.format(
            root=PACKAGES,
            packages=tuple(package_folders(self._packages)),
            control=theirs.fileno(),
            folder=folder,
            confined=confined,
            device=device,
        )
        self._process = start_python(
            boot, [theirs.fileno()], folder, clean_environment(device), said
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the zygote and any child, and removes what they wrote. Takes seconds at most, and raises nothing."""
        self._channel.give_up()
        with ExitStack() as ends:  # each of them comes, also where somebody interrupts
            ends.callback(self._folder.remove)
            ends.callback(self._group.remove)
            ends.callback(self._said.close)
            ends.callback(self._end_zygote)
            if self._child:
                ends.callback(_without_zygote, self._child.close)
            for end in self._ahead.give_up() if self._ahead else ():
                ends.callback(_without_zygote, end)

    def _end_zygote(self) -> None:
        """The end of the connection ends it, with its child; where it does not listen, the kernel does it."""
        if not self._process:  # it is the zygote server's
            self._channel.end_other(self._zygote, _END_SECONDS, _KILLED_SECONDS)
            return
        self._channel.close()
        if not has_ended(self._process, _END_SECONDS):
            self._process.kill()
            has_ended(self._process, _KILLED_SECONDS)

    def open(
        self, preload: Sequence[str] = (), *, threads: bool = True, meanwhile: Meanwhile = bool
    ) -> Child:
        """Forks a child, or takes one that waits; one that was opened before is ended.

        Args:
            preload: modules to import in the zygote first, once, so that no child pays for them.
            threads: whether the child may start threads; it may in any case where the kernel has no seccomp.
            meanwhile: is called while the zygote is at it; not where a child waits.

        Raises:
            SandboxLost: if the zygote, the folder for its children, or the device that they start ahead cannot be used.
            UnsupportedVersion: if torch or Python lack a private name that values on the wire need.
        """
        if self._child:
            self._child.close()
        self._channel.expect_usable()
        if self._ahead:
            if why := self.absent(self._device):
                raise SandboxLost(f"The sandbox has no {self._device}: {why}")
            self._ahead.prepare(preload)
            self._child = self._ahead.take()
            self._ahead.start()
        else:
            ends = Ends(self._folder)
            self._send_fork(ends, preload, threads)
            try:
                meanwhile()
            finally:
                self._child = self._forked(ends)
        return self._child

    def prepare(self, preload: Sequence[str] = ()) -> None:
        """Has children that are started ahead start at once, with these modules. Does not wait for them.

        Raises:
            SandboxLost, UnsupportedVersion: as `open`.
        """
        self._channel.expect_usable()
        if self._ahead and not self._why_absent:
            self._ahead.prepare(preload)

    def _send_fork(self, ends: Ends, preload: Sequence[str], threads: bool = True) -> None:
        request = {
            "op": "fork",
            "folder": str(ends.home),
            "limits": asdict(self.limits),
            "preload": list(preload),
            "threads": threads,
            "start": self._ahead is not None,
        }
        try:
            self._send(request, ends.theirs)
        except BaseException:
            ends.close()
            raise
        ends.hand_over()
        self._imported.update(preload)

    def _forked(self, ends: Ends) -> Child:
        """The child that the zygote's answer is about."""
        try:
            answer = self._channel.receive()
            if missing := answer.get("unsupported"):
                raise UnsupportedVersion(f"The sandbox cannot be used: {missing}.")
            pid = self._noted(answer)
            self._group.hold(self._zygote, pid, self.limits)
            return Child(
                *(pid, ends, self.limits, partial(self._end_child, pid)),
                *(self._needs_counting(), self._waiting, self._group.times_full),
                # on a GPU it may make a timer that kills it
                self._device == "cpu" and self._is_on("no signals to others"),
            )
        except BaseException:
            ends.close()
            raise

    def _waiting(self) -> list[int]:  # process ids
        return self._ahead.pids() if self._ahead else []

    def device_trouble(self) -> str:
        """What keeps a new child, with code of ours, from the GPU and from its share of it; empty if nothing does.

        A child that was opened before is ended.

        Raises:
            SandboxLost: if there is no such child any more.
        """
        if not self._ahead:
            return ""
        with closing(self.open()) as child:
            return trouble_seen_by(child, self.limits.gpu_fraction)

    def has_imported(self, modules: Sequence[str]) -> bool:
        """Whether children have had all of them preloaded, as far as this torch has them."""
        return self._imported.issuperset(modules)

    def layers(self) -> tuple[Layer, ...]:
        """The layers around a child, each with whether it was seen to hold."""
        if self._layers is None and self._ahead:
            self._channel.expect_usable()
            self._ahead.have_one()
        elif self._layers is None:
            self.open().close()
        return PORTABLE + (self._layers or ())

    @property
    def has_control_group(self) -> bool:
        """Whether the kernel bounds memory and processes at each page and fork; no report is another one by it."""
        return self._group.path is not None

    def absent(self, device: str) -> str:
        """Why the children have no such device; empty where they have it."""
        self.layers()
        if device != self._device or device == "cpu":
            return self._absent.get(device, "")
        if self._why_absent is None:
            self._why_absent = self._tried()
        return self._why_absent

    def _tried(self) -> str:
        """Why the device of this sandbox is not there; the first of the children that start ahead tries."""
        error = ""
        if self._ahead:
            try:
                self._ahead.try_first()
                return ""
            except SandboxLost as lost:
                self._channel.expect_usable()
                error = str(lost)
        why = self._ask({"op": "try device"}).get("why")
        if type(why) is not str:
            raise self._channel.loss(NONSENSE)
        return why or error

    def _noted(self, answer: dict[str, Any]) -> int:
        """Notes what the zygote tells of a fork; the child's process id."""
        try:
            self._layers = tuple(Layer(**layer) for layer in answer["layers"])
            self._absent = dict(answer["absent"])
            self._zygote = process_id(answer["zygote"])
            return process_id(answer["pid"])
        except (KeyError, TypeError, ValueError) as error:
            raise self._channel.loss(NONSENSE) from error

    def _needs_counting(self) -> int | None:
        """The zygote's process id, where the kernel lets children start processes; else none."""
        return None if self._is_on("no new processes") else self._zygote

    def _is_on(self, name: str) -> bool:
        """Whether a layer was seen to hold."""
        return any(layer.name == name and layer.on for layer in self._layers or ())

    def _end_child(self, pid: int) -> Ended:
        """Kills a child with everything that it started."""
        answer = self._ask({"op": "kill", "child": pid})
        if self._ahead and self._child and pid == self._child.pid:
            self._ahead.start()
        try:
            return ended_of(answer)
        except ValueError as error:
            raise self._channel.loss(NONSENSE) from error

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """The zygote's answer to a request.

        Raises:
            SandboxLost: if none came, now or before: one that comes late would be taken for another's.
        """
        self._channel.expect_usable()
        if self._ahead:
            self._ahead.collect()
        self._send(request)
        return self._channel.receive()

    def _send(self, request: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
        """Sends a request; what is not among the children that go on is ended."""
        opened = [self._child.pid] if self._child and self._child.alive else []
        keep = [*self._waiting(), *opened]
        self._channel.send({"keep": keep, **request}, descriptors)

    def _last_words(self) -> str:
        """What the zygote wrote before it ended, its last line first; or which signal ended it, where that is known."""
        with suppress(subprocess.TimeoutExpired):
            status = self._process.wait(timeout=1) if self._process else 0
            if status < 0:
                return f"Signal {-status} ended it."
        return last_words(self._said.fileno())


def _without_zygote(end: Callable[[], object]) -> None:
    """Ends something of a sandbox whose zygote is not asked any more."""
    with suppress(SandboxLost):
        end()
