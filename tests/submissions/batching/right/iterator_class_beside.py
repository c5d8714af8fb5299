# right: `__iter__` makes an iterator of a class of its own, which counts for itself
import torch
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, IterableDataset, get_worker_info


def pad_collate(batch, padding_value=0):
    sequences, labels = zip(*batch)
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    padded = pad_sequence(sequences, batch_first=True, padding_value=padding_value)
    return padded, lengths, torch.tensor([int(label) for label in labels])


def make_loader(dataset, batch_size, shuffle=True, seed=0, drop_last=False):
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, batch_size, shuffle, drop_last=drop_last, generator=generator)


class Share:
    def __init__(self, values, start, by):
        self.values, self.at, self.by = values, start, by

    def __iter__(self):
        return self

    def __next__(self):
        if self.at >= len(self.values):
            raise StopIteration
        value = self.values[self.at]
        self.at += self.by
        return value


class ShardedStream(IterableDataset):
    def __init__(self, values):
        super().__init__()
        self.values = values

    def __iter__(self):
        worker = get_worker_info()
        if worker is None:
            return Share(self.values, 0, 1)
        return Share(self.values, worker.id, worker.num_workers)
