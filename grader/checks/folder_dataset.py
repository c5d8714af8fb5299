"""A Dataset over a tree of files: classes, order, laziness."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from grader import Student, expect, expect_close, helper, needs, points, probe

# names whose order as text differs from the order in which they are made, and from that of their numbers
TREE = {
    "dog": {"b": torch.tensor([1.5, 2.0]), "a": torch.tensor([[3.0, 4.0, 5.0]])},
    "cat": {"x10": torch.tensor([7, 8]), "x2": torch.tensor([9]), "x1": torch.tensor(4)},
    "owl": {},
    "ant": {"only": torch.tensor([0.5, 0.25], dtype=torch.float64)},
}
CLASSES = sorted(TREE)
ORDER = [(name, file) for name in CLASSES for file in sorted(TREE[name])]


@helper
def planted(tree: dict[str, dict[str, Tensor]]) -> str:
    """A folder with these classes and files, and its path."""
    import os
    import tempfile

    import numpy

    root = tempfile.mkdtemp(dir=".")
    for name, files in tree.items():
        os.mkdir(os.path.join(root, name))
        for file, tensor in files.items():
            numpy.save(os.path.join(root, name, f"{file}.npy"), tensor.numpy())
    return root


@helper
def all_items(dataset: Any) -> list[Any]:
    return [dataset[i] for i in range(len(dataset))]


@probe
def read_tree(student: Any, tree: dict[str, dict[str, Tensor]]) -> Any:
    import os

    root = planted(tree)
    # what is to be ignored
    with open(os.path.join(root, "readme.npy"), "w") as file:
        file.write("a file beside the classes")
    for name in tree:
        with open(os.path.join(root, name, "notes.txt"), "w") as file:
            file.write("not an array")
        os.mkdir(os.path.join(root, name, "deeper"))
        with open(os.path.join(root, name, "deeper", "z.npy"), "w") as file:
            file.write("not directly in the class")
    dataset = student.FolderDataset(root)
    return {
        "is a Dataset": isinstance(dataset, torch.utils.data.Dataset),
        "classes": list(dataset.classes),
        "class_to_idx": dict(dataset.class_to_idx),
        "length": len(dataset),
        "items": all_items(dataset),
    }


@points(2)
def test_classes(student: Student) -> None:
    """`classes` are the folders under `root`, sorted, empty ones too; `class_to_idx` numbers them."""
    got = student.run(read_tree, tree=TREE)
    expect(got["is a Dataset"], "FolderDataset is not a torch.utils.data.Dataset.")
    expect(
        got["classes"] == CLASSES,
        f"classes is {got['classes']}, expected {CLASSES}.",
        "Folders without files count too." if "owl" not in got["classes"] else "",
    )
    expect_close(got["class_to_idx"], {name: i for i, name in enumerate(CLASSES)}, "class_to_idx")


@points(3)
def test_items(student: Student) -> None:
    """Items stand in the order of class, then file name: (tensor with the array's dtype, class index)."""
    got = student.run(read_tree, tree=TREE)
    expect_close(got["length"], len(ORDER), "len(dataset), beside other files and deeper folders,")
    for i, (name, file) in enumerate(ORDER):
        expected = TREE[name][file], CLASSES.index(name)
        expect_close(got["items"][i], expected, f"dataset[{i}] ({name}/{file}.npy)")


@probe
def change_later(student: Any, tree: dict[str, dict[str, Tensor]]) -> Any:
    import os

    import numpy

    root = planted(tree)
    # not an array yet: whoever reads it now fails
    with open(os.path.join(root, "dog", "a.npy"), "w") as file:
        file.write("not an array")
    dataset = student.FolderDataset(root)
    len(dataset)
    first = dataset[0]
    numpy.save(os.path.join(root, "dog", "a.npy"), numpy.array([6.0, 7.0]))
    return {"first": first, "late": dataset[4]}


@points(2)
@needs("items")
def test_is_lazy(student: Student) -> None:
    """A file is read when its item is asked for, and not before."""
    got = student.run(change_later, tree=TREE)
    late = torch.tensor([6.0, 7.0], dtype=torch.float64)
    expect_close(
        got["late"], (late, 2), "an item whose file was written after the dataset was made"
    )


@probe
def transformed(student: Any, tree: dict[str, dict[str, Tensor]]) -> Any:
    seen = []

    def transform(tensor: Any) -> Any:
        seen.append(isinstance(tensor, torch.Tensor))
        return tensor * 2 + len(seen)

    dataset = student.FolderDataset(planted(tree), transform=transform)
    before = len(seen) + 0 * len(dataset)
    return {"before": before, "items": [dataset[0], dataset[0]], "seen": seen}


@points(1)
@needs("items")
def test_transform(student: Student) -> None:
    """`transform` gets the tensor when the item is asked for, and its result is the item."""
    got = student.run(transformed, tree=TREE)
    expect(
        got["before"] == 0,
        "The transform was called when the dataset was made.",
        "Call it in `__getitem__`.",
    )
    expect(all(got["seen"]), "The transform got something that is not a tensor.")
    plain = TREE["ant"]["only"]
    expect_close(got["items"], [(plain * 2 + 1, 0), (plain * 2 + 2, 0)], "items with a transform")


@probe
def index_it(student: Any, tree: dict[str, dict[str, Tensor]], indices: list[int]) -> Any:
    dataset = student.FolderDataset(planted(tree))
    found: list[Any] = []
    for index in indices:
        try:
            found.append(dataset[index])
        except IndexError:
            found.append("IndexError")
    return found


@points(1)
@needs("items")
def test_indices(student: Student) -> None:
    """Negative indices count from the end; an index outside the range raises IndexError."""
    count = len(ORDER)
    indices = [-1, -count, count, -count - 1]
    got = student.run(index_it, tree=TREE, indices=indices)
    for found, (name, file), index in zip(got, (ORDER[-1], ORDER[0]), indices, strict=False):
        expect(found != "IndexError", f"dataset[{index}] of {count} items raises IndexError.")
        expect_close(found, (TREE[name][file], CLASSES.index(name)), f"dataset[{index}]")
    for found, index in zip(got[2:], indices[2:], strict=True):
        told = f"dataset[{index}] of {count} items gives an item instead of an IndexError."
        expect(found == "IndexError", told)


@probe
def without_classes(student: Any, beside: bool) -> Any:
    import os

    root = planted({})
    if beside:
        with open(os.path.join(root, "a.npy"), "w") as file:
            file.write("a file is no class")
    try:
        student.FolderDataset(root)
    except FileNotFoundError:
        return "FileNotFoundError"
    return "no exception"


@pytest.mark.parametrize("beside", [False, True], ids=["empty", "a file alone"])
@points(1)
def test_root_without_classes(student: Student, beside: bool) -> None:
    """A root without classes is a FileNotFoundError."""
    got = student.run(without_classes, beside=beside)
    expect(got == "FileNotFoundError", "FolderDataset(root) raises no FileNotFoundError there.")
