"""Functions to hand to the student's code, made of coefficients that nobody has written down beforehand.

They are helpers, so that a check's probe can name them; the coefficients are sent along (`Draw.coefficients(5)`). Both
are smooth, so that differences of their values can be held against the formula.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..probes import helper

COEFFICIENTS = 5


@helper
def curve(x: Tensor, coefficients: Sequence[float] | Tensor) -> Tensor:
    """Acts on each element by itself: a·x + b·x² + c·x³ + d·sin(e·x).

    Args:
        x: any shape.
        coefficients: a, b, c, d and e.

    Returns:
        A tensor of the shape of `x`.
    """
    a, b, c, d, e = coefficients
    return a * x + b * x**2 + c * x**3 + d * torch.sin(e * x)


@helper
def landscape(x: Tensor, coefficients: Sequence[float] | Tensor) -> Tensor:
    """A scalar in which every element counts in its own way, and meets the others: Σ wᵢ·xᵢ³ + (Σ vᵢ·xᵢ)²/n.

    Args:
        x: any shape with n elements.
        coefficients: what the weights follow from: wᵢ = a + b·sin(c·i) and vᵢ = d + sin(e·i), with i from 1 on.

    Returns:
        A 0-dim tensor.
    """
    a, b, c, d, e = coefficients
    place = torch.arange(1, x.numel() + 1, dtype=x.dtype, device=x.device).reshape(x.shape)
    weights, slopes = a + b * torch.sin(c * place), d + torch.sin(e * place)
    return (weights * x**3).sum() + (slopes * x).sum() ** 2 / x.numel()
