"""A convolution by hand, a residual block, a network of blocks; weights from another network, and what is frozen."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from grader import (
    Cause,
    Draw,
    Student,
    _,
    called,
    expect,
    expect_close,
    explain,
    follows,
    needs,
    other_heads,
    points,
    probe,
    residual_nets,
    rounds,
)

BIAS = Cause(
    "extra-parameter",
    "These convolutions have no bias: the batch norm behind takes the mean away.",
)
DOWNSAMPLE_MISSING = Cause(
    "downsample",
    "There is one where the stride is not 1, and one where the channels change: either is enough.",
)
DOWNSAMPLE_ALONE = Cause(
    "downsample", "Behind the convolution of the shortcut there has to be a batch norm."
)
DOWNSAMPLE_TOO_MUCH = Cause(
    "downsample", "Where the stride is 1 and the channels stay, x itself is the shortcut."
)
FORBIDDEN: dict[str, Any] = {
    "by hand": {"except": ["BasicBlock", "SmallResNet", "load_body", "pretrained"]},
    "from scratch": {
        "except": ["BasicBlock", "SmallResNet", "load_body", "pretrained"],
        "names": [
            "torch.convolution", "torch._convolution", "torch.mkldnn_convolution", "torch.conv_tbc",
            "torch.conv1d", "torch.conv2d", "torch.conv3d", "torch.conv_transpose1d", "torch.conv_transpose2d",
            "torch.conv_transpose3d", "torch.nn.functional.conv1d", "torch.nn.functional.conv2d",
            "torch.nn.functional.conv3d", "torch.nn.functional.conv_tbc", "torch.nn.functional.conv_transpose1d",
            "torch.nn.functional.conv_transpose2d", "torch.nn.functional.conv_transpose3d", "torch.nn.Conv1d",
            "torch.nn.Conv2d", "torch.nn.Conv3d", "torch.nn.ConvTranspose1d", "torch.nn.ConvTranspose2d",
            "torch.nn.ConvTranspose3d", "torch.nn.grad", "torch._C._nn.thnn_conv2d", "torch._C._nn.slow_conv3d",
            "torch._C._nn.slow_conv_dilated2d", "torch._C._nn.slow_conv_dilated3d",
            "torch._C._nn.slow_conv_transpose2d", "torch._C._nn.slow_conv_transpose3d", "torch._convolution_mode",
            "torch._nnpack_spatial_convolution", "torch.ops.aten._slow_conv2d_forward",
            "torch.ops.aten.slow_conv3d_forward",
        ],
    },
}  # fmt: skip
State = dict[str, Tensor]
largest, passed = residual_nets.largest, residual_nets.passed
Other, head_of, values_of = other_heads.Other, other_heads.head_of, other_heads.values_of
loaded, refused, described = other_heads.loaded, other_heads.refused, other_heads.described
is_kept, all_follow, awake = other_heads.is_kept, other_heads.all_follow, other_heads.awake


# the convolution

# stride and padding, round by round; a kernel of one pixel meets an image of one
OPTIONS = ((1, 0), (2, 2), (1, 1), (5, 5), (3, 1))


def many(draw: Draw, low: int = 1, high: int = 64) -> int:
    """The number of images: many where all sizes are to be equal, and few where images are to be wide."""
    if draw.round.name == "large":
        high = 6
    return draw.size("n", 34 if draw.round.all_equal else low, high)


def draw_conv(draw: Draw, zero: bool) -> tuple[dict[str, Tensor], int, int, dict[str, Any]]:
    """Images and kernels, the options, and how these are handed over: as published they are left out once."""
    n, c, o = many(draw), draw.size("c", high=6), draw.size("o", high=9)
    kernel = [draw.size(name, high=4) for name in ("kₕ", "kᵥ")]
    options: dict[str, Any] = {"args": [], "kwargs": {}}
    stride, padding = OPTIONS[draw.round.number]
    if not draw.round.is_published or draw.dtype == torch.float64:
        stride, padding = (2, 1) if draw.round.is_published else (stride, padding)
        options["args"], options["kwargs"] = draw.passed(stride=stride, padding=padding)
    draw.drawn |= {"stride": f"stride = {stride}", "padding": f"padding = {padding}"}
    h, w = (
        draw.size(name, max(1, size - 2 * padding), 8)
        for name, size in zip(("h", "w"), kernel, strict=True)
    )
    if draw.round.name == "large":
        w = draw.size("w", 65, 68)
    size = 0.0 if zero else draw.magnitude("x")
    x = draw.layout("x", size * draw.numbers(n, c, h, w))
    weight = draw.layout("weight", draw.normal(o, c, *kernel))
    return draw.needing({"x": x, "weight": weight}), stride, padding, options


@probe
def convolve(
    student: Any, name: str, by_default: bool, args: Any, kwargs: Any, **given: Tensor
) -> Any:
    function, tensors = getattr(student, name), [*given.values()]
    if kwargs and not args:  # all of it by keyword
        return called(lambda _x: function(**given, **kwargs), by_default, tensors[0])
    return called(lambda *each: function(*each, *args, **kwargs), by_default, *tensors)


def expect_convolution(
    student: Student, draw: Draw, by_default: bool = False, zero: bool = False
) -> None:
    given, stride, padding, options = draw_conv(draw, zero)
    got = student.run(convolve, name="conv2d", **options, by_default=by_default, **given)
    x, weight = (each.detach().double() for each in given.values())
    expected = F.conv2d(x, weight, stride=stride, padding=padding)
    expect_close(
        got,
        expected.to(draw.dtype),
        "conv2d(x, weight)",
        requires_grad=None if given["x"].requires_grad else False,
        causes=partial(residual_nets.convolution_causes, x, weight, stride, padding),
        scale=largest(x, weight),
    )


@rounds(single=True)
@points(1)
def test_conv2d(student: Student, draw: Draw) -> None:
    """`conv2d` gives the convolution of images with kernels, for any stride and padding."""
    expect_convolution(student, draw)
    if draw.round.is_published:
        expect_convolution(student, draw, zero=True)


def expect_slopes(
    student: Student, draw: Draw, by_default: bool = False, zero: bool = False
) -> None:
    given, stride, padding, options = draw_conv(draw, zero)
    x, weight = (each.detach().double() for each in given.values())
    shape = F.conv2d(x, weight, stride=stride, padding=padding).shape
    size = draw.magnitude("grad")
    given = {"grad": draw.layout("grad", size * draw.numbers(*shape)), **given}
    got = student.run(convolve, name="conv2d_backward", **options, by_default=by_default, **given)
    grad = given["grad"].double()
    expect(isinstance(got, dict), _("conv2d_backward gives no dict."))
    right = residual_nets.slopes_of(grad, x, weight, stride, padding)
    for name, scale in (("x", largest(grad, weight)), ("weight", largest(grad, x))):
        sentence = _('conv2d_backward gives no dict with an entry "{entry}".').format(entry=name)
        expect(name in got, sentence)
        expect_close(
            got[name],
            right[name].to(draw.dtype),
            f'conv2d_backward(grad, x, weight)["{name}"]',
            requires_grad=None if given["x"].requires_grad else False,
            factors={"n": len(x), "h'·w'": shape[2] * shape[3]} if name == "weight" else {},
            causes=partial(residual_nets.slope_causes, name, grad, x, weight, stride, padding),
            scale=scale,
        )


@rounds(single=True)
@points(2)
def test_conv2d_backward(student: Student, draw: Draw) -> None:
    """`conv2d_backward` gives the gradients of images and kernels."""
    expect_slopes(student, draw)
    if draw.round.is_published:
        expect_slopes(student, draw, zero=True)


# the block and the network

# round by round: how many channels go out, to those that come in, and the stride
TRAINED = {
    "published": (("more", 2),),
    "ones": (("fewer", 1),),
    "equal": (("same", 2),),
    "large": (("same", 1),),
}
EVALUATED = {
    "published": (("same", 1), ("same", 2), ("more", 1), ("same", 4)),
    "ones": (("fewer", 3),),
    "more ones": (("more", 5),),
}


def draw_state(draw: Draw, layers: nn.Module) -> State:
    """Values for all that has digits."""
    state = draw.state_of(layers)
    return {name: value for name, value in state.items() if value.is_floating_point()}


@probe
def pass_block(student: Any, sizes: Any, given: Any) -> Any:
    args, kwargs = sizes
    return passed(student.BasicBlock(*args, **kwargs), given)


@probe
def pass_network(student: Any, sizes: Any, given: Any) -> Any:
    args, kwargs = sizes
    return passed(student.SmallResNet(*args, **kwargs), given)


def cause_of_missing(name: str, shapes: Any, state: State) -> Cause | str:
    others = [each for each in shapes if each not in state]
    at, past, _rest = name.partition("downsample.")
    if past and not any(each.startswith(at + past) for each in shapes):
        return DOWNSAMPLE_MISSING if not others else ""
    if past and not others and not any(each.startswith(f"{at}downsample.1.") for each in shapes):
        return DOWNSAMPLE_ALONE
    return explain.did_you_mean(name, others)


def expect_names(shapes: Any, state: State, what: str) -> None:
    """Whether a model's state has the names and the shapes that are asked."""
    expect(shapes is not None, _("{what} is not an nn.Module.").format(what=what))
    for name in [name for name in state if name not in shapes][:1]:
        sentence = _("The state_dict() of {what} has no `{name}`.").format(what=what, name=name)
        expect(False, sentence, cause_of_missing(name, shapes, state))
    for name in [name for name in shapes if name not in state][:1]:
        sentence = _("The state_dict() of {what} has `{name}`, which is not asked.")
        is_bias = name.endswith(("conv1.bias", "conv2.bias", "downsample.0.bias"))
        cause: Cause | str = BIAS if is_bias else ""
        at, past, _rest = name.partition("downsample.")
        if past and not any(each.startswith(at + past) for each in state):
            cause = DOWNSAMPLE_TOO_MUCH
        expect(False, sentence.format(what=what, name=name), cause)
    for name, value in state.items():
        got, wanted = tuple(shapes[name]), tuple(value.shape)
        sentence = _("`{name}` of {what} has shape {got}, expected {wanted}.")
        expect(got == wanted, sentence.format(name=name, what=what, got=got, wanted=wanted))


