"""Five published mistakes, mended: each function against what it says it does."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from grader import (
    Cause,
    Criterion,
    Draw,
    Student,
    _,
    curve,
    expect,
    expect_close,
    explain,
    fill,
    helper,
    listen,
    moved,
    needs,
    network,
    order_causes,
    points,
    probe,
    rounds,
)

FROM_ONE = Cause("off-by-one", "The epochs are counted from 1; the first one is epoch 0.")
NOT_FIRST = Cause("first-left-out", "Epoch 0 is left out; it is a multiple of everything.")
INVERTED = Cause("inverted", "It is true where it should be false, and false where true.")
REMAINDER_1 = Cause("off-by-one", "It is true where the remainder is 1; it is to be 0.")
QUOTIENT = Cause("wrong-operator", "`//` gives the quotient; the remainder is `%`.")
ARGUMENTS_SWAPPED = Cause("swapped", "`every` is divided by `epoch`; it is the other way round.")
USED_UP = Cause(
    "used-up",
    "The batches may come from a generator, which can be gone through once: something before the loop, such as "
    "`list(batches)` or `len`, has used it up.",
)
ONE_STEP = Cause("one-step", "There is one step for all batches; each batch is to have its own.")
ONE_AND_OLD = Cause(
    "one-step",
    "There is one step for all batches, with the gradients from before the call in it; each batch is to have its own.",
)
FIRST_ALONE = Cause("one-step", "Only the first batch has a step: look for `return` in the loop.")
LAST_ALONE = Cause("one-step", "There is one step, by the gradients of the last batch alone.")
BY_COUNT = Cause(
    "mean-for-sum",
    "The steps are those of losses divided by the number of batches; nothing is to be divided.",
)
SUMMED = Cause(
    "running-total", "Each loss is added to those before; they are to stand by themselves."
)
BUFFERS = Cause(
    "unregistered",
    "A buffer is kept and moved with the layer, and no optimizer is given it: make it an `nn.Parameter`.",
)
NO_BIAS = Cause("missing-term", "`bias` is not added.")
NO_GRADIENT = Cause(
    "no-gradient",
    "It is as it was before the step: no gradient came to it. It has to require gradients, and the way from it to the "
    "output must not be cut (`.detach()`, `.data`).",
)
DOUBLE_X = Cause("wrong-power", "2x stands where x² should.")
X_FOR_SQUARE = Cause("wrong-power", "x stands where x² should.")
B_OF_SQUARE = Cause(
    "stale", "`b` multiplies a·x², which stood in the variable by then; it is to multiply x."
)
NO_SQUARE_TERM = Cause("missing-term", "The term a·x² is missing.")
NO_B_TERM = Cause("missing-term", "The term b·x is missing.")
NO_C_TERM = Cause("missing-term", "The term c is missing.")
C_TIMES_X = Cause("wrong-power", "`c` multiplies x; it is to stand by itself.")
A_AND_C = Cause("swapped", "`a` and `c` stand in each other's place.")
A_SQUARED = Cause("precedence", "`a` is squared, too: it is (a·x)², and a·x² is asked.")
HALF_CUT = Cause(
    "graph-cut",
    "One of the two factors x in x² is cut from the graph: its share of the slope is missing.",
)
B_CUT = Cause("graph-cut", "x is cut from the graph in b·x: its share of the slope is missing.")
SQUARE_CUT = Cause(
    "graph-cut", "x is cut from the graph in a·x²: its share of the slope is missing."
)
FORWARD = Cause("forward-difference", "It is the forward difference (f(x+h) − f(x)) / h.")
BACKWARD = Cause("forward-difference", "It is the backward difference (f(x) − f(x−h)) / h.")
H_IGNORED = Cause("h-ignored", "The step is 0.001, whatever `h` is.")
BY_2H = Cause("scale", "The two points are h apart, and it is divided by 2h.")
BY_H_TWICE = Cause("scale", "It is divided by h once too often.")
NOT_BY_H = Cause("scale", "It is divided by 2 alone, and not by h.")
NOT_DIVIDED = Cause("scale", "The difference is there, and is not divided by 2h.")
ABOVE_ALONE = Cause("wrong-points", "The points are x and x + 2h; x − h and x + h are asked.")
BY_H = Cause("scale", "The two points are 2h apart, and it is divided by h.")
TIMES_H = Cause(
    "precedence",
    "It is divided by 2 and multiplied by h, as by `/ 2 * h`: both belong below, as in `/ (2 * h)`.",
)
BELOW_ALONE = Cause(
    "precedence",
    "Only f(x − h) is divided by 2h, since `/` comes before `-`: put parentheses around the difference.",
)
EXAMPLE = Cause("example-left", "It is the slope of `parabola`, whatever `f` is.")
EXAMPLE_ABOVE = Cause("example-left", "`parabola` is taken at x + h, and `f` at x − h alone.")
EXAMPLE_BELOW = Cause("example-left", "`parabola` is taken at x − h, and `f` at x + h alone.")

FORBIDDEN = {
    "by hand": {"except": ["accumulated_steps", "PlainLinear", "polynomial_model", "should_log"]}
}


# the numbers of leading dimensions, and of dimensions, round by round
LEAD = (1, 1, 0, 1, 3, 2)
RANKS = (1, 4, 2, 2, 1, 3)
ANY_RANKS = (2, 0, 4, 2, 1, 1)
# how large x is in a difference, round by round: tiny and huge ones in float64, where the step can be seen
SIZES = (1.0, 2.0**-25, 0.0, 1.0, 4096.0, 1.0)
# with a large h the formulas differ from each other and from the true derivative
STEPS = ("default", "small", "large", "above 1", "large", "large")
BOUNDS = {"large": (0.2, 0.8), "above 1": (1.1, 1.7), "small": (5e-5, 5e-4)}


@probe
def log_table(student: Any, epochs: list[int], intervals: list[int], by_keyword: bool) -> Any:
    if not by_keyword:
        return [[student.should_log(epoch, every) for epoch in epochs] for every in intervals]
    with torch.device("meta"):  # another default device, which is none of its business
        return [
            [student.should_log(epoch=epoch, every=every) for epoch in epochs]
            for every in intervals
        ]


@rounds("published", "ones", "equal", single=True)
@points(1)
def test_should_log(student: Student, draw: Draw) -> None:
    """`should_log(epoch, every)` is true on epochs 0, every, 2·every, … and a bool."""
    intervals, epochs = [1, 2, 3, 7], list(range(15))
    if not draw.round.is_published:
        far = draw.integers(10, 1000, 4).tolist()
        intervals = [1, *draw.integers(2, 200, 3).tolist()]
        many = [every * times for every, times in zip(intervals, far, strict=True)]
        epochs = [*range(5), *intervals, *many, *(epoch + 1 for epoch in many)]
    by_keyword = draw.choice("by_keyword", [False, True])
    table = student.run(log_table, epochs=epochs, intervals=intervals, by_keyword=by_keyword)
    expected = [[epoch % every == 0 for epoch in epochs] for every in intervals]
    causes = {
        FROM_ONE: [[(epoch + 1) % every == 0 for epoch in epochs] for every in intervals],
        NOT_FIRST: [[False, *row[1:]] for row in expected],
        REMAINDER_1: [[epoch % every == 1 for epoch in epochs] for every in intervals],
        ARGUMENTS_SWAPPED: [
            [
                every % epoch == 0 if epoch else wanted
                for epoch, wanted in zip(epochs, row, strict=True)
            ]
            for every, row in zip(intervals, expected, strict=True)
        ],
        QUOTIENT: [[epoch // every == 0 for epoch in epochs] for every in intervals],
        INVERTED: [[not wanted for wanted in row] for row in expected],
    }
    what = _(
        "the table of should_log(epoch, every), for every in {intervals} and epoch in {epochs},"
    )
    expect_close(table, expected, what.format(intervals=intervals, epochs=epochs), causes=causes)


@probe
def accumulate(
    student: Any,
    plan: Any,
    state: Any,
    batches: list[Any],
    lr: float,
    stale: bool,
    stream: bool,
    again: bool,
    by_keyword: bool,
    factor: float,
    default: str,
) -> Any:
    import contextlib

    def criterion(outputs: Tensor, labels: Tensor) -> Tensor:
        return factor * F.cross_entropy(outputs, labels)

    model = network(plan, state)
    if stale:
        for parameter in model.parameters():
            parameter.grad = torch.full_like(parameter, 5.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    events = listen(model, optimizer)
    given = (batch for batch in batches) if stream else batches
    own = Criterion(criterion)
    named = {"model": model, "criterion": own, "optimizer": optimizer, "batches": given}
    args, kwargs = ([], named) if by_keyword else ([*named.values()], {})
    with torch.device(default) if default else contextlib.nullcontext():
        losses = student.accumulated_steps(*args, **kwargs)
    heard = events[:20]
    after = [parameter.detach().clone() for parameter in model.parameters()]
    modes = {module.training for module in model.modules()}
    if again:  # the same batches again
        losses = [*losses, *student.accumulated_steps(*args, **kwargs)]

    def broken() -> Any:
        yield batches[0]
        raise ArithmeticError

    with contextlib.suppress(ArithmeticError):  # settings are left as they were then, too
        student.accumulated_steps(model, own, optimizer, broken())
    return {
        "losses": losses,
        "parameters": after,
        "events": heard,
        "is in training mode": modes == {True},
    }


@rounds()
@points(2)
def test_accumulated_steps(student: Student, draw: Draw) -> None:
    """`accumulated_steps` takes a step per batch by that batch's gradients alone, and returns the losses."""
    expect_steps(student, draw)


