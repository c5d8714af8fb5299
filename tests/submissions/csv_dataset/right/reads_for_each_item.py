# right: keeps the path alone and goes through the file again for each item
import csv

import torch
from torch.utils.data import Dataset


def rows_of(path):
	with open(path, newline="") as file:
		for row in csv.reader(file):
			if any(cell.strip() for cell in row):
				yield row


class CsvDataset(Dataset):
	def __init__(self, path, target, transform=None):
		self.path, self.target, self.transform = path, target, transform
		self.header = next(rows_of(path))
		if target not in self.header:
			raise ValueError(f"{target} is not one of {self.header}")

	def __len__(self):
		return sum(1 for _ in rows_of(self.path)) - 1

	def __getitem__(self, index):
		length = len(self)
		if index < 0:
			index += length
		if not 0 <= index < length:
			raise IndexError(index)
		for number, row in enumerate(rows_of(self.path)):
			if number == index + 1:
				break
		named = dict(zip(self.header, row))
		label = torch.tensor(float(named.pop(self.target)), dtype=torch.float32)
		features = torch.tensor([float(cell) for cell in named.values()], dtype=torch.float32)
		if self.transform is not None:
			features = self.transform(features)
		return features, label
