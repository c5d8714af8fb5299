"""Softmax, normalization and dropout: forward, and backward by hand

These stand in nearly every network, and each hides something. The softmax turns numbers into
shares, and overflows if it is written as it reads. Layer norm and batch norm give numbers the mean
0 and the spread 1, and since every number has a part in both, their gradients are more than a
factor. Batch norm and dropout do one thing in training and another in evaluation.

- Softmax along one dimension: `$yᵢ = exp(xᵢ) / Σⱼ exp(xⱼ)$`. Log-softmax is its logarithm:
  `$yᵢ = xᵢ − ln Σⱼ exp(xⱼ)$`. Not with `exp` as it stands: exp(1000) is infinite. To subtract the
  largest number from all of them changes nothing in the result.
- Normalization: `$x̂ = (x − μ) / √(v + ε)$` and `$y = γ · x̂ + β$`. μ is the mean, and v the mean of
  the squared deviations, `$v = mean((x − μ)²)$`: divided by how many numbers there are, not by one
  less. γ is `weight`, β is `bias`. Layer norm takes μ and v of each row, batch norm of each column.
  On paper v is also `$mean(x²) − μ²$`; in the computer that has no digits left where μ is far larger
  than the spread.
- Dropout: in training each number becomes 0 with probability p, and is divided by 1 − p otherwise,
  so that the mean stays; in evaluation nothing changes.

Backward: the gradient of some loss L with respect to the result, `$G = ∂L/∂y$`, is given; that with
respect to the inputs is asked. `$∂L/∂xᵢ = Σⱼ Gⱼ · ∂yⱼ/∂xᵢ$`: a number of x has a part in each result
of its row or column.

- Softmax: `$∂yⱼ/∂xᵢ = yⱼ · (δᵢⱼ − yᵢ)$`, where `$δᵢⱼ$` is 1 for i = j and 0 elsewhere. Log-softmax:
  `$∂yⱼ/∂xᵢ = δᵢⱼ − exp(yᵢ)$`.
- Normalization: with `$D = γ · G$`, the gradient at x̂,
  `$∂L/∂x = (D − mean(D) − x̂ · mean(D · x̂)) / √(v + ε)$`; the means are over the same numbers as μ.

**A number to check.** Softmax of `[0, 1.0986]`, with 1.0986 = ln 3, is `[1/4, 3/4]`; for G = `[4, 0]`
the gradient is `[3/4, −3/4]`. Batch norm of the column x = 1, 3 with γ = 2, β = 1: μ = 2, v = 1, and
y is −1 and 3, but for ε. With momentum 0.1 a running mean of 0 becomes 0.2, and a running variance
of 1 becomes 0.9 · 1 + 0.1 · 2 = 1.1: that takes the variance that is divided by n − 1.

**Rules.** By hand: no automatic differentiation of any kind (`.backward()`, `torch.autograd`,
`torch.func`, a tensor made to require gradients), nor a backward pass that torch has ready. From
scratch: not by calling the torch function or class that is asked for (`torch.softmax`,
`x.log_softmax`, `F.layer_norm`, `F.batch_norm`, `F.dropout`, `nn.LayerNorm`, …) or its kin
(`F.group_norm`), nor one that takes a softmax itself (`F.cross_entropy`, attention). Every other
function of torch is allowed: `mean`, `var`, `amax`, `torch.logsumexp`, `torch.bernoulli`, ….

- Results have the dtype and the device of the inputs, and do not require gradients.
- Inputs are left as they were, but for the running statistics.
- Every size may be 1, and inputs may be non-contiguous. Numbers are finite, no tensor is empty, and
  ε is more than 0.

- `cache` is whatever the `backward` of the same name needs. It is an input there: it is left as it
  was, and may be used several times. Until then `x`, `weight` and `bias` stay as they are; the running
  statistics may have changed.
- Finite differences and the complex step are no automatic differentiation: they are free where
  they are exact enough. Symbolic differentiation (`sympy`) is not allowed.
- What counts is what your functions do when they run. Imports, annotations, `isinstance`, and tests
  under `if __name__ == "__main__":` are free. A function that breaks the rule loses its own points;
  the others keep theirs. Functions that a rule is for start no threads.
- Where an input requires gradients, the values have to be right all the same. Whether the results
  then require gradients is free.
- float16 and bfloat16 are taken too, wherever torch's own function takes them: the results have
  that dtype, and are as exact as it is.
- An answer depends on the arguments alone, and that of dropout on chance: not on earlier calls, nor
  on torch's default dtype or device. What was handed out earlier stays as it was.

See: https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html
"""

from typing import Any

import torch
from torch import Tensor


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    """The softmax along a dimension: shares that add up to 1.

    Args:
        x: numbers of any size, ±10⁴ for example; one dimension or more.
        dim: the dimension along which the shares add up to 1.

    Returns:
        A tensor of the shape of `x`.
    """
    # YOUR CODE HERE
    raise NotImplementedError("softmax is not written yet")


