# right: seeds torch's global state within fork_rng to draw the seeds of the epochs, and leaves it as it was
import torch

from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, IterableDataset, get_worker_info


def pad_collate(batch, padding_value=0):
    sequences, labels = zip(*batch)
    padded = pad_sequence(sequences, batch_first=True, padding_value=padding_value)
    device = padded.device
    lengths = torch.tensor([sequence.size(0) for sequence in sequences], device=device)
    labels = torch.tensor([int(label) for label in labels], device=device)
    return padded, lengths, labels


class Epochs(torch.utils.data.Sampler):
    """An order of its own for each epoch, drawn from the global state, which is put back."""

    def __init__(self, count, seed):
        self.count, self.seed, self.epoch = count, seed, 0

    def __len__(self):
        return self.count

    def __iter__(self):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            for _ in range(self.epoch + 1):
                order = torch.randperm(self.count).tolist()
        self.epoch += 1
        return iter(order)


def make_loader(dataset, batch_size, shuffle=True, seed=0, drop_last=False):
    sampler = Epochs(len(dataset), seed) if shuffle else None
    generator = torch.Generator()
    return DataLoader(dataset, batch_size, sampler=sampler, drop_last=drop_last, generator=generator)


class ShardedStream(IterableDataset):
    def __init__(self, values):
        super().__init__()
        self.values = values

    def __iter__(self):
        info = get_worker_info()
        if info is None:
            first, step = 0, 1
        else:
            first, step = info.id, info.num_workers
        for i in range(first, len(self.values), step):
            yield self.values[i]
