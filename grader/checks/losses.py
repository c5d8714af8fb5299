"""Criteria from scratch: values and gradients, against torch's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from grader import Draw, Received, Student, _, expect, expect_close, needs, points, probe

FORBIDDEN = {
    "from scratch": {
        "names": [
            "torch.nn.functional.mse_loss",
            "torch.nn.functional.binary_cross_entropy",
            "torch.nn.functional.binary_cross_entropy_with_logits",
            "torch.nn.functional.cross_entropy",
            "torch.binary_cross_entropy_with_logits",
            "torch.nn.MSELoss",
            "torch.nn.BCELoss",
            "torch.nn.BCEWithLogitsLoss",
            "torch.nn.CrossEntropyLoss",
            "torch.nn.modules.MSELoss",
            "torch.nn.modules.BCELoss",
            "torch.nn.modules.BCEWithLogitsLoss",
            "torch.nn.modules.CrossEntropyLoss",
            "torch.nn.modules.loss.MSELoss",
            "torch.nn.modules.loss.BCELoss",
            "torch.nn.modules.loss.BCEWithLogitsLoss",
            "torch.nn.modules.loss.CrossEntropyLoss",
        ]
    }
}
SHAPES = pytest.mark.parametrize("shape", [(3, 4), (5,), (1, 1), (2, 1, 3)], ids=str)


@probe
def measure(student: Any, name: str, prediction: Tensor, target: Tensor) -> Any:
    """The value of a loss, and the gradient that autograd makes of it."""
    loss = getattr(student, name)(prediction, target)
    if not (isinstance(loss, Tensor) and loss.dim() == 0):
        return {"value": loss, "grad": None}
    grad = None
    if loss.requires_grad:
        # not 1, so that a gradient which ignores what comes from above shows
        [grad] = torch.autograd.grad(3 * loss, [prediction], allow_unused=True)
    return {"value": loss.detach(), "grad": grad}


def expect_like(
    student: Student,
    name: str,
    criterion: Callable[..., Tensor],
    prediction: Tensor,
    target: Tensor,
    *,
    where: str = "",
    rtol: float | None = None,
) -> None:
    """Holds value and gradient against the criterion's, in float64."""
    prediction = prediction.detach().requires_grad_()
    got = student.run(measure, name=name, prediction=prediction, target=target)
    exact = prediction.detach().double().requires_grad_()
    wanted = criterion(exact, target.double() if target.is_floating_point() else target)
    factors = {
        _("the number of elements"): prediction.numel(),
        _("the batch size"): len(prediction),
    }
    value = wanted.detach().to(prediction.dtype)
    expect_close(got["value"], value, f"{name}(…){where}", rtol=rtol, factors=factors)
    cut = _("The graph is cut on the way: look for `.data`, `.detach()`, `.item()` or `no_grad`.")
    expect(
        got["grad"] is not None, _("{name}(…) has no gradient for autograd.").format(name=name), cut
    )
    grad = (3 * torch.autograd.grad(wanted, exact)[0]).to(prediction.dtype)
    what = _("the gradient of 3·{name}(…){where}").format(name=name, where=where)
    expect_close(got["grad"], grad, what, rtol=rtol, factors=factors)


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
    p = draw.strided(draw.uniform(0.05, 0.95, *shape))
    for y in (draw.labels(*shape), draw.uniform(0, 1, *shape)):
        expect_like(student, "binary_cross_entropy", F.binary_cross_entropy, p, draw.strided(y))


@probe
def measure_each(student: Any, p: Tensor, y: Tensor) -> list[Any]:
    ones = range(len(p))
    each = [student.binary_cross_entropy(p[i : i + 1], y[i : i + 1]) for i in ones]
    return [*each, student.binary_cross_entropy(p, y)]


@points(1)
@needs("binary_cross_entropy")
def test_binary_cross_entropy_at_0_and_1(student: Student, draw: Draw) -> None:
    """`binary_cross_entropy` is finite where p is exactly 0 or 1: each logarithm is clamped at −100."""
    # ln 1e-60 is −138, and clamped too; in float32 1e-60 is 0
    tiny = torch.tensor([1e-60, 1e-30], dtype=torch.float64).to(draw.dtype).tolist()
    pairs = [(0, 0), (0, 1), (1, 0), (1, 1), (0, 0.25), (1, 0.25), (tiny[0], 1), (tiny[1], 1)]
    p, y = torch.tensor(pairs, dtype=draw.dtype).T
    # one by one as well: in a mean, the large ones hide the small ones
    each = student.run(measure_each, p=p, y=y)
    somes = [*(slice(i, i + 1) for i in range(len(pairs))), slice(None)]
    for got, some in zip(each, somes, strict=True):
        what = _("binary_cross_entropy for p = {p} and y = {y}").format(
            p=p[some].tolist(), y=y[some].tolist()
        )
        expect_close(got, F.binary_cross_entropy(p[some], y[some]), what)


