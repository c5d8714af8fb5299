"""SGD and Adam from scratch: parameters after some steps, against torch.optim."""

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
    expect,
    expect_close,
    explain,
    helper,
    needs,
    optimizer_steps,
    points,
    probe,
    rounds,
)

NONE_CLEARED = Cause(
    "not-cleared",
    "No gradient is cleared: `zero_grad` has to set the `.grad` of each parameter to None, or to zeros.",
)
FROZEN_LEFT = Cause(
    "not-cleared",
    "The gradient that is left is that of a parameter with `requires_grad=False`: clear that, too.",
)
MORE_CLEARED = Cause(
    "cleared-too-much",
    "`zero_grad` is to clear the gradients alone: what is kept from step to step (velocity, means, counts) stays.",
)
SOME_LEFT = Cause(
    "not-cleared", "Some gradients are cleared, and some are left: go through all parameters."
)
FORBIDDEN = {"from scratch": {"names": ["torch.optim"]}}


@helper
def leaves_of(start: list[Tensor], with_gaps: bool) -> list[Any]:
    """Parameters with these values, in memory as they are, or each with gaps between its numbers."""
    values = [value.clone() for value in start]
    if with_gaps:
        values = [value.new_zeros(*value.shape, 2)[..., 0].copy_(value) for value in values]
    return [nn.Parameter(value) for value in values]


@helper
def set_gradients(parameters: list[Any], grads: list[Any]) -> None:
    """Fills gradients that are there in place: what was kept of the last one is to be a copy."""
    for parameter, grad in zip(parameters, grads, strict=True):
        if grad is not None and parameter.grad is not None:
            parameter.grad.copy_(grad)
        else:
            parameter.grad = None if grad is None else grad.clone()


@helper
def made(student: Any, kind: str, parameters: list[Any], options: Any, how: str) -> Any:
    """An optimizer; `how` the parameters, or they and `lr`, are handed over."""
    if how == "generator":
        return getattr(student, kind)((p for p in parameters), **options)
    if how == "keyword":
        return getattr(student, kind)(params=parameters, **options)
    if how == "position" and kind == "MySGD":
        others = {name: value for name, value in options.items() if name != "lr"}
        return getattr(student, kind)(parameters, options["lr"], **others)
    return getattr(student, kind)(parameters, **options)


another_first = optimizer_steps.another_first


@helper
def walked(
    student: Any,
    kind: str,
    options: dict[str, Any],
    start: list[Tensor],
    grads: list[list[Tensor | None]],
    how: str,
    beside: bool,
    before: bool,
    times: int,
) -> Any:
    parameters = leaves_of(start, beside)
    if before:  # another one had the same parameters
        another_first(made(student, kind, parameters, options, ""), parameters, start)
    optimizer = made(student, kind, parameters, options, how)
    others = leaves_of(start[:1], False)
    # another optimizer, whose steps come in between
    other = getattr(student, kind)(others, lr=0.5) if beside else None
    kept = True
    for step in times * grads:
        set_gradients(parameters, step)
        if other:
            others[0].grad = torch.ones_like(others[0])
            other.step()
        optimizer.step()
        for parameter, grad in zip(parameters, step, strict=True):
            if grad is not None:
                kept &= parameter.grad is not None and torch.equal(parameter.grad, grad)
    return {
        "kept": kept,
        "parameters": parameters,
        "leaves": all(p.is_leaf and p.requires_grad for p in parameters),
    }


run_steps = probe(walked)


@probe(aside=True)
def run_aside(student: Any, given: dict[str, Any]) -> Any:
    """The same with a list of parameters."""
    return walked(student, **{**given, "how": ""})["parameters"]


LR = 0.13  # with 0.1, a β₁ of 0.9 that is forgotten would look like a rate that is
# how large gradients are, and for SGD the parameters too: where they are tiny, Adam's eps shows
SIZES = {"1": 1.0, "1e-7": 2.0**-23, "8000": 2.0**13}


def drawn_shapes(draw: Draw) -> list[tuple[int, ...]]:
    """The parameters' shapes: one of two dimensions, two that are equal, one without a dimension, and more."""
    n, k, m = draw.size("n"), draw.size("k", high=8), draw.size("m")
    more: list[tuple[int, ...]] = [(k,), (2, 1, k), (), (k,)]
    return [(n, k), (m,), (), (m,), *more[: draw.count("parameters", 4, 8) - 4]]


