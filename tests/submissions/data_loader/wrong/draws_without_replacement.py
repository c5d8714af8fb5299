# wrong: replacement only where it has to be; lengths sorted in place; an empty sampler is none; what was read ahead is kept
# fails: weighted_sampler, length_batch_sampler, loader_samplers, reading_ahead
# cause: stale
from collections import deque

import torch
from torch.utils.data import Sampler, default_collate


def balanced_weights(labels):
    return 1 / torch.bincount(labels)[labels]

class WeightedSampler(Sampler):
    def __init__(self, weights, num_samples, generator):
        self.weights = torch.as_tensor(weights, dtype=torch.float64)
        self.num_samples = num_samples
        self.generator = generator

    def __len__(self):
        return self.num_samples

    def __iter__(self):
        yield from torch.multinomial(self.weights, self.num_samples, replacement=self.num_samples > len(self.weights), generator=self.generator).tolist()

class LengthBatchSampler(Sampler):
    def __init__(self, lengths, batch_size, drop_last=False):
        self.order = sorted(range(len(lengths)), key=lambda i: lengths[i])
        lengths.sort()
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __len__(self):
        if self.drop_last:
            return len(self.order) // self.batch_size
        return (len(self.order) + self.batch_size - 1) // self.batch_size

    def __iter__(self):
        for k in range(len(self)):
            yield self.order[k * self.batch_size:(k + 1) * self.batch_size]

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
    def __init__(self, dataset, *, batch_size=1, shuffle=False, sampler=None, batch_sampler=None, num_workers=0,
                 collate_fn=None, drop_last=False, worker_init_fn=None, generator=None, prefetch_factor=2,
                 persistent_workers=False):
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
        if sampler and shuffle:
            raise ValueError("sampler and shuffle exclude each other")
        if batch_sampler and (batch_size != 1 or sampler or shuffle or drop_last):
            raise ValueError("batch_sampler excludes batch_size, sampler, shuffle and drop_last")
        self.workers = None
        self.ready = deque()

    def __len__(self):
        if self.batch_sampler:
            return len(self.batch_sampler)
        n = len(self.dataset) if not self.sampler else len(self.sampler)
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)

    def _batches(self):
        if self.batch_sampler:
            yield from self.batch_sampler
            return
        if self.sampler:
            order = self.sampler
        elif self.shuffle:
            order = torch.randperm(len(self.dataset), generator=self.generator).tolist()
        else:
            order = range(len(self.dataset))
        batch = []
        for index in order:
            batch.append(index)
            if len(batch) == self.batch_size:
                yield batch
                batch = []
        if batch and not self.drop_last:
            yield batch

    def _seed(self):
        return torch.empty((), dtype=torch.int64).random_(generator=self.generator).item()

    def _start(self):
        seed = self._seed()
        return [Worker(w, seed, self.dataset, self.collate_fn, self.worker_init_fn) for w in range(self.num_workers)]

    def __iter__(self):
        if not self.num_workers:
            self._seed()
            for batch in self._batches():
                yield self.collate_fn([self.dataset[i] for i in batch])
            return
        if self.persistent_workers:
            if self.workers is None:
                self.workers = self._start()
            workers = self.workers
        else:
            workers = self._start()
        ahead = self.num_workers * self.prefetch_factor
        ready = self.ready
        for k, batch in enumerate(self._batches()):
            ready.append(workers[k % self.num_workers].fetch(batch))
            if len(ready) > ahead:
                yield ready.popleft()
        while ready:
            yield ready.popleft()
