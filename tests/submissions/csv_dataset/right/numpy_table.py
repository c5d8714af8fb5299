# right: NumPy reads the table; columns picked with np.delete; a clone for the transform
import csv

import numpy as np
import torch
from torch.utils.data import Dataset


class CsvDataset(Dataset):
    def __init__(self, path, target, transform=None):
        with open(path) as file:
            header, *lines = (line.strip() for line in file if line.strip())
        columns = next(csv.reader([header]))
        try:
            where = columns.index(target)
        except ValueError:
            raise ValueError(f"no column {target!r}") from None
        table = np.array(list(csv.reader(lines)), dtype=np.float64).reshape(-1, len(columns))
        self.y = torch.from_numpy(table[:, where].astype(np.float32))
        self.x = torch.from_numpy(np.delete(table, where, axis=1).astype(np.float32))
        self.transform = transform

    def __len__(self):
        return self.x.shape[0]

    def __getitem__(self, i):
        x = self.x[i].clone()
        return (x if self.transform is None else self.transform(x)), self.y[i]
