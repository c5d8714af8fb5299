"""AdaGrad, RMSProp, AdamW against torch.optim; parameter groups, schedules, clipping, accumulation."""

from __future__ import annotations

from collections.abc import Callable
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
    around_a_step,
    expect,
    expect_close,
    explain,
    follows,
    helper,
    needs,
    optimizer_steps,
    points,
    probe,
    rounds,
    training_order,
)

FORBIDDEN = {
    "from scratch": {
        "names": ["torch.optim", "torch.nn.utils.clip_grad", "torch.nn.utils.clip_grad_norm_"],
        "except": ["accumulate"],  # it is handed an optimizer of torch's
    }
}
KINDS = {"adagrad": "MyAdagrad", "rmsprop": "MyRMSprop", "adamw": "MyAdamW"}

# the optimizers


@helper
def leaves_of(start: list[Tensor], with_gaps: bool) -> list[Any]:
    """Parameters with these values, in memory as they are, or each with gaps between its numbers."""
    values = [value.clone() for value in start]
    if with_gaps:
        values = [value.new_zeros(*value.shape, 2)[..., 0].copy_(value) for value in values]
    return [nn.Parameter(value) for value in values]


@helper
def handed(parameters: list[Any], of: list[int], groups: list[Any], how: str) -> Any:
    """The parameters, or groups of them: each as a list, as a generator or as a tuple."""
    if not groups:
        return (p for p in parameters) if how == "generators" else parameters
    kinds: dict[str, Any] = {"generators": iter, "tuples": tuple}
    given = []
    for number, own in enumerate(groups):
        its = [p for p, group in zip(parameters, of, strict=True) if group == number]
        given.append({"params": kinds.get(how, list)(its), **own})
    return given


another_first = optimizer_steps.another_first
Recorder, build, loss_of = training_order.Recorder, training_order.build, training_order.loss_of


@helper
def walked(
    student: Any,
    kind: str,
    options: dict[str, Any],
    start: list[Tensor],
    grads: list[list[Tensor | None]],
    of: list[int],
    groups: list[Any],
    changes: list[Any],
    how: str,
    beside: bool,
    before: bool,
    times: int,
) -> Any:
    parameters = leaves_of(start, beside)
    if before:  # another one had the same parameters
        another_first(getattr(student, kind)(parameters, **options), parameters, start)
    make, given = getattr(student, kind), handed(parameters, of, groups, how)
    optimizer = make(params=given, **options) if how == "keyword" else make(given, **options)
    others = leaves_of(start[:1], False)
    # another optimizer, whose steps come in between
    other = getattr(student, kind)(others, lr=0.5) if beside else None
    kept, found = True, len(optimizer.param_groups) if changes else 0
    for number, step in enumerate(times * grads):
        if changes and found != max(1, len(groups)):
            break  # what is changed may not be there
        for parameter, grad in zip(parameters, step, strict=True):
            # in place where one is there: what was kept of it is to be a copy
            if grad is not None and parameter.grad is not None:
                parameter.grad.copy_(grad)
            else:
                parameter.grad = None if grad is None else grad.clone()
        for _unused, group, name, value in (each for each in changes if each[0] == number):
            if beside:  # another dict in its place
                optimizer.param_groups[group] = {**optimizer.param_groups[group], name: value}
            else:
                optimizer.param_groups[group][name] = value
        if other:
            others[0].grad = torch.ones_like(others[0])
            other.step()
        optimizer.step()
        for parameter, grad in zip(parameters, step, strict=True):
            if grad is not None:
                kept &= parameter.grad is not None and torch.equal(parameter.grad, grad)
    return {
        "kept": kept,
        "groups": found,
        "parameters": parameters,
        "leaves": all(p.is_leaf and p.requires_grad for p in parameters),
    }


run_steps = probe(walked)


@probe(aside=True)
def run_aside(student: Any, given: dict[str, Any]) -> Any:
    """The same with lists."""
    return walked(student, **{**given, "how": ""})["parameters"]


# how large gradients are: where they are tiny, eps shows
SIZES = {"1": 1.0, "1e-7": 2.0**-23, "8000": 2.0**13}
HOW = {"lists": "", "generators": "generators", "tuples": "tuples", "by keyword": "keyword"}


