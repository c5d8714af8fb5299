"""The trusted side's handle on one child: sends it a request, waits within bounds, and tells how it was lost."""

from __future__ import annotations

import math
import os
import secrets
import select
import signal
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from ..errors import Fault, NoAnswer, SandboxLost
from .ended import Ended, how_it_died, killed_by_others, was_killed_by_others
from .ends import Ends
from .hanging_line import hanging_line
from .isolation.limits import Limits
from .patience import Patience, RunDelay
from .usage import Usage, too_much_memory
from .wire.messages import PRINTED_ANEW, READY, Message, MessageError, pack, unpack

_READ_BYTES = 65536
_PRINTED_KEPT = 4000
_END_SECONDS = 5.0
_DEATH_SECONDS = 1.0  # from the end of its connection to that of a process


class Child:
    """One forked process with one student's file in it. Usable until its first `NoAnswer`.

    Args:
        pid: its process id.
        ends: what it is connected by, and the folder that it may write in, which is emptied when it has ended.
        limits: bounds on what it may use.
        end: ends it with everything that it started, and tells how it ended.
        zygote: the zygote's process id, where the kernel lets children start processes.
        beside: the process ids of other children of the zygote, which wait.
        times_full: how often the zygote and its child have had all the memory that the kernel allows them.
        is_held: whether the kernel keeps it from killing itself.

    Attributes:
        pid: its process id.
        alive: whether it can be asked.
        printed: the beginning of what it printed during the last request.
        held_up: for how many seconds of the last request the machine let others run in its place.
    """

    def __init__(
        self,
        pid: int,
        ends: Ends,
        limits: Limits,
        end: Callable[[], Ended],
        zygote: int | None = None,
        beside: Callable[[], Collection[int]] = tuple,
        times_full: Callable[[], int] = int,
        is_held: bool = False,
    ) -> None:
        self._limits = limits
        self._times_full, self._full_before = times_full, times_full()
        self._is_held = is_held
        self._end, self._ended = end, Ended()
        self.pid = pid
        self._handle = _handle_on(pid)
        self._delay = RunDelay(pid)
        self._look_at = partial(Usage, pid, zygote, ends.folder, limits, beside)
        self._usage = self._look_at()
        self._connection = connection = ends.connection
        self._output = output = ends.output
        self._stack = stack = ends.stack
        self._inputs = ends.inputs
        self._home = ends.home
        self._folder = ends.folder
        self._settled = False
        self._has_files = False
        self._tags: list[str] = []
        self._printed_bytes = 0
        self.printed = ""
        self.held_up = 0.0
        self.alive = True
        self._received = bytearray()
        self._poll = select.poll()
        self._poll.register(output, select.POLLIN)
        connection.setblocking(False)
        for descriptor in (output, stack):
            os.set_blocking(descriptor, False)

    def settle(self, seconds: float) -> None:
        """Waits until one that starts its device ahead is ready. What it takes for that counts against no limit.

        Raises:
            SandboxLost: if it ended instead, its device did not start, or `seconds` went by; it has been ended then.
        """
        if self._settled:
            return
        self._usage.due = math.inf
        try:
            ready = self._read(len(READY), Patience(seconds, self._delay)) == READY
            self._drain()
        except (OSError, NoAnswer) as error:
            with suppress(OSError, NoAnswer):
                self._drain()
            raise _never_settled(error, self.close(), self.printed) from None
        except BaseException:
            self.close()
            raise
        if not ready:
            self.close()
            raise SandboxLost(f"The device of a child did not start. {self.printed}".strip())
        self._settled = True
        self._usage = self._look_at()

    def load(
        self,
        name: str,
        cells: Sequence[tuple[str, str]],
        notebook: bool = False,
        most_seconds: float = math.inf,
        left_out: Sequence[tuple[int, int]] = (),
        definitions: bool = False,
    ) -> dict[str, Any]:
        """Imports the student's source, pairs of a tag and a text.

        Args:
            left_out: lines at the top level, each with the number of its pair: the statements there are not run, and
                below them no others than definitions.
            definitions: whether nothing but definitions is run.
            most_seconds: how long to wait, if that is less than the limits allow.

        Returns:
            An answer as `call`'s: with `error` where a file is no Python, and else with the `names` that the source
            defines, those that are `left_out`, and the `errors` at its top level, each with the `names` that are
            missing for it. Where code is told of, it is by the number of its pair.

        Raises:
            NoAnswer, SandboxLost: as `call` does.
        """
        self._tags = [tag for tag, _ in cells]
        request = {"op": "load", "name": name, "cells": list(cells), "notebook": notebook}
        request |= {"left_out": list(left_out), "definitions": definitions}
        request["beside"] = str(self._home) if self._has_files else ""
        return self._request(request, min(self._limits.import_seconds, most_seconds)).header

    def give(self, files: Mapping[str, bytes]) -> None:
        """Puts files into the folder that the student's code will find itself in; before `load`, which makes modules
        among them importable.

        Args:
            files: what is in each, by its path from that folder.

        Raises:
            SandboxLost: if that cannot be done; the child is gone then.
        """
        self._has_files = bool(files)
        try:
            for name, data in files.items():
                path = self._home / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        except OSError as error:
            self.close()
            raise SandboxLost(f"A child's folder cannot be filled: {error}") from error

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
            SandboxLost: if that is no fault of the student's code: the child ended before it could read any, its folder
                was taken away from outside, or the zygote is lost.
        """
        try:
            place = self._inputs.put(block)
        except SandboxLost:
            self.close()
            raise
        seconds = min(self._limits.call_seconds, most_seconds)
        answer = self._request({"op": "call", "inputs": [*place], **request}, seconds)
        after = self._inputs.read(place)
        if after == block:
            return answer
        from .changed_inputs import changed_names, with_changed  # it imports torch

        return with_changed(answer, changed_names(request["arguments"], block, after))

    @property
    def has_ended(self) -> bool:
        """Whether its end of the connection is closed."""
        ended = select.poll()
        ended.register(self._connection, 0)
        return bool(ended.poll(0))

    def close(self) -> int | None:
        """Ends the child; its wait status.

        Raises:
            SandboxLost: if the zygote is lost; the child has ended all the same.
        """
        if not self.alive:
            return None
        self.alive = False
        self._connection.close()
        os.close(self._output)
        os.close(self._stack)
        try:
            self._ended = self._end()
            return self._ended.status
        except BaseException:
            self._kill()
            raise
        finally:
            self._delay.close()
            if self._handle is not None:
                os.close(self._handle)
            self._inputs.close()
            self._folder.empty()

    def _kill(self) -> None:
        """Ends the process from here, where the zygote cannot, and waits until it has ended."""
        if self._handle is None:
            with suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
            return
        with suppress(OSError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            os.killpg(self.pid, signal.SIGKILL)  # its number is still its own
        _ends_within(self._handle, _END_SECONDS)

    def _request(self, request: dict[str, Any], seconds: float) -> Message:
        patience = Patience(seconds, self._delay)
        self._printed_bytes = 0
        self.printed = ""
        # an answer names its request, so that one written blindly, or left from before, is none
        number = secrets.token_hex(8)
        try:
            answer = self._exchange(pack({"id": number, **request}), patience)
            if answer.header.get("id") != number:
                raise MessageError("it is not the one that was asked for")
        except (OSError, NoAnswer, MessageError) as error:  # a TimeoutError is an OSError
            raise self._lost_by(error, seconds) from None
        except BaseException:
            self.close()
            raise
        finally:
            self.held_up = patience.held_up()
        if "error" in answer.header and not self._folder.has(self._home):
            self.close()
            raise _homeless()
        # without the number, equal answers have equal texts
        return answer._replace(text=answer.text.replace(number.encode(), b"", 1))

    def _lost_by(self, error: Exception, seconds: float) -> NoAnswer | Fault:
        """Ends the child; what is told of why it gave no answer."""
        place = statement = None
        if self._settled and isinstance(error, TimeoutError | NoAnswer):
            place, statement = hanging_line(self.pid, self._stack, self._tags)
        with suppress(OSError, NoAnswer):
            self._drain()
        homeless = not self._folder.has(self._home)
        alone = isinstance(error, ConnectionError) and self._ends_by_itself()
        self.close()
        if self._times_full() > self._full_before:
            error = too_much_memory(self._limits)
        if homeless:
            return _homeless()
        if not self._settled:
            return _never_settled(error, self._ended.status, self.printed)
        if isinstance(error, TimeoutError):
            error = NoAnswer(
                "timeout", "did not finish within {seconds:g} seconds", seconds=seconds
            )
        if isinstance(error, NoAnswer):
            error.place, error.statement = place, statement
            return error
        if isinstance(error, MessageError):
            return NoAnswer("malformed", "sent an answer that is not one: {why}", why=str(error))
        shared = self._usage.shared_bytes
        if alone and was_killed_by_others(self._ended, shared, self._limits):
            return killed_by_others()
        return how_it_died(self._ended.status)

    def _ends_by_itself(self) -> bool:
        """Whether it is ending, and not by this process; it may also have closed its connection, and go on."""
        if not self._is_held or self._handle is None:
            return False
        return _ends_within(self._handle, _DEATH_SECONDS)

    def _exchange(self, message: bytes, patience: Patience) -> Message:
        view = memoryview(message)
        while view:
            try:
                view = view[self._connection.send(view) :]
            except BlockingIOError:
                self._wait(select.POLLOUT, patience)
        if not self._settled:
            self._read(len(READY), patience)
            self._settled = True
        answer = unpack(lambda count: self._read(count, patience), self._limits.answer_bytes)
        self._drain()
        return answer

    def _read(self, count: int, patience: Patience) -> bytes:
        while len(self._received) < count:
            try:
                part = self._connection.recv(max(count - len(self._received), _READ_BYTES))
            except BlockingIOError:
                self._wait(select.POLLIN, patience)
                continue
            if not part:
                raise ConnectionResetError
            self._received += part
            if len(self._received) < count and not patience.left():
                raise TimeoutError  # it comes in drops, each in time for the next
        taken = bytes(self._received[:count])
        del self._received[:count]
        return taken

    def _wait(self, events: int, patience: Patience) -> None:
        """Returns when the connection is ready. Meanwhile output is taken, and the child looked at by the clock."""
        connection = self._connection.fileno()
        self._poll.register(connection, events)
        while True:
            left = patience.left()
            if not left:
                raise TimeoutError
            now = time.monotonic()
            if now >= self._usage.due:
                self._usage.look()
            until = min(left, self._usage.due - now)
            ready = {place for place, _ in self._poll.poll(1000 * until)}
            if self._output in ready and not self._drain():
                self._poll.unregister(self._output)
            if connection in ready:
                return

    def _drain(self) -> bool:
        """Takes what the student's code has printed; whether there can be more."""
        while True:
            try:
                part = os.read(self._output, _READ_BYTES)
            except BlockingIOError:
                return True
            self._printed_bytes += len(part)
            _, anew, last = part.rpartition(PRINTED_ANEW)
            if anew:
                self.printed = ""
            if len(self.printed) < _PRINTED_KEPT:
                self.printed += last.decode(errors="replace")[:_PRINTED_KEPT]
            if self._printed_bytes > self._limits.output_bytes:
                most = self._limits.output_bytes
                raise NoAnswer("excess", "printed more than {most:,} bytes", most=most)
            if len(part) < _READ_BYTES:  # that was all; at the end of it, nothing
                return bool(part)


def _handle_on(pid: int) -> int | None:
    """What a process can be ended by without fear that its number is another's by now; `None` where there is none."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):  # not Linux, or an old kernel
        return None


def _ends_within(handle: int, seconds: float) -> bool:
    """Whether the process of a handle has ended by then."""
    ended = select.poll()
    ended.register(handle, select.POLLIN)
    return bool(ended.poll(1000 * seconds))


def _homeless() -> SandboxLost:
    return SandboxLost("The folder of a child was removed while it was at work.")


def _never_settled(error: Exception, status: int | None, said: str) -> SandboxLost:
    """A child that ended before it was confined has read no student's code, and so is no fault of it."""
    if isinstance(error, TimeoutError):
        return SandboxLost("A child was not ready in time.")
    return SandboxLost(f"A child ended before it was ready (wait status {status}). {said}".strip())