def expect_passed(
    draw: Draw, got: Any, given: Any, what: str, stride: int, scale: float = 1.0
) -> None:
    """Holds the result, the running statistics and the gradients of a pass against what they are to be."""
    expect_names(got["shapes"], given["state"], what)
    sentence = _("{what}(x) has changed its input; inputs are to be left as they were.")
    expect(got["left"], sentence.format(what=what), explain.IN_PLACE)
    exact = {name: value.detach().double() for name, value in given["state"].items()}
    x, training, is_block = given["x"].detach().double(), given["training"], bool(stride)

    of_training, of_evaluation = residual_nets.TRAINING, residual_nets.EVALUATION

    def passes(mistake: str = "", mode: bool = training) -> tuple[Tensor, State]:
        run = residual_nets.Pass(exact, mode, mistake)
        y = run.block(x, stride) if is_block else run.network(x)
        return y.to(draw.dtype), run.running

    y, running = passes()
    mistakes = residual_nets.BLOCK_MISTAKES if is_block else residual_nets.NETWORK_MISTAKES

    def causes() -> dict[Cause, Any]:
        found = {of_evaluation if training else of_training: passes(mode=not training)[0]}
        return found | {cause: passes(name)[0] for name, cause in mistakes.items()}

    rtol = 1e-4 if draw.dtype == torch.float32 else 1e-10
    expect_close(got["y"], y, f"{what}(x)", rtol=rtol, causes=causes, scale=scale)
    stands = _("What {what} gave earlier is another tensor after a later call.")
    expect(got["stands"], stands.format(what=what))
    moved = {name: value.to(draw.dtype) for name, value in running.items()}
    was = {name: given["state"][name] for name in moved}
    still, all_move = residual_nets.STILL, residual_nets.MOVED
    other = {still: was} if training else {all_move: passes(mode=True)[1]}
    expect_close(got["running"], moved, f"{what}.state_dict()", rtol=rtol, causes=other)
    sentence = _("A call of {what} is to add 1 to {name} in training, and nothing in evaluation.")
    for name in got["uncounted"]:
        expect(False, sentence.format(what=what, name=f"`{name}`"))
    if given["grad"] is None:
        return
    leaves = {"x": x, **{name: exact[name] for name in exact if name not in running}}
    for value in leaves.values():
        value.requires_grad_()

    def slopes(mistake: str = "") -> dict[str, Tensor | None]:
        run = residual_nets.Pass({**exact, **leaves}, training, mistake)
        result = run.block(x, stride) if is_block else run.network(x)
        wanted, grad = [*leaves.values()], given["grad"].double()
        found = torch.autograd.grad(result, wanted, grad_outputs=grad, allow_unused=True)
        return dict(zip(leaves, found, strict=True))

    expect(bool(got["slopes"]), _("{what}(x) is cut off the graph.").format(what=what), explain.CUT)
    where = _("the gradients at the inputs and parameters of {what}").format(what=what)
    cut = {explain.CUT: partial(slopes, "detached")}
    expect_close(got["slopes"], slopes(), where, rtol=1e-7, causes=cut)


