"""Eleven more published mistakes, mended: each function against what it says it does."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from grader import (
    Cause,
    Criterion,
    Draw,
    Student,
    _,
    backbones,
    called,
    curve,
    expect,
    expect_close,
    explain,
    helper,
    listen,
    needs,
    order_causes,
    points,
    probe,
    rounds,
    slips,
    slopes,
)

FORBIDDEN = {"by hand": {"except": [
    "square_slope", "squared_error", "descend", "decayed_step", "predict", "one_step", "train", "new_head", "to_model",
]}}  # fmt: skip

# the numbers of dimensions, round by round
RANKS = (2, 0, 4, 2, 1)
TINY = (-8.0, -6.5)  # exponents of 10
backbone, learner = backbones.backbone, slips.learner
broken, breaks_off, with_zero, steep = slips.broken, slips.breaks_off, slips.with_zero, slopes.steep
criterion_of, optimizer_of = slips.criterion_of, slips.optimizer_of
Given = dict[str, Any]


def drawn_way(draw: Draw, by_default: bool) -> Given:
    """How functions are called: by position or by keyword, and with which default device."""
    return {"by_keyword": draw.choice("by_keyword", [False, True]), "by_default": by_default}


@helper
def ask(function: Any, given: Any, how: Any, place: Tensor) -> Any:
    """What a function gives; the device of `place` is torch's default one meanwhile, if it is to be."""
    args, kwargs = ([], given) if how["by_keyword"] else ([*given.values()], {})
    return called(lambda *_: function(*args, **kwargs), how["by_default"], place)


# slopes


@probe
def slopes_of_square(student: Any, x: Tensor, old: Tensor, how: Any) -> Any:
    first = ask(student.square_slope, {"x": x}, how, x)
    at = x.detach().clone().requires_grad_()
    at.grad = old.clone()
    second = ask(student.square_slope, {"x": at}, how, x)
    second = second.detach().clone() if isinstance(second, Tensor) else second
    at.data = -at.data  # the same leaf elsewhere
    third = ask(student.square_slope, {"x": at}, how, x)
    return {"first": first, "second": second, "third": third, "x.grad": at.grad}


def expect_square(student: Student, draw: Draw, by_default: bool = False) -> None:
    shape = draw.shape("shape", RANKS, elements=300)
    size = draw.magnitude("x", tiny=TINY)
    x = (0.0 if draw.round.ones == 0 else size) * draw.numbers(*shape)
    x = draw.layout("x", x).requires_grad_()
    old, how = 2.0**20 * size * draw.normal(*shape), drawn_way(draw, by_default)
    got = student.run(slopes_of_square, x=x, old=old, how=how)
    at = x.detach().double()
    right = (6 * at).to(draw.dtype)
    causes = {slips.TWELVE: (6 * (at + 1)).to(draw.dtype), slips.VALUE: (3 * at**2).to(draw.dtype)}
    expect_close(got["first"], right, "square_slope(x)", causes=causes, scale=size)
    what = _("square_slope(x) of a leaf whose .grad holds something")
    kept = {slips.WRITTEN: (6 * at + old.double()).to(draw.dtype)}
    expect_close(got["second"], right, what, causes=kept, scale=size)
    expect(got["x.grad"] is not None, _("x.grad is None after square_slope(x)."), slips.WRITTEN)
    what = _("x.grad after square_slope(x)")
    expect_close(got["x.grad"], old, what, causes={slips.WRITTEN: ...})
    what = _("square_slope(x) of the same leaf with other numbers")
    expect_close(got["third"], -right, what, causes={explain.STALE: right}, scale=size)


@rounds(single=True)
@points(1)
def test_square_slope(student: Student, draw: Draw) -> None:
    """`square_slope(x)` is the slope of 3x², whatever `x.grad` holds, and leaves that as it is."""
    expect_square(student, draw)