def expect_like_torch(
    student: Student,
    draw: Draw,
    kind: str,
    options: dict[str, Any],
    how: str = "",
    missing: bool = False,
) -> None:
    long = draw.round.name == "ones" and not missing  # more steps than 8 bits can count
    shapes, times = drawn_shapes(draw)[: 1 if long else None], 100 if long else 1
    steps = 3 if long else draw.count("steps", 3, 12)
    size = draw.choice("|gradients|", SIZES) if draw.dtype.itemsize > 2 else 1.0
    start = [size * draw.normal(*shape) for shape in shapes]
    start[0] = start[0].T.contiguous().T  # not contiguous
    grads: list[list[Tensor | None]] = [
        [size * draw.gradient(*shape) for shape in shapes] for _ in range(steps)
    ]
    if missing:
        # one parameter never has a gradient, another one only sometimes
        for number, step in enumerate(grads):
            step[1] = None
            if number in (0, 2):
                step[0] = None
    how = how or draw.choice(
        "params", {"by position": "", "by keyword": "keyword", "with lr": "position"}
    )
    beside = not draw.round.is_published
    before = beside and not missing
    given: dict[str, Any] = {"kind": kind, "options": options, "start": start, "grads": grads}
    given |= {"how": how, "beside": beside, "before": before, "times": times}
    got = student.run(run_steps, **given)
    grads, steps = times * grads, times * steps

    def causes() -> dict[Cause, Any]:
        if how == "generator":
            listed = student.run(run_aside, given=given)
            wrong = not all(map(optimizer_steps.close_to, got["parameters"], expected))
            if wrong and all(map(optimizer_steps.close_to, listed, expected)):
                return {optimizer_steps.USED_UP: ...}
        found: dict[Cause, Any] = {optimizer_steps.UNMOVED: start}
        return found | optimizer_steps.causes_of(kind, options, start, grads, beside, before=before)

    settings = ", ".join(f"{name}={value}" for name, value in options.items())
    expected = optimizer_steps.by_torch(kind, options, start, grads)
    what = _("after {steps} steps of {kind}({settings}), parameters").format(
        steps=steps, kind=kind, settings=settings
    )
    scale = size
    if kind == "MyAdam" and draw.dtype == torch.float32:
        # who hands β₂ to torch.lerp has 1 − β₂ in float32, whose error of 5e-5 is halved by the root
        scale = max(size, 20 * steps * options.get("lr", 1e-3))
    expect_close(got["parameters"], expected, what, causes=causes, scale=scale)
    expect(got["kept"], _("A step changes the gradients."), explain.IN_PLACE)
    expect(
        got["leaves"], _("After a step a parameter is no leaf that requires gradients any more.")
    )


def between(draw: Draw, low: float, high: float) -> float:
    """A number with two decimals, as people write them."""
    return round(draw.uniform(low, high).item(), 2)


def some_lr(draw: Draw, low: float, high: float) -> float:
    """A learning rate: above 1, or far below, in two of the rounds."""
    if draw.round.ones == 0:
        return between(draw, 1.1, 1.9)
    return 0.0005 if draw.round.all_equal else between(draw, low, high)


def sgd_options(draw: Draw, *names: str) -> dict[str, Any]:
    """Drawn arguments of `MySGD`: `lr`, and those that are named."""
    options = {
        "lr": some_lr(draw, 0.03, 0.2),
        "momentum": between(draw, 0.6, 0.9),
        "weight_decay": between(draw, 0.1, 0.4),
        "nesterov": True,
    }
    return {name: value for name, value in options.items() if name in ("lr", *names)}


@rounds("published", "ones", "equal", half=True)
@points(1)
def test_sgd_plain(student: Student, draw: Draw) -> None:
    """`MySGD(params, lr)` moves the parameters as `torch.optim.SGD` does."""
    expect_like_torch(student, draw, "MySGD", sgd_options(draw))


@rounds("published", "more ones", "large")
@points(1)
def test_sgd_momentum(student: Student, draw: Draw) -> None:
    """... with `momentum`."""
    expect_like_torch(student, draw, "MySGD", sgd_options(draw, "momentum"))
    if draw.round.is_published:
        expect_like_torch(student, draw, "MySGD", {"lr": 0.05, "momentum": 0.999})


