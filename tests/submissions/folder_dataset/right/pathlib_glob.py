# right: pathlib, glob('*.npy'), torch.tensor; explicit index arithmetic
from pathlib import Path

import numpy
import torch
from torch.utils.data import Dataset


class FolderDataset(Dataset):
    """이미지 폴더처럼 배열을 읽는 데이터셋"""

    def __init__(self, root: str, transform=None) -> None:
        self.root = Path(root)
        folders = sorted(p for p in self.root.glob("*") if p.is_dir())
        if len(folders) == 0:
            raise FileNotFoundError("클래스 폴더가 없습니다: " + str(root))
        self.classes = [p.name for p in folders]
        self.class_to_idx = dict(zip(self.classes, range(len(self.classes))))
        self.files = []
        for p in folders:
            self.files += sorted(q for q in p.glob("*.npy") if q.is_file())
        self.transform = transform

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, i: int):
        n = len(self.files)
        if i >= n or i < -n:
            raise IndexError("index out of range")
        file = self.files[i + n if i < 0 else i]
        x = torch.tensor(numpy.load(str(file)))
        y = self.class_to_idx[file.parent.name]
        if self.transform:
            x = self.transform(x)
        return [x, y]
