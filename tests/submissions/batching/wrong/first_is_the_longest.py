# wrong: takes the first sequence for the longest
# fails: pad_collate
# cause: fixed-length
import torch
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, IterableDataset, get_worker_info


def pad_collate(batch, padding_value=0):
    sequences, labels = zip(*batch)
    longest = len(sequences[0])
    padded = torch.stack([pad_sequence([s[:longest], sequences[0]], batch_first=True, padding_value=padding_value)[0] for s in sequences])
    device = padded.device
    lengths = torch.tensor([sequence.size(0) for sequence in sequences], device=device)
    labels = torch.tensor([int(label) for label in labels], device=device)
    return padded, lengths, labels


def make_loader(dataset, batch_size, shuffle=True, seed=0, drop_last=False):
    generator = torch.Generator()
    generator.manual_seed(seed)
    return DataLoader(
        dataset,
        batch_size=batch_size,
        shuffle=shuffle,
        drop_last=drop_last,
        generator=generator,
    )


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
