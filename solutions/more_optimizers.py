"""More optimizers: AdaGrad, RMSProp, AdamW, and what goes around a step

Plain gradient descent has one step size for all numbers of a model. AdaGrad, RMSProp and AdamW give
each number its own: where gradients are usually large, they step carefully. Around a step stands
what every larger training uses: groups of parameters with settings of their own, a learning rate
that changes on the way, gradients that are clipped, and a large batch that is made of small ones.

In all formulas $g$ is the gradient, `p.grad`. What is kept is kept for each parameter by itself,
and is zero at first.

**AdaGrad.** $s$ is the sum of all squares so far: $s ← s + g²$, and then
$p ← p − lr · g / (√s + eps)$.

**RMSProp.** A sum only grows, and the steps die away; so here $s$ is a running mean:
$s ← α s + (1 − α) g²$. With $d = g / (√s + eps)$ the step is $p ← p − lr · d$. With a momentum $μ$
there is a velocity, $v ← μ v + d$, and $p ← p − lr · v$.

**AdamW.** Adam, with the weight decay $λ$ taken off the parameter itself, past the means. With
$t = 1$ at the first step of a parameter:

- $m ← β₁ m + (1 − β₁) g$ and $s ← β₂ s + (1 − β₂) g²$,
- $m̂ = m / (1 − β₁ᵗ)$ and $ŝ = s / (1 − β₂ᵗ)$,
- $p ← p − lr · λ p − lr · m̂ / (√ŝ + eps)$, where $p$ on the right is the old one both times.

**A number to check.** $p = 1$, $lr = 0.1$, and the gradient is 2 in both of two steps; leave eps
out. AdaGrad: $s = 4$ and $p = 0.9$, then $s = 8$ and $p = 0.9 − 0.1 · 2 / √8 ≈ 0.8293$. RMSProp with
$α = 0.75$: $s = 1$ and $p = 0.8$, then $s = 1.75$ and $p ≈ 0.6488$. AdamW with $λ = 0.5$: the
first step is $0.1 · 0.5 · 1$ for the decay and $0.1$ for the rest, so that $p = 0.85$; after the second
$p = 0.7075$. Gradients $(3, 4)$ and $(12)$ have the total norm 13: with `max_norm=6.5` they
become $(1.5, 2)$ and $(6)$.

**Groups.** `params` are tensors, or they are dicts, *groups*, as torch's optimizers take them:

    MyAdamW([{"params": body}, {"params": head, "lr": 0.1}], lr=0.01)

A group may hold any argument of the class by its name; what it does not hold is as the call says.
The attribute `param_groups` is the list of all groups, each a dict with `"params"`, a list, and
every argument by its name. Without groups it has one. `step()` looks there: what somebody changes
in it, such as `optimizer.param_groups[0]["lr"] = 0.001`, or by another dict in the place of one,
holds from the next step on. That is how a schedule sets the learning rate. The parameters stay
those of the start.

**Rules.** From scratch: not by `torch.optim`, nor by a subclass of anything in it, nor by
`torch.nn.utils.clip_grad_norm_` and its kin. Everything else of torch is allowed.

- `params`, and `"params"` in a group, may be a generator, which can be gone through only once.
- The parameters are changed in place, and autograd must not watch: `with torch.no_grad():`. They
  may have any floating dtype, device and shape, also 0-dim or non-contiguous; several may have one shape.
- A parameter whose `.grad` is `None` is skipped: neither it nor anything kept for it changes.
- Two optimizers share nothing, also where one has the parameters that another one had before.
- `step()` leaves the `.grad` of the parameters as it is. `zero_grad` is not asked for.
- Optional arguments are given by keyword.
- What counts is what your functions do when they run. Imports, annotations, `isinstance`, and tests
  under `if __name__ == "__main__":` are free. A function that breaks the rule loses its own points;
  the others keep theirs. Functions that a rule is for start no threads.

See: https://docs.pytorch.org/docs/stable/optim.html
"""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

Params = Iterable[Tensor] | Iterable[dict[str, Any]]


### BEGIN SOLUTION
def groups_of(params: Params, **arguments: Any) -> list[dict[str, Any]]:
    """The groups of an optimizer, each with all arguments; a single one where there are none."""
    given: list[Any] = list(params)
    if not (given and isinstance(given[0], dict)):
        given = [{"params": given}]
    return [{**arguments, **group, "params": list(group["params"])} for group in given]


