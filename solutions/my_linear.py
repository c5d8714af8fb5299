"""A linear layer from scratch

`nn.Linear` is the brick that most networks are built of: every output is a weighted sum of the
inputs, plus a bias. Write one yourself as an `nn.Module`. The arithmetic is one line; the point is
what makes a tensor a *parameter*: the module must know it, so that an optimizer trains it, `.to(…)`
moves it and `state_dict` saves it.

The layer: `$y = x W + b$`, with W of shape (in, out) and b of shape (out,). Mind that `nn.Linear`
keeps its weight the other way round, (out, in).

**A number to check.** Two features, one output, weights `[[2], [3]]`, bias `[1]`: for x = `[1, 4]`
the output is 1·2 + 4·3 + 1 = 15.

**Rules.** From scratch: not by calling `nn.Linear`, `nn.Bilinear`, `F.linear`, … or any other
ready-made linear layer, nor by inheriting from one. `nn.Module`, `nn.Parameter`, `torch.randn`, `@`
and `+` are allowed, and autograd works out the gradients.

- Results have the dtype and the device of the input and the parameters: nothing is fixed to
  float32 or to the CPU.
- Inputs are left as they were. `in_features`, `out_features` and every other size may be 1; `x` may
  be non-contiguous.

- What counts is what your functions do when they run. Imports, annotations, `isinstance`, copying
  weights from torch's own classes, and tests under `if __name__ == "__main__":` are free. A
  function that breaks the rule loses its own points; the others keep theirs. Functions that a rule
  is for start no threads.
- float16 and bfloat16 are taken too, wherever torch's own function takes them: the results have
  that dtype, and are as exact as it is.
- An answer depends on the arguments and the parameters alone: not on earlier calls, nor on torch's
  default dtype or device, unless that is said. What was handed out earlier stays as it was, and two
  instances share nothing.

See: https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html
"""

import torch
from torch import Tensor, nn


class MyLinear(nn.Module):
    """A linear layer, `$y = x W + b$`.

    It moves with `.to(…)`, round-trips through `state_dict`, and is trained by any optimizer of
    `torch.optim`: so `weights` and `bias` are registered parameters.

    Attributes:
        in_features: the number of inputs.
        out_features: the number of outputs.
        weights: a parameter of shape (in_features, out_features).
        bias: a parameter of shape (out_features,), or `None`.
    """

    in_features: int
    out_features: int
    weights: nn.Parameter
    bias: nn.Parameter | None

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        """Keep the two sizes and make the parameters.

        Every number in `weights` and in `bias` is drawn from the standard normal distribution
        (mean 0, standard deviation 1).

        Args:
            in_features: the number of inputs, 1 or more.
            out_features: the number of outputs, 1 or more.
            bias: with `False` the attribute `bias` is `None`, and there is no parameter of that
                name, neither in `parameters()` nor in `state_dict()`.
        """
        super().__init__()
        ### BEGIN SOLUTION
        self.in_features = in_features
        self.out_features = out_features
        self.weights = nn.Parameter(torch.randn(in_features, out_features))
        self.bias = nn.Parameter(torch.randn(out_features)) if bias else None
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """The output of the layer, x @ weights + bias (without bias: x @ weights).

        Args:
            x: shape (…, in_features): any number of leading dimensions, none as well.

        Returns:
            Shape (…, out_features), the leading dimensions as in `x`.
        """
        ### BEGIN SOLUTION
        output = x @ self.weights
        if self.bias is not None:
            output = output + self.bias
        return output
        ### END SOLUTION
