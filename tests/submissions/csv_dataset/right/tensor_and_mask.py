# right: one tensor, columns picked with a boolean mask, helper class and type hints
from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import torch
from torch import Tensor
from torch.utils.data import Dataset


@dataclass
class Table:
    header: list[str]
    values: Tensor

    @classmethod
    def read(cls, path: str | Path) -> Table:
        header, *rows = [row for row in csv.reader(Path(path).read_text().splitlines()) if row]
        values = torch.zeros(len(rows), len(header), dtype=torch.float32)
        for i, row in enumerate(rows):
            for j, cell in enumerate(row):
                values[i, j] = float(cell)
        return cls(header, values)


class CsvDataset(Dataset[tuple[Tensor, Tensor]]):
    def __init__(self, path: str | Path, target: str, transform: Callable[[Tensor], Tensor] | None = None) -> None:
        self.table = Table.read(path)
        if target not in self.table.header:
            raise ValueError(f"Unknown target {target!r}. Columns: {', '.join(self.table.header)}")
        self.mask = torch.tensor([name == target for name in self.table.header])
        self.transform = transform

    def __len__(self) -> int:
        return self.table.values.size(0)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        if not -len(self) <= index < len(self):
            raise IndexError("out of range")
        row = self.table.values[index]
        features, label = row[~self.mask], row[self.mask][0]
        return (self.transform(features) if self.transform else features), label


if __name__ == "__main__":
    print(CsvDataset("table.csv", "price")[0])
