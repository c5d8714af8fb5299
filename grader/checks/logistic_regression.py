"""Logistic regression: the gradients that the student writes by hand, against autograd's."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
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
    filled_within,
    follows,
    helper,
    moved,
    needs,
    other_functions,
    other_terms,
    points,
    probe,
    rounds,
)

START = Cause("wrong-start", "The model starts at other numbers than zeros.")
DEFAULT = Cause("wrong-default", "The default of `lr` is another one than 0.01.")
KEPT_ASIDE = Cause(
    "lr-kept-aside",
    "A copy of `lr` is used that was made with the model: ask `self.lr` in each `optimize`.",
)
FIXED = Cause("lr-ignored", "`lr` is 0.01, whatever is given.")
ONE_MOVED = Cause("not-updated", "`{name}` alone is moved; the other one is as it was before.")
PER_DIM = Cause("mean-for-sum", "The step of `w` is dim times too small; that of `b` is right.")
ADDED_UP = Cause(
    "not-cleared",
    "What `grads` held before is added: put the new gradients in its place, with `=` and not `+=`.",
)
NOT_STORED = Cause(
    "not-stored",
    "The entry is as it was before: `backward` has to put the gradient into `self.grads`, under this very key.",
)
OTHER_KEY = Cause(
    "not-stored", "`grads` has a new key, `{key}`; what stands under {asked} is as it was before."
)
RECOMPUTED = Cause("recomputed", "ŷ is worked out anew from x; use the `yhat` that is given.")
SHARED = Cause(
    "shared",
    "They are the gradients of another call: an earlier one, or one of another model. Work them out in each call, and "
    "make `grads` in `__init__`, a new one for each model.",
)
NO_CLAMP = Cause(
    "nan",
    "The logarithm of 0 is −∞, and 0 · (−∞) is NaN: clamp each logarithm at −100 before it is multiplied.",
)
OTHER_OBJECTS = Cause(
    "shared",
    "They are those of another model, which were set in between: make `grads` in `__init__`, a new one for each model.",
)

FORBIDDEN: dict[str, Any] = {"by hand": {}}
# the numbers of dimensions of z, round by round, and between what its elements lie
RANKS = (2, 4, 3, 2, 1, 0)
BOUNDS = ((0, 6), (100, 1e4), (0, 30), (100, 1e4), (26, 32), (0, 6))


@helper
def made_at(student: Any, w: Tensor, rate: dict[str, Tensor]) -> Any:
    """A model where `w` is, and in its dtype, if it can be moved; arguments for that are checked elsewhere."""
    model = moved(student.LR(w.shape[0], **rate), w)
    kept = getattr(model, "w", None)
    is_part = isinstance(kept, Tensor) and kept._is_view()
    if not is_part and not isinstance(getattr(type(model), "w", None), property):
        return model
    try:  # kept in something else, which may not move: it is made there
        return student.LR(w.shape[0], **rate, device=w.device, dtype=w.dtype)
    except Exception:  # another check tells of it
        return model


@helper
def prepared(
    student: Any, w: Tensor, b: Tensor, lr: Tensor | None = None, own_grads: bool = False
) -> Any:
    """A model with the given weights, however it keeps them; with `own_grads` its first gradients too, if they fit."""
    model = made_at(student, w, {} if lr is None else {"lr": lr})
    fill(model, w=w, b=b)
    kept = [model.grads.get(name) for name in ("dw", "db")]
    asked = [(each.dtype, each.device) for each in kept if isinstance(each, Tensor)]
    if not own_grads or asked != [(w.dtype, w.device)] * 2:
        # neither zero nor of the wrong dtype, so that adding to them shows
        give_gradients(model, torch.full_like(w, 7.0), torch.full_like(b, 7.0))
    return model


@helper
def give_gradients(model: Any, dw: Tensor, db: Tensor) -> None:
    """Fills `grads`, in the shapes in which the model keeps what is there."""
    for name, value in (("dw", dw), ("db", db)):
        kept = model.grads.get(name)
        own = as_asked(value, kept) if isinstance(kept, Tensor) else value
        if not filled_within(kept, own, model.w, model.b):
            model.grads[name] = own.clone()


@helper
def set_rate(model: Any, lr: float) -> bool:
    """Sets `lr` anew, in the kind in which the model keeps it; whether that went: one may be there to be read alone."""
    kept = getattr(model, "lr", None)
    try:
        if isinstance(kept, nn.Parameter):
            kept.data.fill_(lr)
        elif isinstance(kept, Tensor):
            model.lr = torch.full_like(kept, lr)
        else:
            model.lr = lr
    except AttributeError:
        return False
    return True


@helper
def told(model: Any, shapes: dict[str, Any], w: Tensor, b: Tensor) -> dict[str, Any]:
    """`w`, `b` and `grads`. What has from the start (`shapes`) another shape than `w` and `b` is turned into that."""
    found = {"w": model.w, "b": model.b, **dict(model.grads)}
    for name, like in (("w", w), ("b", b), ("dw", w), ("db", b)):
        if name in found and getattr(found[name], "shape", None) == shapes.get(name):
            found[name] = as_asked(found[name], like)
    return found


@helper
def first_shapes(model: Any) -> dict[str, Any]:
    """The shapes of `w`, `b` and `grads`; of what is no tensor, `None`."""
    found = {"w": model.w, "b": model.b, **dict(model.grads)}
    return {name: getattr(value, "shape", None) for name, value in found.items()}


@helper
def walked(make: Any, w: Tensor, b: Tensor, grads: list[Any], later: float = 0.0) -> Any:
    """A model from `w` and `b` on after a step for each `dw` and `db`, from the second one on with another `lr`."""

    def walk(beside: bool) -> dict[str, Any]:
        model, is_set = make(), False
        shapes = first_shapes(model)
        for step, (dw, db) in enumerate(zip(*grads, strict=True)):
            if step == 1 and later:
                is_set = set_rate(model, later)
            if beside:  # of a single sample, so that the gradients are these
                model.backward(dw / db, db.view(1, 1), torch.zeros_like(db).view(1, 1))
            give_gradients(model, dw, db)
            model.optimize()
        found = told(model, shapes, w, b)
        return {"w": found["w"], "b": found["b"], "lr": model.lr, "is set": is_set}

    found: Any = None
    try:
        found = walk(beside=False)
        if not isinstance(found["w"], Tensor) or not torch.equal(found["w"], w):
            return found
    except Exception as error:
        found = error
    try:  # what `backward` keeps beside `grads` may be what it goes by
        return walk(beside=True)
    except Exception:
        if isinstance(found, Exception):
            raise found from None
        return found


def _anywhere(value: Any) -> Any:
    """The value as if it were where it should be: a model made without `device=` is where it is."""
    return replace(value, home=value.device) if isinstance(value, Received) else value


def some_lr(draw: Draw) -> Tensor:
    """A learning rate that is the same number in every dtype: who keeps it in that of `w` loses nothing."""
    if draw.round.ones == 0:
        return draw.integers(70, 120).to(draw.dtype) / 64
    return draw.integers(6, 32).to(draw.dtype) / (1 << 16 if draw.round.low > 64 else 64)


def bce_gradients(x: Tensor, yhat: Tensor, y: Tensor) -> dict[str, Tensor]:
    """Autograd's gradients of the mean binary cross-entropy, at the logits that give `yhat`."""
    logits = torch.logit(yhat.double())
    w = torch.zeros(x.shape[0], 1, dtype=torch.float64, device=x.device, requires_grad=True)
    b = torch.zeros((), dtype=torch.float64, device=x.device, requires_grad=True)
    # wᵀx + b is 0 here, so the logits are those of yhat, with the slopes of w and b
    loss = F.binary_cross_entropy_with_logits(w.T @ x.double() + b + logits, y.double())
    dw, db = torch.autograd.grad(loss, [w, b])
    return {"dw": dw.to(x.dtype), "db": db.to(x.dtype)}