def expect_steps(student: Student, draw: Draw, default: str = "") -> None:
    """Parameters and losses, under another default device if there is one."""
    n_in, classes = draw.size("n_in"), draw.size("classes", 2, 9)
    plan, state = draw.network(n_in, classes)
    count, lr = draw.count("batches", 2, 34 if draw.round.low > 64 else 4), 0.1
    sizes = [*draw.integers(1, 6, count - 1).tolist(), draw.size("rows", high=80)]
    batches = [(draw.inputs_of(plan, n), draw.integers(0, classes, n)) for n in sizes]
    stale = draw.choice("stale gradients", [True, False])
    stream, again = draw.round.number in (0, 2), draw.round.number in (1, 3)
    # the losses are as large as the factor, and the gradients as large as without it
    factor = 512.0 if draw.round.number == 3 else 1.0
    draw.drawn["batches are"] = f"batches are {'a generator' if stream else 'a list'}"
    got = student.run(
        accumulate,
        plan=plan,
        state=state,
        batches=batches,
        lr=lr / factor,
        factor=factor,
        stale=stale,
        stream=stream,
        again=again,
        by_keyword=draw.choice("by_keyword", [False, True]),
        default=default,
    )

    def walk(
        kept: bool = False,
        old: float = 0.0,
        times: int = 1,
        share: float = 1.0,
        after: bool = False,
    ) -> tuple[list[Tensor], list[float]]:
        """Parameters and losses, from gradients of `old`; `kept`: that are never cleared; `after`: each update."""
        model, losses = network(plan, state), []
        parameters = list(model.parameters())
        grads = [torch.full_like(parameter, old) for parameter in parameters]
        for inputs, labels in batches * times:
            loss = nn.functional.cross_entropy(model(inputs), labels)
            own = torch.autograd.grad(loss, parameters)
            grads = [grad + one for grad, one in zip(grads, own, strict=True)]
            with torch.no_grad():
                for parameter, grad in zip(parameters, grads, strict=True):
                    parameter.sub_(share * lr * grad)
                if after:
                    loss = nn.functional.cross_entropy(model(inputs), labels)
            losses.append(factor * loss.item())
            grads = grads if kept else [0 * grad for grad in grads]
        return [parameter.detach() for parameter in parameters], losses

    def at_once(given: list[tuple[Tensor, Tensor]], more: float) -> list[Tensor]:
        model = network(plan, state)
        parameters = list(model.parameters())
        losses = [nn.functional.cross_entropy(model(inputs), y) for inputs, y in given]
        grads = torch.autograd.grad(sum(losses, torch.tensor(0.0)), parameters)
        pairs = zip(parameters, grads, strict=True)
        return [(parameter - lr * (grad + more)).detach() for parameter, grad in pairs]

    expected, losses = walk()
    old = 5.0 / factor if stale else 0.0
    start = [parameter.detach() for parameter in network(plan, state).parameters()]
    by_old = [parameter - count * lr * old for parameter in start] if stale else None
    causes = order_causes(got["events"], start, by_old) | {
        explain.NOT_CLEARED: lambda: walk(True, old)[0],
        explain.CLEARED_AFTER: lambda: walk(False, old)[0],
        explain.NOT_UPDATED: start,
        Cause("not-cleared", "The gradients are cleared once, not for each batch."): lambda: walk(
            True
        )[0],
        ONE_STEP: lambda: at_once(batches, 0.0),
        ONE_AND_OLD: lambda: at_once(batches, old),
        explain.TWICE: lambda: walk(share=2.0)[0],
        BY_COUNT: lambda: walk(share=1 / count)[0],
        FIRST_ALONE: lambda: at_once(batches[:1], 0.0),
        LAST_ALONE: lambda: at_once(batches[-1:], 0.0),
    }
    losses = walk(times=2)[1] if again else losses
    if stream and got["losses"] in ([], [0.0] * count):
        causes = {USED_UP: start, **causes}
    curves = got["losses"], losses
    what = _("parameters after {count} batches").format(count=count)
    expect_close(got["parameters"], expected, what, causes=causes, curves=curves)
    sums = {
        SUMMED: [sum(losses[: at + 1]) for at in range(len(losses))],
        explain.NEW_FOR_OLD: walk(times=2 if again else 1, after=True)[1],
    }
    what = _("the list of losses")
    options: dict[str, Any] = {"factors": {_("the number of batches"): count}, "curves": curves}
    expect_close(got["losses"], losses, what, dtype=draw.dtype, causes=sums, **options)
    expect(got["is in training mode"], _("The model was not in training mode."))


