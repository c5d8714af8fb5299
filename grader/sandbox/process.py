"""The trusted side's handle on the warm process and on the child that runs one exercise."""

from __future__ import annotations

import json
import os
import re
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from .frames import FrameError, pack, unpack
from .limits import Limits

_START_SECONDS = 120.0  # a cold disk and a busy machine: torch can take this long to import
_TRACE_SECONDS = 0.2
_PRINTED_KEPT = 4000
_BOOT = (
    "import sys; sys.path.insert(0, {root!r}); from grader.sandbox.warm import main; "
    "main({control}, {root!r})"
)

Reason = Literal["timeout", "died", "flooded", "malformed"]


class SandboxError(Exception):
    """A child gave no usable answer.

    Attributes:
        reason: what happened to it.
        place: where in the student's code it was, as number of the cell and line, where that is known.
    """

    def __init__(self, reason: Reason, message: str, place: tuple[int, int] | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.place = place


class Sandbox:
    """A warm process that forks children. One child at a time; a context manager.

    Starting it returns at once: torch is imported over there while this process goes on.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._folder = Path(tempfile.mkdtemp(prefix="grader-"))
        self._control, theirs = socket.socketpair()
        root = str(Path(__file__).resolve().parents[2])
        try:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    "-s",
                    "-c",
                    _BOOT.format(root=root, control=theirs.fileno()),
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                cwd=self._folder,
                env=_clean_environment(),
                start_new_session=True,
            )
        except BaseException:
            self._control.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        finally:
            theirs.close()
        self._count = 0
        self._child: Child | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the warm process and any child, and removes what they wrote."""
        if self._child:
            self._child.close()
        self._control.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stderr:
            self._process.stderr.close()
        remove_tree(self._folder)

    def open(self, preload: Sequence[str] = ()) -> Child:
        """Forks a child; one that is still there is ended.

        Args:
            preload: modules to import in the warm process first, once, so that no child pays for them.

        Raises:
            RuntimeError: if the warm process cannot be used; this is the grader's fault, not the student's.
        """
        if self._child:
            self._child.close()
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        connection, theirs = socket.socketpair()
        output, output_end = os.pipe()
        trace, trace_end = os.pipe()
        passed = [theirs.fileno(), output_end, trace_end]
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
        except BaseException:
            connection.close()
            os.close(output)
            os.close(trace)
            raise
        finally:
            theirs.close()
            os.close(output_end)
            os.close(trace_end)
        self._child = Child(self, answer["pid"], connection, output, trace, folder)
        return self._child

    def end_child(self) -> int | None:
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
        except OSError as error:
            raise RuntimeError(f"The sandbox's warm process does not answer: {error}") from error
        if not reply:
            raise RuntimeError(f"The sandbox's warm process ended. {self._last_words()}")
        answer: dict[str, Any] = json.loads(reply)
        return answer

    def _last_words(self) -> str:
        if self._process.stderr is None:
            return ""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1)
            return self._process.stderr.read().decode(errors="replace")[-2000:]
        return ""