@probe
def numeric_slopes(student: Any, x: Tensor, numbers: list[float], how: Any) -> Any:
    def f(x: Tensor) -> Tensor:
        return steep(x, numbers)

    def mirrored(x: Tensor) -> Tensor:
        return -steep(x, numbers)

    breaks_off(student.numeric_slope, broken, x)
    own = ask(student.numeric_slope, {"f": f, "x": x}, how, x)
    double = ask(student.numeric_slope, {"f": mirrored, "x": x.double()}, how, x)
    turned = x.detach().flip(0) if x.dim() else x.detach()
    turned = ask(student.numeric_slope, {"f": f, "x": turned}, how, x)
    return {"own": own, "double": double, "turned": turned}


def expect_slope(student: Student, draw: Draw, by_default: bool = False) -> None:
    # what an h that is too small gives in float32 is right here and there: so there are many numbers
    shape = draw.shape("shape", RANKS, elements=300)
    shape = {0: (30, *shape), 2: (1, 40, 1, 1)}.get(draw.round.number, shape)
    draw.drawn["shape"] = f"shape = {tuple(shape)}"
    x = draw.layout("x", with_zero(draw, draw.uniform(-2, 2, *shape)))
    numbers = slopes.draw_steep(draw)
    needs_grad = draw.choice("x.requires_grad", [False, True])
    given: Given = {"numbers": numbers, "how": drawn_way(draw, by_default)}
    got = student.run(numeric_slopes, x=x.detach().requires_grad_(needs_grad), **given)
    right = slopes.slope_of_steep(x, numbers)
    # 0.05, of the largest slope or of a tenth of the scale
    rtol = 0.05 / max(1.0, right.abs().max().item())
    options: Given = {"requires_grad": None if needs_grad else False, "scale": 10.0, "rtol": rtol}
    mirrored = [-each for each in numbers]
    mirrored[1::3] = numbers[1::3]  # but the phase and the frequency
    expect_close(
        got["double"],
        -right,
        _("numeric_slope(f, x) in float64"),
        causes=lambda: slopes.slope_causes(got["double"], x, mirrored),
        **options,
    )

    def causes() -> dict[Cause, Any]:
        rounding = slopes.rounding_causes(got["own"], x, right)
        return slopes.slope_causes(got["own"], x, numbers) | rounding

    own = right.to(draw.dtype)
    expect_close(got["own"], own, "numeric_slope(f, x)", causes=causes, **options)
    what, turned = _("numeric_slope(f, x) at other points"), own.flip(0) if x.dim() else own
    expect_close(got["turned"], turned, what, causes={explain.STALE: own}, **options)


@rounds(single=True)
@points(1)
def test_numeric_slope(student: Student, draw: Draw) -> None:
    """`numeric_slope(f, x)` is right to 0.05, in float32 as well."""
    expect_slope(student, draw)


# with a large h the formulas differ from each other and from the true derivative
STEPS = (None, (5e-5, 5e-4), (0.2, 0.8), (0.3, 0.9), (1.1, 1.7))
# how large x is; tiny and huge ones in float64, where the step can be seen
SIZES = (1.0, 2.0**-25, 1.0, 1.0, 4096.0)


@probe
def numeric_gradients(
    student: Any, x: Tensor, coefficients: Any, args: Any, kwargs: Any, how: Any
) -> Any:
    def f(x: Tensor) -> Tensor:
        return curve(x, coefficients)

    def halved(x: Tensor) -> Tensor:
        return 0.5 * curve(x, coefficients)

    def asked(f: Any) -> Any:
        if how["by_keyword"] and not args:
            return student.numeric_gradient(f=f, x=x, **kwargs)
        function: Any = lambda x: student.numeric_gradient(f, x, *args, **kwargs)  # noqa: E731
        return called(function, how["by_default"], x)

    breaks_off(student.numeric_gradient, broken, x)
    return {"gradient": asked(f), "of half": asked(halved)}


