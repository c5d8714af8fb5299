"""Numerical differentiation

A derivative says how fast a function's value changes when its input moves a little. The plainest
way to get it is to try: move the input by a small `h`, see how far the value moved, divide. No rule
of calculus is needed, only the function itself. That makes it the tool to check every gradient
that you write by hand later.

Forward difference: `$f′(x) ≈ (f(x + h) − f(x)) / h$`, with an error that shrinks like h.

Central difference: `$f′(x) ≈ (f(x + h) − f(x − h)) / 2h$`, with an error that shrinks like h².

Gradient of a function of many numbers: the central difference once for each element of x, with
all the other elements held still.

**A number to check.** f(x) = x² at x = 3 with h = 0.1: the forward difference is
(9.61 − 9) / 0.1 = 6.1, the central one (9.61 − 8.41) / 0.2 = 6, which is exact here. For
f(x) = Σx² at x = `[1, 2]` the numerical gradient is `[2, 4]`.

**Rules.** By hand: no automatic differentiation of any kind (`.backward()`, `torch.autograd`,
`torch.func`, a tensor made to require gradients), nor a backward pass that torch has ready
(`torch.ops.aten.sigmoid_backward` and its like). Every other function of torch is allowed
(`.detach()` and `torch.no_grad()` too).

- Results have the shape, the dtype and the device of `x`, and do not require gradients.
- `x` is left as it was, also when a function moves one element at a time: work on a copy.
- `x` may have any number of dimensions (0 too), sizes of 1, and be non-contiguous (a transposed
  tensor, say: `.view` fails on it, `.reshape` does not).
- float32 holds about 7 digits, so a difference of two close values keeps only a few of them. In
  float64 the same code gives many more.

- The complex step is free where it is exact enough. Symbolic differentiation (`sympy`) is not
  allowed.
- A function that breaks the rule loses its own points; the others keep theirs. Functions that a
  rule is for start no threads.
- Where `x` requires gradients, the values have to be right all the same. Whether the results then
  require gradients is free.
- float16 and bfloat16 are taken too, wherever torch's own function takes them: the results have
  that dtype, and are as exact as it is.
- An answer depends on the arguments alone: not on earlier calls, nor on torch's default dtype or
  device, unless that is said. What was handed out earlier stays as it was.

See: https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html
"""

import itertools
from collections.abc import Callable

import torch
from torch import Tensor


def forward_difference(f: Callable[[Tensor], Tensor], x: Tensor, h: float = 1e-3) -> Tensor:
    """The forward difference `$(f(x + h) − f(x)) / h$`, element by element.

    Args:
        f: a function that acts on each element of a tensor by itself, such as `torch.sin`.
        x: where to take the derivative, any shape, a floating dtype.
        h: the step, more than 0.

    Returns:
        A tensor of the shape and dtype of `x`, without a gradient to it (also when `f` uses
        parameters that require gradients).
    """
    # YOUR CODE HERE
    raise NotImplementedError("forward_difference is not written yet")


def central_difference(f: Callable[[Tensor], Tensor], x: Tensor, h: float = 1e-3) -> Tensor:
    """The central difference `$(f(x + h) − f(x − h)) / 2h$`, element by element.

    Args:
        f: a function that acts on each element of a tensor by itself, such as `torch.sin`.
        x: where to take the derivative, any shape, a floating dtype.
        h: the step to either side, more than 0.

    Returns:
        A tensor of the shape and dtype of `x`, without a gradient to it (also when `f` uses
        parameters that require gradients).
    """
    # YOUR CODE HERE
    raise NotImplementedError("central_difference is not written yet")


def numerical_gradient(f: Callable[[Tensor], Tensor], x: Tensor, h: float = 1e-3) -> Tensor:
    """The gradient of `f` at `x`, by central differences, one element at a time.

    Element i of the result is `$(f(x + h·eᵢ) − f(x − h·eᵢ)) / 2h$`, where x + h·eᵢ is `x` with
    `h` added to element i alone.

    Args:
        f: a function that maps the whole tensor to a scalar, such as `lambda x: (x**2).sum()`.
        x: where to take the gradient, any number of dimensions (0 too), a floating dtype. Each
            call of `f` gets a tensor of this shape. `x` is not changed, not even for a moment.
        h: the step to either side, more than 0.

    Returns:
        A tensor of the shape and dtype of `x`, without a gradient to it (also when `f` uses
        parameters that require gradients).
    """
    # YOUR CODE HERE
    raise NotImplementedError("numerical_gradient is not written yet")
