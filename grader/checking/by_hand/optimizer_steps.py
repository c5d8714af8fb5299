"""The parameters after some steps of an optimizer: by torch in float64, and by hand with a mistake that has a name.

Without a mistake both give the same. The formulas are those of `SGD`, `Adam`, `AdamW`, `Adagrad` and `RMSprop` in
`torch.optim`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, combinations
from typing import Any

import torch
from torch import Tensor, nn

from ...sandbox.wire.values import Received
from ..outcome import Cause
from ..probes import helper
from .optimizer_causes import (
    AS_AT_FIRST,
    BY_KIND,
    FIRST_ALONE,
    FIRST_FOR_ALL,
    LAST_ALONE,
    LAST_FOR_ALL,
    OF_THE_CALL,
    SAME_IN_ALL,
)
from .optimizer_causes import CHANGE_IGNORED as CHANGE_IGNORED
from .optimizer_causes import GROUPS_IGNORED as GROUPS_IGNORED
from .optimizer_causes import NOTHING_READ as NOTHING_READ
from .optimizer_causes import UNMOVED as UNMOVED
from .optimizer_causes import USED_UP as USED_UP

# by the number of a step and that of a parameter: the settings that differ from those of the call
Own = Callable[[int, int], Mapping[str, Any]]

DEFAULTS: dict[str, dict[str, Any]] = {
    "MySGD": {"lr": 1e-3, "momentum": 0.0, "weight_decay": 0.0, "nesterov": False},
    "MyAdam": {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0},
    "MyAdamW": {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01},
    "MyAdagrad": {"lr": 0.01, "eps": 1e-10},
    "MyRMSprop": {"lr": 0.01, "alpha": 0.99, "eps": 1e-8, "momentum": 0.0},
}


def nothing_of_its_own(_step: int, _parameter: int) -> Mapping[str, Any]:
    return {}


@helper
def another_first(optimizer: Any, parameters: list[Any], start: list[Tensor]) -> None:
    """A step of another optimizer with the same parameters, all gradients 1; after it they are as they were."""
    for parameter in parameters:
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    with torch.no_grad():
        for parameter, value in zip(parameters, start, strict=True):
            parameter.grad = None
            parameter.copy_(value)


def by_torch(
    kind: str,
    options: dict[str, Any],
    start: list[Tensor],
    grads: list[list[Tensor | None]],
    own: Own = nothing_of_its_own,
) -> list[Tensor]:
    """The parameters after the steps, worked out in float64."""
    parameters = [nn.Parameter(value.double().clone()) for value in start]
    groups = [{"params": [parameter]} for parameter in parameters]
    optimizer = getattr(torch.optim, kind.removeprefix("My"))(groups, **options)
    for number, step in enumerate(grads):
        for i, (parameter, grad) in enumerate(zip(parameters, step, strict=True)):
            parameter.grad = None if grad is None else grad.double().clone()
            optimizer.param_groups[i].update(own(number, i))
        optimizer.step()
    pairs = zip(parameters, start, strict=True)
    return [parameter.detach().to(value.dtype) for parameter, value in pairs]


def by_hand(
    kind: str,
    given: dict[str, Any],
    start: list[Tensor],
    grads: list[Any],
    mistake: str,
    beside: bool = False,
    own: Own = nothing_of_its_own,
    before: bool = False,
) -> list[Tensor]:
    """The same with a mistake; without one, what `by_torch` gives.

    `beside`: another optimizer takes steps too; `before`: one had the same parameters, as `another_first` has it.
    """
    parameters = [value.clone() for value in start]
    kept: dict[Any, Any] = {}
    first = {"late count": 1, "early count": -1, "count of all since": int(before)}
    counts = [first.get(mistake, 0)] * len(start)
    history = list(enumerate(grads))
    if mistake == "begun":
        history.insert(0, (-1, [torch.ones_like(value) for value in start]))
    for number, step in history:
        if number == 0:
            parameters = [value.clone() for value in start]
        for i, given_grad in enumerate(step):
            goes_on = mistake in ("count goes on", "none as zero")
            is_shared = mistake in ("count of all", "count of all since")
            steps = 2 if is_shared and beside else 1
            counts[0 if mistake == "one count" else i] += steps * (
                given_grad is not None or goes_on
            )
            if given_grad is None and mistake == "none ends":
                break
            if given_grad is None and mistake != "none as zero":
                continue
            p = parameters[i]
            options = DEFAULTS[kind] | given | (dict(own(number, i)) if number >= 0 else {})
            lr, decay, apart = rates(kind, options, "lr" in given, mistake)
            grad = (torch.zeros_like(p) if given_grad is None else given_grad) + decay * p
            t = counts[0 if mistake == "one count" else i]
            key = p.shape if mistake == "one velocity a shape" else i
            old = kept.get(key)
            if kind == "MySGD":
                move, kept[key] = sgd_move(options, old, grad, t, mistake, bool(decay))
            elif kind == "MyAdagrad":
                move, kept[key] = adagrad_move(options, old, grad, t, mistake)
            elif kind == "MyRMSprop":
                move, kept[key] = rmsprop_move(options, old, grad, t, mistake)
            else:
                square = grad - decay * p if mistake == "decay not in s" else grad
                move, kept[key] = adam_move(options, old, grad, square, t, mistake)
            decayed = p - lr * move if mistake == "decay after" else p
            parameters[i] = p - apart * decayed - lr * move
            if mistake == "eps after division":
                parameters[i] = parameters[i] - options["eps"]
    return parameters


def causes_of(
    kind: str,
    options: dict[str, Any],
    start: list[Tensor],
    grads: list[Any],
    beside: bool = False,
    own: Own = nothing_of_its_own,
    before: bool = False,
) -> dict[Cause, Callable[[], list[Tensor]]]:
    """The mistakes that have a name for this optimizer, and what each gives: for `expect_close(causes=…)`."""
    work = partial(by_hand, kind, options, start, grads, beside=beside, own=own, before=before)
    named = BY_KIND[kind].items()
    return {
        cause: partial(work, mistake) for mistake, cause in named if before or mistake != "begun"
    }


def causes_of_groups(
    work: Callable[..., list[Tensor]],
    own: Callable[..., dict[str, Any]],
    start: list[Tensor],
    of: list[int],
    steps: int,
) -> dict[Cause, Any]:
    """What goes wrong with groups in so many steps.

    `own` are the settings of a parameter at a step that differ from the call's, `of` is the group of each parameter.
    """

    def changes_alone(step: int, i: int) -> dict[str, Any]:
        before = own(step, i, changed=False)
        return {name: value for name, value in own(step, i).items() if value != before.get(name)}

    last = steps - 1
    names = list(dict.fromkeys(name for i in range(len(of)) for name in own(last, i)))
    changed = [
        name for name in names if any(name in changes_alone(last, i) for i in range(len(of)))
    ]

    def but(left_out: Sequence[str], step: int, i: int, **where: Any) -> dict[str, Any]:
        """What a parameter's group says, but for these names; `where`: these from somewhere else."""
        kept = {name: value for name, value in own(step, i).items() if name not in left_out}
        if where:
            others = own(step, i, **where)
            kept |= {name: others[name] for name in left_out if name in others}
        return kept

    def some(names: Sequence[str] = names) -> Iterator[tuple[str, ...]]:
        return chain.from_iterable(combinations(names, n) for n in range(1, len(names)))

    def told(those: Sequence[str]) -> str:
        return ", ".join(f"`{name}`" for name in those)

    def alone(group: int) -> list[Tensor]:
        pairs = zip(work(own), start, of, strict=True)
        return [new if place == group else old for new, old, place in pairs]

    return {
        NOTHING_READ: work,
        GROUPS_IGNORED: lambda: work(changes_alone),
        **{
            SAME_IN_ALL.of(names=told(those)): partial(work, partial(but, those, of_group=0))
            for those in some()
        },
        **{
            OF_THE_CALL.of(names=told(those)): partial(work, partial(but, those))
            for those in some()
            if "lr" in those
        },
        **{
            AS_AT_FIRST.of(names=told(those)): partial(work, partial(but, those, changed=False))
            for those in some(changed)
        },
        FIRST_FOR_ALL: lambda: work(partial(own, of_group=0)),
        LAST_FOR_ALL: lambda: work(partial(own, of_group=max(of))),
        FIRST_ALONE: lambda: alone(0),
        LAST_ALONE: lambda: alone(max(of)),
        CHANGE_IGNORED: lambda: work(partial(own, changed=False)),
    }


