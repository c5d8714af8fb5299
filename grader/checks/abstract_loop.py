"""The training loop in plain functions, against autograd's own steps."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from grader import Draw, Student, _, expect, expect_close, points, probe

FORBIDDEN = {"from scratch": {"names": ["torch.optim"]}}


@probe
def make_params(student: Any, like: Tensor | None) -> Any:
    params = (
        student.init_params()
        if like is None
        else student.init_params(dtype=like.dtype, device=like.device)
    )
    other = student.init_params()
    return {
        "params": dict(params),
        "leaves": [params[name].is_leaf for name in params],
        "own": all(params[name] is not other[name] for name in params),
    }


def expect_params(got: Any, dtype: torch.dtype) -> None:
    expect(
        isinstance(got["params"], dict) and set(got["params"]) == {"a", "b"},
        _('init_params does not return a dict with "a" and "b".'),
    )
    one = torch.ones((), dtype=dtype)
    expect_close(got["params"], {"a": one, "b": one}, "init_params()", requires_grad=True)
    expect(all(got["leaves"]), _("The parameters are no leaf tensors."))
    expect(got["own"], _("Two calls of init_params give the same tensors."))


@points(2)
def test_init_params(student: Student, draw: Draw) -> None:
    """`init_params(dtype, device)` gives 0-dim leaves "a" and "b", equal to 1, that require gradients."""
    expect_params(student.run(make_params, like=None), torch.float32)
    expect_params(student.run(make_params, like=draw.normal(1)), draw.dtype)


@probe
def predict_at(student: Any, x: Tensor, a: Tensor, b: Tensor) -> Any:
    return student.predict(x, {"a": a, "b": b})


@pytest.mark.parametrize("m", [5, 1])
@points(1)
def test_predict(student: Student, draw: Draw, m: int) -> None:
    """`predict(x, params)` is a·x + b."""
    x, a, b = draw.strided(draw.normal(m)), draw.normal(), draw.normal()
    expect_close(student.run(predict_at, x=x, a=a, b=b), a * x + b, "predict(x, params)")


@probe
def measure(student: Any, y_pred: Tensor, y: Tensor) -> Any:
    err = student.calculate_err(y_pred, y)
    value = err.detach().clone()
    err.backward()
    return {"value": value, "grad": y_pred.grad}


@pytest.mark.parametrize("m", [5, 1])
@points(1)
def test_calculate_err(student: Student, draw: Draw, m: int) -> None:
    """`calculate_err(y_pred, y)` is the mean squared error, and autograd goes through it."""
    y_pred, y = draw.strided(draw.normal(m)), draw.strided(draw.normal(m))
    got = student.run(measure, y_pred=y_pred.requires_grad_(), y=y)
    plain = y_pred.detach()
    factors = {"m": m}
    expect_close(got["value"], ((plain - y) ** 2).mean(), "calculate_err", factors=factors)
    expect_close(got["grad"], 2 * (plain - y) / m, _("its gradient"), factors=factors)


@probe
def update(student: Any, a: Tensor, b: Tensor, grad: Tensor, lr: float) -> Any:
    params = {"a": a.clone().requires_grad_(), "b": b.clone().requires_grad_()}
    before = dict(params)
    params["a"].grad = grad.clone()
    student.update_params(params, lr)
    return {
        "params": params,
        "same": all(params[name] is before[name] for name in before),
        "leaves": all(p.is_leaf and p.requires_grad for p in params.values()),
        "b's gradient": params["b"].grad,
    }


@points(2)
def test_update_params(student: Student, draw: Draw) -> None:
    """`update_params(params, lr)` does p ← p − lr·p.grad in place, and skips what has no gradient."""
    a, b, grad = draw.normal(), draw.normal(), draw.normal()
    got = student.run(update, a=a, b=b, grad=grad, lr=0.3)
    expect(
        got["same"],
        _("The dict holds other tensors after update_params: the update is not in place."),
    )
    expect_close(got["params"]["a"], a - 0.3 * grad, _("a after update_params"))
    expect_close(got["params"]["b"], b, _("b, which has no gradient, after update_params"))
    told = _("After update_params a parameter is no leaf that requires gradients any more.")
    expect(got["leaves"], told, _("Update inside `with torch.no_grad():`."))


@probe
def clear(student: Any, a: Tensor, b: Tensor) -> Any:
    params = {"a": a.clone().requires_grad_(), "b": b.clone().requires_grad_()}
    params["a"].grad = torch.ones_like(a)
    student.clear_grad(params)
    student.clear_grad(params)
    return {"params": params, "grads": [params["a"].grad, params["b"].grad]}


@points(1)
def test_clear_grad(student: Student, draw: Draw) -> None:
    """After `clear_grad(params)` every `.grad` is None or zero; the values stay."""
    a, b = draw.normal(), draw.normal()
    got = student.run(clear, a=a, b=b)
    for grad in got["grads"]:
        told = _("After clear_grad a parameter still has a gradient.")
        expect(grad is None or not grad.tensor.any(), told)
    expect_close(got["params"], {"a": a, "b": b}, _("params after clear_grad"))


@probe
def run_fit(student: Any, xs: Tensor, ys: Tensor, rounds: int, lr: float | None) -> Any:
    result = student.fit(xs, ys, rounds) if lr is None else student.fit(xs, ys, rounds, lr)
    params, errors = result
    return {"params": dict(params), "errors": errors}


@pytest.mark.parametrize(("rounds", "lr"), [(4, 0.1), (3, None), (0, 0.1)])
@points(3)
def test_fit(student: Student, draw: Draw, rounds: int, lr: float | None) -> None:
    """`fit` gives the params after `num_adjust` rounds, and the list of each round's error before its update."""
    xs, ys = draw.strided(draw.normal(6)), draw.strided(draw.normal(6))
    got = student.run(run_fit, xs=xs, ys=ys, rounds=rounds, lr=lr)
    a = torch.ones((), dtype=draw.dtype, requires_grad=True)
    b = torch.ones((), dtype=draw.dtype, requires_grad=True)
    errors = []
    for _unused in range(rounds):
        error = ((a * xs + b - ys) ** 2).mean()
        grads = torch.autograd.grad(error, [a, b])
        step = 0.01 if lr is None else lr
        a, b = (
            (p - step * grad).detach().requires_grad_()
            for p, grad in zip((a, b), grads, strict=True)
        )
        errors.append(error.item())
    expected = {"a": a.detach(), "b": b.detach()}
    expect_close(
        got["params"], expected, _("the params after {rounds} rounds").format(rounds=rounds)
    )
    expect(isinstance(got["errors"], list), _("The errors are not a list."))
    expect_close(got["errors"], errors, _("the errors"), dtype=draw.dtype)
