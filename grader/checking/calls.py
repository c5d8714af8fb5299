"""How a probe calls a student's function: as it is, or with torch's default device where the inputs are.

Right code works with that default whether it names a device or leaves it out. With any other one, `torch.arange(n)` as
an index, say, would be refused, which is right on every device as long as nobody changes the default.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from .probes import helper


@helper
def called(function: Callable[..., Any], by_default: bool, *inputs: Any) -> Any:
    """What a function gives.

    Args:
        by_default: whether the device of the first tensor among the inputs is torch's default device meanwhile.
        inputs: all arguments. They are handed over by position: a function may have a signature like `*tensors`.
    """
    if not by_default:
        return function(*inputs)
    with next(value.device for value in inputs if isinstance(value, Tensor)):
        return function(*inputs)
