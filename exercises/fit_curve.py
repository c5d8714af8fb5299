"""A curve through nine points

Model, criterion, optimizer: here they work together, from the points to the picture. A polynomial is
fitted to nine points, four more are held out to say when to stop, and a figure shows the curve before
and after. With degree 2 it is a parabola, with degree 3 a cubic; the code is the same.

Whoever trains for too long follows the noise in the points. **Early stopping** watches the loss at
points that no step sees. While it falls, go on. When it has not been lower than the lowest one for
`patience` epochs in a row, stop, and put back the weights of the best epoch.

**A number to check.** Degree 2, $ŷ = c₀ + c₁ x + c₂ x²$, all coefficients 1 at first, the mean
squared error, SGD with $lr = 0.1$. The training points are $(0, 1)$ and $(1, 1)$, the held-out one is
$(2, 6)$. At first $ŷ = (1, 3)$, so the errors are $(0, 2)$ and all three gradients are
$2 · 2 / 2 = 2$: the first step leads to $c = (0.8, 0.8, 0.8)$. At the held-out point that gives 5.6,
so the first loss is $0.4² = 0.16$. The second step leads to $c = (0.68, 0.66, 0.66)$, which gives 4.64
there, a loss of 1.8496. With `patience=1` the training ends here: `fit` returns `[0.16, 1.8496]`, and
the coefficients are $(0.8, 0.8, 0.8)$ again.

**Early stopping, exactly.**

- In each epoch there is one step on all training points: one forward pass in training mode, with no
  gradients left over from before. Then comes the loss at the held-out points, in evaluation mode and
  without recording gradients.
- An epoch's loss is better exactly if it is strictly smaller than those of all epochs before it, by
  however little; an equal one is not. The first one is better. All losses are finite.
- Training stops after `patience` epochs in a row that were not better, and after `epochs` at the latest.
- At the end, whatever ended it, the model has the weights *and all buffers* that it had after its best
  epoch, those of whole numbers too. Its parameters are the same tensors as before: the optimizer knows
  them by that.
- The modules' modes afterwards are free, after `predict` too.

**The figure.** `axes` is what matplotlib calls an `Axes`: in a notebook it comes from
`figure, axes = plt.subplots()`. The grader hands in one of its own, which draws nothing and notes what
it is asked for: the numbers are graded, and not the pixels. You do not need matplotlib for that; to see
the figure, `pip install "torch-grader[plots]"` and run this file, or the cell of `_show`.

- Points are drawn by `axes.scatter(x, y)`, or by `axes.plot(x, y, "o")`, which has no line between them.
- A curve is one line: `axes.plot(x, y, label=…)`. A line connects its points in the order in which they
  come, so they have to be in ascending order of x.
- `axes.set_xlabel("x")`, `axes.set_ylabel("y")`, and an `axes.legend()` that shows all curves: it finds
  the labels that are there when it is called.
- matplotlib takes lists, arrays of NumPy and plain tensors on the CPU. It does not take a tensor that
  requires gradients, nor one on another device; nor does the grader's.
- What else you draw is free: a title, a grid, the held-out points, a label for the points.

**Rules.**

- Tensors are float32 or float64. Results have the dtype and the device of the inputs; only what is
  drawn is on the CPU.
- What you are given stays as it was, except for the model and the optimizer in `fit`.
- An answer depends on the arguments alone: not on earlier calls, nor on torch's default dtype or
  device, unless that is said.

See: https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html
"""

import copy
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer


