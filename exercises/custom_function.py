"""Teaching autograd a new operation

Autograd knows the derivative of every operation of torch. When you have an operation of your own,
or want another derivative than the true one, you tell it with a `torch.autograd.Function`: a
`forward` that computes the result, and a `backward` that turns the gradient of the result into the
gradients of the inputs. What `backward` needs later, `forward` keeps in the context `ctx`.

The linear function: `$y = x Wᵀ + b$`. With g the gradient that arrives for y, and the samples as
rows: `$dx = g W$`, `$dW = gᵀ x$`, `$db = Σ g$` over all samples.

Straight-through rounding: `$y = round(x)$`. Its true derivative is 0 almost everywhere, and nothing
before it could learn; so it is given the derivative 1 instead: `$dx = g$`.

**A number to check.** x = `[[1, 2]]`, W = `[[3, 4]]`, b = `[5]`: y = 3 + 8 + 5 = 16. With g = 1
the gradients are dx = `[[3, 4]]`, dW = `[[1, 2]]`, db = `[1]`. Rounding 1.7 gives 2, and the
gradient of (round x)² there is 2·2·1 = 4.

**Rules.** The gradients in `backward` are written out, not got from autograd (no
`torch.autograd.grad`, no `.backward()`, no `torch.func` in there). `forward` may use `F.linear`.

- Results have the dtype and the device of the inputs. Inputs are left as they were, and so is the
  gradient that arrives.
- `backward` returns one value for each argument of `apply`, in the same order, each gradient in the
  shape of its input.
- Any size may be 1; inputs, and the gradient that arrives, may be non-contiguous.

- A function that breaks the rule loses its own points; the others keep theirs. Functions that a
  rule is for start no threads.
- float16 and bfloat16 are taken too, wherever torch's own function takes them: the results have
  that dtype, and are as exact as it is.
- An answer depends on the arguments alone: not on earlier calls, nor on torch's default dtype or
  device, unless that is said. What was handed out earlier stays as it was.

See: https://docs.pytorch.org/docs/stable/notes/extending.html
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


class LinearFunction(torch.autograd.Function):
    """The linear function `$x Wᵀ + b$`, used as `LinearFunction.apply(x, weight, bias)`.

    It passes `torch.autograd.gradcheck` (in float64), with a bias and without.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """Compute `$x Wᵀ + b$`, and keep in `ctx` what `backward` needs.

        Args:
            ctx: the context: `ctx.save_for_backward(…)` keeps tensors.
            x: shape (…, in): any number of leading dimensions, none as well.
            weight: shape (out, in).
            bias: shape (out,), or `None` for no bias.

        Returns:
            Shape (…, out), the leading dimensions as in `x`.
        """
        # YOUR CODE HERE
        raise NotImplementedError("LinearFunction.forward is not written yet")

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        """Turn the gradient of the output into those of `x`, `weight` and `bias`.

        An input that needs no gradient gets `None`: `ctx.needs_input_grad` says, for each of the
        three, whether it needs one (a bias of `None` never does).

        Args:
            ctx: the context: `ctx.saved_tensors` are the tensors that `forward` kept.
            grad_output: the gradient of the output, shape (…, out).

        Returns:
            The three gradients, shaped like `x` (…, in), `weight` (out, in) and `bias` (out,), or
            `None` in place of each that is not needed.
        """
        # YOUR CODE HERE
        raise NotImplementedError("LinearFunction.backward is not written yet")


class StraightThroughRound(torch.autograd.Function):
    """Rounding that lets gradients through, used as `StraightThroughRound.apply(x)`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Round as `torch.round` does: halves go to the even neighbour, 2.5 to 2 and 3.5 to 4.

        Args:
            ctx: the context; nothing needs to be kept.
            x: any shape, a floating dtype.

        Returns:
            The rounded numbers, in the shape and dtype of `x`.
        """
        # YOUR CODE HERE
        raise NotImplementedError("StraightThroughRound.forward is not written yet")

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> Tensor:
        """Pass the gradient through unchanged, as if the rounding were not there.

        Args:
            ctx: the context.
            grad_output: the gradient of the output, in the shape of `x`.

        Returns:
            The gradient of `x`: `grad_output`, unchanged.
        """
        # YOUR CODE HERE
        raise NotImplementedError("StraightThroughRound.backward is not written yet")
