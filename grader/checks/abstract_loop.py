"""The training loop in plain functions, against autograd's own steps."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from grader import Cause, Draw, Student, _, expect, expect_close, explain, needs, points, probe

START = Cause("wrong-start", "The parameters start at 0; they are to start at 1.")
NO_B = Cause("missing-term", 'The term params["b"] is missing.')
SWAPPED = Cause("swapped", "`a` stands where `b` should, and `b` where `a` should.")
ABSOLUTE = Cause("absolute-for-square", "The errors are taken absolute instead of squared.")
CLEARED = Cause("values-cleared", "The values are set to 0; `.grad` alone is to be cleared.")
DEFAULT = Cause("wrong-default", "The default of `lr` is another one than 0.01.")
FIXED = Cause("lr-ignored", "The steps are those of lr=0.01, whatever `lr` is.")
MORE = Cause("one-too-many", "There is one round too many.")
SHARED = Cause("shared", "`a` and `b` are one and the same tensor: make each anew.")

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
    expect_close(
        got["params"],
        {"a": one, "b": one},
        "init_params()",
        requires_grad=True,
        causes={START: {"a": 0 * one, "b": 0 * one}},
    )
    expect(all(got["leaves"]), _("The parameters are no leaf tensors."))
    expect(got["own"], _("Two calls of init_params give the same tensors."))


@probe
def make_wide(student: Any) -> Any:
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        return dict(student.init_params())
    finally:
        torch.set_default_dtype(usual)


@points(2)
def test_init_params(student: Student, draw: Draw) -> None:
    """`init_params(dtype, device)` gives 0-dim leaves "a" and "b", equal to 1, that require gradients."""
    expect_params(student.run(make_params, like=None), torch.float32)
    expect_params(student.run(make_params, like=draw.normal(1)), draw.dtype)
    one = torch.ones((), dtype=torch.float64)
    what = _("init_params() where torch's default dtype is float64")
    expect_close(student.run(make_wide), {"a": one, "b": one}, what)


@probe
def predict_at(student: Any, x: Tensor, a: Tensor, b: Tensor) -> Any:
    return student.predict(x, {"a": a, "b": b})


@pytest.mark.parametrize("m", [5, 1])
@points(1)
def test_predict(student: Student, draw: Draw, m: int) -> None:
    """`predict(x, params)` is a·x + b."""
    x, a, b = draw.strided(draw.normal(m)), draw.normal(), draw.normal()
    got = student.run(predict_at, x=x, a=a, b=b)
    causes = {NO_B: a * x, SWAPPED: b * x + a}
    expect_close(got, a * x + b, "predict(x, params)", causes=causes)


@probe
def measure(student: Any, y_pred: Tensor, y: Tensor) -> Any:
    err = student.calculate_err(y_pred, y)
    if not isinstance(err, Tensor) or not err.requires_grad:
        return {"value": err, "grad": None}
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
    error = plain - y
    causes = {ABSOLUTE: error.abs().mean()}
    expect_close(got["value"], (error**2).mean(), "calculate_err", factors=factors, causes=causes)
    sentence = _("calculate_err(…) has no gradient for autograd.")
    expect(got["grad"] is not None, sentence, explain.CUT)
    expect_close(got["grad"], 2 * error / m, _("its gradient"), factors=factors)


@probe
def update(student: Any, a: Tensor, b: Tensor, grad: Tensor, lr: float) -> Any:
    params = {"a": a.clone().requires_grad_(), "b": b.clone().requires_grad_()}
    params["others"] = torch.stack([a, b]).requires_grad_()
    before = dict(params)
    params["a"].grad = grad.clone()
    params["others"].grad = torch.stack([grad, -grad])
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
    causes = explain.step_causes(lambda factor: a - factor * 0.3 * grad, 0.3)
    expect_close(got["params"]["a"], a - 0.3 * grad, _("a after update_params"), causes=causes)
    expect_close(got["params"]["b"], b, _("b, which has no gradient, after update_params"))
    others = torch.stack([a - 0.3 * grad, b + 0.3 * grad])
    what = _("a third parameter, of shape (2,), after update_params")
    expect_close(got["params"]["others"], others, what)
    sentence = _("After update_params a parameter is no leaf that requires gradients any more.")
    expect(got["leaves"], sentence, _("Update inside `with torch.no_grad():`."))


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
        sentence = _("After clear_grad a parameter still has a gradient.")
        expect(grad is None or not grad.tensor.any(), sentence, explain.NOT_CLEARED)
    causes = {CLEARED: {"a": 0 * a, "b": 0 * b}}
    expect_close(got["params"], {"a": a, "b": b}, _("params after clear_grad"), causes=causes)


@probe
def run_fit(student: Any, xs: Tensor, ys: Tensor, rounds: int, lr: float | None) -> Any:
    result = student.fit(xs, ys, rounds) if lr is None else student.fit(xs, ys, rounds, lr)
    params, errors = result
    return {"params": dict(params), "errors": errors}


@pytest.mark.parametrize(("rounds", "lr"), [(4, 0.1), (3, None), (0, 0.1)])
@points(2)
def test_fit(student: Student, draw: Draw, rounds: int, lr: float | None) -> None:
    """`fit` gives the params after `num_adjust` rounds, and the list of each round's error before its update."""
    xs, ys = draw.strided(draw.normal(6)), draw.strided(draw.normal(6))
    got = student.run(run_fit, xs=xs, ys=ys, rounds=rounds, lr=lr)
    step = 0.01 if lr is None else lr
    # a round more than asked, to know the error after the last one
    walk = partial(descend, xs, ys, rounds + 1)
    path, errors = walk(step)
    causes: dict[Cause, Any] = {
        explain.NOT_CLEARED: lambda: walk(step, kept=True)[0][rounds],
        FIXED: lambda: walk(0.01)[0][rounds],
        DEFAULT: lambda: walk(0.1)[0][rounds],
        MORE: path[rounds + 1],
        explain.FEWER: path[rounds - 1],
        START: lambda: walk(step, start=0.0)[0][rounds],
        SHARED: lambda: walk(step, shared=True)[0][rounds],
        CLEARED: {"a": 0 * path[0]["a"], "b": 0 * path[0]["b"]},
        explain.LR_IGNORED: lambda: walk(1.0)[0][rounds],
        explain.UPHILL: lambda: walk(-step)[0][rounds],
    }
    if lr is not None:
        del causes[DEFAULT]
    what, curves = (
        _("the params after {rounds} rounds").format(rounds=rounds),
        (got["errors"], errors[:rounds]),
    )
    expect_close(got["params"], path[rounds], what, causes=causes, curves=curves)
    expect(isinstance(got["errors"], list), _("The errors are not a list."))
    causes = {explain.NEW_FOR_OLD: errors[1:]}
    expect_close(
        got["errors"],
        errors[:rounds],
        _("the errors"),
        dtype=draw.dtype,
        causes=causes,
        curves=curves,
    )