class Child:
    """One forked process with one student's file in it. Usable until its first `SandboxError`."""

    def __init__(
        self,
        sandbox: Sandbox,
        pid: int,
        connection: socket.socket,
        output: int,
        trace: int,
        folder: Path,
    ) -> None:
        self._sandbox = sandbox
        self._pid = pid
        self._connection = connection
        self._output = output
        self._trace = trace
        self._folder = folder
        self._tags: list[str] = []
        self._printed_bytes = 0
        self.printed = ""
        self.alive = True
        for descriptor in (output, trace):
            os.set_blocking(descriptor, False)

    def load(
        self, name: str, cells: Sequence[tuple[str, str]], notebook: bool = False
    ) -> dict[str, Any]:
        """Imports the student's source, pairs of a tag and a text.

        Returns:
            An answer as `call`'s, with the `names` that the source defines, and the `errors` of a notebook's cells.
            Where code is told of, it is by the number of its pair.
        """
        self._tags = [tag for tag, _ in cells]
        request = {"op": "load", "name": name, "cells": list(cells), "notebook": notebook}
        return self._request(request, b"", self._sandbox.limits.import_seconds)[0]

    def call(self, request: dict[str, Any], block: bytes) -> tuple[dict[str, Any], bytes]:
        """Runs a probe: `request` has `probe`, `source`, `arguments`, `seed` and `device`.

        Returns:
            A header with `value` and `changed`, or with `error`; and the block with its tensors. Nothing in either
            is to be believed before it has been checked.

        Raises:
            SandboxError: if no answer came; the child is gone then.
        """
        return self._request({"op": "call", **request}, block, self._sandbox.limits.call_seconds)

    def close(self) -> int | None:
        """Ends the child; its wait status."""
        if not self.alive:
            return None
        self.alive = False
        self._connection.close()
        os.close(self._output)
        os.close(self._trace)
        try:
            return self._sandbox.end_child()
        finally:
            remove_tree(self._folder)

    def _request(
        self, request: dict[str, Any], block: bytes, seconds: float
    ) -> tuple[dict[str, Any], bytes]:
        deadline = time.monotonic() + seconds
        self._printed_bytes = 0
        self.printed = ""
        try:
            return self._exchange(pack(request, block), deadline)
        except TimeoutError:
            place = self._where()
            self.close()
            raise SandboxError(
                "timeout", f"did not finish within {seconds:g} seconds", place
            ) from None
        except _Flood:
            place = self._where()
            self.close()
            raise SandboxError(
                "flooded", f"printed more than {self._sandbox.limits.output_bytes:,} bytes", place
            ) from None
        except FrameError as error:
            self.close()
            raise SandboxError("malformed", f"sent an answer that is not one: {error}") from None
        except OSError:
            raise SandboxError("died", _how_it_died(self.close())) from None
        except BaseException:
            self.close()
            raise

    def _exchange(self, message: bytes, deadline: float) -> tuple[dict[str, Any], bytes]:
        with selectors.DefaultSelector() as selector:
            selector.register(self._output, selectors.EVENT_READ)

            def wait(events: int) -> None:
                """Returns when the connection is ready, and keeps the student's output flowing meanwhile."""
                selector.register(self._connection, events)
                try:
                    while True:
                        left = deadline - time.monotonic()
                        if left <= 0:
                            raise TimeoutError
                        ready = [key.fileobj for key, _ in selector.select(left)]
                        if self._output in ready and not self._drain():
                            selector.unregister(self._output)
                        if self._connection in ready:
                            return
                finally:
                    selector.unregister(self._connection)

            self._connection.setblocking(False)
            view = memoryview(message)
            while view:
                wait(selectors.EVENT_WRITE)
                view = view[self._connection.send(view) :]

            def read(count: int) -> bytes:
                buffer = bytearray()
                while len(buffer) < count:
                    wait(selectors.EVENT_READ)
                    part = self._connection.recv(min(count - len(buffer), 1 << 20))
                    if not part:
                        raise ConnectionResetError
                    buffer += part
                return bytes(buffer)

            answer = unpack(read, self._sandbox.limits.answer_bytes)
            self._drain()
            return answer

    def _drain(self) -> bool:
        """Takes what the student's code printed; whether there can be more."""
        while True:
            try:
                part = os.read(self._output, 65536)
            except BlockingIOError:
                return True
            if not part:
                return False
            self._printed_bytes += len(part)
            if len(self.printed) < _PRINTED_KEPT:
                self.printed += part.decode(errors="replace")[:_PRINTED_KEPT]
            if self._printed_bytes > self._sandbox.limits.output_bytes:
                raise _Flood

    def _where(self) -> tuple[int, int] | None:
        """The cell and line of the student's code that the child is in, by its own signal handler."""
        with suppress(OSError):
            os.kill(self._pid, signal.SIGUSR1)
        deadline = time.monotonic() + _TRACE_SECONDS
        text = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._trace, selectors.EVENT_READ)
            while len(text) < 65536 and selector.select(deadline - time.monotonic()):
                part = os.read(self._trace, 65536)
                text += part
                if not part or (text.endswith(b"\n") and b"most recent call first" in text):
                    break
        for tag, line in re.findall(
            r'File "([^"]*)", line (\d{1,7}) in', text.decode("ascii", "replace")
        ):
            if tag in self._tags:
                return self._tags.index(tag), int(line)
        return None


class _Flood(Exception):
    pass


def _how_it_died(status: int | None) -> str:
    if status is not None and os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        name = signal.Signals(number).name if number in list(signal.Signals) else str(number)
        if name == "SIGKILL":
            return "was killed (SIGKILL), as happens when it uses too much memory or time"
        if name == "SIGXCPU":
            return "used too much processor time"
        return f"crashed ({name})"
    if status is not None and os.WIFEXITED(status):
        return f"ended its process (exit status {os.WEXITSTATUS(status)}) before it answered"
    return "ended before it answered"


def _clean_environment() -> dict[str, str]:
    """No tokens, no PYTHON*, no LD_*: the student's code sees what it needs and no more."""
    environment = {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    for name in ("SYSTEMROOT", "TMPDIR"):
        if name in os.environ:
            environment[name] = os.environ[name]
    return environment


def remove_tree(folder: Path) -> None:
    """Removes `folder`, also where folders inside it were made unreadable; links are not followed."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        for path, folders, _ in os.walk(folder):
            for name in folders:
                if not os.path.islink(inner := os.path.join(path, name)):
                    os.chmod(inner, 0o700)
        shutil.rmtree(folder, ignore_errors=True)
