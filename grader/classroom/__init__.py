"""A whole class: hand-ins, roster, gradebook, workers, and what is reported of it.

A script that grades a class finds here what it needs; SQLAlchemy and the rest are imported when they are used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .gradebook.late import LatePolicy as LatePolicy
    from .gradebook.reader import open_gradebook as open_gradebook
    from .gradebook.settings import GradebookSettings as GradebookSettings
    from .handin.roster import read_roster as read_roster
    from .run.conditions import GradingConditions as GradingConditions
    from .run.grade_class import grade_class as grade_class
    from .run.pool import dask_workers as dask_workers
    from .run.pool import local_workers as local_workers
    from .run.preview_class import accept_preview as accept_preview
    from .run.preview_class import preview_class as preview_class

_HOMES = {
    "GradebookSettings": "gradebook.settings",
    "GradingConditions": "run.conditions",
    "LatePolicy": "gradebook.late",
    "accept_preview": "run.preview_class",
    "dask_workers": "run.pool",
    "grade_class": "run.grade_class",
    "local_workers": "run.pool",
    "open_gradebook": "gradebook.reader",
    "preview_class": "run.preview_class",
    "read_roster": "handin.roster",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