@helper
def layer_of(student: Any, weights: Tensor, bias: Tensor, by_keyword: bool) -> Any:
    n_in, n_out = weights.shape
    if by_keyword:
        layer = student.PlainLinear(in_features=n_in, out_features=n_out)
    else:
        layer = student.PlainLinear(n_in, n_out)
    layer = moved(layer, weights)
    student.PlainLinear(n_in, n_out)  # another one
    fill(layer, registered=True, weights=weights, bias=bias)
    return layer


@probe
def registered(student: Any, default: str) -> Any:
    import contextlib

    try:
        with torch.device(default) if default else contextlib.nullcontext():
            layer = student.PlainLinear(3, 4)
    except RuntimeError:
        if not default:
            raise
        layer = student.PlainLinear(3, 4)  # it may look at the numbers that it has drawn
    kept = vars(layer)
    return {
        "buffers": sorted(name for name, _ in layer.named_buffers()),
        "plain": sorted(name for name in kept if isinstance(kept[name], torch.Tensor)),
        "has a list": any(
            isinstance(held, list | tuple) and any(isinstance(each, torch.Tensor) for each in held)
            for held in kept.values()
        ),
        "parameters": {name: str(tuple(value.shape)) for name, value in layer.named_parameters()},
        "state": sorted(layer.state_dict()),
    }


