# right: generator functions all along, batches by islice
import itertools

import torch
from torch.utils.data import default_collate


def balanced_weights(labels):
    _, places, counts = labels.unique(return_inverse=True, return_counts=True)
    return counts.double().reciprocal()[places]


def chunks(indices, size, drop_last):
    source = iter(indices)
    while chunk := list(itertools.islice(source, size)):
        if len(chunk) == size or not drop_last:
            yield chunk


class WeightedSampler:
    def __init__(self, weights, num_samples, generator):
        self.weights, self.n, self.g = torch.as_tensor(weights), num_samples, generator

    def __len__(self):
        return self.n

    def __iter__(self):
        for _ in range(self.n):
            yield torch.multinomial(self.weights, 1, generator=self.g).item()


class LengthBatchSampler:
    def __init__(self, lengths, batch_size, drop_last=False):
        self.lengths, self.size, self.drop = lengths, batch_size, drop_last

    def __len__(self):
        return sum(1 for _ in self)

    def __iter__(self):
        pairs = sorted((length, index) for index, length in enumerate(self.lengths))
        yield from chunks((index for _, index in pairs), self.size, self.drop)


class Worker:
    def __init__(self, worker_id, base_seed, dataset, collate_fn, worker_init_fn=None):
        self.worker = self.work(worker_id + base_seed, dataset, collate_fn)
        before = torch.get_rng_state()
        torch.manual_seed(base_seed + worker_id)
        if worker_init_fn:
            worker_init_fn(worker_id)
        self.state = torch.get_rng_state()
        torch.set_rng_state(before)
        next(self.worker)

    def work(self, seed, dataset, collate_fn):
        indices = yield
        while True:
            indices = yield collate_fn([dataset[i] for i in indices])

    def fetch(self, indices):
        before = torch.get_rng_state()
        torch.set_rng_state(self.state)
        try:
            return self.worker.send(indices)
        finally:
            self.state = torch.get_rng_state()
            torch.set_rng_state(before)


class MiniLoader:
    def __init__(self, dataset, **options):
        get = options.get
        self.dataset, self.generator = dataset, get("generator")
        self.size, self.drop = get("batch_size", 1), get("drop_last", False)
        self.shuffle, self.sampler = get("shuffle", False), get("sampler")
        self.batch_sampler = get("batch_sampler")
        self.collate = get("collate_fn") or default_collate
        self.count, self.begin = get("num_workers", 0), get("worker_init_fn")
        self.ahead = self.count * get("prefetch_factor", 2)
        self.persistent = get("persistent_workers", False)
        others = self.shuffle or self.drop or self.sampler is not None or self.size != 1
        if (self.batch_sampler is not None and others) or (self.shuffle and self.sampler is not None):
            raise ValueError("these exclude each other")

    def __len__(self):
        if self.batch_sampler is not None:
            return len(self.batch_sampler)
        n = len(self.dataset) if self.sampler is None else len(self.sampler)
        return n // self.size if self.drop else (n + self.size - 1) // self.size

    def indices(self):
        if self.batch_sampler is not None:
            yield from self.batch_sampler
            return
        order = range(len(self.dataset)) if self.sampler is None else self.sampler
        if self.shuffle:
            order = torch.randperm(len(self.dataset), generator=self.generator).tolist()
        yield from chunks(order, self.size, self.drop)

    def __iter__(self):
        if not hasattr(self, "workers"):
            base = torch.empty((), dtype=torch.int64).random_(generator=self.generator).item()
            workers = [
                Worker(i, base, self.dataset, self.collate, self.begin) for i in range(self.count)
            ]
            if self.persistent and workers:
                self.workers = workers
        else:
            workers = self.workers
        if workers:
            batches = (
                worker.fetch(indices)
                for worker, indices in zip(itertools.cycle(workers), self.indices(), strict=False)
            )
        else:
            batches = (self.collate([self.dataset[i] for i in each]) for each in self.indices())
        ready = []
        for batch in batches:
            ready.append(batch)
            if len(ready) == self.ahead + 1:
                yield ready.pop(0)
        yield from ready
