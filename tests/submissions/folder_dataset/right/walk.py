# right: os.walk, cut off below the classes; sorted by (class, file name)
import os

import numpy as np
import torch
from torch.utils.data import Dataset


class FolderDataset(Dataset):
	def __init__(self, root, transform=None):
		self.transform = transform
		walker = os.walk(root)
		_, self.classes, _ = next(walker, (root, [], []))
		self.classes = sorted(self.classes)
		if not self.classes:
			raise FileNotFoundError("nothing in " + str(root))
		self.class_to_idx = {}
		found = []
		for number, name in enumerate(self.classes):
			self.class_to_idx[name] = number
			_, _, files = next(os.walk(os.path.join(root, name)))
			found.extend((name, file) for file in files if os.path.splitext(file)[1] == ".npy")
		found.sort()
		self.items = [os.path.join(root, name, file) for name, file in found]
		self.targets = [self.class_to_idx[name] for name, _ in found]

	def __len__(self):
		return len(self.targets)

	def __getitem__(self, index):
		with open(self.items[index], "rb") as file:
			array = np.load(file)
		tensor = torch.from_numpy(array.copy())
		return (self.transform or (lambda t: t))(tensor), self.targets[index]
