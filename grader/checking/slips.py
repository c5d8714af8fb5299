"""What slips in a loss and in a step with weight decay give: causes for `expect_close`, each with its numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from .explain import NOT_CLEARED, NOT_UPDATED, UPHILL
from .other_terms import either
from .outcome import Cause

SIGNED = Cause(
    "signs-cancel",
    "The errors are added up with their signs: errors of unlike signs cancel, and it falls without end below 0.",
)
SUM = Cause("sum-for-mean", "It is the sum of the squared errors; the mean is asked.")
ABSOLUTE = Cause("other-loss", "It is the mean of the absolute errors; their squares are asked.")
ROOT = Cause("other-loss", "It is the root of the mean; the mean itself is asked.")
MEAN_SQUARED = Cause(
    "precedence", "It is the square of the mean error: square each error, and take the mean then."
)
SUM_SQUARED = Cause(
    "precedence", "It is the square of the sum of the errors: square each error, and take the mean."
)
DECAYED_FIRST = Cause(
    "decayed-first",
    "w has decayed before the gradient is worked out, which is that of the new w then: `.data` changes numbers that "
    "the graph still needs, and autograd does not notice.",
)
DECAYED_AFTER = Cause(
    "decayed-after", "The decay is that of the new w: take that of w before the step."
)
NO_DECAY = Cause("missing-term", "There is no decay: the term decay · w is missing.")
DECAY_WITHOUT_LR = Cause("scale", "The decay is not multiplied by lr.")
DECAY_ADDED = Cause("sign-of-term", "The decay is added to w, and is to be subtracted.")
ONLY_DECAYED = Cause("missing-term", "w has decayed, and the gradient is missing.")


def loss_causes(got: Any, error: Tensor) -> dict[Cause, Tensor]:
    """What is taken for the mean of the squared errors.

    Args:
        got: the student's loss.
        error: the errors with their signs, in float64.

    Returns:
        Causes, and what each gives in the dtype of `got`.
    """
    dtype = got.tensor.dtype
    squared = error**2
    mistaken = {
        SUM: squared.sum(),
        ABSOLUTE: error.abs().mean(),
        ROOT: squared.mean().sqrt(),
        MEAN_SQUARED: error.mean() ** 2,
        SUM_SQUARED: error.sum() ** 2,
    }
    causes = {cause: other.to(dtype) for cause, other in mistaken.items()}
    return {SIGNED: either(got, error.sum().to(dtype), error.mean().to(dtype)), **causes}


def decay_causes(
    w: Tensor, slope: Callable[[Tensor], Tensor], lr: float, decay: float, old: Tensor
) -> dict[Cause, Tensor]:
    """What is taken for w − lr · (slope(w) + decay · w).

    Args:
        w: before the step, in float64.
        slope: gives the gradient at a point.
        lr, decay: those of the step.
        old: the gradient from before.
    """
    down, lost = lr * slope(w), lr * decay * w
    return {
        DECAYED_FIRST: w - lost - lr * slope(w - lost),
        DECAYED_AFTER: (w - down) * (1 - lr * decay),
        NO_DECAY: w - down,
        NOT_CLEARED: w - down - lost - lr * old.double(),
        DECAY_WITHOUT_LR: w - down - decay * w,
        DECAY_ADDED: w - down + lost,
        ONLY_DECAYED: w - lost,
        NOT_UPDATED: w,
        UPHILL: w + down - lost,
    }