def expect_gradient(student: Student, draw: Draw, by_default: bool = False) -> None:
    coefficients, bounds = draw.coefficients(5), STEPS[draw.round.number]
    h = float(f"{draw.uniform(*bounds, 1).item():.2g}") if bounds else 1e-3
    shape = draw.shape("shape", RANKS, elements=300)
    x = SIZES[draw.round.number] * draw.uniform(-1.5, 1.5, *shape)
    x = draw.layout("x", with_zero(draw, x))
    needs_grad = draw.choice("x.requires_grad", [False, True])
    reduction = draw.choice("reduction", ["sum", "mean"])
    args, kwargs = draw.passed(reduction=reduction, h=h) if bounds else ([], {})
    given = x.detach().requires_grad_(needs_grad)
    options: Given = {"args": args, "kwargs": kwargs, "how": drawn_way(draw, by_default)}
    got = student.run(numeric_gradients, x=given, coefficients=coefficients, **options)
    exact, count = x.double(), x.numel()

    def slope(low: float, high: float, h: float) -> Tensor:
        rise = curve(exact + high * h, coefficients) - curve(exact + low * h, coefficients)
        share = count if reduction == "mean" else 1
        return (rise / ((high - low) * h) / share).to(draw.dtype)

    right = slope(-1, 1, h)
    causes = slips.gradient_causes(right, slope, h, count, reduction == "mean")
    a, b, c, d, _e = map(abs, coefficients)
    far = exact.abs() + h
    terms = (a * far + b * far**2 + c * far**3 + d).max().item()
    options = {
        "requires_grad": None if needs_grad else False,
        "scale": terms / (count if reduction == "mean" else 1),
        # the rounding of f is divided by h: a few eps / h of its terms, and a wide margin
        "rtol": 200 * torch.finfo(draw.dtype).eps / h,
    }
    what = _("numeric_gradient(f, x) of the {reduction}").format(reduction=reduction)
    expect_close(got["gradient"], right, what, causes=causes, **options)
    what = _("numeric_gradient of another function at the same point")
    expect_close(got["of half"], right / 2, what, causes={explain.STALE: right}, **options)


@rounds()
@points(1)
def test_numeric_gradient(student: Student, draw: Draw) -> None:
    """`numeric_gradient` is divided by the number of elements where the mean is asked, and only there."""
    expect_gradient(student, draw)


# losses and steps


@probe
def loss_and_gradient(student: Any, x: Tensor, labels: Tensor, how: Any) -> Any:
    at = x.detach().clone().requires_grad_()
    found = []
    for number in range(4):
        if number == 2:  # the same tensor with other numbers
            at.data = -2 * at.data
        leaf = at if number else x
        given = at.view_as(at) if number == 3 else leaf
        loss = ask(student.squared_error, {"prediction": given, "labels": labels}, how, x)
        clean = leaf.grad is None
        grads: Any = [None]
        if loss.requires_grad:
            grads = torch.autograd.grad(loss, leaf, allow_unused=True)
        found.append({"loss": loss.detach(), "gradient": grads[0], "clean": clean})
    return found


def expect_loss(student: Student, draw: Draw, by_default: bool = False) -> None:
    shape = draw.shape("shape", RANKS, elements=300)
    size, dtype = draw.magnitude("errors", tiny=TINY), draw.dtype
    x = draw.layout("prediction", with_zero(draw, size * draw.normal(*shape))).requires_grad_()
    labels = draw.layout("labels", size * draw.normal(*shape))
    got = student.run(loss_and_gradient, x=x, labels=labels, how=drawn_way(draw, by_default))
    at = x.detach().double()
    for found, factor in zip(got, (1, 1, -2, -2), strict=True):
        error = factor * at - labels.double()
        right = (error**2).mean().to(dtype)
        options: Given = {"causes": slips.loss_causes(found["loss"], error), "scale": size**2}
        counts = {"prediction.numel()": error.numel(), "len(prediction)": [*shape, 1][0]}
        what = "squared_error(prediction, labels)"
        expect_close(found["loss"], right, what, factors=counts, **options)
        expect(found["clean"], _("squared_error leaves a gradient in prediction.grad."))
        told = _("`{name}` gets no gradient.").format(name="prediction")
        expect(found["gradient"] is not None, told, explain.CUT)
        slope = (2 * error / error.numel()).to(dtype)
        # the rounding of both terms is left over where they cancel
        terms = 2 * (at.abs().max() + labels.abs().max()).item() / error.numel()
        expect_close(found["gradient"], slope, _("the gradient of the prediction"), scale=terms)


