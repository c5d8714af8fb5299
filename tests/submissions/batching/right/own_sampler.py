# right: a Sampler of the student's own with Python's random.Random; torch.cat with fillers; enumerate and %
import random

import torch
from torch.utils.data import DataLoader, IterableDataset, Sampler, get_worker_info

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Shuffled(Sampler):
  def __init__(self, count, seed):
    self.count = count
    self.random = random.Random(seed)

  def __len__(self):
    return self.count

  def __iter__(self):
    order = list(range(self.count))
    self.random.shuffle(order)
    return iter(order)


def pad_collate(batch, padding_value = 0):
  L = max(len(s) for s, l in batch)
  rows = []
  for s, l in batch:
    shape = list(s.shape)
    shape[0] = L - len(s)
    # 모자란 만큼 채우기
    filler = torch.full(shape, padding_value, dtype=s.dtype, device=s.device)
    rows.append(torch.cat([s, filler], dim=0))
  padded = torch.stack(rows, dim=0)
  lengths = torch.tensor([len(s) for s, l in batch], dtype=torch.int64, device=padded.device)
  labels = torch.tensor([l if isinstance(l, int) else l.item() for s, l in batch], dtype=torch.int64, device=padded.device)
  return padded, lengths, labels


def make_loader(dataset, batch_size, shuffle = True, seed = 0, drop_last = False):
  sampler = Shuffled(len(dataset), seed) if shuffle else None
  # 로더가 전역 난수를 쓰지 않도록
  return DataLoader(dataset, batch_size = batch_size, sampler = sampler, drop_last = drop_last, generator = torch.Generator())


class ShardedStream(IterableDataset):
  def __init__(self, values):
    super(ShardedStream, self).__init__()
    self.data = values

  def __iter__(self):
    w = get_worker_info()
    for i, v in enumerate(self.data):
      if w is None or i % w.num_workers == w.id:
        yield v


for batch in make_loader(list(range(6)), 2):
  print(batch)
print(list(ShardedStream([1, 2, 3])))
