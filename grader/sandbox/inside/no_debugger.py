"""`breakpoint()` and `pdb.set_trace()` raise where they stand: nobody is there to type, and the line is to be told.

Python's debugger would stop at the line after them instead, and end there, so that what that line defines was lost.
"""

from __future__ import annotations

import bdb
import pdb
import sys
from typing import Any


def refuse() -> None:
    """From here on, they raise `bdb.BdbQuit`, as the debugger does when its input ends."""
    sys.breakpointhook = _quit
    vars(pdb)["set_trace"] = _quit


def _quit(*_arguments: Any, **_options: Any) -> None:
    raise bdb.BdbQuit
