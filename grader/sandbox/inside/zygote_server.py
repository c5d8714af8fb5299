"""A process that has torch imported and forks zygotes: several sandboxes on one machine share one.

Each import of torch takes a second and 250 MB; a fork takes neither. It never runs a student's code: its forks do what
a zygote of their own would do.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import traceback
from contextlib import suppress
from itertools import chain
from pathlib import Path

from ..isolation.limits import die_with_parent
from .steps import Step
from .zygote import Packages, prepare, serve


def main(listening: int, lifeline: int, root: str, packages: Packages) -> Step:
    """Forks a zygote for each who asks, until the far end of `lifeline` is gone.

    Returns in a zygote's child alone, as `zygote.main` does.
    """
    die_with_parent(os.getppid())
    hidden, absent = prepare(root, packages, "cpu")
    shown = [Path(entry) for entry in chain(*packages)]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    door, end = socket.socket(fileno=listening), socket.socket(fileno=lifeline)
    me = os.getpid()
    while end not in select.select([door, end], [], [])[0]:
        connection, _ = door.accept()
        connection.settimeout(1)
        with connection, suppress(OSError, ValueError, KeyError, TypeError):
            message, descriptors, _, _ = socket.recv_fds(connection, 65536, 2)
            try:
                control, said = descriptors
                request = json.loads(message)
                folder, confined = str(request["folder"]), bool(request["confined"])
                if os.fork() == 0:
                    try:
                        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                        os.setsid()
                        die_with_parent(me)
                        os.dup2(said, 2)
                        os.close(said)
                        for own in (door, end, connection):
                            own.close()
                        os.chdir(folder)
                        channel = socket.socket(fileno=control)
                        descriptors.clear()  # they are closed, or the channel's
                        return serve(channel, folder, hidden, confined, "cpu", absent, shown)
                    except BaseException:
                        traceback.print_exc()  # whoever asked reads it
                        os._exit(1)
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)
    os._exit(0)
