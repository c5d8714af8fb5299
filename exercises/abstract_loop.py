"""The training loop in plain functions

Before there were models, criteria and optimizers in classes, there was a loop with five steps:
predict, measure the error, go backward, update the parameters, clear the gradients. Give each step
a function of its own, keep the parameters together in a dict, and the loop no longer cares how
many parameters there are. Here you write these functions for a straight line and put them
together. In PyTorch, `init_params` and `predict` grew into the model, `calculate_err` into the
criterion, `update_params` and `clear_grad` into the optimizer.

- The model: $ŷ = a x + b$, with $a = b = 1$ at first.
- The error: $mean((ŷ − y)²)$.
- The update: $p ← p − lr · ∂error/∂p$ for every parameter $p$.

**A number to check.** $x = (1, 2)$ and $y = (3, 5)$ give $ŷ = (2, 3)$, so the first error is
$(1 + 4) / 2 = 2.5$, with $∂error/∂a = −5$ and $∂error/∂b = −3$. With $lr = 0.1$ the update leads
to $a = 1.5$, $b = 1.3$, and the error of the second round is 0.265.

**Rules.**

- Without `torch.optim`. The gradients may come from autograd (`backward`).
- Results have the dtype and the device of the inputs: float64 stays float64.
- `xs` and `ys` are left as they were; they may hold a single point, and be non-contiguous.
- "In place" means that the tensors in the dict stay the same objects and get new values. They must
  stay leaf tensors that require gradients, so autograd must not watch the update:
  `with torch.no_grad():`.

- What counts is what your functions do when they run. Imports, annotations, `isinstance`, copying
  weights from torch's own classes, and tests under `if __name__ == "__main__":` are free. A
  function that breaks the rule loses its own points; the others keep theirs. Functions that a rule
  is for start no threads.
- "In place" means that the same tensor object holds the new values afterwards; `p.data = …` counts.
- float16 and bfloat16 are taken too, wherever torch's own function takes them: the results have
  that dtype, and are as exact as it is.
- An answer depends on the arguments alone: not on earlier calls, nor on torch's default dtype or
  device, unless that is said. What was handed out earlier stays as it was.

See: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html
"""

import torch
from torch import Tensor


def init_params(
    dtype: torch.dtype | None = None, device: torch.device | str | None = None
) -> dict[str, Tensor]:
    """Make the parameters of the line.

    Args:
        dtype: Their dtype; `None` stands for torch's default.
        device: The device they are made on; `None` stands for torch's default.

    Returns:
        A dict with `"a"` and `"b"`: two 0-dim leaf tensors, both equal to 1, that require
        gradients.
    """
    # YOUR CODE HERE
    raise NotImplementedError("init_params is not written yet")


def predict(x: Tensor, params: dict[str, Tensor]) -> Tensor:
    """The line at the points x: $a x + b$.

    Args:
        x: The points, of any shape.
        params: The dict of parameters, with `"a"` and `"b"`.

    Returns:
        The predictions, of the shape of `x`; autograd can go through them to the parameters.
    """
    # YOUR CODE HERE
    raise NotImplementedError("predict is not written yet")


def calculate_err(y_pred: Tensor, y: Tensor) -> Tensor:
    """The mean squared error, $mean((ŷ − y)²)$.

    Args:
        y_pred: The predictions, of any shape.
        y: The truth, of the same shape.

    Returns:
        The mean over all points, a 0-dim tensor, differentiable.
    """
    # YOUR CODE HERE
    raise NotImplementedError("calculate_err is not written yet")


def update_params(params: dict[str, Tensor], lr: float) -> None:
    """Move every parameter a little against its gradient, in place: p ← p − lr · p.grad.

    A parameter without a gradient (its `.grad` is `None`) is skipped. The gradients are used as
    they are, and not cleared here. The tensors stay the same objects, leaves that require
    gradients.

    Args:
        params: A dict of leaf tensors that require gradients: any names, any shapes, any number.
        lr: The learning rate.
    """
    # YOUR CODE HERE
    raise NotImplementedError("update_params is not written yet")


def clear_grad(params: dict[str, Tensor]) -> None:
    """Forget the gradients: afterwards the `.grad` of every parameter is `None` or zero.

    Args:
        params: A dict of tensors; some may have no gradient yet.
    """
    # YOUR CODE HERE
    raise NotImplementedError("clear_grad is not written yet")


def fit(
    xs: Tensor, ys: Tensor, num_adjust: int, lr: float = 0.01
) -> tuple[dict[str, Tensor], list[float]]:
    """Fit the line to the points: `num_adjust` rounds of the five steps, from `init_params` on.

    The parameters are made in the dtype and on the device of `xs`. No round may see the gradients
    of the round before.

    Args:
        xs: The points, shape (m,).
        ys: The values there, of the same shape, dtype and device.
        num_adjust: The number of rounds, 0 or more.
        lr: The learning rate.

    Returns:
        The pair `(params, errors)`: the parameters after the last update, and a list of
        `num_adjust` floats, the error of each round *before* its update.
    """
    # YOUR CODE HERE
    raise NotImplementedError("fit is not written yet")
