"""A training that stops early, walked along losses that are known beforehand, and what mistakes make of it.

A `Walker` under a `Stride` is after epoch k at place k, whatever its gradients are, and `loss_at` reads the loss there
from a table. So a check asks when a loop stops, and which epoch's weights it puts back, and nothing else.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from .drawn_models import network
from .explain import NOT_UPDATED
from .outcome import Cause
from .probes import helper
from .student import Draw
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
}  # fmt: skip
LAST_WEIGHTS = Cause(
    "last-weights",
    "They are those after the last epoch. Either nothing was put back, or what was kept has changed along: "
    "`state_dict()` holds the parameters themselves, and `dict(…)` or `.copy()` of it does so too; a "
    "`copy.deepcopy` of it does not.",
)
FIRST_WEIGHTS = Cause("first-weights", "They are those from before the training.")
STEP_EARLIER = Cause("before-the-step", "They are those from before the step of the best epoch.")
STEP_LATER = Cause("one-too-many", "They are those of the epoch after the best one.")
BUFFERS_LEFT = Cause(
    "buffers-left",
    "The weights are those of the best epoch, and the buffers those of the last one: `state_dict()` has both, "
    "`parameters()` has not.",
)
OTHER_PARAMETERS = Cause(
    "not-in-place",
    "The model was given new parameters: `load_state_dict` copies the numbers into those that are there.",
)
FIXED_LR = Cause("lr-ignored", "The steps are those of lr={lr}, whatever `lr` is.")
MOMENTUM = Cause(
    "other-optimizer", "The steps are those of SGD with a momentum of 0.9; it has none here."
)
ADAM = Cause("other-optimizer", "The steps are those of Adam; those of SGD are asked.")
OTHER_DEGREE = Cause("degree-ignored", "The model has degree {found}, whatever `degree` is.")


@helper
class Walker(nn.Module):
    """A model whose output is `place`; a buffer grows with its passes in training mode, as in batch normalization.

    After n of them it is 3n + 5, so that a mistake in both numbers is no factor, and no term that is missing.
    """

    passes: Tensor

    def __init__(self, like: Tensor) -> None:
        super().__init__()
        self.place = nn.Parameter(like.new_zeros(()))
        self.register_buffer("passes", like.new_full((), 5))
        self.inner = nn.Dropout()
        self.seen: list[list[bool]] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append([self.training and self.inner.training, torch.is_grad_enabled()])
        if self.training:
            self.passes += 3
        return self.place.expand(x.shape)


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


def losses_to_stop(draw: Draw, patience: int) -> list[float]:
    """Losses, the last of which is the first to end a training.

    Between better ones some are lower than the one before; of the last ones, where there is room, one equals the
    lowest, a later one is lower than the one before it, and the last one is neither.
    """
    value, losses = 200.0, []
    above = [2, 1, 4, 3, *range(5, patience + 5)]
    for _turn in range(2):
        for fall in draw.integers(1, 9, 2).tolist():
            value -= fall
            losses.append(value)
        losses += [value + each for each in above[: patience - 1]]
    value -= int(draw.integers(1, 9, 1))
    if patience > 1:
        above[1] = 0
    return [*losses, value, *(value + each for each in above[:patience])]


def stopped(losses: list[float], patience: int, mistake: str = "") -> list[float]:
    """The losses until training stops."""
    found = losses[: _walked(losses, patience, mistake)[0]]
    if mistake == "lowest":
        return [min(found[: place + 1]) for place in range(len(found))]
    return found[:-1] if mistake == "last left out" else found


def best_place(losses: list[float], patience: int, mistake: str = "") -> int:
    """The number of the epoch whose weights are put back, from 1 on."""
    return _walked(losses, patience, mistake)[1]


def _walked(losses: list[float], patience: int, mistake: str) -> tuple[int, int]:
    """How many epochs there are, and which was the last that counted as better."""
    best, last, waited, place, number = math.inf, math.inf, 0, 0, 0
    for number, loss in enumerate(losses, 1):
        better = loss < (last if mistake == "previous" else best)
        better = better or (mistake == "equal" and loss == best)
        place = number if better else place
        best, last = min(best, loss), loss
        waited = waited + (not better) if mistake == "not reset" or not better else 0
        if waited == patience + (mistake == "late") - (mistake == "early") and mistake != "never":
            break
    return number, place


def losses_by_hand(
    plan: Any,
    state: dict[str, Tensor],
    pairs: list[tuple[Tensor, Tensor]],
    epochs: int,
    turned: bool = False,
    by: Any = weighted,
    old: float = 0.0,
    kept: int = 1,
    times: int = 1,
    momentum: float = 0.9,
    lr: float = 0.003,
) -> tuple[list[float], list[float], list[list[Tensor]]]:
    """What a training on the first pair of (x, y), with the second one held out, comes to.

    Mistakes: the pairs are `turned`; the steps are `by` another criterion; those of `train_by_hand`.

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
                losses.append((weighted if by is exchanged else by)(model(x), y).item())
        loss: Tensor = by(outputs, targets)
        return loss

    batches = [pairs[turned]] * (epochs + 1)
    train_by_hand(model, Criterion(noting), batches, lr, momentum, old, kept, times)
    return trained, held, path


def coefficients_by_hand(
    pairs: list[tuple[Tensor, Tensor]],
    epochs: int,
    degree: int,
    lr: float,
    by: Any = torch.optim.SGD,
    **options: float,
) -> tuple[list[Tensor], list[float]]:
    """A polynomial fitted to the first pair of (x, y), in float64.

    Args:
        by: the optimizer, which takes `options`.

    Returns:
        The coefficients at first and after each epoch, and the losses at the second pair after each.
    """
    coefficients = torch.ones(degree + 1, dtype=torch.float64, requires_grad=True)
    optimizer = by([coefficients], lr, **options)
    path, losses = [coefficients.detach().clone()], []
    exact = [[each.cpu().double() for each in pair] for pair in pairs]
    powers = [x[:, None] ** torch.arange(degree + 1) for x, _y in exact]
    for _epoch in range(epochs):
        optimizer.zero_grad()
        ((powers[0] @ coefficients - exact[0][1]) ** 2).mean().backward()
        optimizer.step()
        path.append(coefficients.detach().clone())
        losses.append(((powers[1] @ path[-1] - exact[1][1]) ** 2).mean().item())
    return path, losses


def causes_of_losses(walk: Any, degree: int, lr: float, patience: int) -> dict[Cause, Any]:
    """What mistakes make of the losses of a polynomial's training.

    Args:
        walk: `coefficients_by_hand` of the pairs and the epochs.
    """
    losses = walk(degree, lr)[1]
    told: dict[Cause, Any] = {
        FIXED_LR.of(lr=f"{rate:g}"): lambda rate=rate: stopped(walk(degree, rate)[1], patience)
        for rate in (0.001, 0.01, 0.1, 1.0)
        if rate != lr
    }
    told |= {
        OTHER_DEGREE.of(found=f"{own}"): lambda own=own: stopped(walk(own, lr)[1], patience)
        for own in (1, 2, 3)
        if own != degree
    }
    told[MOMENTUM] = lambda: stopped(walk(degree, lr, momentum=0.9)[1], patience)
    told[ADAM] = lambda: stopped(walk(degree, lr, by=torch.optim.Adam)[1], patience)
    told[NOT_UPDATED] = lambda: stopped(walk(degree, 0.0)[1], patience)
    told |= {cause: stopped(losses, patience, name) for name, cause in STOPPING.items()}
    return told
