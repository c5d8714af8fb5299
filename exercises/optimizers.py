"""Optimizers: SGD and Adam from scratch

An optimizer holds the parameters of a model and moves them, once per `step()`, by what is in their
`.grad`. Plain gradient descent uses the last gradient alone. Momentum keeps a running sum of the
gradients, so that the parameters roll on like a ball; Adam keeps running means of the gradient and
of its square, and gives each parameter a step size of its own. Here you write both, so exactly
that they cannot be told from torch's.

In all formulas $g$ is the gradient, `p.grad`; with a weight decay $λ$ it is that plus $λ p$.

**SGD.** Without momentum: $p ← p − lr · g$. With momentum $μ$: a buffer $v$ for each parameter. At
the first step of that parameter $v = g$, later $v ← μ v + g$; then $p ← p − lr · v$, or with
Nesterov's variant $p ← p − lr · (g + μ v)$.

**Adam.** Two means $m$ and $s$ for each parameter, zero at first, and the number $t$ of the steps
that *this* parameter has made (1 at its first):

- $m ← β₁ m + (1 − β₁) g$ and $s ← β₂ s + (1 − β₂) g²$,
- $m̂ = m / (1 − β₁ᵗ)$ and $ŝ = s / (1 − β₂ᵗ)$, because both means start at 0 and are too small at
  first,
- $p ← p − lr · m̂ / (√ŝ + eps)$.

**A number to check.** $p = 1$, $lr = 0.1$, momentum 0.9, and the gradient is 2 in both of two
steps. First $v = 2$ and $p = 0.8$, then $v = 0.9 · 2 + 2 = 3.8$ and $p = 0.42$. With Nesterov's
variant $p$ is $0.62$ after the first step and $0.078$ after the second. Adam's first step with
$lr = 0.1$ leads to $p = 0.9$: however large the gradient is, the first step is about $lr$.

**Rules.** From scratch: not by `torch.optim`, nor by a subclass of anything in it (nor by the
functions in there). Everything else of torch is allowed.

- `params` may be a generator, which can be gone through only once.
- The parameters are changed in place, and autograd must not watch: `with torch.no_grad():`. They
  may have any floating dtype, device and shape, also 0-dim or non-contiguous.
- A parameter whose `.grad` is `None` is skipped: neither it nor anything kept for it changes.
- `step()` leaves the `.grad` of the parameters as it is. Keep a copy of what you need from it and
  not the tensor itself: it may be zeroed in place before the next step.
- Parameter groups, and `nesterov` without momentum, are not asked for.

- What counts is what your functions do when they run. Imports, annotations, `isinstance`, copying
  weights from torch's own classes, and tests under `if __name__ == "__main__":` are free. A
  function that breaks the rule loses its own points; the others keep theirs. Functions that a rule
  is for start no threads.
- "In place" means that the same tensor object holds the new values afterwards; `p.data = …` counts.
- Several parameters may have one shape, and two optimizers share nothing. Gradients may be refilled
  in place between two steps.

See: https://docs.pytorch.org/docs/stable/optim.html
"""

from collections.abc import Iterable

import torch
from torch import Tensor


class MySGD:
    """Stochastic gradient descent, with momentum, Nesterov's variant and weight decay.

    After any number of steps the parameters equal those of `torch.optim.SGD` with the same
    arguments.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        """Keep the parameters and the settings.

        Args:
            params: Leaf tensors that require gradients; any iterable, a generator too.
            lr: The learning rate.
            momentum: The factor μ; 0 switches the momentum off.
            weight_decay: The factor of p that is added to its gradient.
            nesterov: Whether to use Nesterov's variant of the momentum.
        """
        # YOUR CODE HERE
        raise NotImplementedError("MySGD.__init__ is not written yet")

    def step(self) -> None:
        """Update every parameter that has a gradient, in place.

        With g = p.grad + weight_decay · p: p ← p − lr · g without momentum. With momentum μ the
        buffer v is g at the first step of the parameter and μ v + g later; then p ← p − lr · v, or
        with `nesterov` p ← p − lr · (g + μ v), where v is the new one. A parameter whose `.grad`
        is `None` is skipped. `.grad` stays as it is.
        """
        # YOUR CODE HERE
        raise NotImplementedError("MySGD.step is not written yet")

    def zero_grad(self) -> None:
        """Forget the gradients: afterwards the `.grad` of every parameter is `None` or zero."""
        # YOUR CODE HERE
        raise NotImplementedError("MySGD.zero_grad is not written yet")


class MyAdam:
    """Adam: a step size for each number, from running means of its gradient and of the square.

    After any number of steps the parameters equal those of `torch.optim.Adam` with the same
    arguments.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        """Keep the parameters and the settings.

        Args:
            params: Leaf tensors that require gradients; any iterable, a generator too.
            lr: The learning rate.
            betas: The pair (β₁, β₂): how much of the mean of the gradients and of the mean of the
                squares is kept in a step.
            eps: Added to the root in the denominator.
            weight_decay: The factor of p that is added to its gradient.
        """
        # YOUR CODE HERE
        raise NotImplementedError("MyAdam.__init__ is not written yet")

    def step(self) -> None:
        """Update every parameter that has a gradient, in place.

        With g = p.grad + weight_decay · p (added to the gradient, as `Adam` does, and not as
        `AdamW` does):

        - m ← β₁ m + (1 − β₁) g and s ← β₂ s + (1 − β₂) g², both zero at first,
        - m̂ = m / (1 − β₁ᵗ) and ŝ = s / (1 − β₂ᵗ), with t = 1 at the first step,
        - p ← p − lr · m̂ / (√ŝ + eps).

        A parameter whose `.grad` is `None` is skipped, and its t does not grow: t counts the steps
        of each parameter by itself. `.grad` stays as it is.
        """
        # YOUR CODE HERE
        raise NotImplementedError("MyAdam.step is not written yet")

    def zero_grad(self) -> None:
        """Forget the gradients: afterwards the `.grad` of every parameter is `None` or zero."""
        # YOUR CODE HERE
        raise NotImplementedError("MyAdam.zero_grad is not written yet")
