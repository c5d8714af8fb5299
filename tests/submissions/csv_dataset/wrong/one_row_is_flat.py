# wrong: np.genfromtxt gives a single row without its dimension
# fails: few_rows
# cause: nan
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
        import numpy as np
        table = np.genfromtxt(path, delimiter=",", skip_header=1)
        self.labels = table[:, column]
        self.features = np.delete(table, column, axis=1)
        self.transform = transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        features = torch.tensor(self.features[index], dtype=torch.float32)
        label = torch.tensor(self.labels[index], dtype=torch.float32)
        if self.transform is not None:
            features = self.transform(features)
        return features, label
