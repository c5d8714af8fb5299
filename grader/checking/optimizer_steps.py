"""The parameters after some steps of SGD or Adam: by torch in float64, and by hand with a mistake that has a name.

Without a mistake both give the same. The formulas are those of `torch.optim.SGD` and `torch.optim.Adam`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


def by_torch(
    kind: str, options: dict[str, Any], start: list[Tensor], grads: list[list[Tensor | None]]
) -> list[Tensor]:
    """The parameters after the steps, worked out in float64."""
    parameters = [nn.Parameter(value.double().clone()) for value in start]
    optimizer = getattr(torch.optim, kind.removeprefix("My"))(parameters, **options)
    for step in grads:
        for parameter, grad in zip(parameters, step, strict=True):
            parameter.grad = None if grad is None else grad.double().clone()
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
) -> list[Tensor]:
    """The same with a mistake; without one, what `by_torch` gives. `beside`: another optimizer takes steps too."""
    options: dict[str, Any] = {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "momentum": 0.0}
    options |= {"weight_decay": 0.0, "nesterov": False} | given
    lr = options["lr"]
    rates = {
        "uphill": -lr,
        "lr ignored": 1.0,
        "lr 0.01": given.get("lr", 0.01),
        "lr squared": lr**2,
    }
    lr = (rates | {"lr is 0.01": 0.01, "lr is 0.001": 0.001}).get(mistake, lr)
    decay = options["weight_decay"] * (-1 if mistake == "decay uphill" else 1)
    apart = {"decay without lr": decay, "decay apart": lr * decay}.get(mistake, 0.0)
    decay *= (lr if mistake == "decay with lr" else 1) * (not apart and mistake != "no decay")
    apart = lr * decay if mistake == "decay twice" else apart
    parameters = [value.clone() for value in start]
    kept: dict[Any, Any] = {}
    counts = [{"late count": 1, "early count": -1}.get(mistake, 0)] * len(start)
    for step in grads:
        for i, given_grad in enumerate(step):
            goes_on = mistake in ("count goes on", "none as zero")
            steps = 2 if mistake == "count of all" and beside else 1
            counts[0 if mistake == "one count" else i] += steps * (
                given_grad is not None or goes_on
            )
            if given_grad is None and mistake == "none ends":
                break
            if given_grad is None and mistake != "none as zero":
                continue
            p = parameters[i]
            grad = (torch.zeros_like(p) if given_grad is None else given_grad) + decay * p
            t = counts[0 if mistake == "one count" else i]
            own = p.shape if mistake == "one velocity a shape" else i
            if kind == "MySGD":
                move, kept[own] = sgd_move(options, kept.get(own), grad, t, mistake, bool(decay))
            else:
                square = grad - decay * p if mistake == "decay not in s" else grad
                move, kept[own] = adam_move(options, kept.get(own), grad, square, t, mistake)
            parameters[i] = p - apart * p - lr * move
            if mistake == "eps after division":
                parameters[i] = parameters[i] - options["eps"]
    return parameters


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
    betas |= {"beta1 for both": (beta1, beta1), "beta2 for both": (beta2, beta2)}
    beta1, beta2 = betas.get(mistake, (beta1, beta2))
    zero = torch.zeros_like(grad)
    m, s = (zero, zero) if old is None or mistake == "means anew" else old
    bare_m = mistake in ("m without factor", "both without factor")
    bare_s = mistake in ("v without factor", "both without factor")
    m = beta1 * m + (1 if bare_m else 1 - beta1) * grad
    s = beta2 * s + (1 if bare_s else 1 - beta2) * (m if mistake == "square of m" else root) ** 2
    by_m, by_s = (1 - beta ** max(t, 0.5) for beta in (beta1, beta2))
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
    if mistake == "eps inside":
        return m_hat / (s_hat + eps).sqrt(), kept
    if mistake == "eps before correction":
        return m_hat * by_s**0.5 / (s.sqrt() + eps), kept
    if mistake == "eps after division":
        return m_hat / s_hat.sqrt(), kept
    return m_hat / ((s_hat if mistake == "no root" else s_hat.sqrt()) + eps), kept
