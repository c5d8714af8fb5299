"""Batches: collate, shuffle, share the work

A `DataLoader` does three things between a dataset and the training loop. It *collates* single
samples to a batch, which needs padding when they differ in length. It *shuffles*, and a result can
be repeated only if the order can. And it *shares the work* among several worker processes: with a
stream, each worker gets a copy of the whole of it, and unless they agree on who yields what, every
value comes several times. You write one piece for each of the three.

**A number to check.** The sequences $(1, 2, 3)$ and $(4)$ with the labels 0 and 1 become

    padded   [[1, 2, 3],
              [4, 0, 0]]
    lengths  [3, 1]
    labels   [0, 1]

And with 2 workers the stream $10, 20, 30, 40, 50$ may be split into $10, 30, 50$ and $20, 40$: all
of the 5 values, each once.

**Rules.**

- Everything in `torch.utils.data` and in `torch.nn.utils.rnn` is allowed.
- `torch.manual_seed` changes the global random state, and so does drawing a number without a
  generator of your own: `make_loader` must do neither.
- Results have the dtype and the device of the inputs; the samples of a batch are left as they
  were. A batch may hold one sample, a sequence may have length 1 and one feature, and sequences
  may be non-contiguous.

- How many workers your loader has is free, and so are its other options.

See: https://docs.pytorch.org/docs/stable/data.html
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, Dataset, IterableDataset, get_worker_info


def pad_collate(
    batch: Sequence[tuple[Tensor, int | Tensor]], padding_value: float = 0
) -> tuple[Tensor, Tensor, Tensor]:
    """Make one batch of sequences that differ in length.

    Args:
        batch: A list of B pairs `(sequence, label)`, B ≥ 1. The sequences have the shapes (L_i,),
            or all of them (L_i, features), with L_i ≥ 1, and one dtype. A label is an int or a
            0-dim tensor.
        padding_value: What stands behind the end of the shorter sequences.

    Returns:
        The triple `(padded, lengths, labels)`:

        - padded: shape (B, L_max) or (B, L_max, features), with L_max the length of the longest;
          the sequence i stands in `padded[i, :L_i]`; dtype and device of the sequences.
        - lengths: the L_i, shape (B,), int64, on the device of the sequences or on the CPU.
        - labels: shape (B,), int64, on the device of the sequences or on the CPU.
    """
    # YOUR CODE HERE
    raise NotImplementedError("pad_collate is not written yet")


def make_loader(
    dataset: Dataset[Any],
    batch_size: int,
    shuffle: bool = True,
    seed: int = 0,
    drop_last: bool = False,
) -> DataLoader[Any]:
    """Make a `DataLoader` whose order can be repeated.

    The order depends on `seed` alone, whatever the global random states are (torch's, Python's,
    NumPy's), and neither making the loader nor going through it changes them. Two loaders with the
    same seed give the same orders, epoch for epoch; but each epoch of one loader has an order of
    its own, as shuffling should.

    Args:
        dataset: A map-style dataset.
        batch_size: The number of samples in a batch.
        shuffle: Whether to shuffle; without it the samples come in the order of the dataset.
        seed: The seed of the order.
        drop_last: Whether to leave out the last batch if it is smaller than the others.

    Returns:
        The loader; each pass over it is one epoch.
    """
    # YOUR CODE HERE
    raise NotImplementedError("make_loader is not written yet")


class ShardedStream(IterableDataset[Any]):
    """A stream that several workers share.

    A `DataLoader` over it yields every value exactly as often as it stands in the list, whatever
    its `num_workers` is: 0 (then there is no worker, and `get_worker_info()` is `None`), fewer
    than the values, or more. With workers, the order is free.
    """

    def __init__(self, values: list[Any]) -> None:
        """Keep the values.

        Args:
            values: A list of anything; a value may stand in it more than once, and it may be empty.
        """
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError("ShardedStream.__init__ is not written yet")

    def __iter__(self) -> Iterator[Any]:
        """Yield the share of the worker that this runs in; without workers, all values in order.

        Each worker has a copy of the whole stream: split the values by the `id` of the worker (0,
        1, …) and by `num_workers`. Each call starts anew.
        """
        # YOUR CODE HERE
        raise NotImplementedError("ShardedStream.__iter__ is not written yet")
