"""A process that has torch imported and forks warm processes: several sandboxes on one machine share one.

Each import of torch takes a second and 250 MB; a fork takes neither. The nursery never runs a student's code: its
forks do what a warm process of their own would do. Its socket lies in a folder of this user's, who could start such
a process as well, and confined children can make no connection.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

_MOST_WAITING = 128
_BOOT = (
    "import sys; sys.path.insert(0, {root!r}); from grader.sandbox.nursery import main; "
    "main({listening}, {lifeline}, {root!r})"
)


class Nursery:
    """The trusted side's handle; it ends with `close`, and with this process.

    Attributes:
        address: the path of its socket, for `Sandbox`.
    """

    def __init__(self, environment: dict[str, str]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="grader-")
        self.address = os.path.join(self._folder.name, "nursery")
        self._lifeline, theirs = socket.socketpair()
        root = str(Path(__file__).resolve().parents[2])
        with theirs, socket.socket(socket.AF_UNIX) as listening:
            listening.bind(self.address)
            listening.listen(_MOST_WAITING)
            boot = _BOOT.format(root=root, listening=listening.fileno(), lifeline=theirs.fileno())
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-s", "-c", boot],
                pass_fds=[listening.fileno(), theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=self._folder.name,
                env=environment,
                start_new_session=True,
            )

    def close(self) -> None:
        """Ends it, and with it what it has forked."""
        self._lifeline.close()
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()


def ask(address: str, control: socket.socket, folder: str, confined: bool) -> None:
    """Has the nursery fork a warm process that serves `control`. Does not wait for it.

    Raises:
        OSError: if it is not there.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        request = {"folder": folder, "confined": confined}
        socket.send_fds(connection, [json.dumps(request).encode()], [control.fileno()])


def main(listening: int, lifeline: int, root: str) -> NoReturn:
    """Forks a warm process for each who asks, until the far end of `lifeline` is gone."""
    from .limits import die_with_parent
    from .warm import prepare, serve

    die_with_parent(os.getppid())
    hidden, absent = prepare(root, "cpu")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    door, end = socket.socket(fileno=listening), socket.socket(fileno=lifeline)
    me = os.getpid()
    while end not in select.select([door, end], [], [])[0]:
        connection, _ = door.accept()
        connection.settimeout(1)
        with connection, suppress(OSError, ValueError, KeyError, TypeError):
            message, descriptors, _, _ = socket.recv_fds(connection, 65536, 1)
            with socket.socket(fileno=descriptors[0]) if descriptors else connection as channel:
                request = json.loads(message)
                folder, confined = str(request["folder"]), bool(request["confined"])
                if os.fork() == 0:
                    try:
                        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                        os.setsid()
                        die_with_parent(me)
                        for own in (door, end, connection):
                            own.close()
                        os.chdir(folder)
                        serve(channel, folder, hidden, confined, "cpu", absent)
                    finally:
                        os._exit(1)
    os._exit(0)
