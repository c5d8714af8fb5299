"""The DataLoader from inside: samplers, workers, and what each parameter is for

A `DataLoader` is small. A *sampler* says in which order the indices come, a *batch sampler* puts
them into batches, *workers* read the samples of a batch, and `collate_fn` makes one batch of them.
Here you write these parts yourself: two samplers that torch has under another name or not at all, a
worker, and `MiniLoader`, which puts them together and gives what a `DataLoader` gives.

| parameter | default | what it is for |
| --- | --- | --- |
| `dataset` | | what the samples come from: `dataset[index]` |
| `batch_size` | 1 | how many samples a batch has |
| `shuffle` | False | a new random order in each pass, for training |
| `sampler` | None | the order of the indices, in place of `shuffle`, such as one with weights |
| `batch_sampler` | None | lists of indices, in place of `batch_size`, `shuffle`, `sampler`, `drop_last` |
| `num_workers` | 0 | how many processes read; 0: the process of the training loop itself |
| `collate_fn` | None | makes one batch of a list of samples; None: torch's `default_collate` |
| `pin_memory` | False | puts batches where a GPU can fetch them while it computes |
| `drop_last` | False | leaves out the last batch if it is smaller, as for batch normalization |
| `timeout` | 0 | after how many seconds without a batch it raises; 0: it waits for ever |
| `worker_init_fn` | None | is called in each worker at its start, to open a file or to seed |
| `generator` | None | what the order and the seeds of the workers are drawn from |
| `prefetch_factor` | 2 | how many batches of each worker are read before they are asked for |
| `persistent_workers` | False | keeps the workers for the next pass: starting them takes time |

`pin_memory` and `timeout` need a GPU and real processes, so `MiniLoader` does not have them. Its
workers live in the process of the loop: they take turns, and what comes out is the same.

**The seeds of the workers.** If all workers had one random state, they would all draw the same
"random" crops. So each has its own. When a pass begins, the loader draws the *base seed*,

    torch.empty((), dtype=torch.int64).random_(generator=generator).item()

and the worker $w$ (0, 1, …) begins with the seed $base + w$. The base seed is drawn without workers
too, and before the order of a shuffled pass, which is
`torch.randperm(len(dataset), generator=generator)`. So the first shuffled pass is the one that a
`DataLoader` gives. Its later ones are others: at the end of each, it draws one more order, which
nobody sees.

**Who reads what, and when.** Batch $k$ of a pass (0, 1, …) is read by worker $k$ mod `num_workers`.
The workers are ahead of the loop by `num_workers * prefetch_factor` batches: when the loop gets batch
$k$, all batches up to number $k$ + `num_workers * prefetch_factor` have been read, as far as there
are any, and none behind.

**A number to check.** Labels 0, 0, 0, 1 give the weights $1/3$, $1/3$, $1/3$, $1$: both classes have
the sum 1. Sequences of the lengths 5, 1, 4, 2, 3 in batches of 2 by length are `[1, 3]`, `[4, 2]`
and `[0]`; padded, they have $2·2 + 2·4 + 5 = 17$ places, and 21 in the order in which they came. Of 7
batches, 2 workers read 0, 2, 4, 6 and 1, 3, 5; with `prefetch_factor=2` the batches 0 to 4 have been
read when the loop gets batch 0, 0 to 5 when it gets batch 1, and all at batch 2.

**Rules.** From scratch: not by `DataLoader`, nor by torch's own samplers (`RandomSampler`,
`SequentialSampler`, `SubsetRandomSampler`, `WeightedRandomSampler`, `BatchSampler`), nor by a
subclass of these. Everything else of torch is allowed: the class `Sampler`, and
`torch.utils.data.default_collate`, too.

- Indices are Python's `int`s.
- Whatever can be gone through can be gone through again, and each pass begins anew, also where the
  one before was left early or, without workers, still goes on. Arguments stay as they are. Nothing is
  read before it is asked for, but for what the workers read ahead.
- The random state of this process, in which the loop runs, is torch's global one on the CPU. Nothing
  here seeds it. Those of Python, of NumPy and of GPUs are not asked for.
- Optional arguments are given by keyword.
- What counts is what your functions do when they run. A function that breaks the rule loses its own
  points; the others keep theirs. Functions that a rule is for start no threads.

See: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Sampler, default_collate


def balanced_weights(labels: Tensor) -> Tensor:
    """The weight of each sample with which all classes have the same sum: 1 / the size of its class.

    Args:
        labels: int64 of shape (n,), n ≥ 1, on any device; classes from 0 on, of which some may not
            occur.

    Returns:
        The weights, shape (n,), in any floating dtype, on the device of the labels. Those of each
        class that occurs have the sum 1.
    """
    # YOUR CODE HERE
    raise NotImplementedError("balanced_weights is not written yet")


# What the samplers and the loader share may stand here.


class WeightedSampler(Sampler[int]):
    """A sampler that draws by weights, such as those of `balanced_weights`.

    A pass yields `num_samples` indices, `len()` of them. Each is drawn by itself, with replacement:
    index i has the probability weights[i] / Σ weights, whatever was drawn before.
    """

    def __init__(
        self, weights: Sequence[float] | Tensor, num_samples: int, generator: torch.Generator
    ) -> None:
        """Keep what is needed.

        Args:
            weights: A list of floats, or a tensor of shape (n,) of float32 or float64 on the CPU;
                none is below 0, and some are above. They need not have the sum 1.
            num_samples: How many indices a pass has, 1 or more; it may be more than n.
            generator: All draws come from it, and no other random state changes. So each pass is
                another one, and a generator in the same state gives the same passes.
        """
        # YOUR CODE HERE
        raise NotImplementedError("WeightedSampler.__init__ is not written yet")

    def __len__(self) -> int:
        """The number of indices of a pass."""
        # YOUR CODE HERE
        raise NotImplementedError("WeightedSampler.__len__ is not written yet")

    def __iter__(self) -> Iterator[int]:
        """Draw the indices of a pass."""
        # YOUR CODE HERE
        raise NotImplementedError("WeightedSampler.__iter__ is not written yet")


class LengthBatchSampler(Sampler[list[int]]):
    """A batch sampler that puts sequences of similar length together, so that little is padded.

    The indices are sorted by length, the shortest first, and of equal ones the smaller index first.
    The first `batch_size` of them are the first batch, and so on. Every pass is the same.
    """

    def __init__(self, lengths: list[int], batch_size: int, drop_last: bool = False) -> None:
        """Keep what is needed.

        Args:
            lengths: The length of each sequence of the dataset; the list may be empty.
            batch_size: How many indices a batch has, 1 or more; the last one may have fewer.
            drop_last: Whether to leave out the last batch if it has fewer.
        """
        # YOUR CODE HERE
        raise NotImplementedError("LengthBatchSampler.__init__ is not written yet")

    def __len__(self) -> int:
        """The number of batches of a pass."""
        # YOUR CODE HERE
        raise NotImplementedError("LengthBatchSampler.__len__ is not written yet")

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the batches, each a list of indices."""
        # YOUR CODE HERE
        raise NotImplementedError("LengthBatchSampler.__iter__ is not written yet")


