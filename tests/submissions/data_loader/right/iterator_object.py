# right: an iterator class with __next__, index arithmetic on lists, cumulated weights
import math

import torch
from torch import Tensor
from torch.utils.data import Sampler
from torch.utils.data._utils.collate import default_collate


def balanced_weights(labels: Tensor) -> Tensor:
    same = labels[:, None] == labels[None, :]
    return 1 / same.sum(dim=1).to(torch.float32)


class WeightedSampler(Sampler[int]):
    def __init__(self, weights, num_samples: int, generator: torch.Generator) -> None:
        weights = [float(weight) for weight in weights]
        total = sum(weights)
        self.ends = torch.tensor([w / total for w in weights], dtype=torch.float64).cumsum(0)
        self.last = max(i for i, w in enumerate(weights) if w > 0)
        self.num_samples = num_samples
        self.generator = generator

    def __len__(self) -> int:
        return self.num_samples

    def __iter__(self):
        places = torch.rand(self.num_samples, dtype=torch.float64, generator=self.generator)
        found = torch.searchsorted(self.ends, places, right=True)
        return iter(found.clamp(max=self.last).tolist())


class LengthBatchSampler(Sampler[list[int]]):
    def __init__(self, lengths: list[int], batch_size: int, drop_last: bool = False) -> None:
        order = torch.tensor(lengths, dtype=torch.int64).argsort(stable=True).tolist()
        count = len(order) // batch_size if drop_last else math.ceil(len(order) / batch_size)
        self.batches = [order[k * batch_size : (k + 1) * batch_size] for k in range(count)]

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self):
        yield from self.batches


class Worker:
    def __init__(self, worker_id, base_seed, dataset, collate_fn, worker_init_fn=None):
        self.worker_id, self.dataset, self.collate_fn = worker_id, dataset, collate_fn
        self.state = torch.Generator().manual_seed(base_seed + worker_id).get_state()
        if worker_init_fn is not None:
            self.run(worker_init_fn, worker_id)

    def run(self, function, *args):
        outside = torch.random.get_rng_state()
        torch.random.set_rng_state(self.state)
        try:
            return function(*args)
        finally:
            self.state = torch.random.get_rng_state()
            torch.random.set_rng_state(outside)

    def read(self, indices):
        samples = []
        for index in indices:
            samples.append(self.dataset[index])
        return self.collate_fn(samples)

    def fetch(self, indices):
        return self.run(self.read, indices)


class Pass:
    def __init__(self, loader: "MiniLoader") -> None:
        base = None
        if loader.workers is None or not loader.persistent_workers:
            base = torch.empty((), dtype=torch.int64).random_(generator=loader.generator).item()
            loader.workers = [
                Worker(number, base, loader.dataset, loader.collate_fn, loader.worker_init_fn)
                for number in range(loader.num_workers)
            ]
        self.loader, self.workers = loader, loader.workers
        self.todo = loader.all_indices()
        self.ready = {}
        self.number = 0

    def __iter__(self):
        return self

    def __next__(self):
        loader, k = self.loader, self.number
        if k >= len(self.todo):
            raise StopIteration
        for j in range(k, min(len(self.todo), k + loader.ahead + 1)):
            if j not in self.ready:
                self.ready[j] = self.read(j)
        self.number += 1
        return self.ready[k]

    def read(self, k: int):
        if self.workers:
            return self.workers[k % len(self.workers)].fetch(self.todo[k])
        loader = self.loader
        return loader.collate_fn([loader.dataset[i] for i in self.todo[k]])


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
        if shuffle and sampler is not None:
            raise ValueError("sampler and shuffle")
        if batch_sampler is not None:
            for bad in (batch_size != 1, shuffle, sampler is not None, drop_last):
                if bad:
                    raise ValueError("batch_sampler")
        self.dataset, self.batch_size, self.shuffle = dataset, batch_size, shuffle
        self.sampler, self.batch_sampler, self.num_workers = sampler, batch_sampler, num_workers
        self.collate_fn = collate_fn if collate_fn is not None else default_collate
        self.drop_last, self.worker_init_fn, self.generator = drop_last, worker_init_fn, generator
        self.ahead = prefetch_factor * num_workers
        self.persistent_workers = persistent_workers
        self.workers = None

    def all_indices(self):
        if self.batch_sampler is not None:
            return list(self.batch_sampler)
        if self.shuffle:
            order = torch.randperm(len(self.dataset), generator=self.generator).tolist()
        else:
            order = list(range(len(self.dataset)) if self.sampler is None else self.sampler)
        parts = [order[at : at + self.batch_size] for at in range(0, len(order), self.batch_size)]
        if self.drop_last and parts and len(parts[-1]) < self.batch_size:
            parts.pop()
        return parts

    def __len__(self):
        if self.batch_sampler is not None:
            return len(self.batch_sampler)
        n = len(self.dataset) if self.sampler is None else len(self.sampler)
        full, rest = divmod(n, self.batch_size)
        return full + (1 if rest and not self.drop_last else 0)

    def __iter__(self):
        return Pass(self)
