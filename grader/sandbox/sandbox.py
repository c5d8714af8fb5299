"""The trusted side's handle on the zygote and on the child that runs one exercise."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from ..errors import SandboxLost, UnsupportedVersion
from .child import Child, remove_tree
from .interpreter import PACKAGES, clean_environment, start_python
from .isolation.confinement import Layer
from .isolation.limits import PORTABLE, Limits
from .package_folders import package_folders
from .zygote_server_client import ask

_END_SECONDS = 5.0
_START_SECONDS = 120.0  # a cold disk and a busy machine: torch can take this long to import
_BOOT = (
    "import sys; sys.path.insert(0, {root!r}); from grader.sandbox.inside.zygote import main; "
    "main({control}, {root!r}, {packages!r}, {folder!r}, confined={confined}, device={device!r})"
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
    """

    def __init__(
        self,
        limits: Limits | None = None,
        confined: bool = True,
        device: str = "cpu",
        zygote_server: str = "",
    ) -> None:
        self.limits = limits or Limits()
        self._folder = Path(tempfile.mkdtemp(prefix="grader-"))
        self._control, theirs = socket.socketpair()
        self._process: subprocess.Popen[bytes] | None = None
        self._count = 0
        self._child: Child | None = None
        self._layers: tuple[Layer, ...] | None = None
        self._absent: dict[str, str] = {}
        with theirs:
            if zygote_server:
                with suppress(OSError):
                    ask(zygote_server, theirs, str(self._folder), confined)
                    return
            self._start(theirs, confined, device)

    def _start(self, theirs: socket.socket, confined: bool, device: str) -> None:
        boot = _BOOT.format(
            root=PACKAGES,
            packages=tuple(package_folders()),
            control=theirs.fileno(),
            folder=str(self._folder),
            confined=confined,
            device=device,
        )
        try:
            self._process = start_python(
                boot, [theirs.fileno()], self._folder, clean_environment(device), subprocess.PIPE
            )
        except BaseException:
            self._control.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the zygote and any child, and removes what they wrote."""
        if self._child:
            with suppress(SandboxLost):  # it has ended with the zygote
                self._child.close()
        if self._process is None:
            # it is the zygote server's: the end of the connection tells that it has gone, with its child
            with suppress(OSError):
                self._control.shutdown(socket.SHUT_WR)
                self._control.settimeout(_END_SECONDS)
                self._control.recv(1)
        self._control.close()
        if self._process:
            try:
                self._process.wait(timeout=_END_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            if self._process.stderr:
                self._process.stderr.close()
        remove_tree(self._folder)

    def open(self, preload: Sequence[str] = ()) -> Child:
        """Forks a child; one that is still there is ended.

        Args:
            preload: modules to import in the zygote first, once, so that no child pays for them.

        Raises:
            SandboxLost: if the zygote cannot be used.
            UnsupportedVersion: if torch or safetensors lack a private name that values on the wire need.
        """
        if self._child:
            self._child.close()
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        connection, theirs = socket.socketpair()
        output, output_end = os.pipe()
        stack, stack_end = os.pipe()
        passed = [theirs.fileno(), output_end, stack_end]
        try:
            answer = self._ask(
                {
                    "op": "fork",
                    "folder": str(folder),
                    "limits": asdict(self.limits),
                    "preload": list(preload),
                },
                passed,
            )
            if missing := answer.get("unsupported"):
                raise UnsupportedVersion(f"The sandbox cannot be used: {missing}.")
        except BaseException:
            connection.close()
            os.close(output)
            os.close(stack)
            raise
        finally:
            theirs.close()
            os.close(output_end)
            os.close(stack_end)
        self._layers = tuple(Layer(**layer) for layer in answer["layers"])
        self._absent = answer["absent"]
        self._child = Child(
            answer["pid"], connection, output, stack, folder, self.limits, self._end_child
        )
        return self._child

    def layers(self) -> tuple[Layer, ...]:
        """The layers around a child, each with whether it was seen to hold."""
        if self._layers is None:
            self.open().close()
        return PORTABLE + (self._layers or ())

    def absent(self, device: str) -> str:
        """Why the children have no such device; empty where they have it."""
        self.layers()
        return self._absent.get(device, "")

    def _end_child(self) -> int | None:
        """Kills the child with everything that it started; its wait status."""
        status = self._ask({"op": "kill"})["status"]
        return None if status is None else int(status)

    def _ask(self, request: dict[str, Any], descriptors: Sequence[int] = ()) -> dict[str, Any]:
        self._control.settimeout(_START_SECONDS)
        try:
            message = json.dumps(request).encode()
            if descriptors:
                socket.send_fds(self._control, [message], descriptors)
            else:
                self._control.sendall(message)
            reply = self._control.recv(65536)
        except ConnectionError:
            reply = b""
        except OSError as error:
            raise SandboxLost(f"The sandbox's first process does not answer: {error}") from error
        if not reply:
            raise SandboxLost(f"The sandbox's first process ended. {self._last_words()}")
        answer: dict[str, Any] = json.loads(reply)
        return answer

    def _last_words(self) -> str:
        if self._process is None or self._process.stderr is None:
            return ""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1)
            return self._process.stderr.read().decode(errors="replace")[-2000:]
        return ""
