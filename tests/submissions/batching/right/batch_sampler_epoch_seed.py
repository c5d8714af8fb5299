# right: a batch sampler that seeds an order for each epoch from (seed, epoch); F.pad; itertools.islice
from __future__ import annotations

import itertools
from typing import Any, Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset, get_worker_info


def pad_collate(batch: list[tuple[Tensor, int | Tensor]], padding_value: float = 0) -> tuple[Tensor, Tensor, Tensor]:
    lengths = torch.tensor([sequence.shape[0] for sequence, _ in batch])
    longest = int(lengths.max())
    padded = []
    for sequence, _ in batch:
        missing = longest - sequence.shape[0]
        padded.append(F.pad(sequence, (0, 0) * (sequence.dim() - 1) + (0, missing), value=padding_value))
    device = padded[0].device
    labels = torch.as_tensor([int(label) for _, label in batch])
    return torch.stack(padded), lengths.to(device), labels.to(device)


class Batches:
    def __init__(self, count: int, size: int, shuffle: bool, seed: int, drop_last: bool) -> None:
        self.count, self.size, self.shuffle, self.seed, self.drop_last = count, size, shuffle, seed, drop_last
        self.epoch = 0

    def __len__(self) -> int:
        return self.count // self.size if self.drop_last else -(-self.count // self.size)

    def __iter__(self) -> Iterator[list[int]]:
        order = np.arange(self.count)
        if self.shuffle:
            order = np.random.default_rng([self.seed, self.epoch]).permutation(self.count)
        self.epoch += 1
        for number in range(len(self)):
            yield order[number * self.size : (number + 1) * self.size].tolist()


def make_loader(dataset: Dataset[Any], batch_size: int, shuffle: bool = True, seed: int = 0, drop_last: bool = False) -> DataLoader[Any]:
    sampler = Batches(len(dataset), batch_size, shuffle, seed, drop_last)
    return DataLoader(dataset, batch_sampler=sampler, generator=torch.Generator().manual_seed(seed))


class ShardedStream(IterableDataset[Any]):
    def __init__(self, values: list[Any]) -> None:
        self.values = values

    def __iter__(self) -> Iterator[Any]:
        info = get_worker_info()
        if info is None:
            yield from self.values
        else:
            yield from itertools.islice(self.values, info.id, None, info.num_workers)

    def __len__(self) -> int:
        return len(self.values)


if __name__ == "__main__":
    print(list(DataLoader(ShardedStream([10, 20, 30]), batch_size=None, num_workers=2)))
