# wrong: making a sampler seeds torch's generator
# fails: weighted_sampler
# cause: state-not-restored
from collections import deque

import torch
from torch.utils.data import Sampler, default_collate


def balanced_weights(labels):
    return 1 / torch.bincount(labels)[labels]


def in_batches(indices, batch_size, drop_last):
    batch = []
    for index in indices:
        batch.append(index)
        if len(batch) == batch_size:
            yield batch
            batch = []
    if batch and not drop_last:
        yield batch


class WeightedSampler(Sampler):
    def __init__(self, weights, num_samples, generator):
        self.weights = torch.as_tensor(weights, dtype=torch.float64)
        self.num_samples = num_samples
        self.generator = generator
        torch.manual_seed(0)

    def __len__(self):
        return self.num_samples

    def __iter__(self):
        drawn = torch.multinomial(self.weights, self.num_samples, True, generator=self.generator)
        return iter(drawn.tolist())


class LengthBatchSampler(Sampler):
    def __init__(self, lengths, batch_size, drop_last=False):
        order = sorted(range(len(lengths)), key=lambda index: lengths[index])
        self.batches = list(in_batches(order, batch_size, drop_last))

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        return iter(self.batches)


class Worker:
    def __init__(self, worker_id, base_seed, dataset, collate_fn, worker_init_fn=None):
        self.dataset = dataset
        self.collate_fn = collate_fn
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(base_seed + worker_id)
            if worker_init_fn is not None:
                worker_init_fn(worker_id)
            self.state = torch.get_rng_state()

    def fetch(self, indices):
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(self.state)
            batch = self.collate_fn([self.dataset[index] for index in indices])
            self.state = torch.get_rng_state()
        return batch


class MiniLoader:
    def __init__(
        self,
        dataset,
        *,
        batch_size=1,
        shuffle=False,
        sampler=None,
        batch_sampler=None,
        num_workers=0,
        collate_fn=None,
        drop_last=False,
        worker_init_fn=None,
        generator=None,
        prefetch_factor=2,
        persistent_workers=False,
    ):
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
            raise ValueError("sampler and shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or drop_last or sampler is not None:
                raise ValueError("batch_sampler and others")
        self.kept = []

    def __len__(self):
        if self.batch_sampler is not None:
            return len(self.batch_sampler)
        samples = len(self.dataset if self.sampler is None else self.sampler)
        if self.drop_last:
            return samples // self.batch_size
        return -(-samples // self.batch_size)

    def index_batches(self):
        if self.batch_sampler is not None:
            return iter(self.batch_sampler)
        indices = range(len(self.dataset))
        if self.sampler is not None:
            indices = self.sampler
        elif self.shuffle:
            indices = torch.randperm(len(self.dataset), generator=self.generator).tolist()
        return in_batches(indices, self.batch_size, self.drop_last)

    def start_workers(self):
        seed = torch.empty((), dtype=torch.int64).random_(generator=self.generator).item()
        return [
            Worker(number, seed, self.dataset, self.collate_fn, self.worker_init_fn)
            for number in range(self.num_workers)
        ]

    def __iter__(self):
        workers = self.kept or self.start_workers()
        if self.persistent_workers:
            self.kept = workers
        if not workers:
            for indices in self.index_batches():
                yield self.collate_fn([self.dataset[index] for index in indices])
            return
        waiting = deque()
        for number, indices in enumerate(self.index_batches()):
            waiting.append(workers[number % len(workers)].fetch(indices))
            if len(waiting) > len(workers) * self.prefetch_factor:
                yield waiting.popleft()
        yield from waiting
