# right: lists the files when they are first needed; memory-maps a file and copies it
import glob
import os
from functools import cached_property

import numpy as np
import torch
from torch.utils.data import Dataset


class FolderDataset(Dataset):
    def __init__(self, root, transform=None):
        self.root, self.transform = str(root), transform
        if not self.classes:
            raise FileNotFoundError(f"No classes found in {root!r}")

    @cached_property
    def classes(self):
        pattern = os.path.join(glob.escape(self.root), "*", "")
        found = glob.glob(pattern, include_hidden=True)
        return sorted(os.path.basename(p.rstrip(os.sep)) for p in found)

    @cached_property
    def class_to_idx(self):
        return {name: self.classes.index(name) for name in self.classes}

    @cached_property
    def files(self):
        return [
            (name, file)
            for name in self.classes
            for file in sorted(os.listdir(os.path.join(self.root, name)))
            if file.endswith(".npy") and os.path.isfile(os.path.join(self.root, name, file))
        ]

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        name, file = self.files[index]
        mapped = np.load(os.path.join(self.root, name, file), mmap_mode="r")
        tensor = torch.tensor(np.array(mapped))
        if self.transform is not None:
            tensor = self.transform(tensor)
        return tensor, self.class_to_idx[name]


if __name__ == "__main__":
    dataset = FolderDataset("data")
    print(len(dataset), dataset.classes)