class Worker:
    """One that reads batches, with a random state of its own in place of the process's.

    The state begins with the seed `base_seed + worker_id`. All that the worker does, at its start and
    in `fetch`, draws from it: `torch.rand(3)` in the dataset, say, and `torch.initial_seed()` there
    is that seed. The state goes on from one call of `fetch` to the next, whatever others draw in the
    meantime. The random state of the process is afterwards what it was before.
    """

    def __init__(
        self,
        worker_id: int,
        base_seed: int,
        dataset: Any,
        collate_fn: Callable[[list[Any]], Any],
        worker_init_fn: Callable[[int], None] | None = None,
    ) -> None:
        """Make the random state, and call `worker_init_fn(worker_id)` in it, if there is one.

        Args:
            worker_id: The number of the worker, from 0 on.
            base_seed: The base seed of the pass.
            dataset: What has `dataset[index]`.
            collate_fn: Makes a batch of a list of samples.
            worker_init_fn: Called once, here.
        """
        # YOUR CODE HERE
        raise NotImplementedError("Worker.__init__ is not written yet")

    def fetch(self, indices: Sequence[int]) -> Any:
        """Read the samples with these indices, in their order, and give `collate_fn` the list of them.

        Returns:
            What `collate_fn` returns.
        """
        # YOUR CODE HERE
        raise NotImplementedError("Worker.fetch is not written yet")


class MiniLoader:
    """Gives what a `DataLoader` with the same arguments gives, batch by batch.

    The parameters are those of the table; of shuffled passes, the first one is the same.
    """

    def __init__(
        self,
        dataset: Any,
        *,
        batch_size: int = 1,
        shuffle: bool = False,
        sampler: Any = None,
        batch_sampler: Any = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        drop_last: bool = False,
        worker_init_fn: Callable[[int], None] | None = None,
        generator: torch.Generator | None = None,
        prefetch_factor: int = 2,
        persistent_workers: bool = False,
    ) -> None:
        """Keep the arguments, and refuse those that exclude each other.

        Args:
            dataset: A map-style dataset: it has `len(dataset)` and `dataset[index]`.
            batch_size: How many samples a batch has, 1 or more; the last one may have fewer.
            shuffle: Whether each pass has a new order, `torch.randperm(len(dataset),
                generator=generator)`. Without it, and without samplers, the samples come in order.
            sampler: Yields the indices of a pass, and has `len()`; a list is one, even an empty one.
            batch_sampler: Yields the batches of a pass, each a list of indices, and has `len()`.
            num_workers: How many workers read; 0: the samples are read in the loop's random state.
            collate_fn: Makes a batch of the list of its samples; None: `default_collate`.
            drop_last: Whether to leave out the last batch if it has fewer samples than the others.
            worker_init_fn: Called by each worker at its start with its number.
            generator: What base seed and order are drawn from. It is given where there are workers,
                or `shuffle`; else no draw shows.
            prefetch_factor: How far the workers read ahead, 1 or more.
            persistent_workers: Whether the workers of the first pass stay for all others: their random
                states go on, and they are not started again. Then the base seed, too, is drawn in the
                first pass alone. True only where there are workers.

        Raises:
            ValueError: There is a `sampler`, and `shuffle` is true; or there is a `batch_sampler`,
                and a `batch_size` other than 1, a `sampler`, or `shuffle` or `drop_last` is true.
        """
        self.dataset = dataset
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.num_workers = num_workers
        self.collate_fn = default_collate if collate_fn is None else collate_fn
        self.drop_last = drop_last
        self.worker_init_fn = worker_init_fn
        self.generator = generator
        self.prefetch_factor = prefetch_factor
        self.persistent_workers = persistent_workers
        # YOUR CODE HERE
        raise NotImplementedError("MiniLoader.__init__ is not written yet")

    def __len__(self) -> int:
        """The number of batches of a pass."""
        # YOUR CODE HERE
        raise NotImplementedError("MiniLoader.__len__ is not written yet")

    # Methods of your own may stand here.

    def __iter__(self) -> Iterator[Any]:
        """Yield the batches of a pass, each as soon as the reading ahead allows."""
        # YOUR CODE HERE
        raise NotImplementedError("MiniLoader.__iter__ is not written yet")