@probe
def train_layer(
    student: Any,
    x: Tensor,
    weights: Tensor,
    bias: Tensor,
    g: Tensor,
    lr: float,
    by_keyword: bool,
    default: str,
) -> Any:
    import contextlib

    layer = layer_of(student, weights, bias, by_keyword)
    optimizer = torch.optim.SGD(layer.parameters(), lr=lr)
    at = (0.5 * x).requires_grad_() if by_keyword else x
    if by_keyword:
        layer(x=at)
        with torch.no_grad():
            at.copy_(x)
    with torch.device(default) if default else contextlib.nullcontext():
        output = layer(x=at.view_as(at)) if by_keyword else layer(at)
    layer.eval()
    layer(x)  # as whoever evaluates before and after a step
    (output * g.to(output.device)).sum().backward()
    optimizer.step()
    found = {"output": output, "weights": layer.weights, "bias": layer.bias, "x": at.grad}
    return {**found, "evaluated": layer(x)}


@rounds(half=True)
@points(2)
def test_plain_linear(student: Student, draw: Draw) -> None:
    """`PlainLinear` keeps `weights` (in, out) and `bias` (out,) where an optimizer finds and trains them."""
    expect_linear(student, draw)


def expect_linear(student: Student, draw: Draw, default: str = "") -> None:
    """Registration, values, and a step; its forward pass under another default device if there is one."""
    expect_registered(student, "meta" if draw.round.number == 1 else "")
    n_in, n_out = draw.size("n_in"), draw.size("n_out")
    lead, lr = draw.shape("lead", LEAD, elements=256), 0.01
    size = draw.magnitude("x", zero=True)
    x = draw.layout("x", size * draw.normal(*lead, n_in))
    weights, bias, g = draw.normal(n_in, n_out), draw.normal(n_out), draw.normal(*lead, n_out)
    by_keyword = draw.choice("by_keyword", [False, True])
    got = student.run(
        train_layer,
        x=x,
        weights=weights,
        bias=bias,
        g=g,
        lr=lr,
        by_keyword=by_keyword,
        default=default,
    )
    leaves = [tensor.double().requires_grad_() for tensor in (weights, bias, x)]
    output = leaves[2] @ leaves[0] + leaves[1]
    grads = torch.autograd.grad((output * g.double()).sum(), leaves)
    stepped = [(leaf - lr * grad).detach() for leaf, grad in zip(leaves, grads, strict=True)]
    scale = max(1.0, size) * n_in**0.5
    no_bias = {NO_BIAS: (leaves[2] @ leaves[0]).detach().to(draw.dtype)}
    wanted = output.detach().to(draw.dtype)
    expect_close(got["output"], wanted, "forward(x)", causes=no_bias, scale=scale)
    before = {"weights": weights, "bias": bias}
    for name, expected in zip(("weights", "bias"), stepped[:2], strict=True):
        what = {"weights": _("weights after a step"), "bias": _("bias after a step")}[name]
        terms = max(1.0, lr * size * grads[1].abs().max().item())
        same = {NO_GRADIENT: before[name]}
        expect_close(got[name], expected.to(draw.dtype), what, causes=same, scale=terms)
    after = (x.double() @ stepped[0] + stepped[1]).to(draw.dtype)
    terms = scale * max(1.0, lr * size * grads[0].abs().max().item())
    what = _("forward(x) in evaluation mode, after a step")
    expect_close(got["evaluated"], after, what, scale=terms)
    if by_keyword:
        what = _("the gradient of {name}").format(name="x")
        expect(got["x"] is not None, _("`{name}` gets no gradient.").format(name="x"), explain.CUT)
        expect_close(got["x"], grads[2].to(draw.dtype), what, scale=n_out**0.5)


