"""Two layers by hand: forward, loss, and the gradients of all four parameters against autograd's."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from grader import (
    Cause,
    Draw,
    Student,
    _,
    called,
    expect,
    expect_close,
    explain,
    follows,
    helper,
    needs,
    other_functions,
    other_terms,
    points,
    probe,
    rounds,
)

OTHER_KEYS = Cause("name", "It has {keys}; the keys are `w1`, `b1`, `w2` and `b2`.")
NO_B1 = Cause("missing-term", "`b1` is missing.")
NO_B2 = Cause("missing-term", "`b2` is missing.")
RELU_OF_X = Cause("order", "The relu is taken of x; it belongs behind `x @ w1 + b1`.")
B1_BEHIND = Cause("order", "`b1` is added behind the relu; it belongs before it.")
NO_RELU = Cause("no-activation", "The relu is missing.")
NEGATIVE_PART = Cause(
    "sign", "Negative numbers are kept and positive ones set to 0; relu is the other way round."
)
RELU_TWICE = Cause("extra-activation", "There is a relu after the second layer too.")
OTHER_ACTIVATION = Cause("other-activation", "The hidden layer has {other}; a relu is asked.")
MINUS = Cause("sign-of-term", "`{name}` is subtracted.")
SIGMOID = Cause("other-activation", "The hidden layer has a sigmoid; a relu is asked.")
PROBABILITIES = Cause(
    "extra-activation",
    "There is a softmax after the second layer; logits are asked, and the loss takes the softmax.",
)
LOG_PROBABILITIES = Cause(
    "extra-activation",
    "There is a log-softmax after the second layer; logits are asked, and the loss takes it.",
)
SOFTMAX_TWICE = Cause("softmax-twice", "The softmax is taken twice: log_softmax wants logits.")
OVER_SAMPLES = Cause("wrong-axis", "The softmax runs over the samples instead of the classes.")
PROBABILITY = Cause(
    "no-logarithm", "It is the mean of the probabilities: their logarithm is missing."
)
SIGMOID_FOR_SOFTMAX = Cause(
    "other-function", "The logarithm is taken of a sigmoid: the softmax over the classes is asked."
)
KEPT_AWAY = Cause(
    "other-clamp",
    "{eps} keeps the probabilities away from 0, added or as the least; a log-sum-exp needs nothing of that kind.",
)
LOGITS_ALONE = Cause("no-softmax", "It is the mean of the labels' logits: no softmax is taken.")
ALL_CLASSES = Cause(
    "wrong-index",
    "The logarithms of all classes are averaged: only that of each sample's label counts.",
)
OVERFLOW = Cause(
    "nan",
    "On the way e to a large logit is ∞, or e to a small one is 0, whose logarithm is −∞. `torch.log_softmax` meets "
    "neither; by hand, subtract from each row its own largest logit first, and never take the logarithm of a softmax.",
)
CLIPPED = Cause("clipped", "The logits are clamped to ±{bound} on the way.")
OTHER_SLOPE = Cause(
    "other-activation",
    "The slope {slope} is that of another function; the hidden layer has a relu.",
)
SOFTMAX_OF_ALL = Cause(
    "wrong-axis", "The softmax runs over all logits together; each sample has its own."
)
# what each mistake does stands in `by_hand`
MISTAKES = {
    "no softmax": Cause("no-softmax", "The softmax is missing: it is (logits − onehot)."),
    "log-softmax for softmax": Cause(
        "other-function", "It is (log_softmax(logits) − onehot): the softmax is asked."
    ),
    "sigmoid for softmax": Cause(
        "other-function", "It is (sigmoid(logits) − onehot): the softmax over the classes is asked."
    ),
    "no onehot": Cause("missing-term", "The one-hot labels are not subtracted from the softmax."),
    "own labels": Cause(
        "other-labels", "The one-hot vectors are those of the largest logits, not of `labels`."
    ),
    "labels for onehot": Cause(
        "other-labels",
        "The number of the label is subtracted from all of its row; 1 is, from the class of that number alone.",
    ),
    "all labels": other_functions.ALL_LABELS,
    "hidden for x": Cause("swapped", "The gradient of w1 takes the hidden values where x belongs."),
    "h(1 − h)": OTHER_SLOPE.of(slope="h(1 − h)"),
    "1 − h²": OTHER_SLOPE.of(slope="1 − h²"),
    "over samples": OVER_SAMPLES,
    "own logits": Cause(
        "recomputed",
        "They are the gradients at the logits that `forward` gives for these inputs, kept in the cache or worked out "
        "anew; use the `logits` that are given.",
    ),
    "no mask in b1": Cause(
        "mask-missing", "The gradient of b1 is taken from before the relu's mask."
    ),
    "no mask in w1": Cause(
        "mask-missing", "The gradient of w1 is taken from before the relu's mask."
    ),
    "no mask": Cause(
        "mask-missing",
        "The gradient passes the relu everywhere: its mask is missing, or is true everywhere, as `hidden >= 0` is "
        "behind a relu; take `hidden > 0`.",
    ),
    "mask of gradient": Cause(
        "mask-of-gradient",
        "The mask asks where the gradient is above 0, not what went into the relu.",
    ),
    "mask without bias": Cause(
        "mask-without-bias",
        "The mask is that of `x @ w1`: what goes into the relu has `b1` added.",
    ),
    "times hidden": Cause(
        "times-input", "The gradient is multiplied by the hidden values, not by the relu's slope."
    ),
    "new w2": Cause("new-for-old", "w2 is used after an update: take the one of the forward pass."),
    "before relu": Cause(
        "before-activation",
        "The gradient of w2 takes what goes into the relu; take what comes out.",
    ),
    "overwritten": Cause(
        "overwritten",
        "The gradient of w2 takes 1 where the hidden value is above 0, and not the value: the relu's mask stands in "
        "its place, or was written over it, as `hidden[hidden > 0] = 1` does.",
    ),
    "no activation": NO_RELU,
    "sigmoid": SIGMOID,
    "kink 1": Cause("kink", "The slope of the relu at 0 is taken for 1; here it is 0."),
    "kink 1/2": Cause("kink", "The slope of the relu at 0 is taken for 1/2; here it is 0."),
    "over classes": Cause("wrong-axis", "The gradient of b2 is summed over the classes."),
    "swapped": Cause("swapped", "The gradients of the two layers stand in each other's place."),
}

FORBIDDEN: dict[str, Any] = {"by hand": {}}
TINY = -8.0, -6.5  # exponents of 10
# how large logits are: the difference to 0 of tiny ones shows in float64
LOGITS = {"2·randn": 2.0, "5e-07·randn": 5e-7, "10·randn": 10.0, "4·randn": 4.0}
GIVEN = {"2·randn": 2.0, "10⁴·randn": 1e4, "104·randn": 104.0, "0": 0.0, "5e-07·randn": 5e-7}


def network(draw: Draw, n: int, d: int, k: int, c: int, size: float = 1.0) -> dict[str, Tensor]:
    """Inputs of `forward`, with biases that are not zero; `x` and `b1` are of the given size, and logits of 1 or so.

    They have so few digits that what goes into the relu is exact, and so is its sign: it is never 0.
    """

    def exact(*shape: int) -> Tensor:
        if draw.dtype.itemsize == 2:
            return draw.integers(-1, 2, *shape).to(draw.dtype)
        return (8 * draw.normal(*shape)).round() / 8

    values = {
        "x": size * exact(n, d),
        "w1": exact(d, k),
        "b1": size * (exact(k) + 1 / 128 if draw.dtype.itemsize > 2 else exact(k) + 0.5),
        "w2": draw.normal(k, c) * 2 / (size * (d * k) ** 0.5),
        "b2": draw.normal(c),
    }
    return {name: draw.layout(name, value) for name, value in values.items()}


def logits_of(x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    return torch.relu(x @ w1 + b1) @ w2 + b2


def largest(*factors: Tensor) -> float:
    """The largest product of elements, one of each tensor: a bound of the terms that a result is a sum of."""
    return math.prod(factor.abs().max().item() for factor in factors)


@helper
def pass_forward(student: Any, by_default: bool, inputs: dict[str, Tensor]) -> Any:
    """The pair that `forward` gives, if it is one; its arguments may be called as one likes."""
    given = [inputs[name] for name in ("x", "w1", "b1", "w2", "b2")]
    result = called(student.forward, by_default, *given)
    return result if isinstance(result, tuple | list) and len(result) == 2 else None


@probe
def run_forward(student: Any, by_default: bool, **inputs: Tensor) -> Any:
    pair = pass_forward(student, by_default, inputs)
    return "no pair" if pair is None else pair[0]


def expect_logits(
    student: Student, draw: Draw, size: float, zero: bool = False, by_default: bool = False
) -> None:
    n, d, k, c = (draw.size(name) for name in "ndkc")
    inputs = network(draw, n, d, k, c, size)
    # so that the logits are of that size too
    inputs |= {"w2": size * inputs["w2"], "b2": size * inputs["b2"]}
    if zero:
        inputs = {name: torch.zeros_like(value) for name, value in inputs.items()}
    given = draw.needing(inputs, draw.dtype.itemsize == 2)
    got = student.run(run_forward, by_default=by_default, **given)
    expect(got != "no pair", _("forward does not return a pair (logits, cache)."))
    x, w1, b1, w2, b2 = (value.double() for value in inputs.values())
    hidden = torch.relu(x @ w1 + b1)
    expected = hidden @ w2 + b2
    others = {
        NO_B1: torch.relu(x @ w1) @ w2 + b2,
        NO_B2: hidden @ w2,
        RELU_OF_X: (torch.relu(x) @ w1 + b1) @ w2 + b2,
        B1_BEHIND: (torch.relu(x @ w1) + b1) @ w2 + b2,
        NO_RELU: (x @ w1 + b1) @ w2 + b2,
        NEGATIVE_PART: (x @ w1 + b1).clamp(max=0) @ w2 + b2,
        RELU_TWICE: other_terms.either(
            got, torch.relu(expected).to(draw.dtype), (torch.relu(hidden @ w2) + b2).to(draw.dtype)
        ),
        SIGMOID: torch.sigmoid(x @ w1 + b1) @ w2 + b2,
        MINUS.of(name="b1"): torch.relu(x @ w1 - b1) @ w2 + b2,
        MINUS.of(name="b2"): hidden @ w2 - b2,
        OTHER_ACTIVATION.of(other="tanh"): torch.tanh(x @ w1 + b1) @ w2 + b2,
        OTHER_ACTIVATION.of(other="leaky_relu"): F.leaky_relu(x @ w1 + b1) @ w2 + b2,
        OTHER_ACTIVATION.of(other="gelu"): F.gelu(x @ w1 + b1) @ w2 + b2,
        OTHER_ACTIVATION.of(other="softmax"): (x @ w1 + b1).softmax(1) @ w2 + b2,
        PROBABILITIES: expected.softmax(1),
        LOG_PROBABILITIES: expected.log_softmax(1),
    }
    expect_close(
        got,
        expected.to(draw.dtype),
        "logits",
        requires_grad=None if given["x"].requires_grad else False,
        causes={cause: other.to(draw.dtype) for cause, other in others.items()},
        scale=largest(hidden @ w2.abs() + b2.abs()),
    )


@rounds(half=True)
@points(1)
def test_forward(student: Student, draw: Draw) -> None:
    """`forward` gives the pair (logits, cache), with logits = relu(x w1 + b1) w2 + b2."""
    expect_logits(student, draw, draw.magnitude("x, b1, logits", tiny=TINY))
    if draw.round.all_equal:
        expect_logits(student, draw, 1.0, zero=True)


@probe
def measure(student: Any, by_default: bool, logits: Tensor, labels: Tensor) -> Any:
    return called(student.cross_entropy, by_default, logits, labels)


@rounds(half=True)
@points(1)
def test_cross_entropy(student: Student, draw: Draw) -> None:
    """`cross_entropy(logits, labels)` is the mean cross-entropy, a scalar."""
    expect_cross_entropy(student, draw, draw.choice("logits", LOGITS))
    if draw.round.all_equal:
        expect_cross_entropy(student, draw, 0.0)


def expect_cross_entropy(
    student: Student, draw: Draw, size: float, by_default: bool = False
) -> None:
    n, c = draw.size("n"), draw.size("c")
    logits = draw.layout("logits", size * draw.normal(n, c))
    labels = draw.layout("labels", draw.integers(0, c, n))
    given = draw.needing({"logits": logits, "labels": labels}, draw.dtype.itemsize == 2)
    got = student.run(measure, by_default=by_default, **given)
    exact = logits.double()
    expected = F.cross_entropy(exact, labels).to(draw.dtype)

    def loss(log_p: Tensor) -> Tensor:
        return -log_p.gather(1, labels.unsqueeze(1)).mean().to(draw.dtype)

    def causes() -> dict[Cause, Tensor]:
        softmax = exact.softmax(1)
        found = {
            SOFTMAX_TWICE: F.cross_entropy(softmax, labels).to(draw.dtype),
            OVER_SAMPLES: loss(exact.log_softmax(0)),
            PROBABILITY: other_terms.either(got, loss(softmax), -loss(softmax)),
            LOGITS_ALONE: loss(exact),
            SOFTMAX_OF_ALL: loss(exact - exact.flatten().logsumexp(0)),
            SIGMOID_FOR_SOFTMAX: loss(F.logsigmoid(exact)),
            ALL_CLASSES: -exact.log_softmax(1).mean().to(draw.dtype),
            other_functions.ALL_LABELS: -exact.log_softmax(1)[:, labels].mean().to(draw.dtype),
        }
        found |= other_terms.counts(got, expected, "n", n) | other_functions.other_bases(expected)
        return found | with_eps(got, exact, labels)

    expect_close(
        got,
        expected,
        "cross_entropy",
        requires_grad=None if given["logits"].requires_grad else False,
        factors={"n": n, "c": c, "n·c": n * c},
        causes=causes,
        scale=max(1.0, 3 * size),
    )


def with_eps(got: Any, logits: Tensor, labels: Tensor) -> dict[Cause, Tensor]:
    """The loss, where the probabilities are kept away from 0 before their logarithm is taken."""
    rows, softmax = torch.arange(len(labels), device=labels.device), logits.softmax(1)
    found = {}
    for eps in other_functions.EPSILONS:
        kept = [
            -each.log()[rows, labels].mean() for each in (softmax + eps, softmax.clamp(min=eps))
        ]
        found[KEPT_AWAY.of(eps=f"{eps:g}")] = other_terms.either(got, *kept)
    return found


def kept_finite(got: Any, logits: Tensor, labels: Tensor) -> dict[Cause, Any]:
    """What comes of large logits, where nothing is done about them, or another thing than is right."""
    causes: dict[Cause, Any] = {OVERFLOW: math.nan, **with_eps(got, logits, labels)}
    for bound in other_functions.BOUNDS:
        clipped = F.cross_entropy(logits.clamp(-bound, bound), labels)
        causes[CLIPPED.of(bound=f"{bound}")] = clipped
    return causes


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
            got = student.run(measure, by_default=False, logits=logits, labels=labels)
            # log-sum-exp minus a logit loses about |logit|·ε
            rtol = max(1e-9, 20 * size * torch.finfo(draw.dtype).eps)
            what = _("cross_entropy of logits up to ±{size:g}").format(size=size)
            expected = F.cross_entropy(logits.double(), labels).to(draw.dtype)
            causes = partial(kept_finite, got, logits.double(), labels)
            expect_close(got, expected, what, rtol=rtol, causes=causes)


@probe
def run_backward(
    student: Any,
    by_default: bool,
    logits: Tensor,
    labels: Tensor,
    again: bool,
    **inputs: Tensor,
) -> Any:
    pair = pass_forward(student, by_default, inputs)
    if pair is None:
        return "no pair"
    if again:
        # another pass in between: the cache is what `backward` is given, not what was seen last
        pass_forward(student, by_default, {name: value + 1 for name, value in inputs.items()})
        # and once before with the same objects, of which the logits held other numbers
        given, logits = logits, logits.detach() + 1
        student.backward(pair[1], logits.neg_(), labels)
        logits.copy_(given.detach())
    return called(student.backward, by_default, pair[1], logits, labels)


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


def by_hand(
    logits: Tensor, labels: Tensor, mistake: str, inputs: dict[str, Tensor]
) -> dict[str, Tensor]:
    """The gradients with a mistake."""
    x, w1, b1, w2, _unused = (value.double() for value in inputs.values())
    n, z1 = len(logits), x @ w1 + b1
    hot = logits.argmax(1) if mistake == "own labels" else labels
    onehot = F.one_hot(hot, logits.shape[1])
    if mistake == "labels for onehot":
        onehot = labels.unsqueeze(1)
    elif mistake == "all labels":
        onehot[:, labels] = 1
    taken = logits_of(**inputs) if mistake == "own logits" else logits
    p = taken.double().softmax(0 if mistake == "over samples" else 1)
    if mistake == "no softmax":
        p = logits.double()
    elif mistake == "sigmoid for softmax":
        p = logits.double().sigmoid()
    elif mistake == "log-softmax for softmax":
        p = p.log()
    error = (p - onehot * (mistake != "no onehot")) / n
    h = {"no activation": z1, "sigmoid": z1.sigmoid()}.get(mistake, z1.relu())
    slope = (z1 > 0).double() + (z1 == 0) * {"kink 1": 1.0, "kink 1/2": 0.5}.get(mistake, 0.0)
    taken_by_w2 = {"before relu": z1, "overwritten": slope}.get(mistake, h)
    dw2 = taken_by_w2.T @ error
    dh = error @ (w2 - dw2 if mistake == "new w2" else w2).T
    by = {
        "no mask": torch.ones_like(dh),
        "no activation": torch.ones_like(dh),
        "mask of gradient": (dh > 0).double(),
        "mask without bias": (x @ w1 > 0).double(),
        "times hidden": h,
        "sigmoid": h * (1 - h),
        "h(1 − h)": h * (1 - h),
        "1 − h²": 1 - h**2,
    }
    dz = dh * by.get(mistake, slope)
    db1 = (dh if mistake == "no mask in b1" else dz).sum(0)
    db2 = error.sum(1 if mistake == "over classes" else 0)
    dw1 = (h if mistake == "hidden for x" else x).T @ (dh if mistake == "no mask in w1" else dz)
    grads = {"w1": dw1, "b1": db1, "w2": dw2, "b2": db2}
    if mistake == "swapped":
        return dict(zip(("w2", "b2", "w1", "b1"), grads.values(), strict=True))
    return grads


FIRST, SECOND = ("w1", "b1"), ("w2", "b2")


def expect_gradients(
    student: Student,
    draw: Draw,
    names: tuple[str, ...],
    inputs: dict[str, Tensor],
    logits: Tensor,
    labels: Tensor,
    again: bool = False,
    by_default: bool = False,
) -> None:
    needs = again and draw.round.name == "large"
    given = draw.needing({"logits": logits, "labels": labels, **inputs}, needs)
    got = student.run(run_backward, by_default=by_default, again=again, **given)
    expect(got != "no pair", _("forward does not return a pair (logits, cache)."))
    expected = gradients(logits, labels, **inputs)
    for name in names:
        known = [key for key in got if str(key).isidentifier()] if isinstance(got, dict) else []
        sentence = _('backward gives no dict with an entry "{name}".').format(name=name)
        shown = ", ".join(f"`{key}`" for key in known[:4] if len(key) < 50)
        other_keys = OTHER_KEYS.of(keys=shown) if shown else ""
        expect(name in known, sentence, explain.did_you_mean(name, known) or other_keys)
    causes: dict[Cause, Any] = {
        cause: partial(by_hand, logits, labels, mistake, inputs)
        for mistake, cause in MISTAKES.items()
    }
    if again:
        later = {name: value + 1 for name, value in inputs.items()}
        causes[explain.STALE] = lambda: gradients(logits, labels, **later)
    x, w1, b1, w2, _unused = inputs.values()
    scales = [largest(x, w2)] * ("w1" in names) + [largest(x @ w1 + b1)] * ("w2" in names)
    expect_close(
        got,
        {name: expected[name] for name in names},
        "grads",
        requires_grad=None if given["logits"].requires_grad else False,
        factors={"n": len(logits), "c": logits.shape[1]},
        causes=causes,
        scale=max(scales),
    )


def some_labels(draw: Draw, n: int, c: int) -> Tensor:
    """Without the last class: how many there are, the logits say and not the labels."""
    return draw.layout("labels", draw.integers(0, max(1, c - 1), n))


def expect_own_gradients(
    student: Student, draw: Draw, names: tuple[str, ...], least: int, by_default: bool = False
) -> None:
    """Holds the gradients at the logits that `forward` gives against autograd's; there are `least` classes or more."""
    n, d = draw.size("n"), draw.size("d")
    c, k = draw.size("c", low=least), draw.size("k")
    size = draw.magnitude("x, b1, 1/w2", tiny=TINY)
    inputs = network(draw, n, d, k, c, size)
    labels = some_labels(draw, n, c)
    logits = draw.layout("logits", logits_of(**inputs))
    expect_gradients(student, draw, names, inputs, logits, labels, by_default=by_default)


