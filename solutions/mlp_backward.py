"""Two layers: backpropagation by hand

A network with one hidden layer is the smallest one in which a gradient has to travel: from the
loss through the second layer, through the ReLU, into the first. The forward pass remembers what
the way back needs (the *cache*); the backward pass applies the chain rule one operation at a time,
last operation first. This is what autograd does for you everywhere else.

Forward: `$H = relu(X W₁ + b₁)$`, `$Z = H W₂ + b₂$`; Z are the logits, a row for each of n samples.

The loss: `$L = −mean(log P[i, labelᵢ])$` with `$P = softmax(Z)$`, row by row.

Backward, with Y the one-hot labels: `$dZ = (P − Y) / n$`, `$dW₂ = Hᵀ dZ$`, `$db₂ = Σ dZ$` over the
rows, `$dH = dZ W₂ᵀ$`, `$dA = dH$` where the ReLU let its input through and 0 elsewhere,
`$dW₁ = Xᵀ dA$`, `$db₁ = Σ dA$` over the rows.

**A number to check.** X = `[[2]]`, W₁ = `[[1, −1]]`, b₁ = `[0, 0]`, W₂ = `[[1, 0], [0, 1]]`,
b₂ = `[−2, 0]`: H = `[[2, 0]]`, the logits are `[[0, 0]]`, and for label 0 the loss is
ln 2 ≈ 0.6931. The gradients: dZ = `[[−0.5, 0.5]]`, dW₂ = `[[−1, 1], [0, 0]]`,
db₂ = `[−0.5, 0.5]`, dW₁ = `[[−1, 0]]`, db₁ = `[−0.5, 0]`.

**Rules.** By hand: no automatic differentiation of any kind (`.backward()`, `torch.autograd`,
`torch.func`, a tensor made to require gradients), nor a backward pass that torch has ready
(`torch.ops.aten.threshold_backward` and its like). Every other function of torch is allowed
(`torch.softmax`, `F.one_hot`, `F.cross_entropy` for the loss's value, `@torch.no_grad()`, …).

- Results have the dtype and the device of the inputs, and do not require gradients.
- Inputs are left as they were: the logits too, so do not subtract the one-hot labels in place.
- Every size (n, d, k, c) may be 1, and inputs may be non-contiguous.

- `cache` is an input of `backward`: it is left as it was, and may be used several times.
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

See: https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def forward(x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> tuple[Tensor, Any]:
    """The logits of the network: `$relu(X W₁ + b₁) W₂ + b₂$`.

    Args:
        x: the samples, a row each, shape (n, d).
        w1: the weights of the first layer, shape (d, k).
        b1: the bias of the first layer, shape (k,).
        w2: the weights of the second layer, shape (k, c).
        b2: the bias of the second layer, shape (c,).

    Returns:
        The pair `(logits, cache)`: the logits have shape (n, c); `cache` is whatever your
        `backward` needs.
    """
    ### BEGIN SOLUTION
    hidden = torch.relu(x @ w1 + b1)
    logits = hidden @ w2 + b2
    return logits, (x, hidden, w2)
    ### END SOLUTION


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """The mean cross-entropy, `$−mean(log softmax(Z)[i, labelᵢ])$`.

    Args:
        logits: shape (n, c). Values up to ±10⁴ give a finite loss (e^10000 is infinite: do not
            take the exponential of a logit as it is).
        labels: the number of the right class for each row, shape (n,), int64.

    Returns:
        The loss, a scalar (0-dim tensor) in the dtype of `logits`.
    """
    ### BEGIN SOLUTION
    log_probabilities = torch.log_softmax(logits, dim=1)
    rows = torch.arange(len(labels), device=labels.device)
    return -log_probabilities[rows, labels].mean()
    ### END SOLUTION


def backward(cache: Any, logits: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """The gradients of the mean cross-entropy with respect to the four parameters.

    The gradient at the output is `$dZ = (softmax(Z) − onehot(labels)) / n$`, with the logits Z used
    as they are given: also when these are not the logits that made `cache`. The slope of the ReLU
    is 1 where its input is more than 0, and 0 where it is 0 or less.

    Args:
        cache: the second result of `forward`.
        logits: shape (n, c); left as they were.
        labels: the number of the right class for each row, shape (n,), int64.

    Returns:
        A dict with the gradients `"w1"` (d, k), `"b1"` (k,), `"w2"` (k, c) and `"b2"` (c,).
    """
    ### BEGIN SOLUTION
    x, hidden, w2 = cache
    n, c = logits.shape
    d_logits = (torch.softmax(logits, dim=1) - F.one_hot(labels, num_classes=c)) / n
    d_hidden = d_logits @ w2.T
    d_before_relu = d_hidden * (hidden > 0)
    return {
        "w1": x.T @ d_before_relu,
        "b1": d_before_relu.sum(dim=0),
        "w2": hidden.T @ d_logits,
        "b2": d_logits.sum(dim=0),
    }
    ### END SOLUTION
