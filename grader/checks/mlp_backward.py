"""Two layers by hand: forward, loss, and the gradients of all four parameters against autograd."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from grader import Draw, Student, expect, expect_close, needs, points, probe

FORBIDDEN: dict[str, Any] = {"by hand": {}}
# n, d, k and c differ, so that a transpose shows; each may be 1
SIZES = pytest.mark.parametrize(
    ("n", "d", "k", "c"), [(5, 3, 4, 2), (1, 2, 3, 4), (4, 1, 1, 3), (3, 2, 4, 1)]
)


def network(draw: Draw, n: int, d: int, k: int, c: int) -> dict[str, Tensor]:
    return {
        "x": draw.strided(draw.normal(n, d)),
        "w1": draw.strided(draw.normal(d, k)),
        "b1": draw.normal(k),
        "w2": draw.strided(draw.normal(k, c)),
        "b2": draw.normal(c),
    }


def logits_of(x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    return torch.relu(x @ w1 + b1) @ w2 + b2


@probe
def run_forward(student: Any, **inputs: Tensor) -> Any:
    result = student.forward(**inputs)
    pair = isinstance(result, tuple | list) and len(result) == 2
    return result[0] if pair else "no pair"


@SIZES
@points(2)
def test_forward(student: Student, draw: Draw, n: int, d: int, k: int, c: int) -> None:
    """`forward` gives the pair (logits, cache), with logits = relu(x w1 + b1) w2 + b2."""
    inputs = network(draw, n, d, k, c)
    got = student.run(run_forward, **inputs)
    expect(got != "no pair", "forward does not return a pair (logits, cache).")
    expect_close(got, logits_of(**inputs), "logits")


@probe
def measure(student: Any, logits: Tensor, labels: Tensor) -> Any:
    return student.cross_entropy(logits, labels)


@pytest.mark.parametrize(("n", "c"), [(5, 3), (1, 4), (4, 1)])
@points(1)
def test_cross_entropy(student: Student, draw: Draw, n: int, c: int) -> None:
    """`cross_entropy(logits, labels)` is the mean cross-entropy, a scalar."""
    logits, labels = draw.strided(2 * draw.normal(n, c)), draw.integers(0, c, n)
    got = student.run(measure, logits=logits, labels=labels)
    expect_close(got, F.cross_entropy(logits, labels), "cross_entropy", factors={"n": n})


@points(1)
@needs("cross_entropy")
def test_cross_entropy_is_stable(student: Student, draw: Draw) -> None:
    """It is finite and right for logits up to ±10⁴."""
    # a log-sum-exp loses about |logit|·ε
    rtol = 1e-8 if draw.dtype == torch.float64 else 1e-3
    for scale in (100.0, 1e4):
        logits = scale * draw.uniform(-1, 1, 4, 3)
        logits[0] = torch.tensor([scale, scale - 1, -scale], dtype=draw.dtype)
        labels = torch.tensor([1, 0, 2, 1])
        got = student.run(measure, logits=logits, labels=labels)
        what = f"cross_entropy of logits up to ±{scale:g}"
        expect_close(got, F.cross_entropy(logits, labels), what, rtol=rtol)


@probe
def run_backward(
    student: Any, logits: Tensor, labels: Tensor, first: bool, **inputs: Tensor
) -> Any:
    _, cache = student.forward(**inputs)
    if not first:
        # another pass in between: the cache is what `backward` is given, not what was seen last
        student.forward(**{name: value + 1 for name, value in inputs.items()})
    grads = student.backward(cache, logits, labels)
    return dict(grads) if isinstance(grads, dict) else grads


def gradients(logits: Tensor, labels: Tensor, **inputs: Tensor) -> dict[str, Tensor]:
    """Autograd's gradients of the loss, at an output that is `logits` whatever the inputs give."""
    exact = {name: value.double() for name, value in inputs.items()}
    names = ("w1", "b1", "w2", "b2")
    for name in names:
        exact[name] = exact[name].detach().requires_grad_()
    made = logits_of(**exact)
    shifted = made + (logits.double() - made).detach()
    grads = torch.autograd.grad(F.cross_entropy(shifted, labels), [exact[name] for name in names])
    return {name: grad.to(logits.dtype) for name, grad in zip(names, grads, strict=True)}


def expect_gradients(
    student: Student, draw: Draw, inputs: dict[str, Tensor], logits: Tensor, first: bool = True
) -> None:
    labels = draw.integers(0, logits.shape[1], len(logits))
    got = student.run(run_backward, logits=logits, labels=labels, first=first, **inputs)
    expected = gradients(logits, labels, **inputs)
    for name, grad in expected.items():
        expect(isinstance(got, dict) and name in got, f'backward gives no "{name}".')
        factors = {"n": len(logits)}
        expect_close(got[name], grad, f'grads["{name}"]', requires_grad=False, factors=factors)


@SIZES
@points(3)
@needs("forward")
def test_backward(student: Student, draw: Draw, n: int, d: int, k: int, c: int) -> None:
    """`backward` gives the gradients of w1, b1, w2 and b2."""
    inputs = network(draw, n, d, k, c)
    expect_gradients(student, draw, inputs, logits_of(**inputs))


@SIZES
@points(2)
@needs("forward")
def test_backward_takes_logits_as_given(
    student: Student, draw: Draw, n: int, d: int, k: int, c: int
) -> None:
    """`backward` uses `logits` as it is given, also when they are not those that made `cache`."""
    # autograd of one's own forward gives other numbers here
    inputs = network(draw, n, d, k, c)
    expect_gradients(student, draw, inputs, draw.strided(2 * draw.normal(n, c)), first=False)


@points(1)
@needs("forward")
def test_backward_at_the_kink(student: Student, draw: Draw) -> None:
    """The slope of relu at 0 is 0."""
    inputs = network(draw, 5, 3, 4, 2)
    inputs["x"] = torch.zeros(5, 3, dtype=draw.dtype)
    inputs["b1"] = torch.tensor([0.0, 1.0, 0.0, -1.0], dtype=draw.dtype)
    expect_gradients(student, draw, inputs, draw.normal(5, 2))
