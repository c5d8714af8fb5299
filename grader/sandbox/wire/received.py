"""What the trusted side makes of a student's values that are no plain data."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Received:
    """A tensor of the student's: its values on the CPU, what was told of the original, and where it should be."""

    tensor: Tensor
    device: str
    requires_grad: bool
    parameter: bool
    home: str


@dataclass(frozen=True)
class Opaque:
    """Something that is neither a tensor nor plain data, known by its type's name alone."""

    type: str