### BEGIN STUB
# # What the three optimizers share may stand here.
#
#
### END STUB
### END SOLUTION
class MyAdagrad:
    """AdaGrad: steps that become smaller with the sum of all squared gradients.

    After any number of steps the parameters equal those of `torch.optim.Adagrad` with the same
    arguments.

    Attributes:
        param_groups: The groups, each a dict with `"params"`, `"lr"` and `"eps"`.
    """

    def __init__(self, params: Params, lr: float = 0.01, eps: float = 1e-10) -> None:
        """Keep the parameters and the settings.

        Args:
            params: Leaf tensors that require gradients, or groups of them; any iterable.
            lr: The learning rate.
            eps: Added to the root in the denominator.
        """
        ### BEGIN SOLUTION
        self.param_groups = groups_of(params, lr=lr, eps=eps)
        self.sums: dict[Tensor, Tensor] = {}
        ### END SOLUTION

    def step(self) -> None:
        """Update every parameter that has a gradient, in place.

        s ← s + g², zero at first; p ← p − lr · g / (√s + eps). A parameter whose `.grad` is `None`
        is skipped. `.grad` stays as it is.
        """
        ### BEGIN SOLUTION
        with torch.no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    s = self.sums.get(p, torch.zeros_like(p)) + p.grad**2
                    self.sums[p] = s
                    p -= group["lr"] * p.grad / (s.sqrt() + group["eps"])
        ### END SOLUTION


class MyRMSprop:
    """RMSProp: steps by the root of a running mean of the squared gradients, with momentum.

    After any number of steps the parameters equal those of `torch.optim.RMSprop` with the same
    arguments.

    Attributes:
        param_groups: The groups, each a dict with `"params"`, `"lr"`, `"alpha"`, `"eps"` and
            `"momentum"`.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 0.01,
        alpha: float = 0.99,
        eps: float = 1e-8,
        momentum: float = 0.0,
    ) -> None:
        """Keep the parameters and the settings.

        Args:
            params: Leaf tensors that require gradients, or groups of them; any iterable.
            lr: The learning rate.
            alpha: How much of the mean of the squares is kept in a step.
            eps: Added to the root in the denominator.
            momentum: The factor μ; 0 switches the momentum off.
        """
        ### BEGIN SOLUTION
        self.param_groups = groups_of(params, lr=lr, alpha=alpha, eps=eps, momentum=momentum)
        # for each parameter its mean square and its velocity
        self.state: dict[Tensor, tuple[Tensor, Tensor]] = {}
        ### END SOLUTION

    def step(self) -> None:
        """Update every parameter that has a gradient, in place.

        - s ← α s + (1 − α) g², zero at first, and d = g / (√s + eps),
        - v ← μ v + d, zero at first,
        - p ← p − lr · v.

        A parameter whose `.grad` is `None` is skipped. `.grad` stays as it is.
        """
        ### BEGIN SOLUTION
        with torch.no_grad():
            for group in self.param_groups:
                alpha = group["alpha"]
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    s, v = self.state.get(p, (torch.zeros_like(p), torch.zeros_like(p)))
                    s = alpha * s + (1 - alpha) * p.grad**2
                    v = group["momentum"] * v + p.grad / (s.sqrt() + group["eps"])
                    self.state[p] = (s, v)
                    p -= group["lr"] * v
        ### END SOLUTION


class MyAdamW:
    """AdamW: Adam, with the weight decay taken off the parameter and not by way of the gradient.

    After any number of steps the parameters equal those of `torch.optim.AdamW` with the same
    arguments.

    Attributes:
        param_groups: The groups, each a dict with `"params"`, `"lr"`, `"betas"`, `"eps"` and
            `"weight_decay"`.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        """Keep the parameters and the settings.

        Args:
            params: Leaf tensors that require gradients, or groups of them; any iterable.
            lr: The learning rate.
            betas: The pair (β₁, β₂): how much of the mean of the gradients and of the mean of the
                squares is kept in a step.
            eps: Added to the root in the denominator.
            weight_decay: The factor λ; lr · λ is the share of p that is taken off it.
        """
        ### BEGIN SOLUTION
        self.param_groups = groups_of(
            params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay
        )
        # for each parameter its number of steps, its mean gradient and its mean squared gradient
        self.state: dict[Tensor, tuple[int, Tensor, Tensor]] = {}
        ### END SOLUTION

    def step(self) -> None:
        """Update every parameter that has a gradient, in place.

        - m ← β₁ m + (1 − β₁) g and s ← β₂ s + (1 − β₂) g², both zero at first,
        - m̂ = m / (1 − β₁ᵗ) and ŝ = s / (1 − β₂ᵗ), with t = 1 at the first step,
        - p ← p − lr · λ p − lr · m̂ / (√ŝ + eps), with the old p on the right.

        A parameter whose `.grad` is `None` is skipped: it does not decay either, and its t does not
        grow. `.grad` stays as it is.
        """
        ### BEGIN SOLUTION
        with torch.no_grad():
            for group in self.param_groups:
                lr, (beta1, beta2) = group["lr"], group["betas"]
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    start = (0, torch.zeros_like(p), torch.zeros_like(p))
                    t, m, s = self.state.get(p, start)
                    t += 1
                    m = beta1 * m + (1 - beta1) * p.grad
                    s = beta2 * s + (1 - beta2) * p.grad**2
                    self.state[p] = (t, m, s)

                    m_hat = m / (1 - beta1**t)
                    s_hat = s / (1 - beta2**t)
                    p *= 1 - lr * group["weight_decay"]
                    p -= lr * m_hat / (s_hat.sqrt() + group["eps"])
        ### END SOLUTION


