"""A folder of arrays as a Dataset that loads lazily

A table fits into memory, a million pictures do not. So a dataset of files keeps a list of *paths*,
and reads a file when its item is asked for. The usual layout gives each class a folder of its own,
and the labels come for free from the names of the folders. Here the files hold NumPy arrays
(`.npy`).

For the files

    root/cat/a.npy
    root/cat/b.npy
    root/dog/a.npy

`classes` is `["cat", "dog"]`, `class_to_idx` is `{"cat": 0, "dog": 1}`, the length is $2 + 1 = 3$,
and item 2 is the array in `root/dog/a.npy` with the class index $1$.

**Rules.**

- `numpy.load` and `torch.from_numpy` are allowed, and so is any other way.
- Making the dataset lists the folders and opens none of the files; `len` opens none either. Asking
  for an item reads that one file.
- The order is that of the names, as Python's `sorted` orders strings: neither the file system's,
  nor that of the dates.
- Nothing under `root` is changed.

- Names of classes and files may hold dots, brackets, spaces and Hangul, and may begin with a dot.
  `root` may be a `str` or a `Path`. No folder inside a class has a name that ends in `.npy`.
- The arrays have the dtypes that `torch.from_numpy` takes, in native byte order. What is done to an
  item changes neither its file nor later items.

See: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.Dataset
"""

from collections.abc import Callable
from os import PathLike
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset


class FolderDataset(Dataset[tuple[Tensor, int]]):
    """The files `root/<class>/<anything>.npy` as pairs `(tensor, class index)`.

    Attributes:
        classes: The names of the classes, a sorted list.
        class_to_idx: A dict from the name of a class to its index in `classes`.
    """

    def __init__(
        self,
        root: str | PathLike[str],
        transform: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        """List the classes and the files, without reading any of the files.

        The classes are the folders directly under `root`, also those that hold no file. The items
        are the files directly in these folders whose names end in `.npy`, in the order of the
        class, then of the file name. All else is ignored: files directly under `root`, files with
        other names (`a.NPY` too), folders inside a class and what is in them.

        Args:
            root: The path of the folder that holds the classes.
            transform: If given, it gets the tensor of an item when the item is asked for, and what
                it returns takes the tensor's place.

        Raises:
            FileNotFoundError: There is no class, that is, no folder directly under `root`.
        """
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError("FolderDataset.__init__ is not written yet")

    def __len__(self) -> int:
        """The number of files over all classes."""
        # YOUR CODE HERE
        raise NotImplementedError("FolderDataset.__len__ is not written yet")

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """Read the file with the number `index`.

        Args:
            index: From 0 to len − 1, or negative to count from the end: −1 is the last item.

        Returns:
            The pair `(tensor, class index)`: the array as a tensor of the same shape and dtype
            (uint8 stays uint8, float64 stays float64), through the `transform` if there is one;
            the index of its class as an `int`.

        Raises:
            IndexError: The index is len or more, or less than −len.
        """
        # YOUR CODE HERE
        raise NotImplementedError("FolderDataset.__getitem__ is not written yet")
