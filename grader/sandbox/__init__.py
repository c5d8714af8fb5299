"""The untrusted side, and the only room that touches student code.

    trusted process ──fork please──▶ warm process (torch imported, no secrets)
          ▲                              │ fork, some milliseconds
          └───── frames, over a ─────▶ child (limited; runs the student's code)
                 socket of its own

`limits` and `confine` (by `landlock` and `seccomp`) bound a child, `frames` and `wire` are the answer's way back,
`warm` (forked from a `nursery` where there are several) and `child` (with `cells` for notebooks) run on the untrusted
side, `process` and `handle` are the trusted side's
ends of those two.
"""

from .frames import Frame
from .handle import Child, SandboxError
from .limits import Limits
from .nursery import Nursery
from .process import Sandbox, start_nursery

__all__ = ["Child", "Frame", "Limits", "Nursery", "Sandbox", "SandboxError", "start_nursery"]