def expect_registered(student: Student, default: str) -> None:
    got = student.run(registered, default=default)
    found = sorted(got["parameters"])
    missing = {"weights", "bias"} - set(found)
    cause: Cause | str = BUFFERS if missing & set(got["buffers"]) else ""
    if missing & set(got["plain"]) or got["has a list"]:
        cause = explain.UNREGISTERED
    for name in missing - set(got["buffers"]) - set(got["plain"]):
        cause = cause or explain.did_you_mean(name, found)
    names = _("The registered parameters of PlainLinear(3, 4) are {found}, expected {wanted}.")
    wanted = ["bias", "weights"]
    expect(found == wanted, names.format(found=found, wanted=wanted), cause)
    shapes = {"weights": "(3, 4)", "bias": "(4,)"}
    turned = {explain.TRANSPOSE: {"weights": "(4, 3)", "bias": "(4,)"}}
    expect_close(got["parameters"], shapes, _("the shapes of PlainLinear(3, 4)"), causes=turned)


@probe
def differentiate(
    student: Any,
    x: Tensor,
    a: Tensor,
    b: Tensor,
    c: Tensor,
    g: Tensor,
    by_keyword: bool,
    default: str,
) -> Any:
    import contextlib

    leaves = [x, a, b, c]
    args, kwargs = ([], {"x": x, "a": a, "b": b, "c": c}) if by_keyword else (leaves, {})
    with torch.device(default) if default else contextlib.nullcontext():
        y = student.polynomial_model(*args, **kwargs)
    student.polynomial_model(*(2 * leaf for leaf in leaves))  # the first answer stands
    kept = y.detach().clone()
    (y * g).sum().backward()
    return {"y": kept, "grads": [leaf.grad for leaf in leaves]}


@rounds(half=True)
@points(2)
def test_polynomial_model(student: Student, draw: Draw) -> None:
    """`polynomial_model` is a·x² + b·x + c, and autograd goes through it to all four arguments."""
    expect_polynomial(student, draw)