@rounds("published", "ones")
@points(1)
def test_sgd_weight_decay(student: Student, draw: Draw) -> None:
    """... with `weight_decay`."""
    expect_like_torch(student, draw, "MySGD", sgd_options(draw, "weight_decay"))


NESTEROV = {"alone": ("momentum", "nesterov"), "all": ("momentum", "weight_decay", "nesterov")}


@pytest.mark.parametrize("names", NESTEROV.values(), ids=["alone", "with weight decay"])
@points(1)
def test_sgd_nesterov(student: Student, draw: Draw, names: tuple[str, ...]) -> None:
    """... with `nesterov`, alone and together with the others."""
    expect_like_torch(student, draw, "MySGD", sgd_options(draw, *names))


@rounds("published", "ones", "equal", "large", half=True)
@points(1)
def test_adam(student: Student, draw: Draw) -> None:
    """`MyAdam(params)` moves the parameters as `torch.optim.Adam` does, with its defaults too."""
    if draw.round.is_published:
        expect_like_torch(student, draw, "MyAdam", {})
    expect_like_torch(student, draw, "MyAdam", {"lr": some_lr(draw, 0.05, 0.2)})


def drawn_betas(draw: Draw) -> tuple[float, float]:
    return between(draw, 0.5, 0.75), between(draw, 0.8, 0.95)


@rounds("published", "more ones")
@points(1)
def test_adam_options(student: Student, draw: Draw) -> None:
    """... with `betas`, `eps` and `weight_decay`."""
    if draw.round.is_published:
        expect_like_torch(student, draw, "MyAdam", {"lr": LR, "betas": drawn_betas(draw)})
        # large enough to show where it is added: outside the root
        expect_like_torch(student, draw, "MyAdam", {"lr": LR, "eps": between(draw, 0.3, 0.6)})
    options = {"lr": LR, "betas": drawn_betas(draw), "eps": 0.1, "weight_decay": 0.3}
    expect_like_torch(student, draw, "MyAdam", options)


@pytest.mark.parametrize("kind", ["MySGD", "MyAdam"])
@points(1)
def test_params_may_be_a_generator(student: Student, draw: Draw, kind: str) -> None:
    """`params` may be a generator, as `model.parameters()` is."""
    expect_like_torch(student, draw, kind, {"lr": LR}, how="generator")


@rounds("published", "ones")
@pytest.mark.parametrize("kind", ["MySGD", "MyAdam"])
@points(1)
def test_without_gradient(student: Student, draw: Draw, kind: str) -> None:
    """A parameter whose `.grad` is None is skipped."""
    options = {"lr": LR, "weight_decay": 0.1}
    if kind == "MySGD":
        options["momentum"] = 0.9
    expect_like_torch(student, draw, kind, options, missing=True)


@helper
def go_on(student: Any, kind: str, start: list[Tensor], clearing: bool) -> Any:
    """The parameters after three steps, with or without `zero_grad` between them; `None` if a step raises."""
    parameters = leaves_of(start, False)
    options = {"lr": 0.1, "momentum": 0.9} if kind == "MySGD" else {"lr": 0.1}
    optimizer = getattr(student, kind)(parameters, **options)
    for number in range(3):
        for parameter in parameters:
            parameter.grad = torch.full_like(parameter, 1.0 + number)
        try:
            optimizer.step()
        except Exception:  # another check tells of it
            return None
        if clearing:
            optimizer.zero_grad()
    return parameters


@probe
def clear(student: Any, kind: str, start: list[Tensor], calls: int) -> Any:
    parameters = leaves_of(start, False)
    optimizer = getattr(student, kind)(parameters, lr=0.1)
    cleared = []
    for _unused in range(calls):
        for parameter in [parameters[0], *parameters[2:]]:
            parameter.grad = torch.ones_like(parameter)
        parameters[2].requires_grad_(False)  # frozen since
        optimizer.zero_grad()
        optimizer.zero_grad()
        cleared.append([p.grad is None or not p.grad.any().item() for p in parameters])
    walks = [go_on(student, kind, start, clearing) for clearing in (False, True)]
    return {"cleared": cleared, "parameters": parameters, "walks": walks}


