"""A module with three named parameters: registration, values, gradients and training."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from grader import (
    Cause,
    Draw,
    NotJudged,
    Received,
    Student,
    _,
    applied,
    as_asked,
    expect,
    expect_close,
    explain,
    fill,
    follows,
    helper,
    moved,
    needs,
    other_terms,
    points,
    probe,
    rounds,
)

CONSTANTS = Cause(
    "constants-used",
    "It goes by the first values 1, 2 and 3, whatever the parameters are now: use `self.a`, `self.b` and `self.c`.",
)
ONE_CONSTANT = Cause(
    "constants-used",
    "It goes by {value} for `{name}`, whatever the parameter is now: use `self.{name}` itself.",
)
BUFFER = Cause(
    "unregistered",
    "It is a buffer: `.to(…)` moves it, and no optimizer finds it. Make it an `nn.Parameter`.",
)
WITHIN = Cause(
    "unregistered",
    "`self.{name}` holds tensors: give each parameter an attribute of its own, `self.a`, `self.b` and `self.c`.",
)
DOES_NOT_REQUIRE = Cause("no-grad", "It is made with `requires_grad=False`, or that is set later.")
ONE_FOR_ALL = Cause(
    "shared", "All models have one `{name}`, to which each adds: make the parameters in `__init__`."
)
NO_TERM = Cause("missing-term", "`{name}` is missing in the formula.")
MINUS = Cause("sign-of-term", "The sign of `{name}` is the wrong way round.")
CUBE = Cause("wrong-power", "x³ stands where x² should.")
NO_SQUARE = Cause("wrong-power", "x stands where x² should.")
TIMES_TWO = Cause("wrong-power", "2x stands where x² should.")
SWAPPED = Cause("swapped", "The parameters are in the wrong order: `a` goes with x², `c` alone.")
FOR_ANOTHER = Cause("wrong-parameter", "`{name}` is used where `{right}` should be.")
PRECEDENCE = Cause("precedence", "a is squared as well: (a·x)² instead of a·x².")
SQUARED_SUM = Cause("precedence", "It is (a·x + b)² + c: the square is that of x alone.")
ROUNDED = Cause("rounded", "The result is rounded.")
OTHER_DTYPE = Cause(
    "dtype",
    "A parameter has torch's default dtype where it is made of Python's floats alone: NumPy's are float64, and a dtype "
    "that is written down stays what it is.",
)
START_AT = Cause("wrong-start", "A parameter starts at another number than it should.")
NO_DIMENSION = Cause(
    "squeezed", "`torch.tensor(1.0)` has no dimension; `torch.tensor([1.0])` has one, of size 1."
)
EXTRA_DIMENSION = Cause("extra-dimension", "It has a dimension of size 1 too many.")
SHARED = Cause("shared", "Make the parameters in `__init__`, new ones for each model.")

START = {"a": 1.0, "b": 2.0, "c": 3.0}
# the numbers of dimensions, round by round
RANKS = (1, 3, 2, 2, 1, 4)


@helper
def model_with(student: Any, a: Tensor, b: Tensor, c: Tensor, registered: bool = False) -> Any:
    """A model away from its first values, in the shapes in which it keeps them."""
    model = moved(student.MyModel(), a)
    fill(model, registered, a=a, b=b, c=c)
    for name in ("a", "b", "c"):
        if registered and not getattr(model, name).requires_grad:
            raise NotJudged("frozen", name)
    return model


@helper
def holders(model: Any) -> list[str]:
    """The attributes that hold several tensors."""
    own = {**getattr(model, "__dict__", {}), **getattr(model, "_modules", {})}
    found = []
    for name, value in own.items():
        if isinstance(value, dict | nn.ParameterDict):
            value = list(value.values())
        holds = isinstance(value, list | tuple | nn.ParameterList)
        if holds and not name.startswith("_") and any(isinstance(x, torch.Tensor) for x in value):
            found.append(name)
    return found


@helper
def told(model: Any) -> dict[str, Any]:
    """The three parameters in the shape that is asked."""
    like = torch.zeros(1)
    return {name: as_asked(getattr(model, name), like) for name in ("a", "b", "c")}


def numbers(draw: Draw, *shape: int) -> Tensor:
    """Small ones: large ones may cancel to a sum that is all rounding in float32."""
    most = 1.5 if draw.dtype.itemsize > 2 else 1.0
    return draw.uniform(-most, most, *shape)


@probe
def describe(student: Any) -> Any:
    model = student.MyModel()
    is_module = isinstance(model, nn.Module)
    registered = dict(model.named_parameters()) if is_module else {}
    return {
        "is a module": is_module,
        "attributes": [name for name in ("a", "b", "c") if hasattr(model, name)],
        "holders": holders(model),
        "buffers": [name for name, _value in model.named_buffers()] if is_module else [],
        "parameters": {name: list(value.shape) for name, value in registered.items()},
        "frozen": [name for name, value in registered.items() if not value.requires_grad],
        "values": [
            as_asked(getattr(model, name, None), torch.zeros(1)) for name in ("a", "b", "c")
        ],
    }


def expect_attributes(got: Any) -> None:
    """That there are `a`, `b` and `c`, whatever they are."""
    for name in START:
        within = [held for held in got["holders"] if held.isidentifier()]
        near = explain.did_you_mean(name, got["parameters"])
        expect(
            name in got["attributes"],
            _("MyModel has no attribute `{name}`.").format(name=name),
            WITHIN.of(name=within[0]) if within else near,
        )


@points(2)
def test_parameters(student: Student) -> None:
    """`MyModel` has the parameters `a`, `b` and `c`, each of shape (1,), and no others."""
    got = student.run(describe)
    expect(got["is a module"], _("MyModel is not an nn.Module."))
    expect_attributes(got)
    for name in START:
        registered = name in got["parameters"]
        expect(
            registered,
            _("`{name}` is not a registered `nn.Parameter`.").format(name=name),
            BUFFER if name in got["buffers"] else explain.UNREGISTERED,
        )
        shape = tuple(got["parameters"][name])
        expect(
            shape == (1,),
            _("`{name}` has shape {shape}, expected (1,).").format(name=name, shape=shape),
            (EXTRA_DIMENSION if shape else NO_DIMENSION) if math.prod(shape) == 1 else "",
        )
        sentence = _("`{name}` does not require gradients.").format(name=name)
        expect(name not in got["frozen"], sentence, DOES_NOT_REQUIRE)
    others = sorted(set(got["parameters"]) - set(START))
    expect(
        not others, _("There are further parameters: {others}.").format(others=", ".join(others))
    )


@points(1)
def test_first_values(student: Student) -> None:
    """The parameters `a`, `b` and `c` start at 1, 2 and 3."""
    got = student.run(describe)
    expect_attributes(got)
    for name, found, value in zip(START, got["values"], START.values(), strict=True):
        start = torch.tensor([value])
        sentence = _("`{name}` is not a registered `nn.Parameter`.").format(name=name)
        expect(not isinstance(found, int | float), sentence, explain.UNREGISTERED)
        if isinstance(found, Received) and found.tensor.dtype != start.dtype:
            sentence = _("`{name}` is {dtype}, where torch's default dtype is {default}.")
            own, default = (str(each.dtype).partition(".")[2] for each in (found.tensor, start))
            expect(False, sentence.format(name=name, dtype=own, default=default), OTHER_DTYPE)
        expect_close(found, start, name, causes={START_AT: ...})


@probe
def apply_model(
    student: Any,
    inputs: list[Tensor],
    a: Tensor,
    b: Tensor,
    c: Tensor,
    by_keyword: bool,
    training: bool,
) -> list[Any]:
    model = model_with(student, a, b, c)
    if not isinstance(model, nn.Module):
        return [applied(model, x) for x in inputs]
    model.train(training)
    return [model(x=x) if by_keyword else model(x) for x in inputs]


@rounds(half=True)
@points(2)
def test_forward(student: Student, draw: Draw) -> None:
    """`forward(x)` is a·x² + b·x + c, of the shape of `x`."""
    shape, scale = draw.shape("shape", RANKS), draw.magnitude("x", zero=True)
    x = draw.layout("x", scale * numbers(draw, *shape))
    # the second one has the sum of the first
    inputs = [x, x.flip(*range(x.dim())), scale * numbers(draw, 4, 2)]
    a, b, c = (numbers(draw, 1) for _ in START)
    if scale:  # each term is of the size of x, so that none hides another
        a, c = a / scale, c * scale
    by_keyword = draw.choice("by_keyword", [False, True])
    training = draw.choice("training", [True, False])
    given = {"a": a, "b": b, "c": c, "by_keyword": by_keyword, "training": training}
    got = student.run(apply_model, inputs=inputs, **given)
    for index, each in enumerate(inputs):
        what = _("forward(x) of the same model for another x") if index else "forward(x)"
        earlier = got[index - 1].tensor if index else None
        causes = partial(mistaken, each, a, b, c, earlier)
        expected = quadratic(each, a, b, c)
        expect_close(got[index], expected, what, causes=causes, scale=scale or 1.0)


def quadratic(x: Tensor, a: Any, b: Any, c: Any) -> Tensor:
    """a·x² + b·x + c, worked out in float64."""
    exact = x.double()
    a, b, c = (p.double() if isinstance(p, Tensor) else p for p in (a, b, c))
    result: Tensor = (a * exact**2 + b * exact + c).to(x.dtype)
    return result


def mistaken(
    x: Tensor, a: Tensor, b: Tensor, c: Tensor, earlier: Tensor | None
) -> dict[Cause, Any]:
    """What known mistakes make of it; `earlier` is what came of the call before."""
    right = quadratic(x, a, b, c)
    given = dict(zip(START, (a, b, c), strict=True))
    causes: dict[Cause, Any] = {
        CONSTANTS: quadratic(x, *START.values()),
        CUBE: a * x**3 + b * x + c,
        NO_SQUARE: a * x + b * x + c,
        TIMES_TWO: a * 2 * x + b * x + c,
        SWAPPED: quadratic(x, c, b, a),
        PRECEDENCE: quadratic(x, a**2, b, c),
        SQUARED_SUM: (a.double() * x.double() + b.double()) ** 2 + c.double(),
        ROUNDED: right.round(decimals=4),
        explain.PRECISION: a * x.float() ** 2 + b * x.float() + c,
    }
    for name, value in START.items():
        cause = ONE_CONSTANT.of(value=f"{value:g}", name=name)
        causes[cause] = quadratic(x, **given | {name: value})
        causes[NO_TERM.of(name=name)] = quadratic(x, **given | {name: 0})
        causes[MINUS.of(name=name)] = quadratic(x, **given | {name: -given[name]})
        for another, instead in given.items():
            if another != name:
                cause = FOR_ANOTHER.of(name=another, right=name)
                causes[cause] = quadratic(x, **given | {name: instead})
    zero, square = torch.zeros_like(x), x**2
    causes |= other_terms.sums(
        {"a·x²": a * square, "−a·x²": -a * square, "x²": square, "a·x": a * x, "a·x³": a * x**3}
        | {"c·x²": c * square, "2a·x": 2 * a * x, "a": a + zero, "": zero},
        {
            "b·x": b * x,
            "−b·x": -b * x,
            "2b·x": 2 * b * x,
            "b": b + zero,
            "x": x,
            "a·x": a * x,
            "a·b·x": a * b * x,
        }
        | {"b·x²": b * square, "c·x": c * x, "": zero},
        {
            "c": c + zero,
            "−c": -c + zero,
            "a": a + zero,
            "a·c": a * c + zero,
            "c·x": c * x,
            "": zero,
        },
    )
    return causes if earlier is None else causes | {explain.STALE: earlier}


@probe
def differentiate(student: Any, x: Tensor, a: Tensor, b: Tensor, c: Tensor, g: Tensor) -> Any:
    model = model_with(student, a, b, c, registered=True)
    output = (model(x.view_as(x)) * g).sum()  # x is of a graph, as behind another layer
    if output.requires_grad:
        output.backward()
    grads = {"a": model.a.grad, "b": model.b.grad, "c": model.c.grad}
    other = student.MyModel()
    shared = [name for name in grads if getattr(other, name, None) is getattr(model, name)]
    told = {name: as_asked(grad, a) for name, grad in grads.items()}
    return {"x": x.grad, **told, "shared": shared}


@rounds("published", "ones", "more ones", "large")
@points(2)
@needs("forward")
def test_gradients(student: Student, draw: Draw) -> None:
    """Autograd gives `a`, `b`, `c` and the input their gradients."""
    # once a single element, whatever the number of dimensions
    shape = draw.shape("shape", RANKS, elements=1 if draw.round.name == "more ones" else 128)
    x = numbers(draw, *shape)
    if not draw.round.is_published:  # where a way round x² may have no slope
        x = torch.where(draw.integers(0, 4, *shape) == 0, 0, x)
    leaves = {"x": x} | {name: numbers(draw, 1) for name in START}
    if draw.round.name == "large":  # whoever completes the square divides by it
        leaves["a"] = torch.zeros_like(leaves["a"])
        draw.drawn["a"] = "a = 0"
    for leaf in leaves.values():
        leaf.requires_grad_()
    x, a, b, c = leaves.values()
    g = draw.uniform(0.5, 1.5, *shape)
    plain = {name: leaf.detach() for name, leaf in leaves.items() if name != "x"}
    got = student.run(differentiate, x=x, g=g, **plain)
    grads = torch.autograd.grad(((a * x**2 + b * x + c) * g).sum(), list(leaves.values()))
    for name, grad in zip(leaves, grads, strict=True):
        expect(
            got[name] is not None, _("`{name}` gets no gradient.").format(name=name), explain.CUT
        )
        what = _("the gradient of {name}").format(name=name)
        shared = {ONE_FOR_ALL.of(name=name): ...} if name in got["shared"] else {}
        # terms of such a size may cancel
        expect_close(got[name], grad, what, causes=shared, scale=4.0)


@probe
def move_and_copy(student: Any, x: Tensor, a: Tensor, b: Tensor, c: Tensor) -> Any:
    untouched = student.MyModel()
    first = [value.detach().clone() for value in untouched.parameters()]
    model, copy = model_with(student, a, b, c, registered=True), student.MyModel().to(x)
    copy.load_state_dict(model.state_dict())
    halved = student.MyModel().to(torch.bfloat16)
    copied = copy(x)
    # the model is used before its parameters get other numbers
    copy.eval()(x)
    fill(copy, a=a + 1, b=b, c=c - 1)
    return {
        "copied": copied,
        "filled": copy(x),
        "apart": all(map(torch.equal, first, untouched.parameters())),
        "moved": [str(value.dtype) for value in (halved.a, halved.b, halved.c)],
        "output": str(halved(x.bfloat16()).dtype),
    }


@points(1)
@needs("forward")
@follows("gradients")
def test_moves_and_is_saved(student: Student, draw: Draw) -> None:
    """`MyModel` moves with `.to(…)`, and `state_dict` carries its numbers into another one."""
    x, a, b, c = numbers(draw, 5), *(numbers(draw, 1) for _ in START)
    got = student.run(move_and_copy, x=x, a=a, b=b, c=c)
    expect_close(
        got["copied"], a * x**2 + b * x + c, _("forward(x) of a model loaded from another")
    )
    what = _("forward(x) after other numbers were put into a, b and c")
    expect_close(got["filled"], (a + 1) * x**2 + b * x + c - 1, what)
    expect(got["apart"], _("Setting the parameters of one model changes those of another."), SHARED)
    for name, dtype in zip(START, got["moved"], strict=True):
        expect(
            dtype == "torch.bfloat16",
            _("After .to(torch.bfloat16) `{name}` is {dtype}.").format(name=name, dtype=dtype),
        )
    dtype = got["output"]
    expect(
        dtype == "torch.bfloat16",
        _("After .to(torch.bfloat16) forward(x) is {dtype}.").format(dtype=dtype),
    )


@probe
def train_model(
    student: Any, x: Tensor, y: Tensor, a: Tensor, b: Tensor, c: Tensor, steps: int
) -> Any:
    model = model_with(student, a, b, c, registered=True)
    optimizer, losses = torch.optim.SGD(model.parameters(), lr=0.05), []
    for _unused in range(steps):
        optimizer.zero_grad()
        loss = ((model(x) - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return told(model) | {"losses": losses}


@rounds("published", "large")
@points(1)
@needs("forward")
@follows("gradients")
def test_is_trained(student: Student, draw: Draw) -> None:
    """An optimizer of `torch.optim` trains it, in the dtype that it was moved to."""
    n, steps = draw.size("n"), draw.count("steps", 2, 12)
    x, y = numbers(draw, n), numbers(draw, n)
    leaves = {name: numbers(draw, 1) for name in START}
    got = student.run(train_model, x=x, y=y, steps=steps, **leaves)
    parameters, losses = [leaf.clone().requires_grad_() for leaf in leaves.values()], []
    for _unused in range(steps):
        a, b, c = parameters
        loss = ((a * x**2 + b * x + c - y) ** 2).mean()
        losses.append(loss.item())
        grads = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for parameter, grad in zip(parameters, grads, strict=True):
                parameter -= 0.05 * grad
    expected = dict(zip(START, (parameter.detach() for parameter in parameters), strict=True))
    curves = got["losses"], losses
    what = _("parameters after {steps} steps of {name}").format(steps=steps, name="SGD")
    expect_close(got, expected, what, curves=curves)


@probe
def under_another_default(student: Any, x: Tensor, a: Tensor, b: Tensor, c: Tensor) -> Any:
    """All of it is on the CPU, and what is made without a device is on another one."""
    with torch.device(x.device):
        model = model_with(student, a.cpu(), b.cpu(), c.cpu(), registered=True)
        return applied(model, x.cpu()).to(x.device)


@points(1)
@needs("forward")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """The model works and is trained on any device that it is moved to."""
    test_forward(elsewhere, draw)
    test_gradients(elsewhere, draw)
    test_is_trained(elsewhere, draw)
    x, a, b, c = numbers(draw, 5), *(numbers(draw, 1) for _ in START)
    got = elsewhere.run(under_another_default, x=x, a=a, b=b, c=c)
    what = _("forward(x) on the CPU, where torch's default device is another one")
    expect_close(got, quadratic(x, a, b, c), what)


HINTS = (
    """`model.parameters()` has to find the three numbers. Which class turns a tensor into something that a
    module registers?""",
    """An `nn.Parameter` wraps a floating tensor, and each is to have the shape (1,): `torch.tensor([1.0])`,
    not `torch.tensor(1)`. In `forward`, use the parameters themselves: `.data`, `.detach()` and `.item()`
    cut the gradients off.""",
    """`self.a = nn.Parameter(torch.tensor([1.0]))` in `__init__`, and `b` with 2 and `c` with 3 likewise.
    `forward` returns `self.a * x**2 + self.b * x + self.c`.""",
)
COMPARE = """Another right way: one parameter of shape (3,), or an `nn.ParameterDict`, where names are not asked for.

    `nn.Module` notices parameters because it overrides `__setattr__`: an `nn.Parameter` that is assigned goes
    into `_parameters`, from where `parameters()`, `state_dict()` and `.to()` take it. A plain tensor does
    not."""
