# right: names alone per class; the class of an index found by bisection over cumulative counts
from __future__ import annotations

import bisect
import itertools
from pathlib import Path
from typing import Any, Callable

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset


def arrays_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".npy") and not entry.is_dir())


class FolderDataset(Dataset[tuple[Tensor, int]]):
    def __init__(self, root: str | Path, transform: Callable[[Tensor], Any] | None = None) -> None:
        self.root = Path(root)
        self.names = {entry.name: arrays_in(entry) for entry in self.root.iterdir() if entry.is_dir()}
        if not self.names:
            raise FileNotFoundError(f"{root} has no folders")
        self.classes = sorted(self.names)
        self.class_to_idx = {name: index for index, name in enumerate(self.classes)}
        self.ends = list(itertools.accumulate(len(self.names[name]) for name in self.classes))
        self.transform = transform

    def __len__(self) -> int:
        return self.ends[-1]

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        if index < 0:
            index += len(self)
        if index < 0 or index >= len(self):
            raise IndexError
        label = bisect.bisect_right(self.ends, index)
        names = self.names[self.classes[label]]
        file = names[index - self.ends[label]]
        tensor = torch.from_numpy(np.load(self.root / self.classes[label] / file))
        if self.transform is not None:
            tensor = self.transform(tensor)
        return tensor, label