@rounds(single=True)
@points(1)
def test_squared_error(student: Student, draw: Draw) -> None:
    """`squared_error` is the mean of the squared errors, and autograd goes through it."""
    expect_loss(student, draw)


# learning rates, round by round
RATES = (0.1, 0.25, 2.0, 0.1, 2.0**-11)


@probe
def walk_down(student: Any, x: Tensor, numbers: Any, target: Tensor, weights: Tensor, how: Any) -> Any:  # fmt: skip
    def f(x: Tensor) -> Tensor:
        return (weights * (x - target) ** 2).sum()

    def turned(x: Tensor) -> Tensor:
        return (weights * (x + target) ** 2).sum()

    given = {"x": x, **numbers}
    breaks_off(student.descend, broken, *given.values())
    end = ask(student.descend, {"f": f, **given}, how, x)
    given = {"f": turned, **given, "x": torch.zeros_like(x) if how["zero"] else x}
    return {"end": end, "other": ask(student.descend, given, how, x)}


def expect_descent(student: Student, draw: Draw, by_default: bool = False) -> None:
    lr = RATES[draw.round.number]
    steps = 0 if draw.round.ones == 0 else draw.count("steps", 1, 12)
    draw.drawn["steps"] = f"steps = {steps}"
    shape, size = draw.shape("shape", RANKS, elements=300), draw.magnitude("x", tiny=TINY)
    x = draw.layout("x", size * draw.normal(*shape))
    # each step goes too far in one round, and f rises
    far = 1.0 if draw.round.name == "large" else 0.0
    target, weights = size * draw.normal(*shape), (far + draw.uniform(0.05, 0.2, *shape)) / lr
    needs_grad = draw.choice("x.requires_grad", [False, True])
    given: Given = {"x": x.detach().requires_grad_(needs_grad), "target": target}
    how = {**drawn_way(draw, by_default), "zero": draw.round.all_equal}
    given |= {"numbers": {"lr": lr, "steps": steps}, "weights": weights, "how": how}
    got = student.run(walk_down, **given)

    def walk(steps: int, kept: bool = False, lr: float = lr, turned: bool = False) -> Tensor:
        at = 0 * x.double() if turned and how["zero"] else x.double()
        grad, goal = 0 * at, -target.double() if turned else target.double()
        for _step in range(steps):
            own = 2 * weights.double() * (at - goal)
            grad = grad + own if kept else own
            at = at - lr * grad
        return at.to(draw.dtype)

    right = walk(steps)
    causes: dict[Cause, Any] = {
        explain.NOT_CLEARED: lambda: walk(steps, kept=True),
        slips.MORE: lambda: walk(steps + 1),
        explain.FEWER: lambda: walk(steps - 1),
        explain.UPHILL: lambda: walk(steps, lr=-lr),
        # the best point is that as well where f rises
        explain.NOT_UPDATED.unsure() if far else explain.NOT_UPDATED: lambda: walk(0),
    }
    options: Given = {"requires_grad": False, "scale": size}
    expect_close(got["end"], right, "descend(f, x, lr, steps)", causes=causes, **options)
    stale, other = {explain.STALE: right}, walk(steps, turned=True)
    expect_close(got["other"], other, _("descend of another function"), causes=stale, **options)


@rounds(single=True)
@points(1)
def test_descend(student: Student, draw: Draw) -> None:
    """`descend` takes each step by the gradient of that step alone, and leaves x where it was."""
    expect_descent(student, draw)


@probe
def decayed(student: Any, w: Tensor, numbers: Any, old: Tensor, rates: Any, how: Any) -> Any:
    def f(w: Tensor) -> Tensor:
        terms: Tensor = numbers[0] * w**3 + numbers[1] * torch.sin(w)
        return terms.sum()

    def turned(w: Tensor) -> Tensor:
        return -f(w)

    at = w.detach().clone().requires_grad_()
    breaks_off(student.decayed_step, broken, at, *rates)
    at = w.detach().clone().requires_grad_()
    at.grad = old.clone()
    found = []
    for function in (f, turned):
        given = {"f": function, "w": at, "lr": rates[0], "decay": rates[1]}
        loss = ask(student.decayed_step, given, how, w)
        found.append({"w": at.detach().clone(), "loss": loss})
    return {"steps": found, "is a leaf": at.requires_grad and at.is_leaf}


