"""In which order does a training loop differentiate and take its steps? A probe listens, and the order has a cause.

`train_by_hand` is such a loop, right or with a mistake in it; a `Criterion` is what a loop is handed. A `Recorder` in a
model, as `build` makes one, tells of the batches that go through it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..outcome import Cause
from ..probes import helper

STEP_FIRST = Cause(
    "step-before-backward",
    "`optimizer.step()` comes before `backward()`: it uses the gradients that were there before, or none.",
)
CLEARED_BETWEEN = Cause(
    "cleared-between",
    "The gradients are cleared between `backward()` and `optimizer.step()`, which finds none then.",
)
NO_BACKWARD = Cause(
    "no-backward",
    "`optimizer.step()` is called, and no `backward()` has come to the parameters that it holds: is it called before "
    "it, with its parentheses, on a loss that was made with these parameters?",
)
NO_STEP = Cause(
    "not-updated", "`optimizer.step()` is never called, and that is what moves the parameters."
)
OTHER_STEPS = Cause(
    "other-optimizer",
    "`optimizer.step()` of the optimizer that is handed over is never called, and the parameters have moved: by the "
    "steps of another one, or by hand. How to move them is that optimizer's to say.",
)


@helper
class Criterion(nn.Module):
    """A function of outputs and labels as a module, which a loop may move to a device.

    Args:
        function: what it gives, a scalar.
        parameters: those that the function works with.
    """

    def __init__(self, function: Callable[..., Any], *parameters: nn.Parameter) -> None:
        super().__init__()
        self.function = function
        self.own = nn.ParameterList(parameters)

    def forward(self, outputs: Any, labels: Any) -> Any:
        return self.function(outputs, labels)


@helper
def listen(model: Any, optimizer: Any) -> list[str]:
    """What happens from now on, in its order: "backward", and "step", or "step without" where no gradient is there.

    Args:
        model: its last parameter tells of each `backward`.
        optimizer: one of torch's.
    """
    events: list[str] = []
    parameters = list(model.parameters())
    parameters[-1].register_post_accumulate_grad_hook(lambda _unused: events.append("backward"))

    def stepped(*_unused: Any) -> None:
        empty = all(p.grad is None or not p.grad.any().item() for p in parameters)
        events.append("step without" if empty else "step")

    optimizer.register_step_pre_hook(stepped)
    return events


def order_causes(
    events: Sequence[str], start: Any, old: Any = None, has_moved: bool = True
) -> dict[Cause, Any]:
    """The mistake that an order shows, for `expect_close(causes=…)` on parameters; empty where it shows none.

    Args:
        events: what `listen` heard; where it is cut, after an even number.
        start: the parameters before, as they are compared.
        old: what steps by the gradients from before alone would make of them, where there are such.
        has_moved: whether the parameters are others now, where something else is compared.
    """
    if "backward" not in events:
        if set(events) == {"step"} and old is not None:
            return {NO_BACKWARD: old}
        return {NO_BACKWARD: start} if set(events) == {"step without"} else {}
    if set(events) == {"backward"}:
        return {NO_STEP: start} | ({OTHER_STEPS: ...} if has_moved else {})
    steps, others = events[::2], events[1::2]
    if "backward" not in steps and set(others) == {"backward"} and len(steps) == len(others):
        return {STEP_FIRST: ...}
    if set(steps) == {"backward"} and set(others) == {"step without"}:
        return {CLEARED_BETWEEN: start}
    return {}


def train_by_hand(
    model: nn.Module,
    criterion: nn.Module,
    batches: Sequence[tuple[Tensor, Tensor]],
    lr: float,
    momentum: float = 0.0,
    *,
    second: float = 1.0,
    weight_decay: float = 0.0,
    adaptive: bool = False,
    old: float = 0.0,
    kept: int = 1,
    times: int = 1,
) -> list[float]:
    """Gradient descent with autograd, a step per batch; the losses before each step.

    The learning rate of all parameters but the first one is `second` times `lr`. `adaptive`: as Adagrad has it.
    Mistakes: gradients are `old` at first and cleared after `kept` batches each; `times` steps are taken for one.
    """
    parameters = list(model.parameters())
    velocities = [torch.zeros_like(parameter) for parameter in parameters]
    squares = [torch.zeros_like(parameter) for parameter in parameters]
    before = [torch.full_like(parameter, old) for parameter in parameters]
    rates = [lr, *[second * lr] * (len(parameters) - 1)]
    losses = []
    for number, (inputs, labels) in enumerate(batches):
        loss = criterion(model(inputs), labels)
        grads = [
            grad + one
            for grad, one in zip(torch.autograd.grad(loss, parameters), before, strict=True)
        ]
        before = [0 * grad if (number + 1) % kept == 0 else grad for grad in grads]
        with torch.no_grad():
            for parameter, velocity, square, grad, rate in [
                *zip(parameters, velocities, squares, grads, rates, strict=True)
            ] * times:
                velocity.mul_(momentum).add_(grad + weight_decay * parameter)
                square.add_(velocity**2)
                step = velocity / (square.sqrt() + 1e-30) if adaptive else velocity
                parameter.sub_(rate * step)
        losses.append(loss.item())
    return losses


@helper
class Recorder(nn.Module):
    """Passes its input through, and notes how many samples it has, and 0 when they are differentiated."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[int] = []

    def forward(self, x: Tensor) -> Tensor:
        if x.requires_grad:
            self.events.append(len(x))
            x.register_hook(lambda _grad: self.events.append(0))
        return x


@helper
def build(weights: list[Tensor], frozen: bool) -> nn.Sequential:
    """A network of two layers, with the given weights and biases; `frozen`: the first bias requires no gradient."""
    (hidden, n_in), (n_out, _unused) = weights[0].shape, weights[2].shape
    layers = [nn.Linear(n_in, hidden), Recorder(), nn.Tanh(), nn.Linear(hidden, n_out)]
    model = nn.Sequential(*layers).to(weights[0])
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), weights, strict=True):
            parameter.copy_(value)
    layers[0].bias.requires_grad_(not frozen)
    return model


@helper
def loss_of(name: str) -> Any:
    """Not the plain ones, so that whoever takes another than the argument is seen."""
    if name == "cross-entropy":
        return nn.CrossEntropyLoss(label_smoothing=0.2)
    return lambda outputs, labels: 3 * nn.functional.mse_loss(outputs, labels)
