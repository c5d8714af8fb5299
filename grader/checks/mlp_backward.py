"""Two layers by hand: forward, loss, and the gradients of all four parameters against autograd's."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from grader import Draw, Student, _, expect, expect_close, helper, needs, points, probe

FORBIDDEN: dict[str, Any] = {"by hand": {}}
# n, d, k and c differ, so that a transpose shows; each may be 1
SIZES = pytest.mark.parametrize(
    ("n", "d", "k", "c"), [(5, 3, 4, 2), (1, 2, 3, 4), (4, 1, 1, 3), (3, 2, 4, 1)]
)


def network(draw: Draw, n: int, d: int, k: int, c: int) -> dict[str, Tensor]:
    """Inputs of `forward`, with biases that are not zero."""
    shapes = {"x": (n, d), "w1": (d, k), "b1": (k,), "w2": (k, c), "b2": (c,)}
    return {name: draw.strided(draw.normal(*shape)) for name, shape in shapes.items()}


def logits_of(x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    return torch.relu(x @ w1 + b1) @ w2 + b2


@helper
def pass_forward(student: Any, inputs: dict[str, Tensor]) -> Any:
    """The pair that `forward` gives, if it is one; its arguments may be called as one likes."""
    result = student.forward(*(inputs[name] for name in ("x", "w1", "b1", "w2", "b2")))
    return result if isinstance(result, tuple | list) and len(result) == 2 else None


@probe
def run_forward(student: Any, **inputs: Tensor) -> Any:
    pair = pass_forward(student, inputs)
    return "no pair" if pair is None else pair[0]


@SIZES
@points(2)
def test_forward(student: Student, draw: Draw, n: int, d: int, k: int, c: int) -> None:
    """`forward` gives the pair (logits, cache), with logits = relu(x w1 + b1) w2 + b2."""
    inputs = network(draw, n, d, k, c)
    got = student.run(run_forward, **inputs)
    expect(got != "no pair", _("forward does not return a pair (logits, cache)."))
    expect_close(got, logits_of(**inputs), "logits", requires_grad=False)


@probe
def measure(student: Any, logits: Tensor, labels: Tensor) -> Any:
    return student.cross_entropy(logits, labels)


@pytest.mark.parametrize(("n", "c"), [(5, 3), (1, 4), (4, 1)])
@points(1)
def test_cross_entropy(student: Student, draw: Draw, n: int, c: int) -> None:
    """`cross_entropy(logits, labels)` is the mean cross-entropy, a scalar."""
    logits, labels = draw.strided(2 * draw.normal(n, c)), draw.strided(draw.integers(0, c, n))
    got = student.run(measure, logits=logits, labels=labels)
    expected = F.cross_entropy(logits, labels)
    expect_close(got, expected, "cross_entropy", requires_grad=False, factors={"n": n, "c": c})


@points(1)
@needs("cross_entropy")
def test_cross_entropy_is_stable(student: Student, draw: Draw) -> None:
    """`cross_entropy` is finite and right for logits up to ±10⁴."""
    labels = torch.tensor([1, 0, 2, 1])
    for size in (100.0, 1e4):
        apart = size * draw.uniform(-1, 1, 4, 3)
        apart[0] = torch.tensor([size, size - 1, -size])
        # all of them large, and all of them small: e^(−10⁴) is 0, and so is a sum of such
        for logits in (apart, size - draw.uniform(0, 2, 4, 3), draw.uniform(0, 2, 4, 3) - size):
            got = student.run(measure, logits=logits, labels=labels)
            # log-sum-exp minus a logit loses about |logit|·ε
            rtol = max(1e-9, 20 * size * torch.finfo(draw.dtype).eps)
            what = _("cross_entropy of logits up to ±{size:g}").format(size=size)
            expected = F.cross_entropy(logits.double(), labels).to(draw.dtype)
            expect_close(got, expected, what, rtol=rtol)


@probe
def run_backward(
    student: Any, logits: Tensor, labels: Tensor, again: bool, **inputs: Tensor
) -> Any:
    pair = pass_forward(student, inputs)
    if pair is None:
        return "no pair"
    if again:
        # another pass in between: the cache is what `backward` is given, not what was seen last
        pass_forward(student, {name: value + 1 for name, value in inputs.items()})
    return student.backward(pair[1], logits, labels)


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
    student: Student,
    names: tuple[str, ...],
    inputs: dict[str, Tensor],
    logits: Tensor,
    labels: Tensor,
    again: bool = False,
) -> None:
    got = student.run(run_backward, logits=logits, labels=labels, again=again, **inputs)
    expect(got != "no pair", _("forward does not return a pair (logits, cache)."))
    expected = gradients(logits, labels, **inputs)
    for name in names:
        found = isinstance(got, dict) and name in got
        expect(found, _('backward gives no dict with an entry "{name}".').format(name=name))
        what, factors = f'grads["{name}"]', {"n": len(logits), "c": logits.shape[1]}
        expect_close(got[name], expected[name], what, requires_grad=False, factors=factors)


def some_labels(draw: Draw, n: int, c: int) -> Tensor:
    """Without the last class: how many there are, the logits say and not the labels."""
    return draw.strided(draw.integers(0, max(1, c - 1), n))


@SIZES
@points(2)
def test_backward_second_layer(
    student: Student, draw: Draw, n: int, d: int, k: int, c: int
) -> None:
    """`backward` gives the gradients of w2 and b2."""
    inputs = network(draw, n, d, k, c)
    labels = some_labels(draw, n, c)
    expect_gradients(student, ("w2", "b2"), inputs, logits_of(**inputs), labels)


@SIZES
@points(2)
def test_backward_first_layer(student: Student, draw: Draw, n: int, d: int, k: int, c: int) -> None:
    """`backward` gives the gradients of w1 and b1."""
    inputs = network(draw, n, d, k, c)
    labels = some_labels(draw, n, c)
    expect_gradients(student, ("w1", "b1"), inputs, logits_of(**inputs), labels)


@pytest.mark.parametrize("size", [2.0, 1e4])
@points(1)
def test_backward_takes_logits_as_given(student: Student, draw: Draw, size: float) -> None:
    """`backward` uses `logits` as it is given, also large ones and such as did not make `cache`."""
    # autograd of one's own forward, or a second forward pass, gives other numbers here
    inputs, labels = network(draw, 5, 3, 4, 2), draw.integers(0, 2, 5)
    logits = draw.strided(size * draw.normal(5, 2))
    expect_gradients(student, ("w1", "b1", "w2", "b2"), inputs, logits, labels, again=True)


@points(1)
def test_backward_at_the_kink(student: Student, draw: Draw) -> None:
    """In `backward` the slope of relu at 0 is 0."""
    inputs = network(draw, 5, 3, 4, 2)
    # small whole numbers: what goes into relu is exactly 0 in the first column, and in others now and then
    for name in ("x", "w1", "b1"):
        inputs[name] = draw.integers(-1, 2, *inputs[name].shape).to(draw.dtype)
    inputs["x"][:, 0] = 1
    inputs["x"][:, 1] = -1
    inputs["w1"][:, 0] = torch.tensor([1, 1, 0])
    inputs["b1"][0] = 0
    labels = draw.integers(0, 2, 5)
    expect_gradients(student, ("w1", "b1"), inputs, logits_of(**inputs), labels)
