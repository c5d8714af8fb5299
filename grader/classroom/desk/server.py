"""Serves the desk on this machine alone, until it is stopped."""

from __future__ import annotations

from collections.abc import Callable

from waitress.server import create_server

from ...errors import OutputError
from ..gradebook.reader import Gradebook
from .app import make_app
from .guard import Guard

HOST = "127.0.0.1"
_THREADS = 4


def serve(
    gradebook: Gradebook, who: str, port: int = 0, ready: Callable[[str], None] = print
) -> None:
    """Answers until Ctrl-C.

    Args:
        who: is at the desk.
        port: where it listens; 0 takes a free one.
        ready: is given the address to open, when it is there.

    Raises:
        OutputError: if the port is taken.
    """
    try:
        # the application needs the port, which is known when it is taken
        server = create_server(_nothing, host=HOST, port=port, threads=_THREADS, ident=None)
    except OSError as error:
        raise OutputError(
            f"Port {port} cannot be used: {error.strerror}. Choose another --port, or leave it out."
        ) from error
    guard = Guard(int(server.effective_port))
    server.application = make_app(gradebook, guard, who)
    try:
        ready(guard.address)
        server.run()
    finally:
        server.close()


def _nothing(environ: object, start: object) -> list[bytes]:
    """Stands in for the application until there is one; nobody is answered before."""
    return []