def close_to(got: Any, expected: Tensor) -> bool:
    """Whether a parameter is right, by and large."""
    if not isinstance(got, Received) or got.tensor.shape != expected.shape:
        return False
    return torch.allclose(got.tensor.double(), expected.cpu().double(), rtol=1e-2)


def rates(
    kind: str, options: dict[str, Any], has_lr: bool, mistake: str
) -> tuple[float, float, float]:
    """The learning rate, the share of a parameter that goes into its gradient, and that which is taken off itself."""
    right = options["lr"]
    defaults = {} if has_lr else {"lr 0.01": 0.01, "lr 0.001": 0.001}
    fixed = {"lr ignored": 1.0, "lr is 0.01": 0.01, "lr is 0.001": 0.001}
    lr = ({"uphill": -right, "lr squared": right**2} | defaults | fixed).get(mistake, right)
    decay = options.get("weight_decay", 0.0) * (-1 if mistake == "decay uphill" else 1)
    if mistake == "no decay":
        decay = 0.0
    if mistake == "decay twice":
        return lr, decay, abs(lr) * decay
    apart = {"decay without lr": decay, "decay apart": lr * decay}
    if kind == "MyAdamW":
        if mistake == "decay coupled":
            return lr, decay, 0.0
        return lr, 0.0, apart.get(mistake, abs(lr) * decay)
    if mistake in apart:
        return lr, 0.0, apart[mistake]
    return lr, decay * (lr if mistake == "decay with lr" else 1), 0.0