def drawn_shapes(draw: Draw) -> list[tuple[int, ...]]:
    """The parameters' shapes: one of two dimensions, two that are equal, one without a dimension, and more."""
    n, k, m = draw.size("n"), draw.size("k", high=8), draw.size("m")
    more: list[tuple[int, ...]] = [(k,), (2, 1, k), ()]
    return [(n, k), (m,), (), (m,), *more[: draw.count("parameters", 4, 7) - 4]]


def expect_like_torch(
    student: Student,
    draw: Draw,
    kind: str,
    options: dict[str, Any],
    missing: bool = False,
    groups: list[dict[str, Any]] | None = None,
    changes: list[tuple[int, int, str, Any]] | None = None,
) -> None:
    """`groups`: what each says itself; `changes`: before which step which of them gets which setting."""
    long = draw.round.name == "ones" and not (missing or groups or changes)
    # more steps than 8 bits can count
    shapes, times = drawn_shapes(draw)[: 1 if long else None], 100 if long else 1
    steps = 3 if long else draw.count("steps", 3, 12 if draw.round.name == "large" else 5)
    size = draw.choice("|gradients|", SIZES) if draw.dtype.itemsize > 2 else 1.0
    start = [draw.normal(*shape) for shape in shapes]
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
    of = [i % max(1, len(groups or [])) for i in range(len(shapes))]
    given: dict[str, Any] = {"kind": kind, "options": options, "start": start, "grads": grads}
    given |= {"of": of, "groups": groups or [], "changes": changes or []}
    beside = not draw.round.is_published
    before = beside and not groups and not missing
    given |= {"how": draw.choice("params", HOW), "beside": beside, "before": before, "times": times}
    got = student.run(run_steps, **given)
    grads, steps = times * grads, times * steps

    def own(step: int, i: int, of_group: int | None = None, changed: bool = True) -> dict[str, Any]:
        """What a parameter's group says, and what it was told until this step."""
        place = of[i] if of_group is None else of_group
        until = [each for each in changes or [] if changed and each[0] <= step and each[1] == place]
        told = {name: value for _unused, _group, name, value in until}
        return (groups[place] if groups else {}) | told

    work = partial(optimizer_steps.by_torch, kind, options, start, grads)
    expected = work(own)

    def causes() -> dict[Cause, Any]:
        if given["how"] == "generators":
            listed = student.run(run_aside, given=given)
            wrong = not all(map(optimizer_steps.close_to, got["parameters"], expected))
            if wrong and all(map(optimizer_steps.close_to, listed, expected)):
                return {optimizer_steps.USED_UP: ...}
        found: dict[Cause, Any] = {optimizer_steps.UNMOVED: start}
        if groups:
            found |= optimizer_steps.causes_of_groups(work, own, start, of, steps)
        elif changes:
            found[optimizer_steps.CHANGE_IGNORED] = lambda: work(partial(own, changed=False))
        others = optimizer_steps.causes_of(kind, options, start, grads, beside, own, before)
        if groups:
            # which settings have no say is told above, whatever values stand for them
            ignored = ("option-ignored", "lr-ignored", "wrong-default")
            others = {cause: made for cause, made in others.items() if cause.id not in ignored}
        return found | others

    tell_groups(draw, **{name: given[name] for name in ("groups", "changes", "beside")})
    settings = ", ".join(f"{name}={value}" for name, value in options.items())
    what = _("after {steps} steps of {kind}({settings}), parameters").format(
        steps=steps, kind=kind, settings=settings
    )
    if changes:
        entries = _("how many entries param_groups has")
        expect_close(got["groups"], max(1, len(groups or [])), entries)
    # who hands β₂ to torch.lerp has 1 − β₂ in float32, whose error of 5e-5 is halved by the root
    own_rates = [own(step, i).get("lr", 0.01) for step in range(steps) for i in range(len(of))]
    scale = 20 * steps * max(*own_rates, options.get("lr", 0.01))
    scale = max(1.0, scale) if draw.dtype == torch.float32 else 1.0
    expect_close(got["parameters"], expected, what, causes=causes, scale=scale)
    expect(got["kept"], _("A step changes the gradients."), explain.IN_PLACE)
    expect(
        got["leaves"], _("After a step a parameter is no leaf that requires gradients any more.")
    )