def expect_decay(student: Student, draw: Draw, by_default: bool = False) -> None:
    shape = draw.shape("shape", RANKS, elements=300)
    w = 16 * draw.uniform(-1, 1, *shape) if draw.round.name == "large" else draw.normal(*shape)
    w = draw.layout("w", with_zero(draw, w))
    lr, decay = RATES[draw.round.number] / 8, draw.integers(10, 40, 1).item() / 100
    lr = 2.0 if draw.round.ones == 0 else lr
    draw.drawn["rates"] = f"lr = {lr}, decay = {decay}"
    old, (a, b) = draw.normal(*shape), draw.coefficients(2)
    given: Given = {"numbers": [a, b], "rates": [lr, decay], "how": drawn_way(draw, by_default)}
    got = student.run(decayed, w=w, old=old, **given)

    def slope(w: Tensor, sign: int) -> Tensor:
        found: Tensor = sign * (3 * a * w**2 + b * torch.cos(w))
        return found

    expect(got["is a leaf"], _("After decayed_step w is no leaf that requires gradients."))
    at = w.double()
    for found, sign in zip(got["steps"], (1, -1), strict=True):
        grad, value = slope(at, sign), sign * (a * at**3 + b * torch.sin(at)).sum()
        lost = lr * decay * at
        right = at - lr * grad - lost
        causes = slips.decay_causes(at, partial(slope, sign=sign), lr, decay, old)
        causes = {cause: other.to(draw.dtype) for cause, other in causes.items()}
        what = _("w after a step")
        expect_close(found["w"], right.to(draw.dtype), what, causes=causes)
        what = _("the value that decayed_step returns")
        terms = (abs(a) * at.abs() ** 3 + abs(b)).sum().item()
        after = {explain.NEW_FOR_OLD: sign * (a * right**3 + b * torch.sin(right)).sum().item()}
        options: Given = {"dtype": draw.dtype, "scale": terms, "causes": after}
        expect_close(found["loss"], value.item(), what, **options)
        at = found["w"].tensor.to(w.device).double()


@rounds(single=True)
@points(1)
def test_decayed_step(student: Student, draw: Draw) -> None:
    """`decayed_step` takes the gradient and the decay of w before the step."""
    expect_decay(student, draw)


# models and what they are given


@probe
def predictions(student: Any, weight: Tensor, bias: Tensor, xs: list[float], how: Any) -> Any:
    model: Any = nn.Sequential(nn.Sequential(nn.Linear(len(xs), len(bias)))).to(weight)
    found = []
    for sign in (1, -1):
        with torch.no_grad():
            model[0][0].weight.copy_(sign * weight)
            model[0][0].bias.copy_(bias)
        model.train(sign == 1)
        result = ask(student.predict, {"model": model, "xs": xs}, how, weight)
        stays = {module.training for module in model.modules()} == {sign == 1}
        found.append({"result": result, "stays": stays})
        xs.reverse()  # the same list, with its numbers elsewhere
    return found


def expect_predictions(student: Student, draw: Draw, by_default: bool = False) -> None:
    n, outputs = draw.size("n"), draw.size("outputs")
    size = 512.0 if draw.round.name == "large" else 1.0
    weight, bias = size * draw.normal(outputs, n), draw.normal(outputs)
    # float32 does not hold all of their digits
    xs = (draw.integers(-3000, 3000, n).double() / 1001).tolist()
    how = drawn_way(draw, by_default)
    got = student.run(predictions, weight=weight, bias=bias, xs=xs, how=how)
    for found, sign, numbers in zip(got, (1, -1), (xs, xs[::-1]), strict=True):
        at = weight.new_tensor(numbers, dtype=torch.float64)
        terms = (weight.double().abs() @ at.abs()).max().item()
        right = (sign * weight.double() @ at + bias.double()).to(draw.dtype)
        expect(*slips.made_for("predict", found["result"], draw.dtype))
        expect_close(found["result"], right, "predict(model, xs)", scale=terms)
        expect(found["stays"], _("predict(…) leaves the model in another mode."))


