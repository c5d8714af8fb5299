"""Metrics: confusion matrix, F1, KL divergence, and why accuracy has no slope

People ask how often a model is right; gradient descent asks which way is down. A count of hits
answers the first question only: move a weight a little, and no prediction changes, so the count stays
where it is, and its slope is zero. Move it further, and the count jumps. Here you write what is counted,
what is trained on in its place, and the function that measures the difference.

- Confusion matrix: the element in row i and column j counts the samples of the class i that were
  predicted as j. So the diagonal holds the hits.
- Of a class k, the matrix shows the true positives (TP: the diagonal), the false positives (FP: the rest
  of column k) and the false negatives (FN: the rest of row k). $F1 = 2 · TP / (2 · TP + FP + FN)$.
  Where that is 0 / 0, F1 is 0.
- Kullback-Leibler divergence: how far the distribution q is from the true one p,
  $Σ_j p_j · ln(p_j / q_j)$. A term with $p_j = 0$ is 0.
- The soft F1 has probabilities in place of counts: TP of the class k is the sum of $p_k$ over the
  samples of that class, and $2 · TP + FP + FN$ is the sum of $p_k$ over all samples, plus the number
  of samples of that class. The loss is 1 minus the mean over the classes.

**A number to check.** Labels 0, 0, 1, 1, 1 and predictions 0, 1, 1, 1, 0: the confusion matrix is
`[[1, 1], [1, 2]]`. F1 of the class 1 is 4 / (4 + 1 + 1) = 2/3, of the class 0 it is 2 / (2 + 1 + 1) = 1/2, so
the macro F1 is 7/12 = 0.5833; the micro F1 is 3/5. Where all logits are 0, each probability is 1/2: the soft F1 of
the same labels are 2 / 4.5 and 3 / 5.5, and the loss is 0.5051. The divergence of q = [1/4, 3/4] from p = [1/2, 1/2]
is 0.5 · ln 2 + 0.5 · ln(2/3) = 0.1438. An accuracy of 0.5, 0.5, 0.75, 0.75 along a path stays as it was in two of
three steps.

**Rules.** From scratch: not by calling the torch function or class that is asked for (`F.kl_div`,
`nn.KLDivLoss`, `torch.distributions.kl_divergence`), nor by inheriting from it. Every other function of torch is
allowed: `torch.bincount`, `torch.xlogy`, `F.one_hot`, `softmax`, ….

- Results are on the device of the inputs. The losses have the dtype of the inputs, float16 and bfloat16 as well as
  float32 and float64, and autograd must be able to go through them.
- In the losses, nothing such as 10⁻⁸ is added within a logarithm or to a denominator: that changes every number, and
  only a 0 needs care. In `f1_score` it does no harm.
- Inputs are left as they were. Every size may be 1, none is 0, and inputs may be non-contiguous.
- What counts is what your functions do when they run. Imports, annotations, `isinstance`, and tests
  under `if __name__ == "__main__":` are free. A function that breaks the rule loses its own points;
  the others keep theirs. Functions that a rule is for start no threads.
- An answer depends on the arguments alone: not on earlier calls, nor on torch's default device. What was
  handed out earlier stays as it was.

See: https://docs.pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor


def confusion_matrix(predicted: Tensor, labels: Tensor, num_classes: int) -> Tensor:
    """Counts which class was predicted how often for which.

    Args:
        predicted: The predicted classes, from 0 to num_classes − 1, of dtype int64, shape (n,).
        labels: The right classes, likewise.
        num_classes: How many classes there are; some may not occur.

    Returns:
        The counts, of dtype int64 and shape (num_classes, num_classes): a row for each right class, a
        column for each predicted one.
    """
    # YOUR CODE HERE
    raise NotImplementedError("confusion_matrix is not written yet")


def f1_score(matrix: Tensor, average: str = "macro") -> Tensor:
    """F1, worked out from a confusion matrix.

    Args:
        matrix: Counts as `confusion_matrix` gives them, of dtype int64, shape (c, c).
        average: One of three. `"binary"`: F1 of the class 1; the matrix is (2, 2). `"macro"`: the
            mean of the F1 of all c classes, also of those that do not occur, which count 0.
            `"micro"`: F1 of TP, FP and FN that are each summed over all classes first.

    Returns:
        A number from 0 to 1, as a 0-dim tensor of any floating dtype.
    """
    # YOUR CODE HERE
    raise NotImplementedError("f1_score is not written yet")


def kl_divergence(p: Tensor, q: Tensor) -> Tensor:
    """The mean over the samples of the divergence, $Σ_j p_j · ln(p_j / q_j)$.

    Value and gradient are finite where an element of p is 0: that term is 0, and so is its gradient.

    Args:
        p: The true probabilities, shape (n, c); each row adds up to 1, and may hold zeros.
        q: The predicted probabilities, of the same shape and dtype; all are greater than 0, however
            small: p / q may be infinite in the computer where its logarithm is not.

    Returns:
        The sum over the classes, and the mean over the n samples: a 0-dim tensor. Its gradient is asked for
        with respect to q, and is −p / (n · q).
    """
    # YOUR CODE HERE
    raise NotImplementedError("kl_divergence is not written yet")


def soft_f1_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """1 minus the macro F1 of probabilities instead of counts: a loss with a slope.

    Where a class has no label and its probabilities are so small that all of them are exactly 0 in the computer,
    its F1 is 0 / 0, which is 0 here as well.

    Args:
        logits: A floating-point tensor of shape (n, c); the probabilities are their softmax over the
            classes. Any finite numbers, ±10⁴ too.
        labels: The right classes, of dtype int64, shape (n,).

    Returns:
        The loss, a 0-dim tensor, differentiable.
    """
    # YOUR CODE HERE
    raise NotImplementedError("soft_f1_loss is not written yet")


def flat_share(measure: Callable[[Tensor], Tensor], path: Tensor) -> float:
    """In how many of the steps along a path a measure does not change at all.

    Args:
        measure: Takes one place, such as a model's weight, and gives a finite number, such as the accuracy of the model
            with that weight: a 0-dim tensor of any floating dtype, which need not be that of the path.
        path: The places, one after the other, of any floating dtype and shape (k, …) with k ≥ 2: `path[0]` is the
            first.

    Returns:
        Of the k − 1 steps from a place to the next, the share of those after which the measure is
        exactly what it was: a `float` from 0 to 1.
    """
    # YOUR CODE HERE
    raise NotImplementedError("flat_share is not written yet")