def tell_groups(draw: Draw, groups: list[Any], changes: list[Any], beside: bool) -> None:
    """Says with what is drawn which settings the groups have, and which are changed."""
    for name in ("groups", "changes"):
        draw.drawn.pop(name, None)
    if groups:
        draw.drawn["groups"] = _("groups with {groups}").format(groups=groups)
    if changes:
        each = 'param_groups[{group}]["{name}"] = {value:.4g}'
        if beside:  # another dict in its place
            each = 'param_groups[{group}] = {{**param_groups[{group}], "{name}": {value:.4g}}}'
        told = [
            _("before step {number} {change}").format(
                number=step + 1, change=each.format(group=group, name=name, value=value)
            )
            for step, group, name, value in changes
        ]
        draw.drawn["changes"] = ", ".join(told)


def between(draw: Draw, low: float, high: float) -> float:
    """A number with two decimals, as people write them."""
    return round(draw.uniform(low, high).item(), 2)


def some_lr(draw: Draw) -> float:
    """A learning rate: above 1, or far below, in two of the rounds."""
    if draw.round.ones == 0:
        return between(draw, 1.1, 1.9)
    return 0.0005 if draw.round.all_equal else between(draw, 0.11, 0.19)


@rounds("published", "ones", "equal", "large", half=True, single=True)
@points(1)
def test_adagrad(student: Student, draw: Draw) -> None:
    """`MyAdagrad` moves the parameters as `torch.optim.Adagrad` does, with its defaults too."""
    options: dict[str, Any] = {"lr": some_lr(draw)}
    if draw.round.is_published:
        # large enough to show where it is added: outside the root
        expect_like_torch(student, draw, "MyAdagrad", options | {"eps": between(draw, 0.3, 0.6)})
    if draw.round.ones == 0:
        expect_like_torch(student, draw, "MyAdagrad", {})
    expect_like_torch(student, draw, "MyAdagrad", options)


@rounds("published", "ones", "equal", "large", half=True, single=True)
@points(1)
def test_rmsprop(student: Student, draw: Draw) -> None:
    """`MyRMSprop` moves them as `torch.optim.RMSprop` does, with `alpha`, `eps` and `momentum`, and its defaults."""
    options = {"lr": some_lr(draw), "alpha": between(draw, 0.55, 0.85)}
    if draw.round.is_published:
        expect_like_torch(student, draw, "MyRMSprop", options | {"eps": between(draw, 0.3, 0.6)})
    if draw.round.ones == 0:
        expect_like_torch(student, draw, "MyRMSprop", {})
    options |= {"momentum": between(draw, 0.4, 0.7)}
    expect_like_torch(student, draw, "MyRMSprop", options)


@rounds("published", "ones", "equal", "large", half=True, single=True)
@points(1)
def test_adamw(student: Student, draw: Draw) -> None:
    """`MyAdamW` moves them as `torch.optim.AdamW` does, with `betas`, `eps` and `weight_decay`, and its defaults."""
    options: dict[str, Any] = {"lr": some_lr(draw)}
    options |= {"betas": (between(draw, 0.5, 0.75), between(draw, 0.8, 0.95))}
    if draw.round.is_published:
        more = {"eps": between(draw, 0.3, 0.6), "weight_decay": 0.0}
        expect_like_torch(student, draw, "MyAdamW", options | more)
    if draw.round.ones == 0:
        expect_like_torch(student, draw, "MyAdamW", {})
    options |= {"weight_decay": between(draw, 0.2, 0.5)}
    expect_like_torch(student, draw, "MyAdamW", options)


# groups

# what a group says beside `lr`, what is said of that later, and the rest of what its class takes
OWN: dict[str, tuple[str, float, float, dict[str, Any]]] = {
    "MyAdagrad": ("eps", 0.3, 0.6, {}),
    "MyRMSprop": ("momentum", 0.7, 0.5, {"alpha": 0.6, "eps": 0.4}),
    "MyAdamW": ("weight_decay", 0.4, 0.2, {"betas": (0.6, 0.85), "eps": 0.4}),
}


