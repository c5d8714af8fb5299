# right: the loader has workers, which stay from epoch to epoch, and seeds them as torch's notes on reproducibility do
import random

import numpy
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info


def pad_collate(batch, padding_value=0):
    sequences, labels = zip(*batch)
    lengths = torch.tensor([len(s) for s in sequences], device=sequences[0].device)
    padded = torch.nn.utils.rnn.pad_sequence(list(sequences), True, padding_value)
    return padded, lengths, torch.tensor([int(label) for label in labels], device=padded.device)


def seed_worker(number):
    seed = torch.initial_seed() % 2**32
    numpy.random.seed(seed)
    random.seed(seed)


def make_loader(dataset, batch_size, shuffle=True, seed=0, drop_last=False):
    return DataLoader(
        dataset,
        batch_size,
        shuffle=shuffle,
        drop_last=drop_last,
        num_workers=2,
        persistent_workers=True,
        prefetch_factor=4,
        worker_init_fn=seed_worker,
        generator=torch.Generator().manual_seed(seed),
    )


class ShardedStream(IterableDataset):
    def __init__(self, values):
        self.values = values

    def __iter__(self):
        worker = get_worker_info()
        first, by = (worker.id, worker.num_workers) if worker else (0, 1)
        for index in range(first, len(self.values), by):
            yield self.values[index]


for batch in DataLoader(ShardedStream([1, 2, 3]), num_workers=2):
    print(batch)
