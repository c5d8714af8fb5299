# right: the lengths are made on the CPU, as pack_padded_sequence asks for them
import math

import torch
import torch.utils.data as data


def pad_collate(batch, padding_value=0):
    """배치를 같은 길이로 채운다"""
    xs = [x for x, _ in batch]
    longest = max(x.shape[0] for x in xs)
    padded = xs[0].new_full((len(xs), longest) + xs[0].shape[1:], padding_value)
    for row, x in zip(padded, xs):
        row[: len(x)] = x
    lengths = torch.LongTensor([len(x) for x in xs])
    labels = torch.stack([torch.as_tensor(y) for _, y in batch]).long().to(padded.device)
    return [padded, lengths, labels]


def make_loader(dataset, batch_size, shuffle=True, seed=0, drop_last=False):
    g = torch.Generator("cpu").manual_seed(seed)
    if shuffle:
        sampler = data.RandomSampler(dataset, generator=g)
    else:
        sampler = data.SequentialSampler(dataset)
    return data.DataLoader(dataset, batch_size, sampler=sampler, drop_last=drop_last, generator=g)


class ShardedStream(data.IterableDataset):
    def __init__(self, values):
        self.values = list(values)

    def __iter__(self):
        worker = data.get_worker_info()
        start, end = 0, len(self.values)
        if worker is not None:
            each = math.ceil(end / worker.num_workers)
            start = worker.id * each
            end = min(start + each, end)
        return iter(self.values[start:end])
