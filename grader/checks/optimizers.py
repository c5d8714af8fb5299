"""SGD and Adam from scratch: parameters after some steps, against torch.optim."""

from __future__ import annotations

from functools import partial
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
    points,
    probe,
    rounds,
)

UNMOVED = Cause(
    "not-updated",
    "The parameters have not moved. `p = p - …` gives the name another tensor; to change the parameter itself, write "
    "`p -= …` or `p.sub_(…)` within `torch.no_grad()`.",
)
FORBIDDEN = {"from scratch": {"names": ["torch.optim"]}}
# what each mistake does stands in `by_hand`
MISTAKES = {
    "uphill": explain.UPHILL,
    "lr ignored": explain.LR_IGNORED,
    "lr 0.01": Cause("wrong-default", "The default of `lr` is another one than torch's."),
    "no momentum": Cause("option-ignored", "`momentum` has no effect."),
    "no nesterov": Cause("option-ignored", "`nesterov` has no effect."),
    "no decay": Cause("option-ignored", "`weight_decay` has no effect."),
    "no betas": Cause("option-ignored", "`betas` has no effect."),
    "dampened": Cause("dampened", "The gradient is multiplied by 1 − momentum, as in Adam."),
    "grad kept": Cause(
        "view-kept",
        "What is kept is the very tensor in `.grad`, which the next `backward()` fills anew: keep `p.grad.clone()`.",
    ),
    "grad kept in place": Cause(
        "view-kept",
        "What is kept is the very tensor in `.grad`, and is changed in place there: keep `p.grad.clone()`.",
    ),
    "nesterov without gradient": Cause(
        "missing-term", "Nesterov's step is the gradient plus momentum · velocity; it is missing."
    ),
    "decay uphill": Cause("sign-of-term", "The weight decay has the wrong sign."),
    "decay without lr": Cause(
        "decoupled-decay", "The weight decay is taken from the parameter, without the factor lr."
    ),
    "decay apart": Cause(
        "decoupled-decay",
        "The weight decay is taken from the parameter, as AdamW does; add it to the gradient.",
    ),
    "m without factor": Cause("no-factor", "The gradient goes into m without its factor 1 − β₁."),
    "v without factor": Cause("no-factor", "The square goes into v without its factor 1 − β₂."),
    "both without factor": Cause(
        "no-factor", "Gradient and square go into m and v without their factors 1 − β."
    ),
    "betas swapped": Cause("swapped", "The two betas stand in each other's place."),
    "no correction of m": Cause("bias-correction", "m is not divided by 1 − β₁ᵗ."),
    "no correction of v": Cause("bias-correction", "v is not divided by 1 − β₂ᵗ."),
    "no correction": Cause("bias-correction", "m and v are not divided by 1 − βᵗ."),
    "eps inside": Cause("eps-inside", "eps is added inside the root; it belongs outside."),
    "no root": Cause("no-root", "The step is divided by v instead of by its root."),
    "late count": Cause("step-count", "The count of the steps starts too late: t is 1 at first."),
    "early count": Cause("step-count", "The count of the steps starts at 0; t is 1 at first."),
    "one count": Cause("step-count", "One count goes up with every parameter, not every step."),
    "count goes on": Cause("step-count", "The count goes on for a parameter that is skipped."),
    "none as zero": Cause(
        "none-as-zero", "A parameter without a gradient is updated as if that were zero."
    ),
    "none ends": Cause(
        "not-updated", "A parameter without a gradient ends the step for those that follow."
    ),
    "one step": Cause("used-up", "A generator can be gone through once: keep `list(params)`."),
}


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


@probe
def run_steps(
    student: Any,
    kind: str,
    options: dict[str, Any],
    start: list[Tensor],
    grads: list[list[Tensor | None]],
    how: str,
    beside: bool,
) -> Any:
    parameters = leaves_of(start, beside)
    optimizer = made(student, kind, parameters, options, how)
    others = leaves_of(start[:1], False)
    # another optimizer, whose steps come in between
    other = getattr(student, kind)(others, lr=0.5) if beside else None
    kept = True
    for step in grads:
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


def by_torch(
    kind: str, options: dict[str, Any], start: list[Tensor], grads: list[list[Tensor | None]]
) -> list[Tensor]:
    """The parameters after the steps, worked out in float64."""
    parameters = [nn.Parameter(value.double().clone()) for value in start]
    optimizer = getattr(torch.optim, kind.removeprefix("My"))(parameters, **options)
    for step in grads:
        for parameter, grad in zip(parameters, step, strict=True):
            parameter.grad = None if grad is None else grad.double().clone()
        optimizer.step()
    pairs = zip(parameters, start, strict=True)
    return [parameter.detach().to(value.dtype) for parameter, value in pairs]


