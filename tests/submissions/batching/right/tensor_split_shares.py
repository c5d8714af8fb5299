# right: the shares differ by one at most (np.array_split of the indices); padding by a mask
import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset
import torch.utils.data


def pad_collate(batch, padding_value=0):
	sequences = [pair[0] for pair in batch]
	device = sequences[0].device
	lengths = torch.tensor(list(map(len, sequences)), device=device)
	mask = torch.arange(int(lengths.max()), device=device)[None, :] < lengths[:, None]
	shape = tuple(mask.shape) + tuple(sequences[0].shape[1:])
	padded = torch.empty(shape, dtype=sequences[0].dtype, device=device).fill_(padding_value)
	padded[mask] = torch.cat(sequences)
	labels = torch.tensor([int(pair[1]) for pair in batch], device=device)
	return padded, lengths, labels


class SeededLoader(DataLoader):
	"""DataLoader의 하위 클래스"""

	def __init__(self, dataset, seed, **options):
		self.random = torch.Generator()
		self.random.manual_seed(int(seed))
		super().__init__(dataset, generator=self.random, **options)


def make_loader(dataset, batch_size, shuffle=True, seed=0, drop_last=False):
	return SeededLoader(dataset, seed, batch_size=batch_size, shuffle=bool(shuffle), drop_last=drop_last)


class ShardedStream(IterableDataset):
	def __init__(self, values):
		super().__init__()
		self.values = tuple(values)

	def __iter__(self):
		info = torch.utils.data.get_worker_info()
		indices = np.arange(len(self.values))
		if info is not None:
			indices = np.array_split(indices, info.num_workers)[info.id]
		return (self.values[i] for i in indices)