@probe
def attributes(student: Any, dim: int, args: list[Any], kwargs: dict[str, Any]) -> Any:
    model = student.LR(*args, **kwargs)
    student.LR(dim + 1)
    other = student.LR(*args, **kwargs)  # another one of that size, whose numbers are its own
    if isinstance(getattr(other, "grads", None), dict):
        give_gradients(other, torch.full((dim, 1), 7.0), torch.tensor(7.0))
    return {
        "is a module": isinstance(model, nn.Module),
        "w": model.w,
        "b": model.b,
        "grads": model.grads,
    }


@rounds("published", "ones", "large")
@points(1)
def test_attributes(student: Student, draw: Draw) -> None:
    """`LR(dim, lr)` has `w` of shape (dim, 1), a 0-dim `b` and `grads`, all zeros."""
    dim = draw.size("dim")
    args, kwargs = draw.passed(lr=some_lr(draw))
    if draw.choice("dim is given", {"by position": True, "by keyword": False}):
        args = [dim, *args]
    else:
        args, kwargs = [], {"dim": dim, "lr": some_lr(draw)}
    got = student.run(attributes, dim=dim, args=args, kwargs=kwargs)
    expect(got["is a module"], _("LR is not an nn.Module."))
    w, b = torch.zeros(dim, 1), torch.zeros(())
    for name, zeros in (("w", w), ("b", b)):
        expect_close(_anywhere(got[name]), zeros, name, causes={START: ...})
    for name, zeros in (("dw", w), ("db", b)):
        expect(
            isinstance(got["grads"], dict) and name in got["grads"],
            _('grads has no "{name}".').format(name=name),
        )
        causes = {OTHER_OBJECTS: torch.full_like(zeros, 7.0)}
        expect_close(_anywhere(got["grads"][name]), zeros, f'grads["{name}"]', causes=causes)