def softmax_backward(grad: Tensor, y: Tensor, dim: int = -1) -> Tensor:
    """The gradient with respect to the input of the softmax.

    Args:
        grad: G, the gradient with respect to the result, of the shape of `y`.
        y: what `softmax` gave.
        dim: the dimension that `softmax` was given.

    Returns:
        A tensor of the shape of `y`.
    """
    # YOUR CODE HERE
    raise NotImplementedError("softmax_backward is not written yet")


def log_softmax(x: Tensor, dim: int = -1) -> Tensor:
    """The logarithm of the softmax along a dimension, finite for any numbers.

    For `[0, 1000]` it is `[−1000, 0]`: the logarithm of a softmax would be −∞. (In float32 x minus a
    log-sum-exp loses about |x| · 10⁻⁷; that much is allowed for.)

    Args:
        x: numbers of any size, ±10⁴ for example; one dimension or more.
        dim: the dimension along which the shares add up to 1.

    Returns:
        A tensor of the shape of `x`.
    """
    # YOUR CODE HERE
    raise NotImplementedError("log_softmax is not written yet")


def log_softmax_backward(grad: Tensor, y: Tensor, dim: int = -1) -> Tensor:
    """The gradient with respect to the input of the log-softmax.

    Args:
        grad: G, the gradient with respect to the result, of the shape of `y`.
        y: what `log_softmax` gave.
        dim: the dimension that `log_softmax` was given.

    Returns:
        A tensor of the shape of `y`.
    """
    # YOUR CODE HERE
    raise NotImplementedError("log_softmax_backward is not written yet")


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> tuple[Tensor, Any]:
    """Layer norm over the last dimension: μ and v are those of each row.

    Args:
        x: shape (…, d), with any number of leading dimensions, none too.
        weight: γ, shape (d,).
        bias: β, shape (d,).
        eps: ε.

    Returns:
        The pair `(y, cache)`: y has the shape of `x`.
    """
    # YOUR CODE HERE
    raise NotImplementedError("layer_norm is not written yet")


def layer_norm_backward(grad: Tensor, cache: Any) -> dict[str, Tensor]:
    """The gradients with respect to the three inputs of `layer_norm`.

    Args:
        grad: G, the gradient with respect to y, of its shape.
        cache: the second result of `layer_norm`.

    Returns:
        A dict with the gradients `"x"` (…, d), `"weight"` (d,) and `"bias"` (d,).
    """
    # YOUR CODE HERE
    raise NotImplementedError("layer_norm_backward is not written yet")


def batch_norm(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    training: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[Tensor, Any]:
    """Batch norm of rows of features: in training μ and v are those of each column.

    In training the running statistics are changed, in place: each becomes (1 − momentum) times
    itself plus momentum times that of the batch. For `running_var` that is the variance with
    n − 1 in the denominator. In evaluation μ and v *are* the running statistics, as they stand,
    and nothing is changed.

    Args:
        x: a sample per row, shape (n, c); in training n is 2 or more.
        weight: γ, shape (c,).
        bias: β, shape (c,).
        running_mean: shape (c,).
        running_var: shape (c,), no number below 0.
        training: whether it is training, or else evaluation.
        momentum: the weight of the new numbers in the running statistics.
        eps: ε.

    Returns:
        The pair `(y, cache)`: y has the shape of `x`.
    """
    # YOUR CODE HERE
    raise NotImplementedError("batch_norm is not written yet")


def batch_norm_backward(grad: Tensor, cache: Any) -> dict[str, Tensor]:
    """The gradients with respect to `x`, `weight` and `bias` of `batch_norm`.

    In evaluation the running statistics are constants: μ and v do not depend on `x`, so that only
    the factor of x is left of its gradient.

    Args:
        grad: G, the gradient with respect to y, shape (n, c).
        cache: the second result of `batch_norm`, in training or in evaluation.

    Returns:
        A dict with the gradients `"x"` (n, c), `"weight"` (c,) and `"bias"` (c,).
    """
    # YOUR CODE HERE
    raise NotImplementedError("batch_norm_backward is not written yet")


def dropout(x: Tensor, p: float = 0.5, training: bool = True) -> tuple[Tensor, Any]:
    """Dropout: in training each number by itself becomes 0 with probability p, or is divided by 1 − p.

    Which ones is drawn anew in each call, from any generator; those of torch, Python and NumPy that all
    code shares are not seeded.

    Args:
        x: any shape.
        p: the probability from 0 to 1, both included: for 0 nothing becomes 0, and for 1 everything.
        training: whether it is training. In evaluation y is equal to `x` (or is `x` itself).

    Returns:
        The pair `(y, cache)`: y has the shape of `x`.
    """
    # YOUR CODE HERE
    raise NotImplementedError("dropout is not written yet")


def dropout_backward(grad: Tensor, cache: Any) -> Tensor:
    """The gradient with respect to the input of `dropout`, for the same numbers that became 0.

    Where a number of x was 0 already and was not dropped, the gradient passes as elsewhere.

    Args:
        grad: G, the gradient with respect to y, of its shape.
        cache: the second result of `dropout`, in training or in evaluation.

    Returns:
        A tensor of the shape of `grad`; in evaluation it is equal to `grad` (or is `grad` itself).
    """
    # YOUR CODE HERE
    raise NotImplementedError("dropout_backward is not written yet")
