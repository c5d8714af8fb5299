"""Serves the desk on this machine alone, until it is stopped."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any, cast

from waitress.server import create_server
from waitress.wasyncore import close_all

from ...errors import OutputError
from ..gradebook.reader import Gradebook
from .app import make_app
from .guard import Guard

HOST = "127.0.0.1"
_THREADS = 4


class Desk:
    """A desk that listens; `serve` answers.

    Args:
        who: is at the desk.
        port: where it listens; 0 takes a free one.

    Raises:
        OutputError: if the port cannot be had.
    """

    def __init__(self, gradebook: Gradebook, who: str, port: int = 0) -> None:
        try:
            listening = socket.create_server((HOST, port))
        except OSError as error:
            raise OutputError(
                f"Port {port} cannot be used: {os.strerror(error.errno or 0)}. Choose another --port, or leave it out."
            ) from error
        self._guard = Guard(listening.getsockname()[1])
        self._sockets: dict[int, Any] = {}
        made = create_server(
            make_app(gradebook, self._guard, who),
            map=self._sockets,
            sockets=[listening],
            threads=_THREADS,
            ident=None,
        )
        self._server = cast(Any, made)  # its annotations lack how it is stopped

    def serve(self, ready: Callable[[str], None]) -> None:
        """Answers until Ctrl-C, or until `stop` is called in another thread.

        Args:
            ready: is given the address to open; whoever comes from then on is answered.
        """
        try:
            ready(self._guard.address)
            self._server.run()
        except KeyboardInterrupt:
            pass  # pressed before the first request
        finally:
            self._server.task_dispatcher.shutdown()
            close_all(self._sockets)

    def stop(self) -> None:
        """Has `serve` come to its end."""
        self._server.trigger.pull_trigger(lambda: close_all(self._sockets))
