"""Criteria from scratch: values and gradients, against torch's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from grader import Draw, Student, expect, expect_close, needs, points, probe

FORBIDDEN = {
    "from scratch": {
        "names": [
            "torch.nn.functional.mse_loss",
            "torch.nn.MSELoss",
            "torch.nn.functional.binary_cross_entropy",
            "torch.nn.BCELoss",
            "torch.nn.functional.binary_cross_entropy_with_logits",
            "torch.binary_cross_entropy_with_logits",
            "torch.nn.BCEWithLogitsLoss",
            "torch.nn.functional.cross_entropy",
            "torch.nn.CrossEntropyLoss",
            "torch.nn.modules.loss",
        ]
    }
}


@probe
def measure(student: Any, name: str, prediction: Tensor, target: Tensor) -> Any:
    """The value of a loss, and the gradient that autograd makes of it."""
    loss = getattr(student, name)(prediction, target)
    value = loss.detach().clone()
    grad = None
    if prediction.requires_grad:
        # not 1, so that a gradient which ignores what comes from above shows
        grad = torch.autograd.grad(3 * loss, prediction)[0] if loss.requires_grad else "no graph"
    return {"value": value, "grad": grad}


def expect_like(
    student: Student,
    name: str,
    criterion: Callable[..., Tensor],
    prediction: Tensor,
    target: Tensor,
    rtol: float | None = None,
    gradient: bool = True,
) -> None:
    """Holds value and gradient against the criterion's, in float64."""
    prediction = prediction.detach().requires_grad_(gradient)
    got = student.run(measure, name=name, prediction=prediction, target=target)
    exact = prediction.detach().double().requires_grad_(gradient)
    wanted = criterion(exact, target.double() if target.is_floating_point() else target)
    factors = {"the number of elements": prediction.numel(), "the batch size": len(prediction)}
    value = wanted.detach().to(prediction.dtype)
    expect_close(got["value"], value, f"{name}(…)", rtol=rtol, factors=factors)
    if gradient:
        cause = (
            "The graph is cut on the way: look for `.data`, `.detach()`, `.item()` or `no_grad`."
        )
        expect(got["grad"] != "no graph", f"{name}(…) gives no gradient.", cause)
        grad = (3 * torch.autograd.grad(wanted, exact)[0]).to(prediction.dtype)
        expect_close(got["grad"], grad, f"the gradient of {name}", rtol=rtol, factors=factors)


SHAPES = pytest.mark.parametrize("shape", [(3, 4), (5,), (1, 1)], ids=str)


@SHAPES
@points(2)
def test_mse_loss(student: Student, draw: Draw, shape: tuple[int, ...]) -> None:
    """`mse_loss(y_pred, y)` is the mean of the squared differences, with its gradient."""
    prediction, target = draw.strided(draw.normal(*shape)), draw.strided(draw.normal(*shape))
    expect_like(student, "mse_loss", F.mse_loss, prediction, target)


@SHAPES
@points(1)
def test_binary_cross_entropy(student: Student, draw: Draw, shape: tuple[int, ...]) -> None:
    """`binary_cross_entropy(p, y)` is the mean over probabilities, with its gradient."""
    p, y = draw.strided(draw.uniform(0.05, 0.95, *shape)), draw.labels(*shape)
    expect_like(student, "binary_cross_entropy", F.binary_cross_entropy, p, y)


@points(1)
@needs("binary_cross_entropy")
def test_binary_cross_entropy_at_0_and_1(student: Student, draw: Draw) -> None:
    """It is finite where p is exactly 0 or 1: each logarithm is clamped at −100."""
    p = torch.tensor([0.0, 0.0, 1.0, 1.0, 0.25, 1e-30], dtype=draw.dtype)
    y = torch.tensor([0.0, 1.0, 0.0, 1.0, 1.0, 1.0], dtype=draw.dtype)
    expect_like(student, "binary_cross_entropy", F.binary_cross_entropy, p, y, gradient=False)


@SHAPES
@points(1)
def test_bce_with_logits(student: Student, draw: Draw, shape: tuple[int, ...]) -> None:
    """`bce_with_logits(z, y)` is the same of sigmoid(z), with its gradient."""
    z, y = draw.strided(2 * draw.normal(*shape)), draw.labels(*shape)
    expect_like(student, "bce_with_logits", F.binary_cross_entropy_with_logits, z, y)


@points(1)
@needs("bce_with_logits")
def test_bce_with_logits_is_stable(student: Student, draw: Draw) -> None:
    """Value and gradient are finite and right for any z."""
    for scale in (30.0, 100.0, 1e4):
        z = scale * torch.tensor([-1.0, -1.0, 1.0, 1.0, 0.0], dtype=draw.dtype)
        # none of them contradicted: the value is then as small as e^(−scale)
        y = torch.tensor([0.0, 1.0, 0.0, 1.0, 1.0], dtype=draw.dtype)
        expect_like(student, "bce_with_logits", F.binary_cross_entropy_with_logits, z, y)


@pytest.mark.parametrize("shape", [(5, 3), (1, 4), (4, 3, 2), (2, 1)], ids=str)
@points(2)
def test_cross_entropy(student: Student, draw: Draw, shape: tuple[int, ...]) -> None:
    """`cross_entropy(logits, labels)`, for (n, c) and for (n, c, d), with its gradient."""
    logits = draw.strided(2 * draw.normal(*shape))
    labels = draw.integers(0, shape[1], shape[0], *shape[2:])
    expect_like(student, "cross_entropy", F.cross_entropy, logits, labels)


@points(1)
@needs("cross_entropy")
def test_cross_entropy_is_stable(student: Student, draw: Draw) -> None:
    """It is finite and right for logits of any size."""
    for scale in (100.0, 1e4):
        logits = draw.normal(4, 3) + scale * torch.tensor([[1.0, 0, -1]]).to(draw.dtype)
        labels = torch.tensor([0, 1, 2, 0])
        # a log-sum-exp loses about |logit|·ε
        rtol = 1e-8 if draw.dtype == torch.float64 else 1e-4
        expect_like(student, "cross_entropy", F.cross_entropy, logits, labels, rtol=rtol)
        shifted = draw.normal(4, 3) + scale
        expect_like(student, "cross_entropy", F.cross_entropy, shifted, labels, rtol=scale * rtol)


@probe
def count_hits(student: Any, logits: Tensor, labels: Tensor) -> Any:
    return student.accuracy(logits, labels)


@pytest.mark.parametrize("n", [7, 1])
@points(1)
def test_accuracy(student: Student, draw: Draw, n: int) -> None:
    """`accuracy(logits, labels)` is the share of rows whose largest logit is at the label, a floating scalar."""
    logits, labels = draw.strided(draw.normal(n, 4)), draw.integers(0, 4, n)
    labels[0] = int(logits[0].argmax())
    got = student.run(count_hits, logits=logits, labels=labels)
    share = (logits.argmax(1) == labels).double().mean()
    dtype = getattr(getattr(got, "tensor", None), "dtype", torch.float32)
    expect(dtype.is_floating_point, "accuracy is not of a floating dtype.")
    expect_close(got, share.to(dtype), "accuracy(logits, labels)")