@rounds("published", "ones", single=True)
@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
@points(1)
@follows("adagrad", "rmsprop", "adamw")
def test_parameter_groups(student: Student, draw: Draw, kind: str) -> None:
    """Groups have settings of their own, and what is changed in `param_groups` holds from the next step on."""
    name, value, later, others = OWN[kind]
    options: dict[str, Any] = {"lr": between(draw, 0.03, 0.07)}
    if kind == "MyRMSprop":
        options["momentum"] = 0.3
    groups: list[dict[str, Any]] = [{}, {"lr": 0.25}, {"lr": 0.14, name: value, **others}]
    changes = [(1, 0, "lr", 0.3), (2, 2, "lr", 0.4), (2, 2, name, later)]
    expect_like_torch(student, draw, kind, options, groups=groups, changes=changes)
    if draw.round.is_published:
        # without groups there is one
        expect_like_torch(student, draw, kind, options, changes=[(1, 0, "lr", 0.3)])


@rounds("published", "ones", single=True)
@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
@points(1)
@follows("adagrad", "rmsprop", "adamw")
def test_without_gradient(student: Student, draw: Draw, kind: str) -> None:
    """A parameter whose `.grad` is None is skipped."""
    options = {"lr": 0.13}
    if kind == "MyRMSprop":
        options["momentum"] = 0.9
    expect_like_torch(student, draw, kind, options, missing=True)


# schedules


@probe
def rates(student: Any, name: str, steps: list[int], given: dict[str, Any], how: str) -> Any:
    function = getattr(student, name)
    if how == "keyword":
        return [function(step=step, **given) for step in steps]
    optional = {key: given[key] for key in ("gamma",) if key in given and not how}
    required = [value for key, value in given.items() if key not in optional]
    return [function(step, *required, **optional) for step in steps]


CALLS = {"by position": "", "all by keyword": "keyword", "all by position": "position"}


def expect_rates(
    student: Student,
    draw: Draw,
    name: str,
    steps: list[int],
    given: dict[str, Any],
    rate: Callable[[int], float],
    causes: dict[Cause, Callable[[int], float]],
) -> None:
    how = draw.choice("arguments", CALLS)
    got = student.run(rates, name=name, steps=steps, given=given, how=how)
    if isinstance(got, list):
        # a plain 0 will do
        got = [float(each) if type(each) is int else each for each in got]
    settings = ", ".join(f"{key}={value}" for key, value in given.items())
    what = _("the learning rates of {name}(step, {settings}) at the steps {steps}").format(
        name=name, settings=settings, steps=", ".join(map(str, steps))
    )
    # who reckons with tensors has seven digits
    expect_close(
        got,
        [rate(step) for step in steps],
        what,
        causes={cause: [other(step) for step in steps] for cause, other in causes.items()},
        rtol=1e-5,
        scale=given["lr"],
    )


@rounds("published", "ones", "equal", single=True)
@points(1)
def test_step_decay(student: Student, draw: Draw) -> None:
    """`step_decay(step, every, lr, gamma)` is `lr`, multiplied by `gamma` after each `every` steps."""
    every, lr, gamma = draw.size("every"), some_lr(draw), between(draw, 0.3, 0.8)
    steps = sorted({0, 1, every - 1, every, every + 1, 2 * every - 1, 2 * every, 3 * every + 1})
    for more in ({}, {"gamma": gamma}):
        given: dict[str, Any] = {"every": every, "lr": lr, **more}
        causes = around_a_step.drop_causes(every, lr, more.get("gamma"))
        rate = partial(around_a_step.dropped, **given)
        expect_rates(student, draw, "step_decay", steps, given, rate, causes)