@probe
def with_float_lr(student: Any, dw: Tensor, db: Tensor, lr: float) -> Any:
    found = walked(lambda: student.LR(dw.shape[0], lr=lr), 0 * dw, 0 * db, [[dw], [db]])
    return {**found, "lr": float(found["lr"]), "default": student.LR(2).lr}


@rounds("published", "large")
@points(1)
def test_float_lr(student: Student, draw: Draw) -> None:
    """`lr` may be a float, 0.01 where none is given."""
    # as the model is made
    dw, db = draw.normal(draw.size("dim"), 1).float(), draw.normal().float()
    lr = some_lr(draw).item()
    got = student.run(with_float_lr, dw=dw, db=db, lr=lr)
    expect_close(got["lr"], lr, "lr", dtype=torch.float32, causes={FIXED: 0.01})
    default = got["default"]
    value = default.tensor.item() if isinstance(default, Received) else default
    what = _("the default of lr")
    expect_close(value, 0.01, what, dtype=torch.float32, causes={DEFAULT: ...})
    after = {name: _anywhere(got[name]) for name in ("w", "b")}

    def walk(factor: float) -> dict[str, Tensor]:
        return {"w": -lr * factor * dw, "b": -lr * factor * db}

    moving = {name: (walk(0) | {name: walk(1)[name]}) for name in ("w", "b")}
    causes = explain.step_causes(walk, lr) | other_terms.rates(walk, lr)
    causes |= {ONE_MOVED.of(name=name): partial(dict, each) for name, each in moving.items()}
    what = _("after a step with lr={lr}, parameters").format(lr=lr)
    expect_close(after, walk(1), what, causes=causes)


@probe
def on_request(student: Any, x: Tensor, by_position: bool) -> Any:
    if by_position:
        model = student.LR(x.shape[0], 0.5, x.device, x.dtype)
    else:
        model = student.LR(x.shape[0], device=x.device, dtype=x.dtype)
    found = told(model, first_shapes(model), x[:, :1], x[0, 0])
    return {
        "w": found["w"],
        "b": found["b"],
        "grads": {name: found[name] for name in ("dw", "db") if name in found},
    }


@rounds("published", "ones", half=True)
@points(1)
def test_factory_arguments(student: Student, draw: Draw) -> None:
    """`LR(dim, lr, device=…, dtype=…)` makes its tensors on that device, in that dtype."""
    dim, by_position = draw.size("dim"), draw.choice("by_position", [False, True])
    got = student.run(on_request, x=draw.normal(dim, 3), by_position=by_position)
    w, b = torch.zeros(dim, 1, dtype=draw.dtype), torch.zeros((), dtype=draw.dtype)
    expected = {"w": w, "b": b, "grads": {"dw": w, "db": b}}
    expect_close(got, expected, "LR(…, device, dtype)", causes={START: ...}, fixed_dtype=True)


