"""The trusted side's handle on one child: sends it a request, waits within bounds, and tells how it was lost."""

from __future__ import annotations

import math
import os
import secrets
import select
import shutil
import signal
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from ..errors import NoAnswer
from .hanging_line import hanging_line
from .isolation.limits import Limits
from .wire.messages import Message, MessageError, pack, unpack

_POLL_SECONDS = 0.05
_PRINTED_KEPT = 4000
_WARM_BYTES = 1 << 30  # what the zygote shares with each child is counted to the child as well

Reason = Literal["timeout", "died", "excess", "malformed"]


class Child:
    """One forked process with one student's file in it. Usable until its first `NoAnswer`."""

    def __init__(
        self,
        pid: int,
        connection: socket.socket,
        output: int,
        stack: int,
        folder: Path,
        limits: Limits,
        end: Callable[[], int | None],
    ) -> None:
        self._limits = limits
        self._end = end
        self._pid = pid
        self._shared_bytes = _resident_bytes(pid)  # the zygote's, until they are written to
        self._connection = connection
        self._output = output
        self._stack = stack
        self._folder = folder
        self._tags: list[str] = []
        self._printed_bytes = 0
        self.printed = ""
        self.alive = True
        self._received = bytearray()
        self._poll = select.poll()
        self._poll.register(output, select.POLLIN)
        connection.setblocking(False)
        for descriptor in (output, stack):
            os.set_blocking(descriptor, False)

    def load(
        self,
        name: str,
        cells: Sequence[tuple[str, str]],
        notebook: bool = False,
        most_seconds: float = math.inf,
    ) -> dict[str, Any]:
        """Imports the student's source, pairs of a tag and a text.

        Args:
            most_seconds: how long to wait, if that is less than the limits allow.

        Returns:
            An answer as `call`'s, with the `names` that the source defines, and the `errors` of a notebook's cells.
            Where code is told of, it is by the number of its pair.
        """
        self._tags = [tag for tag, _ in cells]
        request = {"op": "load", "name": name, "cells": list(cells), "notebook": notebook}
        seconds = min(self._limits.import_seconds, most_seconds)
        return self._request(request, b"", seconds).header

    def call(
        self, request: dict[str, Any], block: bytes, most_seconds: float = math.inf
    ) -> Message:
        """Runs a probe.

        Args:
            request: the probe's name as `probe`, its `code` as `code_of` gives it, `arguments` as `encode` gives them,
                `seed` and `device`.
            block: the tensors of the arguments.
            most_seconds: how long to wait, if that is less than the limits allow.

        Returns:
            A header with `value`, `changed` and `seen`, or with `error`; and the block with its tensors. Nothing in
            either is to be believed before it has been checked.

        Raises:
            NoAnswer: if no answer came; the child is gone then.
        """
        seconds = min(self._limits.call_seconds, most_seconds)
        return self._request({"op": "call", **request}, block, seconds)

    def close(self) -> int | None:
        """Ends the child; its wait status."""
        if not self.alive:
            return None
        self.alive = False
        self._connection.close()
        os.close(self._output)
        os.close(self._stack)
        try:
            return self._end()
        finally:
            remove_tree(self._folder)

    def _request(self, request: dict[str, Any], block: bytes, seconds: float) -> Message:
        deadline = time.monotonic() + seconds
        self._printed_bytes = 0
        self.printed = ""
        # an answer names its request, so that one written blindly, or left from before, is none
        number = secrets.token_hex(8)
        try:
            answer = self._exchange(pack({"id": number, **request}, block), deadline)
            if answer.header.get("id") != number:
                raise MessageError("it is not the one that was asked for")
            # without the number, equal answers have equal texts
            return answer._replace(text=answer.text.replace(number.encode(), b"", 1))
        except TimeoutError:
            place = hanging_line(self._pid, self._stack, self._tags)
            self.close()
            raise NoAnswer(
                "timeout", "did not finish within {seconds:g} seconds", place, seconds=seconds
            ) from None
        except _Excess as error:
            place = hanging_line(self._pid, self._stack, self._tags)
            self.close()
            raise NoAnswer("excess", error.template, place, most=error.most) from None
        except MessageError as error:
            self.close()
            raise NoAnswer(
                "malformed", "sent an answer that is not one: {why}", why=str(error)
            ) from None
        except OSError:
            raise _how_it_died(self.close()) from None
        except BaseException:
            self.close()
            raise

    def _exchange(self, message: bytes, deadline: float) -> Message:
        view = memoryview(message)
        while view:
            try:
                view = view[self._connection.send(view) :]
            except BlockingIOError:
                self._wait(select.POLLOUT, deadline)
        answer = unpack(lambda count: self._read(count, deadline), self._limits.answer_bytes)
        self._drain()
        return answer

    def _read(self, count: int, deadline: float) -> bytes:
        while len(self._received) < count:
            try:
                part = self._connection.recv(max(count - len(self._received), 1 << 16))
            except BlockingIOError:
                self._wait(select.POLLIN, deadline)
                continue
            if not part:
                raise ConnectionResetError
            self._received += part
        taken = bytes(self._received[:count])
        del self._received[:count]
        return taken

    def _wait(self, events: int, deadline: float) -> None:
        """Returns when the connection is ready, and keeps the student's output flowing meanwhile."""
        connection = self._connection.fileno()
        self._poll.register(connection, events)
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            ready = {place for place, _ in self._poll.poll(1000 * min(left, _POLL_SECONDS))}
            if not ready:
                self._expect_within_bounds()
            if self._output in ready and not self._drain():
                self._poll.unregister(self._output)
            if connection in ready:
                return

    def _expect_within_bounds(self) -> None:
        """Stops what the kernel's own limits miss: shared memory, and many small files."""
        if _resident_bytes(self._pid) - self._shared_bytes > self._limits.memory_bytes:
            most = self._limits.memory_bytes >> 20
            raise _Excess("used more than {most:,} MiB of memory", most)
        if _written_bytes(self._folder) > self._limits.folder_bytes:
            most = self._limits.folder_bytes >> 20
            raise _Excess("wrote more than {most:,} MiB of files", most)

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
            if self._printed_bytes > self._limits.output_bytes:
                most = self._limits.output_bytes
                raise _Excess("printed more than {most:,} bytes", most)


