"""What is better seen than read, as a few numbers: where a tensor is wrong, and how two losses went."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ...report import Picture

MOST_ROWS, MOST_COLUMNS, MOST_POINTS = 16, 16, 100


def error_of(got: Tensor, expected: Tensor, what: str) -> Picture | None:
    """The error over the shape of a tensor of several numbers; `None` for a single number or none.

    Args:
        got, expected: of one shape, `(…, rows, columns)`. All but the last dimension are laid below one another.
        what: the tensor's name.

    Returns:
        A table of at most 16 by 16 signed errors. A larger tensor is cut into that many blocks, and the error that is
        farthest from 0 stands for its block.
    """
    if got.numel() < 2:
        return None
    error = got.double() - expected.double()
    table = error.reshape(-1, error.shape[-1]) if error.dim() > 1 else error.reshape(1, -1)
    rows = tuple(
        tuple(_largest(part) for part in row.tensor_split(min(row.shape[1], MOST_COLUMNS), dim=1))
        for row in table.tensor_split(min(table.shape[0], MOST_ROWS))
    )
    return Picture("error", what, tuple(error.shape), rows)


def _largest(block: Tensor) -> float | None:
    """The error that is farthest from 0, with its sign; `None` where one is infinite or NaN."""
    flat = block.flatten()
    return _rounded(flat[flat.abs().nan_to_num(torch.inf).argmax()].item())


def curves_of(student: Any, reference: Sequence[float]) -> Picture | None:
    """Two lists of losses, step by step, at most 100 of each.

    `None` where the student's is no list of floats, or where the reference is too short for a curve.
    """
    if not isinstance(student, list | tuple) or not student or len(reference) < 2:
        return None
    if not all(type(loss) is float for loss in student):
        return None
    rows = tuple(tuple(map(_rounded, losses[:MOST_POINTS])) for losses in (student, reference))
    return Picture("curves", "", (len(reference),), rows)


def _rounded(value: float) -> float | None:
    """Four digits are enough for a drawing."""
    return float(f"{value:.4g}") if math.isfinite(value) else None