@probe
def apply_sigmoid(
    student: Any, z: Tensor, w: Tensor, b: Tensor, again: bool, by_default: bool
) -> Any:
    def apply(z: Tensor) -> Any:
        model = prepared(student, w, b)
        if not again:
            return [model.sigmoid(z)]
        at = torch.zeros_like(z)
        first = model.sigmoid(at)
        return [model.sigmoid(at.copy_(z)), first]

    return called(apply, by_default, z)


@rounds(half=True)
@points(1)
def test_sigmoid(student: Student, draw: Draw) -> None:
    """`sigmoid(z)` is 1 / (1 + e^(−z)), finite and right for any z."""
    expect_sigmoid(student, draw)


def expect_sigmoid(student: Student, draw: Draw, by_default: bool = False) -> None:
    low, high = BOUNDS[draw.round.number]
    z = draw.uniform(low, high, *draw.shape("shape", RANKS))
    tail = low == 26  # far out on the left, where σ(z) is 10⁻¹¹ and less
    sides = torch.arange(z.numel(), device=z.device).reshape(z.shape) % 2 == 0
    z = torch.where(sides & (not tail), z, -z)
    if high == 1e4 and z.numel() > 3:
        most = torch.finfo(z.dtype).max
        z.view(-1)[:4] = torch.tensor([0, 5e-7, most, -most], dtype=z.dtype)
    z = draw.layout("z", z)
    w, b = draw.normal(2, 1), draw.normal()
    again = draw.round.is_published  # of the same model, with what was changed in place
    got = student.run(apply_sigmoid, z=z, w=w, b=b, again=again, by_default=by_default)
    # there an error of 10⁻¹⁴ is allowed, as 1 + tanh(z/2) has it
    scale = 1e-4 if tail else 1.0
    expected = torch.sigmoid(z)
    causes = partial(other_functions.other_sigmoids, got[0], z)
    expect_close(got[0], expected, "sigmoid(z)", causes=causes, scale=scale, requires_grad=False)
    if again:
        expect_close(got[1], torch.full_like(z, 0.5), _("sigmoid(z) of an earlier call, for zeros"))


@helper
def after_a_step(model: Any, x: Tensor, w: Tensor, b: Tensor) -> list[Any]:
    """`w` and `b` as `optimize` has moved them, and what `forward` makes of `x` then; nothing if `optimize` raises."""
    shapes = first_shapes(model)
    give_gradients(model, 50 * w, 50 * b)
    try:
        model.optimize()
        found = told(model, shapes, w, b)
    except Exception:  # another check tells of it
        return []
    return [found["w"], found["b"], applied(model, x)]


@probe
def predict(student: Any, x: Tensor, w: Tensor, b: Tensor, again: bool, by_default: bool) -> Any:
    def predict_at(x: Tensor) -> Any:
        model = prepared(student, w, b)
        if not again:
            return [applied(model, x)]
        at = x / 2
        first = applied(model, at)
        applied(model, at.copy_(x))
        # of the same numbers with other parameters, as in training
        fill(model, w=w / 2, b=b + 1)
        return [applied(model, at), first, *after_a_step(model, at, w, b)]

    return called(predict_at, by_default, x)


@rounds(half=True)
@points(1)
@follows("sigmoid")
def test_forward(student: Student, draw: Draw) -> None:
    """`forward(x)` is sigmoid(wᵀx + b), of shape (1, m)."""
    expect_prediction(student, draw)


def expect_prediction(student: Student, draw: Draw, by_default: bool = False) -> None:
    dim, m, size = draw.size("dim"), draw.size("m"), draw.magnitude("x", zero=True)
    x = draw.layout("x", size * draw.normal(dim, m))
    # the product is of one size for any dim and x, so that σ is flat nowhere
    w, b = draw.normal(dim, 1) / (dim**0.5 * (size or 1)), 1 + draw.uniform(0, 1)
    needs_grad = draw.choice("x.requires_grad", [False, True])
    given = x.clone().requires_grad_() if needs_grad else x
    again = draw.round.is_published
    got = student.run(predict, x=given, w=w, b=b, again=again, by_default=by_default)

    later, bias = (w / 2, b.double() + 1) if again else (w, b.double())

    def sigmoid_of(bias: Tensor, w: Tensor = later) -> Tensor:
        return torch.sigmoid(w.double().T @ x.double() + bias).to(x.dtype)

    causes = partial(other_functions.instead_of_probability, later.double().T @ x.double(), bias)
    expect_close(got[0], sigmoid_of(bias), "forward(x)", causes=causes)
    if again:
        what = _("forward(x) of an earlier call")
        expect_close(got[1], sigmoid_of(b.double(), w / 2), what)
        _expect_prediction_after_a_step(got[2:], x, sigmoid_of(bias))


