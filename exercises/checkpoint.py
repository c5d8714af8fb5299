"""Checkpoints: stop a training, and go on as if nothing had happened

A training of hours ends when a machine restarts, a time limit is over, or somebody stumbles over a
cable. Whoever has kept the weights alone begins again in a worse place: the optimizer has forgotten
where it was rolling, the schedule starts anew, and the random numbers are others. A checkpoint
holds all that the next step depends on, and a training that is resumed from one cannot be told from
one that was never stopped: the same losses, the same weights, to the last bit.

What the next step depends on:

- the weights of the model, and its buffers, such as the running means of batch normalization:
  `model.state_dict()`,
- what the optimizer keeps for each parameter, and the learning rate of now:
  `optimizer.state_dict()`,
- how far the schedule is: `scheduler.state_dict()`,
- how many epochs are done,
- where the random generator is, on which dropout and the order of a shuffled `DataLoader` depend:
  `torch.get_rng_state()`. (A seed says where a generator began, and not where it is.)

**A number to check.** $p = 1$, its gradient is always 2, SGD with $lr = 0.1$ and momentum 0.9, one
step an epoch, and `StepLR(optimizer, step_size=2)`, which divides the rate by 10 after every second
epoch. The velocity is $v = 2$ after the first epoch, then $0.9 · 2 + 2 = 3.8$, then $5.42$, and $p$
is $0.8$, then $0.8 - 0.1 · 3.8 = 0.42$, then $0.42 - 0.01 · 5.42 = 0.3658$. Stopped after the first
epoch and resumed with the weights and the rate alone, $p$ is $0.6$ after the second one, because
$v$ begins anew; without the schedule, which then counts from 0 again, it is $-0.122$ after the
third.

**Rules.**

- The file is written by `torch.save`: a dict with the keys `"model"`, `"optimizer"`, `"scheduler"`
  (their state dicts), `"epoch"` (an `int`) and `"rng"` (what `torch.get_rng_state()` gives). It may
  hold more, which `load_checkpoint` gets by without. `path` is a `str` or a `Path`; what is there
  already is overwritten.
- It is read with `weights_only=True`, which has been torch's default since 2.6. A pickle can run any
  program when it is read; with `weights_only` torch takes numbers and plain data alone, and raises
  where there is anything else. Let it raise.
- A file may come from a machine with another device. `map_location` says where its tensors are to
  be, and `load_state_dict` copies them to where the model is. The generator's state stays on the
  CPU in any case. A generator of a GPU is not asked for.
- `save_checkpoint` leaves all that it is given as it is, and where it is. `load_checkpoint` fills
  what it is given: the parameters are the same tensors afterwards, since the optimizer holds those.
- An epoch is: for each batch one step, then `scheduler.step()`, then the checkpoint. The model is in
  training mode, and the batches are on its device, when `train` is called.

See: https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html
"""

import os
from collections.abc import Callable, Collection

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler


def save_checkpoint(
    path: str | os.PathLike[str],
    model: nn.Module,
    optimizer: Optimizer,
    scheduler: LRScheduler,
    epoch: int,
) -> None:
    """Write all that a training needs to go on into one file.

    Args:
        path: The file; one that is there already is overwritten.
        model: Its state dict goes into the file as `"model"`.
        optimizer: Its state dict goes into the file as `"optimizer"`.
        scheduler: Its state dict goes into the file as `"scheduler"`.
        epoch: How many epochs are done; it goes into the file as `"epoch"`, as it is.

    The state of torch's generator on the CPU goes into the file as `"rng"`.
    """
    # YOUR CODE HERE
    raise NotImplementedError("save_checkpoint is not written yet")


def load_checkpoint(
    path: str | os.PathLike[str], model: nn.Module, optimizer: Optimizer, scheduler: LRScheduler
) -> int:
    """Put everything back to where it was when the file was written.

    Args:
        path: A file of the form that `save_checkpoint` writes, from whatever device.
        model: Is given the weights and buffers in the file; it stays on its device.
        optimizer: The model's, made as the one that was saved; it is given its state.
        scheduler: The optimizer's, made as the one that was saved; it is given its state.

    Returns:
        How many epochs are done, as it stands in the file. Counted from 0, that is also the number
        of the next epoch.

    Raises:
        pickle.UnpicklingError: There is more than numbers and plain data in the file, which
            `torch.load` with `weights_only=True` refuses.

    Torch's generator on the CPU is put where it was, too.
    """
    # YOUR CODE HERE
    raise NotImplementedError("load_checkpoint is not written yet")


def train(
    model: nn.Module,
    criterion: Callable[[Tensor, Tensor], Tensor],
    optimizer: Optimizer,
    scheduler: LRScheduler,
    loader: Collection[tuple[Tensor, Tensor]],
    epochs: int,
    path: str | os.PathLike[str],
) -> list[float]:
    """Train until `epochs` epochs are done, those before a stop included.

    If there is a file at `path`, the training goes on from it. After each epoch the checkpoint is
    written there. A training that was stopped, between two epochs or within one, and is resumed by
    a new call, gives what one gives that was not stopped.

    Args:
        model: The model, in training mode.
        criterion: Gives the loss of a batch: `criterion(model(inputs), labels)`.
        optimizer: The model's. There may be gradients from earlier work, which must not leak in.
        scheduler: The optimizer's; it makes a step at the end of each epoch.
        loader: A list or a `DataLoader` of pairs `(inputs, labels)`, batches of one size.
        epochs: How many epochs are done at the end, in all calls together.
        path: The file of the checkpoint.

    Returns:
        A `float` for each epoch that this call has trained: the mean of the losses of its batches,
        each taken before the step. Where there is nothing left to do, the list is empty.
    """
    # YOUR CODE HERE
    raise NotImplementedError("train is not written yet")