@rounds("published", "equal", "large")
@pytest.mark.parametrize("kind", ["MySGD", "MyAdam"])
@points(1)
def test_zero_grad(student: Student, draw: Draw, kind: str) -> None:
    """After `zero_grad()` every `.grad` is None or zero."""
    start = [draw.normal(*shape) for shape in drawn_shapes(draw)]
    got = student.run(clear, kind=kind, start=start, calls=draw.count("calls", 1, 6))
    for cleared in got["cleared"]:
        sentence = _("After zero_grad() of {kind} a parameter still has a gradient.").format(
            kind=kind
        )
        left = [not each for each in cleared]
        expect(not any(left), sentence, left_of(left))
    expect_close(got["parameters"], start, _("the parameters after zero_grad()"))
    one, other = got["walks"]
    if one is not None:
        sentence = _("After zero_grad() of {kind} the next step is another one than without it.")
        # NaN where another check has told why
        walks = ([each.tensor.nan_to_num() for each in walk] for walk in (one, other))
        same = all(map(torch.equal, *walks))
        expect(same, sentence.format(kind=kind), MORE_CLEARED)


def left_of(left: list[bool]) -> Cause:
    """Why these gradients are left: the second parameter had none, and the third one is frozen."""
    if all(left[:1] + left[2:]):
        return NONE_CLEARED
    return FROZEN_LEFT if left[2] and sum(left) == 1 else SOME_LEFT


@probe
def under_another_default(student: Any, start: Tensor, grad: Tensor) -> dict[str, Any]:
    """What is made without a device is where the parameters are."""
    found = {}
    with torch.device(start.device):
        for kind in ("MySGD", "MyAdam"):
            found[kind] = nn.Parameter(start.clone())
            optimizer = getattr(student, kind)([found[kind]], lr=0.1)
            for _unused in range(2):
                found[kind].grad = grad.clone()
                optimizer.step()
            optimizer.zero_grad()
    return found


@points(1)
@needs("sgd_momentum", "adam")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """Both optimizers work on any device: what they keep is where the parameters are."""
    expect_like_torch(elsewhere, draw, "MySGD", sgd_options(draw, *NESTEROV["all"]))
    expect_like_torch(elsewhere, draw, "MyAdam", {"lr": LR, "weight_decay": 0.3}, missing=True)
    start, grad = draw.normal(4), draw.normal(4)
    got = elsewhere.run(under_another_default, start=start, grad=grad)
    kinds = ("MySGD", "MyAdam")
    expected = {
        kind: optimizer_steps.by_torch(kind, {"lr": 0.1}, [start], [[grad]] * 2)[0]
        for kind in kinds
    }
    what = _("where torch's default device is another one, parameters after two steps")
    causes = {optimizer_steps.UNMOVED: dict.fromkeys(kinds, start)}
    expect_close(got, expected, what, causes=causes)


HINTS = (
    """Both optimizers go through the same list of parameters in each step, and keep something for each
    parameter from one step to the next. What is it, and what is it at the first step of a parameter?""",
    """A generator can be gone through once: keep `list(params)`. The weight decay comes first:
    g = p.grad + weight_decay · p, a new tensor; everything after it uses g. Keep what belongs to a
    parameter in a dict with the parameter as the key. Adam's t counts the steps of that one
    parameter.""",
    """For each `p` whose `.grad` is not `None`, under `with torch.no_grad():`, SGD with momentum is

    ```python
    g = p.grad + self.weight_decay * p
    v = self.momentum * self.velocity[p] + g if p in self.velocity else g
    self.velocity[p] = v
    p -= self.lr * (g + self.momentum * v if self.nesterov else v)
    ```

    Adam keeps `t`, `m` and `s` in the same way, beginning with 0 and twice `torch.zeros_like(p)`, and ends
    with `p -= self.lr * (m / (1 - beta1**t)) / ((s / (1 - beta2**t)).sqrt() + self.eps)`.""",
)
COMPARE = """Another right way: `torch._foreach_add_` and its kin, which treat all parameters in one call. Torch's
    optimizers do so on a GPU (`foreach=True`), and have one fused kernel for Adam (`fused=True`).

    AdamW takes the decay off the parameter itself and not by way of the gradient: with Adam's division that
    makes a difference, with plain SGD none."""
