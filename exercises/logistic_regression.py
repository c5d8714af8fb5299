"""Logistic regression: a backward pass by hand

Logistic regression answers a yes-or-no question with a probability: a weighted sum of the
features, squeezed into the range from 0 to 1. PyTorch would find the gradients of its loss for
you; here you write them yourself, once, and see that a backward pass is a few lines of matrix
algebra. The samples are the COLUMNS of `x`: `dim` features high, `m` samples wide.

The model: `$ŷ = σ(wᵀx + b)$`, with `$σ(z) = 1 / (1 + e^(−z))$`.

The loss, averaged over the samples: `$L = −mean(y log ŷ + (1 − y) log(1 − ŷ))$`.

Its gradients: `$dw = x (ŷ − y)ᵀ / m$` and `$db = Σ(ŷ − y) / m$`.

One step of gradient descent: `$w ← w − lr·dw$` and `$b ← b − lr·db$`.

**A number to check.** One feature, two samples: `x = [[1, 3]]`, `y = [[1, 1]]`. A new model has
w = 0 and b = 0, so ŷ = `[[0.5, 0.5]]` and the loss is ln 2 ≈ 0.6931. Then ŷ − y is
`[[−0.5, −0.5]]`, dw = (1·(−0.5) + 3·(−0.5)) / 2 = −1 and db = −0.5. After one step with lr = 0.1,
w = 0.1 and b = 0.05.

**Rules.** By hand: no automatic differentiation of any kind (`.backward()` of a tensor,
`torch.autograd`, `torch.func`, a tensor made to require gradients), nor a backward pass that torch
has ready (`torch.ops.aten.sigmoid_backward` and its like). Every other function of torch is allowed
(`torch.sigmoid`, `torch.log`, `F.binary_cross_entropy` for the loss's value, `@torch.no_grad()`,
…).

- Results have the dtype and the device of the inputs, float64 as well as float32, and do not
  require gradients.
- Inputs are left as they were. `dim` and `m` may be 1, and inputs may be non-contiguous.
- `b` starts at 0, so a forgotten `+ b` shows only after a step.

- The labels `y` are 0 or 1.
- Finite differences and the complex step are no automatic differentiation: they are free where
  they are exact enough. Symbolic differentiation (`sympy`) is not allowed.
- A function that breaks the rule loses its own points; the others keep theirs. Functions that a
  rule is for start no threads.
- Where an input requires gradients, the values have to be right all the same. Whether the results
  then require gradients is free.
- float16 and bfloat16 are taken too, wherever torch's own function takes them: the results have
  that dtype, and are as exact as it is.
- An answer depends on the arguments and the parameters alone: not on earlier calls, nor on torch's
  default dtype or device, unless that is said. What was handed out earlier stays as it was, and two
  instances share nothing.

See: https://docs.pytorch.org/docs/stable/generated/torch.nn.BCELoss.html
"""

import torch
from torch import Tensor, nn


class LR(nn.Module):
    """Logistic regression with its gradients written out.

    Attributes (`w`, `b` and the entries of `grads` may be plain tensors, buffers or parameters;
    with parameters, see to it that no result requires gradients, e.g. with `@torch.no_grad()`):
        w: the weights, shape (dim, 1), zeros at first.
        b: the bias, a 0-dim tensor, zero at first.
        lr: the learning rate, as it was given.
        grads: a dict with the gradients `"dw"`, shape (dim, 1), and `"db"`, 0-dim; both zeros
            at first.
    """

    w: Tensor
    b: Tensor
    lr: float | Tensor
    grads: dict[str, Tensor]

    def __init__(
        self,
        dim: int,
        lr: float | Tensor = 0.01,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        """Make the attributes `w`, `b`, `lr` and `grads`, as the docstring of the class says.

        Args:
            dim: the number of features, 1 or more.
            lr: the learning rate, a float or a 0-dim tensor.
            device: where `w`, `b` and `grads` lie; `None` is torch's default device.
            dtype: the dtype of `w`, `b` and `grads`; `None` is torch's default dtype.
        """
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError("LR.__init__ is not written yet")

    def sigmoid(self, z: Tensor) -> Tensor:
        """The logistic function, `$1 / (1 + e^(−z))$`, element by element.

        Args:
            z: any shape, any finite values: ±10⁴ too, where a careless e^(−z) is infinite.

        Returns:
            A tensor of the shape and dtype of `z`, finite and right for any `z`.
        """
        # YOUR CODE HERE
        raise NotImplementedError("LR.sigmoid is not written yet")

    def forward(self, x: Tensor) -> Tensor:
        """The probability of "yes" for each sample: `$ŷ = σ(wᵀx + b)$`.

        Args:
            x: the samples, shape (dim, m), a sample per column.

        Returns:
            ŷ, shape (1, m), in the dtype of `x`.
        """
        # YOUR CODE HERE
        raise NotImplementedError("LR.forward is not written yet")

    def backward(self, x: Tensor, yhat: Tensor, y: Tensor) -> None:
        """Fill `grads` with the gradients of the mean binary cross-entropy.

        `$dw = x (ŷ − y)ᵀ / m$` goes to `grads["dw"]`, shape (dim, 1);
        `$db = Σ(ŷ − y) / m$` goes to `grads["db"]`, 0-dim. What `grads` held before is replaced,
        not added to.

        Args:
            x: the samples, shape (dim, m).
            yhat: the probabilities, shape (1, m). Used as they are given: they need not come
                from this model's `forward`.
            y: the labels, 0 or 1, shape (1, m), in the dtype of `x`.
        """
        # YOUR CODE HERE
        raise NotImplementedError("LR.backward is not written yet")

    def optimize(self) -> None:
        """One step of gradient descent: `$w ← w − lr·dw$`, `$b ← b − lr·db$`.

        `w` and `b` may be rebound to new tensors or changed in place; they keep their shapes,
        dtype and device. What `grads` holds afterwards is free. `lr` may be a float or a 0-dim
        tensor, also one of another dtype than `w` and `b`.
        """
        # YOUR CODE HERE
        raise NotImplementedError("LR.optimize is not written yet")


def loss(yhat: Tensor, y: Tensor) -> Tensor:
    """The mean binary cross-entropy, `$−mean(y log ŷ + (1 − y) log(1 − ŷ))$`.

    Each logarithm is clamped at −100 (a smaller one counts as −100), as `torch.nn.BCELoss` does,
    so that the loss is finite when ŷ is exactly 0 or 1.

    Args:
        yhat: the probabilities, from 0 to 1, both ends included, shape (1, m).
        y: the labels, 0 or 1, shape (1, m), in the dtype of `yhat`.

    Returns:
        The loss, a 0-dim tensor in the dtype of `yhat`.
    """
    # YOUR CODE HERE
    raise NotImplementedError("loss is not written yet")