def _expect_prediction_after_a_step(got: list[Any], x: Tensor, before: Tensor) -> None:
    """`got` is what `after_a_step` gives: `w` and `b`, whatever the step has made of them, and forward(x)."""
    parameters = [each.tensor for each in got[:2] if isinstance(each, Received)]
    if [tuple(each.shape) for each in parameters] != [(x.shape[0], 1), ()]:
        return
    w, b = (each.to(x.device, torch.float64) for each in parameters)
    expected = torch.sigmoid(w.T @ x.double() + b).to(x.dtype)
    what = _("forward(x) of the same x, after optimize() has moved w and b,")
    expect_close(got[2], expected, what, causes={explain.STALE: before})


@probe
def run_backward(
    student: Any,
    x: Tensor,
    yhat: Tensor,
    y: Tensor,
    w: Tensor,
    b: Tensor,
    calls: int,
    again: bool,
    by_default: bool,
) -> Any:
    def run(x: Tensor, yhat: Tensor) -> Any:
        model, other = (prepared(student, w, b, own_grads=again) for _unused in range(2))
        shapes = first_shapes(model)
        # several times, with other values first: nothing of an earlier call may be left
        others = 2 * x, 1 - yhat
        for _unused in range(calls - 1):
            model.backward(*others, y)
        if again:  # with what was changed in place
            model.backward(others[0].copy_(x), others[1].copy_(yhat), y)
            other.backward(2 * x, 1 - yhat, y)  # of that size too, with gradients of its own
        else:
            model.backward(x, yhat, y)
        return told(model, shapes, w, b)

    found = called(run, by_default, x, yhat)
    given = {name: found.pop(name) for name in ("dw", "db") if name in found}
    return given | {"others": [str(name) for name in found if name not in ("w", "b")]}


@rounds(half=True)
@points(1)
def test_backward(student: Student, draw: Draw) -> None:
    """`backward(x, yhat, y)` fills `grads` with dw = x (ŷ − y)ᵀ / m and db = Σ(ŷ − y) / m."""
    expect_backward(student, draw)


def expect_backward(student: Student, draw: Draw, by_default: bool = False) -> None:
    dim, m, size = draw.size("dim"), draw.size("m"), draw.magnitude("x", zero=True)
    # yhat comes from no forward of this model: whoever differentiates forward gets other numbers
    x, y = draw.layout("x", size * draw.normal(dim, m)), draw.labels(1, m)
    yhat = draw.layout("yhat", draw.uniform(0.1, 0.9, 1, m))
    y = draw.layout("y", y)
    w, b = draw.normal(dim, 1), draw.normal()
    needs_grad = draw.choice("x.requires_grad", [False, True])
    given = x.clone().requires_grad_() if needs_grad else x
    # many calls, and large ones, apart: a loop over the elements is right too
    calls = 12 if draw.round.name == "equal" else 2
    got = student.run(
        run_backward,
        x=given,
        yhat=yhat,
        y=y,
        w=w,
        b=b,
        calls=calls,
        again=draw.round.is_published,
        by_default=by_default,
    )
    expected, before = bce_gradients(x, yhat, y), bce_gradients(2 * x, 1 - yhat, y)
    old = 0.0 if draw.round.is_published and draw.dtype == torch.float32 else 7.0
    causes = {
        ADDED_UP: {name: old + (calls - 1) * before[name] + expected[name] for name in expected},
        RECOMPUTED: bce_gradients(x, torch.sigmoid(w.T @ x + b), y),
        SHARED: before,
    }
    for cause, error in other_functions.other_errors(yhat, y).items():
        causes[cause] = {"dw": x @ error.T / m, "db": error.sum() / m}
    untouched = {"dw": torch.full_like(w, old), "db": torch.full_like(b, old)}
    causes[not_stored(got, untouched)] = untouched
    factors = {"m": m, "dim": dim}
    together: list[tuple[tuple[str, ...], float]] = [(("dw", "db"), 1.0)]
    if size != 1:
        together = [(("dw",), size), (("db",), 1.0)]
    for names, scale in together:
        expect_close(
            got,
            {name: expected[name] for name in names},
            "grads",
            requires_grad=None if needs_grad else False,  # then it is free
            factors=factors,
            causes=causes,
            scale=scale,
        )