def descend(
    xs: Tensor,
    ys: Tensor,
    rounds: int,
    lr: float,
    kept: bool = False,
    start: float = 1.0,
    shared: bool = False,
) -> tuple[list[dict[str, Tensor]], list[float]]:
    """The parameters at the start and after each round, and the error before each; or what a mistake makes of them."""
    a, b = (torch.full((), start, dtype=xs.dtype) for _ in "ab")
    path, errors = [{"a": a, "b": b}], []
    old_a, old_b = 0 * a, 0 * b
    for _unused in range(rounds):
        errors.append(((a * xs + b - ys) ** 2).mean().item())
        slope = 2 * (a * xs + b - ys)
        old_a, old_b = (slope * xs).mean() + kept * old_a, slope.mean() + kept * old_b
        if shared:
            # it is updated once for each of its two names, and cleared after both
            old_a = old_b = 2 * (old_a + old_b)
        a, b = a - lr * old_a, b - lr * old_b
        path.append({"a": a, "b": b})
    return path, errors


@points(1)
@needs("init_params", "predict", "calculate_err", "update_params", "fit")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """The loop works on any device: the parameters are made where `xs` is."""
    expect_params(elsewhere.run(make_params, like=draw.normal(1)), draw.dtype)
    test_predict(elsewhere, draw, 5)
    test_calculate_err(elsewhere, draw, 5)
    test_update_params(elsewhere, draw)
    test_fit(elsewhere, draw, 4, 0.1)


HINTS = (
    """Each round of `fit` is five calls: predict, measure, `backward`, update, clear. The error that goes
    into the list is the one from before the update, as a float.""",
    """Autograd must not watch the update, and the tensors must stay the same objects: `p -= …` under
    `with torch.no_grad():`, and not `p = p - …`. A parameter whose `.grad` is `None` is left out. `fit`
    makes the parameters with `init_params(xs.dtype, xs.device)`.""",
    """`init_params` makes each with `torch.ones((), dtype=dtype, device=device, requires_grad=True)`,
    `clear_grad` sets each `p.grad = None`, and a round of `fit` is

    ```python
    err = calculate_err(predict(xs, params), ys)
    err.backward()
    update_params(params, lr)
    clear_grad(params)
    errors.append(err.item())
    ```""",
)
