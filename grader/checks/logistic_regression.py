"""Logistic regression: the gradients that the student writes by hand, against autograd's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from grader import Draw, Received, Student, _, expect, expect_close, helper, points, probe

FORBIDDEN: dict[str, Any] = {"by hand": {}}
# features and samples differ, so that a transpose shows; each may be 1
SIZES = pytest.mark.parametrize(("dim", "m"), [(3, 5), (1, 4), (4, 1)])


@helper
def prepared(student: Any, w: Tensor, b: Tensor, lr: Tensor) -> Any:
    """A model with the given weights, whichever way it keeps them; construction is checked elsewhere."""
    model = student.LR(w.shape[0], lr=lr).to(device=w.device, dtype=w.dtype)
    for name, value in (("w", w), ("b", b)):
        if isinstance(getattr(model, name), nn.Parameter):
            with torch.no_grad():
                getattr(model, name).copy_(value)
        else:
            setattr(model, name, value.clone())
    # neither zero nor of the wrong dtype, so that adding to them shows
    model.grads["dw"] = torch.full_like(w, 7.0)
    model.grads["db"] = torch.full_like(b, 7.0)
    return model


def _anywhere(value: Any) -> Any:
    """The value as if it were where it should be: a model made without `device=` is where it is."""
    return replace(value, home=value.device) if isinstance(value, Received) else value


def bce_gradients(x: Tensor, yhat: Tensor, y: Tensor) -> dict[str, Tensor]:
    """Autograd's gradients of the mean binary cross-entropy, at the logits that give `yhat`."""
    logits = torch.logit(yhat.double())
    w = torch.zeros(x.shape[0], 1, dtype=torch.float64, requires_grad=True)
    b = torch.zeros((), dtype=torch.float64, requires_grad=True)
    # wᵀx + b is 0 here, so the logits are those of yhat, with the slopes of w and b
    loss = F.binary_cross_entropy_with_logits(w.T @ x.double() + b + logits, y.double())
    dw, db = torch.autograd.grad(loss, [w, b])
    return {"dw": dw.to(x.dtype), "db": db.to(x.dtype)}


@probe
def attributes(student: Any, dim: int, lr: Tensor) -> Any:
    model = student.LR(dim, lr=lr)
    return {
        "is a module": isinstance(model, nn.Module),
        "w": model.w,
        "b": model.b,
        "grads": model.grads,
    }


@points(1)
def test_attributes(student: Student) -> None:
    """`LR(dim, lr)` has `w` of shape (dim, 1), a 0-dim `b` and `grads`, all zeros."""
    got = student.run(attributes, dim=3, lr=torch.tensor(0.1))
    expect(got["is a module"], _("LR is not an nn.Module."))
    for name, shape in (("w", (3, 1)), ("b", ())):
        expect_close(_anywhere(got[name]), torch.zeros(shape), name)
    for name, shape in (("dw", (3, 1)), ("db", ())):
        expect(
            isinstance(got["grads"], dict) and name in got["grads"],
            _('grads has no "{name}".').format(name=name),
        )
        expect_close(_anywhere(got["grads"][name]), torch.zeros(shape), f'grads["{name}"]')


@probe
def with_float_lr(student: Any, dw: Tensor, db: Tensor, lr: float) -> Any:
    model = student.LR(dw.shape[0], lr=lr)
    model.grads["dw"], model.grads["db"] = dw.clone(), db.clone()
    model.optimize()
    return {"w": model.w, "b": model.b, "lr": float(model.lr), "default": student.LR(2).lr}


@points(1)
def test_float_lr(student: Student) -> None:
    """`lr` may be a float, 0.01 where none is given."""
    dw, db = torch.tensor([[2.0], [-4.0], [1.0]]), torch.tensor(3.0)
    got = student.run(with_float_lr, dw=dw, db=db, lr=0.25)
    expect_close(got["lr"], 0.25, "lr", dtype=torch.float32)
    default = got["default"]
    value = default.tensor.item() if isinstance(default, Received) else default
    expect_close(value, 0.01, _("the default of lr"), dtype=torch.float32)
    expect_close(_anywhere(got["w"]), -0.25 * dw, _("w after a step with lr=0.25"))
    expect_close(_anywhere(got["b"]), -0.25 * db, _("b after a step with lr=0.25"))


@probe
def on_request(student: Any, x: Tensor) -> Any:
    model = student.LR(dim=x.shape[0], lr=0.5, device=x.device, dtype=x.dtype)
    return {"w": model.w, "b": model.b, "grads": model.grads}


@points(1)
def test_factory_arguments(student: Student, draw: Draw) -> None:
    """`LR(dim, lr, device=…, dtype=…)` makes its tensors on that device, in that dtype."""
    got = student.run(on_request, x=draw.normal(2, 3))
    w, b = torch.zeros(2, 1, dtype=draw.dtype), torch.zeros((), dtype=draw.dtype)
    expect_close(got, {"w": w, "b": b, "grads": {"dw": w, "db": b}}, "LR(…, device, dtype)")


@probe
def apply_sigmoid(student: Any, z: Tensor, w: Tensor, b: Tensor, lr: Tensor) -> Any:
    return prepared(student, w, b, lr).sigmoid(z)


