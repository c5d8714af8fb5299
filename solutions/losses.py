"""Losses: four criteria and the accuracy from scratch

A criterion turns a prediction and the truth into one number that is small when they agree.
Gradient descent needs that number to be differentiable, and finite: one `inf` or `nan` in a batch
spoils the whole model. So the formulas below are easy on paper, and the work lies in computing
them safely. The accuracy, at the end, is what people want to know; its slope is zero almost
everywhere, and that is why nobody trains on it.

- Mean squared error: $mean((ŷ − y)²)$.
- Binary cross-entropy of probabilities: $−mean(y · ln p + (1 − y) · ln(1 − p))$, where each
  logarithm is clamped: below −100 it counts as −100.
- The same of logits, $p = σ(z) = 1 / (1 + exp(−z))$. Not in two steps: σ(1000) is exactly 1 in the
  computer, and $ln(1 − 1)$ is $−∞$. Note that $ln(1 − σ(z)) = ln σ(−z)$.
- Cross-entropy of logits $z$ over $c$ classes, the label being the class $k$:
  $−ln(exp(z_k) / Σ_j exp(z_j)) = ln(Σ_j exp(z_j)) − z_k$, and the mean of that. Not with `exp` as
  it stands: $exp(1000)$ is infinite. Subtracting the largest logit from all of them changes
  nothing in the result.

**A number to check.** Logits $0$ and $1.0986 = ln 3$, the label 1: the probabilities are $1/4$ and
$3/4$, and the cross-entropy is $−ln(3/4) = 0.2877$.

**Rules.** From scratch: not by calling the torch function or class that is asked for
(`F.mse_loss`, `F.binary_cross_entropy`, `F.binary_cross_entropy_with_logits`, `F.cross_entropy`,
`nn.MSELoss`, `nn.BCELoss`, `nn.BCEWithLogitsLoss`, `nn.CrossEntropyLoss`), nor by inheriting from
it. `F.nll_loss`, `F.log_softmax`, `F.logsigmoid`, `F.softplus`, `torch.logsumexp` and the like are
allowed.

- Every loss is the mean, a 0-dim tensor, in the dtype and on the device of the inputs.
- Autograd must be able to go through it: no `.item()`, no `.detach()`, no `.data`, no new tensor
  made from numbers. The gradients that come out are those of torch's own criterion.
- Inputs are left as they were. Sizes may be 1, and inputs may be non-contiguous.

- What counts is what your functions do when they run. Imports, annotations, `isinstance`, copying
  weights from torch's own classes, and tests under `if __name__ == "__main__":` are free. A
  function that breaks the rule loses its own points; the others keep theirs. Functions that a rule
  is for start no threads.
- float16 and bfloat16 are taken too, wherever torch's own function takes them: the results have
  that dtype, and are as exact as it is.
- An answer depends on the arguments alone: not on earlier calls, nor on torch's default dtype or
  device, unless that is said. What was handed out earlier stays as it was.

See: https://docs.pytorch.org/docs/stable/nn.html#loss-functions
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def mse_loss(y_pred: Tensor, y: Tensor) -> Tensor:
    """The mean squared error, $mean((ŷ − y)²)$.

    Args:
        y_pred: The predictions, of any shape.
        y: The truth, of the same shape and dtype.

    Returns:
        The mean over all elements, a 0-dim tensor, differentiable.
    """
    ### BEGIN SOLUTION
    return ((y_pred - y) ** 2).mean()
    ### END SOLUTION


def binary_cross_entropy(p: Tensor, y: Tensor) -> Tensor:
    """The binary cross-entropy of probabilities, $−mean(y · ln p + (1 − y) · ln(1 − p))$.

    Each of the two logarithms is clamped at −100 from below, as `torch.nn.BCELoss` does, so that
    the loss is finite when a probability is exactly 0 or 1: `p = 0` with `y = 1` costs 100.

    Args:
        p: The probabilities of a yes, from 0 to 1 (both included), of any shape.
        y: The truth, 0 or 1 or in between, of the same shape and dtype.

    Returns:
        The mean over all elements, a 0-dim tensor. Its gradient is asked for where
        10⁻⁶ ≤ p ≤ 1 − 10⁻⁶; nearer to 0 and 1 only the value is.
    """
    ### BEGIN SOLUTION
    log_yes = torch.log(p).clamp(min=-100)
    log_no = torch.log(1 - p).clamp(min=-100)
    return -(y * log_yes + (1 - y) * log_no).mean()
    ### END SOLUTION


def bce_with_logits(z: Tensor, y: Tensor) -> Tensor:
    """The binary cross-entropy of logits: that of the probabilities σ(z), without a clamp.

    Value and gradient are finite and right for any z, ±10⁴ for example: with `y = 0`, `z = 1000`
    costs 1000 and has the gradient 1. The gradient with respect to z is (σ(z) − y) / number of
    elements.

    Args:
        z: The logits, any finite numbers, of any shape.
        y: The truth, 0 or 1 or in between, of the same shape and dtype.

    Returns:
        The mean over all elements, a 0-dim tensor, differentiable.
    """
    ### BEGIN SOLUTION
    # the logarithm and the sigmoid in one go: log(sigmoid(z)) in two steps is -inf for z = -1000
    return -(y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(-z)).mean()
    ### END SOLUTION


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """The cross-entropy of logits over classes, $mean(ln(Σ_j exp(z_j)) − z_k)$, k being the label.

    It is stable: value and gradient are finite for logits such as ±10⁴. (In float32 a log-sum-exp
    loses about |logit| · 10⁻⁷; that much is allowed for.)

    Args:
        logits: A floating-point tensor of shape (n, c), or (n, c, d) for d predictions in each
            sample. The classes are always in dimension 1.
        labels: The right classes, from 0 to c − 1, of dtype int64: shape (n,), or (n, d).

    Returns:
        The mean over all labels (n, or n · d of them), a 0-dim tensor, differentiable.
    """
    ### BEGIN SOLUTION
    log_probabilities = F.log_softmax(logits, dim=1)
    at_the_label = log_probabilities.gather(1, labels.unsqueeze(1))
    return -at_the_label.mean()
    ### END SOLUTION


def accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """The share of the rows whose largest logit is at the label.

    Args:
        logits: A floating-point tensor of shape (n, c).
        labels: The right classes, of dtype int64, of shape (n,).

    Returns:
        A number from 0 to 1, as a 0-dim tensor of any floating dtype.
    """
    ### BEGIN SOLUTION
    return (logits.argmax(dim=1) == labels).to(logits.dtype).mean()
    ### END SOLUTION
