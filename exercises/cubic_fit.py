"""Fitting a cubic, by hand and with autograd

A cubic polynomial has four parameters, so there are four derivatives to write. First you write them
by hand. Then you let autograd do the same work in a training step, and meet the three habits that
such a step needs: start without old gradients, update without recording, and leave no gradient
behind.

The model: `$ŷ = a + b·x + c·x² + d·x³$`.

The loss: `$L = Σ(ŷ − y)²$`, a SUM over the points, not a mean.

Its gradients: `$∂L/∂a = Σ 2(ŷ − y)$`, `$∂L/∂b = Σ 2(ŷ − y)·x$`, `$∂L/∂c = Σ 2(ŷ − y)·x²$`,
`$∂L/∂d = Σ 2(ŷ − y)·x³$`.

One step: `$p ← p − lr·∂L/∂p$` for each of the four parameters.

**A number to check.** x = `[1, 2]`, y = `[0, 0]`, a = 1, b = c = d = 0: ŷ = `[1, 1]`, the loss is
1 + 1 = 2, and the gradients are 4, 6, 10 and 18. One step with lr = 0.1 gives a = 0.6, b = −0.6,
c = −1, d = −1.8.

**Rules.** `predict`, `loss` and `gradients` by hand: no automatic differentiation of any kind
(`.backward()`, `torch.autograd`, `torch.func`, a tensor made to require gradients), nor a backward
pass that torch has ready (`torch.ops.aten.mse_loss_backward` and its like); every other function of
torch is allowed. `autograd_step` is the opposite: there autograd works out the gradients. It may
call your `predict` and `loss`; these must then let gradients through (no `.detach()`, `.data` or
`.item()` in them).

- Results have the dtype and the device of the inputs. What `gradients` returns does not require
  gradients.
- Inputs are left as they were, except for the parameters of `autograd_step`.
- m, the number of points, may be 1; `x` and `y` may be non-contiguous.
- Each parameter is a 0-dim tensor or has shape (1,).

- Finite differences and the complex step are no automatic differentiation: they are free where
  they are exact enough. Symbolic differentiation (`sympy`) is not allowed.
- A function that breaks the rule loses its own points; the others keep theirs. Functions that a
  rule is for start no threads.
- Where an input requires gradients, the values have to be right all the same. Whether the results
  then require gradients is free.
- "In place" means that the same tensor object holds the new values afterwards; `p.data = …` counts.
- float16 and bfloat16 are taken too, wherever torch's own function takes them: the results have
  that dtype, and are as exact as it is.
- An answer depends on the arguments alone: not on earlier calls, nor on torch's default dtype or
  device, unless that is said. What was handed out earlier stays as it was.

See: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html
"""

import torch
from torch import Tensor


def predict(x: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    """The cubic at every point: `$a + b·x + c·x² + d·x³$`.

    Args:
        x: the points, shape (m,).
        a: the constant, 0-dim or of shape (1,), as are all four parameters.
        b: the factor of x.
        c: the factor of x².
        d: the factor of x³.

    Returns:
        The predictions, shape (m,).
    """
    # YOUR CODE HERE
    raise NotImplementedError("predict is not written yet")


def loss(y_pred: Tensor, y: Tensor) -> Tensor:
    """The SUM of the squared errors: `$Σ(ŷ − y)²$`.

    Args:
        y_pred: the predictions ŷ, shape (m,).
        y: the true values, shape (m,).

    Returns:
        The loss, a scalar (0-dim tensor).
    """
    # YOUR CODE HERE
    raise NotImplementedError("loss is not written yet")


@torch.no_grad()
def gradients(
    x: Tensor, y: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The four gradients of the loss, by hand.

    `$∂L/∂a = Σ 2(ŷ − y)$`; for b, c and d the terms are multiplied by x, x² and x³.

    Args:
        x: the points, shape (m,).
        y: the true values, shape (m,).
        a: the constant, 0-dim or of shape (1,), as are all four parameters.
        b: the factor of x.
        c: the factor of x².
        d: the factor of x³.

    Returns:
        (∂L/∂a, ∂L/∂b, ∂L/∂c, ∂L/∂d), each in the shape of its parameter (one parameter may be
        0-dim and another of shape (1,)), not requiring gradients.
    """
    # YOUR CODE HERE
    raise NotImplementedError("gradients is not written yet")


def autograd_step(x: Tensor, y: Tensor, params: list[Tensor], lr: float) -> float:
    """One step of gradient descent in place, with gradients from autograd.

    `$p ← p − lr·∂L/∂p$` for each parameter p. The tensors in the list are changed in place: they
    stay the same objects, and the list stays as it is. A `.grad` left over from earlier work must
    not leak into the step. Afterwards every parameter's `.grad` is `None` or zero, and its
    `requires_grad` is still true.

    Args:
        x: the points, shape (m,).
        y: the true values, shape (m,).
        params: the four parameters [a, b, c, d], leaf tensors that require gradients, each 0-dim
            or of shape (1,). Any of them may hold an old `.grad`.
        lr: the learning rate.

    Returns:
        The loss before the update, as a `float`.
    """
    # YOUR CODE HERE
    raise NotImplementedError("autograd_step is not written yet")
