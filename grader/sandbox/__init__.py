"""The untrusted side, and the only room that touches student code.

    trusted process ──fork please──▶ warm process (torch imported, no secrets)
          ▲                              │ fork, some milliseconds
          └───── frames, over a ─────▶ child (limited; runs the student's code)
                 socket of its own

`limits` and `confine` (by `landlock` and `seccomp`) bound a child, `frames` and `wire` are the answer's way back,
`warm` and `child` (with `cells` for notebooks) run on the untrusted side, `process` and `handle` are the trusted side's
ends of those two.
"""

from .handle import Answer, Child, SandboxError
from .limits import Limits
from .process import Sandbox

__all__ = ["Answer", "Child", "Limits", "Sandbox", "SandboxError"]
