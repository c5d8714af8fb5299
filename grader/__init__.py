"""An exercise suite for PyTorch basics and the grader that checks it.

`grade(path)` gives a `Report`. The other names are what the author of a check or of a script needs. Nothing here
imports torch before it is used: the sandbox and the command line start from this package too.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checking import explain as explain
    from .checking.expectations import expect as expect
    from .checking.expectations import expect_close as expect_close
    from .checking.outcome import Cause as Cause
    from .checking.plugin import needs as needs
    from .checking.plugin import points as points
    from .checking.probes import helper as helper
    from .checking.probes import probe as probe
    from .checking.student import Draw as Draw
    from .checking.student import Student as Student
    from .course.catalog import load_course as load_course
    from .grading import grade as grade
    from .language import N_ as N_
    from .language import _ as _
    from .report import Report as Report
    from .sandbox.wire.values import Received as Received
    from .submission import read_submission as read_submission

_HOMES = {
    "Cause": "checking.outcome",
    "Draw": "checking.student",
    "Received": "sandbox.wire.values",
    "Report": "report",
    "Student": "checking.student",
    "expect": "checking.expectations",
    "expect_close": "checking.expectations",
    "explain": "checking.explain",  # the module: its causes are what checks name
    "grade": "grading",
    "helper": "checking.probes",
    "load_course": "course.catalog",
    "needs": "checking.plugin",
    "points": "checking.plugin",
    "probe": "checking.probes",
    "read_submission": "submission",
}
__all__ = sorted(_HOMES)  # one list, kept once
# for the texts of a course that speaks several languages; a star import is not to bring a name like `_`
_ALSO = {"N_": "language", "_": "language"}
__version__ = "0.1.0"


def load_ipython_extension(ipython: Any) -> None:
    """`%load_ext grader` in a notebook: the cell magic `%%check NAME`."""
    from .practice.magics import load_ipython_extension as load

    load(ipython)


def __getattr__(name: str) -> Any:
    home = (_HOMES | _ALSO).get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f".{home}", __name__)
    return module if home.endswith(f".{name}") else getattr(module, name)
