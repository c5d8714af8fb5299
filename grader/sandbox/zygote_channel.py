"""The trusted side's connection to a zygote: one request at a time, and its answer."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from ..errors import SandboxLost

_ANSWER_SECONDS = 120.0  # a cold disk and a busy machine: torch can take this long to import
_MOST_REPLY = 1 << 20
NONSENSE = "The sandbox's first process sent an answer that is not one."


class ZygoteChannel:
    """Usable until an exchange does not come to its end: an answer that comes late would be taken for another's.

    Args:
        last_words: what is told of a zygote that has ended.

    Attributes:
        theirs: the zygote's end, until it is handed over.
    """

    def __init__(self, last_words: Callable[[], str]) -> None:
        self._ours, self.theirs = socket.socketpair()
        self._last_words = last_words
        self._lost = ""  # why it cannot be used any more

    def expect_usable(self) -> None:
        """Raises:
        SandboxLost: if it is not.
        """
        if self._lost:
            raise SandboxLost(self._lost)

    def loss(self, why: str) -> SandboxLost:
        """What is raised from here on; nothing but the end is to be had of this zygote."""
        self._lost = why.strip()
        return SandboxLost(self._lost)

    def send(self, request: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
        """Sends a request. Does not wait for the answer.

        Raises:
            SandboxLost: if it cannot be sent.
        """
        message = json.dumps(request).encode()
        with self._exchanging():
            self._ours.settimeout(_ANSWER_SECONDS)
            if descriptors:
                socket.send_fds(self._ours, [message], descriptors)
            else:
                self._ours.sendall(message)

    def receive(self) -> dict[str, Any]:
        """The answer to what was sent last.

        Raises:
            SandboxLost: if none comes.
        """
        deadline, reply = time.monotonic() + _ANSWER_SECONDS, b""
        with self._exchanging():
            while not reply.endswith(b"\n"):
                self._ours.settimeout(max(deadline - time.monotonic(), 0.001))
                part = self._ours.recv(65536)
                if not part:
                    raise ConnectionResetError
                reply += part
                if len(reply) > _MOST_REPLY:
                    raise ValueError
            answer = json.loads(reply)
            if not isinstance(answer, dict):
                raise ValueError
        return answer

    def give_up(self) -> None:
        """It is not asked any more."""
        self._lost = self._lost or "The sandbox was closed."

    def close(self) -> None:
        """Ends it; a zygote that listens ends then, with its children."""
        self.give_up()
        self._ours.close()

    def end_other(self, zygote: int, seconds: float, killed_seconds: float) -> None:
        """Ends it, and a zygote that is no child of this process: the end of the connection tells when it has gone.

        Args:
            zygote: its process id; 0 where that is not known.
            seconds: to end by itself.
            killed_seconds: to end when the kernel says so.
        """
        with suppress(OSError):
            self._ours.shutdown(socket.SHUT_WR)
            if not self._has_hung_up(seconds) and zygote:
                os.kill(zygote, signal.SIGKILL)
                self._has_hung_up(killed_seconds)
        self.close()

    def _has_hung_up(self, seconds: float) -> bool:
        """Whether the far end of the connection is closed within that time."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._ours.settimeout(left)
            try:
                if not self._ours.recv(65536):
                    return True
            except ConnectionError:
                return True
            except TimeoutError:
                break
        return False

    @contextmanager
    def _exchanging(self) -> Iterator[None]:
        """Where an exchange does not come to its end, this zygote is lost."""
        self.expect_usable()
        self._lost = "A request to the sandbox's first process was interrupted."
        try:
            yield
        except ConnectionError as error:
            sentence = f"The sandbox's first process ended. {self._last_words()}"
            raise self.loss(sentence) from error
        except OSError as error:
            sentence = f"The sandbox's first process does not answer: {error}"
            raise self.loss(sentence) from error
        except (ValueError, RecursionError) as error:
            raise self.loss(NONSENSE) from error
        self._lost = ""