def by_hand(
    kind: str, given: dict[str, Any], start: list[Tensor], grads: list[Any], mistake: str
) -> list[Tensor]:
    """The same with a mistake; without one, what `by_torch` gives."""
    options: dict[str, Any] = {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "momentum": 0.0}
    options |= {"weight_decay": 0.0, "nesterov": False} | given
    beta1, beta2 = (0.9, 0.999) if mistake == "no betas" else options["betas"]
    if mistake == "betas swapped":
        beta1, beta2 = beta2, beta1
    lr, momentum = options["lr"], options["momentum"] * (mistake != "no momentum")
    lr = {"uphill": -lr, "lr ignored": 1.0, "lr 0.01": given.get("lr", 0.01)}.get(mistake, lr)
    decay = options["weight_decay"] * (-1 if mistake == "decay uphill" else 1)
    apart = {"decay without lr": decay, "decay apart": lr * decay}.get(mistake, 0.0)
    decay *= not apart and mistake != "no decay"
    parameters = [value.clone() for value in start]
    velocities: list[Tensor | None] = [None] * len(start)
    m, v = ([torch.zeros_like(value) for value in start] for _ in range(2))
    counts = [{"late count": 1, "early count": -1}.get(mistake, 0)] * len(start)
    for step in grads[:1] if mistake == "one step" else grads:
        for i, given_grad in enumerate(step):
            counts[0 if mistake == "one count" else i] += given_grad is not None or (
                mistake in ("count goes on", "none as zero")
            )
            if given_grad is None and mistake == "none ends":
                break
            if given_grad is None and mistake != "none as zero":
                continue
            p = parameters[i]
            grad = (torch.zeros_like(p) if given_grad is None else given_grad) + decay * p
            if kind == "MySGD":
                old, new = velocities[i], grad
                if mistake == "dampened" and old is not None:
                    new = (1 - momentum) * grad
                if old is not None and momentum and not decay:
                    if mistake == "grad kept" and counts[i] == 2:
                        old = new
                    elif mistake == "grad kept in place":  # three names for one tensor
                        old, new, grad = grad, momentum * grad, 2 * momentum * grad
                velocity = new if old is None else momentum * old + new
                velocities[i] = velocity
                if options["nesterov"] and mistake != "no nesterov":
                    velocity = momentum * velocity
                    velocity = velocity + (mistake != "nesterov without gradient") * grad
                parameters[i] = p - apart * p - lr * velocity
                continue
            bare_m = mistake in ("m without factor", "both without factor")
            bare_v = mistake in ("v without factor", "both without factor")
            m[i] = beta1 * m[i] + (1 if bare_m else 1 - beta1) * grad
            v[i] = beta2 * v[i] + (1 if bare_v else 1 - beta2) * grad**2
            t = max(counts[0 if mistake == "one count" else i], 0.5)
            by_m = 1 if mistake in ("no correction", "no correction of m") else 1 - beta1**t
            by_v = 1 if mistake in ("no correction", "no correction of v") else 1 - beta2**t
            root = v[i] / by_v
            if mistake == "eps inside":
                root = (root + options["eps"]).sqrt()
            else:
                root = (root if mistake == "no root" else root.sqrt()) + options["eps"]
            parameters[i] = p - apart * p - lr * m[i] / by_m / root
    return parameters


LR = 0.13  # with 0.1, a β₁ of 0.9 that is forgotten would look like a rate that is
# how large gradients are, and for SGD the parameters too: where they are tiny, Adam's eps shows
SIZES = {"1": 1.0, "1e-7": 2.0**-23, "8000": 2.0**13}


def drawn_shapes(draw: Draw) -> list[tuple[int, ...]]:
    """The parameters' shapes: one of two dimensions, two that are equal, one without a dimension, and more."""
    n, k, m = draw.size("n"), draw.size("k", high=8), draw.size("m")
    more: list[tuple[int, ...]] = [(k,), (2, 1, k), (), (k,)]
    return [(n, k), (m,), (), (m,), *more[: draw.count("parameters", 4, 8) - 4]]


def drawn_gradient(draw: Draw, *shape: int) -> Tensor:
    """One of which no square is 0 in 16 bits."""
    if draw.dtype.itemsize > 2:
        return draw.numbers(*shape)
    return draw.uniform(0.5, 1.5, *shape) * (2 * draw.labels(*shape) - 1)


def expect_like_torch(
    student: Student,
    draw: Draw,
    kind: str,
    options: dict[str, Any],
    how: str = "",
    missing: bool = False,
) -> None:
    shapes, steps = drawn_shapes(draw), draw.count("steps", 3, 12)
    size = draw.choice("gradients ≈", SIZES) if draw.dtype.itemsize > 2 else 1.0
    start = [size * draw.normal(*shape) for shape in shapes]
    start[0] = start[0].T.contiguous().T  # not contiguous
    grads: list[list[Tensor | None]] = [
        [size * drawn_gradient(draw, *shape) for shape in shapes] for _ in range(steps)
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
    given = {"kind": kind, "options": options, "start": start, "grads": grads}
    got = student.run(run_steps, **given, how=how, beside=beside)
    settings = ", ".join(f"{name}={value}" for name, value in options.items())
    expected = by_torch(kind, options, start, grads)
    causes = {UNMOVED: start} | {
        cause: partial(by_hand, kind, options, start, grads, mistake)
        for mistake, cause in MISTAKES.items()
        if mistake != "one step" or how == "generator"
    }
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
        expect_like_torch(student, draw, "MySGD", {"lr": 0.05, "momentum": 1.0})


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
    return {"cleared": cleared, "parameters": parameters}


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
        expect(all(cleared), sentence, explain.NOT_CLEARED)
    expect_close(got["parameters"], start, _("the parameters after zero_grad()"))


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
    expected = {kind: by_torch(kind, {"lr": 0.1}, [start], [[grad]] * 2)[0] for kind in kinds}
    what = _("where torch's default device is another one, parameters after two steps")
    causes = {UNMOVED: dict.fromkeys(kinds, start)}
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
