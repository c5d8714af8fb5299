"""What backward gives

While you compute with tensors that require gradients, PyTorch writes down every operation. When
you call `backward()` on the result, it walks back through these notes with the chain rule and
leaves ∂result/∂x in the `.grad` of each tensor that you began with (a *leaf*). Here you use that
machine for three gradients, and learn to leave no traces of your work on your caller's tensors.

The polynomial: `$y = mean(x⁴ + 3x³ + 8x² + 3)$`, a mean over all N elements of x.

The function of two: `$Q = 3a³ − b²$`, element by element. Each element of Q depends on one
element of a and one of b, so the gradient of ΣQ holds the derivative of each element.

**A number to check.** For x = `torch.ones(4, 4)` every element of the polynomial's gradient is
(4 + 9 + 16) / 16 = 1.8125: the mean divides by N = 16. For a = `[2, 3]`, b = `[6, 4]` the
gradients of Q are `[36, 81]` for a and `[−12, −8]` for b.

**Rules.** How you work out the last two is free: autograd, or the derivative with pen and paper.
All three functions return detached tensors.

- Results have the shape, the dtype and the device of the inputs.
- Inputs are left as they were: same values, same `requires_grad`, same `.grad`. This holds for an
  input that requires gradients already, and for one that does not.
- Inputs may have any shape, sizes of 1, and be non-contiguous.

- float16 and bfloat16 are taken too, wherever torch's own function takes them: the results have
  that dtype, and are as exact as it is.
- An answer depends on the arguments alone: not on earlier calls, nor on torch's default dtype or
  device, unless that is said. What was handed out earlier stays as it was.

See: https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad.html
"""

from collections.abc import Callable

import torch
from torch import Tensor


def gradient(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """The gradient df/dx by autograd.

    Works when `x` already requires gradients, and when it does not. `x` stays as it was: same
    `requires_grad`, same `.grad` (`None`, or the very numbers that it held before). So do the
    parameters that `f` uses, if it is a model, say: they get no gradient from this.

    Args:
        f: a differentiable function that maps a tensor like `x` to a scalar.
        x: where to take the gradient, any shape, a floating dtype.

    Returns:
        df/dx, detached, of the shape and dtype of `x`.
    """
    # YOUR CODE HERE
    raise NotImplementedError("gradient is not written yet")


def mean_polynomial_gradient(x: Tensor) -> Tensor:
    """The gradient of `$mean(x⁴ + 3x³ + 8x² + 3)$` with respect to x.

    For `torch.ones(4, 4)` it is 1.8125 everywhere. How it is worked out is free.

    Args:
        x: any shape, a floating dtype; it may require gradients or not, and stays as it was.

    Returns:
        The gradient, detached, of the shape and dtype of `x`.
    """
    # YOUR CODE HERE
    raise NotImplementedError("mean_polynomial_gradient is not written yet")


def q_gradients(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """The gradients of `$Q = 3a³ − b²$`, element by element.

    They say how each element of Q changes with its element of `a` and its element of `b`. How they
    are worked out is free.

    Args:
        a: any shape, a floating dtype; it may require gradients or not, and stays as it was.
        b: like `a`, of the same shape.

    Returns:
        The pair (∂Q/∂a, ∂Q/∂b), each detached and shaped like its input.
    """
    # YOUR CODE HERE
    raise NotImplementedError("q_gradients is not written yet")