@probe
def arrays(student: Any, x: Tensor, how: Any) -> Any:
    found = []
    for place in (x, x.cpu()):  # the model need not be on the machine's accelerator
        model = nn.Sequential(nn.Sequential(nn.Linear(2, 1))).to(place)
        model.train(place is x)
        for dtype in (torch.float64, torch.float32):
            one, other = ((sign * x.to("cpu", dtype)).numpy() for sign in (1, -1))
            results: Any = []
            for array in (one, other, one):
                if len(results) == 2:  # both stand, and the same array has other numbers
                    results = [each.clone() for each in results]
                    one *= -1
                results.append(ask(student.to_model, {"array": array, "model": model}, how, x))
            stays = {module.training for module in model.modules()} == {place is x}
            own = {"stays": stays, "right": str(place.device), "dtype": str(dtype)}
            own["where"] = [str(each.device) for each in results]
            found.append({**own, "numbers": [each.to(x.device) for each in results]})
    return found


def expect_arrays(student: Student, draw: Draw, by_default: bool = False) -> None:
    size = draw.magnitude("array", tiny=TINY)
    x = size * draw.normal(*draw.shape("array", RANKS, elements=300))
    for found in student.run(arrays, x=x, how=drawn_way(draw, by_default)):
        told = _("to_model(…) gives a tensor on {found}; the model is on {there}.")
        for where in found["where"]:
            there = found["right"]
            expect(where == there, told.format(found=where, there=there), slips.WHERE)
        given = x.to(getattr(torch, found["dtype"].removeprefix("torch."))).to(draw.dtype)
        expected, first = [given, -given, -given], [given] * 3
        options: Given = {"causes": {explain.STALE: first}, "requires_grad": False, "scale": size}
        for each in found["numbers"]:
            expect(*slips.made_for("to_model", each, draw.dtype))
        what = _("to_model(array, model) of two arrays, and of the first with other numbers")
        expect_close(found["numbers"], expected, what, **options)
        expect(found["stays"], _("to_model(…) leaves the model in another mode."))


@rounds(single=True)
@points(1)
def test_inputs(student: Student, draw: Draw) -> None:
    """`predict` and `to_model` make tensors of a list and of an array, in the model's dtype."""
    expect_predictions(student, draw)
    expect_arrays(student, draw)


@probe
def train_model(
    student: Any, plan: Any, state: Any, batch: Any, lr: float, epochs: int, options: Any, how: Any
) -> Any:
    found: dict[str, Any] = {}
    criterion = criterion_of(plan)
    for name in ("one_step", "train"):
        model, events, losses = learner(plan, state), [], []
        parameters = list(model.parameters())
        for parameter in parameters:
            parameter.grad = torch.full_like(parameter, 5.0)
        given = {"model": model, "criterion": criterion, **batch, "lr": lr}
        if name == "train":
            optimizer = optimizer_of(parameters, **{"lr": lr, **options})
            events = listen(model, optimizer)
            given = {"model": model, "criterion": criterion, "optimizer": optimizer}
            given = {**given, **batch, "epochs": epochs}
        stays = True
        for _time in range(2):
            if name == "train":
                losses.append(ask(student.train, given, how, batch["labels"]))
            else:
                losses.append(ask(student.one_step, given, how, batch["labels"]))
            stays = stays and all(module.training for module in model.modules())
        after = [parameter.detach().clone() for parameter in parameters]
        same = [id(each) for each in model.parameters()] == [id(each) for each in parameters]
        found[name] = {"losses": losses, "after": after, "events": events[:20]}
        found[name]["stays"] = stays and same
        given["criterion"] = Criterion(broken)
        breaks_off(student.train if name == "train" else student.one_step, *given.values())
    return found


