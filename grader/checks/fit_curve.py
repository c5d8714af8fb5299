"""From points to a picture: model, prediction, early stopping, and a figure that is graded by its data."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from grader import (
    Cause,
    Draw,
    Student,
    _,
    as_asked,
    called,
    early_stopping,
    expect,
    expect_close,
    explain,
    fill,
    fitted_polynomials,
    follows,
    listen,
    moved,
    needs,
    network,
    order_causes,
    points,
    probe,
    recorded_axes,
    rounds,
)

START = Cause("wrong-start", "They do not all start at 1.")
REVERSED = Cause("order", "The coefficients are taken from the highest power to the lowest.")
NO_CONSTANT = Cause("missing-term", "c₀ is missing.")
NO_HIGHEST = Cause("missing-term", "The term of the highest power is missing.")
POWER_MORE = Cause("wrong-power", "Each power of x is one too high: c₀ stands alone, with x⁰ = 1.")
PASS_IN_TRAINING = Cause(
    "mode", "Call `model.eval()` before the held-out points are seen; `predict` is to do so."
)
RECORDED = Cause(
    "requires-grad",
    "In `predict`, and at the held-out points, call the model within `with torch.no_grad():`; a `.detach()` of what it "
    "gives comes too late.",
)
IN_TRAINING = Cause(
    "mode",
    "The model was in training mode: batch normalization went by this batch. Call `model.eval()` before.",
)
MODE = Cause(
    "mode",
    "Call `model.train()` in each epoch before the step: the model comes in either mode, and a prediction leaves it in "
    "evaluation mode.",
)
NOT_BEFORE = Cause(
    "new-for-old",
    "It is the curve of the fitted model: predict once before `fit` is called, and keep that.",
)
NOT_AFTER = Cause("not-updated", "It is the curve of the new model: predict once more after `fit`.")
# what probes use needs names of its own
weighted = early_stopping.weighted
Walker, Stride, loss_at = early_stopping.Walker, early_stopping.Stride, early_stopping.loss_at
Axes, noted = recorded_axes.Axes, recorded_axes.noted
losses_to_stop, stopped = early_stopping.losses_to_stop, early_stopping.stopped

# the numbers of dimensions, round by round, and how large x and y are in some of them
RANKS = (1, 0, 3, 2, 4)
SIZES, Y_SIZES = (
    {"ones": 2.0**-24, "more ones": 0.0, "large": 128.0},
    {"ones": 0.0, "large": 4096.0},
)


# the model


@probe
def build_model(
    student: Any, degree: int, like: Tensor, by_position: bool, by_default: bool
) -> Any:
    if by_default:  # neither dtype nor device is named
        with like.device:
            model, other = (student.Polynomial(degree) for _n in "ab")
    elif by_position:
        model, other = (student.Polynomial(degree, like.dtype, like.device) for _n in "ab")
    else:
        given = {"dtype": like.dtype, "device": like.device}
        model, other = (student.Polynomial(degree=degree, **given) for _n in "ab")
    is_module = isinstance(model, nn.Module)
    registered = dict(model.named_parameters()) if is_module else {}
    own = getattr(model, "coefficients", None)
    return {
        "module": is_module,
        "names": list(registered),
        "frozen": [name for name, p in registered.items() if not p.requires_grad],
        "coefficients": own.detach().clone() if isinstance(own, Tensor) else own,
        "shared": isinstance(own, Tensor) and own is other.coefficients,
    }


@probe
def evaluate(
    student: Any, x: Tensor, coefficients: Tensor, weights: Tensor, by_keyword: bool
) -> Any:
    model = moved(student.Polynomial(len(coefficients) - 1), coefficients)
    fill(model, coefficients=coefficients)
    y = model(x=x) if by_keyword else model(x)
    if isinstance(y, Tensor) and y.requires_grad:
        (y * weights).sum().backward()
    grad = as_asked(model.coefficients.grad, coefficients)
    return {"y": y.detach() if isinstance(y, Tensor) else y, "grad": grad}


def expect_model(student: Student, draw: Draw, by_default: bool = False) -> None:
    degree = draw.size("degree", low=1, high=6)
    like, by_position = draw.normal(1), draw.choice("by_position", [False, True])
    what = f"Polynomial({degree}).coefficients"
    by_default = by_default or draw.round.all_equal
    dtype = student.default_dtype if by_default else draw.dtype
    given: dict[str, Any] = {"degree": degree, "by_position": by_position}
    got = student.run(build_model, **given, like=like, by_default=by_default)
    expect(got["module"], _("Polynomial is not an nn.Module."))
    start = torch.ones(degree + 1, dtype=dtype, device=like.device)
    expect(got["coefficients"] is not None, _("Polynomial has no tensor `coefficients`."))
    sentence = _("`coefficients` is to be the only parameter; these are registered: {names}.")
    names = ", ".join(got["names"]) or "–"
    cause = "" if got["names"] else explain.UNREGISTERED
    expect(got["names"] == ["coefficients"], sentence.format(names=names), cause)
    expect(not got["frozen"], _("`coefficients` does not require gradients."), explain.NO_GRAD)
    expect_close(got["coefficients"], start, what, causes={START: ...})
    expect(not got["shared"], _("Two models share their coefficients."))

    shape, size = draw.shape("x", RANKS, elements=256), SIZES.get(draw.round.name, 1.0)
    x = draw.layout("x", size * draw.uniform(-1.5, 1.5, *shape))
    weights, coefficients = draw.uniform(0.5, 1.5, *shape), draw.uniform(0.5, 2, degree + 1)
    coefficients[1::2] *= -1
    if draw.round.name == "ones":  # where a small x would not show
        coefficients[0] = 0
    by_keyword = draw.choice("by_keyword", [False, True])
    given = {"x": x, "coefficients": coefficients, "weights": weights, "by_keyword": by_keyword}
    scale = float(x.abs().max()) ** degree if size > 1 else size or 1.0
    found = student.run(evaluate, **given)
    right = partial(polynomial, x)
    more = torch.cat([coefficients.new_zeros(1), coefficients])
    causes: dict[Cause, Any] = {
        REVERSED: right(coefficients.flip(0)),
        POWER_MORE: right(more),
        NO_CONSTANT: right(torch.cat([coefficients.new_zeros(1), coefficients[1:]])),
        NO_HIGHEST: right(coefficients[:-1]),
    }
    expect_close(found["y"], right(coefficients), "forward(x)", causes=causes, scale=scale)
    powers = torch.stack([x.double() ** k for k in range(degree + 1)])
    grad = (powers * weights.double()).reshape(degree + 1, -1).sum(1).to(draw.dtype)
    sentence = _("`coefficients` gets no gradient from `forward`.")
    expect(found["grad"] is not None, sentence, explain.CUT)
    what, scale = _("the gradient of `coefficients`"), max(1.0, scale) * x.numel()
    expect_close(found["grad"], grad, what, scale=scale)


def polynomial(x: Tensor, coefficients: Tensor) -> Tensor:
    """Worked out in float64."""
    y = torch.zeros_like(x, dtype=torch.float64)
    for k, c in enumerate(coefficients.double()):
        y = y + c * x.double() ** k
    return y.to(x.dtype)


@rounds(single=True)
@points(1)
def test_model(student: Student, draw: Draw) -> None:
    """`Polynomial(degree, dtype, device)` has `coefficients`, ones at first, and gives c₀ + c₁x + … + cₙxⁿ."""
    expect_model(student, draw)


# prediction


@probe
def predict_at(
    student: Any, state: dict[str, Tensor], x: Tensor, training: bool, by_keyword: bool
) -> Any:
    weight = state["0.weight"]
    model = nn.Sequential(nn.Linear(weight.shape[1], len(weight)), nn.BatchNorm1d(len(weight)))
    model.to(weight).load_state_dict(state, strict=False)
    model.train(training)
    x = x.view_as(x)
    y = student.predict(model=model, x=x) if by_keyword else student.predict(model, x)
    return {"y": y, "mean": model.get_buffer("1.running_mean").clone()}


def expect_prediction(student: Student, draw: Draw) -> None:
    n, n_in, n_out = draw.size("n", low=2), draw.size("n_in", high=16), draw.size("n_out", high=16)
    size = draw.magnitude("x", zero=True, tiny=(-8, -7))
    x = draw.layout("x", size * draw.normal(n, n_in))
    weight, bias, mean = (size * draw.normal(*each) for each in ((n_out, n_in), (n_out,), (n_out,)))
    weight, var = weight / (size or 1.0), draw.uniform(0.5, 2, n_out)
    state = {"0.weight": weight, "0.bias": bias, "1.running_mean": mean, "1.running_var": var}
    training = draw.choice("training", [True, False])
    by_keyword = draw.choice("by_keyword", [False, True])
    if draw.choice("needs", [False, True]):
        x = x.detach().requires_grad_()
    got = student.run(predict_at, state=state, x=x, training=training, by_keyword=by_keyword)
    linear = x.detach().double() @ weight.double().T + bias.double()

    def normal(mean: Tensor, var: Tensor) -> Tensor:
        return ((linear - mean.double()) / (var.double() + 1e-5).sqrt()).to(draw.dtype)

    causes: dict[Cause, Any] = {RECORDED: ...} if getattr(got["y"], "requires_grad", False) else {}
    # as torch rounds it: by a batch whose rows are nearly alike, that is all there is
    causes[IN_TRAINING] = F.batch_norm(
        F.linear(x.detach(), weight, bias), None, None, training=True
    )
    expect_close(
        got["y"],
        normal(mean, var),
        "predict(model, x)",
        causes=causes,
        requires_grad=False,
        scale=10 * size,
    )
    what = _("the running mean after predict")
    expect_close(
        got["mean"], mean, what, causes={IN_TRAINING: 0.9 * mean + 0.1 * linear.mean(0).to(mean)}
    )


@rounds(single=True)
@points(1)
def test_predict(student: Student, draw: Draw) -> None:
    """`predict(model, x)` is the output in evaluation mode, and hangs in no graph."""
    expect_prediction(student, draw)


# training


@probe
def run_fit(
    student: Any, plan: Any, state: Any, train: Any, valid: Any, epochs: int, patience: int, by_keyword: bool
) -> Any:  # fmt: skip
    model = network(plan, state)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.003, momentum=0.9)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)  # from earlier work
    events = listen(model, optimizer)
    given = [model, weighted, optimizer, tuple(train), tuple(valid), epochs, patience]
    if by_keyword:
        names = ("model", "criterion", "optimizer", "train", "valid", "epochs", "patience")
        losses = student.fit(**dict(zip(names, given, strict=True)))
    else:
        losses = student.fit(*given)
    return {"losses": losses, "events": events[:20], "parameters": list(model.parameters())}


def expect_training(student: Student, draw: Draw) -> None:
    plan, state = draw.network(draw.size("n_in", high=16), draw.size("n_out", high=16))
    # outputs of about 1, so that rounding does not grow from step to step
    state = {name: value / max(1, value.shape[-1]) ** 0.5 for name, value in state.items()}
    m, held, epochs = draw.size("m"), draw.size("held"), draw.count("epochs", 2, 7)
    shape = network(plan, state)(draw.inputs_of(plan, 1)).shape[1:]
    pairs = []
    for name, size in (("x", m), ("held_x", held)):
        x = draw.inputs_of(plan, size)
        pairs.append((draw.layout(name, x), draw.normal(size, *shape)))
    by_keyword = draw.choice("by_keyword", [False, True])
    given: dict[str, Any] = {"plan": plan, "state": state, "train": pairs[0], "valid": pairs[1]}
    got = student.run(run_fit, **given, epochs=epochs, patience=epochs + 1, by_keyword=by_keyword)

    walk = cache(partial(early_stopping.losses_by_hand, plan, state, pairs, epochs))
    _trained, right, path = walk()

    def distance(values: list[Tensor]) -> float:
        kept = [each.tensor.cpu() for each in got["parameters"]]
        return sum(float((a - b.cpu()).abs().sum()) for a, b in zip(kept, values, strict=True))

    causes = order_causes(got["events"], right[:1] * epochs, has_moved=distance(path[0]) > 0)
    causes |= early_stopping.causes_of_training(walk)
    options: dict[str, Any] = {"causes": causes, "curves": (got["losses"], right[1:])}
    what = _("the losses that fit returns")
    expect_close(got["losses"], right[1:], what, dtype=draw.dtype, **options)
    best = got["losses"].index(min(got["losses"])) + 1
    # whether the best ones are put back is asked elsewhere
    nearest = min(path[best], path[epochs], key=distance)
    expect_close(got["parameters"], nearest, _("the parameters after fit"))


@rounds("published", "ones", "equal", "large", single=True)
@points(1)
@follows("predict")
def test_fit(student: Student, draw: Draw) -> None:
    """`fit` takes a step an epoch, and returns the loss at the held-out points after each."""
    expect_training(student, draw)


# early stopping


@probe
def walk_along(
    student: Any, table: Tensor, x: Tensor, turns: Any, patience: int, buffer: str = "int64", again: bool = False
) -> Any:  # fmt: skip
    found: list[Any] = []
    for epochs in turns:
        model, own = Walker(x, buffer), table.clone()
        model.eval()
        place = model.place
        train, valid = (x, torch.zeros_like(x)), (x.repeat(len(own))[: len(own)], own)
        optimizer = Stride(model.parameters())
        given = model, loss_at, optimizer, train, valid, epochs, patience
        losses, kept = student.fit(*given), model.numbers()
        now = {"losses": losses, "kept": kept, "seen": model.seen, "same": model.place is place}
        if again and not found:  # from there, with other losses in the same tensor
            own += 1
            now["then"] = student.fit(*given)
        found.append(now)
    return found


def drawn_walk(draw: Draw) -> tuple[early_stopping.KnownLosses, dict[str, Any]]:
    patience = draw.choice("patience", [5, 3, 4, 1, 2])
    course = losses_to_stop(draw, patience)
    table = torch.tensor([course.before, *course.losses, *course.tail], dtype=draw.dtype)
    buffer = draw.choice("buffer", ["int64", "int32", "int16", "uint8", "bool"])
    x = draw.normal(draw.size("m"))
    return course, {"table": table, "x": x, "patience": patience, "buffer": buffer}


def stopping_causes(
    draw: Draw, found: Any, course: early_stopping.KnownLosses, of: Callable[..., Any]
) -> dict[Cause, Any]:
    """What each mistake in stopping makes of it: `of` gives that; the margin is the least that gives what was found."""
    mistakes = early_stopping.mistakes_in(draw.round)
    causes = {cause: of(name) for name, cause in mistakes.items() if name != "margin"}
    by_margin = [of("margin", 1.0001 * each) for each in course.falls]
    causes[mistakes["margin"]] = found if found in by_margin else by_margin[0]
    # what several would have given shows none of them by itself; a margin may leave the first one alone
    first = mistakes["first"]
    given = [each for cause, each in causes.items() if cause != first]
    return {
        cause if given.count(each) == (cause != first) else cause.unsure(): each
        for cause, each in causes.items()
    }


@rounds("published", "ones", "equal", "large", single=True)
@points(1)
@follows("fit")
def test_early_stopping(student: Student, draw: Draw) -> None:
    """`fit` stops after `patience` epochs in a row without a better loss, and after `epochs` at the latest."""
    course, given = drawn_walk(draw)
    patience, every = given["patience"], [*course.losses, *course.tail]
    turns = [len(every), 1]
    again = draw.round.is_published
    for epochs, got in zip(
        turns, student.run(walk_along, **given, turns=turns, again=again), strict=True
    ):
        found, told = got["losses"], {"patience": patience, "epochs": epochs}
        expect(isinstance(found, list), _("The losses are not a list."))
        right = stopped(every[:epochs], patience)
        causes = stopping_causes(draw, found, course, partial(stopped, every[:epochs], patience))
        what = _("the losses that fit returns with patience={patience} and epochs={epochs}")
        expect_close(found, right, what.format(**told), causes=causes, dtype=draw.dtype)
        if "then" in got:
            left = given["table"][int(got["kept"].tensor[0]) + 1 :].tolist()
            more = [each + 1 for each in (left + left[-1:] * epochs)[:epochs]]
            what = _("the losses that a second call of fit returns")
            expect_close(got["then"], stopped(more, patience), what, causes={explain.STALE: right})


@rounds("published", single=True)
@points(1)
def test_modes(student: Student, draw: Draw) -> None:
    """The step of an epoch has one pass in training mode; the held-out points are seen in evaluation mode."""
    table = torch.tensor([9.0, 8, 7, 6, 7, 5, 4], dtype=draw.dtype)
    x = draw.normal(draw.size("m"))
    [got] = student.run(walk_along, table=table, x=x, turns=[6], patience=6)
    steps = [training for training, recorded in got["seen"] if recorded]
    others = [training for training, recorded in got["seen"] if not recorded]
    sentence = _(
        "Each pass through the model recorded gradients; at the held-out points none are recorded."
    )
    expect(bool(others), sentence, RECORDED)
    expect(
        not any(others), _("A pass without gradients was made in training mode."), PASS_IN_TRAINING
    )
    expect(all(steps), _("The model was not in training mode in a step."), MODE)
    sentence = _("In 6 epochs there were {count} passes that record gradients; there should be 6.")
    expect(len(steps) == 6, sentence.format(count=len(steps)))


@rounds("published", "ones", "equal", "large", single=True)
@points(1)
@follows("early_stopping")
def test_best_weights(student: Student, draw: Draw) -> None:
    """After `fit` the model has the weights and buffers of its best epoch, in the parameters that it had before."""
    course, given = drawn_walk(draw)
    losses, patience = course.losses, given["patience"]
    # patience ends the first one, `epochs` the other
    turns = [len(losses), len(losses) - 1]
    for epochs, got in zip(turns, student.run(walk_along, **given, turns=turns), strict=True):
        seen = losses[:epochs]
        best = early_stopping.best_place(seen, patience)

        def at(place: int, passes: int | None = None, number: int | None = None) -> list[float]:
            passes = place if passes is None else passes
            return [place, 3 * passes + 5, (passes if number is None else number) + 2]

        def of(*mistake: Any, seen: list[float] = seen) -> list[float]:
            return at(early_stopping.best_place(seen, patience, *mistake))

        last = early_stopping.LAST_WEIGHTS if epochs == turns[0] else early_stopping.LEFT_AT_THE_END
        causes: dict[Cause, Any] = {
            last: at(epochs),
            early_stopping.FIRST_WEIGHTS: at(0),
            early_stopping.BUFFERS_LEFT: at(best, epochs),
            early_stopping.INTEGERS_LEFT: at(best, best, epochs),
            early_stopping.STEP_EARLIER: at(best - 1),
            early_stopping.STEP_LATER: at(best + 1),
        }
        causes |= stopping_causes(draw, got["kept"].tensor.tolist(), course, of)
        what = _(
            "the model's parameter and its buffers after fit with epochs={epochs} (number {best} is the best)"
        )
        right = torch.tensor(at(best), dtype=draw.dtype)
        told = {cause: right.new_tensor(numbers) for cause, numbers in causes.items()}
        expect_close(got["kept"], right, what.format(epochs=epochs, best=best), causes=told)
        expect(
            got["same"],
            _("After fit the model has other parameters than before."),
            early_stopping.OTHER_PARAMETERS,
        )


# the figure


@probe
def draw_figure(
    student: Any,
    x: Tensor,
    y: Tensor,
    grid: Tensor,
    curves: dict[str, Tensor],
    graph: str,
    by_keyword: bool,
    again: bool,
) -> Any:
    axes, one = Axes(), torch.ones_like(x[:1]).requires_grad_()
    if graph != "nothing":  # as a model gives them
        curves = {label: values * one for label, values in curves.items()}
    if graph == "all":
        x, y, grid = x * one, y * one, grid * one
    if again:  # other numbers in the same tensors
        y, curves = -y, {label: -values for label, values in curves.items()}
        for _turn in range(11):
            student.plot_fit(axes, x, y, grid, curves)
        for values in (y, *curves.values()):
            values.neg_()
        axes.__init__()  # type: ignore[misc]
    if by_keyword:
        student.plot_fit(axes=axes, x=x, y=y, grid=grid, curves=curves)
    else:
        student.plot_fit(axes, x, y, grid, curves)
    return noted(axes)


LABELS = {"published": ["before", "after"], "ones": ["fit"], "large": ["2", "3", "sin(x)"]}


def laid_out(draw: Draw, grid: Tensor) -> Tensor:
    """In a memory layout in which no two are equal: expanded, all would be one."""
    other = draw.layout("grid", grid)
    return other if len(set(other.tolist())) == len(grid) else grid


def expect_figure(student: Student, draw: Draw) -> None:
    m, k = draw.size("m"), draw.size("k", high=40)
    size = draw.magnitude("y")
    x, y = draw.normal(m), size * draw.normal(m)
    x[1:2] = x[0]  # two measurements at one place
    x, y = draw.layout("x", x), draw.layout("y", y)
    # no two are equal, and neither order is that of the grid
    steps = (draw.normal(k).argsort().to(x) - k / 2) / 4
    grid = laid_out(draw, steps)
    labels = LABELS.get(draw.round.name, ["a", "b"])
    curves = {label: size * draw.normal(k) for label in labels}
    graph = draw.choice("requires gradients", ["curves", "all", "nothing"])
    by_keyword = draw.choice("by_keyword", [False, True])
    given: dict[str, Any] = {"x": x, "y": y, "grid": grid, "curves": curves}
    given |= {"graph": graph, "by_keyword": by_keyword, "again": draw.round.is_published}
    got = student.run(draw_figure, **given)
    recorded_axes.expect_points(got, x, y)
    for label, values in curves.items():
        recorded_axes.expect_curve(got, label, grid, values, draw.dtype)
    recorded_axes.expect_words(got, labels)


@rounds("published", "ones", "equal", "large", single=True)
@points(2)
def test_plot_fit(student: Student, draw: Draw) -> None:
    """`plot_fit` draws the points, a labelled line for each curve in ascending order of x, both names and a legend."""
    expect_figure(student, draw)


# all together


@probe
def fit_and_draw(
    student: Any, train: Any, valid: Any, grid: Tensor, degree: int, lr: float, epochs: int, patience: int,
    by_keyword: bool, by_default: bool,
) -> Any:  # fmt: skip
    axes = Axes()
    given = [axes, tuple(train), tuple(valid), grid, degree, lr, epochs, patience]
    if not (by_keyword or by_default):  # other numbers in the same tensors, before
        y = train[1] + 0.1
        given[1] = train[0], y
        student.fit_curve(*given)
        axes.__init__()  # type: ignore[misc]
        y.copy_(train[1])
    if by_keyword and not by_default:
        names = ("axes", "train", "valid", "grid", "degree", "lr", "epochs", "patience")
        model, losses = student.fit_curve(**dict(zip(names, given, strict=True)))
    else:
        model, losses = called(student.fit_curve, by_default, *given)
    own = as_asked(model.coefficients, torch.zeros(degree + 1))
    return {"coefficients": own.detach().clone(), "losses": losses, "figure": noted(axes)}


def expect_whole(student: Student, draw: Draw, by_default: bool = False) -> None:
    given: dict[str, Any]
    degree = draw.choice("degree", [2, 3, 1, 3, 5])
    m, held, k = draw.size("m"), draw.size("held"), draw.size("k")
    pairs, size = [], Y_SIZES.get(draw.round.name, 1.0)
    for name, number in (("x", m), ("held_x", held)):
        x = draw.layout(name, draw.uniform(-1.2, 1.2, number))
        pairs.append((x, draw.normal(number)))
    pairs[0] = pairs[0][0], size * pairs[0][1]
    steps = torch.linspace(-1.2, 1.2, k, dtype=draw.dtype, device=pairs[0][0].device)
    grid = laid_out(draw, SIZES.get(draw.round.name, 1.0) * steps)
    epochs, patience = draw.count("epochs", 6, 18), draw.choice("patience", [20, 1, 4, 3, 6])
    lr = draw.choice("lr", [0.05, 1.5, 0.02, 0.0005, 0.02])

    path = fitted_polynomials.coefficients_by_hand(pairs[0], epochs, degree, lr)
    x, noise = pairs[1]
    pairs[1] = x, fitted_polynomials.nearest_halfway(path, x, noise, size / 20)
    given = {"train": pairs[0], "valid": pairs[1], "grid": grid, "degree": degree, "lr": lr}
    by_keyword = draw.choice("by_keyword", [False, True])
    given |= {"epochs": epochs, "patience": patience, "by_keyword": by_keyword}
    got = student.run(fit_and_draw, **given, by_default=by_default)

    def walk(degree: int, lr: float, **options: Any) -> list[float]:
        other = fitted_polynomials.coefficients_by_hand(pairs[0], epochs, degree, lr, **options)
        return fitted_polynomials.losses_along(other, pairs[1])

    losses = fitted_polynomials.losses_along(path, pairs[1])
    right = stopped(losses, patience)
    options: dict[str, Any] = {
        "dtype": draw.dtype,
        "curves": (got["losses"], right),
        "causes": partial(fitted_polynomials.causes_of_losses, walk, degree, lr, patience),
    }
    best = path[right.index(min(right)) + 1].to(draw.dtype)
    causes = {
        early_stopping.LAST_WEIGHTS: path[len(right)].to(draw.dtype),
        early_stopping.FIRST_WEIGHTS: torch.ones_like(best),
    }
    what, kept = _("the coefficients of the fitted model"), got["coefficients"]
    if kept.tensor.dtype != best.dtype:  # which makes the losses others, a little
        expect_close(kept, best, what)
    expect_close(got["losses"], right, _("the losses that fit_curve returns"), **options)
    expect_close(kept, best, what, causes=causes)
    figure = got["figure"]
    recorded_axes.expect_points(figure, *pairs[0], pairs[1])
    before, after = (polynomial(grid, each.to(grid.device)) for each in (path[0], best))
    recorded_axes.expect_curve(figure, "before", grid, before, draw.dtype, {NOT_BEFORE: after})
    recorded_axes.expect_curve(figure, "after", grid, after, draw.dtype, {NOT_AFTER: before})
    recorded_axes.expect_words(figure, ["before", "after"])


@rounds("published", "ones", "equal", "large", single=True)
@points(1)
@follows("model", "predict", "fit", "early_stopping", "modes", "best_weights", "plot_fit")
def test_fit_curve(student: Student, draw: Draw) -> None:
    """`fit_curve` fits a new polynomial, and draws the points and its predictions before and after."""
    expect_whole(student, draw)


@points(1)
@needs("model", "predict", "fit", "plot_fit", "fit_curve")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """All of it works on any device; what is drawn comes to the CPU."""
    by_default = draw.dtype == torch.float64
    if by_default:
        draw.tell_default(elsewhere.device)
    expect_model(elsewhere, draw, by_default)
    expect_whole(elsewhere, draw, by_default)
    if by_default:
        return  # what else there is has no tensor to make
    expect_prediction(elsewhere, draw)
    expect_training(elsewhere, draw)
    expect_figure(elsewhere, draw)


HINTS = (
    """Work the number of the statement through by hand. In `fit` three things change from epoch to epoch: the lowest
    loss so far, a copy of what the model was like then, and how many epochs have passed since. Which of them change
    in an epoch that is better, and which in one that is not?""",
    """`predict` switches to evaluation mode, so each epoch begins with the other mode. A `state_dict` holds the tensors
    themselves, and the next step changes them: keep a deep copy, and load it at the end. For the figure, find the
    order of `grid` once, and take x and the values of every curve in it. `fit_curve` predicts twice, once before it
    calls `fit` and once after.""",
    """The heart of `fit` is

    ```python
    if loss < best:
        best, waited, weights = loss, 0, copy.deepcopy(model.state_dict())
    else:
        waited += 1
    ```

    A polynomial is `sum(c * x**k for k, c in enumerate(self.coefficients))`. What can be drawn of any tensor is
    `values.detach().cpu()`; the order of the grid is `grid.argsort()`.""",
)
COMPARE = """Another right way to keep the best weights is a file: `torch.save(model.state_dict(), path)` in each better
    epoch, and `torch.load` at the end. That also survives a crash. Lightning's and Keras's `EarlyStopping` are this
    loop; both have a `min_delta`, by which a loss has to be lower to count, since a loss that creeps down for ever
    would never stop anything.

    The held-out points have had a say in when to stop, so the best loss there is a little too good to be true. Who
    wants to know how good the model is needs a third part of the points, which nothing has looked at.

    A polynomial is linear in its coefficients, so least squares gives the best fit to the training points at once:
    `torch.linalg.lstsq(x[:, None] ** torch.arange(degree + 1), y[:, None])`. Compare its curve with that of the
    training: with degree 8 it goes through all nine points, and swings between them."""
