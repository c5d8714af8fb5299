"""Bug hunt: mend five published mistakes

Each of the functions and classes below, but for the example `parabola`, was published, in one form
or another, in a post that taught PyTorch. Each looks right, and each has exactly one mistake. Some
raise no error at all and are simply wrong, which is the kind that costs a day. The docstrings say
what each should do; find where the code does something else, and mend it.

A good way to hunt: try the code on an example so small that you can do it by hand, and compare.

**A number to check.** `polynomial_model` with $a = 2$, $b = 3$, $c = 4$ gives
$2 · 1² + 3 · 1 + 4 = 9$ at $x = 1$ and $2 · 2² + 3 · 2 + 4 = 18$ at $x = 2$. Its slope there is
$2 a x + b$: $7$ and $11$.

**Rules.**

- Change as little as you can; writing a function anew is allowed as well. Names and arguments
  stay.
- `difference` works by hand: no automatic differentiation of any kind. `F.linear` is allowed in
  `PlainLinear`.
- Results have the dtype and the device of the inputs. Inputs are left as they were. Sizes may be
  1, and inputs may be non-contiguous.

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

See: https://docs.pytorch.org/docs/stable/notes/autograd.html
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn


def should_log(epoch: int, every: int) -> bool:
    """Tell whether to print the loss in this epoch: in the epochs 0, every, 2 · every, …

    Args:
        epoch: The number of the epoch, counted from 0.
        every: How many epochs lie between two lines, 1 or more.

    Returns:
        A `bool`: `True` in the epochs 0, every, 2 · every, … and `False` in all others.
    """
    return epoch % every != 0


def accumulated_steps(
    model: nn.Module,
    criterion: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    batches: Iterable[tuple[Tensor, Tensor]],
) -> list[float]:
    """Train on some batches: one step of the optimizer for each.

    Each step goes by the gradients of its own batch alone: those of the batches before, and those
    that were in `.grad` before the call, have no part in it.

    Args:
        model: The model.
        criterion: `criterion(model(inputs), labels)` is the loss, a scalar tensor.
        optimizer: An optimizer of `torch.optim` that holds the model's parameters.
        batches: Any iterable of `(inputs, labels)`; it may be a generator.

    Returns:
        A list of floats, the loss of each batch before its update.
    """
    losses = []
    for inputs, labels in batches:
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


class PlainLinear(nn.Module):
    """A linear layer that any optimizer can train: x @ weights + bias.

    `weights` of shape (in_features, out_features) and `bias` of shape (out_features,) are what the
    layer learns: they are found by `parameters()` and `state_dict()`, and move with `.to(…)`.
    """

    def __init__(self, in_features: int, out_features: int) -> None:
        """Draw `weights` and `bias` from the standard normal distribution.

        Args:
            in_features: The number of features that go in.
            out_features: The number of features that come out.
        """
        super().__init__()
        self.weights = torch.randn(in_features, out_features)
        self.bias = torch.randn(out_features)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer.

        Args:
            x: A tensor of shape (…, in_features).

        Returns:
            x @ weights + bias, of shape (…, out_features).
        """
        return x @ self.weights + self.bias


def polynomial_model(x: Tensor, a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """The parabola $a x² + b x + c$, element by element.

    Autograd can go through it to all four arguments, also when they are leaf tensors that require
    gradients, and the arguments are left as they were.

    Args:
        x: The points, of any shape with one dimension or more.
        a: The factor of x², 0-dim or of shape (1,).
        b: The factor of x, 0-dim or of shape (1,).
        c: The constant, 0-dim or of shape (1,).

    Returns:
        The values, of the shape of `x`.
    """
    y = x.view_as(x)
    y *= a * x
    y += b * x
    y += c
    return y


def parabola(x: Tensor) -> Tensor:
    """An example of a function to differentiate: $3 (x + 1)²$. There is no mistake in it."""
    return 3 * (x + 1) ** 2


def difference(f: Callable[[Tensor], Tensor], x: Tensor, h: float = 1e-3) -> Tensor:
    """The derivative of a function by a central difference: (f(x + h) − f(x − h)) / 2h.

    By hand: without automatic differentiation. For example, `difference(parabola, torch.ones(1))`
    is about 12.

    Args:
        f: A function that acts on each element of a tensor by itself.
        x: The points, of any shape.
        h: The half of the distance between the two points.

    Returns:
        The approximate derivative of `f` at each element of `x`, of the shape of `x`.
    """
    with torch.no_grad():
        return (parabola(x + h) - parabola(x - h)) / (2 * h)
