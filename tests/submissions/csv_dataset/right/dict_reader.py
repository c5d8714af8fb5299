# right: csv.DictReader, explicit index arithmetic, a list for the pair
import csv
import torch
from torch.utils.data import Dataset


class CsvDataset(Dataset):
    """CSV 파일을 읽는 데이터셋"""

    def __init__(self, path: str, target: str, transform=None) -> None:
        self.transform = transform or (lambda features: features)
        with open(path, "r", encoding="utf-8") as f:
            reader = csv.DictReader(f)
            names = reader.fieldnames or []
            if target not in names:
                raise ValueError("no column named " + repr(target) + ", only " + ", ".join(names))
            self.names = [name for name in names if name != target]
            self.target = target
            self.rows = list(reader)  # 빈 줄은 건너뜀

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int):
        count = len(self)
        if index < -count or index >= count:
            raise IndexError(f"index {index} is out of range for {count} items")
        row = self.rows[index % count]
        x = torch.tensor([float(row[name]) for name in self.names], dtype=torch.float32)
        y = torch.tensor(float(row[self.target]), dtype=torch.float32)
        return [self.transform(x), y]
