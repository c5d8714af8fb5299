"""A model with three named parameters

A model need not be made of layers. Any formula with numbers to learn becomes one: put the numbers
into an `nn.Module` as parameters, write the formula in `forward`, and every optimizer of torch can
train it. Here the formula is a parabola, and its three numbers have names.

The model: `$y = a·x² + b·x + c$`, with a = 1, b = 2 and c = 3 at first.

**A number to check.** For x = `[1, 2]` a new model gives `[6, 11]`: 1 + 2 + 3 and 4 + 4 + 3. For
the sum of these two outputs the gradients are 1 + 4 = 5 for a, 1 + 2 = 3 for b and 2 for c.

**Rules.** The three numbers are registered parameters (`nn.Parameter`), so that `parameters()`
lists them, `.to(…)` moves them and `state_dict()` saves them. Autograd works out the gradients: do
not cut them off in `forward` (no `.data`, `.detach()` or `.item()`).

- Results have the dtype and the device of the input and the parameters: nothing is fixed to
  float32 or to the CPU.
- `x` is left as it was; its sizes may be 1, and it may be non-contiguous.

- float16 and bfloat16 are taken too, wherever torch's own function takes them: the results have
  that dtype, and are as exact as it is.
- An answer depends on the arguments and the parameters alone: not on earlier calls, nor on torch's
  default dtype or device, unless that is said. What was handed out earlier stays as it was, and two
  instances share nothing.

See: https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html
"""

import torch
from torch import Tensor, nn


class MyModel(nn.Module):
    """The parabola `$a·x² + b·x + c$`.

    Attributes:
        a: a parameter of shape (1,), 1 at first.
        b: a parameter of shape (1,), 2 at first.
        c: a parameter of shape (1,), 3 at first.
    """

    a: nn.Parameter
    b: nn.Parameter
    c: nn.Parameter

    def __init__(self) -> None:
        """Make the parameters `a`, `b` and `c`, each of shape (1,), starting at 1, 2 and 3.

        They are of torch's default dtype, a floating one: integers cannot require gradients.
        """
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError("MyModel.__init__ is not written yet")

    def forward(self, x: Tensor) -> Tensor:
        """The parabola at every element of `x`: `$a·x² + b·x + c$`.

        Args:
            x: any shape of one dimension or more, in the dtype of the parameters.

        Returns:
            A tensor of the shape of `x`.
        """
        # YOUR CODE HERE
        raise NotImplementedError("MyModel.forward is not written yet")