def expect_polynomial(student: Student, draw: Draw, default: str = "") -> None:
    """The values and the gradients, under another default device if there is one."""
    is_half = draw.dtype.itemsize < 4
    shape = draw.shape("shape", RANKS, elements=50 if is_half else 400)
    numbers = draw.normal if is_half else draw.numbers
    x = draw.layout("x", draw.magnitude("x", zero=True) * numbers(*shape))
    shapes: Any = draw.choice("a.shape", {"(1,)": ([1], [], [1]), "()": ([], [1], [])})
    leaves = [x, *(draw.normal(*each) for each in shapes)]
    for leaf in leaves:
        leaf.requires_grad_()
    x, a, b, c = leaves
    g = draw.normal(*shape)
    by_keyword = draw.choice("by_keyword", [False, True])
    got = student.run(
        differentiate, x=x, a=a, b=b, c=c, g=g, by_keyword=by_keyword, default=default
    )
    wide = [leaf.detach().double().requires_grad_() for leaf in leaves]
    y = polynomial(wide)
    grads = torch.autograd.grad((y * g.double()).sum(), wide)
    # how large the terms are that these are sums of
    sizes = [leaf.detach().double().abs().requires_grad_() for leaf in leaves]
    terms = polynomial(sizes)
    scales = torch.autograd.grad((terms * g.double().abs()).sum(), sizes)
    at, a, b, c = wide
    mistaken = {
        DOUBLE_X: 2 * a * at + b * at + c,
        X_FOR_SQUARE: (a + b) * at + c,
        B_OF_SQUARE: a * at**2 + b * (a * at**2) + c,
        NO_SQUARE_TERM: b * at + c,
        NO_B_TERM: a * at**2 + c,
        NO_C_TERM: a * at**2 + b * at,
        C_TIMES_X: a * at**2 + b * at + c * at,
        A_AND_C: c * at**2 + b * at + a,
        A_SQUARED: (a * at) ** 2 + b * at + c,
    }
    cut = {
        HALF_CUT: a * at * at.detach() + b * at + c,
        B_CUT: a * at**2 + b * at.detach() + c,
        SQUARE_CUT: a * at.detach() ** 2 + b * at + c,
    }
    slopes = {cause: slopes_of(other, g, wide) for cause, other in (mistaken | cut).items()}
    causes = {cause: other.detach().to(draw.dtype) for cause, other in mistaken.items()}
    what = "polynomial_model(x, a, b, c)"
    scale = max(1e-30, terms.max().item())
    expect_close(got["y"], y.detach().to(draw.dtype), what, causes=causes, scale=scale)
    for at_leaf, (name, found) in enumerate(zip("xabc", got["grads"], strict=True)):
        expect(found is not None, _("`{name}` gets no gradient.").format(name=name), explain.CUT)
        what = _("the gradient of {name}").format(name=name)
        causes = {cause: each[at_leaf].to(draw.dtype) for cause, each in slopes.items()}
        scale = max(1e-30, scales[at_leaf].max().item())
        expect_close(found, grads[at_leaf].to(draw.dtype), what, causes=causes, scale=scale)


def slopes_of(value: Tensor, g: Tensor, leaves: list[Tensor]) -> tuple[Tensor, ...]:
    """The gradients of a value, weighed with `g`; 0 for what has no part in it."""
    total = (value * g.double()).sum()
    return torch.autograd.grad(total, leaves, retain_graph=True, materialize_grads=True)


def polynomial(leaves: list[Tensor]) -> Tensor:
    x, a, b, c = leaves
    return a * x**2 + b * x + c


@probe
def take_difference(
    student: Any,
    x: Tensor,
    coefficients: list[float],
    args: list[float],
    kwargs: dict[str, float],
    by_keyword: bool,
    default: str,
) -> Any:
    import contextlib

    def drawn(x: Tensor) -> Tensor:
        return curve(x, coefficients)

    def broken(x: Tensor) -> Tensor:
        raise ArithmeticError

    with contextlib.suppress(ArithmeticError):  # settings are left as they were then, too
        student.difference(broken, x)
    given: Any = ([], {"f": drawn, "x": x}) if by_keyword else ([drawn, x], {})
    with torch.device(default) if default else contextlib.nullcontext():
        return student.difference(*given[0], *args, **given[1], **kwargs)


def drawn_step(draw: Draw) -> float | None:
    """A step with a few digits; `None` for the default."""
    kind = STEPS[draw.round.number]
    if kind == "default":
        return None
    if draw.dtype.itemsize < 4:
        return 0.5
    return float(f"{draw.uniform(*BOUNDS[kind]).item():.2g}")


@rounds(half=True)
@points(2)
def test_difference(student: Student, draw: Draw) -> None:
    """`difference(f, x, h)` is the central difference (f(x+h) − f(x−h)) / 2h of the f that it is given."""
    expect_difference(student, draw)


