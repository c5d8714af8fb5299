"""How a probe calls a student's function: by position or by keyword, and under which default device of torch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from .probes import helper

CALLS = ("by position", "by keyword")
# the inputs' own device, on which right code works whether it names a device or leaves it out
BY_DEFAULT = "their device is the default"


@helper
def called(function: Callable[..., Any], how: str, **inputs: Any) -> Any:
    """What a function gives.

    Args:
        how: "by position", as published; "by keyword"; or "their device is the default": by position, and the device of
            the first tensor among the inputs is torch's default device meanwhile.
        inputs: all arguments, by their names, in the order of the signature.
    """
    if how == "by keyword":
        return function(**inputs)
    if how == "their device is the default":
        with next(value.device for value in inputs.values() if isinstance(value, Tensor)):
            return function(*inputs.values())
    return function(*inputs.values())
