# wrong: the stream is its own iterator, and set back at its end alone: a pass that is left early goes on later
# fails: sharded_stream
# cause: stale
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


class ShardedStream(IterableDataset):
    def __init__(self, values):
        super().__init__()
        self.values = values
        self.at = None

    def __iter__(self):
        return self

    def __next__(self):
        worker = get_worker_info()
        if self.at is None:
            self.at = worker.id if worker else 0
        if self.at >= len(self.values):
            self.at = None
            raise StopIteration
        value = self.values[self.at]
        self.at += worker.num_workers if worker else 1
        return value
