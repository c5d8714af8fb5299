"""The training loop in plain functions, against autograd's own steps."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor

from grader import (
    Cause,
    Draw,
    Received,
    Student,
    _,
    expect,
    expect_close,
    explain,
    follows,
    needs,
    other_terms,
    points,
    probe,
    rounds,
)

START = Cause("wrong-start", "The parameters start at 0; they are to start at 1.")
NON_LEAF = Cause(
    "non-leaf",
    "A tensor that an operation gave, `.to(…)` or `* 1` too, is no leaf: give dtype and device where it is made, "
    "together with `requires_grad=True`.",
)
DTYPE_IGNORED = Cause(
    "dtype",
    "It is to have the dtype that the argument `dtype` names, and torch's default for None: hand it on to where "
    "the tensor is made.",
)
TURNED_PAIR = Cause("swapped", "The two stand in each other's place.")
ROOT = Cause("root", "It is the root of what is asked.")
SQUARE_OF_MEAN = Cause(
    "square-of-mean", "It is the square of the mean; the mean of the squares is asked."
)
NO_SQUARE = Cause("no-square", "The errors are not squared.")
ONE_GRADIENT = Cause(
    "stale",
    "The first round's gradients are used in all rounds: each round has a forward pass of its own.",
)
LEFT_OUT = Cause(
    "left-out",
    "What stands behind `b`, which has no gradient, is left out: skip that one alone, and go through all others, "
    "whatever their names are.",
)
FIRST_ERROR = Cause("stale", "Each entry is the error of the first round.")
NO_B = Cause("missing-term", 'The term params["b"] is missing.')
SWAPPED = Cause("swapped", "`a` stands where `b` should, and `b` where `a` should.")
ABSOLUTE = Cause("absolute-for-square", "The errors are taken absolute instead of squared.")
CLEARED = Cause("values-cleared", "The values are set to 0; `.grad` alone is to be cleared.")
NOT_EMPTY = Cause(
    "not-cleared",
    "Afterwards the `.grad` of each parameter has to be None, or zeros. `p.grad == None` compares, `p.grad.zero_` "
    "without parentheses is not called, and `grad = None` gives another value to that name: none of them "
    "changes `p.grad`.",
)
DEFAULT = Cause("wrong-default", "The default of `lr` is {lr}; 0.01 is asked.")
FIXED = Cause("lr-ignored", "The steps are those of lr={lr}, whatever `lr` is.")
MORE = Cause("one-too-many", "There is one round too many.")
SHARED = Cause("shared", "`a` and `b` are one and the same tensor: make each anew.")

FORBIDDEN = {"from scratch": {"names": ["torch.optim"]}}
# the numbers of dimensions, round by round
RANKS = (1, 2, 3, 2, 1, 4)


@probe
def make_params(student: Any, like: Tensor | None, by_position: bool = False) -> Any:
    if like is None:
        params = student.init_params()
    elif by_position:
        params = student.init_params(like.dtype, like.device)
    else:
        params = student.init_params(dtype=like.dtype, device=like.device)
    other = student.init_params()
    return {
        "params": dict(params),
        "leaves": [params[name].is_leaf for name in params],
        "own": all(params[name] is not other[name] for name in params),
    }


def expect_dtype(params: dict[str, Any], dtype: torch.dtype, place: str) -> None:
    for each in params.values():
        if isinstance(each, Received) and each.tensor.dtype != dtype:
            sentence = _("{what} has dtype {got}, expected {wanted}.")
            found, wanted = (str(t).removeprefix("torch.") for t in (each.tensor.dtype, dtype))
            expect(False, sentence.format(what=place, got=found, wanted=wanted), DTYPE_IGNORED)


def expect_params(got: Any, dtype: torch.dtype) -> None:
    expect(
        isinstance(got["params"], dict) and set(got["params"]) == {"a", "b"},
        _('init_params does not return a dict with "a" and "b".'),
    )
    one = torch.ones((), dtype=dtype)
    expect_dtype(got["params"], dtype, "init_params()")
    expect_close(
        got["params"],
        {"a": one, "b": one},
        "init_params()",
        requires_grad=True,
        causes={START: {"a": 0 * one, "b": 0 * one}},
    )
    expect(all(got["leaves"]), _("The parameters are no leaf tensors."), NON_LEAF)
    expect(got["own"], _("Two calls of init_params give the same tensors."))


@rounds("published", "equal", half=True)
@points(2)
def test_init_params(student: Student, draw: Draw) -> None:
    """`init_params(dtype, device)` gives 0-dim leaves "a" and "b", equal to 1, that require gradients."""
    like, by_position = draw.normal(1), draw.choice("by_position", [False, True])
    if draw.round.is_published:
        expect_params(student.run(make_params, like=None), torch.float32)
    given = student.run(make_params, like=like, by_position=by_position)
    expect_params(given, draw.dtype)
    if draw.round.all_equal:
        one = torch.ones((), dtype=torch.float64)
        what = _("init_params() where torch's default dtype is float64")
        got = student.run(make_params, like=None)
        expect_dtype(got["params"], torch.float64, what)
        expect_close(got["params"], {"a": one, "b": one}, what)


def ranks_of(draw: Draw) -> tuple[int, ...]:
    """Those, but no dimension at all in bfloat16."""
    return (0,) if draw.dtype == torch.bfloat16 else RANKS


@probe
def predict_at(student: Any, x: Tensor, a: Tensor, b: Tensor, by_keyword: bool) -> Any:
    params = {"a": a, "b": b}
    return student.predict(x=x, params=params) if by_keyword else student.predict(x, params)


@rounds(half=True)
@points(1)
def test_predict(student: Student, draw: Draw) -> None:
    """`predict(x, params)` is a·x + b."""
    size = draw.magnitude("x", zero=True)
    x = draw.layout("x", size * draw.normal(*draw.shape("shape", ranks_of(draw))))
    a, b = draw.uniform(0.5, 2), (size or 1.0) * draw.uniform(-1.5, -0.5)
    by_keyword = draw.choice("by_keyword", [False, True])
    got = student.run(predict_at, x=x, a=a, b=b, by_keyword=by_keyword)
    causes = {NO_B: a * x, SWAPPED: b * x + a}
    expected = (a.double() * x.double() + b.double()).to(draw.dtype)
    expect_close(got, expected, "predict(x, params)", causes=causes, scale=size or 1.0)


@probe
def measure(student: Any, y_pred: Tensor, y: Tensor, by_keyword: bool) -> Any:
    given = {"y_pred": y_pred, "y": y}
    err = student.calculate_err(**given) if by_keyword else student.calculate_err(y_pred, y)
    if not isinstance(err, Tensor) or not err.requires_grad:
        return {"value": err, "grad": None}
    value = err.detach().clone()
    err.backward()
    return {"value": value, "grad": y_pred.grad}


@rounds(half=True)
@points(1)
def test_calculate_err(student: Student, draw: Draw) -> None:
    """`calculate_err(y_pred, y)` is the mean squared error, and autograd goes through it."""
    shape, size = (
        draw.shape("shape", ranks_of(draw), elements=256),
        draw.magnitude("y_pred, y", zero=True),
    )
    y_pred = draw.layout("y_pred", size * draw.normal(*shape)).requires_grad_()
    y = draw.layout("y", size * draw.normal(*shape))
    by_keyword = draw.choice("by_keyword", [False, True])
    got = student.run(measure, y_pred=y_pred, y=y, by_keyword=by_keyword)
    error = y_pred.detach().double() - y.double()
    m = error.numel()
    factors = {"m": m}
    causes = {
        ABSOLUTE: error.abs().mean(),
        ROOT: (error**2).mean().sqrt(),
        SQUARE_OF_MEAN: error.mean() ** 2,
        NO_SQUARE: error.mean(),
    }
    value, slope = (error**2).mean().to(draw.dtype), (2 * error / m).to(draw.dtype)
    options: dict[str, Any] = {"factors": factors, "scale": size**2}
    expect_close(got["value"], value, "calculate_err", causes=causes, **options)
    sentence = _("calculate_err(…) has no gradient for autograd.")
    expect(got["grad"] is not None, sentence, explain.CUT)
    options["scale"] = size / m
    expect_close(got["grad"], slope, _("its gradient"), **options)


@probe
def update(
    student: Any,
    values: dict[str, Tensor],
    grads: dict[str, Tensor],
    lr: float,
    calls: int,
    by_keyword: bool,
) -> Any:
    params = {name: value.clone().requires_grad_() for name, value in values.items()}
    before = dict(params)
    for _unused in range(calls):
        for name, grad in grads.items():
            params[name].grad = grad.clone()
        if by_keyword:
            student.update_params(params=params, lr=lr)
        else:
            student.update_params(params, lr)
    return {
        "params": params,
        "same": all(params[name] is before[name] for name in before),
        "leaves": all(p.is_leaf and p.requires_grad for p in params.values()),
    }


@rounds(half=True)
@points(2)
def test_update_params(student: Student, draw: Draw) -> None:
    """`update_params(params, lr)` does p ← p − lr·p.grad in place, and skips what has no gradient."""
    shape, size = draw.shape("shape", RANKS, elements=256), draw.magnitude("parameters")
    calls = 1 if draw.round.is_published or draw.dtype.itemsize < 4 else draw.count("calls", 1, 12)
    shapes: dict[str, tuple[int, ...]] = {"a": (), "b": ()}
    shapes |= dict(zip(draw.names(2), (shape, ()), strict=True))
    values = {name: size * draw.normal(*each) for name, each in shapes.items()}
    grads = {name: size * draw.normal(*shapes[name]) for name in shapes if name != "b"}
    by_keyword = draw.choice("by_keyword", [False, True])
    lr = draw.choice("lr", [0.3, 1.5, 0.0005])
    given = {"values": values, "grads": grads, "lr": lr, "calls": calls}
    got = student.run(update, **given, by_keyword=by_keyword)
    expect(
        got["same"],
        _("The dict holds other tensors after update_params: the update is not in place."),
        _(
            "`params[name] = …` puts another tensor there; `p -= …` within `torch.no_grad()` does not."
        ),
    )

    def walk(name: str, factor: float) -> Tensor:
        step = factor * calls * lr * grads[name].double()
        return (values[name].double() - step).to(draw.dtype)

    steps = partial(walk, "a")
    causes = explain.step_causes(steps, lr) | other_terms.rates(steps, lr)
    what = _("a after update_params")
    expect_close(got["params"]["a"], walk("a", 1), what, causes=causes, scale=size)
    what = _("b, which has no gradient, after update_params")
    expect_close(got["params"]["b"], values["b"], what, scale=size)
    for name in [*shapes][2:]:
        what = _("a further parameter, of shape {shape}, after update_params")
        what = what.format(shape=shapes[name])
        left = {LEFT_OUT: values[name]}
        expect_close(got["params"][name], walk(name, 1), what, causes=left, scale=size)
    sentence = _("After update_params a parameter is no leaf that requires gradients any more.")
    expect(
        got["leaves"],
        sentence,
        _("Update inside `with torch.no_grad():`, and leave `requires_grad` on."),
    )


@probe
def clear(student: Any, values: dict[str, Tensor], calls: int, by_keyword: bool) -> Any:
    params = {name: value.clone().requires_grad_() for name, value in values.items()}
    cleared = []
    for _unused in range(calls):
        for name, value in params.items():
            if name != "b":
                value.grad = torch.ones_like(value)
        student.clear_grad(params)
        if by_keyword:
            student.clear_grad(params=params)
        else:
            student.clear_grad(params)
        cleared.append([p.grad is None or not p.grad.any().item() for p in params.values()])
    return {"params": params, "cleared": cleared}


@rounds("published", "equal", "large")
@points(1)
def test_clear_grad(student: Student, draw: Draw) -> None:
    """After `clear_grad(params)` every `.grad` is None or zero; the values stay."""
    names, calls = ["a", "b", *draw.names(1)], draw.count("calls", 1, 6)
    values = {name: draw.normal(*[2][: names.index(name) // 2]) for name in names}
    by_keyword = draw.choice("by_keyword", [False, True])
    got = student.run(clear, values=values, calls=calls, by_keyword=by_keyword)
    sentence = _("After clear_grad a parameter still has a gradient.")
    zeroed = all(not received.tensor.any() for received in got["params"].values())
    others = [each[:2] == [True, True] for each in got["cleared"]]
    cause = CLEARED if zeroed else LEFT_OUT if all(others) else NOT_EMPTY
    expect(all(map(all, got["cleared"])), sentence, cause)
    causes = {CLEARED: {name: 0 * value for name, value in values.items()}}
    expect_close(got["params"], values, _("params after clear_grad"), causes=causes)


@probe
def run_fit(
    student: Any, xs: Tensor, ys: Tensor, args: list[Any], kwargs: dict[str, Any], again: bool
) -> Any:
    if "num_adjust" in kwargs:
        params, errors = student.fit(xs=xs, ys=ys, **kwargs)
    else:
        params, errors = student.fit(xs, ys, *args, **kwargs)
    found: dict[str, Any] = {"params": params, "errors": errors, "then": {}}
    if not isinstance(params, dict):
        return found
    if again:  # the same tensors, with other numbers in them
        held = xs.clone()
        student.fit(held, ys, *args, **kwargs)
        held.copy_(xs.flip(0))
        found["then"] = dict(student.fit(held, ys, *args, **kwargs)[0])
    return found


# how large x is, round by round
SIZES = {"1": 1.0, "1e-7": 2.0**-23, "0": 0.0}
# `None` for the default
RATES = {"0.1": 0.1, "0.05": 0.05, "0.0005": 0.0005, "left out": None, "1.5": 1.5}


@rounds(half=True)
@points(2)
@follows("init_params", "predict", "calculate_err", "update_params", "clear_grad")
def test_fit(student: Student, draw: Draw) -> None:
    """`fit` gives the params after `num_adjust` rounds, and the list of each round's error before its update."""
    m, scale = draw.size("m"), draw.magnitude("y", zero=True)
    is_short = draw.dtype.itemsize < 4
    size, lr = (1.0, 0.1) if is_short else (draw.choice("|x|", SIZES), draw.choice("lr", RATES))
    xs = draw.layout("xs", size * draw.normal(m))
    ys = draw.layout("ys", scale * draw.normal(m))
    rounds = 0 if draw.round.ones == 0 else draw.count("rounds", 2, 2 if is_short else 12)
    optional = {} if lr is None else {"lr": lr}
    args, kwargs = draw.choice(
        "passed",
        {
            "lr by keyword": ([rounds], optional),
            "all by position": ([rounds, *optional.values()], {}),
            "all by keyword": ([], {"num_adjust": rounds} | optional),
        },
    )
    again = draw.round.is_published
    got = student.run(run_fit, xs=xs, ys=ys, args=args, kwargs=kwargs, again=again)
    sentence = _("What fit returns is not the pair (params, errors), with a dict of tensors first.")
    swapped = TURNED_PAIR if isinstance(got["errors"], dict) else ""
    expect(isinstance(got["params"], dict), sentence, swapped)
    step = 0.01 if lr is None else lr
    # a round more than asked, to know the error after the last one
    walk = partial(descend, xs, ys, rounds + 1)
    path, errors = walk(step)
    causes: dict[Cause, Any] = {
        explain.NOT_CLEARED: lambda: walk(step, kept=True)[0][rounds],
        DEFAULT.of(lr="0.1"): lambda: walk(0.1)[0][rounds],
        DEFAULT.of(lr="0.001"): lambda: walk(0.001)[0][rounds],
        FIXED.of(lr="0.01"): lambda: walk(0.01)[0][rounds],
        FIXED.of(lr="0.1"): lambda: walk(0.1)[0][rounds],
        FIXED.of(lr="0.001"): lambda: walk(0.001)[0][rounds],
        ONE_GRADIENT: lambda: walk(step, once=True)[0][rounds],
        MORE: path[rounds + 1],
        explain.FEWER: path[max(rounds - 1, 0)],
        START: lambda: walk(step, start=0.0)[0][rounds],
        SHARED: lambda: walk(step, shared=True)[0][rounds],
        CLEARED: {"a": 0 * path[0]["a"], "b": 0 * path[0]["b"]},
        explain.LR_IGNORED: lambda: walk(1.0)[0][rounds],
        explain.UPHILL: lambda: walk(-step)[0][rounds],
        explain.NOT_UPDATED: path[0],
    }
    if lr is not None:
        causes = {
            cause: other for cause, other in causes.items() if cause.template != DEFAULT.template
        }
    what = _("the params after {rounds} rounds").format(rounds=rounds)
    curves = got["errors"], errors[:rounds]
    options: dict[str, Any] = {"causes": causes, "curves": curves, "scale": max(1.0, scale)}
    expect_close(got["params"], path[rounds], what, **options)
    expect(isinstance(got["errors"], list), _("The errors are not a list."))
    options["causes"] = {explain.NEW_FOR_OLD: errors[1:], FIRST_ERROR: errors[:1] * rounds}
    # in 16 bits an error has the rounding of all its squares
    options["scale"] = 20.0 if is_short else 1.0
    what = _("the errors")
    expect_close(got["errors"], errors[:rounds], what, dtype=draw.dtype, **options)
    if again:
        what = _("the params of another fit")
        expected = descend(xs.flip(0), ys, rounds, step)[0][rounds]
        expect_close(got["then"], expected, what, causes={explain.STALE: path[rounds]})