@rounds(half=True)
@points(2)
@follows("forward")
def test_backward_second_layer(student: Student, draw: Draw) -> None:
    """`backward` gives the gradients of w2 and b2."""
    expect_own_gradients(student, draw, SECOND, 1)


@rounds(half=True)
@points(2)
@follows("forward")
def test_backward_first_layer(student: Student, draw: Draw) -> None:
    """`backward` gives the gradients of w1 and b1."""
    expect_own_gradients(student, draw, FIRST, 2)


@rounds()
@points(1)
@follows("forward")
def test_backward_takes_logits_as_given(student: Student, draw: Draw) -> None:
    """`backward` uses `logits` as it is given, also large ones and such as did not make `cache`."""
    # autograd of one's own forward, or a second forward pass, gives other numbers here
    n, d, k, c = draw.size("n"), draw.size("d"), draw.size("k"), draw.size("c", low=2)
    inputs, labels = network(draw, n, d, k, c), draw.layout("labels", draw.integers(0, c, n))
    logits = draw.layout("logits", draw.choice("logits", GIVEN) * draw.normal(n, c))
    expect_gradients(student, draw, (*FIRST, *SECOND), inputs, logits, labels, again=True)


@points(1)
@follows("forward")
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
    # and below 0 in the second, where a mask that is missing shows
    inputs["w1"][:, 1] = torch.tensor([0, 1, 0])
    inputs["b1"][1] = 0
    labels = draw.integers(0, 2, 5)
    expect_gradients(student, draw, FIRST, inputs, logits_of(**inputs), labels)


