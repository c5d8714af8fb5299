"""Fine-tuning: freeze a model, train a new head

A model that was trained on a lot of data has learned features that are useful elsewhere. So one
keeps its body as it is (*frozen*), replaces the last layer, the *head*, by a new one for the
classes of the new task, and trains the head alone: few parameters, little data, little time.

A frozen layer must really stay as it was, and gradients are only half of that. Batch normalisation
keeps running statistics, which it updates in every forward pass in training mode, without any
gradient: $μ ← 0.9 · μ + 0.1 · mean(x)$, with the running mean $μ$, the batch $x$ and the usual
momentum 0.1. A frozen layer therefore has to be in evaluation mode as well.

**A number to check.** A new batch normalisation has `running_mean` 0 and momentum 0.1. It is
frozen, and a batch with the mean 5 goes through it. In training mode `running_mean` becomes
$0.9 · 0 + 0.1 · 5 = 0.5$; in evaluation mode it stays $0$, as it should.

**Rules.**

- A *layer* is a module with parameters of its own (not counting those of its children). It is
  *frozen* when none of these requires gradients.
- `nn.Module.train(mode)` and `eval()` reach down to all children, and every module has a mode of
  its own, the attribute `training`.
- Everything of torch is allowed. The model may be on any device and have any floating dtype; the
  inputs and labels of a step come on the same device, and are left as they were.

See: https://docs.pytorch.org/docs/stable/notes/autograd.html#locally-disabling-gradient-computation
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn


def freeze(model: nn.Module) -> nn.Module:
    """Freeze a model: every one of its parameters stops requiring gradients.

    Args:
        model: Any module; it is changed in place.

    Returns:
        The same model.
    """
    # YOUR CODE HERE
    raise NotImplementedError("freeze is not written yet")


def replace_head(model: nn.Module, num_classes: int) -> nn.Module:
    """Replace the `nn.Linear` at `model.fc` by a new one with `num_classes` outputs.

    The new layer takes as many inputs as the old one, is on its device and in its dtype, and has a
    bias if, and only if, the old one had. Its parameters are new and require gradients, also when
    those of the old one did not. The rest of the model stays as it was.

    Args:
        model: A module with an `nn.Linear` at `fc`; it is changed in place.
        num_classes: The number of classes of the new task.

    Returns:
        The same model.
    """
    # YOUR CODE HERE
    raise NotImplementedError("replace_head is not written yet")


def trainable_parameters(model: nn.Module) -> list[nn.Parameter]:
    """The parameters of a model that require gradients, in the order of `model.parameters()`.

    Args:
        model: Any module.

    Returns:
        A list (not a generator) of these parameters themselves; it may be empty.
    """
    # YOUR CODE HERE
    raise NotImplementedError("trainable_parameters is not written yet")


def fine_tune_step(
    model: nn.Module,
    criterion: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    inputs: Tensor,
    labels: Tensor,
) -> float:
    """Do one step of training that leaves the frozen layers alone.

    During the step the frozen layers are in evaluation mode and the other layers in training mode
    (modules without parameters of their own, such as dropout or a container: as you like).
    Afterwards every module is back in the mode it was in, also when the step raises.

    Frozen parameters, and the running statistics of frozen batch-normalisation layers, stay exactly
    as they were, also when the optimizer holds the frozen parameters too and they have an old
    `.grad` or the optimizer has a weight decay. Old gradients do not leak into the step.

    Args:
        model: The model; at least one of its parameters requires gradients.
        criterion: `criterion(model(inputs), labels)` is the loss, a scalar tensor.
        optimizer: An optimizer of `torch.optim`. It holds the trainable parameters, and may hold
            the others.
        inputs: The inputs of the batch, a sample per row.
        labels: The labels of the batch.

    Returns:
        The loss *before* the update, as a `float`.
    """
    # YOUR CODE HERE
    raise NotImplementedError("fine_tune_step is not written yet")