class _Excess(Exception):
    """The child took more than it may; the template says of what."""

    def __init__(self, template: str, most: int) -> None:
        super().__init__(template)
        self.template, self.most = template, most


def _resident_bytes(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):  # not Linux, or it has just ended
        return 0


def _written_bytes(folder: Path) -> int:
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(path, name)).st_blocks * 512
        total += 4096 * len(names)
    return total


def _how_it_died(status: int | None) -> NoAnswer:
    if status is not None and os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        name = signal.Signals(number).name if number in list(signal.Signals) else str(number)
        if name == "SIGKILL":
            return NoAnswer(
                "died", "was killed (SIGKILL), as happens when it uses too much memory or time"
            )
        if name == "SIGXCPU":
            return NoAnswer("died", "used too much processor time")
        return NoAnswer("died", "crashed ({signal})", signal=name)
    if status is not None and os.WIFEXITED(status):
        code = os.WEXITSTATUS(status)
        return NoAnswer(
            "died", "ended its process (exit status {code}) before it answered", code=code
        )
    return NoAnswer("died", "ended before it answered")


def remove_tree(folder: Path) -> None:
    """Removes `folder`, also where folders inside it were made unreadable; links are not followed."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        for path, folders, _ in os.walk(folder):
            for name in folders:
                if not os.path.islink(inner := os.path.join(path, name)):
                    os.chmod(inner, 0o700)
        shutil.rmtree(folder, ignore_errors=True)
