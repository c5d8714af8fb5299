# wrong: below −len the index is still negative after adding len
# fails: indices
# cause: negative-index, index-modulo
import os

import numpy as np
import torch
from torch.utils.data import Dataset


class FolderDataset(Dataset):
    def __init__(self, root, transform=None):
        super().__init__()
        self.root = root
        self.transform = transform
        self.classes = sorted(
            name for name in os.listdir(root) if os.path.isdir(os.path.join(root, name))
        )
        if not self.classes:
            raise FileNotFoundError(f"no class folder in {root}")
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}
        self.samples = []
        for name in self.classes:
            folder = os.path.join(root, name)
            for file in sorted(os.listdir(folder)):
                path = os.path.join(folder, file)
                if file.endswith(".npy") and os.path.isfile(path):
                    self.samples.append((path, self.class_to_idx[name]))

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        if index < 0:
            index += len(self)
        path, label = self.samples[index]
        tensor = torch.from_numpy(np.load(path))
        if self.transform is not None:
            tensor = self.transform(tensor)
        return tensor, label