def expect_difference(student: Student, draw: Draw, default: str = "") -> None:
    """The values, under another default device if there is one."""
    h, coefficients = drawn_step(draw), draw.coefficients(5)
    step = 1e-3 if h is None else h
    size, shape = SIZES[draw.round.number], draw.shape("shape", ANY_RANKS, elements=400)
    draw.drawn["size"] = f"|x| ≤ {1.5 * size:.3g}"
    x = draw.layout("x", size * draw.uniform(-1.5, 1.5, *shape))
    needs_grad = draw.choice("x.requires_grad", [False, True])
    by_keyword = draw.round.number in (2, 3)  # by position in another one
    args, kwargs = draw.passed(h=h) if h and not by_keyword else ([], {"h": h} if h else {})
    got = student.run(
        take_difference,
        x=x.clone().requires_grad_() if needs_grad else x,
        coefficients=coefficients,
        args=args,
        kwargs=kwargs,
        by_keyword=by_keyword,
        default=default,
    )
    exact = x.double()

    def slope(low: float, high: float, h: float) -> Tensor:
        rise = curve(exact + high * h, coefficients) - curve(exact + low * h, coefficients)
        return (rise / ((high - low) * h)).to(draw.dtype)

    def example(x: Tensor) -> Tensor:
        return 3 * (x + 1) ** 2

    above, below = exact + step, exact - step
    mixed = {
        EXAMPLE: example(above) - example(below),
        EXAMPLE_ABOVE: example(above) - curve(below, coefficients),
        EXAMPLE_BELOW: curve(above, coefficients) - example(below),
    }
    central = slope(-1, 1, step)
    causes = {cause: (rise / (2 * step)).to(draw.dtype) for cause, rise in mixed.items()}
    causes |= {FORWARD: slope(0, 1, step), BACKWARD: slope(-1, 0, step)}
    causes |= {H_IGNORED: slope(-1, 1, 1e-3), BY_2H: slope(0, 1, step) / 2}
    undivided = curve(above, coefficients) - curve(below, coefficients) / (2 * step)
    causes |= {BELOW_ALONE: undivided.to(draw.dtype), ABOVE_ALONE: slope(0, 2, step)}
    causes |= {BY_H_TWICE: central / step, NOT_BY_H: central * step, BY_H: 2 * central}
    causes |= {NOT_DIVIDED: 2 * step * central, TIMES_H: central * step**2}
    a, b, c, d, _e = map(abs, coefficients)
    far = exact.abs() + step
    # the rounding of f is divided by h: a few eps / h of its terms, and a wide margin
    scale = (a * far + b * far**2 + c * far**3 + d).max().item()
    expect_close(
        got,
        central,
        "difference(f, x, h)",
        rtol=200 * torch.finfo(draw.dtype).eps / step,
        requires_grad=None if needs_grad else False,
        causes=causes,
        scale=scale,
    )


@points(1)
@needs("accumulated_steps", "plain_linear", "polynomial_model", "difference")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """What is mended works on any device."""
    expect_steps(elsewhere, draw, "meta")
    expect_linear(elsewhere, draw, "meta")
    expect_difference(elsewhere, draw, "meta")
    for default in ("", "meta"):
        expect_polynomial(elsewhere, draw, default)


HINTS = (
    """Try each on something small: `should_log(0, 10)`; the `.grad` of a parameter in the second batch;
    `list(PlainLinear(2, 1).parameters())`; `x` after `polynomial_model(x, …)`; `difference(torch.sin, …)`.""",
    """`should_log` says the opposite of what is asked. `accumulated_steps` never forgets a gradient. A plain
    tensor is no parameter. `x.view_as(x)` shares its numbers with `x`, so `y *= …` changes the input.
    `difference` never calls its `f`.""",
    """`epoch % every == 0`. `optimizer.zero_grad()` before `loss.backward()`. `nn.Parameter(…)` around each
    of the two tensors. `y = a * x**2`, then `y = y + b * x` and `y = y + c`, with nothing in place.
    `f(x + h) - f(x - h)`.""",
)
COMPARE = """What the bugs have in common: none of them raises. What finds them: a test with a known answer, a loss
    that is looked at, one batch that a model must be able to learn by heart.

    `torch.autograd.set_detect_anomaly(True)` names the line of a NaN; `torch.autograd.gradcheck` finds a
    wrong backward; `assert all(p.grad is not None for p in model.parameters())` finds a cut graph."""
