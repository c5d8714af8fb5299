"""Data parallel: one step of training, shared by several devices

A batch that is too slow for one GPU is shared by several. Each has a copy of the model, a replica,
works on its part of the samples, and gets gradients of its own. Then the gradients are averaged, so
that every replica makes the same step and all of them stay equal. Done rightly, nobody can tell by
the numbers that there was more than one device.

Where it goes wrong, nothing raises: the parts of the last batch are unequal and are averaged as if
they were equal, a replica is older than the model, every replica reads the same samples.

**A number to check.** The model is $y = w · x$ with $w = 1$, the loss the mean of $(y − t)²$, and
the samples are $x = 1, 1, 2$ with $t = 0$. All together: the gradient is
$(2 + 2 + 8) / 3 = 4$. On two devices the first one has $x = 1, 1$ and the gradient 2, the second
one $x = 2$ and the gradient 8. Their mean would be 5. Weighted with the samples it is
$2/3 · 2 + 1/3 · 8 = 4$.

**What torch has for it.** `nn.DataParallel` does in each step what `parallel_step` does here, in one
process. `nn.parallel.DistributedDataParallel` is what one uses: a process for each device, each of
which keeps its replica. It differs from this exercise in four points.

- A sampler gives each process its own samples (`shard`), and all have the same number of them.
- Gradients travel while the backward pass still goes on: as soon as a bucket is complete it is
  averaged. Backward ends with the first layer, so buckets are filled from the last parameter on.
- The mean is the plain one, since the parts are equal.
- Batch norm takes the mean of its own part on each device, unless it is `nn.SyncBatchNorm`.

**Rules.**

- Not by what torch has ready: `nn.DataParallel`, `nn.parallel` and `torch.distributed`, nor
  `DistributedSampler`. All else is allowed: `copy.deepcopy`, `torch.chunk`,
  `torch.func.functional_call`, ….
- A device may stand several times in `devices`: on a machine without a GPU, `["cpu", "cpu"]` does.
  They are strings or `torch.device`s. Work on them one after the other, without threads.
- `n`, `replicas` and the number of devices are 1 or more. Parameters and losses are float32 or
  float64, and so are inputs and labels, unless they are whole numbers.
- Models have no batch norm and no dropout, and behave alike in each mode.

See: https://docs.pytorch.org/docs/stable/notes/ddp.html
"""

import copy
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.optim import Optimizer


def scatter(batch: Tensor, replicas: int) -> list[Tensor]:
    """Cut a batch into parts, one for each replica.

    Args:
        batch: shape (n, …), any dtype.
        replicas: how many parts there are to be.

    Returns:
        The parts in the order of the samples. No part is more than one sample longer than another,
        and the longer ones come first. None is empty: where n is less than `replicas`, there are n
        parts.
    """
    ### BEGIN SOLUTION
    return list(torch.tensor_split(batch, min(len(batch), replicas)))
    ### END SOLUTION