@points(1)
def test_sigmoid(student: Student, draw: Draw) -> None:
    """`sigmoid(z)` is 1 / (1 + e^(−z)), finite and right for any z."""
    extremes = torch.tensor([[-1000.0, -100.0, -20.0, 0.0], [20.0, 100.0, 1000.0, 1.0]])
    z = draw.strided(torch.cat([extremes.to(draw.dtype), 3 * draw.normal(1, 4)]))
    w, b, lr = draw.normal(2, 1), draw.normal(), draw.uniform(0.1, 0.5)
    got = student.run(apply_sigmoid, z=z, w=w, b=b, lr=lr)
    expect_close(got, torch.sigmoid(z), "sigmoid(z)")


@probe
def predict(student: Any, x: Tensor, w: Tensor, b: Tensor, lr: Tensor) -> Any:
    return prepared(student, w, b, lr)(x)


@SIZES
@points(1)
def test_forward(student: Student, draw: Draw, dim: int, m: int) -> None:
    """`forward(x)` is sigmoid(wᵀx + b), of shape (1, m)."""
    x, w, b = draw.strided(draw.normal(dim, m)), draw.normal(dim, 1), 1 + draw.uniform(0, 1)
    got = student.run(predict, x=x, w=w, b=b, lr=draw.uniform(0.1, 0.5))
    expect_close(got, torch.sigmoid(w.T @ x + b), "forward(x)")


@probe
def run_backward(
    student: Any, x: Tensor, yhat: Tensor, y: Tensor, w: Tensor, b: Tensor, lr: Tensor
) -> Any:
    model = prepared(student, w, b, lr)
    # twice, with other values first: nothing of an earlier call may be left
    model.backward(2 * x, 1 - yhat, y)
    model.backward(x, yhat, y)
    return dict(model.grads)


@SIZES
@points(2)
def test_backward(student: Student, draw: Draw, dim: int, m: int) -> None:
    """`backward(x, yhat, y)` fills `grads` with dw = x (ŷ − y)ᵀ / m and db = Σ(ŷ − y) / m."""
    # yhat comes from no forward of this model: whoever differentiates forward gets other numbers
    x, y = draw.strided(draw.normal(dim, m)), draw.labels(1, m)
    yhat = draw.strided(draw.uniform(0.1, 0.9, 1, m))
    got = student.run(
        run_backward,
        x=x,
        yhat=yhat,
        y=y,
        w=draw.normal(dim, 1),
        b=draw.normal(),
        lr=draw.uniform(0.1, 0.5),
    )
    expect_close(
        got, bce_gradients(x, yhat, y), "grads", requires_grad=False, factors={"m": m, "dim": dim}
    )


@probe
def take_steps(
    student: Any, w: Tensor, b: Tensor, lr: Tensor, dw: list[Tensor], db: list[Tensor]
) -> Any:
    model = prepared(student, w, b, lr)
    for one, other in zip(dw, db, strict=True):
        model.grads["dw"], model.grads["db"] = one.clone(), other.clone()
        model.optimize()
    return {"w": model.w, "b": model.b}


@pytest.mark.parametrize("dim", [3, 1])
@points(1)
def test_optimize(student: Student, draw: Draw, dim: int) -> None:
    """`optimize()` takes w ← w − lr·dw and b ← b − lr·db."""
    w, b, lr = draw.normal(dim, 1), draw.normal(), draw.uniform(0.1, 0.5)
    dw, db = [draw.normal(dim, 1) for _ in range(2)], [draw.normal() for _ in range(2)]
    got = student.run(take_steps, w=w, b=b, lr=lr, dw=dw, db=db)
    expect_close(got["w"], w - lr * (dw[0] + dw[1]), _("w after two calls of optimize()"))
    expect_close(got["b"], b - lr * (db[0] + db[1]), _("b after two calls of optimize()"))


@probe
def measure_loss(student: Any, yhat: Tensor, y: Tensor) -> Any:
    return student.loss(yhat, y)


@pytest.mark.parametrize("m", [5, 1])
@points(1)
def test_loss(student: Student, draw: Draw, m: int) -> None:
    """`loss(yhat, y)` is the mean binary cross-entropy, a scalar."""
    yhat, y = draw.strided(draw.uniform(0.1, 0.9, 1, m)), draw.labels(1, m)
    got = student.run(measure_loss, yhat=yhat, y=y)
    expect_close(got, F.binary_cross_entropy(yhat, y), "loss(yhat, y)", factors={"m": m})


@points(1)
def test_loss_at_0_and_1(student: Student, draw: Draw) -> None:
    """`loss` is finite where ŷ is exactly 0 or 1: each logarithm is clamped at −100."""
    # in float64 the logarithm of 1e-60 is −138, and is clamped too; in float32 it is 0
    yhat = torch.tensor([[0.0, 0.0, 1.0, 1.0, 0.25, 1e-60]], dtype=torch.float64).to(draw.dtype)
    y = torch.tensor([[0.0, 1.0, 0.0, 1.0, 1.0, 1.0]], dtype=draw.dtype)
    for size in (6, 1):
        got = student.run(measure_loss, yhat=yhat[:, :size], y=y[:, :size])
        what = _("loss (logarithms clamped at −100) with yhat = {yhat}").format(
            yhat=yhat[0, :size].tolist()
        )
        expect_close(got, F.binary_cross_entropy(yhat[:, :size], y[:, :size]), what)