@points(1)
@needs("forward", "cross_entropy", "backward_second_layer", "backward_first_layer")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """All three functions work on any device: results are where the inputs are."""
    for by_default in (False, True):
        if by_default:
            draw.tell_default(elsewhere.device)
        expect_logits(elsewhere, draw, 1.0, by_default=by_default)
        expect_cross_entropy(elsewhere, draw, 2.0, by_default)
        expect_own_gradients(elsewhere, draw, (*FIRST, *SECOND), 2, by_default)


HINTS = (
    """Go through `forward` from its last operation to its first. For a product Z = H W the gradients are
    dW = Hᵀ dZ and dH = dZ Wᵀ; for a bias that is added to every row, the sum of dZ over the rows. What
    of `forward` do you need for that? It belongs into the cache.""",
    """The cache holds x, the hidden values after the ReLU, and w2. The gradient at the output is
    `torch.softmax(logits, dim=1) - F.one_hot(labels, num_classes=c)`, divided by n. Where the ReLU gave
    0, it lets no gradient through. `torch.log_softmax` is finite where the logarithm of a softmax is
    not.""",
    """```python
    x, hidden, w2 = cache
    n, c = logits.shape
    dz = (torch.softmax(logits, dim=1) - F.one_hot(labels, num_classes=c)) / n
    da = (dz @ w2.T) * (hidden > 0)
    ```

    The gradients of the second layer are `hidden.T @ dz` and `dz.sum(dim=0)`; those of the first are the
    same with `x` and `da`. The loss is `-log_probabilities[torch.arange(n), labels].mean()`, with
    `log_probabilities = torch.log_softmax(logits, dim=1)`.""",
)
COMPARE = """Another right way: small classes with `forward` and `backward`, each keeping what its backward needs,
    called in reverse: that is a framework in small.

    Autograd does the same: each operation leaves a node with what it has saved, and `backward` walks the
    nodes in reverse, adding where a value was used twice."""
