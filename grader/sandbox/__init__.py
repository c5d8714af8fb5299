"""The boundary between the grader and students' code: the trusted side at the top, the other in `inside/`.

    trusted process ──fork please──▶ zygote (torch imported, no secrets)
          ▲                              │ fork, some milliseconds
          └──── messages, over a ────▶ child (limited; runs the student's code)
                 socket of its own

The files at the top are the trusted side's: `sandbox` is its handle on the zygote, `child` that on a child (and
`hanging_line` where it hangs, `usage` what it has taken, `private_folder` where it writes), `zygote_server_client` that
on a process which forks zygotes for several workers; `interpreter` starts those, and `parity` holds devices against
CUDA. `inside/` runs on the untrusted side, `isolation/` bounds it, and `wire/` crosses.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .child import Child as Child
    from .isolation.limits import Limits as Limits
    from .sandbox import Sandbox as Sandbox
    from .wire.messages import Message as Message
    from .zygote_server_client import ZygoteServer as ZygoteServer
    from .zygote_server_client import can_fork_zygotes as can_fork_zygotes
    from .zygote_server_client import start_zygote_server as start_zygote_server

# looked up when asked for: the zygote imports this package too, and holds nothing of the trusted side's
_HOMES = {
    "Child": "child",
    "Limits": "isolation.limits",
    "Message": "wire.messages",
    "Sandbox": "sandbox",
    "ZygoteServer": "zygote_server_client",
    "can_fork_zygotes": "zygote_server_client",
    "start_zygote_server": "zygote_server_client",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
