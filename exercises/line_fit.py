"""Fitting a line by hand

Given points (x, y), find the line y = a·x + b that passes them most closely. "Closely" is measured
by the mean squared error; its two derivatives say in which direction a and b should move; gradient
descent takes a small step that way, again and again. All of deep learning is this loop with more
parameters.

The loss: `$L = mean((ŷ − y)²)$` with `$ŷ = a·x + b$`.

Its gradients: `$∂L/∂a = 2·mean((ŷ − y)·x)$` and `$∂L/∂b = 2·mean(ŷ − y)$`.

One step: `$a ← a − lr·∂L/∂a$` and `$b ← b − lr·∂L/∂b$`, with both gradients taken at the old a and
b.

**A number to check.** x = `[1, 2]`, y = `[3, 5]`, a = b = 0: the loss is (9 + 25) / 2 = 17,
∂L/∂a = 2·(−3 − 10) / 2 = −13 and ∂L/∂b = 2·(−3 − 5) / 2 = −8. One step with lr = 0.1 gives
a = 1.3, b = 0.8.

**Rules.** By hand: no automatic differentiation of any kind (`.backward()`, `torch.autograd`,
`torch.func`, a tensor made to require gradients), nor a backward pass that torch has ready
(`torch.ops.aten.mse_loss_backward` and its like). Every other function of torch is allowed
(`F.mse_loss` for the loss's value, `@torch.no_grad()`, …).

- Results have the dtype and the device of the inputs, and do not require gradients.
- Inputs are left as they were: `step` returns new parameters and does not touch the old ones.
- m, the number of points, may be 1; `x` and `y` may be non-contiguous.
- A parameter is a 0-dim tensor or has shape (1,). Its gradient and its new value have that same
  shape, also when the other parameter has the other one.

- Finite differences and the complex step are no automatic differentiation: they are free where
  they are exact enough. Symbolic differentiation (`sympy`) is not allowed.
- A function that breaks the rule loses its own points; the others keep theirs. Functions that a
  rule is for start no threads.
- Where an input requires gradients, the values have to be right all the same. Whether the results
  then require gradients is free.
- float16 and bfloat16 are taken too, wherever torch's own function takes them: the results have
  that dtype, and are as exact as it is.
- An answer depends on the arguments alone: not on earlier calls, nor on torch's default dtype or
  device, unless that is said. What was handed out earlier stays as it was.

See: https://docs.pytorch.org/docs/stable/generated/torch.nn.MSELoss.html
"""

import torch
from torch import Tensor


def predict(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """The line at every point: `$a·x + b$`.

    Args:
        x: the points, shape (m,).
        a: the slope, 0-dim or of shape (1,).
        b: the intercept, 0-dim or of shape (1,).

    Returns:
        The predictions, shape (m,).
    """
    # YOUR CODE HERE
    raise NotImplementedError("predict is not written yet")


def mse(y_pred: Tensor, y: Tensor) -> Tensor:
    """The mean squared error: `$mean((ŷ − y)²)$`.

    Args:
        y_pred: the predictions ŷ, shape (m,).
        y: the true values, shape (m,).

    Returns:
        The error, a scalar (0-dim tensor).
    """
    # YOUR CODE HERE
    raise NotImplementedError("mse is not written yet")


@torch.no_grad()
def gradients(x: Tensor, y: Tensor, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """The gradients of the mean squared error of the line.

    `$∂L/∂a = 2·mean((ŷ − y)·x)$`, `$∂L/∂b = 2·mean(ŷ − y)$`.

    Args:
        x: the points, shape (m,).
        y: the true values, shape (m,).
        a: the slope, 0-dim or of shape (1,).
        b: the intercept, 0-dim or of shape (1,).

    Returns:
        The pair (∂L/∂a, ∂L/∂b), each in the shape of its parameter, not requiring gradients.
    """
    # YOUR CODE HERE
    raise NotImplementedError("gradients is not written yet")


@torch.no_grad()
def step(x: Tensor, y: Tensor, a: Tensor, b: Tensor, lr: float) -> tuple[Tensor, Tensor]:
    """One step of gradient descent on both parameters at once.

    Args:
        x: the points, shape (m,).
        y: the true values, shape (m,).
        a: the slope, 0-dim or of shape (1,); left as it was.
        b: the intercept, 0-dim or of shape (1,); left as it was.
        lr: the learning rate.

    Returns:
        The pair of new parameters (a, b), each in the shape of the old one, not requiring
        gradients.
    """
    # YOUR CODE HERE
    raise NotImplementedError("step is not written yet")
