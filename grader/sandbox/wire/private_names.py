"""Private names of other packages that messages and values on the wire need.

Nobody promises to keep them. They were tried with torch 2.11.0 and 2.13.0, and with Python 3.11 to 3.14. Where one has
gone, this module can be imported all the same: `why_not` says so, and no zygote forks a child then.
"""

from __future__ import annotations

import pkgutil
from typing import Any

_TRIED = "torch 2.11.0 and 2.13.0, Python 3.11 to 3.14"
_MISSING: list[str] = []


def found(name: str) -> Any:
    """What `module:attribute` names."""
    try:
        return pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        _MISSING.append(name.replace(":", "."))
        return None


def why_not() -> str:
    """Which names are missing, as a sentence without its full stop; empty where all of them are there."""
    if not _MISSING:
        return ""
    return f"this installation has no {', '.join(_MISSING)}, which it needs (tried: {_TRIED})"


# JSON in C alone: `json.dumps` and `json.loads` go through Python, where a student's code may have put its own
make_encoder = found("json.encoder:c_make_encoder")
make_scanner = found("json.scanner:c_make_scanner")
