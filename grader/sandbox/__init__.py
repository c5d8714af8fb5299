"""The untrusted side, and the only room that touches student code.

    trusted process ──fork please──▶ warm process (torch imported, no secrets)
          ▲                              │ fork, some milliseconds
          └───── frames, over a ─────▶ child (limited; runs the student's code)
                 socket of its own

`limits` bounds a child, `frames` and `wire` are the answer's way back, `warm` and `child` run on the
untrusted side, `process` is the trusted side's handle on both.
"""

from .limits import Limits
from .process import Child, Sandbox, SandboxError

__all__ = ["Child", "Limits", "Sandbox", "SandboxError"]