def shard(n: int, replicas: int, rank: int, epoch: int) -> list[int]:
    """The numbers of the samples that one of several processes reads in an epoch.

    All processes put the samples into one order: that of `torch.randperm` with a generator that is
    seeded with the epoch's number, so that they agree without a word, and each epoch has another
    order. Where n is not a multiple of `replicas`, the order goes on from its beginning, again and
    again if need be, until it is. Then the process takes each `replicas`-th sample, from the one at
    `rank` on.

    Args:
        n: the number of samples.
        replicas: the number of processes.
        rank: the number of this one, from 0 on.
        epoch: the number of the epoch.

    Returns:
        A list of `int`, of the same length for each rank. Torch's own generator stays as it was.
    """
    ### BEGIN SOLUTION
    order = torch.randperm(n, generator=torch.Generator().manual_seed(epoch)).tolist()
    total = -(-n // replicas) * replicas
    return [order[place % n] for place in range(rank, total, replicas)]
    ### END SOLUTION


def replicate(model: nn.Module, devices: Sequence[str | torch.device]) -> list[nn.Module]:
    """A copy of a model on each device.

    The copies have the model's parameters and buffers, which they share neither with the model nor
    with each other, and every module in them has the mode that it has in the model. A parameter
    requires gradients if the model's does, and is tied to another where the model's is. Its `.grad`
    is None, whatever the model's is. (`copy.deepcopy` has it so.)

    Args:
        model: the model, on any device; it stays as it is.
        devices: one for each copy.

    Returns:
        The copies, in the order of the devices.
    """
    ### BEGIN SOLUTION
    return [copy.deepcopy(model).to(device) for device in devices]
    ### END SOLUTION


def average_gradients(replicas: Sequence[nn.Module], sizes: Sequence[int]) -> None:
    """Give every replica the gradient that one device would have had for all samples.

    Args:
        replicas: copies of one model, each on its device, with the gradients of the mean loss of its
            own part in `.grad`.
        sizes: the number of samples in each part; a replica may have had none, but not all of them.

    Afterwards `.grad` of each parameter is the mean of that of all replicas, weighted with `sizes`,
    on the parameter's own device. The replicas share no tensors. A gradient that is None counts as
    0; where all of them are None, they stay None.
    """
    ### BEGIN SOLUTION
    shares = [size / sum(sizes) for size in sizes]
    for parameters in zip(*(replica.parameters() for replica in replicas), strict=True):
        terms = [
            share * parameter.grad.cpu()
            for share, parameter in zip(shares, parameters, strict=True)
            if parameter.grad is not None
        ]
        if terms:
            for parameter in parameters:
                parameter.grad = torch.stack(terms).sum(dim=0).to(parameter.device)
    ### END SOLUTION


def buckets(sizes: Sequence[int], capacity: int) -> list[list[int]]:
    """Put parameters into buckets, whose gradients travel together.

    Going from the last parameter to the first, each goes into the bucket at hand, unless that holds
    some already and would hold more than `capacity` elements with it: then it begins the next one.
    So a parameter that is larger than `capacity` has a bucket of its own.

    Args:
        sizes: the number of elements of each parameter, 1 or more, in the order of the model.
        capacity: how many elements a bucket may hold, 1 or more.

    Returns:
        A list with the places in `sizes` for each bucket, in the order in which they were put there;
        without parameters there is no bucket.
    """
    ### BEGIN SOLUTION
    found: list[list[int]] = []
    held = 0
    for place in reversed(range(len(sizes))):
        if not found or held + sizes[place] > capacity:
            found.append([])
            held = 0
        found[-1].append(place)
        held += sizes[place]
    return found
    ### END SOLUTION


def parallel_step(
    model: nn.Module,
    devices: Sequence[str | torch.device],
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    optimizer: Optimizer,
    x: Tensor,
    y: Tensor,
) -> float:
    """One step of training, in which each device works on its part of the batch.

    The parts are those of `scatter`: the first one goes through the model's numbers on the first
    device, and so on; where there are fewer parts than devices, the last devices have nothing to
    do. The model's parameters, and what is returned, are the same afterwards as with all of it on
    one device.

    Args:
        model: the model, on any device, where it stays. Its parameters stay the same tensors.
        devices: those that do the work; the model's need not be among them.
        loss_fn: `loss_fn(model(x), y)` is the mean loss of a batch.
        optimizer: the model's; it makes one step. Gradients from before have no say in it.
        x: the inputs of n samples, shape (n, …), on the model's device.
        y: their labels, shape (n, …), on the model's device.

    Returns:
        The mean loss of all n samples before the step, as a `float`.
    """
    ### BEGIN SOLUTION
    xs, ys = scatter(x, len(devices)), scatter(y, len(devices))
    replicas = replicate(model, devices[: len(xs)])
    total = 0.0
    for place, replica in enumerate(replicas):
        inputs, labels = xs[place].to(devices[place]), ys[place].to(devices[place])
        loss = loss_fn(replica(inputs), labels)
        loss.backward()
        total += loss.item() * len(inputs)
    # the model takes part as one more replica, which has worked on no samples
    optimizer.zero_grad()
    average_gradients([model, *replicas], [0, *map(len, xs)])
    optimizer.step()
    return total / len(x)
    ### END SOLUTION
