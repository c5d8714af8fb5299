"""Private names of other packages that values on the wire need, all of them here.

Nobody promises to keep them. They were tried with torch 2.11.0 and 2.13.0, and with safetensors 0.8.0. Where one has
gone, this module can be imported all the same: `why_not` says so, and no zygote forks a child then.
"""

from __future__ import annotations

import pkgutil
from typing import Any

_TRIED = "torch 2.11.0 and 2.13.0, safetensors 0.8.0"
_MISSING: list[str] = []


def _found(name: str) -> Any:
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


# a context in which no `__torch_function__` of a student's subclass has a say
without_subclasses = _found("torch._C:DisableTorchFunctionSubclass")
# a tensor by the address of its memory: `safetensors.torch.save` goes through numpy and takes ten times as long
TensorSpec = _found("safetensors:TensorSpec")