def not_stored(got: Any, untouched: dict[str, Tensor]) -> Cause:
    """Why an entry is as it was before: where the gradient went, if another key is there."""
    others = [key for key in got["others"] if key.isidentifier() and len(key) < 50]
    kept = [
        name
        for name, value in untouched.items()
        if isinstance(got.get(name), Received) and torch.equal(got[name].tensor, value.cpu())
    ]
    if not others or not kept:
        return NOT_STORED
    return OTHER_KEY.of(key=others[0], asked=", ".join(f"`{name}`" for name in kept))


@probe
def take_steps(
    student: Any, w: Tensor, b: Tensor, lr: Tensor, later: float, grads: list[Any], by_default: bool
) -> Any:
    def walk(w: Tensor) -> Any:
        return walked(lambda: prepared(student, w, b, lr), w, b, grads, later)

    return called(walk, by_default, w)


@rounds("published", "ones", "more ones", "large", half=True)
@points(1)
def test_optimize(student: Student, draw: Draw) -> None:
    """`optimize()` takes w ← w − lr·dw and b ← b − lr·db."""
    expect_steps(student, draw)


def expect_steps(student: Student, draw: Draw, by_default: bool = False) -> None:
    dim = draw.size("dim")
    calls = draw.count("calls", 2, 2 if draw.dtype.itemsize == 2 else 25)
    size = draw.magnitude("w, b, dw, db")
    w, b = size * draw.normal(dim, 1), size * draw.normal()
    lr = some_lr(draw)
    dw = [size * draw.normal(dim, 1) for _unused in range(calls)]
    db = [size * draw.normal() for _unused in range(calls)]
    later = 0.0 if draw.round.is_published else some_lr(draw).item()
    if later:
        draw.drawn["later"] = _("from the second call on lr = {later}").format(later=later)
    grads = [dw, db]
    got = student.run(take_steps, w=w, b=b, lr=lr, later=later, grads=grads, by_default=by_default)
    first = lr.item()
    rates = [first, *[later if got["is set"] else first] * (calls - 1)]

    def walk(factor: float, fixed: float = 0.0, rates: list[float] = rates) -> dict[str, Tensor]:
        moved = [
            sum((fixed or factor * rate) * grad for rate, grad in zip(rates, each, strict=True))
            for each in grads
        ]
        return {"w": w - moved[0], "b": b - moved[1]}

    causes: dict[Cause, Any] = {**explain.step_causes(walk, lr.item())}
    causes |= other_terms.rates(lambda factor: walk(1, factor * first), first)
    causes[explain.LR_IGNORED] = partial(walk, 1, 1.0)
    for name, other in (("w", "b"), ("b", "w")):
        causes[ONE_MOVED.of(name=name)] = walk(1) | {other: walk(0)[other]}
    causes[PER_DIM] = walk(1) | {"w": walk(1 / dim)["w"]}
    causes[FIXED] = partial(walk, 1, rates=[0.01, *(rates[1:] if later else [0.01] * (calls - 1))])
    if got["is set"]:
        causes[KEPT_ASIDE] = partial(walk, 1, rates=[first] * calls)
    what = _("after {calls} calls of optimize(), parameters").format(calls=calls)
    expect_close(got, walk(1), what, causes=causes, scale=size)


@probe
def measure_loss(
    student: Any, yhat: Tensor, y: Tensor, again: bool = False, by_default: bool = False
) -> list[Any]:
    """The loss, and with `again` that of other numbers before it."""
    if not again:
        return [called(student.loss, by_default, yhat, y)]
    at = yhat / 2
    first = student.loss(at, y)
    return [called(student.loss, by_default, at.copy_(yhat), y), first]


@rounds(half=True)
@points(1)
def test_loss(student: Student, draw: Draw) -> None:
    """`loss(yhat, y)` is the mean binary cross-entropy, a scalar."""
    expect_loss(student, draw)


