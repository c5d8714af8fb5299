"""A table of numbers as a Dataset

A map-style `Dataset` answers two questions: how many samples are there (`len(dataset)`), and what
is sample number i (`dataset[i]`)? Whatever can answer them can be shuffled, batched and handed to
several workers by a `DataLoader`, whether the samples come from a table, a folder or a data base.
Here the source is a CSV file: one row is one sample, one column is the label, and the others are
the features.

For the file

    width,price,height
    2,10,3
    4,20,5

and `target="price"` the item 0 has the features $(2, 3)$ and the label $10$; item −1 is the last
one, with $(4, 5)$ and $20$.

**Rules.**

- Python's `csv` module is allowed, and so is any other way to read the file.
- Features and labels are float32, whatever torch's default dtype is.
- The `transform` belongs to the moment when an item is asked for: calling it in `__init__` on all
  rows is wrong, since it may be random or slow. It may also change its argument in place, and
  asking for the same item again must nevertheless start from the numbers in the file.
- The table may have one row or none, and one feature column alone. The file is left as it was.

- The file is UTF-8, with or without a byte-order mark, and its lines end with LF or CRLF. Fields
  are what Python's `csv` reads: in quotes, they may hold commas and quotes. Names stand as they
  are, with spaces or Hangul, and none stands twice. Numbers are what `float` reads (`+3`, `.5`,
  `1E5`).

See: https://docs.pytorch.org/docs/stable/data.html#map-style-datasets
"""

import csv
from collections.abc import Callable
from os import PathLike

import torch
from torch import Tensor
from torch.utils.data import Dataset


class CsvDataset(Dataset[tuple[Tensor, Tensor]]):
    """The rows of a CSV file as pairs `(features, label)`."""

    def __init__(
        self,
        path: str | PathLike[str],
        target: str,
        transform: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        """Read the file.

        It has a header row, and numbers separated by commas in the rows below. Blank lines,
        wherever they stand, are skipped, and the last line may end without a newline. A file with a
        header alone is a dataset of length 0.

        Args:
            path: The path of the file.
            target: The name of the column that holds the labels.
            transform: If given, it is applied to the features of an item when the item is asked
                for, not before.

        Raises:
            ValueError: There is no column `target`; the message names it.
        """
        super().__init__()
        ### BEGIN SOLUTION
        with open(path, newline="", encoding="utf-8-sig") as file:
            lines = [line for line in file if line.strip()]
        header, *rows = csv.reader(lines)
        if target not in header:
            raise ValueError(f"there is no column {target!r}; the columns are {header}")

        numbers = [[float(cell) for cell in row] for row in rows]
        # the reshape gives a table without rows its columns
        table = torch.tensor(numbers, dtype=torch.float32).reshape(len(rows), len(header))
        column = header.index(target)
        self.labels = table[:, column]
        self.features = torch.cat((table[:, :column], table[:, column + 1 :]), dim=1)
        self.transform = transform
        ### END SOLUTION

    def __len__(self) -> int:
        """The number of rows below the header, blank lines not counted."""
        ### BEGIN SOLUTION
        return len(self.labels)
        ### END SOLUTION

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """The sample with the number `index`.

        Args:
            index: From 0 to len − 1, or negative to count from the end: −1 is the last sample.

        Returns:
            The pair `(features, label)`: the features as a float32 tensor of shape (columns − 1,),
            in the order of the header without the target, through the `transform` if there is one;
            the label as a 0-dim float32 tensor.

        Raises:
            IndexError: The index is len or more, or less than −len.
        """
        ### BEGIN SOLUTION
        # copies: what a transform does in place must not reach the table
        features = self.features[index].clone()
        label = self.labels[index].clone()
        if self.transform is not None:
            features = self.transform(features)
        return features, label
        ### END SOLUTION
