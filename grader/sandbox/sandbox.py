"""The trusted side's handle on the zygote and on the child that runs one exercise."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict
from typing import Any, Self

from ..errors import SandboxLost, UnsupportedVersion
from .child import Child
from .interpreter import PACKAGES, clean_environment, start_python
from .isolation.confinement import Layer
from .isolation.limits import PORTABLE, Limits
from .package_folders import package_folders
from .private_folder import PrivateFolder
from .shared_inputs import SharedInputs
from .zygote_server_client import ask

_END_SECONDS = 5.0  # to end by itself
_KILLED_SECONDS = 30.0  # to end when the kernel says so, on a machine with much else to do
_ANSWER_SECONDS = 120.0  # a cold disk and a busy machine: torch can take this long to import
_MOST_REPLY = 1 << 20
_MOST_WORDS = 2000
_NONSENSE = "The sandbox's first process sent an answer that is not one."
_BOOT = (
    "import sys; sys.path.insert(0, {root!r}); from grader.sandbox.inside.zygote import main; "
    "main({control}, {root!r}, {packages!r}, {folder!r}, confined={confined}, device={device!r})()"
)


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

    Raises:
        SandboxLost: if it cannot be started.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        confined: bool = True,
        device: str = "cpu",
        zygote_server: str = "",
    ) -> None:
        self.limits = limits or Limits()
        self._process: subprocess.Popen[bytes] | None = None
        self._zygote = 0
        self._child: Child | None = None
        self._layers: tuple[Layer, ...] | None = None
        self._absent: dict[str, str] = {}
        self._lost = ""  # why it cannot be used any more
        self._imported: set[str] = set()
        try:
            with ExitStack() as undo:
                self._folder = PrivateFolder()
                undo.callback(self._folder.remove)
                # of no name, so that nothing but the zygote can write to it
                self._said = undo.enter_context(tempfile.TemporaryFile())
                self._control, theirs = socket.socketpair()
                undo.callback(self._control.close)
                with theirs:
                    self._start(theirs, confined, device, zygote_server)
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
            packages=tuple(package_folders()),
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
        self._lost = self._lost or "The sandbox was closed."
        with ExitStack() as ends:  # each of them comes, also where somebody interrupts
            ends.callback(self._folder.remove)
            ends.callback(self._said.close)
            ends.callback(self._end_zygote)
            if self._child:
                with suppress(SandboxLost):  # the zygote is not asked any more
                    self._child.close()

    def _end_zygote(self) -> None:
        """The end of the connection ends it, with its child; where it does not listen, the kernel does it."""
        if self._process:
            self._control.close()
            if not _has_ended(self._process, _END_SECONDS):
                self._process.kill()
                _has_ended(self._process, _KILLED_SECONDS)
            return
        # it is the zygote server's: the end of the connection tells that it has gone
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_WR)
            if not self._has_hung_up(_END_SECONDS) and self._zygote:
                os.kill(self._zygote, signal.SIGKILL)
                self._has_hung_up(_KILLED_SECONDS)
        self._control.close()

    def _has_hung_up(self, seconds: float) -> bool:
        """Whether the far end of the connection is closed within that time."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._control.settimeout(left)
            try:
                if not self._control.recv(65536):
                    return True
            except ConnectionError:
                return True
            except TimeoutError:
                break
        return False

    def open(self, preload: Sequence[str] = (), *, threads: bool = True) -> Child:
        """Forks a child; one that is still there is ended.

        Args:
            preload: modules to import in the zygote first, once, so that no child pays for them.
            threads: whether the child may start threads; it may in any case where the kernel has no seccomp.

        Raises:
            SandboxLost: if the zygote, or the folder for its children, cannot be used.
            UnsupportedVersion: if torch or Python lack a private name that values on the wire need.
        """
        if self._child:
            self._child.close()
        self._expect_usable()
        home = self._folder.new()
        inputs = SharedInputs()
        connection, theirs = socket.socketpair()
        output, output_end = os.pipe()
        stack, stack_end = os.pipe()
        passed = [theirs.fileno(), output_end, stack_end, inputs.descriptor]
        try:
            answer = self._ask(
                {
                    "op": "fork",
                    "folder": str(home),
                    "limits": asdict(self.limits),
                    "preload": list(preload),
                    "threads": threads,
                },
                passed,
            )
            if missing := answer.get("unsupported"):
                raise UnsupportedVersion(f"The sandbox cannot be used: {missing}.")
            pid = self._forked(answer)
            self._imported.update(preload)
            ends = pid, connection, output, stack, inputs, home
            self._child = Child(
                *ends, self._folder, self.limits, self._end_child, self._needs_counting()
            )
            return self._child
        except BaseException:
            connection.close()
            os.close(output)
            os.close(stack)
            inputs.close()
            self._folder.empty()
            raise
        finally:
            theirs.close()
            os.close(output_end)
            os.close(stack_end)

    def has_imported(self, modules: Sequence[str]) -> bool:
        """Whether children have had all of them preloaded, as far as this torch has them."""
        return self._imported.issuperset(modules)

    def layers(self) -> tuple[Layer, ...]:
        """The layers around a child, each with whether it was seen to hold."""
        if self._layers is None:
            self.open().close()
        return PORTABLE + (self._layers or ())

    def absent(self, device: str) -> str:
        """Why the children have no such device; empty where they have it."""
        self.layers()
        return self._absent.get(device, "")

    def _forked(self, answer: dict[str, Any]) -> int:
        """Notes what the zygote tells of a fork; the child's process id."""
        try:
            self._layers = tuple(Layer(**layer) for layer in answer["layers"])
            self._absent = dict(answer["absent"])
            self._zygote = _process_id(answer["zygote"])
            return _process_id(answer["pid"])
        except (KeyError, TypeError, ValueError) as error:
            raise self._loss(_NONSENSE) from error

    def _needs_counting(self) -> int | None:
        """The zygote's process id, where the kernel lets children start processes; else none."""
        layers = self._layers or ()
        alone = any(layer.name == "no new processes" and layer.on for layer in layers)
        return None if alone else self._zygote

    def _end_child(self) -> int | None:
        """Kills the child with everything that it started; its wait status."""
        status = self._ask({"op": "kill"}).get("status", "")
        if status is None or type(status) is int:
            return status
        raise self._loss(_NONSENSE)

    def _ask(self, request: dict[str, Any], descriptors: Sequence[int] = ()) -> dict[str, Any]:
        """The zygote's answer to a request.

        Raises:
            SandboxLost: if none came, now or before: one that comes late would be taken for another's.
        """
        self._expect_usable()
        self._lost = "A request to the sandbox's first process was interrupted."
        try:
            answer = self._exchange(json.dumps(request).encode(), descriptors)
        except ConnectionError as error:
            sentence = f"The sandbox's first process ended. {self._last_words()}"
            raise self._loss(sentence) from error
        except OSError as error:
            sentence = f"The sandbox's first process does not answer: {error}"
            raise self._loss(sentence) from error
        except (ValueError, RecursionError) as error:
            raise self._loss(_NONSENSE) from error
        self._lost = ""
        return answer

    def _exchange(self, message: bytes, descriptors: Sequence[int]) -> dict[str, Any]:
        deadline = time.monotonic() + _ANSWER_SECONDS
        self._control.settimeout(_ANSWER_SECONDS)
        if descriptors:
            socket.send_fds(self._control, [message], descriptors)
        else:
            self._control.sendall(message)
        reply = b""
        while not reply.endswith(b"\n"):
            self._control.settimeout(max(deadline - time.monotonic(), 0.001))
            part = self._control.recv(65536)
            if not part:
                raise ConnectionResetError
            reply += part
            if len(reply) > _MOST_REPLY:
                raise ValueError
        answer = json.loads(reply)
        if not isinstance(answer, dict):
            raise ValueError
        return answer

    def _expect_usable(self) -> None:
        if self._lost:
            raise SandboxLost(self._lost)

    def _loss(self, why: str) -> SandboxLost:
        """From here on, nothing but the end is to be had of this sandbox."""
        self._lost = why.strip()
        return SandboxLost(self._lost)

    def _last_words(self) -> str:
        """What the zygote wrote before it ended, its last line first; or which signal ended it, where that is known."""
        with suppress(subprocess.TimeoutExpired):
            status = self._process.wait(timeout=1) if self._process else 0
            if status < 0:
                return f"Signal {-status} ended it."
        size = os.fstat(self._said.fileno()).st_size
        kept = os.pread(self._said.fileno(), _MOST_WORDS, max(size - _MOST_WORDS, 0))
        said = kept.decode(errors="replace").strip()
        head, _, last = said.rpartition("\n")
        return f"{last}\n{said}" if head else last


def _has_ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether it ends within that time."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=seconds)
        return True
    return False


def _process_id(number: object) -> int:
    """One that stands for a single process: signals go to it."""
    if type(number) is not int or number < 2:
        raise ValueError
    return number