@SHAPES
@points(1)
def test_bce_with_logits(student: Student, draw: Draw, shape: tuple[int, ...]) -> None:
    """`bce_with_logits(z, y)` is the same of sigmoid(z), with its gradient."""
    z = draw.strided(2 * draw.normal(*shape))
    for y in (draw.labels(*shape), draw.uniform(0, 1, *shape)):
        criterion = F.binary_cross_entropy_with_logits
        expect_like(student, "bce_with_logits", criterion, z, draw.strided(y))


@points(1)
@needs("bce_with_logits")
def test_bce_with_logits_is_stable(student: Student, draw: Draw) -> None:
    """`bce_with_logits` and its gradient are finite and right for any z, ±10⁴ too."""
    signs = torch.tensor([-1, -1, 1, 1, -1, 1], dtype=draw.dtype)
    y = torch.tensor([0, 1, 0, 1, 0.25, 0.25], dtype=draw.dtype)
    criterion = F.binary_cross_entropy_with_logits
    # not 20 to 25: there the threshold of F.softplus, which is allowed, costs 10⁻⁹
    for size in (40.0, 100.0, 1e4):
        where = _(" for logits of ±{size:g}").format(size=size)
        expect_like(student, "bce_with_logits", criterion, size * signs, y, where=where)


def expect_cross_entropy(student: Student, draw: Draw, *shape: int) -> None:
    logits = draw.strided(2 * draw.normal(*shape))
    labels = draw.strided(draw.integers(0, shape[1], shape[0], *shape[2:]))
    expect_like(student, "cross_entropy", F.cross_entropy, logits, labels)


@pytest.mark.parametrize(("n", "c"), [(5, 3), (1, 4), (3, 1)])
@points(1)
def test_cross_entropy(student: Student, draw: Draw, n: int, c: int) -> None:
    """`cross_entropy(logits, labels)`, for logits (n, c) and labels (n,), with its gradient."""
    expect_cross_entropy(student, draw, n, c)


@pytest.mark.parametrize(("n", "c", "d"), [(4, 3, 2), (2, 4, 1), (1, 2, 3)])
@points(1)
def test_cross_entropy_of_three_dimensions(
    student: Student, draw: Draw, n: int, c: int, d: int
) -> None:
    """`cross_entropy(logits, labels)`, for logits (n, c, d) and labels (n, d), with its gradient."""
    expect_cross_entropy(student, draw, n, c, d)


@points(1)
@needs("cross_entropy")
def test_cross_entropy_is_stable(student: Student, draw: Draw) -> None:
    """`cross_entropy` and its gradient are finite and right for logits of any size, ±10⁴ too."""
    labels = torch.tensor([0, 1, 2, 0])
    for size in (100.0, 1e4):
        apart = draw.normal(4, 3) + size * torch.tensor([1, 0, -1]).to(draw.dtype)
        # a log-sum-exp loses about |logit|·ε
        rtol = max(1e-9, 20 * size * torch.finfo(draw.dtype).eps)
        # all of them large, and all of them small: e^(−10⁴) is 0, and so is a sum of such
        for logits in (apart, draw.normal(4, 3) + size, draw.normal(4, 3) - size):
            where = _(" for logits up to ±{size:g}").format(size=size)
            expect_like(
                student, "cross_entropy", F.cross_entropy, logits, labels, where=where, rtol=rtol
            )


@probe
def count_hits(student: Any, logits: Tensor, labels: Tensor) -> Any:
    return student.accuracy(logits, labels)


@pytest.mark.parametrize("hits", [[True, False, False, True, True], [True], [False]], ids=str)
@points(1)
def test_accuracy(student: Student, draw: Draw, hits: list[bool]) -> None:
    """`accuracy(logits, labels)` is the share of rows whose largest logit is at the label, a floating scalar."""
    n = len(hits)
    # far from 0, on either side: a sigmoid is 1 (or 0) all over the row there
    side = torch.where(torch.arange(n) % 2 == 0, 100, -100).unsqueeze(1)
    logits = draw.strided(5 * draw.normal(n, 4) + side)
    labels = logits.argmax(1) + torch.where(torch.tensor(hits), 0, draw.integers(1, 4, n))
    labels = draw.strided(labels % 4)
    got = student.run(count_hits, logits=logits, labels=labels)
    # any floating dtype will do
    dtype = got.tensor.dtype if isinstance(got, Received) else draw.dtype
    expect(
        dtype.is_floating_point,
        _("accuracy is of dtype {dtype}, expected a floating one.").format(dtype=dtype),
    )
    share = torch.tensor(sum(hits) / n, dtype=dtype)
    expect_close(got, share, "accuracy(logits, labels)", factors={"n": n})