def step_decay(step: int, every: int, lr: float, gamma: float = 0.1) -> float:
    """The learning rate of a step, with drops: `lr` times `gamma` for each `every` steps before.

    The steps count from 0: with `every=3` the steps 0, 1 and 2 have `lr`, and 3, 4 and 5 have
    `lr · gamma`.

    Returns:
        lr · gammaᵏ with k = ⌊step / every⌋, a float.
    """
    ### BEGIN SOLUTION
    return lr * gamma ** (step // every)
    ### END SOLUTION


def cosine_with_warmup(step: int, warmup: int, total: int, lr: float) -> float:
    """The learning rate of a step: it rises to `lr` in a line, and falls to 0 along a cosine.

    The steps count from 0, and 0 ≤ warmup ≤ total. With `warmup=4`, `total=8` and `lr=0.1` the steps
    0 to 8 have 0.025, 0.05, 0.075, 0.1, 0.1, 0.0854, 0.05, 0.0146 and 0.

    Returns:
        A float: lr · (step + 1) / warmup before the step `warmup`; from there on
        lr · (1 + cos(π q)) / 2 with q = (step − warmup) / (total − warmup); from the step `total`
        on 0.
    """
    ### BEGIN SOLUTION
    if step >= total:
        return 0.0
    if step < warmup:
        return lr * (step + 1) / warmup
    return lr * (1 + math.cos(math.pi * (step - warmup) / (total - warmup))) / 2
    ### END SOLUTION


def clip_by_norm(params: Iterable[Tensor], max_norm: float) -> Tensor:
    """Scale all gradients by one factor, so that their total norm is at most `max_norm`.

    The total norm is that of all gradients as a single vector: the root of the sum of all squares.
    Where it is `max_norm` or less, the gradients stay as they are. Torch divides by the total norm
    plus 10⁻⁶; with that or without it is right.

    Args:
        params: Tensors of one dtype on one device, of which some may have no gradient, but not all;
            any iterable, a generator too. The gradients may all be 0; their squares have room in
            their dtype.
        max_norm: A number above 0.

    Returns:
        The total norm before, a 0-dim tensor. Afterwards the `.grad` of each parameter holds the
        scaled gradient; whether it is the same tensor as before is free.
    """
    ### BEGIN SOLUTION
    grads = [p.grad for p in params if p.grad is not None]
    total: Tensor = torch.cat([grad.flatten() for grad in grads]).norm()
    if total > max_norm:
        for grad in grads:
            grad *= max_norm / total
    return total
    ### END SOLUTION


def accumulate(
    model: nn.Module,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    batches: list[tuple[Tensor, Tensor]],
    optimizer: Any,
) -> float:
    """Take one step of the optimizer, as with all batches in one, which memory has no room for.

    So one batch after the other goes through the model, and each is differentiated (`backward`)
    before the next one: then its graph is free. The batches may have different sizes, and each
    sample counts the same. Gradients from before the call have no say; what `.grad` holds
    afterwards is free.

    Args:
        model: Any model, of which some parameters may be frozen; its mode (training or evaluation)
            is not your concern here.
        loss_fn: `loss_fn(model(x), y)` is the mean loss of the samples of a batch, a 0-dim tensor.
        batches: A list of pairs `(x, y)`, which have a sample in each of `len(x)` rows.
        optimizer: One of torch's, or yours with a `zero_grad()`; it holds the parameters of the model.

    Returns:
        The mean loss of all samples, before the step, as a float.
    """
    ### BEGIN SOLUTION
    samples = sum(len(x) for x, _ in batches)
    mean = 0.0
    optimizer.zero_grad()
    for x, y in batches:
        loss = loss_fn(model(x), y) * len(x) / samples
        loss.backward()
        mean += loss.item()
    optimizer.step()
    return mean
    ### END SOLUTION
