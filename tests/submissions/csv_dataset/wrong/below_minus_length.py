# wrong: below −len the index is still negative after adding len, and counts from the end again
# fails: index_out_of_range
# cause: negative-index
import csv

import torch
from torch.utils.data import Dataset


class CsvDataset(Dataset):
    def __init__(self, path, target, transform=None):
        super().__init__()
        with open(path, newline="") as file:
            rows = [row for row in csv.reader(file) if row]
        header = rows[0]
        if target not in header:
            raise ValueError(f"unknown target: {target}")
        column = header.index(target)
        self.features = []
        self.labels = []
        for row in rows[1:]:
            numbers = [float(cell) for cell in row]
            self.labels.append(numbers.pop(column))
            self.features.append(numbers)
        self.transform = transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        if index < 0:
            index += len(self)
        features = torch.tensor(self.features[index], dtype=torch.float32)
        label = torch.tensor(self.labels[index], dtype=torch.float32)
        if self.transform is not None:
            features = self.transform(features)
        return features, label
