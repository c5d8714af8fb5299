"""A convolution, residual blocks and a network of them by their numbers, and what mistakes give in their place.

A check compares with the right ones, and hands the others to `expect_close(causes=…)`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.grad import conv2d_input, conv2d_weight

from ..outcome import Cause
from ..probes import helper

State = dict[str, Tensor]

# the convolution

FLIPPED = Cause("flipped", "The kernels are turned round, as in mathematics; here they are not.")
NOT_PADDED = Cause("option-ignored", "It is the convolution without padding.")
NOT_STRIDED = Cause("option-ignored", "It is the convolution with stride 1.")
WINDOWS = Cause(
    "option-ignored",
    "The windows lie one pixel apart, and `stride` has a say in their number alone: that of place (i, j) begins at row "
    "i · stride and column j · stride of the padded image.",
)
PADDED_ONCE = Cause("one-side", "Half of the padding is missing: it is put on all four sides.")
OTHER_ORDER = Cause(
    "order",
    "Kernel and pixels are in different orders: the kernel goes by (kₕ, kᵥ, c), the pixels by (c, kₕ, kᵥ), as the "
    "columns of `F.unfold` do.",
)
KERNEL_TRANSPOSED = Cause("transpose", "Rows and columns of the kernels are swapped.")
PIXELS_TRANSPOSED = Cause(
    "reshaped",
    "The numbers are taken for (n, o, w', h'): row by row they are of shape (n, o, h', w').",
)
TURNED = Cause("transpose", "Rows and columns of the result are swapped.")
# the mistake of who convolves a padded G with the kernels as they are
REVERSED = Cause(
    "flipped",
    "Each pixel gets its numbers from the opposite place of the kernel. A convolution of the padded G needs kernels "
    "that are turned round; a loop, or `F.fold`, needs them as they are.",
)
SLOPE_REVERSED = Cause("flipped", "Its rows and columns stand in reverse.")
PADDING_LEFT = Cause("shapes", "The padding is still around it: each side has `padding` too many.")
LAST_WINS = Cause(
    "overwritten",
    "Where kernels overlap, what the last one brings overwrites the rest: all of it adds up (`+=`, `F.fold`).",
)
FIRST_SAMPLE = Cause("left-out", "It is that of the first image alone: all of them add up.")
LAST_SAMPLE = Cause("left-out", "It is that of the last image alone: all of them add up.")


def largest(*factors: Tensor) -> float:
    """The largest product of elements, one of each tensor."""
    return float(torch.stack([each.abs().max().double() for each in factors]).prod())


def convolution_causes(x: Tensor, weight: Tensor, stride: int, padding: int) -> dict[Cause, Any]:
    """What mistakes give."""
    conv = partial(F.conv2d, x, stride=stride, padding=padding)
    right, kernel = conv(weight), weight.shape[2:]
    columns = F.unfold(x, kernel, stride=stride, padding=padding)
    ordered = weight.permute(0, 2, 3, 1).flatten(1) @ columns
    found = {
        FLIPPED: conv(weight.flip(2, 3)),
        OTHER_ORDER: ordered.reshape(right.shape),
        TURNED: right.mT,
        PIXELS_TRANSPOSED: right.flatten(2).reshape(*right.shape[:2], *right.shape[:1:-1]).mT,
        PADDED_ONCE: F.conv2d(F.pad(x, (padding, 0, padding, 0)), weight, stride=stride)
        if padding and min(right.shape[2:]) > 1
        else right,
    }
    if stride > 1:
        dense = F.conv2d(x, weight, padding=padding)
        found |= {NOT_STRIDED: dense, WINDOWS: dense[:, :, : right.shape[2], : right.shape[3]]}
    if padding and all(size >= least for size, least in zip(x.shape[2:], kernel, strict=True)):
        found[NOT_PADDED] = F.conv2d(x, weight, stride=stride)
    if kernel[0] == kernel[1]:
        found[KERNEL_TRANSPOSED] = conv(weight.mT)
    return found


def slopes_of(
    grad: Tensor, x: Tensor, weight: Tensor, stride: int, padding: int
) -> dict[str, Tensor]:
    size = stride, padding
    return {
        "x": conv2d_input(list(x.shape), weight, grad, *size),
        "weight": conv2d_weight(x, list(weight.shape), grad, *size),
    }


def last_wins(grad: Tensor, x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
    """The gradient of x, where each place of the kernel overwrites what others have brought."""
    rows, columns = weight.shape[2:]
    slope = F.pad(torch.zeros_like(x), [padding] * 4)
    for i in range(grad.shape[2]):
        for j in range(grad.shape[3]):
            brought = torch.einsum("no,ochw->nchw", grad[:, :, i, j], weight)
            down, right = i * stride, j * stride
            slope[:, :, down : down + rows, right : right + columns] = brought
    height, width = x.shape[2:]
    return slope[:, :, padding : padding + height, padding : padding + width]


def slope_causes(
    name: str, grad: Tensor, x: Tensor, weight: Tensor, stride: int, padding: int
) -> dict[Cause, Any]:
    """What mistakes give in place of the gradient `name`."""
    size = stride, padding
    if name == "x":
        turned = conv2d_input(list(x.shape), weight.flip(2, 3), grad, *size)
        found = {REVERSED: turned, LAST_WINS: last_wins(grad, x, weight, *size)}
        if padding:
            shape = [*x.shape[:2], *(side + 2 * padding for side in x.shape[2:])]
            found[PADDING_LEFT] = conv2d_input(shape, weight, grad, stride)
        return found
    first, last = (
        conv2d_weight(x[part], list(weight.shape), grad[part], *size)
        for part in (slice(1), slice(-1, None))
    )
    return {
        SLOPE_REVERSED: conv2d_weight(x, list(weight.shape), grad, *size).flip(2, 3),
        FIRST_SAMPLE: first,
        LAST_SAMPLE: last,
    }


# the block and the network

NO_SHORTCUT = Cause("missing-term", "The shortcut is not added.")
X_FOR_DOWNSAMPLE = Cause("missing-term", "The batch norm of the shortcut is left out.")
NO_DOWNSAMPLE = Cause("missing-term", "x itself is added, and not what `downsample` makes of it.")
RELU_BEFORE = Cause("order", "The last relu is taken before the shortcut is added.")
NO_RELU = Cause("no-activation", "The relu behind the sum is missing.")
NO_INNER_RELU = Cause("no-activation", "The relu behind `bn1` is missing.")
RELU_TWICE = Cause(
    "extra-activation", "A relu is taken of each term of the sum; one of the sum itself is asked."
)
RELU_OF_CHANGE = Cause(
    "extra-activation", "A relu is taken of what `bn2` gives; one is asked behind the sum alone."
)
ONE_NORM = Cause("other-layer", "Behind both convolutions there are the numbers of `{name}`.")
RELU_OF_SHORTCUT = Cause("extra-activation", "There is a relu in the shortcut.")
NO_NORM = Cause("missing-term", "`{name}` is left out.")
NORM_BEHIND_SUM = Cause("order", "`bn2` is taken of the sum: the shortcut comes behind it.")
STRIDE_BEHIND = Cause("other-layer", "The second convolution has the stride; the first one is to.")
PRE_ACTIVATION = Cause(
    "order", "`bn1` comes behind the relu; it stands between convolution and relu."
)
BATCH = Cause(
    "mode",
    "In training mode the body's batch norms go by the batch; they are to go by their running statistics.",
)
STILL = Cause("mode", "The running statistics stay as they were, also in training mode.")
MOVED = Cause("mode", "The running statistics move in evaluation mode as well.")
TRAINING = Cause("mode", "Batch norm goes by the batch, also in evaluation mode.")
EVALUATION = Cause("mode", "Batch norm goes by its running statistics, also in training mode.")
NO_POOL = Cause("missing-term", "The maximum over 3 × 3 pixels is left out.")
MEAN_POOL = Cause("other-function", "There is a mean over 3 × 3 pixels; the maximum is asked.")
POOLED_APART = Cause("other-option", "The maximum is taken without padding, or over 2 × 2 pixels.")
NO_STEM_RELU = Cause("no-activation", "The relu behind the first `bn1` is missing.")
MAX_OF_ALL = Cause(
    "other-function", "There is a maximum over all pixels; their mean is asked, before `fc`."
)
PROBABILITIES = Cause("extra-activation", "A softmax follows; logits are asked.")
BLOCK_MISSING = Cause("missing-term", "`{name}` is left out.")
LAYER2_UNSTRIDED = Cause("other-option", "`layer2` works with stride 1; its stride is to be 2.")
BLOCK_MISTAKES = {
    "no shortcut": NO_SHORTCUT,
    "relu before": RELU_BEFORE,
    "no relu": NO_RELU,
    "no inner relu": NO_INNER_RELU,
    "two relus": RELU_TWICE,
    "relu of shortcut": RELU_OF_SHORTCUT,
    "relu of change": RELU_OF_CHANGE,
    "bn1 twice": ONE_NORM.of(name="bn1"),
    "bn2 twice": ONE_NORM.of(name="bn2"),
    "no bn1": NO_NORM.of(name="bn1"),
    "no bn2": NO_NORM.of(name="bn2"),
    "no downsample.1": X_FOR_DOWNSAMPLE,
    "x for downsample": NO_DOWNSAMPLE,
    "norm behind sum": NORM_BEHIND_SUM,
    "stride behind": STRIDE_BEHIND,
    "pre-activation": PRE_ACTIVATION,
}
NETWORK_MISTAKES = {
    "no pool": NO_POOL,
    "mean pool": MEAN_POOL,
    "pooled apart": POOLED_APART,
    "pooled by 2": POOLED_APART,
    "no stem relu": NO_STEM_RELU,
    "no bn1": NO_NORM.of(name="bn1"),
    "max of all": MAX_OF_ALL,
    "softmax": PROBABILITIES,
    "layer2 by 1": LAYER2_UNSTRIDED,
    "no layer1": BLOCK_MISSING.of(name="layer1"),
}


def layers_of_block(inputs: int, outputs: int, stride: int) -> nn.Module:
    """The layers of a block by their names, for the names and shapes of its state."""
    block = nn.Module()
    block.conv1 = nn.Conv2d(inputs, outputs, 3, bias=False)
    block.bn1 = nn.BatchNorm2d(outputs)
    block.conv2 = nn.Conv2d(outputs, outputs, 3, bias=False)
    block.bn2 = nn.BatchNorm2d(outputs)
    if stride != 1 or inputs != outputs:
        past = nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs)
        block.downsample = nn.Sequential(*past)
    return block


def layers_of_network(classes: int, width: int) -> nn.Module:
    net = nn.Module()
    net.conv1 = nn.Conv2d(3, width, 7, bias=False)
    net.bn1 = nn.BatchNorm2d(width)
    net.layer1 = layers_of_block(width, width, 1)
    net.layer2 = layers_of_block(width, 2 * width, 2)
    net.fc = nn.Linear(2 * width, classes)
    return net


class Pass:
    """A pass through what a state describes, worked out by its numbers, with a mistake or without one.

    Attributes:
        running: the running statistics afterwards, by their names.
    """

    def __init__(self, state: State, training: bool, mistake: str = "") -> None:
        self.state, self.training, self.mistake = state, training, mistake
        self.running: State = {}

    def norm(self, x: Tensor, name: str) -> Tensor:
        if self.mistake.endswith(" twice") and name in ("bn1", "bn2"):
            name = self.mistake.split()[0]
        if self.mistake.split() == ["no", name]:
            return x
        names = [f"{name}.running_mean", f"{name}.running_var"]
        mean, variance = (self.state[each].detach().clone() for each in names)
        weight, bias = self.state[f"{name}.weight"], self.state[f"{name}.bias"]
        # a mistake may meet one number, of which torch wants no spread
        several = x.numel() > len(weight)
        y = F.batch_norm(x, mean, variance, weight, bias, self.training and several)
        self.running |= dict(zip(names, (mean, variance), strict=True))
        return y

    def conv(self, x: Tensor, name: str, stride: int = 1, padding: int = 1) -> Tensor:
        return F.conv2d(x, self.state[f"{name}.weight"], stride=stride, padding=padding)

    def block(self, x: Tensor, stride: int, at: str = "") -> Tensor:
        wrong = self.mistake
        strides = (1, stride) if wrong == "stride behind" else (stride, 1)
        hidden = self.conv(x, f"{at}conv1", strides[0])
        if wrong == "pre-activation":
            hidden = self.norm(torch.relu(hidden), f"{at}bn1")
        else:
            hidden = self.norm(hidden, f"{at}bn1")
            hidden = hidden if wrong == "no inner relu" else torch.relu(hidden)
        out, past = self.conv(hidden, f"{at}conv2", strides[1]), x
        if f"{at}downsample.0.weight" in self.state:
            past = self.conv(x, f"{at}downsample.0", stride, 0)
            past = self.norm(past, f"{at}downsample.1")
        past = x if wrong == "x for downsample" and x.shape == out.shape else past
        past = past.detach() if wrong == "detached" else past
        if wrong == "norm behind sum":
            return torch.relu(self.norm(out + past, f"{at}bn2"))
        out = self.norm(out, f"{at}bn2")
        out = torch.relu(out) if wrong == "relu of change" else out
        past = torch.relu(past) if wrong in ("relu of shortcut", "two relus") else past
        if wrong in ("relu before", "two relus"):
            return torch.relu(out) + past
        out = out if wrong == "no shortcut" else out + past
        return out if wrong == "no relu" else torch.relu(out)

    def network(self, x: Tensor) -> Tensor:
        wrong = self.mistake
        hidden = self.norm(self.conv(x, "conv1", 2, 3), "bn1")
        hidden = hidden if wrong == "no stem relu" else torch.relu(hidden)
        if wrong == "mean pool":
            hidden = F.avg_pool2d(hidden, 3, 2, 1)
        elif wrong in ("pooled apart", "pooled by 2") and min(hidden.shape[2:]) > 2:
            hidden = F.max_pool2d(hidden, 3 if wrong == "pooled apart" else 2, 2)
        elif wrong != "no pool":
            hidden = F.max_pool2d(hidden, 3, 2, 1)
        hidden = hidden if wrong == "no layer1" else self.block(hidden, 1, "layer1.")
        hidden = self.block(hidden, 1 if wrong == "layer2 by 1" else 2, "layer2.")
        pooled = hidden.amax((2, 3)) if wrong == "max of all" else hidden.mean((2, 3))
        logits = F.linear(pooled, self.state["fc.weight"], self.state["fc.bias"])
        return logits.softmax(1) if wrong == "softmax" else logits


@helper
def state_of(net: Any) -> Any:
    """What a model holds that has digits, if it is one."""
    if not isinstance(net, nn.Module):
        return None
    state = net.state_dict()
    return {name: value for name, value in state.items() if value.is_floating_point()}


@helper
def batches_of(net: Any) -> Any:
    """How many batches each batch norm has counted, by the names of the counters; 0 where there is none."""
    state = net.state_dict()
    norms = [name.removesuffix("running_mean") for name in state if name.endswith("running_mean")]
    counters = [f"{name}num_batches_tracked" for name in norms]
    return {name: int(state.get(name, 0)) for name in counters}


@helper
def filled(net: Any, state: Any, training: bool) -> bool:
    """Gives a model these numbers, if it has room for them and for no others."""
    own = state_of(net)
    if own is None or own.keys() != state.keys():
        return False
    if any(value.shape != state[name].shape for name, value in own.items()):
        return False
    net.to(next(iter(state.values())))
    net.load_state_dict(state, strict=False)
    nn.Module.train(net, training)  # its own `train` may be wrong
    return True


@helper
def passed(net: Any, given: Any) -> Any:
    """What comes of a pass in a mode, with the gradients where one at the result is given."""
    x, grad = given["x"], given["grad"]
    own = state_of(net)
    shapes = None if own is None else {name: list(value.shape) for name, value in own.items()}
    if not filled(net, given["state"], given["training"]):
        return {"shapes": shapes}
    saved = x.detach().clone()
    # a pass before, with other numbers in the same tensor where its layout allows that
    first = x.detach() * 2 + 1
    held = first.clone()
    with torch.no_grad():
        earlier = nn.Module.train(net, False)(held)
        kept = earlier.clone() if isinstance(earlier, Tensor) else None
        left = torch.equal(held, first)
        held = held.copy_(x) if x.is_contiguous() else x
    nn.Module.train(net, given["training"])
    slopes, counted = {}, batches_of(net)
    if grad is None:
        with torch.no_grad():
            y = net(held)
        left = left and torch.equal(held, saved)
        if not torch.equal(x, saved):
            x.copy_(saved)  # it is told by that, and not as one of the grader's own inputs
    else:
        x = x.detach().requires_grad_()
        y = net(x=x.view_as(x))
        if isinstance(y, Tensor) and y.shape == grad.shape and y.requires_grad:
            leaves = {"x": x, **dict(net.named_parameters())}
            wanted = [*leaves.values()]
            found = torch.autograd.grad(y, wanted, grad_outputs=grad, allow_unused=True)
            slopes = dict(zip(leaves, found, strict=True))
    after = state_of(net)
    running = {name: value.clone() for name, value in after.items() if ".running_" in name}
    now, more = batches_of(net), int(given["training"])
    uncounted = [name for name in now if now[name] != counted[name] + more]
    y = y.detach() if isinstance(y, Tensor) else y
    stands = kept is None or torch.equal(earlier, kept)
    told = {"shapes": shapes, "running": running, "slopes": slopes}
    return {**told, "uncounted": uncounted, "y": y, "stands": stands, "left": left}