def sgd_move(
    options: dict[str, Any],
    old: Tensor | None,
    grad: Tensor,
    t: int,
    mistake: str,
    has_decay: bool,
) -> tuple[Tensor, Tensor]:
    """What is taken from a parameter, but for the learning rate, and the new velocity."""
    momentum, new = options["momentum"] * (mistake != "no momentum"), grad
    if mistake == "dampened always" or (mistake == "dampened" and old is not None):
        new = (1 - momentum) * grad
    if mistake == "velocity anew":
        old = None
    if old is not None and momentum and not has_decay:
        if mistake == "grad kept" and t == 2:
            old = new
        elif mistake == "grad kept in place":  # three names for one tensor
            old, new, grad = grad, momentum * grad, 2 * momentum * grad
    velocity = new * (mistake != "zero at first") if old is None else momentum * old + new
    nesterov = options["nesterov"] or mistake == "always nesterov"
    if not nesterov or mistake == "no nesterov":
        return velocity, velocity
    last = velocity
    if mistake == "nesterov with the old":
        last = torch.zeros_like(grad) if old is None else old
    return momentum * last + (mistake != "nesterov without gradient") * grad, velocity


# in which of the three places of a mean the other one's β stands
_BETA1_FOR_S = {
    "beta1 for both": (0, 1, 2),
    "beta1 in s": (0, 1),
    "beta1 keeps s": (0,),
    "beta1 for the square": (1,),
    "beta1 corrects s": (2,),
}
_BETA2_FOR_M = {
    "beta2 for both": (0, 1, 2),
    "beta2 in m": (0, 1),
    "beta2 keeps m": (0,),
    "beta2 for the gradient": (1,),
    "beta2 corrects m": (2,),
}


