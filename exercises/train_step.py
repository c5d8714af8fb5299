"""The training loop: model, criterion, optimizer

Almost every PyTorch program turns around the same few lines: predict, measure the error, ask for
the gradients, move the parameters a little. Three objects share the work: the **model** predicts,
the **criterion** says how wrong the prediction is, the **optimizer** changes the parameters. In
this exercise you write one step of that loop, then the loop over a whole data set, then the
measurement on data that the model is not trained on.

With plain gradient descent and the learning rate `lr`, a step does $p ← p − lr · ∂loss/∂p$ for
every parameter $p$. `loss.backward()` *adds* to the gradients that are already there, so the old
ones have to be cleared first.

The criterion gives the mean over one batch. The last batch of an epoch may be smaller than the
others, so the mean over the samples is not the mean over the batches; it is $Σ nᵢ Lᵢ / Σ nᵢ$, with
the loss $Lᵢ$ and the number of samples $nᵢ$ of each batch.

**A number to check.** Take the model $ŷ = w x + b$ with $w = 1$, $b = 0$, the inputs $1, 2$, the
labels $2, 4$, the mean squared error and $lr = 0.1$. The loss is $(1 + 4) / 2 = 2.5$, the
gradients are $∂loss/∂w = −5$ and $∂loss/∂b = −3$, and after one step $w = 1.5$, $b = 0.3$. The
step returns the loss from before the update, `2.5`. And an epoch of two batches, one of 2 samples
with the loss 1 and one of 1 sample with the loss 4, has the mean loss $(2 · 1 + 1 · 4) / 3 = 2$
per sample, not $2.5$.

**Rules.**

- `torch.optim`, `torch.nn` and autograd may all be used: this exercise is about putting them
  together.
- The model may be on any device and have any floating dtype: name neither `"cpu"` nor `"cuda"` in
  your code, but move each batch to the device on which the model's parameters are.
- A loader is any iterable of `(inputs, labels)`: a `DataLoader`, a list, a generator. It need not
  have a length, and any batch may hold a single sample.
- The tensors that the loader gives are left as they were.
- The results are Python floats, not tensors.

- The criterion gives the mean over a batch. It may have parameters of its own, which the optimizer
  then holds too.
- A loader without batches gives a `ValueError` or a loss of `nan`, as you like; `epochs=0` gives an
  empty list. `evaluate` counts the samples that it has seen, not those of a dataset.

See: https://docs.pytorch.org/docs/stable/optim.html
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn


def train_step(
    model: nn.Module,
    criterion: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    inputs: Tensor,
    labels: Tensor,
) -> float:
    """Do one step of training on one batch.

    Put the model into training mode, move the batch to the device of the model's parameters,
    predict, work out the loss, get its gradients, and let the optimizer update the parameters.
    Gradients left over from earlier work must not leak into this step: clear them before the new
    ones are added.

    Args:
        model: The model, with at least one parameter; it may be in either mode when it comes in,
            and is in training mode during the step.
        criterion: `criterion(model(inputs), labels)` is the loss, a scalar tensor.
        optimizer: An optimizer of `torch.optim` that holds the model's parameters.
        inputs: The inputs of the batch, a sample per row, on any device.
        labels: The labels of the batch, on any device.

    Returns:
        The loss *before* the update, as a `float`.
    """
    # YOUR CODE HERE
    raise NotImplementedError("train_step is not written yet")


def train(
    model: nn.Module,
    criterion: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    loader: Iterable[tuple[Tensor, Tensor]],
    epochs: int,
) -> list[float]:
    """Train for a number of epochs: in each, one `train_step` for every batch of the loader.

    The loss of an epoch is the mean per *sample*: weigh the loss of each batch, which is the mean
    over that batch, with the number of its samples, because the last batch may be smaller.

    Args:
        model: The model; it is in training mode during every step.
        criterion: Gives the mean loss over a batch, a scalar tensor.
        optimizer: An optimizer of `torch.optim` that holds the model's parameters.
        loader: Any iterable of `(inputs, labels)` (a list too), with one batch at least; it is gone
            through once in each epoch. The batches are moved as in `train_step`.
        epochs: How many times to go through the loader; 0 or more.

    Returns:
        A list of `epochs` floats: the mean loss per sample of each epoch, where the loss of a
        batch is the one before its update.
    """
    # YOUR CODE HERE
    raise NotImplementedError("train is not written yet")


def evaluate(
    model: nn.Module,
    criterion: Callable[[Tensor, Tensor], Tensor],
    loader: Iterable[tuple[Tensor, Tensor]],
) -> tuple[float, float]:
    """Measure a classifier: its mean loss per sample, and the share of samples that it gets right.

    The whole model is in evaluation mode meanwhile, and no gradients are recorded. Parameters,
    their `.grad` and the running statistics stay as they were. Afterwards *every* module of the
    model is back in the mode it was in (some may have been in training mode and others in
    evaluation mode), also when the loader raises; the exception then goes on to the caller.

    Args:
        model: The model, with at least one parameter; `model(inputs)` has shape (n, classes), and
            the prediction is the class with the largest value.
        criterion: Gives the mean loss over a batch, a scalar tensor.
        loader: Any iterable of `(inputs, labels)` (a list too), with one batch at least; the labels
            have shape (n,) and are of int64. The batches are moved as in `train_step`, and the last
            one may be smaller.

    Returns:
        The pair of floats `(mean loss per sample, accuracy)`; the accuracy lies between 0 and 1.
    """
    # YOUR CODE HERE
    raise NotImplementedError("evaluate is not written yet")
