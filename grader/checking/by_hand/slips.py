"""What slips in a loss, a gradient, a step, a loop and a new head give: causes for `expect_close`, with numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ...language import _
from ...sandbox.wire.values import Received
from ..drawing.drawn_models import network
from ..outcome import Cause
from ..probes import helper
from ..student import Draw
from ..telling.explain import CLEARED_AFTER, FEWER, NOT_CLEARED, NOT_UPDATED, TWICE, UPHILL
from .other_terms import either, rates
from .training_order import Criterion, loss_of, train_by_hand

TWELVE = Cause(
    "other-function", "It is the slope of 3(x + 1)², which is 12 at 1; that of 3x² is asked."
)
WRITTEN = Cause(
    "other-gradient",
    "`x.grad` is to hold what it held: `backward()` adds to it, and clearing it empties it. `torch.autograd.grad` "
    "gives gradients and does neither.",
)
VALUE = Cause("value-for-slope", "It is 3x² itself; its slope is asked.")
SIGNED = Cause(
    "signs-cancel",
    "The errors are added up with their signs: errors of unlike signs cancel, and it falls without end below 0.",
)
SUM = Cause("sum-for-mean", "It is the sum of the squared errors; the mean is asked.")
ABSOLUTE = Cause("other-loss", "It is the mean of the absolute errors; their squares are asked.")
ROOT = Cause("other-loss", "It is the root of the mean; the mean itself is asked.")
MEAN_SQUARED = Cause(
    "precedence", "It is the square of the mean error: square each error, and take the mean then."
)
SUM_SQUARED = Cause(
    "precedence", "It is the square of the sum of the errors: square each error, and take the mean."
)
DECAYED_FIRST = Cause(
    "decayed-first",
    "w has decayed before the gradient is worked out, which is that of the new w then: `.data` changes numbers that "
    "the graph still needs, and autograd does not notice.",
)
DECAYED_AFTER = Cause(
    "decayed-after", "The decay is that of the new w: take that of w before the step."
)
NO_DECAY = Cause("missing-term", "There is no decay: the term decay · w is missing.")
DECAY_WITHOUT_LR = Cause("scale", "The decay is not multiplied by lr.")
DECAY_ADDED = Cause("sign-of-term", "The decay is added to w, and is to be subtracted.")
DECAY_ALONE = Cause("missing-term", "`decay` itself is added to the gradient: decay · w is asked.")
ONLY_DECAYED = Cause("missing-term", "w has decayed, and the gradient is missing.")

BY_COUNT = Cause("mean-for-sum", "It is the gradient of the mean: for the sum nothing is divided.")
NOT_BY_COUNT = Cause(
    "sum-for-mean",
    "It is the gradient of the sum: that of the mean is smaller by the number of elements.",
)
INVERTED = Cause("inverted", "It is divided for the sum, and not for the mean.")
BY_COUNT_TWICE = Cause("scale", "It is divided by the number of elements twice.")
H_IGNORED = Cause("h-ignored", "The step is {h}, whatever `h` is.")
EXACT = Cause(
    "h-ignored",
    "It is the gradient itself, or a difference with an h that is far smaller: the difference with the `h` that is "
    "handed over is asked.",
)
FORWARD = Cause("forward-difference", "It is the forward difference (f(x+h) − f(x)) / h.")
BACKWARD = Cause("forward-difference", "It is the backward difference (f(x) − f(x−h)) / h.")
MORE = Cause("one-too-many", "There is one step or epoch too many.")
OTHER_OPTIMIZER = Cause(
    "other-optimizer",
    "The steps are those of plain SGD with one learning rate. The optimizer that is handed over takes others: it may "
    "have momentum, weight decay, and groups with rates of their own.",
)
CROSS_ENTROPY = Cause(
    "other-loss", "The steps are those of `nn.CrossEntropyLoss()`, whatever `criterion` is."
)
SQUARES = Cause("other-loss", "The steps are those of `nn.MSELoss()`, whatever `criterion` is.")
KEPT_IN_LOOP = Cause(
    "not-cleared",
    "The gradients of all epochs of a call are added up: clear them in each epoch, not once before the loop.",
)
ONLY_THE_NUMBER = Cause(
    "new-layer",
    "`out_features` says what the layer was made with, and its weight stays as it is: a new `nn.Linear` has to stand "
    "in its place.",
)
OLD_HEAD = Cause("new-layer", "The old layer is still there: write `model.fc = nn.Linear(…)`.")
SIZES_SWAPPED = Cause("swapped", "The two sizes stand in each other's place.")
OTHER_INPUTS = Cause(
    "fixed-size",
    "The new head is to take as many inputs as the old one: `model.fc.in_features` says how many.",
)
OTHER_CLASSES = Cause(
    "option-ignored", "It has as many outputs as before, whatever `num_classes` is."
)
OLD_NUMBERS = Cause(
    "old-numbers",
    "The outputs of the new head stand for other classes: leave the numbers that `nn.Linear` begins "
    "with, and copy none.",
)
OTHER_NUMBERS = Cause(
    "other-start",
    "`nn.Linear` draws numbers by itself when it is made: leave them as they are.",
)
BY_DEFAULT = Cause(
    "new-layer",
    "Give `nn.Linear` the dtype and the device of the old head's weight; a new layer has torch's defaults.",
)
WHERE = Cause(
    "device",
    "The model need not be where the machine's GPU is: ask a parameter for its `device`, and go by that.",
)


def loss_causes(got: Any, error: Tensor) -> dict[Cause, Tensor]:
    """What is taken for the mean of the squared errors.

    Args:
        got: the student's loss.
        error: the errors with their signs, in float64.

    Returns:
        Causes, and what each gives in the dtype of `got`.
    """
    dtype = got.tensor.dtype
    squared = error**2
    mistaken = {
        SUM: squared.sum(),
        ABSOLUTE: error.abs().mean(),
        ROOT: squared.mean().sqrt(),
        MEAN_SQUARED: error.mean() ** 2,
        SUM_SQUARED: error.sum() ** 2,
    }
    causes = {cause: other.to(dtype) for cause, other in mistaken.items()}
    return {SIGNED: either(got, error.sum().to(dtype), error.mean().to(dtype)), **causes}


def decay_causes(
    w: Tensor, slope: Callable[[Tensor], Tensor], lr: float, decay: float, old: Tensor
) -> dict[Cause, Tensor]:
    """What is taken for w − lr · (slope(w) + decay · w).

    Args:
        w: before the step, in float64.
        slope: gives the gradient at a point.
        lr, decay: those of the step.
        old: the gradient from before.
    """
    down, lost = lr * slope(w), lr * decay * w
    return {
        DECAYED_FIRST: w - lost - lr * slope(w - lost),
        DECAYED_AFTER: (w - down) * (1 - lr * decay),
        NO_DECAY: w - down,
        NOT_CLEARED: w - down - lost - lr * old.double(),
        DECAY_WITHOUT_LR: w - down - decay * w,
        DECAY_ADDED: w - down + lost,
        ONLY_DECAYED: w - lost,
        DECAY_ALONE: w - down - lr * decay,
        NOT_UPDATED: w,
        UPHILL: w + down - lost,
    }


def gradient_causes(
    right: Tensor,
    slope: Callable[[float, float, float], Tensor],
    h: float,
    count: int,
    of_mean: bool,
) -> dict[Cause, Tensor]:
    """What is taken for the gradient of a sum or of a mean by central differences.

    Args:
        right: the reference.
        slope: gives differences between x + low · h and x + high · h, for low, high and h.
        h: the step.
        count: the number of elements.
        of_mean: whether the gradient of the mean is asked.
    """
    causes = {NOT_BY_COUNT: right * count, BY_COUNT_TWICE: right / count}
    causes = causes if of_mean else {BY_COUNT: right / count}
    causes[INVERTED] = next(iter(causes.values()))
    return causes | {
        FORWARD: slope(0, 1, h),
        BACKWARD: slope(-1, 0, h),
        **{H_IGNORED.of(h=f"{own:g}"): slope(-1, 1, own) for own in (0.1, 0.01, 0.001)},
        EXACT: slope(-1, 1, 3e-5),
    }


def head_causes(
    got: Sequence[Any], expected: Sequence[int], before: int
) -> dict[Cause, Sequence[Any]]:
    """What is taken for the inputs and outputs of a new head, with the outputs that the old one had."""
    return {
        SIZES_SWAPPED: expected[::-1],
        OTHER_CLASSES: [expected[0], before],
        OTHER_INPUTS: [got[0], expected[1]],
    }


_MANY = 30  # numbers that are drawn evenly are not all in one half of where they may lie


def head_begins(
    weight: Tensor, bias: Tensor, old_weight: Tensor, old_bias: Tensor
) -> tuple[bool, str, Cause]:
    """Whether a new head has numbers as `nn.Linear` begins with, and none of the old one; for `expect`."""
    bound = weight.shape[1] ** -0.5
    for name, numbers in (("weight", weight), ("bias", bias)):
        low, high = numbers.min().item(), numbers.max().item()
        if low == high and (numbers.numel() > 1 or not high):
            told = _(
                "Every number of model.fc.{name} is {number}; a new nn.Linear begins with drawn ones."
            )
            return False, told.format(name=name, number=f"{low:.4g}"), OTHER_NUMBERS
    rows = (weight.unsqueeze(1) == old_weight.cpu()).all(-1).any() and weight.shape[1] > 1
    both = min(len(bias), len(old_bias))
    if rows or (bias[:both] == old_bias.cpu()[:both]).sum() > 1:
        return False, _("The new head has numbers of the old one."), OLD_NUMBERS
    for name, numbers in (("weight", weight), ("bias", bias)):
        low, high = numbers.min().item(), numbers.max().item()
        most = max(-low, high)
        narrow = numbers.numel() >= _MANY and most < bound / 2
        if narrow or not most <= 1.00001 * bound:
            told = _(
                "The numbers of model.fc.{name} are from {low} to {high}; a new nn.Linear with {count} inputs begins "
                "with numbers drawn evenly from {least} to {most}."
            )
            spread = {"low": low, "high": high, "least": -bound, "most": bound}
            spread = {key: f"{value:.4g}" for key, value in spread.items()}
            return False, told.format(name=name, count=weight.shape[1], **spread), OTHER_NUMBERS
    return True, "", OTHER_NUMBERS


@helper
def broken(*_inputs: Any) -> Any:
    raise ArithmeticError


@helper
def breaks_off(function: Any, *inputs: Any) -> None:
    """A call in which what is handed over raises: settings are to be left as they were then, too."""
    import contextlib

    with contextlib.suppress(ArithmeticError):
        function(*inputs)


def with_zero(draw: Draw, x: Tensor) -> Tensor:
    """The same numbers, beyond the published round with a zero among them, or all zero."""
    if draw.round.ones == 1:
        return torch.zeros_like(x)
    if not draw.round.is_published and x.dim():
        x.view(-1)[0] = 0.0
    return x


@helper
class Sum(nn.Module):
    """The sum of linear maps."""

    def __init__(self, weights: list[Tensor]) -> None:
        super().__init__()
        n_out, n_in = weights[0].shape
        self.layers = nn.ModuleList(nn.Linear(n_in, n_out, bias=False) for _unused in weights)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = sum(layer(x) for layer in self.layers)
        return result


@helper
def learner(plan: Any, state: Any) -> Any:
    """The model of a plan; without one, a sum of linear maps with these weights."""
    if plan:
        return network(plan, state)
    weights = list(state.values())
    model = Sum(weights).to(weights[0])
    model.load_state_dict(state)
    return model


@helper
def criterion_of(plan: Any) -> Any:
    """Not a plain one, so that whoever takes another than the argument is seen."""
    return Criterion(loss_of("cross-entropy" if plan else "squares"))


# what an optimizer is made with, beside the rates of its two groups
OPTIMIZERS: dict[str, dict[str, float]] = {
    "SGD": {},
    "SGD with momentum": {"momentum": 0.5},
    "SGD with two rates and weight decay": {"second": 0.5, "weight_decay": 0.1},
    "SGD with two rates": {"second": 0.5},
    "Adagrad": {"lr": 0.02, "adaptive": True},
}
PLAIN = {"second": 1.0, "momentum": 0.0, "weight_decay": 0.0, "adaptive": False}


@helper
def optimizer_of(
    parameters: list[Any], lr: float, second: float = 1.0, adaptive: bool = False, **options: Any
) -> Any:
    """An optimizer that holds the first parameter, and the others with a rate of their own."""
    groups: Any = [{"params": parameters[:1]}, {"params": parameters[1:], "lr": second * lr}]
    if adaptive:  # gradients may be tiny
        return torch.optim.Adagrad(groups, lr=lr, eps=1e-30, **options)
    return torch.optim.SGD(groups, lr=lr, **options)


def draw_learner(draw: Draw, tiny: tuple[float, float]) -> dict[str, Any]:
    """A model, a batch, and a rate that suits them; `tiny`: as `Draw.magnitude` has it."""
    if not draw.round.is_published and draw.round.ones != 0 and not draw.round.all_equal:
        n_in, n_out, n = (draw.size(name, high=80) for name in ("n_in", "n_out", "n"))
        size = draw.magnitude("inputs", tiny=tiny)
        inputs = draw.layout("inputs", size * draw.normal(n, n_in))
        labels = with_zero(draw, size * draw.normal(n_out, n)).T
        batch = {"inputs": inputs, "labels": labels}
        state = {f"layers.{each}.weight": draw.normal(n_out, n_in) for each in range(5)}
        return {"plan": None, "state": state, "batch": batch, "lr": 0.04 / size**2 / n_in}
    n_in, classes, n = draw.size("n_in", high=40), draw.size("classes", 2, 9), draw.size("n")
    plan, state = draw.network(n_in, classes)
    batch = {"inputs": draw.inputs_of(plan, n), "labels": draw.integers(0, classes, n)}
    return {"plan": plan, "state": state, "batch": batch, "lr": 0.2}


def trained(
    steps: int,
    plan: Any,
    state: Any,
    batch: dict[str, Tensor],
    lr: float,
    plain: str = "",
    **options: Any,
) -> tuple[list[Tensor], list[float]]:
    """The parameters after so many steps on one batch, worked out in float64, and the loss before each.

    Args:
        plan, state: the model, as `learner` makes it.
        plain: "cross-entropy" or, without a plan, "squares": the criterion in place of that of `criterion_of`.
        options: of the optimizer, and mistakes, as `train_by_hand` has them.
    """
    dtype = next(iter(state.values())).dtype
    model = learner(plan, {name: each.double() for name, each in state.items()})
    inputs, labels = (
        each.double() if each.is_floating_point() else each for each in batch.values()
    )
    criterion = criterion_of(plan)
    if plain == "cross-entropy":
        criterion = nn.CrossEntropyLoss()
    elif plain and not plan:
        criterion = nn.MSELoss()
    losses = train_by_hand(model, criterion, [(inputs, labels)] * steps, lr=lr, **options)
    return [each.detach().to(dtype) for each in model.parameters()], losses


def made_for(name: str, found: Any, dtype: torch.dtype) -> tuple[bool, str]:
    """Whether the tensor that a function makes of numbers has the dtype of its model; what is said where it has not."""
    own = found.tensor.dtype if isinstance(found, Received) else dtype
    told = _("{name}(…) gives a tensor of {found}; the parameters of the model are {wanted}.")
    return own == dtype, told.format(name=name, found=own, wanted=dtype)


def round_causes(walk: Callable[..., Any], steps: int) -> dict[Cause, Callable[[], Any]]:
    """What a round too many or too few, in each of two calls of a loop, makes of the parameters."""
    return {
        MORE: lambda: walk(steps + 2)[0],
        FEWER: lambda: walk(max(0, steps - 2))[0],
    }


def step_causes(walk: Callable[..., Any], steps: int, lr: float) -> dict[Cause, Callable[[], Any]]:
    """What mistakes in the steps of two calls make of the parameters.

    Args:
        walk: gives parameters and losses of so many steps, as `trained`.
        steps: those of both calls.
        lr: the rate of a step.
    """

    def parameters(steps: int, **mistakes: Any) -> Callable[[], Any]:
        return lambda: walk(steps, **mistakes)[0]

    return {
        NOT_CLEARED: parameters(steps, old=5.0, kept=99),
        CLEARED_AFTER: parameters(steps, old=5.0),
        NOT_UPDATED: parameters(0),
        TWICE: parameters(steps, times=2),
        UPHILL: parameters(steps, lr=-lr),
        OTHER_OPTIMIZER: parameters(steps, **PLAIN),
        CROSS_ENTROPY: parameters(steps, plain="cross-entropy"),
        SQUARES: parameters(steps, plain="squares"),
        KEPT_IN_LOOP: parameters(steps, kept=max(1, steps // 2)),
        **rates(lambda factor: walk(steps, lr=factor * lr)[0], lr),
    }
