"""Polynomials fitted to points by hand, and the losses of such a training, right and with each known mistake."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ..outcome import Cause
from ..telling.explain import NOT_UPDATED
from .early_stopping import STOPPING, TOLD_BY_KNOWN, stopped

FIXED_LR = Cause("lr-ignored", "The steps are those of lr={lr}, whatever `lr` is.")
MOMENTUM = Cause("other-optimizer", "The steps are those of SGD with a momentum of 0.9; none is here.")  # fmt: skip
ADAM = Cause("other-optimizer", "The steps are those of Adam; those of SGD are asked.")
OTHER_DEGREE = Cause("degree-ignored", "The model has degree {found}, whatever `degree` is.")


def coefficients_by_hand(
    pair: tuple[Tensor, Tensor],
    epochs: int,
    degree: int,
    lr: float,
    by: Any = None,
    **options: float,
) -> list[Tensor]:
    """A polynomial fitted to (x, y), in float64.

    Args:
        by: the optimizer, which takes `options`; plain gradient descent by default.

    Returns:
        The coefficients at first and after each epoch.
    """
    x, y = (each.cpu().double() for each in pair)
    powers = _powers(x, degree)
    coefficients = torch.ones(degree + 1, dtype=torch.float64)
    optimizer = by([coefficients], lr, **options) if by else None
    path = [coefficients.clone()]
    for _epoch in range(epochs):
        grad = 2 / len(x) * (powers.T @ (powers @ coefficients - y))
        if optimizer:
            coefficients.grad = grad
            optimizer.step()
        else:
            coefficients -= lr * grad
        path.append(coefficients.clone())
    return path


def losses_along(path: list[Tensor], pair: tuple[Tensor, Tensor]) -> list[float]:
    """The mean squared error at (x, y) after each epoch."""
    x, y = (each.cpu().double() for each in pair)
    outputs = torch.stack(path[1:]) @ _powers(x, len(path[0]) - 1).T
    return ((outputs - y) ** 2).mean(1).tolist()


def nearest_halfway(path: list[Tensor], x: Tensor, noise: Tensor, size: float) -> Tensor:
    """Targets at x, in its dtype, to which a path is nearest when half of its epochs are over.

    They lie beside it by `size`, in the direction of the noise and at right angles with the path: so no rounding makes
    another epoch the best one.
    """
    half = (len(path) - 1) // 2
    powers = _powers(x.cpu().double(), len(path[0]) - 1)
    one, two = (powers @ each for each in path[half : half + 2])
    along = two - one
    beside = noise.cpu().double()
    beside = beside - along * (beside @ along) / (along @ along)
    beside *= size / beside.square().mean().sqrt()
    return ((one + 2 * two) / 3 + beside).to(x)


def _powers(x: Tensor, degree: int) -> Tensor:
    return x[:, None] ** torch.arange(degree + 1)


def causes_of_losses(walk: Any, degree: int, lr: float, patience: int) -> dict[Cause, Any]:
    """What mistakes make of the losses of a polynomial's training.

    Args:
        walk: the losses after each epoch, by the arguments of `coefficients_by_hand` after `epochs`.
    """
    losses = walk(degree, lr)
    told: dict[Cause, Any] = {
        FIXED_LR.of(lr=f"{rate:g}"): lambda rate=rate: stopped(walk(degree, rate), patience)
        for rate in (0.001, 0.01, 0.1, 1.0)
        if rate != lr
    }
    told |= {
        OTHER_DEGREE.of(found=f"{own}"): lambda own=own: stopped(walk(own, lr), patience)
        for own in (1, 2, 3)
        if own != degree
    }
    sgd, adam = torch.optim.SGD, torch.optim.Adam
    told[MOMENTUM] = lambda: stopped(walk(degree, lr, by=sgd, momentum=0.9), patience)
    told[ADAM] = lambda: stopped(walk(degree, lr, by=adam), patience)
    told[NOT_UPDATED] = lambda: stopped(walk(degree, 0.0), patience)
    told |= {
        cause: stopped(losses, patience, name)
        for name, cause in STOPPING.items()
        if name not in TOLD_BY_KNOWN
    }
    return told
