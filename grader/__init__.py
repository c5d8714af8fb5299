"""An exercise suite for PyTorch basics and the grader that checks it.

`grade(path)` gives a `Report`. The other names are what the author of a check needs. Nothing here imports torch
before it is used: the sandbox and the command line start from this package too.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .catalog import load_course as load_course
    from .compare import expect as expect
    from .compare import expect_close as expect_close
    from .grading import grade as grade
    from .language import N_ as N_
    from .language import _ as _
    from .outcome import Cause as Cause
    from .plugin import needs as needs
    from .plugin import points as points
    from .probes import helper as helper
    from .probes import probe as probe
    from .report import Report as Report
    from .sandbox.wire import Received as Received
    from .student import Draw as Draw
    from .student import Student as Student
    from .submission import read_submission as read_submission

_HOMES = {
    "Cause": "outcome",
    "Draw": "student",
    "Received": "sandbox.wire",
    "Report": "report",
    "Student": "student",
    "expect": "compare",
    "expect_close": "compare",
    "grade": "grading",
    "helper": "probes",
    "load_course": "catalog",
    "needs": "plugin",
    "points": "plugin",
    "probe": "probes",
    "N_": "language",
    "_": "language",
    "read_submission": "submission",
}
__all__ = sorted(_HOMES)  # one list, kept once
__version__ = "0.1.0"


def load_ipython_extension(ipython: Any) -> None:
    """`%load_ext grader` in a notebook: the cell magic `%%check NAME`."""
    from .magics import load_ipython_extension as load

    load(ipython)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
