"""`nn.Linear` from scratch: registration, values, gradients and updates."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from grader import (
    Cause,
    Draw,
    Student,
    _,
    applied,
    as_asked,
    expect,
    expect_close,
    explain,
    fill,
    held_by,
    helper,
    moved,
    needs,
    points,
    probe,
)

NO_BIAS = Cause("missing-term", "The bias is missing.")
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
            "torch.bilinear",
        ]
    }
}
# batch, in_features and out_features differ, so that a transpose shows; each may be 1
SHAPES = pytest.mark.parametrize(
    ("lead", "n_in", "n_out"), [((5,), 3, 4), ((1,), 1, 2), ((2, 3), 4, 1), ((), 3, 2)]
)
SIZES = pytest.mark.parametrize(("n_in", "n_out"), [(3, 4), (1, 2), (4, 1)])


@helper
def is_turned(student: Any, n_in: int, n_out: int) -> bool:
    """Whether its weights are (out, in) where that does not show in their shape."""
    if n_in != n_out:
        return False
    shape = held_by(student.MyLinear(n_in, n_in + 1), "weights").shape
    return tuple(shape) == (n_in + 1, n_in)


@helper
def filled(student: Any, weights: Tensor, bias: Tensor | None, registered: bool = False) -> Any:
    """A layer with the given values, in the shapes in which it keeps them."""
    sizes = weights.shape
    layer = student.MyLinear(*sizes) if bias is not None else student.MyLinear(*sizes, bias=False)
    layer = moved(layer, weights)
    own = weights.T if is_turned(student, *sizes) else weights
    fill(layer, registered, weights=own, **({} if bias is None else {"bias": bias}))
    return layer


@helper
def told(student: Any, weights: Any, bias: Any, like: Tensor) -> dict[str, Any]:
    """What belongs to `weights` and `bias`, in the shapes that are asked; `like` is in that of the weights."""
    own = weights.T if is_turned(student, *like.shape) and weights is not None else weights
    return {"weights": as_asked(own, like), "bias": as_asked(bias, like[0])}


@probe
def describe(student: Any, n_in: int, n_out: int, bias: bool) -> Any:
    layer = student.MyLinear(n_in, n_out) if bias else student.MyLinear(n_in, n_out, bias=False)
    return {
        "is a module": isinstance(layer, nn.Module),
        "parameters": {name: list(value.shape) for name, value in layer.named_parameters()},
        "state": sorted(layer.state_dict()),
        "attributes": [name for name in ("weights", "bias") if hasattr(layer, name)],
        "bias": getattr(layer, "bias", "missing"),
        "sizes": [getattr(layer, name, None) for name in ("in_features", "out_features")],
    }


@SIZES
@points(1)
def test_parameters(student: Student, n_in: int, n_out: int) -> None:
    """`weights` (in_features, out_features) and `bias` (out_features,) are registered parameters."""
    got = student.run(describe, n_in=n_in, n_out=n_out, bias=True)
    expect(got["is a module"], _("MyLinear is not an nn.Module."))
    for name, shape in (("weights", [n_in, n_out]), ("bias", [n_out])):
        expect(
            name in got["attributes"], _("MyLinear has no attribute `{name}`.").format(name=name)
        )
        expect(
            name in got["parameters"],
            _("`{name}` is not a registered `nn.Parameter`.").format(name=name),
            explain.UNREGISTERED,
        )
        expect(
            got["parameters"][name] == shape,
            _("`{name}` has shape {parameters}, expected {wanted}.").format(
                name=name, parameters=tuple(got["parameters"][name]), wanted=tuple(shape)
            ),
            explain.TRANSPOSE if got["parameters"][name] == shape[::-1] else "",
        )
    others = sorted(set(got["parameters"]) - {"weights", "bias"})
    expect(
        not others, _("There are further parameters: {others}.").format(others=", ".join(others))
    )


@SIZES
@points(1)
def test_sizes(student: Student, n_in: int, n_out: int) -> None:
    """`in_features` and `out_features` are kept."""
    got = student.run(describe, n_in=n_in, n_out=n_out, bias=True)
    expect_close(got["sizes"], [n_in, n_out], "[in_features, out_features]")


@probe
def sample(student: Any) -> Any:
    wide, other = (held_by(student.MyLinear(200, 300), "weights") for _ in range(2))
    biases = [held_by(student.MyLinear(1, 300), "bias").detach().flatten() for _ in range(40)]
    return {
        "weights": wide,
        "bias": torch.stack(biases),
        "again": torch.equal(wide, other),
    }


@points(1)
def test_standard_normal(student: Student) -> None:
    """`weights` and `bias` are drawn from the standard normal distribution."""
    got = student.run(sample)
    expect(not got["again"], _("Two layers have the same weights: they are not drawn at random."))
    within = got["bias"].tensor.double().std(dim=1).min().item()
    expect(
        within > 0.5,
        _("The numbers of one `bias` differ by {within:.2g} only: draw each of them.").format(
            within=within
        ),
    )
    for name in ("weights", "bias"):
        values = got[name].tensor.double().flatten()
        mean, spread = values.mean().item(), values.std().item()
        near = (
            (values.abs() < 1).double().mean().item()
        )  # 0.683 for the normal, 0.577 for a uniform
        # eight standard errors and more for 12,000 values: no right answer ever fails
        expect(
            abs(mean) < 0.08 and abs(spread - 1) < 0.06 and abs(near - 0.6827) < 0.04,
            _(
                "`{name}` has mean {mean:.2f} and standard deviation {spread:.2f}, with "
                "{near:.0%} of the values between −1 and 1; the standard normal distribution has "
                "0, 1 and 68%."
            ).format(name=name, mean=mean, spread=spread, near=near),
            _("Use `torch.randn`.") if abs(near - 0.6827) >= 0.04 else "",
        )


@probe
def apply_layer(student: Any, x: Tensor, weights: Tensor, bias: Tensor | None) -> Any:
    return applied(filled(student, weights, bias), x)


@SHAPES
@points(2)
def test_forward(
    student: Student, draw: Draw, lead: tuple[int, ...], n_in: int, n_out: int
) -> None:
    """`forward(x)` is x @ weights + bias, for any number of leading dimensions."""
    x, weights, bias = draw.normal(*lead, n_in), draw.normal(n_in, n_out), draw.normal(n_out)
    x = draw.strided(x)
    got = student.run(apply_layer, x=x, weights=weights, bias=bias)
    causes = {
        NO_BIAS: x @ weights,
        SUBTRACTED: x @ weights - bias,
        TWICE: x @ weights + 2 * bias,
    }
    expect_close(got, x @ weights + bias, "forward(x)", causes=causes)


@SIZES
@points(1)
def test_without_bias(student: Student, draw: Draw, n_in: int, n_out: int) -> None:
    """With `bias=False` the attribute `bias` is None, no such parameter exists, and none is added."""
    got = student.run(describe, n_in=n_in, n_out=n_out, bias=False)
    expect(
        got["bias"] is None,
        _("With bias=False the attribute `bias` is not None."),
        "" if got["bias"] == "missing" else _("The argument `bias` is not looked at."),
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
    (layer(x) * g).sum().backward()
    kept = {"weights": layer.weights, "bias": layer.bias}
    return {
        "x": x.grad,
        **told(student, layer.weights.grad, layer.bias.grad, weights),
        "made without": [name for name, value in kept.items() if not value.requires_grad],
    }


@SHAPES
@points(1)
@needs("forward")
def test_gradients(
    student: Student, draw: Draw, lead: tuple[int, ...], n_in: int, n_out: int
) -> None:
    """Autograd gives `weights`, `bias` and the input the gradients of x @ weights + bias."""
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
    return {
        "state": state,
        "copied": copy(x),
        "moved": [str(value.dtype) for value in (halved.weights, halved.bias)],
    }


@points(1)
@needs("forward")
def test_moves_and_is_saved(student: Student, draw: Draw) -> None:
    """The layer moves with `.to(…)` and round-trips through `state_dict`."""
    x, weights, bias = draw.normal(5, 3), draw.normal(3, 4), draw.normal(4)
    got = student.run(move_and_copy, x=x, weights=weights, bias=bias)
    expect_close(got["state"], {"weights": weights, "bias": bias}, "state_dict()")
    expect_close(got["copied"], x @ weights + bias, _("forward(x) of a layer loaded from it"))
    moved = ["torch.bfloat16"] * 2
    expect(
        got["moved"] == moved,
        _("After .to(torch.bfloat16) the dtypes are {moved}.").format(moved=got["moved"]),
    )


@probe
def optimize(
    student: Any, x: Tensor, y: Tensor, weights: Tensor, bias: Tensor, name: str, steps: int
) -> Any:
    layer = filled(student, weights, bias, registered=True)
    optimizer, losses = getattr(torch.optim, name)(layer.parameters(), lr=0.1), []
    for _unused in range(steps):
        optimizer.zero_grad()
        loss = ((layer(x) - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {**told(student, layer.weights, layer.bias, weights), "losses": losses}


@pytest.mark.parametrize("name", ["SGD", "Adam"])
@points(1)
@needs("forward")
def test_is_trained(student: Student, draw: Draw, name: str) -> None:
    """Any optimizer of `torch.optim` trains it: three steps move it as they move plain tensors."""
    x, y = draw.normal(5, 3), draw.normal(5, 2)
    weights, bias = draw.normal(3, 2), draw.normal(2)
    got = student.run(optimize, x=x, y=y, weights=weights, bias=bias, name=name, steps=3)
    parameters = [weights.clone().requires_grad_(), bias.clone().requires_grad_()]
    optimizer, losses = getattr(torch.optim, name)(parameters, lr=0.1), []
    for _unused in range(3):
        optimizer.zero_grad()
        loss = ((x @ parameters[0] + parameters[1] - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    expected = dict(zip(("weights", "bias"), (p.detach() for p in parameters), strict=True))
    what, curves = (
        _("parameters after three steps of {name}").format(name=name),
        (got["losses"], losses),
    )
    expect_close(got, expected, what, requires_grad=True, curves=curves)


@points(1)
@needs("forward")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """The layer works and is trained on any device that it is moved to."""
    test_forward(elsewhere, draw, (5,), 3, 4)
    test_gradients(elsewhere, draw, (2, 3), 4, 1)
    test_is_trained(elsewhere, draw, "Adam")


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
