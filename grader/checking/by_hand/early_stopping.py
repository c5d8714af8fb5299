"""A training that stops early, walked along losses that are known beforehand, and what mistakes make of it.

A `Walker` under a `Stride` is after epoch k at place k, whatever its gradients are, and `loss_at` reads the loss there
from a table. So a check asks when a loop stops, and which epoch's weights it puts back, and nothing else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..drawing.drawn_models import network
from ..drawing.rounds import Round
from ..outcome import Cause
from ..probes import helper
from ..student import Draw
from ..telling import explain
from .training_order import Criterion, train_by_hand

STOPPING = {
    "previous": Cause("previous-for-best", "A loss is compared with the one before it, not with the lowest so far."),
    "equal": Cause("equal-counts", "A loss that equals the lowest one counts as better; only a lower one is."),
    "not reset": Cause("not-reset", "All epochs that were not better are counted; a better one begins the count anew."),
    "late": Cause("one-too-many", "Training goes on for one epoch too many after the best one."),
    "early": Cause("one-too-few", "Training stops one epoch too early."),
    "never": Cause("never-stops", "Training never stops before the last epoch."),
    "last left out": Cause("off-by-one", "The loss of the epoch that ends the training is missing in the list."),
    "lowest": Cause("running-minimum", "Each entry is the lowest loss so far; the loss of each epoch is asked."),
    "margin": Cause(
        "minimum-improvement",
        "A loss that is only a little lower than the lowest does not count as better; every lower one does.",
    ),
    "first": Cause("first-is-best", "No loss but the first counts as better; each that is lower than all before does."),
    "none": Cause("none-better", "No loss counts as better: is it `loss < best`, with `best = math.inf` at first?"),
    "high": Cause("start-of-best", "These losses are large, and none counts as better: begin with `math.inf`."),
    "before": Cause("start-of-best", "The loss from before the first step is compared; begin with `math.inf`."),
    "zero": Cause("zero-is-false", "A best loss of 0 counts as none, as by `not best`: ask `best is None`."),
}  # fmt: skip
# mistakes that no losses show but those of a `KnownLosses`
TOLD_BY_KNOWN = ("equal", "margin", "first", "none", "high", "before", "zero")
LAST_WEIGHTS = Cause(
    "last-weights",
    "They are those after the last epoch. Perhaps nothing was put back, or they are kept in every epoch; or what was "
    "kept has changed along: `state_dict()` holds the parameters themselves, and `dict(…)` or `.copy()` of it does so "
    "too; a `copy.deepcopy` of it does not.",
)
FIRST_WEIGHTS = Cause("first-weights", "They are those from before the training.")
STEP_EARLIER = Cause("before-the-step", "They are those from before the step of the best epoch.")
STEP_LATER = Cause("one-too-many", "They are those of the epoch after the best one.")
BUFFERS_LEFT = Cause(
    "buffers-left",
    "The weights are those of the best epoch, and the buffers those of the last one: `state_dict()` has both, "
    "`parameters()` has not.",
)
INTEGERS_LEFT = Cause(
    "buffers-left",
    "The weights are those of the best epoch, and so is the floating-point buffer; that of another dtype is the last "
    "epoch's: `num_batches_tracked` of a batch normalization is int64, and int32, uint8 and bool count as well.",
)
LEFT_AT_THE_END = Cause(
    "last-weights",
    "Where patience ended the training, the best weights were put back; here `epochs` ended it, and these are those of "
    "its last epoch. Put them back in either case.",
)
OTHER_PARAMETERS = Cause(
    "not-in-place",
    "The model was given new parameters: `load_state_dict` copies the numbers into those that are there.",
)
# and of the losses that a training returns
TRAIN_LOSS = Cause(
    "training-loss", "It is the loss at the training points; the held-out ones are asked."
)
STEP_LOSS = Cause(
    "training-loss", "It is the loss that the step goes by; that at the held-out points is asked."
)
STEP_ON_VALID = Cause(
    "wrong-data", "The steps are taken on the held-out points, which no step is to see."
)
BEFORE_STEP = Cause(
    "before-the-step", "Each is the loss before the epoch's step; the one after it is asked."
)
BYPASSED = Cause(
    "optimizer-bypassed",
    "The steps are those of plain gradient descent: let `step()` of the optimizer that is given make them.",
)
OWN_CRITERION = Cause(
    "own-criterion", "It is the plain mean squared error; use the `criterion` that is given."
)
EXCHANGED = {
    "steps": Cause(
        "swapped", "The steps are those of `criterion(targets, outputs)`: the outputs come first."
    ),
    "losses": Cause(
        "swapped", "The losses are those of `criterion(targets, outputs)`: the outputs come first."
    ),
    "both": Cause(
        "swapped",
        "Steps and losses are those of `criterion(targets, outputs)`: the outputs come first.",
    ),
}


@helper
class CountedPasses(nn.Module):
    """Counts its passes in training mode, as a batch normalization does; in bool by how many elements are true."""

    number: Tensor

    def __init__(self, kind: str) -> None:
        super().__init__()
        two = torch.arange(999) < 2 if kind == "bool" else torch.tensor(2)
        self.register_buffer("number", two.to(getattr(torch, kind)))

    def forward(self) -> None:
        if self.training and self.number.dim():
            self.number[: int(self.number.sum()) + 1] = True
        elif self.training:
            self.number += 1


@helper
class Walker(nn.Module):
    """A model whose output is `place`; buffers grow with its passes in training mode, as in batch normalization.

    After n of them one is 3n + 5, so that a mistake in both numbers is no factor, and no term that is missing; another,
    which is a whole number, or bool, and that of an inner module, is n + 2.
    """

    passes: Tensor

    def __init__(self, like: Tensor, kind: str = "int64") -> None:
        super().__init__()
        self.place = nn.Parameter(like.new_zeros(()))
        self.register_buffer("passes", like.new_full((), 5))
        self.inner = CountedPasses(kind)
        self.seen: list[list[bool]] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append([self.training and self.inner.training, torch.is_grad_enabled()])
        self.inner()
        if self.training:
            self.passes += 3
        # a view of a leaf requires gradients under no_grad too
        return (self.place + 0).expand(x.shape)

    def numbers(self) -> Tensor:
        """What it is after its passes: the place and both buffers."""
        number = self.inner.number.sum().to(self.place)
        return torch.stack([self.place.detach(), self.passes, number])


@helper
class Stride(torch.optim.Optimizer):
    """Moves each parameter by 1 in a step, whatever its gradient is: other mistakes have no say."""

    def __init__(self, parameters: Any) -> None:
        super().__init__(parameters, {"lr": 1.0})

    def step(self, closure: Any = None) -> Any:
        loss = None
        if closure:
            with torch.enable_grad():
                loss = closure()
        with torch.no_grad():
            for group in self.param_groups:
                for parameter in group["params"]:
                    parameter += 1
        return loss


@helper
def loss_at(outputs: Tensor, targets: Tensor) -> Tensor:
    """The target at the place where the model is; differentiable."""
    mean = outputs.mean()
    place = mean.detach().round().long().clamp(max=len(targets) - 1)
    return targets[place] + (mean - mean.detach())


@helper
def weighted(outputs: Tensor, targets: Tensor) -> Tensor:
    """Neither the plain mean squared error, nor the same with outputs and targets exchanged."""
    loss: Tensor = ((outputs - targets) ** 2 * (1 + targets.abs())).mean()
    return loss


@helper
def exchanged(outputs: Tensor, targets: Tensor) -> Tensor:
    loss: Tensor = weighted(targets, outputs)
    return loss


@dataclass(frozen=True)
class KnownLosses:
    """The losses of a walk.

    Attributes:
        before: that before the first step.
        losses: one an epoch, the last of which is the first to end the training.
        tail: what would come after them, by which mistakes can be told apart.
        falls: by how little some of them are lower than all before, the least first.
    """

    before: float
    losses: list[float]
    tail: list[float]
    falls: list[float]


# a fall that shows where values are below 256, and a size above all that one would begin with
_LEAST_AND_HIGH = {torch.float32: (2.0**-14, 2.0**119), torch.float64: (2.0**-40, 2.0**170)}
_SMALL = 2.0**-20


def losses_to_stop(draw: Draw, patience: int) -> KnownLosses:
    """Losses between which some are lower than the one before, and not the lowest; one is lower by very little.

    Of the last ones, where there is room, one equals the lowest, a later one is lower than the one before it, and the
    last one is neither. In the round of ones they are small, and that before the first step is lower than all; in the
    equal round the lowest is 0; in the large one they are.
    """
    name = draw.round.name
    value, losses, (least, high) = 200.0, [], _LEAST_AND_HIGH[draw.dtype]
    above = [2, 1, 4, 3, *range(5, patience + 5)]
    *first, other = draw.integers(1, 9, 4).tolist()
    for falls in (first, [least, other] if draw.round.is_published else [least]):
        for fall in falls:
            value -= fall
            losses.append(value)
        losses += [value + each for each in above[: patience - 1]]
    value -= int(draw.integers(1, 9, 1))
    if patience > 1:
        above[1] = 0
    losses += [value, *(value + each for each in above[:patience])]
    # after a best loss of 0, a later one is lower than the one before it
    more = range(1, patience + 5) if draw.round.is_published else range(-(name == "equal"), 4)
    tail = [losses[-1] + each for each in more]
    size = {"ones": _SMALL, "large": high}.get(name, 1.0)
    ground = value if name == "equal" else 0.0
    before = 100.0 if name == "ones" else 300.0

    def made(values: list[float]) -> list[float]:
        return [size * (each - ground) for each in values]

    # where all are small, none of them may count
    falls = [size * each for each in (least, 1.0, 2.0, *([300.0] if name == "ones" else []))]
    return KnownLosses(size * before, made(losses), made(tail), falls)


def stopped(
    losses: list[float], patience: int, mistake: str = "", least: float = 0.0
) -> list[float]:
    """The losses until training stops.

    Args:
        least: by how much a loss has to be lower to count, for the mistake "margin".
    """
    found = losses[: _walked(losses, patience, mistake, least)[0]]
    if mistake == "lowest":
        return [min(found[: place + 1]) for place in range(len(found))]
    return found[:-1] if mistake == "last left out" else found


def best_place(losses: list[float], patience: int, mistake: str = "", least: float = 0.0) -> int:
    """The number of the epoch whose weights are put back, from 1 on; 0 where none was better."""
    return _walked(losses, patience, mistake, least)[1]


def _walked(losses: list[float], patience: int, mistake: str, least: float) -> tuple[int, int]:
    """How many epochs there are, and which was the last that counted as better."""
    best, last, waited, place, number = math.inf, math.inf, 0, 0, 0
    for number, loss in enumerate(losses, 1):
        better = {
            "previous": loss < last,
            "equal": loss <= best,
            "margin": best - loss > least,
            "zero": loss < best or best == 0,
            "first": number == 1,
            "none": False,
            "high": False,
            "before": False,
        }.get(mistake, loss < best)
        place = number if better else place
        best, last = loss if better else best, loss
        waited = waited + (not better) if mistake == "not reset" or not better else 0
        if waited == patience + (mistake == "late") - (mistake == "early") and mistake != "never":
            break
    return number, place


def mistakes_in(round: Round) -> dict[str, Cause]:
    """Those that can be known by the losses of a round."""
    rounds = {"high": "large", "before": "ones", "zero": "equal", "none": "published"}
    return {
        name: cause
        for name, cause in STOPPING.items()
        if rounds.get(name, round.name) == round.name
    }


def losses_by_hand(
    plan: Any,
    state: dict[str, Tensor],
    pairs: list[tuple[Tensor, Tensor]],
    epochs: int,
    turned: bool = False,
    by: Any = weighted,
    seen_by: Any = weighted,
    old: float = 0.0,
    kept: int = 1,
    times: int = 1,
    momentum: float = 0.9,
    lr: float = 0.003,
) -> tuple[list[float], list[float], list[list[Tensor]]]:
    """What a training on the first pair of (x, y), with the second one held out, comes to.

    Mistakes: the pairs are `turned`; the steps are `by` another criterion, or the losses `seen_by` one; those of
    `train_by_hand`.

    Returns:
        The losses at both, and the parameters: at first, and after each epoch.
    """
    model = network(plan, state)
    trained: list[float] = []
    held: list[float] = []
    path: list[list[Tensor]] = []

    def noting(outputs: Tensor, targets: Tensor) -> Tensor:
        path.append([each.detach().clone() for each in model.parameters()])
        with torch.no_grad():
            for losses, (x, y) in zip((trained, held), pairs, strict=True):
                losses.append(seen_by(model(x), y).item())
        loss: Tensor = by(outputs, targets)
        return loss

    batches = [pairs[turned]] * (epochs + 1)
    train_by_hand(model, Criterion(noting), batches, lr, momentum, old=old, kept=kept, times=times)
    return trained, held, path


def causes_of_training(walk: Any) -> dict[Cause, Any]:
    """What mistakes make of the losses at the held-out points, from the first epoch on.

    Args:
        walk: `losses_by_hand` of a training, by its mistakes.
    """
    trained, right, _path = walk()
    walks: dict[Cause, dict[str, Any]] = {
        explain.NOT_CLEARED: {"old": 1.0, "kept": 10**6},
        explain.CLEARED_AFTER: {"old": 1.0},
        STEP_ON_VALID: {"turned": True},
        BYPASSED: {"momentum": 0.0},
        OWN_CRITERION: {"by": F.mse_loss, "seen_by": F.mse_loss},
        EXCHANGED["steps"]: {"by": exchanged},
        EXCHANGED["losses"]: {"seen_by": exchanged},
        EXCHANGED["both"]: {"by": exchanged, "seen_by": exchanged},
        explain.TWICE: {"times": 2},
        explain.UPHILL: {"lr": -0.003},
    }
    numbers = {TRAIN_LOSS: trained[1:], STEP_LOSS: trained[:-1], BEFORE_STEP: right[:-1]}
    unmoved = {explain.NOT_UPDATED: right[:1] * (len(right) - 1)}
    by_walk = {
        cause: lambda mistake=mistake: walk(**mistake)[1][1:] for cause, mistake in walks.items()
    }
    return numbers | by_walk | unmoved