def descend(
    xs: Tensor,
    ys: Tensor,
    rounds: int,
    lr: float,
    kept: bool = False,
    start: float = 1.0,
    shared: bool = False,
    once: bool = False,
) -> tuple[list[dict[str, Tensor]], list[float]]:
    """The parameters at the start and after each round, and the error before each; or what a mistake makes of them."""
    dtype, xs, ys = xs.dtype, xs.double(), ys.double()
    a, b = (torch.full((), start, dtype=torch.float64) for _ in "ab")
    path, errors = [{"a": a.to(dtype), "b": b.to(dtype)}], []
    old_a, old_b = 0 * a, 0 * b
    for number in range(rounds):
        errors.append(((a * xs + b - ys) ** 2).mean().item())
        slope = 2 * (a * xs + b - ys)
        if not once or number == 0:
            old_a, old_b = (slope * xs).mean() + kept * old_a, slope.mean() + kept * old_b
        if shared:
            # it is updated once for each of its two names, and cleared after both
            old_a = old_b = 2 * (old_a + old_b)
        a, b = a - lr * old_a, b - lr * old_b
        path.append({"a": a.to(dtype), "b": b.to(dtype)})
    return path, errors


@probe
def under_another_default(student: Any, xs: Tensor, ys: Tensor) -> Any:
    """What is made without a device is where `xs` is."""
    with torch.device(xs.device):
        made = student.init_params()
        params, errors = student.fit(xs, ys, 2)
        student.clear_grad(params)
        err = student.calculate_err(student.predict(xs, params), ys)
        err.backward()
        student.update_params(params, 0.01)
    return {"made": dict(made), "params": dict(params), "errors": [*errors, err.item()]}


@points(1)
@needs("init_params", "predict", "calculate_err", "update_params", "fit")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """The loop works on any device: the parameters are made where `xs` is."""
    expect_params(elsewhere.run(make_params, like=draw.normal(1)), draw.dtype)
    test_predict(elsewhere, draw)
    test_calculate_err(elsewhere, draw)
    test_update_params(elsewhere, draw)
    test_fit(elsewhere, draw)
    xs, ys = draw.normal(5), draw.normal(5)
    got = elsewhere.run(under_another_default, xs=xs, ys=ys)
    path, errors = descend(xs, ys, 3, 0.01)
    what = _("where torch's default device is another one, the results")
    expected: dict[str, Any] = {"made": {"a": torch.ones(()), "b": torch.ones(())}}
    expected |= {"params": path[3], "errors": errors}
    expect_close(got, expected, what, dtype=draw.dtype)


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
COMPARE = """Another right way: functions without state, as in JAX: `params = update(params, grads)`, with new tensors
    in each step. Then nothing has to be done in place, and no `no_grad` is needed for it.

    `torch.func.functional_call` runs a module with parameters that are handed in: so both styles can be
    mixed."""