def expect_loss(student: Student, draw: Draw, by_default: bool = False) -> None:
    m = draw.size("m")
    yhat, y = draw.layout("yhat", draw.uniform(0.1, 0.9, 1, m)), draw.labels(1, m)
    if draw.round.ones == 1:
        draw.drawn["layout of yhat"] = _("{name} is expanded").format(name="yhat")
        yhat = yhat[:, :1].clone().expand(1, m)
    y = draw.layout("y", y)
    needs_grad = draw.choice("yhat.requires_grad", [False, True])
    given = yhat.clone().requires_grad_() if needs_grad else yhat
    again = draw.round.is_published
    got = student.run(measure_loss, yhat=given, y=y, again=again, by_default=by_default)
    expected = F.binary_cross_entropy(yhat.double(), y.double()).to(yhat.dtype)

    def causes() -> dict[Cause, Tensor]:
        found = other_functions.other_losses(got[0], yhat, y)
        return found | other_terms.counts(got[0], expected, "m", m)

    free = None if needs_grad else False
    factors = {"m": m}
    what = "loss(yhat, y)"
    expect_close(got[0], expected, what, factors=factors, causes=causes, requires_grad=free)
    if again:
        before = F.binary_cross_entropy(yhat.double() / 2, y.double()).to(yhat.dtype)
        expect_close(got[1], before, _("loss(yhat, y) of an earlier call"))


@points(1)
@follows("loss")
def test_loss_at_0_and_1(student: Student, draw: Draw) -> None:
    """`loss` is finite where ŷ is exactly 0 or 1: each logarithm is clamped at −100."""
    # in float64 the logarithm of 1e-60 is −138, and is clamped too; in float32 it is 0
    numbers = [[0.0, 0.0, 1.0, 1.0, 0.25, 1e-60, 1e-30]]
    yhat = torch.tensor(numbers, dtype=torch.float64).to(draw.dtype)
    y = torch.tensor([[0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0]], dtype=draw.dtype)
    for size in (7, 1):
        [got] = student.run(measure_loss, yhat=yhat[:, :size], y=y[:, :size])
        what = _("loss (logarithms clamped at −100) with yhat = {yhat}").format(
            yhat=yhat[0, :size].tolist()
        )
        expected = F.binary_cross_entropy(yhat[:, :size], y[:, :size])
        causes = other_functions.other_clamps(got, yhat[:, :size], y[:, :size])
        expect_close(got, expected, what, causes={**causes, NO_CLAMP: math.nan})


@points(1)
@needs("factory_arguments", "forward", "backward", "optimize", "loss")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """The model and its loss work on any device: results are where the inputs are."""
    test_factory_arguments(elsewhere, draw)
    for by_default in (False, True):
        if by_default:
            draw.tell_default(elsewhere.device)
            expect_sigmoid(elsewhere, draw, by_default)
        expect_prediction(elsewhere, draw, by_default)
        expect_backward(elsewhere, draw, by_default)
        expect_steps(elsewhere, draw, by_default)
        expect_loss(elsewhere, draw, by_default)


HINTS = (
    """Write the shapes down first: `x` is (dim, m), `w` is (dim, 1), ŷ and y are (1, m). Which product of
    two of them is (1, m), and which is (dim, 1)?""",
    """`self.w.T @ x` is (1, m), and `x @ (yhat - y).T` is (dim, 1); both gradients are divided by
    m = `x.shape[1]`. `torch.sigmoid` is right for any z. In `loss`, clamp each logarithm at −100 after
    taking it, before it is multiplied by anything.""",
    """Make `w`, `b` and the gradients with `torch.zeros(…, device=device, dtype=dtype)`. Then

    ```python
    error = yhat - y
    self.grads["dw"] = x @ error.T / x.shape[1]
    self.grads["db"] = error.sum() / x.shape[1]
    ```

    A step is `self.w = self.w - float(self.lr) * self.grads["dw"]`, and `b` likewise. In `loss`, the
    first logarithm is `torch.log(yhat).clamp(min=-100)`.""",
)
COMPARE = """Another right way: `sigmoid(z)` as `torch.exp(-torch.nn.functional.softplus(-z))`, or by cases on the sign
    of z: both never take e to a large power.

    Torch has `BCEWithLogitsLoss` because the logarithm of a sigmoid can be written without either: so nothing
    has to be clamped. Its gradient is your (ŷ − y) / m."""
