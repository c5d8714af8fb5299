"""The trusted side's handle on a process that forks zygotes for several sandboxes (`inside/zygote_server.py`).

Its socket lies in a folder of this user's, who could start such a process as well, and confined children can make no
connection.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile

from .control_group import enter
from .interpreter import PACKAGES, clean_environment, start_python
from .package_folders import package_folders

_MOST_WAITING = 128
_SHORT = 60  # characters: the path of a socket may have 107, and these, and those of workers, have 45 of them
_BOOT = (
    "import sys; sys.path.insert(0, {root!r}); from grader.sandbox.inside.zygote_server import main; "
    "main({listening}, {lifeline}, {root!r}, {packages!r})()"
)


class ZygoteServer:
    """The trusted side's handle; it ends with `close`, and with this process.

    Attributes:
        address: the path of its socket, for `Sandbox`.
    """

    def __init__(self, environment: dict[str, str]) -> None:
        enter()
        self._folder = tempfile.TemporaryDirectory(prefix="grader-")
        self.address = os.path.join(self._folder.name, "zygotes")
        self._lifeline, theirs = socket.socketpair()
        with theirs, socket.socket(socket.AF_UNIX) as listening:
            listening.bind(self.address)
            listening.listen(_MOST_WAITING)
            descriptors = [listening.fileno(), theirs.fileno()]
            boot = _BOOT.format(
                root=PACKAGES,
                packages=tuple(package_folders()),
                listening=descriptors[0],
                lifeline=descriptors[1],
            )
            self._process = start_python(boot, descriptors, self._folder.name, environment)

    def close(self) -> None:
        """Ends it, and with it what it has forked."""
        self._lifeline.close()
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()


def can_fork_zygotes() -> bool:
    """Whether a `ZygoteServer` can be started here: on Linux, where the path of its socket is short enough."""
    return sys.platform == "linux" and len(tempfile.gettempdir()) <= _SHORT


def start_zygote_server() -> ZygoteServer:
    """A process that forks the zygotes of several workers' sandboxes."""
    return ZygoteServer(clean_environment("cpu"))


def ask(address: str, control: socket.socket, said: int, folder: str, confined: bool) -> None:
    """Has it fork a zygote that serves `control`. Does not wait for it.

    Args:
        address: where it listens.
        control: the zygote's end of the connection.
        said: a descriptor of the file for what the zygote writes to its standard error.
        folder: where the children's private folders are made.
        confined: whether the children give up what the kernel lets them give up.

    Raises:
        OSError: if it is not there.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        request = {"folder": folder, "confined": confined}
        socket.send_fds(connection, [json.dumps(request).encode()], [control.fileno(), said])