class Polynomial(nn.Module):
    """The polynomial $c₀ + c₁ x + … + cₙ xⁿ$ of degree n.

    Attributes:
        coefficients: a parameter of shape (degree + 1,), from $c₀$ to $cₙ$; all are 1 at first.
    """

    coefficients: nn.Parameter

    def __init__(
        self,
        degree: int,
        dtype: torch.dtype | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        """Make the parameter `coefficients`.

        Args:
            degree: 1 or more.
            dtype: that of the coefficients; `None` stands for torch's default.
            device: where they are made; `None` stands for torch's default.
        """
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError("Polynomial.__init__ is not written yet")

    def forward(self, x: Tensor) -> Tensor:
        """The polynomial at every element of `x`.

        Args:
            x: any shape, in the dtype of the coefficients.

        Returns:
            A tensor of the shape of `x`; autograd can go through it to the coefficients.
        """
        # YOUR CODE HERE
        raise NotImplementedError("Polynomial.forward is not written yet")


def predict(model: nn.Module, x: Tensor) -> Tensor:
    """What a model says at `x`, in evaluation mode and without recording gradients.

    Args:
        model: any model, in either mode; batch normalization and dropout act as in evaluation.
        x: its input.

    Returns:
        The output, which does not require gradients.
    """
    # YOUR CODE HERE
    raise NotImplementedError("predict is not written yet")


def fit(
    model: nn.Module,
    criterion: Callable[[Tensor, Tensor], Tensor],
    optimizer: Optimizer,
    train: tuple[Tensor, Tensor],
    valid: tuple[Tensor, Tensor],
    epochs: int,
    patience: int,
) -> list[float]:
    """Train until the loss at the held-out points has stopped falling; keep the best weights.

    Args:
        model: any model, in either mode, maybe with gradients left over from before.
        criterion: `criterion(outputs, targets)` is a scalar.
        optimizer: it holds the model's parameters.
        train: the pair (x, y) to train on; x and y have the same first size.
        valid: the pair (x, y) that is held out; these two have as well.
        epochs: the largest number of epochs, 1 or more.
        patience: the number of epochs in a row without a better loss that ends it, 1 or more.

    Returns:
        A list with the loss at the held-out points after each epoch, as a `float`.
    """
    # YOUR CODE HERE
    raise NotImplementedError("fit is not written yet")


def plot_fit(axes: Any, x: Tensor, y: Tensor, grid: Tensor, curves: Mapping[str, Tensor]) -> None:
    """Draw the points (x, y), a labelled line for each curve, the names of both axes, and a legend.

    Args:
        axes: an `Axes` of matplotlib's, or what has the same methods.
        x, y: the points, shape (m,) each, in any order; several may have the same x.
        grid: where the curves are known, shape (k,), no two equal, in any order.
        curves: for each label the values at `grid`, shape (k,). Any of these tensors may require gradients.
    """
    # YOUR CODE HERE
    raise NotImplementedError("plot_fit is not written yet")


def fit_curve(
    axes: Any,
    train: tuple[Tensor, Tensor],
    valid: tuple[Tensor, Tensor],
    grid: Tensor,
    degree: int,
    lr: float,
    epochs: int,
    patience: int,
) -> tuple[Polynomial, list[float]]:
    """From the points to the picture: fit a new `Polynomial`, with `nn.MSELoss` and `torch.optim.SGD`.

    The figure shows the training points and two curves over `grid`, labelled `"before"` and `"after"`:
    the new model's predictions, and those of the fitted one.

    Args:
        axes: what to draw on.
        train, valid: the pairs (x, y) for `fit`, shape (m,) each, of one dtype, on one device.
        grid: where the curves are drawn, shape (k,), as `train`.
        degree: that of the polynomial, which is made in the dtype and on the device of `train`.
        lr: the learning rate; SGD has no momentum.
        epochs, patience: as in `fit`.

    Returns:
        The pair `(model, losses)`: the fitted model, and what `fit` returned.
    """
    # YOUR CODE HERE
    raise NotImplementedError("fit_curve is not written yet")


def _show() -> None:
    """Your own figure, once everything above is written: nine points, a parabola and a cubic."""
    import matplotlib.pyplot as plt

    x = torch.tensor([0.5, -2.0, 1.5, -1.0, 0.0, 2.0, -1.5, 1.0, -0.5])
    held_out = torch.tensor([-1.75, -0.25, 0.75, 1.75])
    noise = torch.tensor([0.21, -0.13, -0.3, 0.17, -0.08, 0.26, 0.05, -0.22, 0.11])
    grid = torch.linspace(-2.2, 2.2, 200)
    for degree in (2, 3):
        _figure, axes = plt.subplots()
        y, y_held_out = (each**degree - each - 1 for each in (x, held_out))
        train, valid = (x, y + noise), (held_out, y_held_out)
        _, losses = fit_curve(axes, train, valid, grid, degree, lr=0.02, epochs=3000, patience=50)
        axes.set_title(f"degree {degree}, {len(losses)} epochs, loss {min(losses):.3f}")
    plt.show()


if __name__ == "__main__":
    _show()
