# wrong: the sampler that draws by weights is its own iterator
# fails: weighted_sampler
# cause: none
# WRONG: WeightedSampler is its own iterator: a second pass takes the place of one that still goes on. 'each pass begins anew, also where the one before ... still goes on'
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
import torch
from torch import Tensor
from torch.utils.data import Sampler, default_collate

def balanced_weights(labels: Tensor) -> Tensor:
    return 1 / torch.bincount(labels)[labels]

def in_batches(indices: Iterable[int], batch_size: int, drop_last: bool) -> Iterator[list[int]]:
    batch: list[int] = []
    for index in indices:
        batch.append(index)
        if len(batch) == batch_size:
            yield batch
            batch = []
    if batch and (not drop_last):
        yield batch

def count_batches(samples: int, batch_size: int, drop_last: bool) -> int:
    return samples // batch_size if drop_last else -(-samples // batch_size)

class WeightedSampler(Sampler[int]):

    def __init__(self, weights: Sequence[float] | Tensor, num_samples: int, generator: torch.Generator) -> None:
        self.weights = torch.as_tensor(weights, dtype=torch.float64)
        self.num_samples = num_samples
        self.generator = generator

    def __len__(self) -> int:
        return self.num_samples

    def __iter__(self) -> Iterator[int]:
        drawn = torch.multinomial(self.weights, self.num_samples, replacement=True, generator=self.generator)
        self.going = iter(drawn.tolist())
        return self

    def __next__(self) -> int:
        return next(self.going)

class LengthBatchSampler(Sampler[list[int]]):

    def __init__(self, lengths: list[int], batch_size: int, drop_last: bool=False) -> None:
        order = sorted(range(len(lengths)), key=lambda index: lengths[index])
        self.batches = list(in_batches(order, batch_size, drop_last))

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[list[int]]:
        return iter(self.batches)

class Worker:

    def __init__(self, worker_id: int, base_seed: int, dataset: Any, collate_fn: Callable[[list[Any]], Any], worker_init_fn: Callable[[int], None] | None=None) -> None:
        self.dataset = dataset
        self.collate_fn = collate_fn
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(base_seed + worker_id)
            if worker_init_fn is not None:
                worker_init_fn(worker_id)
            self.state = torch.get_rng_state()

    def fetch(self, indices: Sequence[int]) -> Any:
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(self.state)
            batch = self.collate_fn([self.dataset[index] for index in indices])
            self.state = torch.get_rng_state()
        return batch

class MiniLoader:

    def __init__(self, dataset: Any, *, batch_size: int=1, shuffle: bool=False, sampler: Any=None, batch_sampler: Any=None, num_workers: int=0, collate_fn: Callable[[list[Any]], Any] | None=None, drop_last: bool=False, worker_init_fn: Callable[[int], None] | None=None, generator: torch.Generator | None=None, prefetch_factor: int=2, persistent_workers: bool=False) -> None:
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
        if sampler is not None and shuffle:
            raise ValueError('sampler and shuffle exclude each other')
        if batch_sampler is not None and (batch_size != 1 or shuffle or drop_last or (sampler is not None)):
            raise ValueError('batch_sampler excludes batch_size, shuffle, sampler and drop_last')
        self.kept: list[Worker] = []

    def __len__(self) -> int:
        if self.batch_sampler is not None:
            return len(self.batch_sampler)
        samples = len(self.dataset if self.sampler is None else self.sampler)
        return count_batches(samples, self.batch_size, self.drop_last)

    def index_batches(self) -> Iterator[Sequence[int]]:
        if self.batch_sampler is not None:
            return iter(self.batch_sampler)
        indices: Iterable[int] = range(len(self.dataset))
        if self.sampler is not None:
            indices = self.sampler
        elif self.shuffle:
            indices = torch.randperm(len(self.dataset), generator=self.generator).tolist()
        return in_batches(indices, self.batch_size, self.drop_last)

    def start_workers(self) -> list[Worker]:
        seed = int(torch.empty((), dtype=torch.int64).random_(generator=self.generator).item())
        return [Worker(number, seed, self.dataset, self.collate_fn, self.worker_init_fn) for number in range(self.num_workers)]

    def __iter__(self) -> Iterator[Any]:
        workers = self.kept or self.start_workers()
        if self.persistent_workers:
            self.kept = workers
        if not workers:
            for indices in self.index_batches():
                yield self.collate_fn([self.dataset[index] for index in indices])
            return
        waiting: deque[Any] = deque()
        for number, indices in enumerate(self.index_batches()):
            waiting.append(workers[number % len(workers)].fetch(indices))
            if len(waiting) > len(workers) * self.prefetch_factor:
                yield waiting.popleft()
        yield from waiting
