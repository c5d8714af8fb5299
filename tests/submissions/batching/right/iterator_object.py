# right: the stream is its own iterator, set back by __iter__; nested loops for the padding
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info


def pad_collate(batch, padding_value=0):
    first = batch[0][0]
    longest = 0
    for sequence, label in batch:
        if len(sequence) > longest:
            longest = len(sequence)
    shape = [len(batch), longest]
    if first.dim() == 2:
        shape.append(first.size(1))
    padded = torch.ones(shape, dtype=first.dtype, device=first.device) * padding_value
    padded = padded.to(first.dtype)
    lengths = torch.zeros(len(batch), dtype=torch.long, device=first.device)
    labels = torch.zeros(len(batch), dtype=torch.long, device=first.device)
    for i in range(len(batch)):
        sequence, label = batch[i]
        for j in range(len(sequence)):
            padded[i][j] = sequence[j]
        lengths[i] = len(sequence)
        labels[i] = label
    return padded, lengths, labels


def make_loader(dataset, batch_size, shuffle=True, seed=0, drop_last=False):
    kwargs = {"batch_size": batch_size, "drop_last": drop_last}
    kwargs["generator"] = torch.Generator().manual_seed(seed)
    if shuffle:
        kwargs["shuffle"] = True
    return DataLoader(dataset, **kwargs)


class ShardedStream(IterableDataset):
    def __init__(self, values):
        super().__init__()
        self.values = values
        self.position = self.step = 0

    def __iter__(self):
        worker = get_worker_info()
        self.position = worker.id if worker else 0
        self.step = worker.num_workers if worker else 1
        return self

    def __next__(self):
        if self.position >= len(self.values):
            raise StopIteration
        value = self.values[self.position]
        self.position += self.step
        return value