def expect_loops(student: Student, draw: Draw, by_default: bool = False) -> None:
    given = slips.draw_learner(draw, TINY)
    terms = 0.0 if given["plan"] else 1.0 / given["lr"]
    most = 9 if draw.round.name == "large" else 3
    epochs = 0 if draw.round.all_equal else draw.count("epochs", 1, most)
    draw.drawn["epochs"] = f"epochs = {epochs}"
    made: Given = draw.choice("optimizer", slips.OPTIMIZERS)
    how = drawn_way(draw, by_default)
    got = student.run(train_model, **given, epochs=epochs, options=made, how=how)
    for name, each, own in (("one_step", 1, {}), ("train", epochs, made)):
        options: Given = {**given, **own}
        walk: Any = partial(slips.trained, **options)
        steps = 2 * each
        after, losses = walk(steps)
        causes: dict[Cause, Any] = slips.step_causes(walk, steps, options["lr"])
        if name == "train":
            causes |= slips.round_causes(walk, steps)
            causes = order_causes(got[name]["events"], lambda walk=walk: walk(0)[0]) | causes
        what = _("the parameters after two calls of {name}(…)").format(name=name)
        expect_close(got[name]["after"], after, what, causes=causes)
        new = {explain.NEW_FOR_OLD: lambda steps=steps, walk=walk: by_call(walk(steps + 1)[1][1:])}

        def by_call(losses: list[float], name: str = name) -> Any:
            half = len(losses) // 2
            return [losses[:half], losses[half:]] if name == "train" else losses

        what = _("what two calls of {name}(…) return").format(name=name)
        options = {"dtype": draw.dtype, "causes": new, "scale": max([terms, *losses])}
        expect_close(got[name]["losses"], by_call(losses), what, **options)
        expect(got[name]["stays"], _("The model has other parameters or modes than before."))


@rounds(single=True)
@points(1)
def test_loops(student: Student, draw: Draw) -> None:
    """`one_step` takes one step, and `train` as many as there are epochs, with a loss for each."""
    expect_loops(student, draw)


@probe
def heads(student: Any, plan: Any, state: Any, classes: list[int], how: Any) -> Any:
    net, found = backbone(plan, state), []
    like = net.fc.weight.detach()

    def rest() -> Any:
        """All but the head: modules by identity, how they stand, and values."""
        modules = [(id(m), m.training) for name, m in net.named_modules() if name != "fc"]
        held = [(name, p) for name, p in net.named_parameters() if not name.startswith("fc.")]
        return modules, [(name, id(p), p.requires_grad, p.tolist()) for name, p in held]

    for number in classes:
        old, before = net.fc, rest()
        held = {id(p) for p in net.parameters()}
        returned = ask(student.new_head, {"model": net, "num_classes": number}, how, like)
        new: Any = net.fc
        is_linear = isinstance(new, nn.Linear)
        is_new = new is not old and not {id(p) for p in new.parameters()} & held
        own: Given = {"same": returned is net, "is linear": is_linear, "is new": is_new}
        own["says"] = [getattr(new, name, None) for name in ("in_features", "out_features")]
        own |= {name: getattr(new, name, None) for name in ("weight", "bias")}
        own["trained"] = all(p.requires_grad for p in new.parameters())
        found.append({**own, "rest": rest() == before})
        if not is_linear:  # what comes of a second call then, says nothing
            break
    return found