def draw_outputs(draw: Draw, inputs: int, which: str) -> int:
    if which == "more":
        return draw.size("outputs", inputs + 1, inputs + 4)
    if which == "fewer":
        return draw.size("outputs", 1, inputs - 1)
    draw.drawn["outputs"] = f"outputs = {inputs}"
    return inputs


def expect_block(
    student: Student, draw: Draw, which: str, stride: int, training: bool, most: int = 64
) -> None:
    # in training no channel has fewer than twelve numbers, so that their spread keeps its digits
    n = many(draw, 3 if training else 1, most)
    inputs = draw.size("inputs", 2 if which == "fewer" else 1, 5)
    least, large = 4 if training else 1, draw.round.name == "large"
    least_w = max(least, stride + 1) if stride > 4 else least  # where it shows that it is 5
    h, w = draw.size("h", least, 8), draw.size("w", *((65, 68) if large else (least_w, 8)))
    if stride == 4:  # of one pixel, which a stride leaves as it is
        h = w = 1
        draw.drawn |= {"h": "h = 1", "w": "w = 1"}
    outputs = draw_outputs(draw, inputs, which)
    draw.drawn["stride"] = f"stride = {stride}"
    options = draw.passed(inputs=inputs, outputs=outputs, stride=stride)
    if stride == 1:
        options = draw.passed(inputs=inputs, outputs=outputs)
    size = 1.0 if training else draw.magnitude("x", zero=True)
    x = size * draw.numbers(n, inputs, h, w)
    given: dict[str, Any] = {
        "x": draw.strided(x) if training else draw.layout("x", x),
        "state": draw_state(draw, residual_nets.layers_of_block(inputs, outputs, stride)),
        "training": training,
        "grad": None,
    }
    if draw.dtype == torch.float64:  # in float32 a number next to a kink may be on its other side
        pixels = [(side - 1) // stride + 1 for side in (h, w)]
        given["grad"] = draw.numbers(n, outputs, *pixels)
    got = student.run(pass_block, sizes=options, given=given)
    expect_passed(draw, got, given, f"BasicBlock({inputs}, {outputs}, {stride})", stride)


@rounds("published", "ones", "equal", "large", single=True)
@points(1)
def test_block_in_training(student: Student, draw: Draw) -> None:
    """A `BasicBlock` in training: names, results, running statistics and gradients."""
    for which, stride in TRAINED[draw.round.name]:
        expect_block(student, draw, which, stride, training=True)


@rounds("published", "ones", "more ones", single=True)
@points(1)
def test_block_in_evaluation(student: Student, draw: Draw) -> None:
    """A `BasicBlock` in evaluation goes by the running statistics, with both kinds of shortcut."""
    for which, stride in EVALUATED[draw.round.name]:
        expect_block(student, draw, which, stride, training=False, most=6)


# how large the numbers of the images are, and those of the head
NUMBERS = {"1": (1.0, 1.0), "10⁶": (1e6, 1.0), "2": (2.0, 1.0), "5e-07 in fc": (1.0, 5e-7)}


SIDES = {"published": (64, 64), "ones": (66, 1), "equal": (17, 9)}


def expect_network(student: Student, draw: Draw, training: bool, zero: bool = False) -> None:
    published = draw.round.is_published
    n = many(draw, 1 + training, 3 if published else 64)
    classes = draw.size("num_classes", high=12)
    width = draw.size("width", 5 if draw.round.all_equal else 1, 6)
    h, w = (32, 38) if zero else SIDES[draw.round.name]
    draw.drawn |= {"h": f"h = {h}", "w": f"w = {w}"}
    draw.drawn["training"] = f"training = {training}"
    options: tuple[list[Any], dict[str, Any]] = [classes], {}
    if published and draw.dtype == torch.float32:
        width = 8
        draw.drawn["width"] = "width = 8"
    else:
        options = draw.passed(num_classes=classes, width=width)
    size, out = draw.choice("numbers", NUMBERS)
    state = draw_state(draw, residual_nets.layers_of_network(classes, width))
    state |= {name: out * state[name] for name in ("fc.weight", "fc.bias")}
    grad = draw.layout("grad", draw.numbers(n, classes))
    x = (0 if zero else size) * draw.numbers(n, 3, h, w)
    given: dict[str, Any] = {
        "x": draw.strided(x) if training else draw.layout("x", x),
        "state": state,
        "training": training,
        "grad": grad if draw.round.name == "ones" else None,
    }
    got = student.run(pass_network, sizes=options, given=given)
    expect_passed(draw, got, given, f"SmallResNet({classes}, {width})", 0, out)


@rounds("published", "ones", "equal", single=True)
@points(1)
@follows("block_in_training")
def test_network(student: Student, draw: Draw) -> None:
    """`SmallResNet` gives logits for images, in training and in evaluation; its names are those that are asked."""
    expect_network(student, draw, draw.choice("training", [True, False]))
    if draw.round.is_published:
        expect_network(student, draw, training=False, zero=True)


# what is frozen


@probe(once="a second run would find the first one's models")
def freeze_one(student: Any, classes: int, x: Tensor) -> Any:
    one, other = student.SmallResNet(classes).to(x), student.SmallResNet(classes).to(x)
    plain = all_follow(other)
    one.eval()
    one.freeze_body()
    free = all(parameter.requires_grad for parameter in other.parameters())
    return {"plain": plain, "others": free and all_follow(other), "head": not one.fc.training}


@probe
def freeze(student: Any, classes: int, width: int, x: Tensor, labels: Tensor) -> Any:
    net, twin = (student.SmallResNet(classes, width=width).to(x) for _unused in range(2))
    twin.load_state_dict(net.state_dict())
    found: dict[str, Any] = {}
    before = {name: value for name, value in values_of(net).items() if is_kept(name, value)}
    net.train()
    net.freeze_body()
    found["head_awake"] = net.fc.training
    found["requiring"] = [name for name, value in net.named_parameters() if value.requires_grad]
    found["head"] = head = [name for name in before if name.startswith("fc.")]
    if set(found["requiring"]) != set(head):
        return found
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1)
    found["awake"], found["moved"] = [], []
    for step in range(2):
        if step:  # what is frozen is asleep at once, and not from the next `train()` on
            found["returned"] = net.train() is net
        found["awake"].append(awake(net))
        loss = F.cross_entropy(net(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        after = values_of(net)
        moved = [n for n in before if n in after and not torch.equal(before[n], after[n])]
        found["moved"].append(moved)
    modes = []
    for mode in (False, True):
        net.train() if mode else net.eval()
        modes += [net.training is mode, net.fc.training is mode]
        with torch.no_grad():
            found["training" if mode else "evaluation"] = net(x)
    found["modes"] = modes
    # the same body, awake and in evaluation mode; its own `train` may be wrong
    twin.fc.load_state_dict(net.fc.state_dict())
    with torch.no_grad():
        found["asleep"] = nn.Module.train(twin, False)(x)
        wrong = not torch.allclose(found["training"], found["asleep"], rtol=1e-4)
        found["of_batch"] = nn.Module.train(twin, True)(x) if wrong else None
    return found


@probe
def pass_frozen(student: Any, classes: int, x: Tensor) -> Any:
    net = student.SmallResNet(classes).to(x)
    net.freeze_body()
    with torch.no_grad():
        net.train()
        y = net(x)
        net.eval()
        return {"training": y, "evaluation": net(x)}


def expect_apart(student: Student, draw: Draw) -> None:
    """Whether new models follow their modes, and freezing one of them leaves the others and its head alone."""
    classes = draw.size("num_classes", low=2, high=12)
    got = student.run(freeze_one, classes=classes, x=draw.normal(1, 3, 24, 24))
    expect(got["plain"], _("train() and eval() do not reach all layers of a new model."))
    expect(
        got["others"], _("freeze_body() of one model has frozen another one."), other_heads.FOR_ALL
    )
    sentence = _("After eval() and freeze_body() `fc` is in training mode; it is to keep its mode.")
    expect(got["head"], sentence)


def expect_frozen(student: Student, draw: Draw) -> None:
    n, classes = draw.size("n", low=2, high=8), draw.size("num_classes", low=2, high=12)
    width = draw.size("width", high=4)
    x, labels = draw.normal(n, 3, 24, 24), draw.integers(0, classes, n)
    got = student.run(freeze, classes=classes, width=width, x=x, labels=labels)
    other_heads.expect_frozen(got)


@rounds("published", single=True)
@points(1)
def test_freeze_body(student: Student, draw: Draw) -> None:
    """After `freeze_body()` the body stays as it is, and in evaluation mode, through `train()` and training."""
    expect_apart(student, draw)
    expect_frozen(student, draw)


# weights from elsewhere

# heads of the model and of the state
HEADS = (
    (("linear", 3), ("linear", 7)),
    (("biasless", 3), ("linear", 3)),
    (("linear", 4), ("linear", 4)),
    (("sequential", 4), ("linear", 4)),
    (("linear", 4), ("none", 0)),
)
TOLD = {
    "linear": "nn.Linear(6, {classes})",
    "biasless": "nn.Linear(6, {classes}, bias=False)",
    "sequential": "nn.Sequential(nn.Dropout(), nn.Linear(6, {classes}))",
}


@probe
def load(student: Any, heads: Any, like: Tensor) -> Any:
    found = []
    for number, (own, other) in enumerate(heads):
        net = Other(head_of(*own)).to(like)
        # another dtype; another device, where there is one
        values = Other(head_of(*other)).state_dict()
        state = {name: value.double() for name, value in values.items()}
        if not number:  # the same objects with other numbers, which is another question
            student.load_body(net, state)
            for value in state.values():
                value.add_(1)
        found.append(loaded(student.load_body, net, state, by_keyword=number % 2 == 1))
    return found


@probe
def refuse(student: Any, faults: Any, like: Tensor) -> Any:
    net, other = (Other(head_of("linear", classes)).to(like) for classes in (3, 4))
    return [refused(student.load_body, net, other.state_dict(), fault) for fault in faults]


def expect_loaded(student: Student, draw: Draw, heads: Any = HEADS) -> None:
    like = draw.normal(2)
    for (own, other), got in zip(heads, student.run(load, heads=heads, like=like), strict=True):
        for name, (kind, classes) in (("model.fc", own), ("other.fc", other)):
            if kind in TOLD:
                draw.drawn[name] = f"{name} = {TOLD[kind].format(classes=classes)}"
        other_heads.expect_loaded(got)


@rounds("published", single=True)
@points(1)
def test_load_body(student: Student, draw: Draw) -> None:
    """`load_body` loads all but the head, and refuses a state whose body does not fit."""
    expect_loaded(student, draw)
    faults = [[*fault] for fault in other_heads.NOT_FITTING]
    got = student.run(refuse, faults=faults, like=draw.normal(2))
    other_heads.expect_refused(other_heads.NOT_FITTING, got)


@probe
def build(student: Any, asked: Any, features: int, like: Tensor) -> Any:
    handed = []

    def factory(
        *, weights: Any = None, progress: bool = True, num_classes: int = 1000, **others: Any
    ) -> Any:
        if others:
            known = "it knows weights=, progress= and num_classes="
            raise TypeError(
                f"unexpected keyword argument {next(iter(others))!r} of factory: {known}"
            )
        if weights is not None and num_classes != 1000:
            raise ValueError(
                f"The parameter 'num_classes' expected value 1000 but got {num_classes} instead."
            )
        if weights not in (None, "DEFAULT", "IMAGENET1K_V1"):
            raise ValueError(f"There are no weights {weights!r}.")
        net = Other(head_of("linear", num_classes, features)).to(like)
        if weights is not None:
            handed.append(values_of(net))
        return net

    found = []
    for number, classes in enumerate(asked):
        handed.clear()
        given = {"factory": factory, "num_classes": classes}
        net = student.pretrained(factory, classes) if number else student.pretrained(**given)
        if not isinstance(net, nn.Module):
            return None
        found.append(described(net, handed, like))
    return found


@rounds("published", single=True)
@points(1)
@follows("load_body")
def test_pretrained(student: Student, draw: Draw) -> None:
    """`pretrained` gives a network with trained weights and a new head, by `weights=`."""
    features = draw.size("in_features", low=5, high=9)
    asked = [draw.size("num_classes", low=5), 1000]
    draw.drawn.pop("in_features")
    given = {"asked": asked, "features": features, "like": draw.normal(2)}
    results = student.run(build, **given)
    expect(results is not None, _("pretrained does not return a network."))
    for got, classes in zip(results, asked, strict=True):
        draw.drawn["num_classes"] = f"num_classes = {classes}"
        other_heads.expect_pretrained(got, (classes, features))


@points(1)
@needs("conv2d", "conv2d_backward", "block_in_evaluation", "network", "load_body")
@follows("freeze_body")
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """All of it works on any device: results are where the inputs are, and weights come from any."""
    by_default = draw.dtype == torch.float64
    if by_default:
        draw.tell_default(elsewhere.device)
    expect_convolution(elsewhere, draw, by_default)
    expect_slopes(elsewhere, draw, by_default)
    if by_default:
        return  # what modules are made of is where their numbers are
    expect_block(elsewhere, draw, "more", 1, training=True)
    expect_loaded(elsewhere, draw, HEADS[:1])
    x = draw.normal(3, 3, 24, 24)
    frozen = elsewhere.run(pass_frozen, classes=4, x=x)
    what = _("after freeze_body() the output in training mode")
    expect_close(frozen["training"], frozen["evaluation"].tensor, what)


HINTS = (
    """Begin with one image, one channel and one kernel, on paper. Which numbers of x is y[0, 0] made of, and which
    numbers of y has x[1, 1] a part in? For the modules, write the names of the layers down first: a state is loaded by
    them. What does a batch norm change in training, though nobody asks for its gradient?""",
    """With `F.unfold` the convolution is a matrix product of the kernels, a row each, and the columns. Backward, that
    product has two gradients, as that of any two matrices; `F.fold` puts the one at the columns back into the
    image, and the one at the kernels is summed over the images. An `nn.Sequential` without layers gives back what it
    gets. `train` is a method that a module may override; `super().train(mode)` does what it did. In a state, leave
    out what begins with `fc.`, and put the model's own entries there.""",
    """```python
    columns = F.unfold(x, weight.shape[2:], stride=stride, padding=padding)  # (n, c·kₕ·kᵥ, places)
    flat = grad.flatten(2)  # (n, o, places)
    ```

    y is `weight.flatten(1) @ columns`, reshaped to (n, o, h', w'). The gradient of weight is
    `(flat @ columns.transpose(1, 2)).sum(dim=0)`, and that of x `F.fold(weight.flatten(1).T @ flat, x.shape[2:], …)`.

    Block: `relu(bn2(conv2(relu(bn1(conv1(x))))) + downsample(x))`. After `super().train(mode)`: `layer.eval()` for each
    child but `fc`, if `self.frozen`. State: `model.load_state_dict(body | head)`, strictly.""",
)
COMPARE = """Another right way: a loop over the places of the kernel. `x[:, :, a::s, b::s]`, cut to size, times
    `weight[:, :, a, b]`, is added up; backward the same loop adds to the gradient.

    Torch has both ways, and others: for small kernels it works on tiles of the image, and never makes the columns,
    which are kₕ · kᵥ times as large as x. torchvision has `ops.FrozenBatchNorm2d`, a batch norm without statistics
    that could move."""