@rounds("published", "ones", "equal", "large", single=True)
@points(1)
def test_cosine_with_warmup(student: Student, draw: Draw) -> None:
    """`cosine_with_warmup(step, warmup, total, lr)` rises in a line, falls along a cosine, and ends at 0."""
    warmup, lr = draw.size("warmup"), some_lr(draw)
    if draw.round.ones == 0:
        warmup = 0
    total = warmup + draw.size("total − warmup")
    # published too: without a fall, and without a rise
    more = [(warmup, warmup), (0, 1)] if draw.round.is_published else []
    for first, last in [(warmup, total), *more]:
        given: dict[str, Any] = {"warmup": first, "total": last, "lr": lr}
        if (first, last) != (warmup, total):
            draw.drawn.clear()
            draw.drawn |= {"warmup": f"warmup = {first}", "total − warmup": f"total = {last}"}
        places = {*range(min(last, 8)), first - 1, first, (first + last) // 2, last - 1, last}
        steps = sorted({*places, last + 1, 2 * last + 3} - {-1})
        rate = partial(around_a_step.waved, **given)
        causes = around_a_step.wave_causes(**given)
        expect_rates(student, draw, "cosine_with_warmup", steps, given, rate, causes)


# clipping


@helper
def clipped(
    student: Any, start: list[Tensor], grads: list[Any], max_norm: float, how: str, default: bool
) -> Any:
    parameters = leaves_of(start, False)
    params: Any = (p for p in parameters) if how == "generators" else parameters
    for factor in (1,) if how else (2, 1):  # the same list twice, with other gradients
        for parameter, grad in zip(parameters, grads, strict=True):
            parameter.grad = None if grad is None else factor * grad
        with torch.device(start[0].device if default else "cpu"):
            if how == "keyword":
                total = student.clip_by_norm(params=params, max_norm=max_norm)
            else:
                total = student.clip_by_norm(params, max_norm)
    return {
        "total": total,
        "grads": [p.grad for p in parameters if p.grad is not None],
        "parameters": parameters,
    }


run_clip = probe(clipped)


@probe(aside=True)
def clip_aside(student: Any, given: dict[str, Any]) -> Any:
    return clipped(student, **{**given, "how": ""})["grads"]


def expect_clipped(student: Student, draw: Draw, share: float, default: bool = False) -> None:
    """`share`: of the total norm, what is allowed."""
    start = [draw.normal(*shape) for shape in drawn_shapes(draw)]
    # where the norm is small, and the gradients are scaled, torch's 1e-6 shows; 16 bits have no room
    size = 8.0 if share < 1 else draw.magnitude("gradients", zero=True)
    size, numbers = (1.0, draw.normal) if draw.dtype.itemsize < 4 else (size, draw.numbers)
    grads: list[Tensor | None] = [size * numbers(*value.shape) for value in start]
    grads[0] = size * draw.normal(*start[0].shape)  # not zero by chance
    grads[1] = None
    there = [grad for grad in grads if grad is not None]
    total = around_a_step.total_norm(there)
    max_norm = share * total.item() or 1.0
    given: dict[str, Any] = {"start": start, "grads": grads, "max_norm": max_norm}
    ways = {"list": "", "generator": "generators", "by keyword": "keyword"}
    given |= {"how": draw.choice("params", ways), "default": default}
    got = student.run(run_clip, **given)
    norms = around_a_step.norm_causes(there, max_norm, start)
    what = _("the total norm of clip_by_norm")
    expect_close(got["total"], total.to(draw.dtype), what, causes=norms, scale=size)
    expected = around_a_step.clipped(there, max_norm)

    def causes() -> dict[Cause, Any]:
        if given["how"] == "generators":
            listed = student.run(clip_aside, given=given)
            if len(listed) == len(expected) and all(
                map(optimizer_steps.close_to, listed, expected)
            ):
                return {optimizer_steps.USED_UP: ...}
        return around_a_step.clip_causes(there, max_norm)

    what = _("with a total norm of {norm:.4g} and max_norm={max_norm:.4g}, gradients").format(
        norm=total.item(), max_norm=max_norm
    )
    rtol = 1e-6 if share < 1 and draw.dtype == torch.float64 else None
    expect_close(got["grads"], expected, what, causes=causes, rtol=rtol, scale=size)
    expect_close(got["parameters"], start, _("after clip_by_norm, parameters"))


@rounds(half=True, single=True)
@points(1)
def test_clip_by_norm(student: Student, draw: Draw) -> None:
    """`clip_by_norm` scales all gradients by one factor, where their norm is too large, and returns the norm before."""
    for share in (between(draw, 0.2, 0.7), between(draw, 1.2, 3.0)):
        expect_clipped(student, draw, share)


# accumulation

ALL_AT_ONCE = Cause(
    "all-at-once",
    "Batches are put together before they go through the model: that is what there is no room for.",
)
ALL_GRAPHS = Cause(
    "all-at-once",
    "Its graph waits for a `backward()`: call it for each batch, before the next; where only the number is wanted, go "
    "through the model under `torch.no_grad()`.",
)


@probe
def accumulated(
    student: Any,
    weights: list[Tensor],
    calls: list[Any],
    loss: str,
    by_keyword: bool,
    default: bool,
    frozen: bool,
) -> Any:
    model: Any = build(weights, frozen)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.grad = torch.ones_like(parameter)  # from earlier work
    losses, after = [], []
    for batches in [*calls, calls[0]]:
        given = {"model": model, "loss_fn": loss_of(loss), "batches": batches}
        if by_keyword:
            losses.append(student.accumulate(**given, optimizer=optimizer))
        else:
            with torch.device(weights[0].device if default else "cpu"):
                losses.append(student.accumulate(*given.values(), optimizer))
        after.append([parameter.detach().clone() for parameter in model.parameters()])
    return {"losses": losses, "after": after, "events": model[1].events}


def expect_accumulated(student: Student, draw: Draw, default: bool = False) -> None:
    n_in, n_out = draw.size("n_in", high=30), draw.size("n_out", low=2, high=8)
    hidden, n = draw.size("hidden", low=2, high=8), draw.size("n", low=2)
    shapes = [(hidden, n_in), (hidden,), (n_out, hidden), (n_out,)]
    weights = [draw.normal(*shape) / max(1, shape[-1] / 4) ** 0.5 for shape in shapes]
    loss = draw.choice("loss_fn", ["squares", "cross-entropy"])
    calls = [drawn_batches(draw, n, n_in, n_out, loss) for _unused in range(2)]
    again = [*calls, calls[0]]  # the very same list once more
    by_keyword = draw.choice("by_keyword", [False, True]) and not default
    frozen = draw.round.number % 2 == 1
    if frozen:
        draw.drawn["frozen"] = "0.bias.requires_grad = False"
    given: dict[str, Any] = {"weights": weights, "calls": calls, "loss": loss, "frozen": frozen}
    got = student.run(accumulated, **given, by_keyword=by_keyword, default=default)

    def work(mistake: str = "") -> Any:
        model = build(weights, frozen).double()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        after, losses = around_a_step.accumulated(model, loss_of(loss), again, optimizer, mistake)
        return [[each.to(draw.dtype) for each in own] for own in after], losses

    after, losses = work()
    causes = {optimizer_steps.UNMOVED: [weights] * len(again)}
    causes |= around_a_step.sum_causes(lambda mistake: work(mistake)[0])
    # the batches' shares may be tensors of float32
    rtol = 1e-6 if draw.dtype == torch.float64 else None
    expect_close(got["after"], after, _("after each call, parameters"), causes=causes, rtol=rtol)
    means = [each[""] for each in losses]
    what = _("the losses that accumulate returns")
    causes = around_a_step.loss_causes(losses, lambda: work("loss-after")[1])
    expect_close(got["losses"], means, what, causes=causes, rtol=rtol, dtype=draw.dtype)
    most, waiting = max(len(x) for batches in calls for x, _y in batches), 0
    for event in got["events"]:
        waiting = waiting + 1 if event else 0
        sentence = _(
            "{samples} samples went through the model at once; the largest batch has {most}."
        )
        expect(event <= most, sentence.format(samples=event, most=most), ALL_AT_ONCE)
        sentence = _("A batch went through the model before the last one was differentiated.")
        expect(waiting < 2, sentence, ALL_GRAPHS)


def drawn_batches(draw: Draw, n: int, n_in: int, n_out: int, loss: str) -> list[Any]:
    """Batches of unequal sizes."""
    sizes = [n] * (draw.count("batches", 2, 6) - 1) + [max(1, n // 3)]
    if draw.round.number % 2:
        sizes = [max(1, n // 2), *sizes]
    batches: list[Any] = []
    for size in sizes:
        x = draw.normal(size, n_in)
        y = draw.integers(0, n_out, size) if loss == "cross-entropy" else draw.normal(size, n_out)
        batches.append((x, 30 * y if draw.round.name == "large" and loss == "squares" else y))
    return batches


@rounds("published", "ones", "equal", "large", single=True)
@points(1)
def test_accumulate(student: Student, draw: Draw) -> None:
    """`accumulate` takes one step, as of all batches in one, and returns the mean loss of all samples as a float."""
    expect_accumulated(student, draw)


@probe
def under_another_default(student: Any, start: Tensor, grad: Tensor) -> dict[str, Any]:
    """What is made without a device is where the parameters are."""
    found = {}
    with torch.device(start.device):
        for kind in ("MyAdagrad", "MyRMSprop", "MyAdamW"):
            found[kind] = nn.Parameter(start.clone())
            optimizer = getattr(student, kind)([found[kind]], lr=0.1)
            for _unused in range(2):
                found[kind].grad = grad.clone()
                optimizer.step()
    return found


@rounds("published", single=True)
@points(1)
@needs("adagrad", "rmsprop", "adamw", "clip_by_norm", "accumulate")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """The optimizers, `clip_by_norm` and `accumulate` work on any device."""
    for kind in KINDS.values():
        options = {"lr": 0.13} | ({"momentum": 0.7} if kind == "MyRMSprop" else {})
        expect_like_torch(elsewhere, draw, kind, options, missing=True)
    expect_clipped(elsewhere, draw, 0.5)
    expect_accumulated(elsewhere, draw)
    draw.tell_default(elsewhere.device)
    expect_clipped(elsewhere, draw, 0.5, default=True)
    expect_accumulated(elsewhere, draw, default=True)
    start, grad = draw.normal(4), draw.normal(4)
    got = elsewhere.run(under_another_default, start=start, grad=grad)
    expected = {
        kind: optimizer_steps.by_torch(kind, {"lr": 0.1}, [start], [[grad]] * 2)[0]
        for kind in KINDS.values()
    }
    what = _("where torch's default device is another one, parameters after two steps")
    expect_close(
        got, expected, what, causes={optimizer_steps.UNMOVED: dict.fromkeys(expected, start)}
    )


HINTS = (
    """All three optimizers go through the same groups and parameters, and keep something for each
    parameter from one step to the next: write what they share once. For the functions below them, try the numbers
    of the statement by hand first.""",
    """Make each group a dict that has all arguments: those of the call first, what the group says itself over them,
    and `"params"` as a list. `step()` goes through `self.param_groups`, and reads the settings there each time.
    `clip_by_norm` needs its gradients twice, so make a list of them first. In `accumulate`, weigh the mean loss of a
    batch with its share of all samples before you differentiate it.""",
    """A group with all arguments is `{**arguments, **group, "params": list(group["params"])}`. RMSProp's step of a
    parameter, under `with torch.no_grad():`, is

    ```python
    s = alpha * s + (1 - alpha) * p.grad**2
    v = group["momentum"] * v + p.grad / (s.sqrt() + group["eps"])
    p -= group["lr"] * v
    ```

    The total norm is `torch.cat([grad.flatten() for grad in grads]).norm()`. A batch in `accumulate` is
    `(loss_fn(model(x), y) * len(x) / samples).backward()`, with `zero_grad()` before the first and `step()` after the
    last one.""",
)
COMPARE = """Other right ways: a base class with `param_groups` and the loop, and a method for one parameter in each
    optimizer; or `torch._foreach_mul_` and its kin, which treat all parameters in one call. A schedule in torch is an
    object that writes into `param_groups`: `StepLR`, `LambdaLR`, or a `SequentialLR` of `LinearLR` and
    `CosineAnnealingLR`.

    Two of torch's optimizers are not asked here. `Rprop` looks at the signs of the gradients alone: the step size of a
    number grows by 1.2 while its sign stays, and is halved when it changes. In small batches the signs are mostly
    noise, so it is for full ones. `ASGD` takes plain steps, and keeps the mean of the parameters beside them, in
    `state[p]["ax"]`; with torch's defaults that mean begins after a million steps, so that the parameters show nothing
    of it."""