def expect_head(student: Student, draw: Draw, by_default: bool = False) -> None:
    sizes = [draw.size("n_in"), draw.size("hidden", high=8), draw.size("n_out")]
    plan, state = draw.backbone(() if draw.round.name == "large" else ("nested", "norm"), sizes)
    width, before, number = state["fc.weight"].shape[1], sizes[2], draw.size("num_classes", 1, 200)
    given: Given = {"classes": [number, number, number + 1], "how": drawn_way(draw, by_default)}
    found, classes = student.run(heads, plan=plan, state=state, **given), given["classes"]
    old = [state["fc.weight"], state["fc.bias"]]
    for got, wanted in zip(found, classes, strict=len(found) == len(classes)):
        expect(got["same"], _("new_head does not return the model that it was given."))
        said = slips.ONLY_THE_NUMBER if got["says"][1:] == [wanted] != [before] else slips.OLD_HEAD
        new = got["is linear"] and got["is new"]
        expect(new, _("model.fc is not a new nn.Linear."), said if got["is linear"] else "")
        what = _("[in_features, out_features] of model.fc")
        causes = slips.head_causes(got["says"], [width, wanted], before)
        expect_close(got["says"], [width, wanted], what, causes=causes)
        begins = []
        for name, shape in (("weight", (wanted, width)), ("bias", (wanted,))):
            received = got[name]
            expect(received is not None, _("The new head has no {name}.").format(name=name))
            sentence = _("model.fc.{name} is of {found}; {wanted} is asked.")
            told = sentence.format(name=name, found=received.tensor.dtype, wanted=draw.dtype)
            expect(received.tensor.dtype == draw.dtype, told, slips.BY_DEFAULT)
            numbers = received.tensor
            wide = numbers.new_zeros(shape) if numbers.shape != shape else numbers
            expect_close(received, wide, f"model.fc.{name}")
            begins.append(numbers)
        expect(*slips.head_begins(*begins, *old))
        old = begins
        expect(got["trained"], _("The parameters of the new head do not require gradients."))
        expect(got["rest"], _("new_head has changed other layers of the model."))
        before = wanted


@rounds(single=True)
@points(1)
def test_new_head(student: Student, draw: Draw) -> None:
    """`new_head` puts a new `nn.Linear` with an output for each class at `model.fc`."""
    expect_head(student, draw)


PARTS = (
    *(expect_arrays, expect_square, expect_slope, expect_gradient, expect_loss, expect_descent),
    *(expect_decay, expect_predictions, expect_loops, expect_head),
)


@rounds("published", "ones", single=True)
@points(1)
@needs(
    "square_slope", "numeric_slope", "numeric_gradient", "squared_error", "descend", "decayed_step", "inputs", "loops",
    "new_head",
)  # fmt: skip
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """`to_model` goes by the model's device alone, and what is mended works on any."""
    by_default = not draw.round.is_published
    if by_default:
        draw.tell_default(elsewhere.device)
    for part in PARTS:
        part(elsewhere, draw, by_default)


HINTS = (
    """Try each on something small: `square_slope` twice with the same `x`; `numeric_slope` in float32 and in float64;
    `numeric_gradient` with two elements; `squared_error` of errors 1 and −1; two steps of `descend`; `len(train(…))`;
    `new_head(model, 10).fc.weight.shape`. Of what raises, read the last line.""",
    """`backward()` adds to `.grad`. A small h asks for digits that float32 does not have. Who divides by the number of
    elements, the sum or the mean? Errors of 1 and −1 add up to 0. Python lets you set any attribute, a misspelt one
    too. `.data` changes numbers behind autograd's back, which it may still need. A list is no tensor. `optim` is a
    module, and an optimizer is made from it. `range` begins with 0. `out_features` is a note, the weight is the layer.
    The model says where its inputs belong, and in which dtype.""",
    """`torch.autograd.grad(y, x)` fills no `.grad`. An `h` of 0.01 will do. Divide if `reduction == "mean"`. Square
    before the mean. It is `.grad`. Move the decay behind `backward()`. `next(model.parameters())` has a `dtype` and a
    `device`; `torch.tensor(xs, dtype=…, device=…)` and `torch.as_tensor(array, dtype=…, device=…)` take both. Call
    `step` of what `optim.SGD(…)` gave. `range(epochs)`. `model.fc = nn.Linear(model.fc.in_features, num_classes)`,
    with the dtype and the device of the old weight.""",
)
COMPARE = """Who finds such mistakes: a number that you know, a second call, a second dtype, two elements for one.

    `torch.autograd.gradcheck` compares a gradient with differences, and asks for float64, for the reason of
    `numeric_slope`. Between forward and backward, `with torch.no_grad(): w.sub_(…)` in place of `w.data.sub_(…)`
    makes autograd raise: it counts changes in place, and `.data` goes past the counter. A type checker finds `x.gard`.
    Where shapes differ, `F.mse_loss` warns, and `(prediction - labels).sum()` broadcasts."""
