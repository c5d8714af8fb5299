# right: np.loadtxt with quotechar, skiprows and ndmin; the header by csv
import csv
import warnings

import numpy as np
import torch
import torch.utils.data


class CsvDataset(torch.utils.data.Dataset):
    def __init__(self, path, target, transform=None):
        with open(path, newline="") as f:
            names = next(csv.reader(f))
        if target not in names:
            raise ValueError(target)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a header alone
            array = np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2, quotechar='"')
        array = array.reshape(-1, len(names))
        k = names.index(target)
        others = [j for j in range(len(names)) if j != k]
        self.pairs = [(row[others], row[k]) for row in array]
        self.transform = transform

    def __getitem__(self, index):
        x, y = self.pairs[index]
        x = torch.tensor(x, dtype=torch.float)
        if self.transform is not None:
            x = self.transform(x)
        return x, torch.tensor(y, dtype=torch.float)

    def __len__(self):
        return len(self.pairs)