def adam_move(
    options: dict[str, Any],
    old: tuple[Tensor, Tensor] | None,
    grad: Tensor,
    root: Tensor,
    t: int,
    mistake: str,
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """What is taken from a parameter, but for the learning rate, and the new means; `root` is squared for s."""
    beta1, beta2 = options["betas"]
    betas = {"no betas": (0.9, 0.999), "other betas": (0.9, 0.99), "betas swapped": (beta2, beta1)}
    beta1, beta2 = betas.get(mistake, (beta1, beta2))
    # the factor of the old mean, that of what is new, and the base of the correction
    for_m, for_s = (
        [other if place in wrong.get(mistake, ()) else right for place in range(3)]
        for right, other, wrong in ((beta1, beta2, _BETA2_FOR_M), (beta2, beta1, _BETA1_FOR_S))
    )
    zero = torch.zeros_like(grad)
    m, s = (zero, zero) if old is None or mistake == "means anew" else old
    bare_m = mistake in ("m without factor", "both without factor")
    bare_s = mistake in ("v without factor", "both without factor")
    m = for_m[0] * m + (1 if bare_m else 1 - for_m[1]) * grad
    square = (m if mistake == "square of m" else root) ** 2
    s = for_s[0] * s + (1 if bare_s else 1 - for_s[1]) * square
    t = 1 if mistake == "t is 1" else t
    by_m, by_s = (1 - beta ** max(t, 0.5) for beta in (for_m[2], for_s[2]))
    if mistake == "power of 1 − β":
        by_m, by_s = (1 - beta1) ** t, (1 - beta2) ** t
    if mistake == "crossed correction":
        by_m, by_s = by_s, by_m
    if mistake == "correction by product":
        by_m, by_s = 1 - beta1 * t, 1 - beta2 * t
    if mistake in ("no correction", "no correction of m"):
        by_m = 1.0
    if mistake in ("no correction", "no correction of v"):
        by_s = 1.0
    m_hat, s_hat, eps = m / by_m, s / by_s, 1e-8 if mistake == "no eps" else options["eps"]
    kept = (m_hat, s_hat) if mistake == "corrected ones kept" else (m, s)
    if mistake == "no m":
        m_hat = grad
    if mistake == "eps before correction":
        return m_hat * by_s**0.5 / (s.sqrt() + eps), kept
    return divided(m_hat, s_hat, eps, mistake), kept


def adagrad_move(
    options: dict[str, Any], old: Tensor | None, grad: Tensor, t: int, mistake: str
) -> tuple[Tensor, Tensor]:
    """What is taken from a parameter, but for the learning rate, and the new sum of squares."""
    before = torch.zeros_like(grad) if old is None or mistake == "squares anew" else old
    s = before + (grad.abs() if mistake == "no square" else grad**2)
    if mistake.startswith("running-mean"):
        s = before + (1 - float(mistake.removeprefix("running-mean-"))) * (grad**2 - before)
    root = {"root of the old": before, "mean of all": s / max(t, 1)}.get(mistake, s)
    eps = 1e-10 if mistake == "no eps" else options["eps"]
    return divided(grad, root, eps, mistake), s


def rmsprop_move(
    options: dict[str, Any],
    old: tuple[Tensor, Tensor] | None,
    grad: Tensor,
    t: int,
    mistake: str,
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """What is taken from a parameter, but for the learning rate; the new mean of squares, and the new velocity."""
    alpha, momentum = options["alpha"], options["momentum"] * (mistake != "no momentum")
    fixed = {"no alpha": 0.99, "other alpha": 0.9, "alpha swapped": 1 - alpha}
    alpha = fixed.get(mistake, alpha)
    zero = torch.zeros_like(grad)
    before, velocity = (zero, zero) if old is None else old
    if mistake == "squares anew":
        before = zero
    square = grad.abs() if mistake == "no square" else grad**2
    s = alpha * before + (1 if mistake == "s without factor" else 1 - alpha) * square
    if mistake == "sum of squares":
        s = before + square
    root = {"root of the old": before, "corrected": s / (1 - alpha ** max(t, 0.5))}.get(mistake, s)
    eps = 1e-8 if mistake == "no eps" else options["eps"]
    if mistake == "velocity of gradients":
        velocity = momentum * velocity + grad
        return divided(velocity, root, eps, mistake), (s, velocity)
    move = divided(grad, root, eps, mistake)
    if mistake == "rate in velocity":
        velocity = momentum * velocity + options["lr"] * move
        return velocity / options["lr"], (s, velocity)
    factor = 1 - momentum if mistake == "dampened always" else 1
    new = (alpha if mistake == "alpha in velocity" else momentum) * velocity + factor * move
    moves = {"old velocity": velocity, "nesterov": momentum * new + move}
    return moves.get(mistake, new), (s, new)


def divided(top: Tensor, s: Tensor, eps: float, mistake: str) -> Tensor:
    """A step by the root of a mean of squares."""
    if mistake == "eps inside":
        return top / (s + eps).sqrt()
    if mistake == "inverse":
        return top * (s.sqrt() + eps)
    if mistake == "eps after division":
        return top / s.sqrt()
    return top / ((s if mistake == "no root" else s.sqrt()) + eps)
