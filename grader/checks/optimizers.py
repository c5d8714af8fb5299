"""SGD and Adam from scratch: parameters after some steps, against torch.optim."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from grader import Draw, Student, _, expect, expect_close, points, probe

FORBIDDEN = {"from scratch": {"names": ["torch.optim"]}}
STEPS = 5


@probe
def run_steps(
    student: Any,
    kind: str,
    options: dict[str, Any],
    start: list[Tensor],
    grads: list[list[Tensor | None]],
    how: str,
) -> Any:
    parameters = [nn.Parameter(value.clone()) for value in start]
    given = (p for p in parameters) if how == "generator" else parameters
    optimizer = getattr(student, kind)(given, **options)
    for step in grads:
        for parameter, grad in zip(parameters, step, strict=True):
            parameter.grad = None if grad is None else grad.clone()
        optimizer.step()
    return {
        "parameters": parameters,
        "leaves": all(p.is_leaf and p.requires_grad for p in parameters),
    }


def by_torch(
    kind: str, options: dict[str, Any], start: list[Tensor], grads: list[list[Tensor | None]]
) -> list[Tensor]:
    parameters = [nn.Parameter(value.clone()) for value in start]
    optimizer = getattr(torch.optim, kind.removeprefix("My"))(parameters, **options)
    for step in grads:
        for parameter, grad in zip(parameters, step, strict=True):
            parameter.grad = None if grad is None else grad.clone()
        optimizer.step()
    return [parameter.detach() for parameter in parameters]


def expect_like_torch(
    student: Student,
    draw: Draw,
    kind: str,
    options: dict[str, Any],
    how: str = "list",
    missing: bool = False,
) -> None:
    shapes = [(3, 2), (4,), ()]
    start = [draw.normal(*shape) for shape in shapes]
    grads: list[list[Tensor | None]] = [
        [draw.normal(*shape) for shape in shapes] for _ in range(STEPS)
    ]
    if missing:
        # one parameter never has a gradient, another one only sometimes
        for number, step in enumerate(grads):
            step[1] = None
            if number in (0, 2):
                step[0] = None
    got = student.run(run_steps, kind=kind, options=options, start=start, grads=grads, how=how)
    told = ", ".join(f"{name}={value}" for name, value in options.items())
    for number, value in enumerate(by_torch(kind, options, start, grads)):
        what = _("parameter {number} after {steps} steps of {kind}({told})").format(
            number=number, steps=STEPS, kind=kind, told=told
        )
        expect_close(got["parameters"][number], value, what)
    expect(
        got["leaves"], _("After a step a parameter is no leaf that requires gradients any more.")
    )


SGD = [
    {"lr": 0.1},
    {"lr": 0.05, "momentum": 0.9},
    {"lr": 0.1, "weight_decay": 0.3},
    {"lr": 0.05, "momentum": 0.8, "nesterov": True},
    {"lr": 0.05, "momentum": 0.7, "weight_decay": 0.2, "nesterov": True},
]


@points(1)
def test_sgd_plain(student: Student, draw: Draw) -> None:
    """`MySGD(params, lr)` moves the parameters as `torch.optim.SGD` does."""
    expect_like_torch(student, draw, "MySGD", SGD[0])


@points(1)
def test_sgd_momentum(student: Student, draw: Draw) -> None:
    """... with `momentum`."""
    expect_like_torch(student, draw, "MySGD", SGD[1])
    expect_like_torch(student, draw, "MySGD", {"lr": 0.05, "momentum": 1.0})


@points(1)
def test_sgd_weight_decay(student: Student, draw: Draw) -> None:
    """... with `weight_decay`."""
    expect_like_torch(student, draw, "MySGD", SGD[2])


@pytest.mark.parametrize("options", SGD[3:], ids=["alone", "with weight decay"])
@points(1)
def test_sgd_nesterov(student: Student, draw: Draw, options: dict[str, Any]) -> None:
    """... with `nesterov`, alone and together with the others."""
    expect_like_torch(student, draw, "MySGD", options)


@points(2)
def test_adam(student: Student, draw: Draw) -> None:
    """`MyAdam(params)` moves the parameters as `torch.optim.Adam` does, with its defaults too."""
    expect_like_torch(student, draw, "MyAdam", {})
    expect_like_torch(student, draw, "MyAdam", {"lr": 0.1})


@points(1)
def test_adam_options(student: Student, draw: Draw) -> None:
    """... with `betas`, `eps` and `weight_decay`."""
    expect_like_torch(student, draw, "MyAdam", {"lr": 0.1, "betas": (0.7, 0.8)})
    # large enough to show where it is added: outside the root
    expect_like_torch(student, draw, "MyAdam", {"lr": 0.1, "eps": 0.5})
    options = {"lr": 0.1, "betas": (0.5, 0.9), "eps": 0.1, "weight_decay": 0.3}
    expect_like_torch(student, draw, "MyAdam", options)


@pytest.mark.parametrize("kind", ["MySGD", "MyAdam"])
@points(1)
def test_params_may_be_a_generator(student: Student, draw: Draw, kind: str) -> None:
    """`params` may be a generator, as `model.parameters()` is."""
    expect_like_torch(student, draw, kind, {"lr": 0.1}, how="generator")


@pytest.mark.parametrize("kind", ["MySGD", "MyAdam"])
@points(1)
def test_without_gradient(student: Student, draw: Draw, kind: str) -> None:
    """A parameter whose `.grad` is None is skipped."""
    options = {"lr": 0.1, "weight_decay": 0.1}
    if kind == "MySGD":
        options["momentum"] = 0.9
    expect_like_torch(student, draw, kind, options, missing=True)


@probe
def clear(student: Any, kind: str, start: list[Tensor]) -> Any:
    parameters = [nn.Parameter(value.clone()) for value in start]
    optimizer = getattr(student, kind)((p for p in parameters), lr=0.1)
    parameters[0].grad = torch.ones_like(parameters[0])
    optimizer.zero_grad()
    optimizer.zero_grad()
    return {"grads": [p.grad for p in parameters], "parameters": parameters}


@pytest.mark.parametrize("kind", ["MySGD", "MyAdam"])
@points(1)
def test_zero_grad(student: Student, draw: Draw, kind: str) -> None:
    """After `zero_grad()` every `.grad` is None or zero."""
    start = [draw.normal(3, 2), draw.normal(4)]
    got = student.run(clear, kind=kind, start=start)
    for grad in got["grads"]:
        cleared = grad is None or not grad.tensor.any()
        expect(
            cleared,
            _("After zero_grad() of {kind} a parameter still has a gradient.").format(kind=kind),
        )
    expect_close(got["parameters"], start, _("the parameters after zero_grad()"))
