"""`nn.Linear` from scratch: registration, values, gradients and updates."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from grader import (
    Cause,
    Draw,
    Received,
    Student,
    _,
    applied,
    as_asked,
    called,
    expect,
    expect_close,
    explain,
    fill,
    follows,
    held_by,
    helper,
    moved,
    needs,
    points,
    probe,
    rounds,
)

OTHER_WEIGHTS = Cause(
    "stale",
    "`forward` does not use `weights`, but another tensor, such as a copy that was made in `__init__`.",
)
OLD_NUMBERS = Cause(
    "stale",
    "`forward` goes by the numbers that {names} held before: something is kept from the first call on.",
)
BUFFER = Cause(
    "unregistered",
    "It is a buffer: `.to(…)` moves it, and no optimizer finds it. Make it an `nn.Parameter`.",
)
OTHER_RANK = Cause("extra-dimension", "One dimension is asked: that of size 1 is too many.")
NO_BIAS = Cause(
    "missing-term",
    "No bias has come to it. Mind that `y + b` makes a new tensor, and leaves `y` as it is.",
)
BIAS_IS_NONE = Cause("bias-kept", "It is None, also where the argument `bias` is true.")
RELU = Cause(
    "extra-activation", "A relu follows, which makes negative outputs 0; a linear layer has none."
)
RANDN = Cause(
    "other-distribution",
    "Use `torch.randn`, and its numbers as they are: neither scaled nor moved.",
)
SAME_NUMBERS = Cause(
    "not-random",
    "The numbers are fixed, a seed is set, or nothing is drawn (`torch.empty`): draw them from the generator as it "
    "stands.",
)
NOT_NONE = Cause(
    "bias-kept",
    "Something is there all the same: set it to None where the argument `bias` is false.",
)
NOT_DRAWN = Cause(
    "not-random", "`torch.empty` and `torch.Tensor` draw nothing: use `torch.randn`, which does."
)
FLATTENED = Cause(
    "reshaped",
    "All samples are in one dimension: what stands before the last dimension of x, nothing too, is to stand there in "
    "the output.",
)
SUBTRACTED = Cause("sign-of-term", "The bias is subtracted.")
TWICE = Cause("twice", "The bias is added twice.")

FORBIDDEN = {
    "from scratch": {
        "names": [
            "torch.nn.Linear",
            "torch.nn.LazyLinear",
            "torch.nn.Bilinear",
            "torch.nn.modules.linear",
            "torch.nn.functional.linear",
            "torch.nn.functional.bilinear",
            "torch.nn.Conv1d",
            "torch.nn.Conv2d",
            "torch.nn.functional.conv1d",
            "torch.nn.functional.conv2d",
            "torch.conv1d",
            "torch.conv2d",
            "torch.convolution",
            "torch.bilinear",
        ]
    }
}
# the numbers of leading dimensions, round by round: a batch is the published use
RANKS = (1, 1, 0, 3, 1, 2)


@helper
def is_turned(student: Any, n_in: int, n_out: int) -> bool:
    """Whether its weights are (out, in) where that does not show in their shape."""
    if n_in != n_out:
        return False
    shape = held_by(student.MyLinear(n_in, n_in + 1), "weights").shape
    return tuple(shape) == (n_in + 1, n_in)


@helper
def refill(
    student: Any,
    layer: Any,
    weights: Tensor,
    bias: Tensor | None,
    registered: bool = False,
) -> None:
    """Gives a layer other values, in the shapes in which it keeps them; `registered` as `fill` has it."""
    own = weights.T if is_turned(student, *weights.shape) else weights
    fill(layer, registered, weights=own)
    if bias is not None:
        fill(layer, registered, bias=bias)


@helper
def filled(student: Any, weights: Tensor, bias: Tensor | None, registered: bool = False) -> Any:
    """A layer with the given values, in the shapes in which it keeps them."""
    sizes = weights.shape
    layer = student.MyLinear(*sizes) if bias is not None else student.MyLinear(*sizes, bias=False)
    layer = moved(layer, weights)
    refill(student, layer, weights, bias, registered)
    return layer


@helper
def told(student: Any, weights: Any, bias: Any, like: Tensor) -> dict[str, Any]:
    """What belongs to `weights` and `bias`, in the shapes that are asked; `like` is in that of the weights."""
    own = weights.T if is_turned(student, *like.shape) and weights is not None else weights
    return {"weights": as_asked(own, like), "bias": as_asked(bias, like[0])}


@probe
def describe(student: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    layer = student.MyLinear(*args, **kwargs)
    return {
        "is a module": isinstance(layer, nn.Module),
        "parameters": {name: list(value.shape) for name, value in layer.named_parameters()},
        "buffers": [name for name, _value in layer.named_buffers()],
        "state": sorted(layer.state_dict()),
        "attributes": [name for name in ("weights", "bias") if hasattr(layer, name)],
        "bias": getattr(layer, "bias", "missing"),
        "sizes": [getattr(layer, name, None) for name in ("in_features", "out_features")],
    }


@rounds("published", "ones", "large")
@points(1)
def test_parameters(student: Student, draw: Draw) -> None:
    """`weights` (in_features, out_features) and `bias` (out_features,) are registered parameters."""
    n_in, n_out = draw.size("n_in"), draw.size("n_out")
    got = student.run(describe, args=[n_in, n_out], kwargs={})
    expect(got["is a module"], _("MyLinear is not an nn.Module."))
    for name, shape in (("weights", [n_in, n_out]), ("bias", [n_out])):
        expect(
            name in got["attributes"],
            _("MyLinear has no attribute `{name}`.").format(name=name),
            explain.did_you_mean(name, got["parameters"]),
        )
        expect(
            name in got["parameters"],
            _("`{name}` is not a registered `nn.Parameter`.").format(name=name),
            BIAS_IS_NONE
            if name == "bias" and got["bias"] is None
            else BUFFER
            if name in got["buffers"]
            else explain.UNREGISTERED,
        )
        one_too_many = [size for size in got["parameters"][name] if size != 1] == shape
        expect(
            got["parameters"][name] == shape,
            _("`{name}` has shape {parameters}, expected {wanted}.").format(
                name=name, parameters=tuple(got["parameters"][name]), wanted=tuple(shape)
            ),
            explain.TRANSPOSE
            if got["parameters"][name] == shape[::-1]
            else OTHER_RANK
            if one_too_many and len(shape) == 1
            else "",
        )
    others = sorted(set(got["parameters"]) - {"weights", "bias"})
    expect(
        not others, _("There are further parameters: {others}.").format(others=", ".join(others))
    )


@rounds("published", "ones", "large")
@points(1)
def test_sizes(student: Student, draw: Draw) -> None:
    """`in_features` and `out_features` are kept."""
    n_in, n_out = draw.size("n_in"), draw.size("n_out")
    named = {"in_features": n_in, "out_features": n_out}
    by_keyword = draw.choice("by_keyword", [False, True])
    args, kwargs = ([], named) if by_keyword else ([n_in, n_out], {})
    got = student.run(describe, args=args, kwargs=kwargs)
    for name, kept in zip(named, got["sizes"], strict=True):
        sentence = _("MyLinear has no attribute `{name}`.").format(name=name)
        expect(kept is not None, sentence, _("Keep it in `self.{name}`.").format(name=name))
    expect_close(dict(zip(named, got["sizes"], strict=True)), named, _("the sizes"))


@probe(once="it makes many layers itself")
def sample(student: Any, n_in: int, n_out: int) -> Any:
    wide, other = (held_by(student.MyLinear(n_in, n_out), "weights") for _ in range(2))
    flat = [student.MyLinear(1, n_out) for _ in range(50)]
    return {
        "weights": wide,
        "bias shape": list(held_by(flat[0], "bias").shape),
        "bias": torch.stack([held_by(layer, "bias").detach().flatten() for layer in flat]),
        "rows": torch.stack([held_by(layer, "weights").detach().flatten() for layer in flat]),
        "again": torch.equal(wide, other),
    }


@points(1)
def test_standard_normal(student: Student, draw: Draw) -> None:
    """`weights` and `bias` are drawn from the standard normal distribution."""
    n_in, n_out = draw.integers(130, 200).item(), draw.integers(200, 260).item()
    got = student.run(sample, n_in=n_in, n_out=n_out)
    sentence = _("Two layers have the same weights: they are not drawn at random.")
    expect(not got["again"], sentence, SAME_NUMBERS)
    shape = _("`{name}` has shape {parameters}, expected {wanted}.")
    shape = shape.format(name="bias", parameters=tuple(got["bias shape"]), wanted=(n_out,))
    expect(got["bias"].tensor.shape[1] == n_out, shape)
    within = got["bias"].tensor.double().std(dim=1).min().item()
    alike = _("The numbers of one `bias` differ by {within:.2g} only: draw each of them.")
    among = got["bias"].tensor.double().std().item()
    # numbers of another size are told of below
    expect(not within <= 0.2 * among, alike.format(within=within))
    for name in ("weights", "bias"):
        values = got[name].tensor.double().flatten()
        sentence = _("`{name}` holds numbers that are not finite.").format(name=name)
        expect(bool(values.isfinite().all()), sentence, NOT_DRAWN)
        mean, spread = values.mean().item(), values.std().item()
        # 0.683 for the normal, 0.577 for a uniform
        near = (values.abs() < 1).double().mean().item()
        far = (values.abs() > 2.5).double().mean().item()
        # eight standard errors and more for 10,000 values: no right answer ever fails
        expect(
            abs(mean) < 0.08 and abs(spread - 1) < 0.06 and abs(near - 0.6827) < 0.04,
            _(
                "`{name}` has mean {mean:.2f} and standard deviation {spread:.2f}, with "
                "{near:.0%} of the values between −1 and 1; the standard normal distribution has "
                "0, 1 and 68%."
            ).format(name=name, mean=mean, spread=spread, near=near),
            RANDN,
        )
        expect(
            abs(far - 0.0124) < 0.009,
            _(
                "Of the numbers in `{name}` {far:.1%} are beyond ±2.5; of the standard normal "
                "distribution 1.2% are."
            ).format(name=name, far=far),
            RANDN,
        )
    expect(within > 0.5, alike.format(within=within))
    drawn = torch.cat([got[name].tensor.double().flatten() for name in ("weights", "bias", "rows")])
    # of so many, twenty are beyond ±3.5, and not one in 500 is there twice; a sum of a few uniform numbers ends before
    expect(
        drawn.abs().max().item() > 3.5,
        _("Not one of {count} numbers in `weights` and `bias` is beyond ±{most:.2f}.").format(
            count=len(drawn), most=drawn.abs().max().item()
        ),
        _("Use `torch.randn`."),
    )
    alone = len(drawn.abs().unique()) / len(drawn)
    expect(
        alone > 0.9,
        _(
            "Of the numbers in `weights` and `bias`, {share:.0%} stand there once more, or with the other sign: draw "
            "each of them."
        ).format(share=1 - alone),
    )
    # 0.1 if each number is drawn by itself, and 0 for a matrix that is made orthogonal
    varies = got["rows"].tensor.double().square().mean(dim=1).std().item()
    expect(varies > 0.03, _("The rows of `weights` are all of one length: draw each number."))


@probe
def apply_layer(student: Any, x: Tensor, weights: Tensor, bias: Tensor | None) -> Any:
    return applied(filled(student, weights, bias), x)


@probe(aside=True)
def apply_other(student: Any, x: Tensor, weights: Tensor, bias: Tensor | None) -> Any:
    return applied(filled(student, weights, bias), x)


@probe
def under_another_default(student: Any, x: Tensor, weights: Tensor, bias: Tensor) -> Any:
    """What `forward` makes without a device is where the layer and x are."""
    # it is made before: a generator of one's own, which is on the CPU, draws nothing elsewhere
    layer = filled(student, weights, bias)
    return called(lambda x: applied(layer, x), True, x)


def linear(x: Tensor, weights: Tensor, bias: Tensor | float) -> Tensor:
    """x @ weights + bias, worked out in float64."""
    exact = bias.double() if isinstance(bias, Tensor) else bias
    return (x.double() @ weights.double() + exact).to(x.dtype)


@rounds(half=True)
@points(2)
def test_forward(student: Student, draw: Draw) -> None:
    """`forward(x)` is x @ weights + bias, for any number of leading dimensions."""
    lead = draw.shape("lead", RANKS, elements=256)
    n_in, n_out = draw.size("n_in"), draw.size("n_out")
    scale = draw.magnitude("x", zero=True)
    x = draw.layout("x", scale * draw.numbers(*lead, n_in))
    # of the size of the product, so that neither hides the other
    weights, bias = draw.normal(n_in, n_out), scale * draw.normal(n_out)
    got = student.run(apply_layer, x=x, weights=weights, bias=bias)
    expected = linear(x, weights, bias)

    def causes() -> dict[Cause, Any]:
        found: dict[Cause, Any] = {
            NO_BIAS: linear(x, weights, 0),
            SUBTRACTED: linear(x, weights, -bias),
            TWICE: linear(x, weights, 2 * bias),
            RELU: linear(x, weights, bias).relu(),
            # a bias of one row gives a sample alone that shape, too
            FLATTENED if lead else FLATTENED.unsure(): linear(x.reshape(-1, n_in), weights, bias),
        }
        if not isinstance(got, Received) or not x.any():
            return found
        other = student.run(apply_other, x=x, weights=weights + 1, bias=bias)
        same = isinstance(other, Received) and torch.equal(other.tensor, got.tensor)
        return found | ({OTHER_WEIGHTS: got.tensor} if same else {})

    expect_close(got, expected, "forward(x)", causes=causes, scale=scale)


@rounds("published", "ones", "large")
@points(1)
@follows("forward")
def test_without_bias(student: Student, draw: Draw) -> None:
    """With `bias=False` the attribute `bias` is None, no such parameter exists, and none is added."""
    n_in, n_out = draw.size("n_in"), draw.size("n_out")
    args, kwargs = draw.passed(bias=False)
    got = student.run(describe, args=[n_in, n_out, *args], kwargs=kwargs)
    expect(
        got["bias"] != "missing",
        _("With bias=False there is no attribute `bias`; it is to be None."),
        _('`self.register_parameter("bias", None)` makes it, and `self.bias = None` does.'),
    )
    expect(
        got["bias"] is None,
        _("With bias=False the attribute `bias` is not None."),
        _("It is the argument itself, `False`: None is asked.")
        if got["bias"] is False
        else NOT_NONE,
    )
    for where in ("parameters", "state"):
        expect(
            "bias" not in got[where],
            _("With bias=False there is a `bias` among the {where}.").format(where=where),
        )
    x, weights = draw.normal(5, n_in), draw.normal(n_in, n_out)
    got = student.run(apply_layer, x=x, weights=weights, bias=None)
    expect_close(got, x @ weights, _("forward(x) with bias=False"))


@probe
def differentiate(student: Any, x: Tensor, weights: Tensor, bias: Tensor, g: Tensor) -> Any:
    layer = filled(student, weights, bias, registered=True)
    (layer(x.view_as(x)) * g).sum().backward()  # x is of a graph, as behind another layer
    kept = {"weights": layer.weights, "bias": layer.bias}
    return {
        "x": x.grad,
        **told(student, layer.weights.grad, layer.bias.grad, weights),
        "made without": [name for name, value in kept.items() if not value.requires_grad],
    }


@rounds()
@points(1)
@needs("forward")
def test_gradients(student: Student, draw: Draw) -> None:
    """Autograd gives `weights`, `bias` and the input the gradients of x @ weights + bias."""
    lead = draw.shape("lead", RANKS, elements=256)
    n_in, n_out = draw.size("n_in"), draw.size("n_out")
    x, weights, bias = draw.normal(*lead, n_in), draw.normal(n_in, n_out), draw.normal(n_out)
    g = draw.normal(*lead, n_out)
    leaves = {"x": x, "weights": weights, "bias": bias}
    for leaf in leaves.values():
        leaf.requires_grad_()
    got = student.run(differentiate, x=x, weights=weights.detach(), bias=bias.detach(), g=g)
    grads = torch.autograd.grad(((x @ weights + bias) * g).sum(), list(leaves.values()))
    for name, grad in zip(leaves, grads, strict=True):
        expect(
            got[name] is not None,
            _("`{name}` gets no gradient.").format(name=name),
            explain.NO_GRAD if name in got["made without"] else explain.CUT,
        )
        expect_close(got[name], grad, _("the gradient of {name}").format(name=name))


@probe
def move_and_copy(student: Any, x: Tensor, weights: Tensor, bias: Tensor) -> Any:
    layer = filled(student, weights, bias, registered=True)
    copy = student.MyLinear(*weights.shape).to(x)
    state = dict(layer.state_dict())
    copy.load_state_dict(state)
    halved = student.MyLinear(*weights.shape).to(torch.bfloat16)
    if {"weights", "bias"} <= state.keys():
        state |= told(student, state["weights"], state["bias"], weights)
    layer(x)  # it is used before it is moved
    at = x.to(torch.float32 if x.dtype == torch.float64 else torch.float64)
    converted = layer.to(at.dtype).eval()(at)
    refill(student, layer, (weights / 2).to(at), (bias - 2).to(at))
    filled_there = layer(at)
    return {
        "converted": converted,
        "filled there": filled_there,
        "state": state,
        "copied": copy(x),
        "moved": [str(value.dtype) for value in (halved.weights, halved.bias)],
    }


@rounds("published", "large")
@points(1)
@needs("forward")
def test_moves_and_is_saved(student: Student, draw: Draw) -> None:
    """The layer moves with `.to(…)` and round-trips through `state_dict`."""
    n, n_in, n_out = draw.size("batch"), draw.size("n_in"), draw.size("n_out")
    x, weights, bias = draw.normal(n, n_in), draw.normal(n_in, n_out), draw.normal(n_out)
    got = student.run(move_and_copy, x=x, weights=weights, bias=bias)
    expect_close(got["state"], {"weights": weights, "bias": bias}, "state_dict()")
    expect_close(got["copied"], linear(x, weights, bias), _("forward(x) of a layer loaded from it"))
    moved = ["torch.bfloat16"] * 2
    expect(
        got["moved"] == moved,
        _("After .to(torch.bfloat16) the dtypes are {moved}.").format(moved=got["moved"]),
    )
    other = torch.float32 if draw.dtype == torch.float64 else torch.float64
    after = weights.to(other), bias.to(other)
    what = _("forward(x) of a layer that was used before .to({dtype})").format(dtype=other)
    expect_close(got["converted"], linear(x.to(other), *after), what)
    after = (weights / 2).to(other), (bias - 2).to(other)
    what = _("forward(x) after .to({dtype}), and then other numbers in weights and bias")
    old = weights.to(other), bias.to(other)
    stale = stale_of(x.to(other), old, after)
    expect_close(
        got["filled there"], linear(x.to(other), *after), what.format(dtype=other), causes=stale
    )


def stale_of(
    x: Tensor, old: tuple[Tensor, Tensor], new: tuple[Tensor, Tensor]
) -> dict[Cause, Tensor]:
    """What comes of weights and a bias that are those from before."""
    return {
        OLD_NUMBERS.of(names="weights, bias"): linear(x, *old),
        OLD_NUMBERS.of(names="weights"): linear(x, old[0], new[1]),
        OLD_NUMBERS.of(names="bias"): linear(x, new[0], old[1]),
    }


@helper
def train(
    forward: Any, parameters: list[Tensor], x: Tensor, y: Tensor, name: str, steps: int
) -> list[float]:
    """The losses on the way."""
    options: dict[str, Any] = {"max_iter": 1} if name == "LBFGS" else {}
    optimizer = getattr(torch.optim, name)(parameters, lr=0.02, **options)
    losses: list[float] = []

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss: Tensor = ((forward(x) - y) ** 2).mean()
        loss.backward()
        losses.append(loss.item())
        return loss

    for _unused in range(steps):
        optimizer.step(closure)
    return losses


@probe
def optimize(
    student: Any,
    x: Tensor,
    y: Tensor,
    weights: Tensor,
    bias: Tensor,
    name: str,
    steps: int,
    training: bool,
) -> Any:
    layer = filled(student, weights, bias, registered=True).train(training)
    layer(x)
    try:
        losses = train(layer, list(layer.parameters()), x, y, name, steps)
    except RuntimeError:
        if name != "LBFGS" or layer.weights.is_contiguous():
            raise
        return {"flattened": False}
    return {**told(student, layer.weights, layer.bias, weights), "losses": losses}


@rounds("published", "more ones", "equal")
@points(1)
@needs("forward")
@follows("gradients")
def test_is_trained(student: Student, draw: Draw) -> None:
    """Any optimizer of `torch.optim` trains it: it is moved by a few steps as plain tensors are."""
    n, n_in, n_out = (draw.size(name, high=8) for name in ("batch", "n_in", "n_out"))
    name = draw.choice("optimizer", ["SGD", "RMSprop", "Adam", "LBFGS"])
    training, steps = draw.choice("training", [True, False]), draw.count("steps", 2, 4)
    x, y = draw.normal(n, n_in), draw.normal(n, n_out)
    weights, bias = draw.normal(n_in, n_out), draw.normal(n_out)
    got = student.run(
        optimize, x=x, y=y, weights=weights, bias=bias, name=name, steps=steps, training=training
    )
    expect(
        "flattened" not in got,
        _(
            "LBFGS cannot train `weights`: it flattens gradients, and that of a transpose it cannot."
        ),
        _("Give the parameter memory of its own, in its own order: `.contiguous()`."),
    )
    leaves = [weights.clone().requires_grad_(), bias.clone().requires_grad_()]
    losses = train(lambda x: x @ leaves[0] + leaves[1], leaves, x, y, name, steps)
    expected = dict(zip(("weights", "bias"), (leaf.detach() for leaf in leaves), strict=True))
    what = _("parameters after {steps} steps of {name}").format(steps=steps, name=name)
    # most optimizers divide by the gradient's size, so that of a gradient near 0 the rounding shows
    rtol, curves = max(1e-9, 1e3 * torch.finfo(draw.dtype).eps), (got["losses"], losses)
    expect_close(got, expected, what, rtol=rtol, requires_grad=True, curves=curves)


@points(1)
@needs("forward")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """The layer works and is trained on any device that it is moved to."""
    test_forward(elsewhere, draw)
    test_gradients(elsewhere, draw)
    test_is_trained(elsewhere, draw)
    x, weights, bias = draw.normal(5, 3), draw.normal(3, 4), draw.normal(4)
    got = elsewhere.run(under_another_default, x=x, weights=weights, bias=bias)
    draw.tell_default(elsewhere.device)
    expect_close(got, linear(x, weights, bias), "forward(x)")


HINTS = (
    """A tensor that is put into an attribute of a module is an attribute, and no more. What has it to be
    wrapped in for `parameters()` to find it?""",
    """`nn.Parameter(torch.randn(in_features, out_features))` is drawn from the standard normal distribution
    and registered. With `bias=False` the attribute is `None`, and `forward` has to do without it. `@`
    takes any number of leading dimensions.""",
    """```python
    self.weights = nn.Parameter(torch.randn(in_features, out_features))
    self.bias = nn.Parameter(torch.randn(out_features)) if bias else None
    ```

    `forward` is `x @ self.weights`, plus `self.bias` if that `is not None`. Keep the two sizes in
    `self.in_features` and `self.out_features` as well.""",
)
COMPARE = """Another right way: `torch.matmul`, or `torch.einsum("...i,io->...o", x, weights)`, which says the shapes
    aloud.

    `nn.Linear` keeps its weight as (out, in) and computes `x @ weight.T + bias`, as one call that fuses both;
    and it draws the weight from a range that shrinks with 1/√in, so that outputs keep their size in deep
    networks."""
